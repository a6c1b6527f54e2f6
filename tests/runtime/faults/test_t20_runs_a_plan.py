"""T20: a tool runs a plan itself."""

import asyncio

import pytest

from llmc_compiler.ir.graph import Node
from llmc_compiler.tools.decorators import pure
from llmc_runtime.calls import nested_runs
from llmc_runtime.concurrency.run_sync import run_sync
from llmc_runtime.errors import LimitReached, NotApproved, RunRefused, ToolFailed
from llmc_runtime.limits import Limits
from llmc_runtime.program.execution import execute
from llmc_runtime.program.run_result import Run
from llmc_runtime.safety.approval import Approval
from llmc_runtime.safety.run_guard import RunGuard
from tests.runtime import clock
from tests.runtime.build import call, graph
from tests.runtime.fakes import echo, slow
from tests.runtime.nested import compiled, marking, running, written

ONE = Limits(width=1, tool_width=1, threads=1)


def nested(levels: int) -> Node:
    """A call of a tool that runs a plan with such a call, so many levels deep."""
    if levels == 1:
        return call("x", slow, 1, "deep")

    @pure
    async def inner() -> object:
        plan = graph(nested(levels - 1), call("y", echo, 1))
        return (await execute(plan, {}, limits=ONE)).results["x"]

    return call("x", inner)


@pytest.mark.parametrize("depth", [1, 2, 4])
def test_no_limit_locks(depth: int) -> None:
    """Runs inside each other have room of their own, even where each has room for one call."""
    run = clock.run(execute(graph(nested(depth)), {}, limits=ONE))
    assert run.results == {"x": "deep"}


def test_the_depth_is_bounded() -> None:
    """A tool that runs itself without end fails at the limit, and says which."""
    depths: list[int] = []

    @pure
    async def again() -> object:
        depths.append(len(depths))
        run = await execute(graph(call("a", again)), {}, limits=Limits(runs=3))
        for error in run.errors.values():
            raise error
        return run.results["a"]

    run = clock.run(execute(graph(call("a", again)), {}, limits=Limits(runs=3)))
    error: BaseException | None = run.errors["a"]
    assert isinstance(error, ToolFailed)
    while error is not None and not isinstance(error, RunRefused):
        error = error.__cause__
    assert str(error) == "runs would be nested 4 deep (limit `runs`)"
    assert len(depths) == 3


def test_a_sync_tool_may_run_a_plan_in_its_thread() -> None:
    """With a loop of its own, and its depth counted."""

    @pure
    def inner() -> object:
        return run_sync(execute(graph(call("x", echo, "deep")), {}, limits=Limits(runs=2))).results["x"]

    @pure
    def too_deep() -> object:
        return run_sync(execute(graph(call("x", echo)), {}, limits=Limits(runs=1))).value

    run: Run = asyncio.run(execute(graph(call("a", inner), call("b", too_deep)), {}, limits=Limits(runs=2)))
    assert run.results == {"a": "deep"}
    assert "runs would be nested 2 deep" in str(run.errors["b"])


def test_runs_beside_each_other_are_not_inside_each_other() -> None:
    """Ten at once are as deep as one."""

    async def scenario() -> None:
        runs = await asyncio.gather(*(execute(graph(call("a", slow, 1)), {}, limits=Limits(runs=1)) for _ in range(10)))
        assert not any(run.errors for run in runs)

    clock.run(scenario())


def test_an_inner_run_ends_with_its_call() -> None:
    """A call that times out takes along the run that it has begun."""
    ended: list[str] = []

    @pure
    async def hang() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            ended.append("inner")

    @pure
    async def outer() -> None:
        await execute(graph(call("x", hang)), {})

    run = clock.run(execute(graph(call("a", outer, timeout=1)), {}))
    assert ended == ["inner"]
    assert run.abandoned == ()
    assert run.seconds == 1


@pytest.mark.parametrize("way", ["await", "stream", "arriving", "thread", "to_thread"])
def test_it_may_not_do_more_than_its_own_run(way: str) -> None:
    """What is refused outside is refused inside, held is held, hidden is hidden, and spent is spent; nothing hangs."""
    written.clear()
    writes, reads = marking("mark", approve=True), marking("look", writes=False)
    plan = "mark()\n" + "look()\n" * 3
    tool, runs = running(plan, writes, reads, way=way, approve="all", limits=ONE)
    limits = Limits(width=1, tool_width=1, threads=1, calls=3)
    guard = RunGuard(Approval("none"))
    guard.secrets.add("a secret of the run")
    main = execute(compiled(tool).graph, {}, limits=limits, trust=guard)
    run = run_sync(main) if "thread" in way else clock.run(main)
    assert run.errors == {}
    errors = {task: type(error) for task, error in runs[0].errors.items()}
    assert errors == {"1": NotApproved, "4": LimitReached}
    assert written == ["look", "look"]
    assert runs[0].secrets is guard.secrets


def test_without_inheriting_it_does_more(monkeypatch: pytest.MonkeyPatch) -> None:
    """A run of its own writes what is refused around it, and as often as it likes."""
    written.clear()
    monkeypatch.setattr(nested_runs, "enter", lambda _: None)
    tool, _ = running("mark()\n" * 3, marking("mark", approve=True), approve="all")
    clock.run(compiled(tool).run(approve="none", limits=Limits(calls=2)))
    assert written == ["mark"] * 3
