"""Runners of tools: each attempt of an admitted call reaches the runner once, and a run through it is the same."""

import asyncio
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import pytest

from llmc_compiler.tools.decorators import pure, write
from llmc_runtime.calls.leak_detector import Unfinished
from llmc_runtime.calls.nested_runs import OuterRun
from llmc_runtime.calls.tool_runner import AdmittedCall, LocalRunner, RunningAttempt, ToolRunner
from llmc_runtime.errors import ToolFailed, ToolTimedOut
from llmc_runtime.limits import Limits
from llmc_runtime.program.run_result import Run
from tests.runtime.build import call, loop, play, ref, trace
from tests.runtime.fakes import OutageError, broken, echo, look, put, put_in_vain, slow


class RecordingRunner:
    """Notes each attempt as it starts, and hands it on; counts the async tools that run at once."""

    def __init__(self, local: LocalRunner) -> None:
        self.local = local
        self.started: list[str] = []
        self.running = self.most = self.ends = 0
        self.is_closed = False

    def start(
        self, call: AdmittedCall, function: Callable[..., Any], args: Sequence[Any], kwargs: Mapping[str, Any], /
    ) -> RunningAttempt:
        """Note the call, and start it."""
        self.started.append(str(call))

        async def counted(*args: object, **kwargs: object) -> object:
            self.running += 1
            self.most = max(self.most, self.running)
            try:
                return await function(*args, **kwargs)
            finally:
                self.running -= 1

        return self.local.start(call, function if call.in_thread else counted, args, kwargs)

    def unfinished(self, call: AdmittedCall, but: RunningAttempt | None, /) -> Unfinished | None:
        """Ask the local one."""
        return self.local.unfinished(call, but)

    async def end(self) -> None:
        """Count the ends."""
        self.ends += 1
        await self.local.end()

    def close(self) -> None:
        """Close the local one."""
        self.is_closed = True
        self.local.close()

    def left(self, run: OuterRun, /) -> Iterator[str]:
        """Ask the local one."""
        return self.local.left(run)

    def cut_off(self) -> None:
        """Cut off the local one."""
        self.local.cut_off()


class RemoteAttempt:
    """An attempt in a process that exists in these tests alone: it answers when the loop has its next turn."""

    def __init__(self, loop: asyncio.AbstractEventLoop, answer: Callable[[], object]) -> None:
        self.goes_on = self.has_begun = True
        self._answer = answer
        loop.call_soon(self._ended)

    def _ended(self) -> None:
        if self.goes_on:
            self.goes_on = self.has_begun = False
            self._answer()

    def call_off(self) -> bool:
        """It has begun."""
        return not self.has_begun

    def give_up(self) -> None:
        """Kill the process."""
        self.goes_on = self.has_begun = False

    def when_over(self, told: Callable[[], object], /) -> None:
        """A process that was killed is over."""
        told()


class RemoteRunner(RecordingRunner):
    """Runs sync tools elsewhere, and hands the others on."""

    def start(
        self, call: AdmittedCall, function: Callable[..., Any], args: Sequence[Any], kwargs: Mapping[str, Any], /
    ) -> RunningAttempt:
        """Call the function in no thread of the run."""
        if not call.in_thread:
            return super().start(call, function, args, kwargs)
        self.started.append(str(call))

        def answer() -> None:
            try:
                result = call.context().run(function, *args, **kwargs)
            except OutageError as error:
                call.raised(error)
            else:
                call.returned(result)

        return RemoteAttempt(asyncio.get_running_loop(), answer)


@pure
def double(x: int) -> int:
    """Twice the number, and the thread that has computed it."""
    return 2 * x


@write("r")
def store(x: int) -> str:
    """Store a number, or fail."""
    if x > 2:
        raise OutageError("full")
    return threading.current_thread().name


PLAN = (
    call("a", slow, 1, "x"),
    call("b", echo, ref("a")),
    call("c", double, 4),
    call("d", broken, retries=2),
    call("e", put_in_vain),
    call("f", look, after=["e"]),
    call("g", slow, 9, timeout=1),
    loop("h", [1, 2, 3], call("h/1", double, 1)),
)


def through(make: Callable[[LocalRunner], ToolRunner] | None) -> Run:
    """The run of the plan through a runner."""
    return play(*PLAN, random=lambda: 0.5, runner=make)


@pytest.mark.parametrize("kind", [RecordingRunner, RemoteRunner])
def test_a_run_through_another_runner_is_the_same(kind: type[RecordingRunner]) -> None:
    """Results, errors and events are those of the local runner."""
    made: list[RecordingRunner] = []

    def make(local: LocalRunner) -> ToolRunner:
        made.append(kind(local))
        return made[-1]

    own, usual = through(make), through(None)
    assert own.results == usual.results
    assert {task: str(error) for task, error in own.errors.items()} == {k: str(v) for k, v in usual.errors.items()}
    assert sorted(trace(own)) == sorted(trace(usual))
    assert isinstance(own.errors["d"], ToolFailed)
    assert isinstance(own.errors["g"], ToolTimedOut)
    assert [(runner.ends, runner.is_closed) for runner in made] == [(1, True)]


def test_each_attempt_reaches_the_runner_once() -> None:
    """Three attempts are three starts; a call that is blocked has none."""
    made: list[RecordingRunner] = []

    def make(local: LocalRunner) -> ToolRunner:
        made.append(RecordingRunner(local))
        return made[-1]

    through(make)
    expected = {"slow (task a)": 1, "echo (task b)": 1, "double (task c)": 1, "broken (task d)": 3}
    expected |= {"put_in_vain (task e)": 1, "slow (task g)": 1, "double (task h)": 3}
    assert {name: made[0].started.count(name) for name in made[0].started} == expected


@pytest.mark.parametrize(("width", "most"), [(1, 1), (3, 3)])
def test_an_attempt_reaches_the_runner_after_its_admission(width: int, most: int) -> None:
    """As many attempts go on at once as the width allows, and no more."""
    made: list[RecordingRunner] = []

    def make(local: LocalRunner) -> ToolRunner:
        made.append(RecordingRunner(local))
        return made[-1]

    calls = [call(f"t{i}", slow, 1, i) for i in range(6)]
    run = play(*calls, runner=make, limits=Limits(width=width))
    assert len(run.results) == 6
    assert (len(made[0].started), made[0].most) == (6, most)
    assert run.seconds == 6 / width


def test_a_sync_tool_runs_where_its_runner_runs_it() -> None:
    """The local runner calls it in a thread, the other one on the loop's; errors arrive from both."""
    calls = [call("a", store, 1), call("b", store, 3)]
    local, remote = play(*calls), play(*calls, runner=RemoteRunner)
    assert (local.results, remote.results) == ({"a": "llmc-tool"}, {"a": "MainThread"})
    assert str(local.errors["b"]) == str(remote.errors["b"]) == "task b failed: `store` raised OutageError: full"


def test_a_runner_that_cannot_start_fails_the_task() -> None:
    """A RuntimeError of `start` is the failure of the attempt."""

    class FullRunner(RecordingRunner):
        def start(self, *_: object) -> RunningAttempt:
            raise RuntimeError("no worker is free")

    found = play(call("a", put), runner=FullRunner).errors["a"]
    assert str(found) == "task a failed: `put` raised RuntimeError: no worker is free"
