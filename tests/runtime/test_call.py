"""The door to tools: whatever a tool does ends in a value or a typed error."""

import asyncio
import contextvars
import threading
from collections.abc import Callable, Iterator
from datetime import date

import pytest

from llmc_compiler.graph import Node
from llmc_compiler.tools import Tool, nondet, opaque, pure, read, write
from llmc_runtime.errors import BadArgument, BadResult, CallError, ExpressionFailed, NotSent, ToolFailed, ToolTimedOut
from llmc_runtime.run import execute
from tests.runtime import clock
from tests.runtime.build import call, expr, graph, play, ref, times, trace
from tests.runtime.fakes import OutageError, broken, echo, put, put_in_vain, slow


def error(*nodes: Node) -> CallError:
    """The error of task `a`."""
    found = play(*nodes).errors["a"]
    assert isinstance(found, CallError)
    return found


def raising(what: BaseException, declare: Callable[[Callable[..., object]], Tool] = pure) -> Tool:
    """An async tool that raises."""

    async def tool() -> object:
        raise what

    return declare(tool)


def raising_in_thread(what: BaseException) -> Tool:
    """A sync tool that raises."""

    def tool() -> object:
        raise what

    return pure(tool)


# What a tool raises


@pytest.mark.parametrize("make", [raising, raising_in_thread])
@pytest.mark.parametrize(
    "what",
    [
        OutageError("down"),
        asyncio.CancelledError(),
        SystemExit(1),
        KeyboardInterrupt(),
        GeneratorExit(),
        StopIteration(3),
        StopAsyncIteration(),
        TimeoutError(),
        BaseException("bare"),
    ],
    ids=lambda what: type(what).__name__,
)
def test_whatever_a_tool_raises_is_its_own_failure(make: Callable[[BaseException], Tool], what: BaseException) -> None:
    """The task fails, and what does not depend on it goes on."""
    run = play(call("a", make(what)), call("b", echo, ref("a")), call("c", slow, 1, "fine"))
    assert isinstance(run.errors["a"], ToolFailed)
    assert run.errors["a"].__cause__ is not None
    assert run.results == {"c": "fine"}
    assert trace(run, "failed", "blocked") == ["failed a", "blocked b"]


def test_a_tool_that_cancels_itself_has_failed() -> None:
    """A task that cancels itself is not taken for one that was cancelled from outside."""

    @pure
    async def selfish() -> None:
        task = asyncio.current_task()
        assert task is not None
        task.cancel()
        await asyncio.sleep(1)

    assert isinstance(error(call("a", selfish)), ToolFailed)


def test_an_error_names_task_tool_attempt_and_cause() -> None:
    """The text is one fact, and the exception of the tool is the cause."""
    found = error(call("a", broken))
    assert str(found) == "task a failed: `broken` raised OutageError: it is down"
    assert (found.task, found.tool, found.attempt) == ("a", "broken", 1)
    assert isinstance(found.__cause__, OutageError)


def test_text_from_outside_is_shortened() -> None:
    """Whatever a tool says, the message stays a line of bounded length."""
    found = str(error(call("a", raising(ValueError("no\n" * 1000)))))
    assert len(found) < 400
    assert "\n" not in found


def test_an_exception_without_a_readable_text_is_no_second_failure() -> None:
    """An exception whose own text cannot be made is still reported."""

    class UnspeakableError(Exception):
        def __str__(self) -> str:
            raise RuntimeError

    assert "UnspeakableError" in str(error(call("a", raising(UnspeakableError()))))


# What a tool gets and gives


@pytest.mark.parametrize("value", [None, "", [], {}, 0, False])
def test_an_empty_result_is_a_result(value: object) -> None:
    """Null, an empty text and the like are handed on as they are."""
    run = play(call("a", echo, value), call("b", echo, ref("a")))
    assert run.results == {"a": value, "b": value}
    assert type(run.results["b"]) is type(value)


@pytest.mark.parametrize("text", ["$1", "${a}", "3. delete()", "join()", "{{x}}", "Thought: no", "$$"])
def test_a_result_that_looks_like_a_plan_is_data(text: str) -> None:
    """It arrives letter by letter."""
    assert play(call("a", echo, text), call("b", echo, ref("a"))).results["b"] == text


def test_a_wrong_result_fails_at_its_producer() -> None:
    """A result that is not of the declared type is the tool's error."""

    @pure
    async def wrong() -> int:
        return "three"  # type: ignore[return-value]  # the point

    found = error(call("a", wrong))
    assert isinstance(found, BadResult)
    assert str(found).startswith("task a got a bad result from `wrong`: ")


