"""Stores of outcomes: intents are awaited before calls that may write, and records never delay."""

import asyncio

import pytest

from llmc_compiler.steps import Add
from llmc_compiler.tools.decorators import write
from llmc_runtime.cache.cached_call import CachedCall
from llmc_runtime.cache.call_cache import CallCache
from llmc_runtime.cache.outcome_store import OutcomeStore, StoredCall
from llmc_runtime.calls.call_errors import IntentError
from llmc_runtime.errors import Stopped, ToolTimedOut
from llmc_runtime.limits import Limits
from llmc_runtime.program.execution import execute
from llmc_runtime.safety.approval import Approval
from llmc_runtime.safety.approval_request import ApprovalRequest
from llmc_runtime.safety.run_guard import RunGuard
from llmc_runtime.scheduler.executor import Executor
from llmc_runtime.state.outcomes import Done, Failed
from tests.runtime import clock
from tests.runtime.build import call, expr, graph, loop, play, ref, times, trace
from tests.runtime.fakes import broken, echo, look, put, put_elsewhere, put_in_vain, slow


class LoggingStore:
    """Notes what it is asked and told; an intent takes some virtual seconds, or fails."""

    def __init__(self, seconds: float = 0, error: Exception | None = None) -> None:
        self.seconds = seconds
        self.error = error
        self.log: list[str] = []
        self.calls: list[StoredCall] = []
        self.kept: dict[str, Done | Failed] = {}

    def recall(self, key: str, /) -> Done | Failed | None:
        """What was recorded."""
        return self.kept.get(key)

    async def intend(self, call: StoredCall, /) -> None:
        """Wait, and fail if it has to."""
        self.calls.append(call)
        self.log.append(f"intend {call.tool}")
        await asyncio.sleep(self.seconds)
        if self.error is not None:
            raise self.error
        self.log.append(f"intended {call.tool}")

    def record(self, call: StoredCall, outcome: Done | Failed | None, /) -> None:
        """Keep the outcome."""
        self.log.append(f"record {call.tool} {type(outcome).__name__}")
        if outcome is not None:
            self.kept[call.key] = outcome

    async def flush(self) -> None:
        """Take some time."""
        self.log.append("flush")
        await asyncio.sleep(self.seconds)


def intents(store: LoggingStore) -> list[str]:
    """The tools whose intents were asked for."""
    return [line.removeprefix("intend ") for line in store.log if line.startswith("intend ")]


@write("t")
async def note(x: int) -> int:
    """Write a number."""
    return x


@write("t", approve=True)
async def send(x: int) -> int:
    """Send a number, if somebody says yes."""
    return x


def test_the_call_cache_is_a_store() -> None:
    """It keeps outcomes by key; its intents and its flush take no turn of the loop."""
    store: OutcomeStore[CachedCall] = CallCache()
    assert store.recall("unknown") is None
    with pytest.raises(StopIteration):
        store.flush().send(None)


def test_an_intent_is_awaited_before_each_write_and_for_nothing_else() -> None:
    """Reads and pure calls start at once, writes after their intents; each call of a loop has its own."""
    store = LoggingStore(seconds=2)
    run = play(
        call("a", echo, 1),
        call("b", look),
        call("c", broken),
        call("d", put),
        loop("e", [1, 2], call("e/1", note, 1)),
        expr("f", 1),
        store=store,
    )
    assert intents(store) == ["put", "note", "note"]
    assert times(run, "started") == {"a": 0, "b": 0, "c": 0, "d": 2, "e/1[0]": 2, "e/1[1]": 2}
    assert [store.log.count(f"record {name}") for name in ("echo Done", "look Done", "broken Failed")] == [1, 1, 1]
    assert [call.place for call in store.calls] == [("d", ()), ("e/1", (0,)), ("e/1", (1,))]
    assert len({call.key for call in store.calls}) == 3


def test_retries_have_one_intent() -> None:
    """The intent is that of the call, whatever its attempts."""
    store = LoggingStore()

    @write("t", idempotent=True)
    async def again() -> None:
        raise OSError("down")

    play(call("a", again, retries=2), store=store)
    assert store.log == ["intend again", "intended again", "record again Failed", "flush"]


def test_a_store_sees_the_call_as_written() -> None:
    """Node, indices, tool, arguments and effect; the key does not depend on the run."""
    stores = [LoggingStore(), LoggingStore()]
    for store in stores:
        play(call("a", note, 7), store=store)
    first, second = (store.calls[0] for store in stores)
    assert first == second
    assert (first.place, first.tool, list(first.arguments), str(first.effect)) == (
        ("a", ()),
        "note",
        [("x", 7)],
        "write(t)",
    )


