"""What is drawn while somebody is asked, and the question itself, on a terminal in this process."""

import asyncio
import os
import pty
import re
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from io import StringIO

import pytest
from rich.console import Console

import llmc
from llmc.cli.progress.dry_run_report import lines as dry_lines
from llmc.cli.progress.event_log import EventLog
from llmc.cli.progress.live_tree import live_tree
from llmc.cli.progress.run_state import RunState
from llmc.cli.progress.run_tree import draw, plain
from llmc.cli.terminal.approval_prompt import Prompt, can_ask
from llmc_compiler.expressions.terms import NodeId
from llmc_compiler.ir.graph import TaskId
from llmc_runtime.safety.approval_request import ApprovalRequest, Argument
from llmc_runtime.safety.pending_approval import Rounds
from llmc_runtime.state import events

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
    """A stream that says that it is a terminal, and tells of every prompt."""

    def __init__(self) -> None:
        super().__init__()
        self.prompts: asyncio.Queue[str] = asyncio.Queue()

    def write(self, text: str) -> int:
        """Keep the text."""
        if text.endswith("[y/N] "):
            self.prompts.put_nowait(text)
        return super().write(text)

    def isatty(self) -> bool:
        """It says so."""
        return True


def element(index: int, body: str = "hello", task: str = "a") -> ApprovalRequest:
    """A call of a loop that writes to somebody."""
    arguments = (Argument("to", f"to {index}", ()), Argument("body", body, ()))
    return ApprovalRequest(TaskId(task), (index,), 1, "send", "write(mail)", arguments)


class Talk:
    """A prompt, the calls that wait, and what became of them, while keys are typed whenever it asks."""

    def __init__(self, outer: int, written: Tty) -> None:
        self.prompt = Prompt()
        self.outer = outer
        self.written = written
        self.answers: dict[str, object] = {}
        self.rounds = Rounds(self.prompt, asyncio.ensure_future)

    async def ask(self, request: ApprovalRequest) -> None:
        """Keep the answer to a request."""
        self.answers[request.digest] = await self.rounds.ask(request)

    async def answer(self, requests: Sequence[ApprovalRequest], *keys: bytes) -> list[object]:
        """The answers to requests that come together, in their order."""
        asked = [asyncio.ensure_future(self.ask(request)) for request in requests]
        for each in keys:
            await self.written.prompts.get()
            os.write(self.outer, each)
        await asyncio.gather(*asked)
        return [self.answers[request.digest] for request in requests]


@pytest.mark.parametrize(
    ("keys", "answer"),
    [
        (b"y\n", True),
        (b" Yes \n", True),
        (b"n\n", ""),
        (b"n  not this one \n", "not this one"),
        (b"\x04", ""),
        (b"\n", ""),
        (b"a\n", ""),
        (b"ye\n", ""),
        (b"yes please\n", ""),
    ],
)
def test_an_answer_is_read(monkeypatch: pytest.MonkeyPatch, keys: bytes, answer: object) -> None:
    """Nothing is drawn meanwhile; a no may have a reason, and whatever is not offered is a no."""
    progress = Still()
    with terminal(monkeypatch) as (outer, written):
        assert can_ask()
        talk = Talk(outer, written)
        talk.prompt.progress = progress
        assert asyncio.run(talk.answer([REQUEST], keys)) == [answer]
    assert progress.told == ["still", "drawn"]


LOOP = [element(index) for index in range(4)]


@pytest.mark.parametrize(
    ("keys", "answers"),
    [
        ([b"a\n"], [True] * 4),
        ([b"x\n"], [False] * 4),
        ([b"y\n", b"n why\n", b"a\n"], [True, "why", True, True]),
        ([b"n\n", b"x\n"], ["", False, False, False]),
        ([b"v\n", b"what\n", b"all\n"], ["", True, True, True]),
    ],
)
def test_calls_that_wait_are_answered_together_or_one_by_one(
    monkeypatch: pytest.MonkeyPatch, keys: list[bytes], answers: list[object]
) -> None:
    """All are shown before the first answer, and what they have in common once."""
    with terminal(monkeypatch) as (outer, written):
        assert asyncio.run(Talk(outer, written).answer(LOOP, *keys)) == answers
        first = written.getvalue().partition("[y/N] ")[0]
    assert all(f'│ "to {index}"' in first for index in range(4))
    assert first.count('│ "hello"') == 1
    assert first.count("1 argument as in task a[0]") == 3
    assert "a: yes to all 4 of task a, x: no to all 4" in first


