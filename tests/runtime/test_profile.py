"""Profiles: medians from traces, and the order of waiting calls that follows from them."""

import asyncio
import json
from collections.abc import AsyncGenerator, Iterable
from dataclasses import replace
from math import inf
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import llmc
from llmc import Limits, Profile, ProfileError, Toolbox
from llmc_runtime.tracing.trace import TraceWriter, head_line
from tests.runtime import clock

HEAD = {
    "llmc": "trace",
    "version": 1,
    "language": 1,
    "plan": "plan.llmc",
    "nodes": [{"id": key, "task": key, "text": "", "waits": [], "carry": []} for key in ("a", "b", "c", "d")],
}

PLAN = """
a = quick("a")
b = quick("b")
c = quick("c")
d = slow("d")
e = quick("e", $d)
join($a, $b, $c, $d, $e)
"""


@llmc.nondet
async def quick(name: str, after: llmc.Json = None) -> str:
    """Take a second."""
    await asyncio.sleep(1)
    return name


@llmc.nondet
async def slow(name: str) -> str:
    """Take five seconds."""
    await asyncio.sleep(5)
    return name


@llmc.nondet
async def refuse() -> None:
    """Fail after nine seconds."""
    await asyncio.sleep(9)
    raise OSError("no")


TOOLS = Toolbox([quick, slow, refuse])


def trace(folder: Path, *events: dict[str, Any], name: str = "a.jsonl", end: str = "\n") -> Path:
    """A trace with these events, those of `a` unless they name another node."""
    lines = [HEAD, *({"node": "a", "indices": []} | event for event in events)]
    (folder / name).write_text("\n".join(map(json.dumps, lines)) + end)
    return folder / name


def started(at: float, tool: str = "search", **more: Any) -> dict[str, Any]:
    """The start of a call."""
    return {"event": "Started", "at": at, "tool": tool} | more


def ended(at: float, event: str = "Finished", **more: Any) -> dict[str, Any]:
    """The end of a call."""
    return {"event": event, "at": at} | more


def order(program: llmc.Program, **options: Any) -> list[str]:
    """The tasks of a run of one call at a time, as they started."""
    run = clock.run(program.run(limits=Limits(width=1), **options))
    return [event.task for event in run.events if isinstance(event, llmc.events.Started)]


def test_a_profile_has_the_median_of_each_tool_over_all_traces(tmp_path: Path) -> None:
    """The calls of all files count alike: the median of medians would be 2, and the mean more than 3."""
    one = trace(tmp_path, started(0), ended(1), started(1, "fetch"), ended(1.5), name="one.jsonl")
    two = trace(tmp_path, *(event for at in (0, 10, 20) for event in (started(at), ended(at + 3))), name="two.jsonl")
    three = trace(tmp_path, started(0), ended(2), started(2), ended(12), name="three.jsonl")
    profile = Profile.from_traces(one, str(two), three)
    assert profile.latencies == {"search": 3.0, "fetch": 0.5}
    assert Profile.from_traces() == Profile({})


@pytest.mark.parametrize("end", ["Failed", "Cancelled", "Dropped", "Blocked", "Skipped"])
def test_only_calls_that_gave_a_value_count(tmp_path: Path, end: str) -> None:
    """A call that ended otherwise, before its time or at its timeout, says nothing about the next one."""
    assert Profile.from_traces(trace(tmp_path, started(0), ended(60, end))).latencies == {}
    assert Profile.from_traces(trace(tmp_path, started(0), ended(60))).latencies == {"search": 60}


def test_a_fallback_is_no_call_of_the_tool(tmp_path: Path) -> None:
    """The value that follows is the fallback's."""
    path = trace(tmp_path, started(0), ended(60, "FellBack"), ended(60))
    assert Profile.from_traces(path).latencies == {}


def test_a_call_lasts_with_its_retries(tmp_path: Path) -> None:
    """What waits for the call waits for all of its attempts."""
    path = trace(tmp_path, started(1), ended(2, "Stalled"), ended(3, "Retried", delay=1), ended(5))
    assert Profile.from_traces(path).latencies == {"search": 4}


def test_waits_for_an_approval_do_not_count(tmp_path: Path) -> None:
    """A call starts after the answer."""
    path = trace(tmp_path, ended(0, "Asked"), ended(100, "Answered", approved=True), started(101), ended(103))
    assert Profile.from_traces(path).latencies == {"search": 2}


