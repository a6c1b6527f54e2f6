"""What the calls of one question gave, over all of its plans: nothing is computed twice, nothing is written twice.

    memo = Memo()
    memo.next_plan()                    before each plan; a plan that is read anew after a repair is the same plan
    Executor({}, memo=memo)             and its calls go through the memo

A read is the same with the same tool and the same arguments, types included; a write with arguments that are equal, as
written or as the tool receives them, with defaults filled in.

    pure, read      gives what the first one gave; while that one runs, waits for it. A write forgets what it may change
    reuse=False     the same, but within one plan alone: its answers change by themselves
    nondet          the same, but within one plan and for the same task alone
    a failure       stands within one plan for the same task: a plan that is read anew does not try again
    write           one that an earlier plan made gives what it gave, and fails if it is in doubt, unless idempotent;
                    what conflicts with one that was given up and still goes on is blocked

After another write that overlaps it, a write that an earlier plan made is in question: it may have been undone. It is
made again if it is idempotent, else only if somebody who is asked says so. So is a write that may be the same as one of
an earlier plan, where arguments are left out that have no certain default. What is given needs no approval.

A function of which nobody has said what it does is taken for a write.
"""

from collections import defaultdict
from collections.abc import Iterator
from hashlib import sha256

from llmc_compiler.effects.effects import Effect, Kind, When, conflict
from llmc_compiler.expressions.terms import canonical
from llmc_compiler.expressions.value_identity import Likeness
from llmc_compiler.ir.graph import Call
from llmc_compiler.tools.signature import Prepared
from llmc_runtime.cache.plan_record import PlanRecord
from llmc_runtime.cache.resource_index import ResourceIndex
from llmc_runtime.cache.write_record import WriteRecord
from llmc_runtime.calls.call_context import CallListener
from llmc_runtime.calls.tool_call import ToolCall, unfit
from llmc_runtime.errors import BadArgument, Blocked, CallError, Repeated, Stopped, Timed, ToolTimedOut
from llmc_runtime.safety.run_guard import RunGuard
from llmc_runtime.state.instance import Bound, Instance
from llmc_runtime.state.outcomes import Done, Failed
from llmc_runtime.state.stop_reasons import by_caller

_SHARED = frozenset({Kind.PURE, Kind.READ})