def test_a_yes_to_all_is_for_one_task_and_for_what_was_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    """Another task, and calls that come while the prompt waits, are asked for again."""
    other = element(0, task="b")
    late = element(9)

    async def main(talk: Talk) -> None:
        asked = [asyncio.ensure_future(talk.ask(request)) for request in (*LOOP[:2], other)]
        await written.prompts.get()
        asked.append(asyncio.ensure_future(talk.ask(late)))
        await asyncio.sleep(0)
        os.write(outer, b"a\n")
        await written.prompts.get()
        assert talk.answers == {request.digest: True for request in LOOP[:2]}
        assert '"to 9"' in written.getvalue().split("[y/N] ")[1]
        os.write(outer, b"x\n")
        await asyncio.gather(*asked)
        assert [talk.answers[request.digest] for request in (other, late)] == [False, False]

    with terminal(monkeypatch) as (outer, written):
        asyncio.run(main(Talk(outer, written)))


def test_of_very_many_calls_those_that_are_shown_are_answered(monkeypatch: pytest.MonkeyPatch) -> None:
    """The others are counted, and shown in the next round; `v` shows all."""
    many = [element(index) for index in range(60)]
    with terminal(monkeypatch) as (outer, written):
        assert asyncio.run(Talk(outer, written).answer(many, b"a\n", b"x\n")) == [True] * 50 + [False] * 10
        assert "… 10 more, which are shown after these" in written.getvalue().partition("[y/N] ")[0]
    with terminal(monkeypatch) as (outer, written):
        assert asyncio.run(Talk(outer, written).answer(many, b"v\n", b"a\n")) == [True] * 60


def test_everything_is_shown_on_demand(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is cut at first, with its count, and nothing unescaped."""
    hidden: llmc.Json = [*(f"to {index}@example.org" for index in range(60)), "mallory\x1b[2J"]
    request = ApprovalRequest(TaskId("a"), (), 1, "send", "write(mail)", (Argument("to", hidden, ()),))
    with terminal(monkeypatch) as (outer, written):
        asyncio.run(Talk(outer, written).answer([request], b"v\n", b"y\n"))
        first, second, _ = written.getvalue().split("[y/N] ")
    assert re.search(r"… \d+ more\]", first)
    assert "mallory" not in first
    assert '"mallory\\x1b[2J"]' in re.sub(r"\n +│ ", "", second)


def test_a_question_may_be_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """The next line of the terminal is a new one; of several calls, the others are asked for again."""

    async def main(talk: Talk) -> None:
        first = asyncio.ensure_future(talk.ask(LOOP[0]))
        second = asyncio.ensure_future(talk.ask(LOOP[1]))
        for asked in (first, second):
            await written.prompts.get()
            asked.cancel()
            with pytest.raises(asyncio.CancelledError):
                await asked
            await asyncio.sleep(0)

    with terminal(monkeypatch) as (outer, written):
        asyncio.run(main(Talk(outer, written)))
        shown = written.getvalue().split("\n")
    assert [line.partition("?")[0] for line in shown if line.startswith("may")] == [
        "may task a[0] run",
        "may task a[1] run",
    ]
    assert shown[-1] == ""


def test_a_terminal_that_is_gone_has_not_said_yes(monkeypatch: pytest.MonkeyPatch) -> None:
    """It cannot be read any more."""

    def gone(descriptor: int, size: int) -> bytes:
        raise OSError(5, "Input/output error")

    with terminal(monkeypatch) as (outer, written):
        monkeypatch.setattr(os, "read", gone)
        assert asyncio.run(Talk(outer, written).answer([REQUEST], b"y\n")) == [""]


def test_lines_are_kept_back_while_somebody_is_asked() -> None:
    """And written afterwards."""
    stream = StringIO()
    shown = EventLog(program().graph, program().source, stream)
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
    state = RunState(program().graph, program().source)
    state.apply(ASKED)
    assert "waits for approval" in plain(next(draw(state, 1.0, width=80, height=5)))
    state.apply(events.Answered(KEY, TaskId("a"), 2.0, approved=True))
    assert "waits for approval" not in plain(next(draw(state, 1.0, width=80, height=5)))


def test_a_tree_is_drawn_anew_below_what_was_asked() -> None:
    """The question stays where it is."""
    stream = StringIO()
    console = Console(file=stream, force_terminal=True, width=80)
    with live_tree(RunState(program().graph, program().source), console, clock=lambda: 0.0) as tree, tree.still():
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