def test_instances_are_told_apart(tmp_path: Path) -> None:
    """The elements of a loop run at the same time; a plan that restarts uses its keys again."""
    loops = [started(0, indices=[0]), started(1, indices=[1]), ended(3, indices=[1]), ended(3, indices=[0])]
    again = [started(4), {"event": "Restarted", "at": 5, "node": None}, ended(90)]
    path = trace(tmp_path, *loops)
    assert Profile.from_traces(path).latencies == {"search": 2.5}
    lines = [json.dumps(event) for event in (again[0] | {"node": "a", "indices": []}, {"event": "Restarted", "at": 5})]
    restarted = path.read_text() + "\n".join([*lines, json.dumps(ended(90, node="a", indices=[]))]) + "\n"
    path.write_text(restarted)
    assert Profile.from_traces(path).latencies == {"search": 2.5}


def test_the_calls_of_a_cut_trace_count_as_far_as_they_ended(tmp_path: Path) -> None:
    """The run was killed: the last line is half there, and one call is open."""
    path = trace(tmp_path, started(0), ended(2), started(2), ended(5), end="")
    assert Profile.from_traces(path).latencies == {"search": 2}


@pytest.mark.parametrize("tool", [None, 5, ["search"]])
def test_a_call_without_a_tool_does_not_count(tmp_path: Path, tool: object) -> None:
    """Traces of tests have such calls, and `llmc trace` draws them."""
    assert Profile.from_traces(trace(tmp_path, started(0) | {"tool": tool}, ended(2))).latencies == {}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "line 1 is not the head of a trace"),
        ("{}\n", "line 1 is not the head of a trace"),
        (f"{json.dumps(HEAD)}\nnonsense\n", "line 2 is not JSON"),
        (f"{json.dumps(HEAD)}\n{{}}\n", "line 2 is not an event of a run"),
        (json.dumps(HEAD | {"version": 9}) + "\n", "the trace has version 9, and this llmc reads version 1"),
    ],
)
def test_another_file_is_told_with_its_name(tmp_path: Path, text: str, message: str) -> None:
    """The first file is good: the error names the second, and the line."""
    good, bad = trace(tmp_path, started(0), ended(1)), tmp_path / "bad.jsonl"
    bad.write_text(text)
    with pytest.raises(ProfileError) as caught:
        Profile.from_traces(good, bad)
    assert str(caught.value) == f"{bad}: {message}"


def test_a_missing_file_is_told_with_its_name(tmp_path: Path) -> None:
    """As by every reader of files."""
    with pytest.raises(FileNotFoundError) as caught:
        Profile.from_traces(tmp_path / "none.jsonl")
    assert caught.value.filename == str(tmp_path / "none.jsonl")


@pytest.mark.parametrize(
    ("latencies", "error"),
    [
        ([], TypeError),
        ({1: 1.0}, TypeError),
        ({"f": "1s"}, TypeError),
        ({"f": -1}, ValueError),
        ({"f": inf}, ValueError),
    ],
)
def test_latencies_are_seconds_by_tool(latencies: Any, error: type[Exception]) -> None:  # noqa: ANN401 — wrong types
    """They are refused where they are given."""
    with pytest.raises(error):
        Profile(latencies)
    assert Profile({"f": 0}).latencies == {"f": 0}


def test_a_profile_decides_who_goes_first() -> None:
    """Without one, calls are counted, and `d` stands before two; with one, it comes after all that are slower."""
    program = llmc.compile(PLAN, TOOLS)
    assert order(program) == ["d", "a", "b", "c", "e"]
    assert order(program, profile=Profile({})) == ["d", "a", "b", "c", "e"]
    text = PLAN.replace("$d)", "$a)")  # now `a` stands before two
    program = llmc.compile(text, TOOLS)
    assert order(program) == ["a", "b", "c", "d", "e"]
    assert order(program, profile=Profile({"quick": 1.0, "slow": 5.0})) == ["d", "a", "b", "c", "e"]


def test_a_measured_latency_beats_a_declared_one() -> None:
    """The declaration is the guess of an author; what is not measured keeps its own."""
    tools = Toolbox([replace(quick, latency=9.0), replace(slow, latency=5.0)])
    program = llmc.compile('a = slow("a")\nb = quick("b")\njoin($a, $b)\n', tools)
    assert order(program) == ["b", "a"]
    assert order(program, profile=Profile({"quick": 1.0})) == ["a", "b"]


