"""Limits: what they may be, and what happens when they are reached."""

import asyncio
import math
from typing import Any, Final

import pytest

from llmc_compiler.expressions.terms import Const, Item, Template
from llmc_compiler.ir.graph import Evaluate, Node
from llmc_compiler.steps import Add
from llmc_compiler.tools.decorators import nondet, pure
from llmc_compiler.tools.signature import ToolboxError
from llmc_compiler.tools.tool import Tool
from llmc_runtime.errors import Blocked, LimitReached, LoopFailed, RunRefused, ToolTimedOut
from llmc_runtime.limits import LimitError, Limits, Rate, ToolLimits, limit_fields
from llmc_runtime.program.execution import execute
from llmc_runtime.program.run_result import Run
from llmc_runtime.scheduler.executor import Executor
from tests.runtime import clock
from tests.runtime.build import call, graph, loop, node, play, ref
from tests.runtime.fakes import OutageError, broken, echo, put, slow


@pytest.mark.parametrize("name", limit_fields())
@pytest.mark.parametrize("value", [0, -1, math.nan, math.inf, "8", None, True, 10**15])
def test_a_value_that_no_limit_can_have_is_refused(name: str, value: object) -> None:
    """Whatever the limit; the error names it and says what it may be."""
    if (name, value) == ("cost", 0):
        return
    given: dict[str, Any] = {name: value}
    with pytest.raises(LimitError, match=f"limit `{name}` must be a .* from .* to .*, not "):
        Limits(**given)


@pytest.mark.parametrize(
    ("kind", "given", "words"),
    [
        (Limits, {"width": 1.5}, "limit `width` must be a whole number"),
        (ToolLimits, {"width": 0}, "limit `width` must be a whole number from 1"),
        (ToolLimits, {"rate": 10}, "limit `rate` must be a Rate, such as Rate\\(10, 1.0\\), not 10"),
        (Rate, {"calls": 0}, "limit `calls` must be a whole number from 1"),
        (Rate, {"seconds": 0}, "limit `seconds` must be a number of seconds from 0.001"),
        (Limits, {"tools": []}, "limit `tools` must be a mapping"),
        (Limits, {"tools": {"a": 3}}, "the limits of tool `a` must be ToolLimits, not 3"),
    ],
)
def test_limits_of_tools_are_checked_too(kind: type, given: dict[str, Any], words: str) -> None:
    """When they are made, not when they are reached."""
    with pytest.raises(LimitError, match=words):
        kind(**given)


def test_limits_do_not_change() -> None:
    """What they were made of may."""
    tools = {"a": ToolLimits(width=2)}
    limits = Limits(tools=tools)
    tools.clear()
    assert set(limits.tools) == {"a"}
    with pytest.raises(TypeError):
        limits.tools["b"] = ToolLimits()  # type: ignore[index]  # the point
    with pytest.raises(AttributeError):
        limits.width = 3  # type: ignore[misc]  # the point


def limit_of(run: Run, task: str) -> str:
    """The limit because of which a task was not done."""
    error = run.errors[task]
    assert isinstance(error, LimitReached)
    return error.limit


def test_the_number_of_calls_is_bounded() -> None:
    """Attempts of one call are one."""
    run = play(*(call(f"t{i}", broken if i == 0 else echo, retries=3) for i in range(5)), limits=Limits(calls=3))
    assert run.calls == 3
    assert limit_of(run, "t3") == limit_of(run, "t4") == "calls"
    assert str(run.errors["t3"]) == "task t3 was not done: the run has made 3 calls (limit `calls`)"


def test_the_cost_is_bounded_and_attempts_count() -> None:
    """A call that would go beyond it is not made; one that costs nothing is."""
    log: list[str] = []

    @nondet(cost=2.5)
    async def dear() -> None:
        log.append("called")
        raise OutageError

    run = play(call("a", dear, retries=9), call("b", echo, after=["a"]), limits=Limits(cost=6))
    assert log == ["called", "called"]
    assert limit_of(run, "a") == "cost"
    assert "`dear` costs 2.5, and the run has spent 5 of 6" in str(run.errors["a"])
    assert "b" in run.results


