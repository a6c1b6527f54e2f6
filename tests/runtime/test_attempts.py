"""Attempts after the first, and fallbacks."""

import asyncio
from collections.abc import Callable

import pytest

from llmc_compiler.tools.decorators import nondet, opaque, pure, read, write
from llmc_compiler.tools.tool import Tool
from llmc_runtime.errors import Blocked, ExpressionFailed, NotSent, ToolFailed, ToolTimedOut
from llmc_runtime.limits import Limits
from tests.runtime.build import call, error, expr, play, ref, trace
from tests.runtime.fakes import OutageError, broken, echo, put, put_in_vain, raising, slow


def flaky(
    failures: int, log: list[float], what: BaseException, declare: Callable[[Callable[..., object]], Tool]
) -> Tool:
    """A tool that fails so many times, and notes when it was called."""

    async def tool() -> str:
        log.append(asyncio.get_running_loop().time())
        if len(log) <= failures:
            raise what
        return "at last"

    return declare(tool)


LONG = Limits(attempts=2_001, task_time=1e6, run_time=1e6)

DECLARED: dict[str, Callable[[Callable[..., object]], Tool]] = {
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
    play(call("a", flaky(10_000, log, OutageError(), pure), retries=1_100), random=lambda: 1, limits=LONG)
    assert len(log) == 1_101
    assert log[-1] - log[-2] == pytest.approx(6.4)


def test_each_attempt_has_its_own_time() -> None:
    """A timeout is per attempt."""
    run = play(call("a", slow, 10, timeout=2, retries=1), random=lambda: 1)
    found = run.errors["a"]
    assert isinstance(found, ToolTimedOut)
    assert found.attempt == 2
    assert run.seconds == pytest.approx(4.05)


def test_a_fallback_takes_the_place_of_a_failed_call() -> None:
    """It is used once all attempts failed, and the task is no failure."""
    run = play(call("t", echo, 5), call("a", broken, retries=1, fallback=ref("t")), random=lambda: 0)
    assert run.results == {"t": 5, "a": 5}
    assert trace(run)[2:] == ["started a", "retried a", "fellback a", "finished a"]


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
    assert set(run.errors) == {"f", "b"}


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


def test_a_write_that_fell_back_has_a_value_and_still_blocks() -> None:
    """A fallback replaces the value of a write: what needs that goes on, and what conflicts with it does not."""
    run = play(
        call("a", put_in_vain, fallback="lost"),
        call("b", put, after=["a"]),
        call("c", echo, ref("a")),
        call("d", put, ref("a")),
    )
    assert run.results == {"a": "lost", "c": "lost"}
    why = "failed (its `@fallback` replaces its value, not its effect)"
    assert str(run.errors["b"]) == f"task b was not done: task a, whose effect comes first, {why}"
    assert isinstance(run.errors["d"], Blocked)
    assert run.in_doubt == ("a",)
