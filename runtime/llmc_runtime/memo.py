"""What the calls of one question gave, over all of its plans: nothing is computed twice, nothing is written twice.

    memo = Memo()
    memo.next_plan()                    before each plan; a plan that is read anew after a repair is the same plan
    Executor({}, memo=memo)             and its calls go through the memo

A call is the same with the same tool and the same arguments.

    pure, read      gives what the first one gave; while that one runs, waits for it. A write forgets what it may change
    nondet          the same, but within one plan and for the same task alone
    a failure       stands within one plan for the same task: a plan that is read anew does not try again
    write           one that was done in an earlier plan gives what it gave; one in doubt fails, or is idempotent

A function of which nobody has said what it does is taken for a write.
"""

from dataclasses import dataclass
from hashlib import sha256

from llmc_compiler.effects import Effect, Kind, When, overlap
from llmc_compiler.graph import Call
from llmc_compiler.term import canonical
from llmc_runtime.call import Bound, Calling
from llmc_runtime.door import Report
from llmc_runtime.errors import CallError, Repeated, Stopped, Timed
from llmc_runtime.instance import Instance
from llmc_runtime.outcomes import Done, Failed
from llmc_runtime.stop import by_caller

_SHARED = frozenset({Kind.PURE, Kind.READ})


@dataclass(frozen=True, slots=True)
class _Kept:
    """What a call gave, in which plan."""

    outcome: Done | Failed
    effect: Effect
    plan: int


class Memo:
    """The calls of one question; `reused` counts those that were not made because another one gave their result."""

    def __init__(self) -> None:
        """Nothing was called."""
        self.reused = 0
        self.plan = 0
        self._kept: dict[str, _Kept] = {}
        self._running: dict[str, Recalled] = {}
        self._writing: dict[Recalled, None] = {}

    def next_plan(self) -> None:
        """What follows was planned after the results so far were seen."""
        self.plan += 1

    def begin(self, call: "Recalled") -> None:
        """Give what is kept, wait for the same call, or make it."""
        kept = self._kept.get(call.key) or self._kept.get(call.own_key)
        if kept is not None and (not call.effect.may_write or kept.plan < self.plan):
            self._give(call, kept.outcome)
            return
        running = self._running.get(call.key)
        if running is not None and running.limits == call.limits:
            running.waiting.append(call)
            call.waits_for = running
            return
        self._make(call)

    def _give(self, call: "Recalled", outcome: Done | Failed) -> None:
        """End a call that is not made."""
        self.reused += 1
        if isinstance(outcome, Failed):
            node = call.owner.node
            may_write = call.effect.may_write
            again = Repeated(node.task, node.span, tool=call.tool) if may_write else outcome.error.at(node.span)
            outcome = Failed(again)
        call.report.ended(call.owner, outcome)

    def _make(self, call: "Recalled") -> None:
        """Make a call."""
        call.is_made = True
        if call.effect.may_write:
            self._writing[call] = None
            self._forget(call.effect)
        elif call.is_shared and not any(_may_change(write.effect, call.effect) for write in self._writing):
            self._running.setdefault(call.key, call)
        call.calling.begin()

    def ended(self, call: "Recalled", outcome: Done | Failed | None) -> None:
        """A call that was made is over, or was given up without doubt (None)."""
        if call.effect.may_write:
            self._written(call, outcome)
        elif self._running.get(call.key) is call:
            del self._running[call.key]
            if outcome is not None:
                key = call.key if isinstance(outcome, Done) else call.own_key
                self._kept[key] = _Kept(outcome, call.effect, self.plan)
        waiting, call.waiting = call.waiting, []
        for each in waiting:
            each.waits_for = None
        for each in waiting:
            if outcome is not None and (isinstance(outcome, Done) or each.own_key == call.own_key):
                self._give(each, outcome)
            else:
                # Who waited in vain makes the call, and the others wait for the first of them.
                self.begin(each)
                each.calling.admit()

    def _written(self, call: "Recalled", outcome: Done | Failed | None) -> None:
        """A write is over; one that may still happen stays among those that are going on."""
        error = outcome.error if isinstance(outcome, Failed) else None
        in_doubt = isinstance(error, (CallError, Stopped)) and error.in_doubt
        if not in_doubt:
            del self._writing[call]
        self._forget(call.effect)
        may_repeat = call.effect.rule.rerun is When.YES
        if outcome is not None and (isinstance(outcome, Done) or (in_doubt and not may_repeat)):
            self._kept[call.key] = _Kept(outcome, call.effect, self.plan)

    def _forget(self, write: Effect) -> None:
        """Forget what this write may change; calls that are going on may have seen what was before it."""
        for key in [key for key, kept in self._kept.items() if _may_change(write, kept.effect)]:
            del self._kept[key]
        for key in [key for key, call in self._running.items() if _may_change(write, call.effect)]:
            del self._running[key]


