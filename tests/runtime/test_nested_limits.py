"""Runs inside runs: what one takes is taken from the run around it, and it has no more than that one has left."""

import asyncio
import threading
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest

import llmc
from llmc_runtime.calls.run_budget import RunBudget
from llmc_runtime.errors import LimitReached
from llmc_runtime.program.run_result import Run
from tests.runtime import clock
from tests.runtime.asked import Asked
from tests.runtime.fakes import look, put, slow
from tests.runtime.nested import compiled, marking, play, running, written

WAYS = ("await", "stream", "arriving", "thread", "to_thread")


@pytest.fixture(autouse=True)
def _forget() -> Iterator[None]:
    """Each test has its own calls."""
    written.clear()
    yield
    written.clear()


@pytest.fixture
def _each_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    """Runs inside each other have limits of their own."""
    whole = RunBudget.of
    monkeypatch.setattr(RunBudget, "of", lambda loop, limits, admission, _host: whole(loop, limits, admission, None))


def reached(run: Run) -> dict[str, tuple[str, str]]:
    """The tasks that a limit kept from being done, with its name and why."""
    errors = {task: error for task, error in run.errors.items() if isinstance(error, LimitReached)}
    return {task: (error.limit, str(error)) for task, error in errors.items()}


@pytest.mark.parametrize("way", WAYS)
def test_calls_count_for_both(way: str) -> None:
    """The call of the tool is the first, and two are left inside."""
    tool, runs = running("mark()\n" * 4, marking("mark", writes=False), way=way)
    run = play(tool, way=way, limits=llmc.Limits(calls=3))
    why = "was not done: the run around it has made 3 calls (limit `calls`)"
    assert reached(runs[0]) == {task: ("calls", f"task {task} {why}") for task in "34"}
    assert len(written) == 2
    assert (run.calls, runs[0].calls) == (1, 2)


@pytest.mark.usefixtures("_each_its_own")
def test_without_the_rule_all_calls_are_made() -> None:
    """As many as the inner limits let."""
    tool, _ = running("mark()\n" * 4, marking("mark", writes=False))
    play(tool, limits=llmc.Limits(calls=3))
    assert len(written) == 4


def test_what_is_taken_inside_is_missing_outside() -> None:
    """The run around counts it too, whatever the limits inside say; the stricter ones hold."""
    mark = marking("mark", writes=False)
    tool, runs = running("mark()\n" * 4, mark, limits=llmc.Limits(calls=2))
    other = marking("other", writes=False)
    program = llmc.compile(
        "1. deliver()\n2. other() if $1 or true\n3. other() if $1 or true\n", llmc.Toolbox([tool, other]), passes=()
    )
    run = clock.run(program.run(limits=llmc.Limits(calls=4)))
    assert [limit for limit, _ in reached(runs[0]).values()] == ["calls", "calls"]
    assert "the run has made 2 calls" in reached(runs[0])["3"][1]
    assert [limit for limit, _ in reached(run).values()] == ["calls"]
    assert written == ["mark", "mark", "other"]


def test_at_any_depth() -> None:
    """Three runs: the innermost is kept back by the outermost."""
    inner, runs = running("mark()\n" * 4, marking("mark", writes=False), name="inner")
    middle, _ = running("inner()\n", inner, name="middle")
    play(middle, limits=llmc.Limits(calls=4))
    assert len(written) == 2
    assert len(reached(runs[0])) == 2


@pytest.mark.parametrize("way", WAYS)
def test_cost_counts_for_both(way: str) -> None:
    """Each attempt, as declared."""
    tool, runs = running("mark()\n" * 3, marking("mark", cost=2.0), way=way)
    play(tool, way=way, limits=llmc.Limits(cost=5.0))
    why = "task 3 was not done: `mark` costs 2, and the run around it has spent 4 of 5 (limit `cost`)"
    assert reached(runs[0]) == {"3": ("cost", why)}
    assert len(written) == 2


@llmc.nondet
async def large() -> str:
    """A thousand bytes, fifty of them for itself."""
    return "x" * 950


@pytest.mark.parametrize("way", WAYS)
def test_bytes_count_for_both(way: str) -> None:
    """What is kept inside is no room outside, also for expressions."""
    text = "a = large()\nb = large() if $a\nc = large() if $b\nd = $a + $a if $c or true\njoin(null)\n"
    tool, runs = running(text, large, way=way)
    program = llmc.compile("1. deliver()\n2. [$1, $1]\njoin()\n", llmc.Toolbox([tool]), passes=())
    terms: Any = {"limits": llmc.Limits(run_bytes=2_000)}
    run = program.run_sync(**terms) if "thread" in way else clock.run(program.run(**terms))
    words = "the results and arguments of the run around it take 2,000 bytes; at most 2,000 are allowed"
    assert reached(runs[0])["c"] == ("run_bytes", f"task c was not done: {words} (limit `run_bytes`)")
    assert "the run's results and arguments take 2,000 bytes" in reached(run)["2"][1]


@pytest.mark.usefixtures("_each_its_own")
def test_without_the_rule_all_bytes_are_kept() -> None:
    """There is room."""
    tool, runs = running("a = large()\nb = large() if $a\nc = large() if $b\njoin(1)\n", large)
    assert play(tool, limits=llmc.Limits(run_bytes=2_000)).errors == {}
    assert runs[0].errors == {}


def test_an_expression_needs_room_around_it() -> None:
    """Also where another run beside it has taken what was left."""
    rows = llmc.compile("1. [1, 2]\n2. slow(1)\n3. [$2, 4]\njoin(1)\n", llmc.Toolbox([slow]), passes=())
    runs: list[Run] = []

    @llmc.pure
    async def patient() -> None:
        runs.append(await rows.run())

    tool, _ = running("large()\n" * 2, large)
    program = compiled(patient, tool)
    clock.run(program.run(limits=llmc.Limits(run_bytes=1_900)))
    assert "of the run around it would take" in reached(runs[0])["3"][1]
    runs.clear()
    clock.run(program.run())
    assert runs[0].errors == {}


