"""Standard output and error, written so that everything is seen, and nothing controls the terminal or looks like ours.

    Screen     a stream that writes text with escapes, whoever prints it
    Painted    text that is written as it is: the caller has made its parts fit, and put colours around them

A print that forgets to make its text fit is made fit here; one that forgets `Painted` shows its colours as escapes.
"""

import os
import re
import shutil
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from threading import RLock
from typing import TYPE_CHECKING, Any, Final, TextIO, cast

if TYPE_CHECKING:
    from rich.console import Console

_COLORS: Final = re.compile(r"(\x1b\[(?:(?:[0-4]|2[2-4]|39|[39][1-6])(?:;|(?=m)))*m)")
"""Codes that only colour letters or weigh them: none hides, moves, or paints a background."""

INDENT: Final = "    "
"""What stands before the rest of a line that does not begin there."""

_TAB: Final = 8


class Painted(str):
    """A report of ours: text with the codes of colours, and parts that are fit for a terminal."""

    __slots__ = ()

    def __str__(self) -> "Painted":
        """Itself: `print` asks for it."""
        return self


class Screen:
    """A stream that writes what is fit for people; what it does not have is the stream's."""

    def __init__(self, stream: TextIO, *, breaks_lines: bool) -> None:
        self._stream = stream
        self._breaks_lines = breaks_lines
        self._column = 0
        self._console: Console | None = None
        self._open = ""
        self._lock = RLock()

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 — whatever a stream has
        return getattr(self._stream, name)

    @property
    def rich_proxied_file(self) -> TextIO:
        """The stream itself, which rich asks for: its pictures are made of codes."""
        return self._stream

    def write(self, text: str) -> int:
        """Write the text, with escapes unless it is painted. The rest of a line that is too long is indented."""
        is_ours = isinstance(text, Painted)
        fit = text if is_ours else seen(text)
        with self._lock:
            if self._stream.isatty() and (self._breaks_lines or is_ours):
                fit = self._broken(fit)
            elif fit.endswith("\n"):
                self._column = 0
            self.put(fit)
        return len(text)

    def writelines(self, lines: Iterable[str]) -> None:
        """Write the lines one by one."""
        for line in lines:
            self.write(line)

    def put(self, text: str) -> None:
        """Write fit text, above the picture if one is drawn."""
        with self._lock:
            if self._console is None:
                self._stream.write(text)
            else:
                *lines, self._open = f"{self._open}{text}".split("\n")
                _print(self._console, lines)

    def write_above(self, console: "Console | None") -> None:
        """Write above the picture that a console draws from now on; without one there is no picture."""
        with self._lock:
            before, line = self._console, self._open
            self._console, self._open = console, ""
            if before is not None and line:
                _print(before, [line])

    def _broken(self, text: str) -> str:
        """The text in lines that the terminal need not break: there, what is from outside would begin a line."""
        width = max(terminal_width(self._stream), 2 * len(INDENT))
        parts = _COLORS.split(text)
        return "".join(part if _COLORS.fullmatch(part) else "".join(self._pieces(part, width)) for part in parts)

    def _pieces(self, text: str, width: int) -> Iterator[str]:
        """A text of one colour, with line ends where its lines are full."""
        if text.isascii() and text.isprintable() and self._column + len(text) <= width:
            self._column += len(text)
            yield text
            return
        from llmc_grammar.terminal_text import cells

        for character in text:
            size = _TAB - self._column % _TAB if character == "\t" else cells(character)
            if character == "\n":
                self._column = 0
            elif self._column + size > width:
                yield f"\n{INDENT}"
                self._column = len(INDENT) + size
            else:
                self._column += size
            yield character


class _ToolScreen:
    """A screen for what tools print, who may colour it."""

    def __init__(self, screen: Screen) -> None:
        self.screen = screen
        self._held: list[str] | None = None
        self._lock = RLock()

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 — whatever a screen has
        return getattr(self.screen, name)

    def write(self, text: str) -> int:
        """Write the text, with escapes for all but colours."""
        fit = "".join(part if _COLORS.fullmatch(part) else seen(part) for part in _COLORS.split(text))
        with self._lock:
            if self._held is None:
                self.screen.put(fit)
            else:
                self._held.append(fit)
        return len(text)

    @contextmanager
    def held(self) -> Iterator[None]:
        """Keep text back meanwhile."""
        with self._lock:
            held = self._held = []
        try:
            yield
        finally:
            with self._lock:
                self._held = None
                self.screen.put("".join(held))

    def writelines(self, lines: Iterable[str]) -> None:
        """Write the lines one by one."""
        for line in lines:
            self.write(line)


def _print(console: "Console", lines: Sequence[str]) -> None:
    """Write whole lines. They are no markup, which a string would be for rich."""
    from rich.text import Text

    if lines:
        console.print(Text.from_ansi("\n".join(lines)))


def terminal_width(stream: TextIO) -> int:
    """The columns of a terminal; 80 for one that does not say, which may call that none."""
    try:
        columns = os.get_terminal_size(stream.fileno()).columns
    except (OSError, ValueError):
        columns = 0
    return shutil.get_terminal_size((columns or 80, 24)).columns


def seen(text: str, indent: str = "") -> str:
    """The text with escapes for what a terminal would obey or not show, but for line ends and tabs."""
    if text.isascii() and text.replace("\n", "").isprintable():
        return text.replace("\n", f"\n{indent}")
    # Imported when it is needed: with its package it takes longer than all of `--help`.
    from llmc_grammar.terminal_text import visible

    return f"\n{indent}".join(visible(line, keep="\t") for line in text.split("\n"))


def put_out(text: str, end: str = "") -> None:
    """Write a text to standard output as it is, and on a terminal as a report."""
    if sys.stdout.isatty():
        print(Painted(seen(text)), end=end, flush=True)
        return
    sys.stdout.flush()
    sys.stdout.buffer.write(f"{text}{end}".encode("utf-8", "surrogateescape"))  # whatever the locale's encoding
    sys.stdout.buffer.flush()


def put_name(path: str) -> None:
    """Write the name of a file to standard output, on a terminal as one line."""
    from llmc_grammar.terminal_text import visible

    put_out(visible(path) if sys.stdout.isatty() else path, "\n")


def open_screens() -> None:
    """Make standard error a screen, and standard output where it is a terminal: elsewhere results are exact."""
    sys.stderr = cast("TextIO", Screen(sys.stderr, breaks_lines=True))
    if sys.stdout.isatty():
        sys.stdout = cast("TextIO", Screen(sys.stdout, breaks_lines=False))


def screen_of(stream: object) -> Screen | None:
    """The screen that a stream is, or that it writes to."""
    return stream.screen if isinstance(stream, _ToolScreen) else stream if isinstance(stream, Screen) else None


@contextmanager
def aside() -> Iterator[None]:
    """What is printed meanwhile, by tools and the files they are in, goes to stderr: stdout is for results."""
    screen = screen_of(sys.stderr)
    stream = sys.stderr if screen is None else cast("TextIO", _ToolScreen(screen))
    with redirect_stdout(stream), redirect_stderr(stream):
        yield


@contextmanager
def question() -> Iterator[None]:
    """Let a question be asked on stderr, in its own lines. What tools print to stdout waits: it could look like it."""
    stream: object = sys.stdout
    if not isinstance(stream, _ToolScreen):
        yield
        return
    screen = Screen(stream.screen.rich_proxied_file, breaks_lines=False)
    with stream.held(), redirect_stderr(cast("TextIO", screen)):
        yield
