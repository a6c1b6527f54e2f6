"""Values to and from tools: results are measured, checked and copied, and arguments are copies.

Within a run, values are shared and never changed. Data of JSON's own types is measured and copied in one walk, up to a
few thousand parts. More parts are measured first and then copied, so that rejecting a value that is too large is cheap.

Everything else takes two slower walks: one measures, the other copies, or finds the place of an error. They read lists
and mappings through their builtin base types, so overrides in subclasses have no effect.
"""

import math
from collections.abc import Callable, Iterator
from math import inf
from typing import Any, Final, cast

from llmc_compiler.expressions.memory_limit import (
    ELEMENT,
    ENTRY,
    LIST,
    MAPPING,
    NUMBER,
    SHORT_INTEGER,
    TEXT,
    NoRoomError,
    number_bytes,
    text_bytes,
)
from llmc_compiler.expressions.operators import INTEGER_BITS, VALUE_DEPTH, VALUE_TEXT
from llmc_compiler.expressions.terms import Json, thaw
from llmc_compiler.tools.results.result_forms import PART, forms
from llmc_compiler.tools.signature import ResultBounds, ResultError
from llmc_grammar.portable import Portable

Steps = tuple[str | int, ...]

_PIECE: Final = 64 * 1024
_LONGEST_STEP: Final = 100
_FEW: Final = 4_096
"""Parts of a value that are copied before it is measured, in less than half a megabyte."""
_SEVERAL: Final = 50_000
"""Parts that are measured in the quick walk, which lists them in less than a megabyte."""

Accept = Callable[[object, ResultBounds], object]
"""The function by which a signature converts a result to JSON data within bounds.

It returns the same object only if it has not changed it, and no code of the tool has seen it.
"""


class NotJsonError(Portable, ValueError):
    """A value is not JSON data, or is too large; the text names its place."""

    def __init__(self, what: str, steps: Steps = ()) -> None:
        self._what, self._steps = what, tuple(step[:_LONGEST_STEP] if isinstance(step, str) else step for step in steps)
        super().__init__(what, self._steps)

    def of(self, name: str) -> str:
        """Return the text for a value of this name."""
        return f"`{name}{_written(self._steps)}` is {self._what}"

    def __str__(self) -> str:
        return self.of("result")


class ForeignError(NotJsonError):
    """A value is of a type outside JSON, but may be convertible to JSON data."""


def measure(value: object, size: int = VALUE_TEXT, depth: int = VALUE_DEPTH) -> int:
    """Return the memory that a value takes; raises NotJsonError for one over `size` bytes, or nested too deep.

    Copies nothing.
    """
    plain = _plain(value, size, depth, _SEVERAL, copies=False)
    return _measured(value, size, depth) if plain is None else plain[1]


def _measured(value: object, size: int, depth: int) -> int:
    """Measure a value that may be of any type."""
    left, taken = size, 0
    open_: list[Iterator[object]] = [iter((value,))]
    while open_:
        for part in open_[-1]:
            weight, memory = _sizes(part, left)
            left -= weight
            taken += memory
            if left < 0:
                raise _too_large(size)
            if isinstance(part, (list, tuple, dict)):
                # Data that contains itself is deeper than any limit.
                if len(open_) > depth:
                    raise _too_deep(depth)
                if weight:
                    open_.append(_parts(part))
                    break
        else:
            open_.pop()
    return taken


def receive(result: object, accept: Accept, bounds: ResultBounds, left: float = inf) -> tuple[Json, int]:
    """Convert a result to JSON data with `accept`, and return a copy with its memory in bytes.

    Raises NotJsonError, NoRoomError for more than `left` bytes, ResultError, and other errors of `accept`.
    """
    size, depth, _ = bounds
    copied = _plain(result, size, depth, _FEW)
    given, taken = (result, measure(result, size, depth)) if copied is None else copied
    accepted = accept(given, bounds)
    if accepted is not given:
        copied = _plain(accepted, size, depth, _FEW)
        taken = measure(accepted, size, depth) if copied is None else copied[1]
    if taken > left:
        raise NoRoomError(taken)
    return copied or _received(accepted, taken, accept, bounds, left)


