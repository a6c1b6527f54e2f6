"""Traces: what is written is read again, and bad files are told."""

import asyncio
import json
from io import BytesIO
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import llmc
from llmc.cli.progress.run_tree import plain
from llmc.cli.tracing.timeline import draw
from llmc_runtime.program.execution import execute
from llmc_runtime.program.run_result import Run
from llmc_runtime.tracing import trace as traces
from llmc_runtime.tracing import trace_replay as histories
from llmc_runtime.tracing.trace import Trace, TraceError, event_line, head_line, read_trace
from llmc_runtime.tracing.trace_replay import RunTimeline, replay
from tests.runtime import clock

failures: dict[str, int] = {}


@llmc.nondet(latency=1)
async def work(seconds: float, value: llmc.Json = None) -> llmc.Json:
    """Take a while."""
    await asyncio.sleep(seconds)
    return value


@llmc.write("log")
async def log(seconds: float) -> None:
    """Write."""
    await asyncio.sleep(seconds)


@llmc.nondet
async def fail(times: int, seconds: float = 0) -> int:
    """Fail so often."""
    await asyncio.sleep(seconds)
    failures["fail"] = failures.get("fail", 0) + 1
    if failures["fail"] <= times:
        raise OSError("no")
    return times


TOOLS = llmc.Toolbox([work, log, fail])


def recorded(text: str, **options: Any) -> tuple[Run, bytes]:
    """A run and its trace."""
    failures.clear()
    graph = llmc.compile(text, TOOLS, passes=()).graph
    run = clock.run(execute(graph, {}, random=lambda: 1.0, **options))
    return run, (head_line(graph, "plan.llmc") + "".join(map(event_line, run.events))).encode()


def read(data: bytes) -> Trace:
    """The trace in some bytes."""
    return read_trace(BytesIO(data))


PLANS = [
    "join(1)\n",
    "a = work(1)\nb = work(2)\nc = work(3, $a)\nd = work(1, $b)\njoin($c, $d)\n",
    "a = work(1, work(2))\nb = work($x) for x in [1, 3, 2]\nc = work(1, $b)\njoin($a, $c)\n",
    "log($x) for x in [1, 2, 3]\nlog(1)\na = work(3)\njoin($a)\n",
    "a = fail(2) @retry(2)\nb = work(1, $a)\njoin($b)\n",
    "a = fail(9)\nb = work(1, $a)\nc = work(2)\nd = work(1, $c) if $c\njoin($b, $c, $d)\n",
    "a = work(1, [1, 2])\nb = work(1, work($x)) for x in $a if work(1) == null\nlog(1) if $b\njoin($b)\n",
    "a = [work(2), work(1)] if false\nb = work(1)\njoin($a, $b)\n",
    "a = work($x + $y) for x in [2, 0, 1] if $x for y in [1, $x]\nb = work(1, $a)\njoin($b)\n",
    "a = log($x + $y) for x in [2, 0, 1] for y in range($x)\nb = log(1)\njoin($a, $b)\n",
    "a = [[work($y), log(1)] for y in [1, $x]] for x in [1, 3]\nb = work(2, [log(1) for x in $a])\njoin($b)\n",
]


@pytest.mark.parametrize("plan", PLANS)
def test_a_trace_tells_the_same_as_the_run(plan: str) -> None:
    """Calls, times, and the longest chain, found again from the events and the edges alone."""
    run, data = recorded(plan)
    found = read(data)
    assert found.notes == ()
    past = replay(found)
    assert past.calls == run.calls
    assert past.seconds == pytest.approx(run.seconds)
    assert past.sum_of_calls == pytest.approx(run.sum_of_calls)
    assert past.longest_chain == pytest.approx(run.longest_chain)
    tasks = [task for task in run.chain if any(key[0].split("/")[0] == task for key in past.chain)]
    assert list(past.tasks_of_chain) == tasks


