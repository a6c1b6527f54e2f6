"""Values from outside as Python writes them, in as many characters as a message has room for."""

from reprlib import Repr
from typing import Final


class _Short(Repr):
    """Cuts texts at 100 characters, and does not write integers that have more digits."""

    def __init__(self) -> None:
        super().__init__()
        self.maxstring = self.maxother = 100

    def repr_int(self, x: int, level: int) -> str:
        """An integer; `repr` takes quadratic time, and refuses those of more than 4,300 digits."""
        return super().repr_int(x, level) if abs(x) < 10**100 else f"an integer of {x.bit_length():,} bits"


short_repr: Final = _Short().repr
"""A value as Python writes it, cut where it is long."""


def cut(text: str, most: int) -> str:
    """The text, or its beginning with `…`, in at most so many characters."""
    return text if len(text) <= most else f"{text[: most - 1]}…"