def _received(accepted: object, taken: int, accept: Accept, bounds: ResultBounds, left: float) -> tuple[Json, int]:
    """Copy a result that has many parts, or parts that are not of JSON's own types."""
    try:
        return _frozen(accepted, bounds.size), taken
    except ForeignError:
        # Too rare to check for in advance.
        data = _converted(accepted, accept, bounds)
    taken = measure(data, bounds.size, bounds.depth)
    if taken > left:
        raise NoRoomError(taken)
    return _frozen(data, bounds.size), taken


def _converted(result: object, accept: Accept, bounds: ResultBounds) -> object:
    """Convert a result with parts that are not JSON data; raises ResultError."""
    error: ResultError | None = None
    for data in forms(result, bounds):
        try:
            return accept(data, bounds)
        except ResultError as why:
            error = error or why
    raise error or NotJsonError("not JSON data")


def freeze(value: object, size: int = VALUE_TEXT, depth: int = VALUE_DEPTH) -> Json:
    """Return a deep copy of the value in plain JSON types; raises NotJsonError.

    Tuples become lists, and subclasses of str, numbers, lists and mappings become plain.
    """
    copied = _plain(value, size, depth, _FEW)
    if copied is not None:
        return copied[0]
    measure(value, size, depth)
    return _frozen(value, size)


