"""What `llmc ask` draws of plans and tasks, in virtual time."""

import io
import re

import pytest
from rich.console import Console

import llmc
from llmc.cli.commands.runs.ask import _board
from llmc.cli.progress.agent_progress import AgentLog, AgentSheet, LiveAgentSheet, live_board
from llmc.cli.terminal.silence import Silent
from llmc_runtime.agent.agent_events import PlanBegan
from tests.agent.asking import watch
from tests.agent.fakes import Reply

TIMES = re.compile(r"\d+\.\d+")


def drawn(replies: list[Reply], **settings: float) -> list[str]:
    """The sheet at the end of a question."""
    sheet = AgentSheet()
    for event in watch(replies, **settings)[:-1]:  # type: ignore[arg-type]  # the settings of a script
        sheet.apply(event)  # type: ignore[arg-type]  # only the last one is the answer
    return list(sheet.lines(1.0, 60))


def test_a_terminal_sees_the_tasks_beside_the_plan() -> None:
    """What is done, failed, blocked, skipped; the plan as it ran takes the place of what was repaired."""
    first = '1. search("a")\n2. fail("x")\n3. search($2)\n4. search("b") if $1 == 1\nx = serch("b")\njoin()'
    lines = drawn([first, 'x = search("b")', "Thought: t\nAction: Replan(more)", '5. search("a")\njoin()', "Finish(x)"])
    assert lines == [
        "── plan 1",
        '1. search("a")             ✓ 0.20 s',
        '2. fail("x")               ✗ `fail` raised RuntimeError: x',
        "3. search($2)              ⊘ needs 2, which failed",
        '4. search("b") if $1 == 1  -',
        'x = search("b")            ✓ 0.20 s',
        "join()",
        "── replan: t",
        "── plan 2",
        '5. search("a")             ✓ already known',
        "join()",
        "── finish: x",
    ]


def test_a_plan_in_another_form_is_shown_as_it_is_read() -> None:
    """Tasks stand beside the lines that the reply became; with reasoning before it, the plan begins anew twice."""
    reply = '{"name": "search", "arguments": {"entity": "a"}}'
    line = '1. search(entity="a")'
    done = f"{line:<{len(reply)}}  ✓ 0.20 s"
    read = ["── read as another form of a plan (`tool_calls`)", done, "join()", "── finish: x"]
    assert drawn([reply, "Finish(x)"]) == ["── plan 1", reply, *read]
    lines = drawn([f"1. dice()\n</think>\n{reply}", "Finish(x)"])
    assert "── the text so far was reasoning" in lines
    assert lines[-4:] == read


def test_a_log_tells_that_a_plan_is_read_as_another_form() -> None:
    """With the lines that it became."""
    stream = io.StringIO()
    lines = AgentLog(stream)
    for event in watch(['{"name": "search", "arguments": {"entity": "a"}}', "Finish(x)"])[:-1]:
        lines.apply(event)  # type: ignore[arg-type]  # only the last one is the answer
    told = [TIMES.sub("", line).strip() for line in stream.getvalue().splitlines()]
    at = told.index("restart   read as another form of a plan (`tool_calls`)")
    assert told[at + 1 : at + 3] == ['written   1. search(entity="a")', "written   join()"]


def test_a_running_task_shows_its_time() -> None:
    """As long as it runs."""
    sheet = AgentSheet()
    for event in watch(['1. search("a")\n2. join()', "Finish(x)"])[:-1]:
        sheet.apply(event)  # type: ignore[arg-type]  # only the last one is the answer
        if any("▸" in line for line in sheet.lines(0.1, 60)):
            assert '1. search("a")  ▸ 0.10 s' in list(sheet.lines(0.1, 60))
            return
    pytest.fail("it never ran")


class Terminal(io.StringIO):
    """What says that it is a terminal."""

    def isatty(self) -> bool:
        """It is."""
        return True


@pytest.mark.parametrize(
    ("stream", "term", "wanted", "board"),
    [
        (Terminal(), "xterm", False, LiveAgentSheet),
        (Terminal(), "dumb", False, Silent),
        (io.StringIO(), "xterm", False, Silent),
        (io.StringIO(), "xterm", True, AgentLog),
    ],
)
def test_what_is_shown_depends_on_where(
    monkeypatch: pytest.MonkeyPatch, stream: io.StringIO, term: str, wanted: bool, board: type
) -> None:
    """A terminal sees a sheet, everything else lines, if they are wanted."""
    monkeypatch.setattr("sys.stderr", stream)
    monkeypatch.setenv("TERM", term)
    with _board(wanted=wanted) as found:
        assert isinstance(found, board)
        found.apply(PlanBegan(1, 0.0))


def test_a_live_board_is_drawn() -> None:
    """On a console, with what there is room for; its last picture stays."""
    console = Console(force_terminal=True, width=40, height=6, record=True, file=open("/dev/null", "w"))  # noqa: SIM115, PTH123
    with console.file, live_board(console) as board:
        assert isinstance(board, LiveAgentSheet)
        for event in watch(["\n".join(f'{n}. search("{n}")' for n in range(1, 9)) + "\njoin()", "Finish(x)"])[:-1]:
            board.apply(event)  # type: ignore[arg-type]  # only the last one is the answer
    shown = console.export_text()
    assert '8. search("8")  ✓ 0.20 s' in shown
    assert '1. search("1")  ✓ 0.20 s' not in shown.rpartition("8. search")[0][-200:]


def test_nothing_is_drawn_while_somebody_is_asked() -> None:
    """Lines are kept back, and a picture stays as it is."""
    stream = io.StringIO()
    lines = AgentLog(stream)
    with lines.still():
        lines.apply(PlanBegan(1, 0.0))
        assert stream.getvalue() == ""
    assert stream.getvalue() == "  0.000  plan 1\n"
    console = Console(force_terminal=True, width=40, height=6, file=io.StringIO())
    with live_board(console) as board:
        drawn_now = [board.is_drawn]
        with board.still():
            drawn_now.append(board.is_drawn)
        drawn_now.append(board.is_drawn)
    assert drawn_now == [True, False, True]
    with Silent().still():
        pass


def test_a_task_that_waits_for_an_answer_says_so() -> None:
    """Beside its line, until somebody said yes or no."""
    sheet = AgentSheet()

    async def asked(_: object) -> bool:
        return True

    for event in watch(['1. send("bob")\njoin($1)'], approve=llmc.Approval("ask", asked))[:-1]:
        sheet.apply(event)  # type: ignore[arg-type]  # only the last one is the answer
        if any("waits for approval" in line for line in sheet.lines(0.0, 60)):
            assert '1. send("bob")  · waits for approval' in list(sheet.lines(0.0, 60))
            return
    pytest.fail("nobody was asked")