TIMED = "1. look(20)\n2. put()\n"
"""The write waits for the end of the look-up."""


@pytest.mark.parametrize("own", [3_600.0, 6.5, 1.0])
def test_the_end_is_that_of_the_run_around(own: float) -> None:
    """Or an earlier one of its own; both are told as the time of the run."""
    ends: list[float] = []
    runs: list[Run] = []
    inner = llmc.compile(TIMED, llmc.Toolbox([look, put]), passes=())

    @llmc.pure
    async def tool(_first: llmc.Json) -> None:
        try:
            runs.append(await inner.run(limits=llmc.Limits(run_time=own)))
        finally:
            ends.append(asyncio.get_running_loop().time())

    program = llmc.compile("1. slow(4)\n2. tool($1)\n", llmc.Toolbox([slow, tool]), passes=())
    run = clock.run(program.run(limits=llmc.Limits(run_time=10.0)))
    assert ends == [4 + min(own, 6.0)]
    if own < 6.0:
        assert run.errors == {}
        assert reached(runs[0])["2"] == (
            "run_time",
            "task 2 was not done: the run took longer than 1 s (limit `run_time`)",
        )
    else:
        assert isinstance(run.errors["2"], llmc.ToolTimedOut)


def test_a_thread_ends_in_the_time_of_the_run_around_it() -> None:
    """On another loop, whose clock is another one too."""
    runs: list[Run] = []
    inner = llmc.compile(TIMED, llmc.Toolbox([look, put]), passes=())
    ended = threading.Event()

    @llmc.pure
    def tool() -> None:
        runs.append(inner.run_sync())
        ended.set()

    asyncio.run(compiled(tool).run(limits=llmc.Limits(run_time=0.2)))
    assert ended.wait(5)
    assert isinstance(error := runs[0].errors["1"], llmc.ToolTimedOut)
    assert error.limit == "run"
    limit, why = reached(runs[0])["2"]
    assert limit == "run_time"
    assert why.endswith("s, which the run around it had left (limit `run_time`)")
    assert runs[0].seconds < 1


def test_a_plan_that_arrives_inside_has_no_more_time() -> None:
    """Whoever writes it is cut off with the run around it."""
    refused: list[llmc.RunRefused] = []
    ended = threading.Event()

    async def never() -> AsyncIterator[str]:
        yield "1. slow("
        await asyncio.sleep(1_000)

    @llmc.pure
    def tool() -> None:
        try:
            asyncio.run(llmc.run_stream(never(), llmc.Toolbox([slow])))
        except llmc.RunRefused as error:
            refused.append(error)
        ended.set()

    asyncio.run(compiled(tool).run(limits=llmc.Limits(run_time=0.1)))
    assert ended.wait(5)
    assert [error.limit for error in refused] == ["run_time"]


@pytest.mark.parametrize("threads", [1, 4])
def test_threads_count_exactly(threads: int) -> None:
    """Many runs at once, on loops of their own: not one call more than the run around may make."""
    calls = 200
    inner = llmc.compile("mark()\n" * 100, llmc.Toolbox([marking("mark", writes=False)]), passes=())
    runs: list[Run] = []

    @llmc.nondet
    def tool() -> int:
        runs.append(inner.run_sync())
        return len(reached(runs[-1]))

    program = llmc.compile("tool()\n" * threads, llmc.Toolbox([tool]), passes=())
    run = program.run_sync(limits=llmc.Limits(calls=calls))
    assert len(written) + run.calls == min(101 * threads, calls)
    assert sum(each.calls for each in runs) == len(written)


@pytest.mark.parametrize("way", WAYS)
def test_one_place_is_enough_for_any_depth(way: str) -> None:
    """Widths are those of each run: a call keeps its place while the run inside it, and a question there, goes on."""
    one = llmc.Limits(width=1, tool_width=1, threads=1)
    asked = Asked()
    mark = marking("mark", approve=True)
    inner, runs = running("mark()\nmark()\n", mark, name="inner", way=way, limits=one, approve=asked)
    middle, _ = running("inner()\n", inner, name="middle", way=way, limits=one, approve=Asked())
    assert play(middle, way=way, limits=one, approve=asked).errors == {}
    assert runs[0].errors == {}
    assert len(written) == len(asked.requests) == 2


def test_rates_are_those_of_each_run() -> None:
    """A tool that is called inside does not wait for calls of the run around."""
    mark = marking("mark", writes=False)
    limits = llmc.Limits(tools={"mark": llmc.ToolLimits(rate=llmc.Rate(1, 100.0))})
    tool, _ = running("mark()\n", mark)
    run = clock.run(compiled(mark, tool).run(limits=limits))
    assert run.seconds < 1
    assert written == ["mark", "mark"]


def test_a_call_whose_arguments_do_not_fit_takes_nothing() -> None:
    """Neither inside nor around."""

    @llmc.read("n")
    async def text(value: str) -> str:
        written.append(value)
        return value

    @llmc.pure
    async def any_value(value: llmc.Json) -> llmc.Json:
        return value

    inner = llmc.compile(
        "1. any_value(3)\n2. text($1)\n3. text('a') if $1\n", llmc.Toolbox([text, any_value]), passes=()
    )

    @llmc.pure
    async def tool() -> list[str]:
        return sorted((await inner.run()).errors)

    run = clock.run(compiled(tool).run(limits=llmc.Limits(calls=3)))
    assert run.results == {"1": ["2"]}
    assert written == ["a"]
