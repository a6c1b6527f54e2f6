"""Memory use of JSON values in CPython, and the room that an expression has for new values.

    text        50 bytes, and 1, 2 or 4 for each character, depending on the widest one
    number      32 bytes, and more for an integer of more than 60 bits
    list        56 bytes, and 8 for each element
    mapping     64 bytes, and 100 for each entry

The contents of lists and mappings count in addition.
"""

from collections.abc import Callable, Iterable
from typing import Final

from llmc_compiler.expressions.terms import Json
from llmc_grammar.portable import Portable

TEXT: Final = 50
NUMBER: Final = 32
LIST: Final = 56
ELEMENT: Final = 8
MAPPING: Final = 64
ENTRY: Final = 100

_SHORT: Final = 64
"""Longest text that is searched for its widest character."""

_HEAD: Final = 56
_LONG_INTEGER: Final = 60
SHORT_INTEGER: Final = 1 << _LONG_INTEGER
"""Integers whose absolute value is smaller take no more than other numbers."""
_DIGIT_BITS: Final = 7
"""CPython stores 30 bits of an integer in 4 bytes."""


_NOTHING: Final[dict[int, tuple[Json, int]]] = {}
"""The values of a room in which nothing was built, as in most; it stays empty."""


class NoRoomError(Portable, Exception):
    """Raised if a new value of `size` bytes does not fit."""

    def __init__(self, size: int) -> None:
        super().__init__(size)
        self.size = size


def width(text: str) -> int:
    """Return the bytes for each character, as its widest character needs."""
    if str.isascii(text):
        return 1
    length = str.__len__(text)
    if length <= _SHORT:
        widest = ord(max(str.__iter__(text)))
        return 1 if widest <= 0xFF else 2 if widest <= 0xFFFF else 4  # noqa: PLR2004 — the widths of CPython
    # Long texts are not searched. The size includes a copy in UTF-8, if CPython keeps one.
    bytes_each = (str.__sizeof__(text) - _HEAD) // (length + 1)
    return bytes_each if bytes_each <= 2 else 4  # noqa: PLR2004 — as above


def text_bytes(text: str) -> int:
    """Return the bytes of a text."""
    return TEXT + width(text) * str.__len__(text)


def number_bytes(value: float) -> int:
    """Return the bytes of a number; true, false and null are shared and take none."""
    if isinstance(value, int) and (bits := int.bit_length(value)) > _LONG_INTEGER:
        return NUMBER + bits // _DIGIT_BITS
    return NUMBER


def own_bytes(value: Json) -> int:
    """Return the bytes of a value without its contents."""
    if isinstance(value, str):
        return text_bytes(value)
    if isinstance(value, list):
        return LIST + ELEMENT * len(value)
    if isinstance(value, dict):
        return MAPPING + ENTRY * len(value)
    return 0 if value is None or isinstance(value, bool) else number_bytes(value)


def copied_bytes(value: Json, of_text: Callable[[str], int] | None = None) -> int:
    """Return the bytes of a copy of a value; lists, mappings and numbers count once for each occurrence.

    Texts are never copied; `of_text` returns the bytes to count for one.
    """
    total = 0
    open_: list[Iterable[Json]] = [(value,)]
    while open_:
        for part in open_.pop():
            kind = type(part)
            if kind is str:
                if of_text is not None:
                    total += of_text(part)  # type: ignore[arg-type]  # it is a text
            elif kind is float or (kind is int and -SHORT_INTEGER < part < SHORT_INTEGER):  # type: ignore[operator]  # numbers
                total += NUMBER
            elif part is not None and kind is not bool:
                total += own_bytes(part)
                if isinstance(part, (list, dict)) and part:
                    open_.append(part if isinstance(part, list) else part.values())
    return total


class MemoryRoom:
    """Room for the values that one expression builds: `left` bytes.

    Texts, lists and mappings are tracked by identity, so a value counts once even if it is used in several places.
    """

    __slots__ = ("_built", "_contents", "left")

    def __init__(self, left: int) -> None:
        self.left = left
        self._built = self._contents = _NOTHING

    def need(self, size: int) -> None:
        """Check that a value of this size has room; raises NoRoomError."""
        if size > self.left:
            raise NoRoomError(size)

    def add(self, value: Json) -> Json:
        """Count a text, list or mapping that was built; raises NoRoomError."""
        if id(value) not in self._built:
            size = own_bytes(value)
            self.take(size)
            if self._built is _NOTHING:
                self._built = {}
            self._built[id(value)] = value, size
        return value

    def drop(self, *values: object) -> None:
        """Free values that were used up, if they were built here; their contents may still be in use."""
        for value in values if self._built else ():
            if (entry := self._built.pop(id(value), None)) is not None:
                self.left += entry[1]

    def add_contents(self, value: Json) -> None:
        """Count the contents of a list or mapping that were built together with it; raises NoRoomError."""
        if id(value) not in self._contents:
            size = copied_bytes(value, text_bytes) - own_bytes(value)
            self.take(size)
            if self._contents is _NOTHING:
                self._contents = {}
            self._contents[id(value)] = value, size

    def drop_contents(self, *values: object) -> None:
        """Free the contents of values of which no part is in use."""
        for value in values if self._contents else ():
            if (entry := self._contents.pop(id(value), None)) is not None:
                self.left += entry[1]

    @property
    def built(self) -> int:
        """Bytes of all values that were built and not used up."""
        return sum(size for _, size in (*self._built.values(), *self._contents.values()))

    def take(self, size: int) -> None:
        """Count bytes; raises NoRoomError."""
        self.need(size)
        self.left -= size

    def kept(self, value: Json) -> int:
        """Return the bytes of a value that is kept: those of a copy, and those of texts that were built here."""
        if not self._built and not self._contents:
            return copied_bytes(value)
        sizes: dict[int, int] = {}

        def note(text: str) -> int:
            sizes[id(text)] = text_bytes(text)
            return 0

        def taken(text: str) -> int:
            return self._built.pop(id(text), (text, sizes.pop(id(text), 0)))[1]

        for contents, _ in self._contents.values():
            copied_bytes(contents, note)
        return copied_bytes(value, taken)


class Unlimited(MemoryRoom):
    """Room without a limit; nothing is counted."""

    __slots__ = ()

    def __init__(self) -> None:
        super().__init__(0)

    def need(self, size: int) -> None:
        """Accept any size."""

    def add(self, value: Json) -> Json:
        """Return the value without counting it."""
        return value

    def add_contents(self, value: Json) -> None:
        """Count nothing."""
