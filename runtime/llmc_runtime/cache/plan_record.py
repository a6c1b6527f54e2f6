"""The calls of one plan, as the call cache records them."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from llmc_compiler.effects.effects import Effect
from llmc_compiler.ir.graph import TaskId
from llmc_runtime.cache.write_record import WriteRecord
from llmc_runtime.state.outcomes import Done, Failed


@dataclass(slots=True)
class PlanRecord:
    """Keys of reads, and keys and effects of writes; `changes` means that some results change with each plan.

    `made` and `given` are the tasks whose calls were made, or reused the results of other calls.
    """

    changes: bool = False
    keys: set[str] = field(default_factory=set)
    writes: list[tuple[tuple[str, ...], Effect]] = field(default_factory=list)
    made: set[TaskId] = field(default_factory=set)
    given: set[TaskId] = field(default_factory=set)

    def add(self, task: TaskId, effect: Effect, keys: tuple[str, ...], *, is_lasting: bool, is_made: bool) -> None:
        """Add a call of a task, with the keys of its result."""
        (self.made if is_made else self.given).add(task)
        if effect.may_write:
            self.writes.append((keys, effect))
        elif is_lasting:
            self.keys.update(keys)
        else:
            self.changes = True

    def would_repeat(self, kept: Mapping[str, Done | Failed], writes: WriteRecord, plan: int) -> bool:
        """Whether making all calls again would give the same results."""
        return (
            not self.changes
            and all(isinstance(kept.get(key), Done) for key in self.keys)
            and all(_stands(keys, effect, writes, plan) for keys, effect in self.writes)
        )

    @property
    def reused(self) -> frozenset[TaskId]:
        """The tasks whose results all come from calls of earlier plans."""
        return frozenset(self.given - self.made)


def _stands(keys: tuple[str, ...], effect: Effect, writes: WriteRecord, plan: int) -> bool:
    """Whether a write would not be repeated: it is done or in doubt, and no later write overlaps it."""
    write = writes.before(keys, plan)
    return write is not None and writes.after(write, effect) is None