class CallCache:
    """The calls of one question; `reused` counts those that were not made, and `plans` has those of each plan."""

    def __init__(self) -> None:
        """Nothing was called."""
        self.reused = 0
        self.plan = 0
        self._kept: dict[str, Done | Failed] = {}
        self.plans: defaultdict[int, PlanRecord] = defaultdict(PlanRecord)
        self._running: dict[str, CachedCall] = {}
        self._reads: ResourceIndex[str] = ResourceIndex()  # the keys of both
        self._writing: ResourceIndex[CachedCall] = ResourceIndex()  # made, or given up and perhaps not over elsewhere
        self._doubtful: ResourceIndex[CachedCall] = ResourceIndex()  # failed, and not known to be over here
        self._writes = WriteRecord()

    def next_plan(self) -> None:
        """What follows was planned after the results so far were seen."""
        self.plan += 1

    def has_all(self, plan: int) -> bool:
        """Whether a plan with the same calls would get no other results."""
        return self.plans[plan].would_repeat(self._kept, self._writes, self.plan)

    def recall(
        self, trust: RunGuard, report: CallListener[Instance], owner: Instance, op: Call, bound: Bound
    ) -> "CachedCall":
        """A call that goes through this memo."""
        return CachedCall(self, trust, report, owner=owner, op=op, bound=bound)

    def knows(self, call: "CachedCall") -> bool:
        """Give what is kept, if it is what the call would give; a write may be in doubt instead."""
        if call.effect.may_write:
            return self._knows_write(call)
        kept = self._kept.get(call.key) or self._kept.get(call.own_key)
        if kept is not None:
            self._give(call, kept)
        return kept is not None

    def may_know(self, call: "CachedCall") -> bool:
        """Whether the outcome of a call, or a doubt about it, may be known when its turn comes."""
        if not call.effect.may_write:
            return call.key in self._kept or call.own_key in self._kept
        if self._writes.before(call.keys, self.plan) is not None:
            return True
        self._compare(call)
        return call.doubt is not None

    def _knows_write(self, call: "CachedCall") -> bool:
        """Give what the same write of an earlier plan gave, unless it may have been undone."""
        write = self._writes.before(call.keys, self.plan)
        if write is None:
            self._compare(call)
            return False
        after = self._writes.after(write, call.effect) or next(self._unfinished(call), None)
        if after is None:
            self._give(call, write.outcome)
        elif not _may_repeat(call):
            call.doubt = write.doubt(str(after))
        return after is None

    def _compare(self, call: "CachedCall") -> None:
        """Doubt a write that may be the same as one of an earlier plan, as far as their arguments are known."""
        if call.likeness is not None and not _may_repeat(call):
            like = self._writes.like(call.tool, call.effect, call.likeness, self.plan)
            call.doubt = None if like is None else like.likeness

    def _unfinished(self, call: "CachedCall") -> Iterator[str]:
        """Other writes that overlap this one and may happen after all that was made so far."""
        for other in self._writing.overlapping(call.effect.resource):
            if not set(other.keys) & set(call.keys):
                yield f"{other.place} of plan {other.plan} may have written after it"

    def begin(self, call: "CachedCall") -> None:
        """Give what is kept, wait for the same call, or make it."""
        if not call.effect.may_write and self.knows(call):
            return
        left = self._left(call.effect)
        if left is not None:
            node, cause = call.owner.node, left.owner.node.task
            call.report.ended(call.owner, Failed(Blocked(node.task, node.span, cause=cause, by_order=True)))
            return
        if call.effect.may_write:
            self._make(call)
            return
        running = self._running.get(call.key)
        if running is not None and running.limits == call.limits:
            running.waiting.append(call)
            call.waits_for = running
            return
        self._make(call)

    def _left(self, effect: Effect) -> "CachedCall | None":
        """A write that was given up, goes on and conflicts with this effect; what is over needs no second look."""
        found = [write for write in self._doubtful.overlapping(effect.resource) if conflict(effect, write.effect)]
        for write in found:
            if write.goes_on:
                return write
            self._doubtful.discard(write)
        return None

    def _give(self, call: "CachedCall", outcome: Done | Failed) -> None:
        """End a call that is not made."""
        self.reused += 1
        call.note(is_made=False)
        if isinstance(outcome, Failed):
            node = call.owner.node
            may_write = call.effect.may_write
            again = Repeated(node.task, node.span, tool=call.tool) if may_write else outcome.error.at(node.span)
            outcome = Failed(again)
        call.report.ended(call.owner, outcome)

    def _make(self, call: "CachedCall") -> None:
        """Make a call."""
        call.is_made = True
        call.note(is_made=True)
        if call.effect.may_write:
            self._writing.add(call, call.effect.resource)
            self._forget(call.effect)
        elif call.is_shared and call.key not in self._running and not self._may_change(call.effect):
            self._running[call.key] = call
            self._index(call.key, call.effect)
        call.calling.begin()

    def ended(self, call: "CachedCall", outcome: Done | Failed | None) -> None:
        """A call that was made is over, or was given up without doubt (None)."""
        if call.effect.may_write:
            self._written(call, outcome)
        elif self._running.get(call.key) is call:
            del self._running[call.key]
            self._reads.discard(call.key)
            if outcome is not None:
                key = call.key if isinstance(outcome, Done) else call.own_key
                self._kept[key] = outcome
                self._index(key, call.effect)
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

    def _written(self, call: "CachedCall", outcome: Done | Failed | None) -> None:
        """A write is over; one that may still happen stays among those that are going on."""
        error = outcome.error if isinstance(outcome, Failed) else None
        in_doubt = isinstance(error, (CallError, Stopped)) and error.in_doubt
        call.is_left = in_doubt and (isinstance(error, (ToolTimedOut, Stopped)) or call.calling.is_left)
        if not call.is_left:
            self._writing.discard(call)
        if in_doubt:
            self._doubtful.add(call, call.effect.resource)
        self._forget(call.effect)
        if outcome is None or not (isinstance(outcome, Done) or in_doubt):
            return
        is_final = isinstance(outcome, Done) or (in_doubt and not _may_repeat(call))
        self._writes.add(
            call.owner.node.id,
            call.effect,
            outcome,
            plan=call.plan,
            place=call.place,
            keys=call.keys if is_final else (),
        )
        if is_final and call.likeness is not None:
            self._writes.compare(call.tool, call.effect, call.likeness)

    def _forget(self, write: Effect) -> None:
        """Forget what this write may change; calls that are going on may have seen what was before it."""
        for key in list(self._reads.overlapping(write.resource)):
            self._reads.discard(key)
            self._kept.pop(key, None)
            self._running.pop(key, None)

    def _index(self, key: str, effect: Effect) -> None:
        """Enter a read, so that a write of what it is on finds it."""
        if effect.kind is Kind.READ:
            self._reads.add(key, effect.resource)

    def _may_change(self, effect: Effect) -> bool:
        """Whether a write that may still happen may change what another call reads."""
        found = (next(writes.overlapping(effect.resource), None) for writes in (self._writing, self._doubtful))
        return effect.kind is Kind.READ and any(found)