@pytest.mark.parametrize("delay", [0, 5])
def test_records_delay_nothing(delay: float) -> None:
    """Without writes, a run with a store takes as long as one without, and its events come in the same order."""
    calls = [call("a", slow, 1, "x"), call("b", echo, ref("a")), call("c", broken, 2), call("d", look, 1)]
    with_store, without = play(*calls, store=LoggingStore(delay)), play(*calls)
    assert trace(with_store) == trace(without)
    assert [times(with_store, kind) == times(without, kind) for kind in ("started", "finished", "failed")] == [True] * 3


def test_an_intent_that_takes_no_time_changes_nothing() -> None:
    """Writes start and end when they do without a store."""
    calls = [call("a", put, 1), call("b", put, 2, after=["a"]), call("c", put_elsewhere, 3), call("d", put_in_vain, 1)]
    with_store, without = play(*calls, store=LoggingStore()), play(*calls)
    assert with_store.results == without.results
    assert times(with_store, "started") == times(without, "started")
    assert times(with_store, "finished") == times(without, "finished")


def test_the_store_is_flushed_once_at_the_end() -> None:
    """After all records, and before the run is over."""
    store = LoggingStore(seconds=1)
    play(call("a", put), call("b", slow, 5), store=store)
    assert store.log.count("flush") == 1
    assert store.log[-2:] == ["record slow Done", "flush"]


def test_an_intent_that_fails_prevents_the_call() -> None:
    """The task fails with what the store raised, and nothing is in doubt."""
    store = LoggingStore(error=OSError("disk full"))
    run = play(call("a", put), call("b", echo, 1), store=store)
    error = run.errors["a"]
    assert isinstance(error, IntentError)
    assert str(error) == "task a was not done: the intent to call `put` was not stored: OSError: disk full"
    assert (error.in_doubt, error.__cause__, run.calls) == (False, store.error, 1)
    assert trace(run, "started", "failed") == ["started b", "failed a"]


def test_the_time_of_the_task_counts_the_intent() -> None:
    """An intent that takes too long times the task out, and the tool is not called."""
    run = play(call("a", put), store=LoggingStore(seconds=9), limits=Limits(task_time=3))
    assert isinstance(run.errors["a"], ToolTimedOut)
    assert (run.errors["a"].in_doubt, run.seconds, run.calls) == (False, 3, 0)


def test_a_run_that_is_stopped_makes_no_call() -> None:
    """A failure elsewhere, or the end of the run, withdraws calls whose intents are under way."""
    store = LoggingStore(seconds=5)
    run = play(call("a", put), call("b", broken, 1), store=store, policy="fail_fast")
    assert isinstance(run.errors["a"], Stopped)
    assert (run.errors["a"].in_doubt, run.seconds) == (False, 1)
    assert store.log == ["intend put", "record broken Failed", "record put NoneType", "flush"]


def test_a_run_that_is_cancelled_makes_no_call() -> None:
    """Leaving the block cancels the intent; the store is flushed."""
    store = LoggingStore(seconds=5)

    async def scenario() -> None:
        running = asyncio.create_task(execute(graph(call("a", put)), {}, store=store))
        await asyncio.sleep(1)
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running

    clock.run(scenario())
    assert store.log == ["intend put", "record put NoneType", "flush"]


def test_a_write_that_is_given_up_in_doubt_keeps_its_intent_open() -> None:
    """No record follows its intent."""
    store = LoggingStore()

    async def scenario() -> None:
        async with Executor({}, store=store) as executor:
            executor.apply([Add((call("a", put, 9),))])
            await asyncio.sleep(1)

    clock.run(scenario())
    assert store.log == ["intend put", "intended put", "flush"]


def test_what_is_kept_is_given_and_not_called() -> None:
    """The same plan with the same store makes no call; another argument is another key."""
    store = LoggingStore()
    first = play(call("a", put), call("b", note, 1), store=store)
    second = play(call("a", put), call("b", note, 2), store=store)
    assert first.results == {"a": "written", "b": 1}
    assert (second.results, second.calls) == ({"a": "written", "b": 2}, 1)
    assert intents(store) == ["put", "note", "note"]


def test_what_is_kept_is_not_asked_for() -> None:
    """A write whose outcome is kept needs no approval, neither at its turn nor while it waits for others."""
    asked: list[str] = []

    def approve(request: ApprovalRequest) -> bool:
        asked.append(str(request.task))
        return True

    store = LoggingStore()
    calls = [call("a", send, 1), call("b", send, 2, after=["a"])]
    for made in (2, 0):
        run = play(*calls, store=store, trust=RunGuard(Approval.of(approve)))
        assert (run.results, run.calls) == ({"a": 1, "b": 2}, made)
        assert asked == ["a", "b"]


def test_a_store_that_cannot_record_ends_the_run() -> None:
    """Its error is raised by the run."""

    class FullStore(LoggingStore):
        def record(self, *_: object) -> None:
            raise OSError("disk full")

    with pytest.raises(OSError, match="disk full"):
        play(call("a", echo, 1), store=FullStore())
