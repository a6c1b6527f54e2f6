"""T21: an attempt that raises by itself, and leaves work that lands later than a conflicting write."""

import asyncio
from collections.abc import Callable
from typing import Any, Final

import pytest

import llmc
from llmc_compiler.tools.decorators import opaque, write
from llmc_compiler.tools.tool import Tool
from llmc_runtime.cache.call_cache import CallCache
from llmc_runtime.calls.tool_call import ToolCall
from llmc_runtime.errors import Blocked, NotSent, ToolFailed
from llmc_runtime.program.execution import execute
from llmc_runtime.program.run_result import Run
from tests.runtime import clock
from tests.runtime.build import call, graph, times
from tests.runtime.fakes import echo

LEAVES: Final = ("task", "run inside")
PLAN: Final = "a = put(1) @retry(1)\nb = put(2)\njoin()\n"


class Store:
    """What was put, in order: the first attempt raises after a second, and lands after some more seconds."""

    def __init__(self, leaves: str, seconds: float, error: Exception | None = None) -> None:
        self.leaves, self.seconds, self.error = leaves, seconds, error
        self.values: list[int] = []
        self.attempts = 0
        self._started: list[asyncio.Task[Any]] = []

    def tool(self, declare: Callable[[Callable[..., Any]], Tool]) -> Tool:
        """`put`, with an effect."""

        async def put(x: int) -> int:
            self.attempts += 1
            if self.attempts > 1:
                self.values.append(x)
                return x
            inside = graph(call("i", write("r", name="land")(self._land), x))
            work: Any = execute(inside, {}) if self.leaves == "run inside" else self._land(x)
            self._started.append(asyncio.create_task(work))
            if self.error is not None:
                raise self.error
            await asyncio.wait_for(asyncio.shield(self._started[-1]), 1)
            return x

        return declare(put)

    async def _land(self, x: int) -> int:
        await asyncio.sleep(1 + self.seconds)
        self.values.append(x)
        return x

    async def landed(self) -> None:
        """Wait for all that was started."""
        await asyncio.wait(self._started)


def run_with(store: Store, declare: Callable[[Callable[..., Any]], Tool], text: str = PLAN, **options: Any) -> Run:
    """Run a plan of `put`, and wait until everything has landed."""

    async def scenario() -> Run:
        tools = llmc.Toolbox([store.tool(declare), echo])
        run = await execute(llmc.compile(text, tools).graph, {}, random=lambda: 0, **options)
        await store.landed()
        return run

    return clock.run(scenario())


IDEMPOTENT: Final = write("r", idempotent=True)


@pytest.mark.parametrize("leaves", LEAVES)
@pytest.mark.parametrize("declare", [IDEMPOTENT, write("r"), opaque])
def test_nothing_conflicting_follows_what_outlives_the_grace(leaves: str, declare: Any) -> None:  # noqa: ANN401
    """The write is in doubt after the grace and its work named, no other attempt is made, the later write is not."""
    store = Store(leaves, 5)
    run = run_with(store, declare)
    assert isinstance(run.errors["a"], ToolFailed)
    assert isinstance(run.errors["a"].__cause__, TimeoutError)
    assert isinstance(run.errors["b"], Blocked)
    assert (run.in_doubt, store.attempts, store.values) == (("a",), 1, [1])
    assert times(run, "failed") == {"a": 1.5}
    assert all(name.endswith("started by put (task a)") for name in run.abandoned)
    assert run.abandoned


@pytest.mark.parametrize("leaves", LEAVES)
def test_what_ends_in_the_grace_is_followed_by_another_attempt(leaves: str) -> None:
    """The next one begins when all of it is over."""
    store = Store(leaves, 0.25)
    run = run_with(store, IDEMPOTENT)
    assert run.results == {"a": 1, "b": 2}
    assert times(run, "retried") == {"a": 1.25}
    assert (store.values, run.in_doubt, run.abandoned) == ([1, 1, 2], (), ())


@pytest.mark.parametrize("leaves", LEAVES)
def test_without_the_look_the_older_value_is_left(leaves: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The control: the attempts follow each other at once, and the run reports success."""
    monkeypatch.setattr(ToolCall, "is_left", False)
    store = Store(leaves, 0.25)
    run = run_with(store, IDEMPOTENT)
    assert not run.errors
    assert store.values == [1, 2, 1]


def test_what_was_certainly_not_sent_is_not_waited_for() -> None:
    """The tool says that nothing lands."""
    store = Store("task", 5, NotSent("no connection"))
    run = run_with(store, write("r"))
    assert run.results == {"a": 1, "b": 2}
    assert times(run, "retried") == {"a": 0}


def test_the_wait_that_a_tool_asks_for_is_kept() -> None:
    """The next attempt begins after it, though the grace comes first."""
    error = OSError()
    error.retry_after = 3  # type: ignore[attr-defined]  # as the exceptions of clients have it
    store = Store("task", -0.75, error)
    run = run_with(store, IDEMPOTENT)
    assert run.results == {"a": 1, "b": 2}
    assert times(run, "finished")["a"] >= 3


def test_a_failure_elsewhere_lets_it_have_its_grace() -> None:
    """Under `fail_fast` it is a write under way, which is not repeated."""
    store = Store("task", 0.25)

    async def fail() -> None:
        await asyncio.sleep(1.1)
        raise LookupError

    async def scenario() -> Run:
        nodes = (call("a", store.tool(IDEMPOTENT), 1, retries=2), call("f", write("other")(fail)))
        run = await execute(graph(*nodes), {}, policy="fail_fast")
        await store.landed()
        return run

    run = clock.run(scenario())
    assert times(run, "failed") == {"a": 1.25, "f": 1.1}
    assert set(run.in_doubt) == {"a", "f"}
    assert store.attempts == 1


def test_a_later_plan_of_a_question_does_not_race_with_it() -> None:
    """While it goes on, what conflicts with it is blocked."""
    store = Store("task", 5)

    async def scenario() -> list[Run]:
        cache = CallCache()
        tools = llmc.Toolbox([store.tool(IDEMPOTENT)])
        runs: list[Run] = []
        for text in ("1. put(1)\njoin()", "2. put(2)\njoin()"):
            cache.next_plan()
            runs.append(await execute(llmc.compile(text, tools).graph, {}, memo=cache))
        await store.landed()
        return runs

    first, second = clock.run(scenario())
    assert first.in_doubt == ("1",)
    assert isinstance(second.errors["2"], Blocked)
    assert store.values == [1]