def test_attempts_and_waiting_are_told_apart() -> None:
    """Of a call that asks, is tried twice, and of one that waits for a thread."""
    _, data = recorded("a = work(1)\nb = fail(1, 2) if $a == null @retry(1)\njoin($b)\n")
    past = replay(read(data)).pasts["b", ()]
    assert past.ready == pytest.approx(1)
    assert [attempt.failed for attempt in past.attempts] == [True, False]
    assert [each.began for each in past.attempts] == pytest.approx([1, 3.05])
    assert [each.ended for each in past.attempts] == pytest.approx([3, 5.05])
    assert (past.outcome, past.words) == ("Finished", "task b failed: `fail` raised OSError: no")


def test_a_run_that_was_killed_is_read_up_to_there() -> None:
    """At every cut of the file but in its head: with a note, and calls that did not end go on until the last event."""
    _, data = recorded(PLANS[1])
    head = data.index(b"\n") + 1
    for cut in range(head, len(data)):
        found = read(data[:cut])
        assert found.notes[-1] == "the run did not end: it was killed, or is still running"
        assert ("the last line is incomplete, and is left out" in found.notes) == (data[cut - 1] != 10)
        assert isinstance(replay(found), RunTimeline)
    begun = read(data[: data.index(b'"Finished"', data.index(b'"node":"c"', head))].rpartition(b"\n")[0] + b"\n")
    assert replay(begun).pasts["c", ()].ended is None
    for cut in range(head):
        with pytest.raises(TraceError, match="line 1 is not the head of a trace"):
            read(data[:cut])


HEAD: dict[str, Any] = {"llmc": "trace", "version": 1, "language": 1, "plan": "p", "nodes": []}
NODE: dict[str, Any] = {"id": "a", "task": "a", "text": "f()", "waits": [], "loop": None, "carry": []}
EVENT: dict[str, Any] = {"event": "Started", "at": 1, "node": "a", "indices": [], "task": "a", "tool": "f"}


@pytest.mark.parametrize(
    ("lines", "words"),
    [
        ([], "line 1 is not the head of a trace"),
        (["garbage"], "line 1 is not JSON"),
        ([b"\xff\xfe\x00"], "line 1 is not JSON"),
        (["[" * 100_000], "line 1 is not JSON"),
        (["[]"], "line 1 is not the head of a trace"),
        ([{"llmc": "plan"}], "line 1 is not the head of a trace"),
        ([HEAD | {"version": 2}], "the trace has version 2, and this llmc reads version 1"),
        ([HEAD | {"plan": 3}], "line 1 lacks the plan or its nodes"),
        ([HEAD | {"nodes": [3]}], "line 1 has an invalid node"),
        ([HEAD | {"nodes": [NODE | {"waits": [3]}]}], "line 1 has an invalid node"),
        ([HEAD | {"nodes": [NODE | {"loop": 3}]}], "line 1 has an invalid node"),
        ([HEAD | {"nodes": [NODE | {"loop": 0}]}], "line 1 has an invalid node"),
        ([HEAD | {"nodes": [NODE | {"loop": {}}]}], "line 1 has an invalid node"),
        ([HEAD | {"nodes": [NODE | {"loop": []}]}], "line 1 has an invalid node"),
        ([HEAD, "3"], "line 2 is not an event of a run"),
        ([HEAD, "{"], "line 2 is not JSON"),
        ([HEAD, {"event": "RunStarted"}], "line 2 is not an event of a run"),
        ([HEAD, '{"event": "RunStarted", "at": NaN}'], "line 2 is not an event of a run"),
        ([HEAD, '{"event": "RunStarted", "at": 1e999}'], "line 2 is not an event of a run"),
        ([HEAD, '{"event": "RunStarted", "at": true}'], "line 2 is not an event of a run"),
        ([HEAD, f'{{"event": "RunStarted", "at": {10**400}}}'], "line 2 is not an event of a run"),
        ([HEAD, '{"event": "RunStarted", "at": 1e10}'], "line 2 is not an event of a run"),
        ([HEAD, f'{{"event": "RunStarted", "at": {"9" * 5000}}}'], "line 2 is not JSON"),
        ([HEAD, "[" * 100_000], "line 2 is not JSON"),
        ([HEAD, *["" for _ in range(1000)]], "line 2 is not JSON"),
        (
            [HEAD | {"version": 10**400}],
            "the trace has version an integer of 1,329 bits, and this llmc reads version 1",
        ),
        ([HEAD, {"event": "RunStarted", "at": -1}], "line 2 is not an event of a run"),
        ([HEAD | {"nodes": [NODE]}, EVENT, EVENT | {"at": 0.5}], "line 3 is not an event of a run"),
        ([HEAD, EVENT], "line 2 is about `a`, which is not a node of the plan"),
        ([HEAD | {"nodes": [NODE]}, EVENT | {"indices": ["x"]}], "line 2 is not an event of a run"),
        ([HEAD | {"nodes": [NODE]}, EVENT | {"node": 3}], "line 2 is not an event of a run"),
        ([HEAD, "", HEAD], "line 2 is not JSON"),
    ],
)
def test_what_is_no_trace_is_told_with_its_line(lines: list[Any], words: str) -> None:
    """And never with a traceback."""
    data = b"".join(
        (line if isinstance(line, bytes) else (line if isinstance(line, str) else json.dumps(line)).encode()) + b"\n"
        for line in lines
    )
    with pytest.raises(TraceError) as caught:
        read(data)
    assert str(caught.value) == words


