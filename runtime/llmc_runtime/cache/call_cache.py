"""The call cache of one question, over all of its plans: nothing is computed or written twice.

    cache = CallCache()
    cache.next_plan()                   before each plan; a plan that is parsed anew after a repair is the same plan
    Executor({}, memo=cache)            its calls go through the cache

Reads are the same call if tool and arguments are equal, types included. Writes are the same call if their arguments are
equal as written or as the tool receives them, with defaults filled in.

    pure, read      reuses the first call's result, and waits for it while it runs. A write discards the results of
                    reads that it may change
    reuse=False     the same, but within one plan: the results change without a write
    nondet          the same, but within one plan and for the same task
    a failure       is reused within one plan for the same task: a plan that is parsed anew does not try again
    write           one that an earlier plan made is reused, and fails if it is in doubt, unless idempotent;
                    calls in conflict with an abandoned write that still goes on are blocked

A write of an earlier plan may have been undone by a later overlapping write. It is made again if it is idempotent,
otherwise only with approval. The same holds for a write that may equal one of an earlier plan, because it leaves out
arguments without a certain default. A reused result needs no approval.

A function without a declared effect is treated as a write.
"""

from collections import defaultdict
from collections.abc import Iterator

from llmc_compiler.effects.effects import Effect, Kind, When, conflict
from llmc_compiler.ir.graph import Call
from llmc_runtime.cache.cached_call import CachedCall
from llmc_runtime.cache.plan_record import PlanRecord
from llmc_runtime.cache.resource_index import ResourceIndex
from llmc_runtime.cache.write_record import WriteRecord
from llmc_runtime.calls.call_context import CallListener
from llmc_runtime.errors import Blocked, CallError, Repeated, Stopped, ToolTimedOut
from llmc_runtime.safety.run_guard import RunGuard
from llmc_runtime.state.instance import Bound, Instance
from llmc_runtime.state.outcomes import Done, Failed