def _may_change(write: Effect, effect: Effect) -> bool:
    """Whether a call that may write may change what another one with this effect reads."""
    return effect.kind is Kind.READ and overlap(write.resource, effect.resource)


class Recalled:
    """A call that goes through a memo."""

    __slots__ = (
        "calling",
        "effect",
        "is_made",
        "is_shared",
        "key",
        "limits",
        "memo",
        "own_key",
        "owner",
        "report",
        "tool",
        "waiting",
        "waits_for",
    )

    def __init__(
        self,
        memo: Memo,
        calling: Calling[Instance],
        report: Report[Instance],
        *,
        owner: Instance,
        op: Call,
        bound: Bound,
    ) -> None:
        self.memo = memo
        self.calling = calling
        self.report = report
        self.owner = owner
        self.tool = op.tool.name
        self.effect = op.tool.effect.of({name: value for name, value in bound if name and isinstance(value, str)})
        self.limits = (op.timeout, op.retries)
        self.is_shared = self.effect.kind in _SHARED or self.effect.kind is Kind.NONDET
        self.key = _key(self, memo.plan, bound)
        self.own_key = f"{self.key} {memo.plan} {owner.key}"
        self.waiting: list[Recalled] = []
        self.waits_for: Recalled | None = None
        self.is_made = False

    @property
    def is_writing(self) -> bool:
        """Whether an attempt is under way that may change something."""
        return self.is_made and self.calling.is_writing

    @property
    def is_in_doubt(self) -> bool:
        """Whether it may have changed something, though nobody knows."""
        return self.is_made and self.calling.is_in_doubt

    def begin(self) -> None:
        """Take what is known, or make the call."""
        self.memo.begin(self)

    def time_out(self, seconds: float, limit: Timed) -> None:
        """The time of the run is over; what waits for another call is given up like all the rest."""
        if self.is_made:
            self.calling.time_out(seconds, limit)

    def hold_back(self) -> None:
        """Do not call the tool, unless it was called already."""
        if self.is_made:
            self.calling.hold_back()

    def give_up(self) -> None:
        """Stop; whoever waits for it makes the call instead."""
        if self.waits_for is not None:
            self.waits_for.waiting.remove(self)
            self.waits_for = None
        if self.is_made:
            given_up = Failed(by_caller(self.owner, True)) if self.is_in_doubt else None  # noqa: FBT003 — as it is asked
            self.calling.give_up()
            self.is_made = False
            self.memo.ended(self, given_up)

    def ended(self, outcome: Done | Failed) -> None:
        """It is over; the memo is told if it was made."""
        if self.is_made:
            self.is_made = False
            self.memo.ended(self, outcome)


def recalled(
    memo: Memo | None, calling: Calling[Instance], report: Report[Instance], *, owner: Instance, op: Call, bound: Bound
) -> Calling[Instance] | Recalled:
    """The call; where there is a memo, one that goes through it."""
    return calling if memo is None else Recalled(memo, calling, report, owner=owner, op=op, bound=bound)


def _key(call: Recalled, plan: int, bound: Bound) -> str:
    """What is equal for calls that are the same; one that answers anew each time is the same for its own task alone.

    A digest: keys are kept for the whole question, and arguments may be long.
    """
    digest = sha256(call.tool.encode())
    for name, value in sorted(bound, key=lambda pair: pair[0] or ""):
        digest.update(f" {name}={canonical(value)}".encode())
    if call.effect.kind is Kind.NONDET:
        digest.update(f" {plan} {call.owner.key}".encode())
    return digest.hexdigest()
