"""`repr` of untrusted values, short enough for a message."""

from reprlib import Repr
from typing import Final


class _Short(Repr):
    """Cuts texts at 100 characters, and does not write integers with more digits."""

    def __init__(self) -> None:
        super().__init__()
        self.maxstring = self.maxother = 100

    def repr_int(self, x: int, level: int) -> str:
        """Return an integer as text; `repr` takes quadratic time, and refuses more than 4,300 digits."""
        return super().repr_int(x, level) if abs(x) < 10**100 else f"an integer of {x.bit_length():,} bits"


short_repr: Final = _Short().repr
"""`repr` of a value, cut if it is long."""


def cut(text: str, most: int) -> str:
    """Return the text, or its beginning with `…`, in at most so many characters."""
    return text if len(text) <= most else f"{text[: most - 1]}…"