@pytest.mark.parametrize("cost", [-1, math.inf, math.nan, "1", True])
def test_a_cost_is_a_number(cost: Any) -> None:  # noqa: ANN401 — what is no number
    """From nothing, and finite."""
    with pytest.raises(ToolboxError, match="the cost of `tool` is"):
        Tool.from_function(lambda: 1, pure(name="tool")(lambda: 1).effect, name="tool", cost=cost)


def test_the_number_of_tasks_is_bounded_before_anything_begins() -> None:
    """A plan that is too large is refused; a loop that would make it so fails."""
    with pytest.raises(RunRefused, match="the run would have 6 tasks; at most 5 are allowed"):
        play(*(call(f"t{i}", echo, i) for i in range(5)), limits=Limits(tasks=5))
    run = play(loop("a", [1, 2, 3, 4], call("a/each", echo, 1)), call("b", echo, 1), limits=Limits(tasks=6))
    assert limit_of(run, "a") == "tasks"
    assert run.results == {"b": 1}


def test_the_time_of_the_run_ends_it() -> None:
    """What runs has timed out, what waits was not done, and what has ended is there."""
    run = play(
        call("a", slow, 1, "x"),
        call("b", slow, 100),
        call("w", put, 100),
        call("c", echo, ref("b")),
        call("q", slow, 1),
        loop("l", [1, 2], call("l/each", slow, 100)),
        call("never", echo, after=["l", "q"], when=[ref("a")]),
        limits=Limits(run_time=10, width=4),
    )
    assert run.seconds == 10
    assert run.results["a"] == "x"
    error = run.errors["b"]
    assert isinstance(error, ToolTimedOut)
    assert (error.limit, str(error)) == ("run", "task b timed out: the run took longer than 10 s")
    assert run.in_doubt == ("w",)
    assert isinstance(run.errors["c"], Blocked)
    assert limit_of(run, "never") == "run_time"
    assert set(run.errors) == {"b", "w", "c", "l", "never"}
    assert not run.has_value


def test_what_is_added_after_the_end_of_its_time_is_not_begun() -> None:
    """A plan that still arrives meets a run that is over."""

    async def scenario() -> None:
        async with Executor({}, limits=Limits(run_time=5)) as executor:
            await asyncio.sleep(6)
            executor.apply([Add((call("a", echo, 1),))])
            executor.seal()
            await executor.settled()
            assert executor.calls == 0

    clock.run(scenario())


def test_a_policy_that_does_not_exist_is_refused() -> None:
    """Before anything is begun."""
    with pytest.raises(LimitError, match="policy must be one of 'finish', 'fail_fast', not 'retry'"):
        clock.run(execute(graph(), {}, policy="retry"))  # type: ignore[arg-type]  # the point


LONG: Final = "x" * 900


@pytest.mark.parametrize(
    "tasks",
    [
        [loop("b", list(range(20)), node("b/each", Evaluate(Template((Const(LONG), Item("x"))))))],
        [loop("b", list(range(20)), node("b/each", Evaluate(Const([1] * 60))))],
        [loop("b", list(range(20)), call("b/each", echo, Template((Const(LONG), Item("x")))))],
        [loop("b", list(range(20)), call("b/each", broken, fallback=Template((Const(LONG), Item("x")))))],
        [loop("b", list(range(20)), call("b/each", echo, LONG))],
    ],
    ids=["texts", "lists", "arguments", "fallbacks", "results"],
)
def test_what_a_run_keeps_is_bounded(tasks: list[Node]) -> None:
    """All of it together, though each part is small: the rest is not done."""
    run = play(*tasks, limits=Limits(run_bytes=10_000, width=1))
    first = run.errors["b"]
    assert isinstance(first, LoopFailed)
    assert "bytes; at most 10,000 are allowed (limit `run_bytes`)" in str(first)
    assert "b" in play(*tasks, limits=Limits(run_bytes=60_000)).results