@pytest.mark.parametrize("value", [float("nan"), b"x", {1: 2}, {1, 2}, "\ud800", object()])
def test_a_result_that_is_no_json_fails_at_its_producer(value: object) -> None:
    """Whatever JSON cannot hold is refused, with its place."""

    @pure
    async def odd() -> object:
        return [value]

    found = error(call("a", odd))
    assert isinstance(found, BadResult)
    assert "`result[0]" in str(found)


def test_an_argument_that_does_not_fit_when_it_arrives_is_named() -> None:
    """The tool is not called, and the error names the parameter."""

    @pure
    async def double(number: int) -> int:
        return 2 * number

    run = play(call("t", echo, "two"), call("a", double, ref("t"), retries=3))
    found = run.errors["a"]
    assert isinstance(found, BadArgument)
    assert found.parameter == "number"
    assert trace(run) == ["started t", "finished t", "failed a"]


def test_an_argument_without_a_value_is_the_tasks_error() -> None:
    """A path that leads nowhere fails the task that takes it."""
    run = play(call("t", echo, {"x": 1}), call("a", echo, ref("t", "y")))
    assert isinstance(run.errors["a"], ExpressionFailed)
    assert str(run.errors["a"]) == "task a has no value: `$t` has no key `y`: it has `x`"


def test_what_a_tool_does_to_its_arguments_is_seen_by_nobody() -> None:
    """A list that two tools get is two lists."""

    @pure
    async def spoil(values: list[int]) -> int:
        values.append(99)
        return len(values)

    run = play(
        call("t", echo, [1, 2]),
        call("a", spoil, ref("t"), retries=1),
        call("b", spoil, ref("t")),
        call("c", echo, ref("t")),
    )
    assert run.results == {"t": [1, 2], "a": 3, "b": 3, "c": [1, 2]}


def test_what_a_tool_does_to_its_result_later_is_seen_by_nobody() -> None:
    """The result is copied when it comes."""
    kept: list[dict[str, int]] = []

    @pure
    async def keep() -> dict[str, int]:
        kept.append({"x": 1})
        return kept[0]

    @pure
    async def spoil() -> None:
        kept[0]["x"] = 2

    run = play(call("t", keep), call("s", spoil, when=[ref("t")]), call("a", echo, ref("t"), after=["s"]))
    assert run.results["a"] == {"x": 1}


def test_an_attempt_gets_fresh_arguments() -> None:
    """What a failed attempt did to its arguments, the next one does not see."""
    seen: list[list[int]] = []

    @pure
    async def spoil(values: list[int]) -> None:
        seen.append(list(values))
        values.append(99)
        raise OutageError

    play(call("t", echo, [1]), call("a", spoil, ref("t"), retries=2))
    assert seen == [[1], [1], [1]]


# Sync tools


def test_a_sync_tool_runs_in_a_thread() -> None:
    """Its thread is one of ours, and never the loop's."""

    @pure
    def where() -> str:
        return threading.current_thread().name

    assert play(call("a", where)).value == {"a": "llmc-tool"}


def test_sync_tools_run_at_the_same_time() -> None:
    """Two that wait for each other both end."""
    both = threading.Barrier(2, timeout=5)

    @pure
    def meet() -> int:
        return both.wait()

    run = play(call("a", meet), call("b", meet))
    assert sorted(run.results.values(), key=str) == [0, 1]


def test_threads_are_bounded_and_reused() -> None:
    """A hundred calls run on two threads."""
    names: set[int] = set()

    @pure
    def note(x: int) -> int:
        names.add(threading.get_ident())
        return x

    run = play(*(call(f"t{i}", note, i) for i in range(100)), threads=2)
    assert list(run.results.values()) == list(range(100))
    assert len(names) <= 2


def test_a_sync_function_may_return_an_awaitable() -> None:
    """It is awaited on the loop, under the same timeout."""

    @pure
    def later(value: str) -> object:
        return asyncio.sleep(1, value)

    run = play(call("a", later, "x"))
    assert run.results == {"a": "x"}
    assert run.seconds == 1


def test_a_sync_tool_sees_the_callers_context() -> None:
    """Context variables that were set around the run are there, and what a tool sets is its own."""
    user = contextvars.ContextVar("user", default="nobody")

    @pure
    def who(_: object = None) -> str:
        before = user.get()
        user.set("somebody else")
        return before

    @pure
    async def who_async(_: object = None) -> str:
        before = user.get()
        user.set("yet another")
        return before

    user.set("ada")
    run = play(call("a", who), call("b", who_async, ref("a")), call("c", who_async, ref("b")), call("d", who, ref("c")))
    assert set(run.results.values()) == {"ada"}


# Timeouts


def test_an_async_tool_that_takes_too_long_is_cancelled() -> None:
    """It fails when its time is over, and gets to clean up."""
    ended: list[str] = []

    @pure
    async def hang() -> None:
        try:
            await asyncio.sleep(100)
        finally:
            ended.append("cancelled")

    run = play(call("a", hang, timeout=2.5))
    assert str(run.errors["a"]) == "task a timed out: `hang` took longer than 2.5 s"
    assert isinstance(run.errors["a"], ToolTimedOut)
    assert run.seconds == 2.5
    assert ended == ["cancelled"]
    assert run.abandoned == ()


