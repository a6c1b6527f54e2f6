"""`--show-reasoning` of `llmc ask` and `llmc plan`."""

import pytest

import llmc
from llmc.cli.progress.agent_progress import AgentLog
from llmc.cli.progress.reasoning_lines import ReasoningLines
from llmc_runtime.agent.agent_events import PlanBegan, Reasoned
from llmc_runtime.models.messages import Reasoning
from tests.cli.conftest import Cli
from tests.cli.emulator import Terminal, drawn

PLAN = "1. add(1, 2)\njoin($1)"


@pytest.fixture
def reasons(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The pieces that the model of whatever name reasons before its plan."""
    pieces: list[str] = []
    monkeypatch.setenv("LLMC_MODEL", "some")
    monkeypatch.setattr(
        llmc, "load_model", lambda _name: llmc.ScriptedModel([[*(Reasoning(piece) for piece in pieces), PLAN]])
    )
    return pieces


@pytest.mark.parametrize(("command", "result"), [("ask", "3.0\n"), ("plan", f"# ?\n{PLAN}\n")])
def test_reasoning_goes_to_stderr_where_it_is_wanted(cli: Cli, reasons: list[str], command: str, result: str) -> None:
    """Its lines are indented, whatever they say, and the last one ends; the result is the same without it."""
    reasons += ["which ", "tea?\nllmc: wro", "te it", "\x1b[2J\n\n"]
    shown, hidden = (cli(command, "?", "--tools", "tools.py", *options) for options in (["--show-reasoning"], []))
    assert (shown.status, shown.stdout) == (hidden.status, hidden.stdout) == (0, result)
    assert shown.stderr.startswith("    which tea?\n    llmc: wrote it\\x1b[2J\n\n")
    assert "tea" not in hidden.stderr
    reasons.append("open")
    lines = cli(command, "?", "--tools", "tools.py", "--show-reasoning").stderr.splitlines()
    assert lines[3] == "    open"


def test_a_terminal_shows_it_dim(monkeypatch: pytest.MonkeyPatch) -> None:
    """In codes that do nothing but weigh letters."""
    terminal = Terminal()
    monkeypatch.setattr("sys.stderr", terminal)
    board = ReasoningLines(None, color=True)
    for piece in ("a \x1b[31m", "b\r\nc", "\u202e"):
        board.apply(Reasoned(1, 0.0, piece))
    board.close()
    board.close()
    found = drawn(terminal.getvalue())
    assert found.lines == ("    a \\x1b[31mb\\r", "    c\\u202e", "")
    assert "\x1b[2m    a" in terminal.getvalue()
    assert not found.acts


def test_reasoning_waits_while_somebody_is_asked(capsys: pytest.CaptureFixture[str]) -> None:
    """As the lines of a board do; a line of the board ends that of the reasoning."""
    import sys  # noqa: PLC0415 — what is captured is known here

    board = ReasoningLines(AgentLog(sys.stderr), color=False)
    board.apply(Reasoned(1, 0.0, "a"))
    with board.still():
        board.apply(Reasoned(1, 0.0, "b"))
        board.apply(PlanBegan(1, 0.0))
        assert capsys.readouterr().err == "    a\n"
    assert capsys.readouterr().err == "  0.000  plan 1\n    b"
    board.apply(PlanBegan(2, 1.0))
    board.close()
    assert capsys.readouterr().err == "\n  1.000  plan 2\n"
    alone = ReasoningLines(None, color=False)
    with alone.still():
        alone.apply(Reasoned(1, 0.0, "c"))
    alone.close()
    assert capsys.readouterr().err == "    c\n"
