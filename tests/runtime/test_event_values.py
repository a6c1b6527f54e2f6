"""Values in events: the run's own, without secrets where they are seen, and in a trace only if somebody asks."""

import asyncio
import copy
import json
import pickle
from collections.abc import AsyncIterator, Iterator
from dataclasses import asdict, fields
from io import BytesIO
from typing import Any, get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import llmc
from llmc_runtime.program.incremental import run_stream
from llmc_runtime.program.run_result import Run
from llmc_runtime.redaction import HIDDEN
from llmc_runtime.state.events import Event, Finished, RunEvent
from llmc_runtime.tracing.trace import LONGEST_VALUE, TraceWriter, event_line, head_line, read_trace
from llmc_runtime.tracing.trace_replay import replay
from tests.runtime import clock

SECRET = "correct horse battery"


@llmc.nondet
async def give(value: llmc.Json) -> llmc.Json:
    """Give it back."""
    return value


@llmc.nondet
async def login(user: str) -> llmc.Secret[str]:
    """Give a secret."""
    return SECRET


@llmc.nondet
async def account(user: str) -> dict[str, str]:
    """Give the same words, which nobody has called secret."""
    return {"user": user, "note": f"the word is {SECRET}"}


@llmc.nondet
async def fail() -> str:
    """Fail."""
    raise OSError


TOOLS = llmc.Toolbox([give, login, account, fail])


def played(plan: str, **terms: Any) -> Run:
    """The run of a plan."""
    return clock.run(llmc.compile(plan, TOOLS, passes=()).run(**terms))


def finished(run: Run, node: str) -> list[Finished]:
    """The ends of a node, by its place in loops."""
    ends = [event for event in run.events if isinstance(event, Finished) and event.key[0] == node]
    return sorted(ends, key=lambda event: event.key[1])


def test_a_value_is_the_one_that_the_run_goes_on_with() -> None:
    """The list of a loop is made of what its elements gave; a look at it copies nothing, `to_json` copies all."""
    run = played("a = give([$x]) for x in [1, 2]\nb = $a\njoin($a, $b)\n")
    (loop,), each, (other,) = finished(run, "a"), finished(run, "a/each"), finished(run, "b")
    assert isinstance(loop.value, list)
    assert loop.value == [[1], [2]]
    assert all(part is event.value for part, event in zip(loop.value, each, strict=True))
    assert other.value is loop.value is loop.value
    told = loop.to_json()["value"]
    assert told == loop.value
    assert told is not loop.value
    assert run.results["a"] is not loop.value


def test_a_listener_sees_values_as_they_come() -> None:
    """Of every task, with a fallback or without, and of the join."""
    seen: dict[str, llmc.Json] = {}

    def listen(event: Event) -> None:
        if isinstance(event, Finished):
            seen[event.task] = event.value

    played('1. give("a")\n2. fail() @fallback("b")\n3. "c" + $1\njoin($3)\n', emit=listen)
    assert seen == {"1": "a", "2": "b", "3": "ca", "join": "ca"}


def seen_of(event: Finished) -> Iterator[str]:
    """Everything that an event shows to those who look."""
    yield repr(event)
    yield json.dumps(
        [event.value, event.to_json(), asdict(event), [getattr(event, each.name) for each in fields(event)]]
    )
    yield event_line(event, values=True)
    yield from (repr(other.value) for other in (pickle.loads(pickle.dumps(event)), copy.deepcopy(event)))  # noqa: S301


def test_secrets_are_out_of_all_that_an_event_shows() -> None:
    """Those too that became known later; the run itself goes on with them."""
    run = played('1. account("ann")\n2. login(user=$1.user)\n3. "for $2"\njoin($1, $3)\n')
    assert run.value == [{"user": "ann", "note": f"the word is {SECRET}"}, f"for {SECRET}"]
    for node, value in (("1", {"user": "ann", "note": f"the word is {HIDDEN}"}), ("2", HIDDEN), ("3", HIDDEN)):
        (event,) = finished(run, node)
        assert event.value == value
        assert not [text for text in seen_of(event) if SECRET in text]
    public = played('1. account("ann")\njoin($1)\n')
    assert all(SECRET in text for text in seen_of(finished(public, "1")[0]))


