"""What a failure does to the rest of a run."""

import pytest

from llmc_compiler.expressions.terms import Item
from llmc_compiler.tools.decorators import pure, write
from llmc_compiler.tools.tool import Tool
from llmc_runtime.errors import Blocked, LoopFailed, Stopped
from llmc_runtime.limits import Limits
from tests.runtime.build import call, expr, loop, play, ref, times, trace
from tests.runtime.fakes import OutageError, broken, echo, put, slow


def failing_at(value: object) -> Tool:
    """A tool that fails at one value."""

    @pure
    async def picky(x: object) -> object:
        if x == value:
            raise OutageError
        return x

    return picky


def test_by_default_the_rest_is_done() -> None:
    """Only what needs the failed task is not."""
    run = play(call("a", broken, 1), call("b", echo, ref("a")), call("c", slow, 5, "fine"))
    assert run.results == {"c": "fine"}
    assert run.seconds == 5


def test_fail_fast_begins_nothing_more() -> None:
    """Reads under way are given up, what was not reached is stopped, and writes under way are let end."""
    run = play(
        call("a", broken, 1),
        call("read", slow, 5),
        call("w", put, 3),
        call("later", echo, ref("w")),
        call("b", echo, ref("a")),
        expr("e", ref("read")),
        loop("l", ref("w"), call("l/each", echo, Item("x"))),
        policy="fail_fast",
    )
    assert run.results == {"w": "written"}
    assert run.seconds == 3
    assert {task: type(error) for task, error in run.errors.items()} == {
        "a": type(run.errors["a"]),
        "b": Blocked,
        **dict.fromkeys(("read", "later", "e", "l"), Stopped),
    }
    assert str(run.errors["later"]) == "task later was stopped: task a failed"
    assert trace(run, "started") == ["started a", "started read", "started w"]


def test_fail_fast_with_a_fallback_is_no_failure() -> None:
    """Whoever gave a fallback has said what to do."""
    run = play(call("a", broken, 1, fallback="none"), call("b", slow, 3, "x"), policy="fail_fast")
    assert run.results == {"a": "none", "b": "x"}


def test_fail_fast_stops_retries() -> None:
    """A write under way that fails has no further attempt, and says that it is in doubt."""

    @write("r", idempotent=True)
    async def flaky() -> None:
        raise OutageError

    run = play(call("f", flaky, retries=5), call("a", broken, 0.01), policy="fail_fast", random=lambda: 1)
    error = run.errors["f"]
    assert isinstance(error, Stopped)
    assert error.in_doubt
    assert run.in_doubt == ("f",)


def test_fail_fast_in_a_loop_stops_the_other_elements() -> None:
    """The loop says which element failed."""
    run = play(
        loop("a", [1, 2, 3], call("a/x", failing_at(2), Item("x")), call("a/each", slow, 5, ref("a/x"))),
        policy="fail_fast",
    )
    error = run.errors["a"]
    assert isinstance(error, LoopFailed)
    assert error.index in {0, 1}
    assert run.seconds == 0
    assert times(run, "finished") == {"a/x[0]": 0} or not times(run, "started").get("a/each[2]")


@pytest.mark.parametrize("position", [0, 1])
def test_fail_fast_stops_what_waits_for_its_turn(position: int) -> None:
    """A call that waits for its turn is not admitted any more."""
    nodes = [call("a", broken, 1), *(call(f"t{i}", put, 1) for i in range(5))]
    run = play(*nodes, policy="fail_fast", limits=Limits(width=1 + position, tool_width=1))
    assert run.calls == 1 + position
    assert len(run.errors) == 6 - position
