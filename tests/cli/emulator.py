"""A terminal in this process, which remembers what was done to it besides writing in the next cells."""

import io
import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import cast

import pyte

WIDTH, HEIGHT = 100, 400
_WRITING = {"draw", "linefeed", "carriage_return", "tab"}
_COLORS = {0, 1, 2, *range(31, 37)}


@dataclass(frozen=True)
class Drawn:
    """What a terminal shows: its lines, and the acts of whoever wrote to it that are more than writing."""

    text: str
    lines: tuple[str, ...]
    acts: Counter[str]


class _Listener:
    """Hands on to a screen what its stream has understood, and counts what is no writing."""

    def __init__(self, screen: pyte.Screen) -> None:
        self.screen = screen
        self.acts: Counter[str] = Counter()

    def __getattr__(self, name: str) -> Callable[..., object]:
        act: Callable[..., object] = getattr(self.screen, name)

        def done(*arguments: object, **options: object) -> object:
            is_color = name == "select_graphic_rendition" and _COLORS.issuperset(arguments)
            if name in pyte.Stream.events and name not in _WRITING and not is_color:
                self.acts[f"{name} {arguments[0]}" if name == "select_graphic_rendition" else name] += 1
            return act(*arguments, **options)

        return done


def drawn(text: str) -> Drawn:
    """What a terminal shows of a text whose line ends it makes whole, as the driver of a terminal does."""
    screen = pyte.Screen(WIDTH, HEIGHT)
    listener = _Listener(screen)
    pyte.Stream(cast("pyte.Screen", listener)).feed(text.replace("\n", "\r\n"))
    listener.acts["carriage_return"] += len(re.findall(r"\r(?!\n)", text))
    rows = (screen.buffer[row] for row in range(screen.cursor.y + 1))
    lines = ("".join(row[column].data for column in range(WIDTH)).rstrip() for row in rows)
    return Drawn(text, tuple(lines), +listener.acts)


class Terminal(io.StringIO):
    """Standard output and error of a process, both on one terminal."""

    encoding = "utf-8"

    def isatty(self) -> bool:
        """It is one."""
        return True
