"""Standard output and error as screens."""

# ruff: noqa: T201 — prints are the subject

import io
import os
import pty
import sys
from contextlib import AbstractContextManager, redirect_stderr
from typing import TextIO, cast

import pytest
from rich.console import Console

from llmc.cli.terminal.live_region import LiveRegion
from llmc.cli.terminal.output import say, tell
from llmc.cli.terminal.screen import Painted, Screen, aside, question, terminal_width
from tests.cli.emulator import Terminal

HOSTILE = "a\x1b[8mb\u202e\u3164\r"
ESCAPED = r"a\x1b[8mb\u202e\u3164\r"


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> Terminal:
    """A terminal of 40 columns."""
    monkeypatch.setenv("COLUMNS", "40")
    return Terminal()


def screen(terminal: Terminal) -> AbstractContextManager[object]:
    """Lets standard error be a screen on the terminal."""
    return redirect_stderr(cast("TextIO", Screen(terminal, breaks_lines=True)))


def test_every_print_is_made_fit(terminal: Terminal) -> None:
    """Also one that forgets to, and lines written at once."""
    with screen(terminal):
        print(HOSTILE, file=sys.stderr)
        sys.stderr.writelines([HOSTILE, "\n"])
    assert terminal.getvalue() == f"{ESCAPED}\n" * 2


def test_only_painted_text_has_codes(terminal: Terminal) -> None:
    """A part of it, or it in other text, is painted no more."""
    painted = Painted("\x1b[31mred\x1b[0m")
    with screen(terminal):
        print(painted, f">{painted}", file=sys.stderr)
    assert terminal.getvalue() == "\x1b[31mred\x1b[0m " + r">\x1b[31mred\x1b[0m" + "\n"


def test_tools_may_colour_letters_and_no_more(terminal: Terminal) -> None:
    """Nothing is concealed, and no background has the colour of letters; all of it goes to standard error."""
    with screen(terminal), aside():
        print("\x1b[1;31mred\x1b[0m \x1b[m\x1b[8mx\x1b[31;41my\x1b[38;5;1mz")
        print("\x1b[2J", file=sys.stderr)
    assert (
        terminal.getvalue()
        == "\x1b[1;31mred\x1b[0m \x1b[m" + r"\x1b[8mx\x1b[31;41my\x1b[38;5;1mz" + "\n" + "\\x1b[2J\n"
    )


def test_without_a_screen_tools_print_as_they_do() -> None:
    """Where the command line is called from Python, standard error is not ours."""
    stream = io.StringIO()
    with redirect_stderr(stream), aside():
        print(HOSTILE)
    assert stream.getvalue() == f"{HOSTILE}\n"


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("x" * 40, ["x" * 40]),
        ("x" * 41, ["x" * 40, "    x"]),
        ("x" * 80, ["x" * 40, "    " + "x" * 36, "    xxxx"]),
        ("\u65e5" * 21, ["\u65e5" * 20, "    \u65e5"]),
        ("\t" * 5 + "x", ["\t" * 5, "    x"]),
        (Painted("\x1b[1m" + "x" * 41 + "\x1b[0m"), ["\x1b[1m" + "x" * 40, "    x\x1b[0m"]),
    ],
)
def test_the_rest_of_a_line_is_indented(text: str, lines: list[str], terminal: Terminal) -> None:
    """What comes in pieces too; the terminal has no line to break."""
    with screen(terminal):
        print(text, file=sys.stderr)
        assert terminal.getvalue() == "\n".join(lines) + "\n"
        for letter in "x" * 41:
            print(letter, end="", file=sys.stderr)
    assert terminal.getvalue().endswith("\n" + "x" * 40 + "\n    x")


def test_a_report_is_broken_where_results_are_not(terminal: Terminal) -> None:
    """On standard output: each report begins a line."""
    out = cast("TextIO", Screen(terminal, breaks_lines=False))
    for text in (Painted("x" * 30), "y" * 50, Painted("x" * 41)):
        print(text, file=out)
    assert terminal.getvalue() == f"{'x' * 30}\n{'y' * 50}\n{'x' * 40}\n    x\n"


def test_lines_of_a_quoted_text_are_indented(terminal: Terminal) -> None:
    """Those of a report, and of what is painted, begin at the left."""
    with screen(terminal):
        say("a\nb", "report\nof ours")
        tell("c\nd")
        tell(Painted("e\nf"))
    assert terminal.getvalue() == "llmc: a\n    b\nreport\nof ours\nc\n    d\ne\nf\n"


def test_what_is_printed_goes_above_a_picture(terminal: Terminal) -> None:
    """Line by line, without markup; a line that is open goes there at the end."""
    with screen(terminal):
        console = Console(file=terminal, force_terminal=True, width=100)
        picture = LiveRegion("picture", console, lambda error: pytest.fail(str(error)))
        picture.start()
        with aside():
            print("[bold]one[/bold] [/no]", end="", flush=True)
            assert "one" not in terminal.getvalue()
            print(f" {HOSTILE}")
            print("open", end="")
        picture.stop()
        print("after", file=sys.stderr)
    text = terminal.getvalue()
    assert f"[bold]one[/bold] [/no] {ESCAPED}\n" in text
    assert "\x1b[8m" not in text
    assert [text.index(word) for word in ("one", "open", "after")] == sorted(
        text.index(word) for word in ("one", "open", "after")
    )


def test_what_tools_print_waits_for_the_answer(terminal: Terminal) -> None:
    """Between a question and its answer it could look like either."""
    with screen(terminal), aside():
        with question():
            print(f"{'x' * 41}\x1b may this run?", end=" ", file=sys.stderr)
            print("may that run? \x1b[2J")
            assert terminal.getvalue() == f"{'x' * 41}\\x1b may this run? "
        assert terminal.getvalue().endswith("may this run? may that run? \\x1b[2J\n")
        print("after")
    assert terminal.getvalue().endswith("\nafter\n")
    with question():
        print("where nothing runs, nothing waits")


def test_a_screen_is_its_stream_but_for_writing(terminal: Terminal) -> None:
    """Libraries ask it what they ask any stream; rich draws on the stream below."""
    with screen(terminal):
        own = cast("Screen", sys.stderr)
        with aside():
            tools = cast("Screen", sys.stdout)
            tools.writelines(["x\n", "\x1b\n"])
    for each in (own, tools):
        assert (each.encoding, each.isatty(), each.rich_proxied_file) == ("utf-8", True, terminal)
    assert terminal.getvalue() == "x\n\\x1b\n"


def test_a_terminal_that_does_not_say_has_80_columns(monkeypatch: pytest.MonkeyPatch) -> None:
    """A new pseudo-terminal says that it has none."""
    monkeypatch.delenv("COLUMNS", raising=False)
    outer, inner = pty.openpty()
    with os.fdopen(outer, "rb"), os.fdopen(inner, "w") as stream:
        assert os.get_terminal_size(inner).columns == 0
        assert terminal_width(stream) == terminal_width(Terminal()) == 80


def test_a_file_has_its_lines() -> None:
    """Where standard error is no terminal, it is fit for one, and no line is broken."""
    stream = io.StringIO()
    print("x" * 300 + HOSTILE, file=cast("TextIO", Screen(stream, breaks_lines=True)))
    assert stream.getvalue() == "x" * 300 + f"{ESCAPED}\n"