def test_a_file_that_is_too_large_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """Before anything of it is looked at."""
    monkeypatch.setattr(traces, "LARGEST", 1024 * 1024)
    with pytest.raises(TraceError, match="the file has more than 1 MiB"):
        read(b"x" * (1024 * 1024 + 1))


@pytest.mark.parametrize("delay", ["1" + "0" * 400, "1e999", "-1", "NaN", "true", '"1"', "[]", "null"])
def test_a_delay_that_is_no_time_is_none(delay: str) -> None:
    """The next attempt begins at once, and the timeline is drawn."""
    events = [EVENT, EVENT | {"event": "Retried", "at": 2, "delay": "DELAY"}, EVENT | {"event": "Finished", "at": 4}]
    lines = [HEAD | {"nodes": [NODE]}, *events]
    text = "".join(json.dumps(line) + "\n" for line in lines)
    for written, began in ((delay, [1, 2]), ("0.5", [1, 2.5])):
        past = replay(read(text.replace('"DELAY"', written).encode()))
        assert [attempt.began for attempt in past.pasts["a", ()].attempts] == began
        assert list(draw("p", past, width=80))


@pytest.mark.parametrize("at", ["5e-324", "1e-300", "0.0000001", "0.000001", "999999999.9", "1000000000"])
def test_a_run_of_any_length_is_drawn(at: str) -> None:
    """Also with a wait for the next attempt that is as long as it may be."""
    retried = EVENT | {"event": "Retried", "at": "AT", "delay": 1e9}
    lines = [HEAD | {"nodes": [NODE]}, EVENT | {"at": 0}, retried]
    text = "".join(json.dumps(line) + "\n" for line in lines).replace('"AT"', at)
    assert len(list(draw("p", replay(read(text.encode())), width=80))) == 5


def test_a_chain_never_leads_back() -> None:
    """Tasks that wait for each other, and end more than once: only the first end counts."""
    nodes = [NODE | {"waits": ["b", "a"]}, NODE | {"id": "b", "waits": ["a"]}]
    ends = [EVENT | {"event": "Finished", "node": node, "at": at} for at, node in enumerate("ababab", 1)]
    lines = [HEAD | {"nodes": nodes}, EVENT, EVENT | {"node": "b"}, *ends]
    found = read("".join(json.dumps(line) + "\n" for line in lines).encode())
    assert replay(found).chain == (("a", ()), ("b", ()))
    assert {key: past.critical_predecessor for key, past in replay(found).pasts.items()} == {
        ("a", ()): None,
        ("b", ()): ("a", ()),
    }


@pytest.mark.parametrize("shape", ["waits", "carry"])
def test_calls_that_wait_for_many_others_are_bounded(monkeypatch: pytest.MonkeyPatch, shape: str) -> None:
    """A file of n lines can say n² waits: what is looked at does not grow with it; up to the bound all of it is."""
    count = 100
    names = [f"n{index}" for index in range(count)]
    node = NODE | {shape: names}
    nodes = [node, NODE | {"id": "e", "loop": "l"}]
    key = node["id"]
    events = [EVENT | {"node": "e", "indices": [index]} for index in range(count)]
    events += [EVENT | {"node": key, "indices": [index], "event": "Finished"} for index in range(count)]
    found = read("".join(json.dumps(line) + "\n" for line in [HEAD | {"nodes": nodes}, *events]).encode())
    assert len(replay(found).pasts) == 2 * count
    monkeypatch.setattr(histories, "WAITS", count**2)
    with pytest.raises(TraceError, match=r"its calls in loops have more than 10,000 dependencies"):
        replay(found)


