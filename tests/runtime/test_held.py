"""Model text that had to be repaired: what runs, and what waits for somebody who reads it."""

import asyncio
from collections.abc import AsyncIterator

import pytest

import llmc

notes: list[str] = []


@pytest.fixture(autouse=True)
def _forget() -> None:
    """Each test has its own notes."""
    notes.clear()


@llmc.write("notes")
async def note(text: str) -> str:
    """Write something down."""
    notes.append(text)
    return text


@llmc.pure
async def echo(value: llmc.Json) -> llmc.Json:
    """The value."""
    return value


TOOLS = llmc.Toolbox([note, echo])
UNCLOSED = '1. echo("a"\n2. note("b")\n3. join($1, $2)'
QUOTED = "1. echo('Arthur's')\n2. note('b')\n3. join($1, $2)"


def test_writes_are_held_where_a_repair_moved_a_boundary() -> None:
    """What changes nothing runs; the write fails, and says why."""
    program = llmc.compile(UNCLOSED, TOOLS, mode="lenient")
    assert program.held
    run = program.run_sync()
    assert run.results == {"1": "a"}
    assert "was held back" in str(run.errors["2"])
    assert notes == []


def test_a_plan_that_was_read_may_write() -> None:
    """`approved` lets go what was held back, and says nothing of the program before."""
    program = llmc.compile(UNCLOSED, TOOLS, mode="lenient")
    assert program.approved().run_sync().value == ["a", "b"]
    assert notes == ["b"]
    assert program.held


def test_a_repair_inside_a_statement_holds_nothing() -> None:
    """The same plan without that damage writes by itself."""
    program = llmc.compile(UNCLOSED.replace('"a"', '"a")'), TOOLS, mode="lenient")
    assert not program.held
    assert program.run_sync().value == ["a", "b"]


def test_events_of_a_held_plan_say_so() -> None:
    """A stream of events ends with the same run."""

    async def last() -> object:
        return [event async for event in llmc.compile(UNCLOSED, TOOLS, mode="lenient").stream()][-1]

    run = asyncio.run(last())
    assert isinstance(run, llmc.Run)
    assert set(run.errors) == {"2"}
    assert notes == []


@pytest.mark.parametrize("text", [UNCLOSED, QUOTED])
def test_a_streamed_plan_is_held_like_a_whole_one(text: str) -> None:
    """Whether anything is written does not depend on how the text arrived."""

    async def letters() -> AsyncIterator[str]:
        for letter in text:
            yield letter

    whole = llmc.compile(text, TOOLS, mode="lenient").run_sync()
    written, notes[:] = list(notes), []
    streamed = asyncio.run(llmc.run_stream(letters(), TOOLS))
    assert (streamed.results, set(streamed.errors)) == (whole.results, set(whole.errors))
    assert notes == written


def test_a_quoted_reference_keeps_its_type_but_where_a_text_is_wanted() -> None:
    """In model text `"$1"` is the value itself; in a plan file it is a text."""
    text = '1. echo([1, 2])\n2. echo("$1")\n3. note("$1")\njoin("$1", $2, $3)'
    assert llmc.compile(text, TOOLS, mode="lenient").run_sync().value == [[1, 2], [1, 2], "[1,2]"]
    assert llmc.compile(text, TOOLS).run_sync().value == ["[1,2]", "[1,2]", "[1,2]"]
