"""Limits on the size of a text; each bound is checked before the work that it limits."""

from typing import ClassVar

from llmc_grammar.frozen_data import frozen


@frozen
class Bounds:
    """Upper bounds of a text and its parts."""

    FILE: ClassVar["Bounds"]
    """The bounds of plan files."""
    MODEL: ClassVar["Bounds"]
    """The bounds of a model's text."""

    text: int = 4 * 1024 * 1024
    """Bytes of the text in UTF-8."""
    tasks: int = 20_000
    """Tasks of a plan."""
    string: int = 1024 * 1024
    """Characters of a string."""
    tokens: int = 200_000
    """Tokens of a task: words, numbers, strings and symbols."""
    references: int = 20_000
    """References of a task."""
    nesting: int = 32
    """Levels of brackets."""
    name: int = 64
    """Characters of a name."""
    digits: int = 18
    """Digits of a number."""
    steps: int = 8
    """Steps behind a reference."""

    @property
    def depth(self) -> int:
        """The most levels of an expression, operators included; recursion over expressions is safe within it."""
        return 4 * self.nesting


Bounds.FILE = Bounds()
Bounds.MODEL = Bounds(text=64 * 1024, tasks=256, string=8 * 1024, tokens=4 * 1024, references=64)