def test_a_plan_without_loops_may_wait_for_as_much_as_it_says(monkeypatch: pytest.MonkeyPatch) -> None:
    """What its head has room for."""
    monkeypatch.setattr(histories, "WAITS", 0)
    nodes = [NODE | {"id": f"n{index}", "waits": [f"n{before}" for before in range(index)]} for index in range(50)]
    ends = [EVENT | {"event": event, "node": node["id"]} for node in nodes for event in ("Started", "Finished")]
    lines = [HEAD | {"nodes": nodes}, *ends]
    found = read("".join(json.dumps(line) + "\n" for line in lines).encode())
    assert len(replay(found).chain) == 50


def test_names_that_are_waited_for_twice_count_once() -> None:
    """In the head of a trace."""
    lines = [HEAD | {"nodes": [NODE | {"waits": ["b"] * 1000, "carry": ["b"] * 1000}]}, EVENT]
    node = read("".join(json.dumps(line) + "\n" for line in lines).encode()).nodes["a"]
    assert (node.waits, node.carry) == (("b",), ("b",))


@pytest.mark.parametrize(
    ("told", "total"),
    [("2.5", 2.5), ("0", 0.0), ("null", None), ("-1", None), ("1e999", None), ("true", None), ('"2"', None)],
)
def test_the_sum_of_calls_is_what_the_end_says(told: str, total: float | None) -> None:
    """Only the run knows whether its calls waited for processors: without its word there is none."""
    end = {"event": "RunFinished", "at": 9, "complete": True, "abandoned": []}
    lines = [HEAD | {"nodes": [NODE]}, EVENT, EVENT | {"event": "Finished", "at": 4}]
    text = "".join(json.dumps(line) + "\n" for line in (*lines, end | {"sum_of_calls": "TOLD"}))
    past = replay(read(text.replace('"TOLD"', told).encode()))
    assert (past.sum_of_calls, past.seconds) == (total, 9)
    assert ("one after another" in plain(next(draw("p", past, width=80)))) == (total is not None)
    for older in ([*lines, end], lines):
        assert replay(read("".join(json.dumps(line) + "\n" for line in older).encode())).sum_of_calls is None


def test_events_and_keys_that_are_not_known_are_fine() -> None:
    """A later llmc of the same version may write more."""
    lines = [HEAD | {"nodes": [NODE | {"color": 1}], "more": 1}, EVENT | {"event": "Dreamt", "more": 2}, EVENT]
    found = read("".join(json.dumps(line) + "\n" for line in lines).encode())
    assert replay(found).calls == 1


@given(
    st.lists(
        st.fixed_dictionaries(
            {
                "event": st.sampled_from(["Started", "Asked", "Answered", "Retried", "FellBack", "Finished", "Failed"]),
                "node": st.sampled_from(["a", "b", "l", "l/each"]),
                "indices": st.lists(st.integers(0, 2), max_size=1),
                "delay": st.one_of(st.floats(), st.text(), st.none()),
                "error": st.one_of(st.none(), st.dictionaries(st.just("message"), st.text())),
            }
        ),
        max_size=20,
    )
)
def test_any_trace_can_be_replayed(found: list[dict[str, Any]]) -> None:
    """However little sense its events make."""
    nodes = [
        NODE | {"waits": ["b", "a"]},
        NODE | {"id": "b", "waits": ["a", "l"]},
        NODE | {"id": "l", "waits": ["l/each"]},
        NODE | {"id": "l/each", "loop": "l", "carry": ["l/each"], "waits": ["b"]},
    ]
    events = [event | {"at": index} for index, event in enumerate(found)]
    lines = [HEAD | {"nodes": nodes}, *events]
    past = replay(read("".join(json.dumps(line) + "\n" for line in lines).encode()))
    assert past.longest_chain >= 0