def test_what_was_dropped_stays_hidden_though_its_name_means_another() -> None:
    """Task 1 of a draft is built from a secret, and hidden whole; task 1 of the plan is public."""

    @llmc.read("x")
    async def pin() -> llmc.Secret[str]:
        return "4711"

    @llmc.read("x")
    async def year() -> str:
        return "1947"

    async def pieces() -> AsyncIterator[str]:
        yield "a = pin()\n1. [$a, 3]\n"
        await asyncio.sleep(1)
        yield "</think>\n1. year()\njoin($1)\n"

    run = clock.run(run_stream(pieces(), [pin, year]))
    assert [event.value for event in finished(run, "1")] == [HIDDEN, "1947"]


def test_events_can_be_kept_in_sets_and_compared() -> None:
    """Also where the value is a list; two with different values are not the same."""
    (one,) = finished(played("1. give([1])\njoin($1)\n"), "1")
    assert pickle.loads(pickle.dumps(one)) == one  # noqa: S301
    assert len({one, copy.copy(one)}) == 1
    assert Finished(one.key, one.task, one.at, one.seconds, [2]) != one
    with pytest.raises(AttributeError, match="no setter"):
        one.value = 3


def test_every_event_has_a_form_as_json_which_is_its_line_in_a_trace() -> None:
    """Only that a trace has no values."""
    run = played("1. give(1) @retry(1)\n2. give($x) for x in [1, 2]\n3. give(1) if false\njoin($1)\n")
    for event in run.events:
        told = event.to_json()
        assert json.loads(event_line(event)) == {name: told[name] for name in told if name != "value"}
        assert ("value" in told) == isinstance(event, Finished)
        assert event.to_json(values=False) == json.loads(event_line(event))
        assert told["event"] == type(event).__name__


def test_all_events_are_public() -> None:
    """In one module, those of questions too."""
    names = {kind.__name__ for union in (llmc.events.Event, llmc.events.Progress) for kind in get_args(union)}
    assert names | {"Event", "Progress"} == set(llmc.events.__all__)
    assert all(issubclass(kind, RunEvent) for union in (Event, llmc.events.Progress) for kind in get_args(union))


def traced(run: Run, room: int) -> bytes:
    """A trace of a run with values."""
    graph = llmc.compile("1. give(1)\njoin($1)\n", TOOLS, passes=()).graph
    return (head_line(graph, "plan.llmc") + "".join(map(TraceWriter(room), run.events))).encode(
        "utf-8", "backslashreplace"
    )


@settings(max_examples=30)
@given(st.recursive(st.one_of(st.none(), st.booleans(), st.integers(), st.text()), st.lists))
def test_a_short_value_is_in_a_trace_as_it_is(value: llmc.Json) -> None:
    """Without a mark."""
    found = json.loads(event_line(Finished(("1", ()), "1", 0.0, 0.0, value), values=True))  # type: ignore[arg-type]
    assert found["value"] == value
    assert "cut" not in found


@pytest.mark.parametrize(
    "value",
    ["x" * 10**6, "\x00" * 10**6, "\U0001f600" * 10**5, [2**9000] * 500, {"k" * 10**6: 1}, [[]] * 10**5, "ü" * 65_000],
    ids=["text", "controls", "emoji", "numbers", "key", "lists", "umlauts"],
)
def test_a_long_value_is_cut_and_marked(value: llmc.Json) -> None:
    """Whatever it takes as JSON, it takes no more than it may."""
    line = event_line(Finished(("1", ()), "1", 0.0, 0.0, value), values=True)  # type: ignore[arg-type]
    found = json.loads(line)
    assert found["cut"] is True
    assert LONGEST_VALUE / 8 < len(line.encode()) < LONGEST_VALUE + 200


def test_values_of_a_trace_are_bounded_together() -> None:
    """What has no room is left out with a mark, and the trace can be read and drawn."""
    run = played('1. give("four letters")\njoin("the same" + $1)\n')
    whole, some, none = (traced(run, room) for room in (10**6, 150, 0))
    shown = [[past.value for past in replay(read_trace(BytesIO(data))).pasts.values()] for data in (whole, some, none)]
    assert shown == [['"four letters"', '"the samefour letters"'], ['"four letters"', "…"], ["", ""]]
    assert b"value" not in none
    assert b"cut" not in none


def test_a_trace_with_strange_values_is_drawn() -> None:
    """They are those of a file that anybody may have written."""
    run = played("1. give(1)\njoin($1)\n")
    for value in ("[" * 900 + "]" * 900, "{}", "NaN", '"\\u202e\\u001b[2J"', f"[{'9' * 4000}]"):
        data = traced(run, 10**6).replace(b'"value":1', f'"value":{value}'.encode())
        past = replay(read_trace(BytesIO(data))).pasts["1", ()]
        assert past.value
        assert len(past.value) < 5000
