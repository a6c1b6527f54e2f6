"""The calls of a run, as the call cache knows them, and as they are recalled from a store and recorded in it."""

from asyncio import CancelledError, Task
from typing import Protocol

from llmc_compiler.ir.graph import Call
from llmc_runtime.cache.cached_call import CachedCall
from llmc_runtime.cache.call_cache import CallCache
from llmc_runtime.cache.outcome_store import OutcomeStore, StoredCall
from llmc_runtime.calls.call_context import CallListener, RecordedCall
from llmc_runtime.concurrency.task_group import TaskGroup
from llmc_runtime.safety.run_guard import RunGuard
from llmc_runtime.state.instance import Bound, Instance
from llmc_runtime.state.outcomes import Done, Failed


class RunListener(CallListener[Instance], Protocol):
    """A run that is told of its calls."""

    def crash(self, error: BaseException, /) -> None:
        """End the run with this error."""
        ...


class EarlierCalls:
    """Looks up earlier calls of a run: in the call cache of the question, then in a store that outlives it.

    `report` is the run; its executor sets it.
    """

    report: RunListener

    def __init__(
        self, cache: CallCache | None, store: OutcomeStore[StoredCall] | None, guard: RunGuard, group: TaskGroup
    ) -> None:
        self._cache = cache
        self._store = store
        self._guard = guard
        self.group = group

    def call(self, instance: Instance, op: Call, bound: Bound) -> CachedCall | None:
        """The call as the cache knows it, if there is one."""
        return None if self._cache is None else self._cache.call(self._guard, self.report, instance, op, bound)

    def is_over(self, known: CachedCall | None, instance: Instance, op: Call, bound: Bound) -> bool:
        """End a call that needs not be made: its outcome is known, or its arguments do not fit."""
        if known is not None and known.is_over():
            return True
        kept = self._kept(instance, op, bound)
        if kept is not None:
            self.report.ended(instance, kept)
        return kept is not None

    def may_be_over(self, known: CachedCall | None, instance: Instance, op: Call, bound: Bound) -> bool:
        """Whether a call may need not be made when its turn comes, or be in doubt then."""
        return (known is not None and known.may_be_over()) or self._kept(instance, op, bound) is not None

    def record(self, instance: Instance, op: Call, bound: Bound) -> "CallRecord | None":
        """The record of a call that is about to be made, if a store keeps it."""
        return None if self._store is None else CallRecord(self, self._store, StoredCall.of(instance, op, bound))

    def _kept(self, instance: Instance, op: Call, bound: Bound) -> Done | Failed | None:
        """The outcome that the store has for a call."""
        return None if self._store is None else self._store.recall(StoredCall.of(instance, op, bound).key)


class CallRecord:
    """One call in the store, from its intent to its outcome."""

    __slots__ = ("_call", "_is_stopped", "_run", "_store", "_task")

    def __init__(self, run: EarlierCalls, store: OutcomeStore[StoredCall], call: StoredCall) -> None:
        self._run = run
        self._store = store
        self._call = call
        self._is_stopped = False
        self._task: Task[None] | None = None

    def intend(self, call: RecordedCall) -> bool:
        """Commit the intent of a call that may write; whether the call has to wait for it."""
        may_write = self._call.effect.may_write
        if may_write:
            group = self._run.group
            self._task = group.start(self._intend(call), call, group.context.copy())
        return may_write

    async def _intend(self, call: RecordedCall) -> None:
        """Tell the call that its intent is committed, or why it is not."""
        try:
            await self._store.intend(self._call)
        except BaseException as error:
            if not self._is_stopped:
                call.not_intended(error)
            elif isinstance(error, CancelledError):
                raise
        else:
            if not self._is_stopped:
                call.intended()
                call.admit()
        finally:
            self._run.group.ended(self._task)
            self._task = None

    def stop(self) -> None:
        """Do not wait for the intent any more."""
        self._is_stopped = True
        if self._task is not None:
            self._run.group.give_up(self._task)

    def give_up(self, *, in_doubt: bool) -> None:
        """The call was given up; in doubt, its intent stays open."""
        if self._call.effect.may_write and not in_doubt:
            self.end(None)

    def end(self, outcome: Done | Failed | None) -> None:
        """Record the outcome; a store that fails ends the run."""
        try:
            self._store.record(self._call, outcome)
        except Exception as error:  # noqa: BLE001 — raised in the code that waits for the end
            self._run.report.crash(error)
