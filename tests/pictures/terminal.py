"""Runs a command of ours on a terminal, in a child of this process, and tells what the terminal shows."""

import fcntl
import os
import pty
import struct
import sys
import termios
from collections.abc import Sequence
from itertools import groupby
from typing import Final, NoReturn

import pyte
from pyte.screens import Char
from rich.style import Style
from rich.text import Text

from llmc.cli import main
from tests.pictures.film import MARK, film

HEIGHT: Final = 200
QUESTION: Final = b"[y/N] "
_FAINT: Final = {2: (5,), 22: (22, 25)}
"""Faint and no longer faint or bold, as blinking and steady."""

_NAMES: Final = {"brown": "yellow", "brightbrown": "bright_yellow"}


class _Screen(pyte.Screen):
    """A terminal that marks faint text as blinking, since pyte knows nothing faint."""

    def select_graphic_rendition(self, *attributes: int, private: bool = False) -> None:
        """Set the attributes of the text that follows."""
        for attribute in attributes or (0,):
            super().select_graphic_rendition(*_FAINT.get(attribute, (attribute,)))


def shown(command: tuple[str, ...], width: int, *, answer: str = "", moments: Sequence[float] = ()) -> list[list[Text]]:
    """What a terminal of this width shows of a command at moments of its run, and last at its end.

    Its questions have the same answer.
    """
    child, terminal = pty.fork()
    if child == 0:
        film(moments)
        _become(command, width)
    frames = []
    last = b""
    screen = _Screen(width, HEIGHT)
    stream = pyte.ByteStream(screen)
    while piece := _read(terminal):
        *marked, rest = piece.split(MARK)
        for part in marked:
            stream.feed(part)
            frames.append(_lines(screen))
        stream.feed(rest)
        last = (last + piece)[-len(QUESTION) :]
        if last == QUESTION:
            os.write(terminal, f"{answer}\n".encode())
    os.close(terminal)
    os.waitpid(child, 0)
    return [*frames, _lines(screen)]


def _become(command: tuple[str, ...], width: int) -> NoReturn:
    """Run the command in this process, whose standard streams are a new terminal, and end the process."""
    fcntl.ioctl(1, termios.TIOCSWINSZ, struct.pack("HHHH", HEIGHT, width, 0, 0))
    os.environ.update(TERM="xterm-256color", COLUMNS=str(width), LINES=str(HEIGHT))
    sys.stdin = os.fdopen(0, encoding="utf-8")
    sys.stdout, sys.stderr = (os.fdopen(number, "w", encoding="utf-8") for number in (1, 2))
    sys.argv = [*command]
    status = 1
    try:
        main()
    except SystemExit as end:
        status = end.code if isinstance(end.code, int) else int(end.code is not None)
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)


def _read(terminal: int) -> bytes:
    """The next output; nothing after the end, which Linux reports as an error."""
    try:
        return os.read(terminal, 65536)
    except OSError:
        return b""


def _lines(screen: _Screen) -> list[Text]:
    """The lines that are not empty, or stand above one."""
    lines = [_line(screen, row) for row in range(screen.cursor.y + 1)]
    while lines and not lines[-1].plain:
        del lines[-1]
    return lines


def _line(screen: _Screen, row: int) -> Text:
    """A line of the screen with its styles, without the blanks at its end."""
    cells = [screen.buffer[row][column] for column in range(screen.columns)]
    text = Text()
    for style, run in groupby(cells, _style):
        text.append("".join(cell.data for cell in run), style)
    text.rstrip()
    return text


def _style(cell: Char) -> Style:
    """How a cell looks."""
    color = None if cell.fg == "default" else _NAMES.get(cell.fg, cell.fg.replace("bright", "bright_"))
    return Style(color=color, bold=cell.bold, dim=cell.blink, italic=cell.italics, underline=cell.underscore)