def _may_repeat(call: "CachedCall") -> bool:
    """Whether a write does no harm if it is made again."""
    return call.effect.rule.rerun is When.YES


class CachedCall:
    """A call that goes through a memo.

    `keys` and `likeness` are those of a write, `key` and `own_key` those of any other call. `prepared` are arguments
    that were converted for the keys, and `doubt` is why a write is not known to be done, or not known to be another.
    `is_left`: it was given up, and may still write.
    """

    __slots__ = (
        "calling",
        "doubt",
        "effect",
        "is_lasting",
        "is_left",
        "is_made",
        "is_shared",
        "key",
        "keys",
        "likeness",
        "limits",
        "memo",
        "own_key",
        "owner",
        "plan",
        "prepared",
        "report",
        "tool",
        "trust",
        "unfit",
        "waiting",
        "waits_for",
    )

    def __init__(
        self,
        memo: CallCache,
        trust: RunGuard,
        report: CallListener[Instance],
        *,
        owner: Instance,
        op: Call,
        bound: Bound,
    ) -> None:
        self.memo = memo
        self.trust = trust
        self.report = report
        self.owner = owner
        self.plan = memo.plan
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
        trust.known_secrets.hear(owner, op.tool, bound)
        if self.effect.may_write:
            self._identify(op, bound)
        else:
            self.key = _key(self, memo.plan, bound)
            self.own_key = f"{self.key} {memo.plan} {owner.key}"

    def _identify(self, op: Call, bound: Bound) -> None:
        """Find the keys of a write; arguments that do not fit have none."""
        try:
            identified = op.tool.signature.identify(bound)
        except BaseException as why:  # noqa: BLE001 — validators of arguments are the tool's code too
            self.unfit = unfit(self.owner.node, self.tool, 0, why)
        else:
            self.keys = tuple(f"{self.tool} {digest}" for digest in identified.digests)
            self.likeness = identified.likeness
            self.prepared = identified.prepared

    def note(self, *, is_made: bool) -> None:
        """Count it among the calls of its plan."""
        keys, task = self.keys or (self.key,), self.owner.node.task
        self.memo.plans[self.plan].add(task, self.effect, keys, is_lasting=self.is_lasting, is_made=is_made)

    @property
    def place(self) -> str:
        """Where it stands in its plan."""
        return self.trust.place(self.owner.node)

    def is_over(self) -> bool:
        """End a call that needs not be made: its outcome is known, or its arguments do not fit."""
        if self.unfit is not None:
            self.report.ended(self.owner, Failed(self.unfit))
            return True
        return self.memo.knows(self)

    def may_be_over(self) -> bool:
        """Whether it may need not be made when its turn comes, or be in doubt then."""
        return self.unfit is not None or self.memo.may_know(self)

    @property
    def is_writing(self) -> bool:
        """Whether an attempt is under way that may change something."""
        return self.is_made and self.calling.is_writing

    @property
    def goes_on(self) -> bool:
        """Whether it is over, and an attempt that was given up goes on."""
        return not self.is_made and self.calling.is_left

    @property
    def is_in_doubt(self) -> bool:
        """Whether it may have changed something, though nobody knows."""
        return self.is_made and self.calling.is_in_doubt

    def begin(self, calling: ToolCall[Instance]) -> None:
        """Take what is known by now, or make the call."""
        self.calling = calling
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

    def wrote(self, outcome: Done | Failed) -> None:
        """It is over; the memo is told of a write before anything that comes after it is decided."""
        if self.effect.may_write:
            self.ended(outcome)

    def ended(self, outcome: Done | Failed) -> None:
        """It is over; the memo is told if it was made."""
        if self.is_made:
            self.is_made = False
            self.memo.ended(self, outcome)


def _key(call: CachedCall, plan: int, bound: Bound) -> str:
    """What is equal for calls that are the same; one that answers anew each time is the same for its own task alone.

    A digest: keys are kept for the whole question, and arguments may be long.
    """
    digest = sha256(call.tool.encode())
    for name, value in sorted(bound, key=lambda pair: pair[0] or ""):
        digest.update(f" {name}={canonical(value)}".encode())
    if not call.is_lasting:
        digest.update(f" {plan}".encode())
    if call.effect.kind is Kind.NONDET:
        digest.update(f" {call.owner.key}".encode())
    return digest.hexdigest()
