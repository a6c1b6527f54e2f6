"""The one way to tools: whatever a tool does ends in a value or a typed error."""

import asyncio
from collections.abc import Callable
from datetime import date

import pytest

from llmc_compiler.tools.decorators import pure
from llmc_compiler.tools.tool import Tool
from llmc_runtime.errors import BadArgument, BadResult, ExpressionFailed, ToolFailed
from tests.runtime.build import call, error, play, ref, trace
from tests.runtime.fakes import OutageError, broken, echo, raising, slow


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


def test_other_types_come_as_the_tool_wants_them() -> None:
    """A date is text in the plan, and a date in the tool."""

    @pure
    async def next_year(day: date) -> date:
        return day.replace(year=day.year + 1)

    assert play(call("a", next_year, "2024-05-01")).results == {"a": "2025-05-01"}
