"""What would run: nothing is called, and what is known from the inputs alone is known."""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

import llmc
from llmc_runtime.program.dry_run import Planned
from llmc_runtime.safety.approval import Approval
from tests.runtime import clock

calls: list[str] = []


@pytest.fixture(autouse=True)
def _forget() -> Iterator[None]:
    """Each test counts its own calls."""
    calls.clear()
    yield
    calls.clear()


@asynccontextmanager
async def opened() -> AsyncIterator[str]:
    """A context that tells when it is opened."""
    calls.append("open")
    yield "box"


@llmc.write("mail", approve=True)
async def send(to: str, box: llmc.Context[str]) -> str:
    """Send a letter."""
    calls.append("send")
    return to + box


@llmc.write("notes")
def note(text: str) -> None:
    """Write something down."""
    calls.append("note")


@llmc.read("web")
async def rows(n: int = 1) -> list[int]:
    """Some numbers."""
    calls.append("rows")
    return [n]


@llmc.pure
async def echo(value: llmc.Json) -> llmc.Json:
    """The value."""
    calls.append("echo")
    return value


TOOLS = llmc.Toolbox([send, note, rows, echo], context=opened)
PLAN = """\
input n: int = 2
a = rows($n)
big = $n > 1
send($x) for x in ["ann", "bob"]
note("one") if $big
note("two") if not $big
note("three") if $a
e = echo($y) for y in $a
join($e)
"""


def planned(text: str, inputs: Any = None, approve: Any = None, **options: Any) -> tuple[Planned, ...]:  # noqa: ANN401
    """The calls that a plan would make."""
    return llmc.compile(text, TOOLS, **options).dry_run(inputs, approve=approve)


async def ask(request: llmc.ApprovalRequest) -> bool:
    """Tell that somebody was asked."""
    calls.append("ask")
    return True


def test_nothing_is_called_asked_or_opened() -> None:
    """A dry run leaves no mark; the same plan, run, leaves many."""
    program = llmc.compile(PLAN, TOOLS)
    assert len(program.dry_run(approve=ask)) == 5
    assert calls == []
    clock.run(program.run(approve=ask))
    assert set(calls) == {"open", "ask", "send", "note", "rows", "echo"}


def test_what_follows_from_the_inputs_is_known() -> None:
    """Conditions on inputs hold or do not, loops over lists have elements; what a call gives is not known."""
    found = {str(each.node): each for each in planned(PLAN)}
    assert list(found) == ["a", "1/each", "2", "4", "e/each"]
    assert found["a"] == Planned("a", "a", 2, "rows", "rows($n)", ("read(web)",), "runs")  # type: ignore[arg-type]
    assert (found["1/each"].in_loop, found["1/each"].elements, found["1/each"].answer) == (True, 2, "refused")
    assert found["2"].conditions == ()
    assert (found["4"].conditions, found["4"].waits) == (("$a",), ("a", "2"))
    assert (found["e/each"].elements, found["e/each"].waits) == (None, ("a",))
    assert list({each.node: each for each in planned(PLAN, {"n": 1})}) == ["a", "1/each", "3", "4", "e/each"]


@pytest.mark.parametrize(
    ("approve", "answers"),
    [
        (None, ["refused", "runs"]),
        (ask, ["asks", "runs"]),
        (Approval("ask", ask), ["asks", "asks"]),
        ("ask", ["refused", "refused"]),
        ("all", ["runs", "runs"]),
        (Approval("none", ask), ["refused", "runs"]),
    ],
)
def test_it_says_what_would_ask(approve: Any, answers: list[str]) -> None:  # noqa: ANN401 — whatever may approve
    """As a run would."""
    assert [each.answer for each in planned('send("a")\nnote("b")\n', approve=approve)] == answers


def test_what_is_held_would_ask() -> None:
    """Or be refused, where nobody is there."""
    text = '1. echo("a"\n2. note("b")\n3. join($1, $2)'
    assert [each.answer for each in planned(text, mode="lenient")] == ["runs", "refused"]
    assert [each.answer for each in planned(text, approve=ask, mode="lenient")] == ["runs", "asks"]


@pytest.mark.parametrize(
    ("text", "nodes"),
    [
        ("a = echo(1) if false\nb = echo($a)\njoin($b)\n", []),
        ("a = 1 if false\nb = echo(2) if $a == null\njoin($b)\n", ["b"]),
        ("echo($x) for x in []\n", []),
        ("a = [1] if false\necho($x) for x in $a\n", []),
        ("a = 1 / 0\nb = echo(2) if $a\njoin($b)\n", ["b"]),
        ("a = $n / 0\nb = echo(2) if $a\nc = echo($x) for x in $n\njoin($b, $c)\n", ["b", "c/each"]),
    ],
)
def test_skipping_is_known_and_failing_is_not(text: str, nodes: list[str]) -> None:
    """What needs a skipped task is skipped; what fails is left to the run."""
    if "1 / 0" in text:
        with pytest.raises(llmc.CompileError):
            llmc.compile(text, TOOLS)
        return
    assert [each.node for each in planned("input n: any = 1\n" + text, passes=())] == nodes


def test_calls_of_nested_loops_are_made_for_all_their_elements() -> None:
    """Their number is known if no source reads an element; conditions and what ends first are those on their way."""
    text = "a = echo([$x, $y]) for x in [1, 2] if rows($x) for y in [1, 2, 3]\n"
    text += "b = [[echo($y) for y in $x] for x in [[1], [2]]]\nc = echo($z) for x in [1] for y in [] for z in $y\n"
    text += "echo([rows(1) for x in $b])\njoin($a, $b, $c)"
    found = {str(each.node): each for each in planned(text, passes=())}
    assert {node: each.elements for node, each in found.items()} == {
        "a/filter": 2,
        "a/each/each": 6,
        "b/each/each": None,
        "1/a0/each": None,
        "1": None,
    }
    assert found["a/each/each"].conditions == ("$a/filter",)
    assert found["1"].waits == ("1/a0/each",)
    assert found["1/a0/each"].waits == ("b/each/each",)


def test_inputs_are_checked() -> None:
    """As for a run."""
    with pytest.raises(llmc.InputError):
        planned(PLAN, {"m": 1})


def test_calls_are_json_data() -> None:
    """With the keys of their fields."""
    (found,) = planned('note("b")\n')
    assert found.to_json() == {
        "node": "1",
        "task": "1",
        "line": 1,
        "tool": "note",
        "text": 'note("b")',
        "effects": ["write(notes)"],
        "answer": "runs",
        "conditions": [],
        "in_loop": False,
        "elements": None,
        "waits": [],
    }


def test_what_is_known_takes_bounded_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where a run would keep too much, a value is not known."""
    plan = '1. "x" * 900\n2. "$1$1"\n3. note("a") if $2 != ""\n'
    assert [call.conditions for call in llmc.compile(plan, TOOLS).dry_run()] == [()]
    monkeypatch.setattr("llmc_runtime.program.dry_run.Limits", lambda: llmc.Limits(run_bytes=2_000))
    assert [len(call.conditions) for call in llmc.compile(plan, TOOLS).dry_run()] == [1]
