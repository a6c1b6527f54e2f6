"""Memory that JSON values take in CPython, and the room that an expression has for new ones.

    text        50 bytes, and 1, 2 or 4 a character, as its widest character needs
    number      32 bytes, and more for an integer of more than 60 bits
    list        56 bytes, and 8 an element
    mapping     64 bytes, and 100 an entry

What stands in a list or mapping counts besides.
"""

from collections.abc import Callable
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
"""Characters up to which a text is looked through for its widest one."""

_HEAD: Final = 56
_LONG_INTEGER: Final = 60
_DIGIT_BITS: Final = 7
"""CPython keeps 30 bits of an integer in 4 bytes."""


class NoRoomError(Portable, Exception):
    """There is no room for a new value of so many bytes (`size`)."""

    def __init__(self, size: int) -> None:
        super().__init__(size)
        self.size = size


def width(text: str) -> int:
    """Bytes of each character: those that the widest one needs."""
    if str.isascii(text):
        return 1
    length = str.__len__(text)
    if length <= _SHORT:
        widest = ord(max(str.__iter__(text)))
        return 1 if widest <= 0xFF else 2 if widest <= 0xFFFF else 4  # noqa: PLR2004 — the widths of CPython
    # The characters of a long text are not looked at. The size includes a copy in UTF-8, where CPython keeps one.
    found = (str.__sizeof__(text) - _HEAD) // (length + 1)
    return found if found <= 2 else 4  # noqa: PLR2004 — as above


def text_bytes(text: str) -> int:
    """Bytes of a text."""
    return TEXT + width(text) * str.__len__(text)


def number_bytes(value: float) -> int:
    """Bytes of a number; true, false and null exist once and take none."""
    if isinstance(value, int) and (bits := int.bit_length(value)) > _LONG_INTEGER:
        return NUMBER + bits // _DIGIT_BITS
    return NUMBER


def own_bytes(value: Json) -> int:
    """Bytes of a value without what is in it."""
    if isinstance(value, str):
        return text_bytes(value)
    if isinstance(value, list):
        return LIST + ELEMENT * len(value)
    if isinstance(value, dict):
        return MAPPING + ENTRY * len(value)
    return 0 if value is None or isinstance(value, bool) else number_bytes(value)


def _none(_: str) -> int:
    return 0


def copied_bytes(value: Json, of_text: Callable[[str], int] = _none) -> int:
    """Bytes of a copy of a value, in which lists, mappings and numbers count as often as they are there.

    Texts are never copied, and count as `of_text` says.
    """
    total, open_ = 0, [iter((value,))]
    while open_:
        for part in open_[-1]:
            if isinstance(part, str):
                total += of_text(part)
            elif part is not None and part is not True and part is not False:
                total += own_bytes(part)
                if isinstance(part, (list, dict)) and part:
                    open_.append(iter(part if isinstance(part, list) else part.values()))
                    break
        else:
            open_.pop()
    return total


class MemoryRoom:
    """Room for what one expression builds: `left` bytes.

    Texts, lists and mappings are known by identity, so that a value counts once, wherever else it stands.
    """

    __slots__ = ("_built", "left")

    def __init__(self, left: int) -> None:
        self.left = left
        self._built: dict[int, tuple[Json, int]] = {}

    def need(self, size: int) -> None:
        """Refuse to build a value of so many bytes where there is no room; raises NoRoomError."""
        if size > self.left:
            raise NoRoomError(size)

    def add(self, value: Json) -> Json:
        """Count a text, list or mapping that was built; raises NoRoomError."""
        if id(value) not in self._built:
            size = own_bytes(value)
            self.take(size)
            self._built[id(value)] = value, size
        return value

    def drop(self, *values: object) -> None:
        """Values that were used up, and are gone if they were built here; what is in them may still be used."""
        for value in values if self._built else ():
            if (found := self._built.pop(id(value), None)) is not None:
                self.left += found[1]

    @property
    def built(self) -> int:
        """Bytes of everything that was built and not used up."""
        return sum(size for _, size in self._built.values())

    def take(self, size: int) -> None:
        """Count bytes; raises NoRoomError."""
        self.need(size)
        self.left -= size

    def kept(self, value: Json) -> int:
        """Bytes of a value that is kept: those of a copy, and of texts that were built here."""
        return copied_bytes(value, self._taken if self._built else _none)

    def _taken(self, text: str) -> int:
        """Bytes of a text that was built here and not counted before."""
        return self._built.pop(id(text), (text, 0))[1]


class Unlimited(MemoryRoom):
    """Room for anything, which is not counted."""

    __slots__ = ()

    def __init__(self) -> None:
        super().__init__(0)

    def need(self, size: int) -> None:
        """Everything fits."""

    def add(self, value: Json) -> Json:
        """Nothing is counted."""
        return value