class CallCache:
    """The calls of one question; `reused` counts the calls that were not made, and `plans` has those of each plan."""

    def __init__(self) -> None:
        self.reused = 0
        self.plan = 0
        self._kept: dict[str, Done | Failed] = {}
        self.plans: defaultdict[int, PlanRecord] = defaultdict(PlanRecord)
        self._running: dict[str, CachedCall] = {}
        self._reads: ResourceIndex[str] = ResourceIndex()  # the keys of both
        self._writing: ResourceIndex[CachedCall] = ResourceIndex()  # running, or abandoned and not over
        self._doubtful: ResourceIndex[CachedCall] = ResourceIndex()  # failed, and not known to have ended here
        self._writes = WriteRecord()

    def next_plan(self) -> None:
        """Start the next plan, which was made with the results so far."""
        self.plan += 1

    def has_all(self, plan: int) -> bool:
        """Whether a plan with the same calls would get the same results."""
        return self.plans[plan].would_repeat(self._kept, self._writes, self.plan)

    def call(
        self, guard: RunGuard, report: CallListener[Instance], owner: Instance, op: Call, bound: Bound
    ) -> CachedCall:
        """Return a call that goes through this cache."""
        return CachedCall(self, guard, report, owner=owner, op=op, bound=bound)

    def recall(self, key: str) -> Done | Failed | None:
        """The cached outcome of a call that does not write, by its key."""
        return self._kept.get(key)

    async def intend(self, call: CachedCall) -> None:
        """Commit nothing: the cache ends with the process, and so do its calls."""

    async def flush(self) -> None:
        """Write nothing: all of it is in memory."""

    def knows(self, call: CachedCall) -> bool:
        """End the call with its cached outcome if there is one, a write possibly in doubt; return whether it ended."""
        if call.effect.may_write:
            return self._knows_write(call)
        cached = self.recall(call.key) or self.recall(call.own_key)
        if cached is not None:
            self._give(call, cached)
        return cached is not None

    def may_know(self, call: CachedCall) -> bool:
        """Whether the outcome of a call, or a doubt about it, may be known when its turn comes."""
        if not call.effect.may_write:
            return call.key in self._kept or call.own_key in self._kept
        if self._writes.before(call.keys, self.plan) is not None:
            return True
        self._compare(call)
        return call.doubt is not None

    def _knows_write(self, call: CachedCall) -> bool:
        """End the call with the outcome of the same write of an earlier plan, unless that may have been undone."""
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

    def _compare(self, call: CachedCall) -> None:
        """Doubt a write that may equal one of an earlier plan, as far as their arguments are known."""
        if call.likeness is not None and not _may_repeat(call):
            like = self._writes.like(call.tool, call.effect, call.likeness, self.plan)
            call.doubt = None if like is None else like.likeness

    def _unfinished(self, call: CachedCall) -> Iterator[str]:
        """Yield other writes that overlap this one and may happen after those made so far."""
        for other in self._writing.overlapping(call.effect.resource):
            if not set(other.keys) & set(call.keys):
                yield f"{other.place} of plan {other.plan} may have written after it"

    def begin(self, call: CachedCall) -> None:
        """End the call with a cached outcome, let it wait for the same call, or make it."""
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

    def _left(self, effect: Effect) -> CachedCall | None:
        """Return an abandoned write that still goes on and conflicts with this effect; forget those that have ended."""
        conflicts = [write for write in self._doubtful.overlapping(effect.resource) if conflict(effect, write.effect)]
        for write in conflicts:
            if write.goes_on:
                return write
            self._doubtful.discard(write)
        return None

    def _give(self, call: CachedCall, outcome: Done | Failed) -> None:
        """End a call with a cached outcome."""
        self.reused += 1
        call.note(is_made=False)
        if isinstance(outcome, Failed):
            node = call.owner.node
            may_write = call.effect.may_write
            again = Repeated(node.task, node.span, tool=call.tool) if may_write else outcome.error.at(node.span)
            outcome = Failed(again)
        call.report.ended(call.owner, outcome)

    def _make(self, call: CachedCall) -> None:
        """Make the call."""
        call.is_made = True
        call.note(is_made=True)
        if call.effect.may_write:
            self._writing.add(call, call.effect.resource)
            self._forget(call.effect)
        elif call.is_shared and call.key not in self._running and not self._may_change(call.effect):
            self._running[call.key] = call
            self._index(call.key, call.effect)
        call.calling.begin()

    def record(self, call: CachedCall, outcome: Done | Failed | None) -> None:
        """Store the outcome of a call that was made; None if it was given up without doubt."""
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
        for waiter in waiting:
            waiter.waits_for = None
        for waiter in waiting:
            if outcome is not None and (isinstance(outcome, Done) or waiter.own_key == call.own_key):
                self._give(waiter, outcome)
            else:
                # The first waiter makes the call, and the others wait for it.
                self.begin(waiter)
                waiter.calling.admit()

    def _written(self, call: CachedCall, outcome: Done | Failed | None) -> None:
        """Store the outcome of a write; one that may still happen stays among the running writes."""
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
        """Discard cached reads that this write may change; running reads may have seen the old state."""
        for key in list(self._reads.overlapping(write.resource)):
            self._reads.discard(key)
            self._kept.pop(key, None)
            self._running.pop(key, None)

    def _index(self, key: str, effect: Effect) -> None:
        """Add a read to the index, so that an overlapping write finds it."""
        if effect.kind is Kind.READ:
            self._reads.add(key, effect.resource)

    def _may_change(self, effect: Effect) -> bool:
        """Whether a write that may still happen may change the resource of a read."""
        overlaps = (next(writes.overlapping(effect.resource), None) for writes in (self._writing, self._doubtful))
        return effect.kind is Kind.READ and any(overlaps)


def _may_repeat(call: CachedCall) -> bool:
    """Whether a write is safe to repeat."""
    return call.effect.rule.rerun is When.YES
