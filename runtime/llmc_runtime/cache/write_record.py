"""The writes of one question, over all of its plans: the last for each key, and later overlapping writes."""

from dataclasses import dataclass

from llmc_compiler.effects.access_history import Access
from llmc_compiler.effects.effects import Effect, overlap, segments
from llmc_compiler.expressions.terms import NodeId
from llmc_compiler.expressions.value_identity import Likeness
from llmc_runtime.state.outcomes import Done, Failed


@dataclass(frozen=True, slots=True)
class PastWrite:
    """A write that was made, or may have been; `place` is its place in its plan.

    `number` counts the writes of a question by their ends. `earlier` is the last write with the same arguments by an
    earlier plan.
    """

    outcome: Done | Failed
    plan: int
    place: str
    number: int
    earlier: "PastWrite | None" = None

    def doubt(self, after: str) -> str:
        """Return why the same call of a later plan may have been undone; `after` names the later write."""
        what = "done" if isinstance(self.outcome, Done) else "left in doubt"
        return f"the same call was {what} in plan {self.plan}; {after}; approve it to write again"

    @property
    def likeness(self) -> str:
        """Why a call of a later plan may equal this one."""
        what = "done" if isinstance(self.outcome, Done) else "left in doubt"
        why = "one of them omits an argument without a certain default"
        return f"it may be the call that was {what} in {self.place} of plan {self.plan}; {why}; approve it to write"

    def __str__(self) -> str:
        verb = "wrote" if isinstance(self.outcome, Done) else "may have written"
        return f"{self.place} of plan {self.plan} {verb} after it"


class WriteRecord:
    """The writes so far, indexed by the digests of their arguments and by their resources."""

    def __init__(self) -> None:
        self._all: list[PastWrite] = []
        self._last: dict[str, PastWrite] = {}
        self._access = Access()
        self._alike: dict[str, list[tuple[PastWrite, Effect, Likeness]]] = {}

    def add(
        self,
        node: NodeId,
        effect: Effect,
        outcome: Done | Failed,
        *,
        plan: int,
        place: str,
        keys: tuple[str, ...],
    ) -> None:
        """Add a finished write, indexed by these keys."""
        write = PastWrite(outcome, plan, place, len(self._all) + 1, self.before(keys, plan))
        self._all.append(write)
        self._last.update(dict.fromkeys(keys, write))
        self._access.write((write.number, node), segments(effect.resource))

    def before(self, keys: tuple[str, ...], plan: int) -> PastWrite | None:
        """Return the last write with one of these keys that an earlier plan made."""
        writes = (self._last.get(key) for key in keys)
        earlier = (write if write is None or write.plan < plan else write.earlier for write in writes)
        return max((write for write in earlier if write is not None), key=lambda write: write.number, default=None)

    def compare(self, tool: str, effect: Effect, likeness: Likeness) -> None:
        """Compare later calls of the tool with the last write, since its defaults are not all known."""
        self._alike.setdefault(tool, []).append((self._all[-1], effect, likeness))

    def like(self, tool: str, effect: Effect, likeness: Likeness, plan: int) -> PastWrite | None:
        """Return the last write of an earlier plan that may be the same call."""
        for write, other, recorded in reversed(self._alike.get(tool, ())):
            if write.plan < plan and likeness.may_be(recorded) and overlap(other.resource, effect.resource):
                return write
        return None

    def after(self, write: PastWrite, effect: Effect) -> PastWrite | None:
        """Return the last write after this one that overlaps the effect's resource."""
        number = self._access.last_write(segments(effect.resource))
        return self._all[number - 1] if number > write.number else None
