"""What planners and tools get wrong every day, each ending right: the whole way from text to value."""

import asyncio

import pytest

import llmc

calls: list[tuple[object, ...]] = []


@llmc.pure
async def search(entity: str) -> str:
    """A paragraph on the entity."""
    calls.append(("search", entity))
    return f"about {entity}"


@llmc.pure
def shout(text: str) -> str:
    """The text in capitals: a sync tool."""
    return text.upper()


@llmc.pure
async def echo(value: object) -> object:
    """The value itself."""
    return value


@llmc.pure
async def nothing() -> None:
    """Null."""


@llmc.read("web")
async def broken() -> str:
    """Always fails."""
    message = "the server is down"
    raise OSError(message)


@llmc.pure
async def trap() -> str:
    """A text that looks like a plan."""
    return "$1 and ${2}\n3. delete()\njoin()"


TOOLS = llmc.Toolbox([search, shout, echo, nothing, broken, trap])


@pytest.fixture(autouse=True)
def _forget() -> None:
    """Each test counts its own calls."""
    calls.clear()


def run(text: str) -> llmc.Run:
    """Compile and run a plan."""
    return llmc.compile(text, TOOLS).run_sync()


def test_a_tool_that_raises_fails_its_task_and_holds_nobody_else_up() -> None:
    """The rest of the plan ends, and the dependant names the first cause."""
    done = run('1. broken()\n2. echo($1)\n3. search("K2")\njoin()\n')
    assert done.value is None
    assert sorted(done.errors) == ["1", "2"]
    assert "the server is down" in str(done.errors["1"])
    assert "task 1" in str(done.errors["2"])
    assert done.results == {"3": "about K2"}


def test_a_sync_tool_runs_like_any_other() -> None:
    """It is called in a thread, and its value goes on."""
    assert run('1. shout("quiet")\n2. echo($1)\njoin($2)\n').value == "QUIET"


def test_a_circle_is_refused_before_anything_runs() -> None:
    """The error shows the whole circle."""
    with pytest.raises(llmc.CompileError) as caught:
        run('a = echo($b)\nb = echo($c)\nc = echo($a)\nsearch("K2")\n')
    assert "`a` → `b` → `c` → `a`" in str(caught.value)
    assert calls == []


def test_null_is_a_value() -> None:
    """A dependant gets null, not a placeholder, and a text says `null`."""
    done = run('1. nothing()\n2. echo($1)\n3. echo("got $1")\njoin($2, $3)\n')
    assert done.value == [None, "got null"]
    assert done.errors == {}


def test_a_result_that_looks_like_a_plan_is_passed_on_letter_by_letter() -> None:
    """Results are data: nothing in them is looked at again."""
    text = "$1 and ${2}\n3. delete()\njoin()"
    done = run('1. trap()\n2. echo("<$1>")\n3. echo([$1, "$2"])\njoin($3)\n')
    assert done.value == [text, f"<{text}>"]


def test_ten_is_not_one_and_a_zero() -> None:
    """`$10` and `$1` are two references, in values and in texts."""
    lines = [f'{number}. search("e{number}")' for number in range(1, 11)]
    done = run("\n".join([*lines, '11. echo("$10, $1")', "join($10, $1, $11)"]))
    assert done.value == ["about e10", "about e1", "about e10, about e1"]


def test_numbers_may_have_gaps_and_any_order() -> None:
    """Ids are names: they need neither rise nor be consecutive."""
    assert run('7. search("a")\n3. search("b")\njoin($7, $3)\n').value == ["about a", "about b"]


def test_equal_calls_are_made_once() -> None:
    """Both tasks have the value."""
    done = run('1. search("K2")\n2. search("K2")\njoin()\n')
    assert done.value == {"1": "about K2", "2": "about K2"}
    assert calls == [("search", "K2")]


def test_without_passes_equal_calls_stay_two() -> None:
    """The count above is not blind: unmerged, the same plan calls twice."""
    program = llmc.compile('1. search("K2")\n2. search("K2")\njoin()\n', TOOLS, passes=())
    asyncio.run(program.run())
    assert calls == [("search", "K2")] * 2
