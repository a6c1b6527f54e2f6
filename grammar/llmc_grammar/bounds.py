"""Limits on the size of a text; each bound is checked before the work that it limits."""

from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True, slots=True)
class Bounds:
    """Upper bounds: `text` in bytes of UTF-8, `tasks` per plan, `tokens` and `references` per task.

    A token is a word, a number, a string or a symbol. `nesting` counts levels, `steps` counts steps, and the other
    bounds count characters.
    """

    FILE: ClassVar["Bounds"]
    MODEL: ClassVar["Bounds"]

    text: int = 4 * 1024 * 1024
    tasks: int = 20_000
    string: int = 1024 * 1024
    tokens: int = 200_000
    references: int = 20_000
    nesting: int = 32
    name: int = 64
    digits: int = 18
    steps: int = 8

    @property
    def depth(self) -> int:
        """The most levels of an expression, operators included; recursion over expressions is safe within it."""
        return 4 * self.nesting


Bounds.FILE = Bounds()
Bounds.MODEL = Bounds(text=64 * 1024, tasks=256, string=8 * 1024, tokens=4 * 1024, references=64)