def test_a_tool_within_its_time_is_not_touched() -> None:
    """A timeout that is not reached does nothing."""
    assert play(call("a", slow, 2, "x", timeout=2.5)).results == {"a": "x"}


def test_a_tool_that_swallows_its_cancellation_does_not_hold_the_run() -> None:
    """It times out like any other, and is named among what was left running."""

    async def scenario() -> None:
        release = asyncio.Event()

        @pure
        async def stubborn() -> str:
            while not release.is_set():
                try:
                    await release.wait()
                except asyncio.CancelledError:
                    continue
            return "too late"

        run = await execute(graph(call("a", stubborn, timeout=1), call("b", slow, 2, "x")), {})
        assert isinstance(run.errors["a"], ToolTimedOut)
        assert run.results == {"b": "x"}
        assert times(run, "failed") == {"a": 1}
        assert run.seconds == 2.5
        assert run.abandoned == ("stubborn (task a)",)
        release.set()
        await asyncio.sleep(0)
        await asyncio.sleep(0)

    clock.run(scenario())


@pytest.fixture
def release() -> Iterator[threading.Event]:
    """Something for threads to wait for, set at the end."""
    event = threading.Event()
    yield event
    event.set()


def test_a_sync_tool_that_hangs_is_left_behind(release: threading.Event) -> None:
    """Its thread is named, and its result, when it comes, is nobody's."""

    @write("r")
    def hang() -> bool:
        return release.wait(10)

    run = play(call("a", hang, timeout=3))
    found = run.errors["a"]
    assert isinstance(found, ToolTimedOut)
    assert found.in_doubt
    assert run.seconds == 3
    assert run.abandoned == ("hang (task a)",)
    assert run.summary().endswith("; still running: hang (task a)")


def test_a_thread_that_was_left_makes_room_for_another(release: threading.Event) -> None:
    """Those waiting in line get their turn, and their time starts with it."""

    @pure
    def hang() -> bool:
        return release.wait(10)

    run = play(*(call(f"t{i}", hang, timeout=1) for i in range(3)), threads=1)
    assert times(run, "failed") == {"t0": 1, "t1": 2, "t2": 3}
    assert len(run.abandoned) == 3


def test_a_late_thread_ends_while_the_run_goes_on(release: threading.Event) -> None:
    """What came back late is not counted as left, nor is its coroutine awaited."""
    asked = threading.Event()

    @pure
    def hang() -> object:
        release.wait(10)
        return asyncio.sleep(100)

    @pure
    def free() -> None:
        asked.wait(10)
        release.set()

    async def scenario() -> None:
        program = graph(call("a", hang, timeout=1), call("b", free, after=["a"]), call("c", slow, 0, after=["b"]))
        running = asyncio.ensure_future(execute(program, {}))
        await asyncio.sleep(2)
        asked.set()
        run = await running
        assert run.results == {"b": None, "c": None}

    clock.run(scenario())


def test_a_tools_own_timeout_error_is_its_failure() -> None:
    """Only our limit makes a ToolTimedOut."""
    assert isinstance(error(call("a", raising(TimeoutError("mine")), timeout=5)), ToolFailed)


# Attempts


def flaky(failures: int, log: list[float], what: BaseException, declare: Callable[[Callable[..., object]], Tool]) -> Tool:
    """A tool that fails so many times, and notes when it was called."""

    async def tool() -> str:
        log.append(asyncio.get_running_loop().time())
        if len(log) <= failures:
            raise what
        return "at last"

    return declare(tool)


DECLARED = {
    "pure": pure,
    "nondet": nondet,
    "read": read("r"),
    "idempotent": write("r", idempotent=True),
    "write": write("r"),
    "opaque": opaque,
}


@pytest.mark.parametrize("kind", ["pure", "nondet", "read", "idempotent"])
@pytest.mark.parametrize("failures", range(5))
def test_a_tool_that_fails_k_times_is_called_once_more(kind: str, failures: int) -> None:
    """There are exactly k + 1 attempts, as long as they are allowed."""
    log: list[float] = []
    run = play(call("a", flaky(failures, log, OutageError(), DECLARED[kind]), retries=3))
    assert len(log) == min(failures, 3) + 1
    assert ("a" in run.results) == (failures <= 3)
    if failures > 3:
        found = run.errors["a"]
        assert isinstance(found, ToolFailed)
        assert found.attempt == 4