def test_what_was_recorded_is_what_is_learned(tmp_path: Path) -> None:
    """From the events of a run to the order of the next, through a file."""
    text = PLAN.replace("$d)", "$a)").replace("join($a", "f = refuse() @fallback(1)\njoin($f, $a")
    program = llmc.compile(text, TOOLS)
    run = clock.run(program.run())
    path = tmp_path / "run.jsonl"
    path.write_text(head_line(program.graph, "plan.llmc") + "".join(map(TraceWriter(0), run.events)))
    profile = Profile.from_traces(path)
    assert profile.latencies == {"quick": 1.0, "slow": 5.0}
    assert order(program) == ["a", "b", "c", "d", "f", "e"]
    assert order(program, profile=profile) == ["d", "f", "a", "b", "c", "e"]


def test_a_profile_shortens_a_run() -> None:
    """The slow call starts first, and the others run beside it."""
    chain = 'a = quick("a")\nb = quick("b", $a)\nc = quick("c", $b)\n'
    text = f'{chain}d = quick("d")\ne = quick("e")\nf = slow("f")\njoin($c, $d, $e, $f)\n'
    program = llmc.compile(text, TOOLS)

    def seconds(profile: Profile) -> float:
        return clock.run(program.run(limits=Limits(width=2), profile=profile)).seconds

    assert seconds(Profile({})) == pytest.approx(7)
    assert seconds(Profile({"quick": 1.0, "slow": 5.0})) == pytest.approx(5)


def test_plans_that_arrive_are_ranked_too() -> None:
    """Once the whole plan is known, a waiting call moves up: `a` started before."""

    async def pieces() -> AsyncGenerator[str, None]:
        yield PLAN.replace("$d)", "$a)").lstrip()

    def starts(**options: Any) -> list[str]:
        run = clock.run(llmc.run_stream(pieces(), TOOLS, limits=Limits(width=1), **options))
        return [event.task for event in run.events if isinstance(event, llmc.events.Started)]

    assert starts() == ["a", "b", "c", "d", "e"]
    assert starts(profile=Profile({"quick": 1.0, "slow": 5.0})) == ["a", "d", "b", "c", "e"]


def test_agents_take_a_profile_among_their_options() -> None:
    """It ranks the calls of each plan that the model writes."""

    def starts(profile: Profile) -> list[str]:
        model = llmc.ScriptedModel([PLAN.replace("$d)", "$a)").lstrip(), "Action: Finish(done)"])
        agent = llmc.Agent(TOOLS, model=model, limits=Limits(width=1), options={"profile": profile})
        answer = clock.run(agent.ask("?"))
        return [event.task for event in answer.plans[0].run.events if isinstance(event, llmc.events.Started)]

    assert starts(Profile({})) == ["a", "b", "c", "d", "e"]
    assert starts(Profile({"quick": 1.0, "slow": 5.0})) == ["a", "d", "b", "c", "e"]


def test_another_type_is_refused() -> None:
    """A mapping is not a profile."""
    wrong: Any = {"quick": 1.0}
    with pytest.raises(TypeError, match=r"`profile` is a llmc\.Profile"):
        llmc.compile("join()", TOOLS).run_sync(profile=wrong)


LOOP = """
a = quick($x) for x in ["p", "q", "r"]
b = slow("b")
c = quick($x, $b) for x in $a if $x != "q"
d = refuse() @fallback(1)
e = refuse()
join($a, $b, $c, $d)
"""


@settings(max_examples=25)
@given(
    st.dictionaries(st.sampled_from(["quick", "slow", "refuse", "other"]), st.floats(0, 1e6)),
    st.integers(1, 4),
)
def test_no_profile_changes_a_result(latencies: dict[str, float], width: int) -> None:
    """Only the order of calls that may run in any order differs."""
    program = llmc.compile(LOOP, TOOLS)

    def outcome(**options: Any) -> tuple[object, ...]:
        run = clock.run(program.run(limits=Limits(width=width), **options))
        return run.value, run.results, set(run.errors), run.calls, ends(run.events)

    assert outcome(profile=Profile(latencies)) == outcome()


def ends(events: Iterable[llmc.events.Event]) -> set[tuple[str, object]]:
    """How the instances ended, regardless of their times."""
    return {(type(event).__name__, getattr(event, "key", None)) for event in events}
