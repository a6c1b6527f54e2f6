"""Safe standard output and error: text from outside cannot control the terminal or imitate reports of llmc.

    Screen     a stream that escapes all text printed to it
    Painted    text that is written unchanged: the caller has escaped its parts and added colours

A print without escapes is escaped here; one without `Painted` shows its colours as escapes.
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
"""Codes for the colour and weight of letters, but none that hide text, move the cursor or set a background."""

INDENT: Final = "    "
"""The indent of continuation lines."""

_TAB: Final = 8


class Painted(str):
    """A report of llmc: text with colour codes, whose parts have been escaped."""

    __slots__ = ()

    def __str__(self) -> "Painted":
        """Return the report itself, since `print` calls this method."""
        return self


class Screen:
    """A stream that escapes text for a terminal; other attributes are those of the wrapped stream."""

    def __init__(self, stream: TextIO, *, breaks_lines: bool) -> None:
        self._stream = stream
        self._breaks_lines = breaks_lines
        self._column = 0
        self._console: Console | None = None
        self._open = ""
        self._lock = RLock()

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 — any attribute of a stream
        return getattr(self._stream, name)

    @property
    def rich_proxied_file(self) -> TextIO:
        """The wrapped stream, which rich looks up: its pictures consist of codes."""
        return self._stream

    def write(self, text: str) -> int:
        """Write the text, with escapes unless it is painted; continuation lines are indented."""
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
        """Write escaped text, above the picture if one is drawn."""
        with self._lock:
            if self._console is None:
                self._stream.write(text)
            else:
                *lines, self._open = f"{self._open}{text}".split("\n")
                _print(self._console, lines)

    def write_above(self, console: "Console | None") -> None:
        """Write above the picture of this console from now on; None ends the picture."""
        with self._lock:
            before, line = self._console, self._open
            self._console, self._open = console, ""
            if before is not None and line:
                _print(before, [line])

    def _broken(self, text: str) -> str:
        """Break the text into lines that fit; if the terminal broke them, text from outside could begin a line."""
        width = max(terminal_width(self._stream), 2 * len(INDENT))
        parts = _COLORS.split(text)
        return "".join(part if _COLORS.fullmatch(part) else "".join(self._pieces(part, width)) for part in parts)

    def _pieces(self, text: str, width: int) -> Iterator[str]:
        """Yield a text of one colour, with line ends where its lines are full."""
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
    """A screen for the output of tools, which may contain colours."""

    def __init__(self, screen: Screen) -> None:
        self.screen = screen
        self._held: list[str] | None = None
        self._lock = RLock()

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 — any attribute of a screen
        return getattr(self.screen, name)

    def write(self, text: str) -> int:
        """Write the text, with escapes for all codes except colours."""
        fit = "".join(part if _COLORS.fullmatch(part) else seen(part) for part in _COLORS.split(text))
        with self._lock:
            if self._held is None:
                self.screen.put(fit)
            else:
                self._held.append(fit)
        return len(text)

    @contextmanager
    def held(self) -> Iterator[None]:
        """Hold text back until the block ends."""
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
    """Write whole lines as rich text, since rich would read plain strings as markup."""
    from rich.text import Text

    if lines:
        console.print(Text.from_ansi("\n".join(lines)))


def terminal_width(stream: TextIO) -> int:
    """Return the columns of a terminal, 80 if they are unknown or reported as 0."""
    try:
        columns = os.get_terminal_size(stream.fileno()).columns
    except (OSError, ValueError):
        columns = 0
    return shutil.get_terminal_size((columns or 80, 24)).columns


def seen(text: str, indent: str = "") -> str:
    """Return the text with escapes for characters that a terminal would obey or hide, except line ends and tabs."""
    if text.isascii() and text.replace("\n", "").isprintable():
        return text.replace("\n", f"\n{indent}")
    # Imported lazily: its package takes longer to import than `--help` takes to run.
    from llmc_grammar.terminal_text import visible

    return f"\n{indent}".join(visible(line, keep="\t") for line in text.split("\n"))


def put_out(text: str, end: str = "") -> None:
    """Write a text to standard output: unchanged, or escaped on a terminal."""
    if sys.stdout.isatty():
        print(Painted(seen(text)), end=end, flush=True)
        return
    sys.stdout.flush()
    sys.stdout.buffer.write(f"{text}{end}".encode("utf-8", "surrogateescape"))  # not the locale's encoding
    sys.stdout.buffer.flush()


def put_name(path: str) -> None:
    """Write the name of a file to standard output, escaped on a terminal."""
    from llmc_grammar.terminal_text import visible

    put_out(visible(path) if sys.stdout.isatty() else path, "\n")


def open_screens() -> None:
    """Make standard error a screen, and standard output too if it is a terminal; otherwise results stay exact."""
    sys.stderr = cast("TextIO", Screen(sys.stderr, breaks_lines=True))
    if sys.stdout.isatty():
        sys.stdout = cast("TextIO", Screen(sys.stdout, breaks_lines=False))


def screen_of(stream: object) -> Screen | None:
    """Return the screen of a stream, None if it has none."""
    return stream.screen if isinstance(stream, _ToolScreen) else stream if isinstance(stream, Screen) else None


@contextmanager
def aside() -> Iterator[None]:
    """Send the output of tools and tools files to stderr inside the block; stdout is for results."""
    screen = screen_of(sys.stderr)
    stream = sys.stderr if screen is None else cast("TextIO", _ToolScreen(screen))
    with redirect_stdout(stream), redirect_stderr(stream):
        yield


@contextmanager
def question() -> Iterator[None]:
    """Ask a question on stderr inside the block. Output of tools is held back, since it could imitate the question."""
    stream: object = sys.stdout
    if not isinstance(stream, _ToolScreen):
        yield
        return
    screen = Screen(stream.screen.rich_proxied_file, breaks_lines=False)
    with stream.held(), redirect_stderr(cast("TextIO", screen)):
        yield