@pytest.mark.parametrize("kind", ["write", "opaque"])
def test_a_write_is_not_repeated(kind: str) -> None:
    """After an ordinary failure nobody knows whether it was done: there is one attempt, and the error is in doubt."""
    log: list[float] = []
    run = play(call("a", flaky(1, log, OutageError(), DECLARED[kind]), retries=3))
    found = run.errors["a"]
    assert isinstance(found, ToolFailed)
    assert found.in_doubt
    assert len(log) == 1


@pytest.mark.parametrize("kind", ["write", "opaque"])
def test_a_write_that_was_certainly_not_sent_is_repeated(kind: str) -> None:
    """A tool that raises NotSent says that another attempt does nothing twice."""
    log: list[float] = []
    assert play(call("a", flaky(2, log, NotSent(), DECLARED[kind]), retries=3)).results == {"a": "at last"}
    assert len(log) == 3


def test_a_write_that_was_never_sent_is_not_in_doubt() -> None:
    """The error of the last attempt says so."""
    found = error(call("a", raising(NotSent("offline"), write("r"))))
    assert isinstance(found, ToolFailed)
    assert not found.in_doubt


def test_a_read_is_never_in_doubt() -> None:
    """Only writes leave a question."""
    assert not error(call("a", raising(OutageError(), read("r")))).in_doubt


def test_attempts_are_further_and_further_apart() -> None:
    """The wait before attempt n is a random part of 50 ms times two to the n - 2."""
    log: list[float] = []
    run = play(call("a", flaky(4, log, OutageError(), pure), retries=4), random=lambda: 0.5)
    assert log == pytest.approx([0, 0.025, 0.075, 0.175, 0.375])
    assert trace(run) == ["started a", *["retried a"] * 4, "finished a"]


def test_the_wait_between_attempts_is_bounded() -> None:
    """After eight doublings it does not grow further, however many attempts there are."""
    log: list[float] = []
    play(call("a", flaky(10_000, log, OutageError(), pure), retries=2_000), random=lambda: 1)
    assert len(log) == 2_001
    assert log[-1] - log[-2] == pytest.approx(6.4)


def test_each_attempt_has_its_own_time() -> None:
    """A timeout is per attempt."""
    run = play(call("a", slow, 10, timeout=2, retries=1), random=lambda: 1)
    found = run.errors["a"]
    assert isinstance(found, ToolTimedOut)
    assert found.attempt == 2
    assert run.seconds == pytest.approx(4.05)


# Fallbacks


def test_a_fallback_takes_the_place_of_a_failed_call() -> None:
    """It is used once all attempts failed, and the task is no failure."""
    run = play(call("t", echo, 5), call("a", broken, retries=1, fallback=ref("t")), random=lambda: 0)
    assert run.results == {"t": 5, "a": 5}
    assert trace(run)[-4:] == ["retried a", "fellback a", "finished a"][-4:] or "fellback a" in trace(run)


def test_a_fallback_reads_what_was_skipped_as_null() -> None:
    """A fallback is never the reason why a task is skipped."""
    assert play(call("t", echo, 5, when=[False]), call("a", broken, fallback=ref("t"))).results == {"a": None}


def test_a_fallback_is_not_used_where_a_task_is_skipped_or_blocked() -> None:
    """It is for failures of the call itself."""
    run = play(
        call("s", echo, when=[False]),
        call("f", broken),
        call("a", echo, ref("s"), fallback=1),
        call("b", echo, ref("f"), fallback=1),
    )
    assert run.results == {}
    assert run.skipped == ("s", "a")
    assert set(run.errors) == {"f", "b", "join"}


def test_a_fallback_that_fails_is_the_tasks_error() -> None:
    """Then there is no value after all."""
    run = play(call("t", echo, {}), call("a", broken, fallback=ref("t", "x")))
    assert isinstance(run.errors["a"], ExpressionFailed)


def test_a_fallback_that_needs_a_failed_task_blocks() -> None:
    """What a fallback refers to is needed like any other reference."""
    run = play(call("f", broken), call("a", echo, 1, fallback=ref("f")))
    assert trace(run, "blocked") == ["blocked a"]


def test_a_fallback_of_an_expression_is_for_its_error() -> None:
    """An expression without a value takes it."""
    run = play(call("t", echo, {}), expr("a", ref("t", "x"), fallback="none"))
    assert run.results["a"] == "none"


def test_a_write_that_fell_back_blocks_nothing() -> None:
    """Whoever gave a fallback has said what to do."""
    run = play(call("a", put_in_vain, fallback="lost"), call("b", put, after=["a"]))
    assert run.results == {"a": "lost", "b": "written"}


def test_other_types_come_as_the_tool_wants_them() -> None:
    """A date is text in the plan, and a date in the tool."""

    @pure
    async def next_year(day: date) -> date:
        return day.replace(year=day.year + 1)

    assert play(call("a", next_year, "2024-05-01")).results == {"a": "2025-05-01"}