def _plain(value: object, size: int, depth: int, most: int, *, copies: bool = True) -> tuple[Json, int] | None:
    """Return a copy of data of JSON's own types, or the data itself, with its memory.

    None for other values, those that are not allowed, and those of more than `most` parts. Copies are read rather than
    the original, which a thread of the tool may change.
    """
    # Most results are one number or one text.
    if type(value) is int and -SHORT_INTEGER < value < SHORT_INTEGER:
        return value, NUMBER
    if type(value) is str and value.isascii() and len(value) <= size:
        return value, TEXT + len(value)
    parts = numbers = 0
    memory = -LIST - ELEMENT  # of `whole`
    most = min(most, size // PART)
    texts: list[str] = []
    whole: list[Any] = [value]
    level: list[Any] = [whole]
    for _ in range(min(depth, VALUE_DEPTH) + 1):
        below: list[Any] = []
        for container in level:
            if type(container) is dict:
                memory += MAPPING + ENTRY * len(container)
                texts += container
                inside: Any = container.items()
            else:
                memory += LIST + ELEMENT * len(container)
                inside = enumerate(container)
            for place, part in inside:
                kind = type(part)
                if kind is str:
                    texts.append(part)
                elif kind is dict or kind is list:
                    if parts + len(part) > most:
                        return None
                    inner = part
                    if copies:
                        inner = container[place] = part.copy()
                    parts += len(inner)
                    below.append(inner)
                elif kind is float:
                    if not math.isfinite(part):
                        return None
                    numbers += 1
                elif kind is int:
                    if not -SHORT_INTEGER < part < SHORT_INTEGER:
                        return None
                    numbers += 1
                elif part is not None and kind is not bool:
                    return None
        if not below:
            break
        level = below
    else:
        return None
    of_texts = _plain_texts(texts, size - PART * parts) if texts else 0
    return None if of_texts is None else (whole[0], memory + NUMBER * numbers + of_texts)


def _plain_texts(texts: list[str], limit: int) -> int | None:
    """Return the memory of texts and keys; None if they are too long, not allowed, or not all of type `str`."""
    if {*map(type, texts)} != {str}:
        return None
    length = sum(map(len, texts))
    memory = TEXT * len(texts) + length
    if not all(map(str.isascii, texts)):
        for text in texts:
            if text.isascii():
                continue
            if len(text) > _PIECE or length > limit:
                return None
            try:
                length += len(text.encode()) - len(text)
            except UnicodeEncodeError:
                return None
            memory += text_bytes(text) - TEXT - len(text)
    return memory if length <= limit else None


def _sizes(value: object, limit: int) -> tuple[int, int]:
    """The size of a value within a result, or any number beyond the limit, and the memory of its copy.

    Its parts count separately.
    """
    if isinstance(value, str):
        length, memory = str.__len__(value), text_bytes(value)
        return length if length > limit or str.isascii(value) else _encoded_length(value, limit), memory
    if isinstance(value, (int, float)):
        return 0, 0 if value is True or value is False else number_bytes(value)
    if isinstance(value, list):
        length = list.__len__(value)
        return PART * length, LIST + ELEMENT * length
    if isinstance(value, dict):
        length = dict.__len__(value)
        return PART * length, MAPPING + ENTRY * length
    if isinstance(value, tuple):
        length = tuple.__len__(value)
        return PART * length, LIST + ELEMENT * length
    return 0, 0


def _encoded_length(text: str, limit: int) -> int:
    """The length of a text in UTF-8, counted in pieces up to the limit, since texts may be large."""
    length = 0
    for start in range(0, str.__len__(text), _PIECE):
        length += len(str.__getitem__(text, slice(start, start + _PIECE)).encode(errors="surrogatepass"))
        if length > limit:
            break
    return length


def _parts(value: object) -> Iterator[Any]:
    """The parts of a list or mapping, including keys."""
    if isinstance(value, list):
        return list.__iter__(value)
    if isinstance(value, tuple):
        return tuple.__iter__(value)
    return (part for pair in dict.items(cast("dict[object, object]", value)) for part in pair)


def _frozen(value: object, size: int) -> Json:
    """Copy a value that was measured."""
    copied = _plain(value, size, VALUE_DEPTH, size)
    return _copied(value, ()) if copied is None else copied[0]


def _copied(value: object, steps: Steps) -> Json:
    """Copy the value at these steps."""
    if value is None or value is True or value is False:
        return cast("Json", value)
    if isinstance(value, str):
        return _text(value, steps)
    if isinstance(value, int):
        return _integer(value, steps)
    if isinstance(value, float):
        return _float(value, steps)
    # It was measured, but a thread of the tool may have nested it deeper since.
    if len(steps) >= VALUE_DEPTH:
        raise _too_deep(VALUE_DEPTH)
    if isinstance(value, (list, tuple)):
        items = list(_parts(value))  # of exactly this length
        for index, item in enumerate(items):
            items[index] = _copied(item, (*steps, index))
        return items
    if isinstance(value, dict):
        return {_key(key, steps): _copied(item, (*steps, key)) for key, item in dict.items(value)}
    raise ForeignError(f"of type `{type(value).__name__}`, which is not JSON", steps)


def _text(value: str, steps: Steps) -> str:
    """The text; refuses lone surrogates, which cannot be encoded."""
    plain = value if type(value) is str else str.__str__(value)
    if not plain.isascii():
        try:
            plain.encode()
        except UnicodeEncodeError:
            raise _not(steps, "a text with a lone surrogate") from None
    return plain


def _integer(value: int, steps: Steps) -> int:
    """The integer, unless it is too long."""
    plain = value if type(value) is int else int.__int__(value)
    if plain.bit_length() > INTEGER_BITS:
        raise _not(steps, f"an integer of more than {INTEGER_BITS:,} bits")
    return plain


def _float(value: float, steps: Steps) -> float:
    """The number; refuses infinity and NaN."""
    if not math.isfinite(value):
        raise _not(steps, f"{value}, which is not JSON: give `None` instead")
    return value if type(value) is float else float.__float__(value)


def _key(key: object, steps: Steps) -> str:
    if isinstance(key, str):
        return _text(key, steps)
    raise ForeignError(f"a mapping with a key of type `{type(key).__name__}`, not text", steps)


def _too_deep(depth: int) -> NotJsonError:
    return NotJsonError(f"nested more than {depth} deep, or contains itself")


def _too_large(size: int) -> NotJsonError:
    return NotJsonError(f"larger than the {size:,} bytes that it may have")


def _not(steps: Steps, what: str) -> NotJsonError:
    return NotJsonError(what, steps)


def _written(steps: Steps) -> str:
    """Steps in plan syntax."""
    return "".join(f".{step}" if isinstance(step, str) else f"[{step}]" for step in steps)


__all__ = ["PART", "NotJsonError", "Steps", "freeze", "measure", "receive", "thaw"]
