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


# A text that just ends

OPEN = '1. note("a")\n2. note("b")'


@pytest.mark.parametrize("end", ["", " ", "  # why not", "<think>"])
def test_a_last_task_that_may_go_on_is_held(end: str) -> None:
    """Neither a newline nor a join nor an end mark follows it; the others write."""
    program = llmc.compile(OPEN + end, TOOLS, mode="lenient")
    assert program.unended is not None
    assert program.source.text[slice(*program.unended)] == '2. note("b")'
    assert [one.code for one in program.diagnostics if one.code == "W302"] == ["W302"]
    for approve in (None, "all", "none"):
        run = program.run_sync(approve=approve)
        assert run.results == {"1": "a"}
        assert isinstance(error := run.errors["2"], llmc.Held)
        assert "the task may be incomplete" in str(error)
    assert notes == ["a"] * 3
    assert [call.answer for call in program.dry_run()] == ["runs", "refused"]
    assert program.run_sync(approve=lambda request: request.task == "2").results == {"1": "a", "2": "b"}


def test_who_has_read_the_plan_lets_go_of_its_last_task() -> None:
    """`approved` is for both kinds of holds."""
    assert llmc.compile(OPEN, TOOLS, mode="lenient").approved().run_sync().value == {"1": "a", "2": "b"}


@pytest.mark.parametrize(
    "text",
    [
        f"{OPEN}\n",
        f"{OPEN}\njoin($1)",
        f"{OPEN}<END_OF_PLAN>",
        f"{OPEN}\nThought: done",
        f"```\n{OPEN}\n```",
        '1. note("b")\n2. note("a")\n3. echo($1)',
    ],
)
def test_a_text_with_an_end_holds_nothing(text: str) -> None:
    """A newline, a join, an end mark, or a last task that only reads."""
    program = llmc.compile(text, TOOLS, mode="lenient")
    assert program.run_sync().errors == {}
    assert sorted(notes) == ["a", "b"]
    assert not [one for one in program.diagnostics if one.code == "W302"]


def test_a_plan_file_may_just_end() -> None:
    """What a person wrote ends where it ends."""
    assert llmc.compile(OPEN, TOOLS).run_sync().errors == {}


@pytest.mark.parametrize("text", ['1. note("b") for x in [1, 2]', '1. echo(note("b"))', 'join_ = note("b") if true'])
def test_every_write_of_the_last_task_is_held(text: str) -> None:
    """In a loop, in another call, behind a guard."""
    run = llmc.compile(text, TOOLS, mode="lenient").run_sync()
    assert notes == []
    assert run.failed


@pytest.mark.parametrize("text", [OPEN, f"{OPEN}\n"])
def test_a_streamed_text_that_just_ends(text: str) -> None:
    """The same, whatever its pieces."""

    async def letters() -> AsyncIterator[str]:
        for letter in text:
            yield letter

    run = asyncio.run(llmc.run_stream(letters(), TOOLS, approve="all"))
    assert notes == (["a", "b"] if text.endswith("\n") else ["a"])
    assert run.failed == (text == OPEN)
