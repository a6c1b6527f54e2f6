"""What is drawn while somebody is asked, and the question itself, on a terminal in this process."""

import asyncio
import os
import pty
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from io import StringIO

import pytest
from rich.console import Console

import llmc
from llmc.cli.drawing import draw, plain
from llmc.cli.dry import lines as dry_lines
from llmc.cli.lines import Lines
from llmc.cli.live import live_tree
from llmc.cli.prompt import Prompt, can_ask
from llmc.cli.tree import TreeState
from llmc_compiler.graph import TaskId
from llmc_compiler.term import NodeId
from llmc_runtime import events
from llmc_runtime.approval import ApprovalRequest

PLAN = 'a = get("x")\njoin($a)\n'
KEY = (NodeId("a"), ())
ASKED = events.Asked(KEY, TaskId("a"), 1.0, "get")
REQUEST = ApprovalRequest(TaskId("a"), (), 1, "get", "write(x)", ())


@llmc.write("x", approve=True)
def get(text: str) -> str:
    """A text."""
    return text


def program() -> llmc.Program:
    """A plan that asks."""
    return llmc.compile(PLAN, llmc.Toolbox([get]))


class Still:
    """Tells when nothing is drawn."""

    def __init__(self) -> None:
        self.told: list[str] = []

    @contextmanager
    def still(self) -> Iterator[None]:
        """Nothing is drawn."""
        self.told.append("still")
        try:
            yield
        finally:
            self.told.append("drawn")


@contextmanager
def terminal(monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[int, "Tty"]]:
    """Standard input and standard error are a terminal: its other side, and what is written."""
    outer, inner = pty.openpty()
    written = Tty()
    with os.fdopen(inner, "r+b", buffering=0) as raw:
        monkeypatch.setattr(sys, "stdin", raw)
        monkeypatch.setattr(sys, "stderr", written)
        yield outer, written
    os.close(outer)


class Tty(StringIO):
    """A stream that says that it is a terminal."""

    def isatty(self) -> bool:
        """It says so."""
        return True


async def answered(prompt: Prompt, outer: int, written: Tty, keys: bytes) -> bool:
    """What a question comes to if somebody types this once it stands there."""
    asked = asyncio.ensure_future(prompt(REQUEST))
    await asyncio.sleep(0)
    assert written.getvalue().endswith("[y/N] ")
    os.write(outer, keys)
    return await asked


@pytest.mark.parametrize(("keys", "answer"), [(b"y\n", True), (b" Yes \n", True), (b"n\n", False), (b"\x04", False)])
def test_an_answer_is_read(monkeypatch: pytest.MonkeyPatch, keys: bytes, answer: bool) -> None:
    """Nothing is drawn meanwhile."""
    prompt, progress = Prompt(), Still()
    prompt.progress = progress
    with terminal(monkeypatch) as (outer, written):
        assert can_ask()
        assert asyncio.run(answered(prompt, outer, written, keys)) is answer
    assert progress.told == ["still", "drawn"]


def test_a_question_may_be_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """The next line of the terminal is a new one."""

    async def main() -> None:
        asked = asyncio.ensure_future(Prompt()(REQUEST))
        await asyncio.sleep(0.01)
        asked.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asked

    with terminal(monkeypatch) as (_, written):
        asyncio.run(main())
        assert written.getvalue() == "get: write(x) (task a, line 1)\nmay this run? [y/N] \n"


def test_a_terminal_that_is_gone_has_not_said_yes(monkeypatch: pytest.MonkeyPatch) -> None:
    """It cannot be read any more."""

    def gone(descriptor: int, size: int) -> bytes:
        raise OSError(5, "Input/output error")

    with terminal(monkeypatch) as (outer, written):
        monkeypatch.setattr(os, "read", gone)
        assert asyncio.run(answered(Prompt(), outer, written, b"y\n")) is False


def test_lines_are_kept_back_while_somebody_is_asked() -> None:
    """And written afterwards."""
    stream = StringIO()
    shown = Lines(program().graph, program().source, stream)
    with shown.still():
        shown.apply(ASKED)
        assert stream.getvalue() == ""
    shown.apply(events.Answered(KEY, TaskId("a"), 2.0, approved=True))
    shown.apply(events.Answered(KEY, TaskId("a"), 2.0, approved=False))
    assert stream.getvalue().splitlines() == [
        '  1.000  asked     a  may it run? get("x")',
        "  2.000  answered  a  yes",
        "  2.000  answered  a  no",
    ]


def test_a_tree_says_who_waits_for_a_yes() -> None:
    """Until it is there."""
    state = TreeState(program().graph, program().source)
    state.apply(ASKED)
    assert "waits for a yes" in plain(next(draw(state, 1.0, width=80, height=5)))
    state.apply(events.Answered(KEY, TaskId("a"), 2.0, approved=True))
    assert "waits for a yes" not in plain(next(draw(state, 1.0, width=80, height=5)))


def test_a_tree_is_drawn_anew_below_what_was_asked() -> None:
    """The question stays where it is."""
    stream = StringIO()
    console = Console(file=stream, force_terminal=True, width=80)
    with live_tree(TreeState(program().graph, program().source), console, clock=lambda: 0.0) as tree, tree.still():
        stream.write("QUESTION\n")
    before, _, after = stream.getvalue().partition("QUESTION\n")
    assert 'get("x")' in before
    assert 'get("x")' in after
    assert "\x1b[1A" not in after.partition("get")[0]


def test_a_dry_run_says_under_which_conditions() -> None:
    """And for how many elements."""
    text = 'input n: any = 2\nget($x) for x in ["a", "b"] if $x != "a"\nget("x") if $n > 1\nget($x) for x in $n\n'
    calls = llmc.compile(text, llmc.Toolbox([get])).dry_run(approve="all")
    remarks = [line.rpartition("write(x)")[2].strip() for line in list(dry_lines(calls))[:-1]]
    assert remarks[0].startswith('for each of 2 elements; if $x != "a"')
    assert remarks[2].startswith("for each element")
