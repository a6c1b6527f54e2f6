"""A call that goes through a call cache."""

from collections.abc import Mapping
from typing import Protocol

from llmc_compiler.effects.effects import Kind
from llmc_compiler.expressions.value_identity import Likeness
from llmc_compiler.ir.graph import Call
from llmc_compiler.tools.signature import Prepared
from llmc_runtime.cache.outcome_store import call_digest
from llmc_runtime.cache.plan_record import PlanRecord
from llmc_runtime.calls.call_context import CallListener
from llmc_runtime.calls.call_errors import unfit
from llmc_runtime.calls.tool_call import ToolCall
from llmc_runtime.errors import BadArgument, Timed
from llmc_runtime.safety.run_guard import RunGuard
from llmc_runtime.state.instance import Bound, Instance
from llmc_runtime.state.outcomes import Done, Failed
from llmc_runtime.state.stop_reasons import by_caller

_SHARED = frozenset({Kind.PURE, Kind.READ})


class CallMemory(Protocol):
    """The cache, as its calls see it."""

    @property
    def plan(self) -> int:
        """The number of the current plan."""
        ...

    @property
    def plans(self) -> Mapping[int, PlanRecord]:
        """The calls of each plan."""
        ...

    def knows(self, call: "CachedCall", /) -> bool:
        """End the call with its cached outcome if there is one; return whether it ended."""
        ...

    def may_know(self, call: "CachedCall", /) -> bool:
        """Whether the outcome of a call, or a doubt about it, may be known when its turn comes."""
        ...

    def begin(self, call: "CachedCall", /) -> None:
        """End the call with its cached outcome, wait for an equal call, or make it."""
        ...

    def record(self, call: "CachedCall", outcome: Done | Failed | None, /) -> None:
        """Store the outcome of a call that was made; None if it was given up without doubt."""
        ...


class CachedCall:
    """A call that goes through a call cache.

    `keys` and `likeness` belong to writes, `key` and `own_key` to other calls. `prepared` are the arguments converted
    for the keys. `doubt` is the reason if a write may have been undone, or may equal an earlier one. `is_left` means
    that the write was abandoned and may still happen.
    """

    __slots__ = (
        "cache",
        "calling",
        "doubt",
        "effect",
        "guard",
        "is_lasting",
        "is_left",
        "is_made",
        "is_shared",
        "key",
        "keys",
        "likeness",
        "limits",
        "own_key",
        "owner",
        "plan",
        "prepared",
        "report",
        "tool",
        "unfit",
        "waiting",
        "waits_for",
    )

    def __init__(
        self,
        cache: CallMemory,
        guard: RunGuard,
        report: CallListener[Instance],
        *,
        owner: Instance,
        op: Call,
        bound: Bound,
    ) -> None:
        self.cache = cache
        self.guard = guard
        self.report = report
        self.owner = owner
        self.plan = cache.plan
        self.tool = op.tool.name
        self.effect = op.tool.effect_of(bound)
        self.limits = (op.timeout, op.retries)
        self.is_shared = self.effect.kind in _SHARED or self.effect.kind is Kind.NONDET
        self.is_lasting = self.effect.kind in _SHARED and op.tool.reuse
        self.keys: tuple[str, ...] = ()
        self.key = self.own_key = ""
        self.likeness: Likeness | None = None
        self.prepared: Prepared | None = None
        self.unfit: BadArgument | None = None
        self.doubt: str | None = None
        self.waiting: list[CachedCall] = []
        self.waits_for: CachedCall | None = None
        self.is_made = False
        self.is_left = False
        guard.known_secrets.hear(owner, op.tool, bound)
        if self.effect.may_write:
            self._identify(op, bound)
        else:
            self.key = _key(self, cache.plan, bound)
            self.own_key = f"{self.key} {cache.plan} {owner.key}"

    def _identify(self, op: Call, bound: Bound) -> None:
        """Compute the keys of a write, or record the error of arguments that do not fit."""
        try:
            identified = op.tool.signature.identify(bound)
        except BaseException as why:  # noqa: BLE001 — validators of arguments are the tool's code too
            self.unfit = unfit(self.owner.node, self.tool, 0, why)
        else:
            self.keys = tuple(f"{self.tool} {digest}" for digest in identified.digests)
            self.likeness = identified.likeness
            self.prepared = identified.prepared

    def note(self, *, is_made: bool) -> None:
        """Count the call among those of its plan."""
        keys, task = self.keys or (self.key,), self.owner.node.task
        self.cache.plans[self.plan].add(task, self.effect, keys, is_lasting=self.is_lasting, is_made=is_made)

    @property
    def place(self) -> str:
        """The call's place in its plan."""
        return self.guard.place(self.owner.node)

    def is_over(self) -> bool:
        """End the call if its outcome is cached or its arguments do not fit, and return whether it ended."""
        if self.unfit is not None:
            self.report.ended(self.owner, Failed(self.unfit))
            return True
        return self.cache.knows(self)

    def may_be_over(self) -> bool:
        """Whether the call may be cached, unfit or in doubt when its turn comes."""
        return self.unfit is not None or self.cache.may_know(self)

    @property
    def is_writing(self) -> bool:
        """Whether an attempt that may write is under way."""
        return self.is_made and self.calling.is_writing

    @property
    def goes_on(self) -> bool:
        """Whether the call was given up, and its attempt goes on."""
        return not self.is_made and self.calling.is_left

    @property
    def is_in_doubt(self) -> bool:
        """Whether the call may or may not have written."""
        return self.is_made and self.calling.is_in_doubt

    def begin(self, calling: ToolCall[Instance]) -> None:
        """Use a cached outcome, or make the call."""
        self.calling = calling
        self.cache.begin(self)

    def time_out(self, seconds: float, limit: Timed) -> None:
        """Time the call out with its run; a call that waits for another is given up with the rest."""
        if self.is_made:
            self.calling.time_out(seconds, limit)

    def hold_back(self) -> None:
        """Prevent the tool from being called, unless it was called already."""
        if self.is_made:
            self.calling.hold_back()

    def give_up(self) -> None:
        """Stop the call; one that waits for it makes the call instead."""
        if self.waits_for is not None:
            self.waits_for.waiting.remove(self)
            self.waits_for = None
        if self.is_made:
            given_up = Failed(by_caller(self.owner, True)) if self.is_in_doubt else None  # noqa: FBT003
            self.calling.give_up()
            self.is_made = False
            self.cache.record(self, given_up)

    def wrote(self, outcome: Done | Failed) -> None:
        """Store the outcome of a write, before later instances are decided."""
        if self.effect.may_write:
            self.ended(outcome)

    def ended(self, outcome: Done | Failed) -> None:
        """Store the outcome, if the call was made."""
        if self.is_made:
            self.is_made = False
            self.cache.record(self, outcome)


def _key(call: CachedCall, plan: int, bound: Bound) -> str:
    """Cache key: tool and canonical arguments; with plan or instance if a repeated call may differ."""
    key = call_digest(call.tool, bound)
    if not call.is_lasting:
        key += f" {plan}"
    return f"{key} {call.owner.key}" if call.effect.kind is Kind.NONDET else key
