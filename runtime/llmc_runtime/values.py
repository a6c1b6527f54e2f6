"""Values of tools, at the door: what comes in is measured, checked and copied, what goes out is a copy.

In between values are shared, and nobody changes them. A value is measured before anything is copied, so that one that
is too large costs nothing but a look at it. Lists and mappings are read as what they are built on: a subclass of them
has no say in it.
"""

import math
from collections.abc import Callable, Iterator
from typing import Any, Final, cast

from llmc_compiler.operators import INTEGER_BITS, VALUE_DEPTH, VALUE_TEXT
from llmc_compiler.term import Json

Steps = tuple[str | int, ...]

PART: Final = 16
"""Bytes that each value in a list or mapping counts, besides its text."""

_PIECE: Final = 64 * 1024
_LARGEST: Final = 2**62
ATOMS: Final = frozenset({int, float, bool, type(None)})
"""Kinds of values that take no memory of their own to speak of."""


class NotJsonError(ValueError):
    """A value is no JSON data, or too large; the text names the place in it."""

    def __init__(self, what: str, steps: Steps = ()) -> None:
        """Blame what is at the end of these steps."""
        super().__init__(what, steps)
        self._what, self._steps = what, steps

    def of(self, name: str) -> str:
        """The text, for a value of this name."""
        return f"`{name}{_written(self._steps)}` is {self._what}"

    def __str__(self) -> str:
        """The text, for a result."""
        return self.of("result")


def measure(value: object, size: int = VALUE_TEXT, depth: int = VALUE_DEPTH) -> None:
    """Refuse what is larger than so many bytes, or nested deeper; copies nothing; raises NotJsonError."""
    left = size - _weight(value, size)
    if left < 0:
        raise _too_large(size)
    if not isinstance(value, (list, tuple, dict)):
        return
    open_: list[Iterator[object]] = [_parts(value)]
    while open_:
        for part in open_[-1]:
            left -= _weight(part, left)
            if left < 0:
                raise _too_large(size)
            if isinstance(part, (list, tuple, dict)):
                # Data that contains itself is always deeper than any limit.
                if len(open_) >= depth:
                    raise _too_deep(depth)
                open_.append(_parts(part))
                break
        else:
            open_.pop()


def size_of(value: Json) -> int:
    """The bytes that a value counts, with all that is in it, as often as it is in it."""
    if type(value) in ATOMS:
        return 0
    size, below = 0, [value]
    while below:
        each = below.pop()
        size += _weight(each, _LARGEST)
        if isinstance(each, (list, dict)):
            below += [part for part in _parts(each) if type(part) not in ATOMS]
    return size


def receive(result: object, accept: Callable[[object], object], size: int, depth: int) -> Json:
    """A result as JSON data of our own; `accept` makes data of it; raises NotJsonError and what that raises."""
    if type(result) not in ATOMS:
        measure(result, size, depth)
    accepted = accept(result)
    if accepted is not result:
        measure(accepted, size, depth)
    return _frozen(accepted, ())


def freeze(value: object, size: int = VALUE_TEXT, depth: int = VALUE_DEPTH) -> Json:
    """A deep copy of the value in plain JSON types; raises NotJsonError.

    Tuples become lists, and subclasses of text, numbers, lists and mappings become plain.
    """
    if type(value) not in ATOMS:
        measure(value, size, depth)
    return _frozen(value, ())


def thaw(value: Json) -> Json:
    """A copy of the value whose lists and mappings nobody else has."""
    if isinstance(value, list):
        return [thaw(each) if isinstance(each, (list, dict)) else each for each in value]
    if isinstance(value, dict):
        return {key: thaw(each) if isinstance(each, (list, dict)) else each for key, each in value.items()}
    return value


def _weight(value: object, limit: int) -> int:
    """The bytes that a value counts, without what is below the values in it; or any number beyond the limit."""
    if isinstance(value, str):
        length = str.__len__(value)
        return length if length > limit or str.isascii(value) else _encoded_length(value, limit)
    if isinstance(value, list):
        return PART * list.__len__(value)
    if isinstance(value, tuple):
        return PART * tuple.__len__(value)
    if isinstance(value, dict):
        return PART * dict.__len__(value)
    return 0


def _encoded_length(text: str, limit: int) -> int:
    """The bytes of a text in UTF-8, counted piece by piece up to the limit: texts may be large."""
    length = 0
    for start in range(0, str.__len__(text), _PIECE):
        length += len(str.__getitem__(text, slice(start, start + _PIECE)).encode(errors="surrogatepass"))
        if length > limit:
            break
    return length


def _parts(value: object) -> Iterator[Any]:
    """What is in a list or mapping, the keys too."""
    if isinstance(value, list):
        return list.__iter__(value)
    if isinstance(value, tuple):
        return tuple.__iter__(value)
    return (part for pair in dict.items(cast("dict[object, object]", value)) for part in pair)


def _frozen(value: object, steps: Steps) -> Json:
    """The copy of what is at the end of these steps."""
    if value is None or value is True or value is False:
        return cast("Json", value)
    if isinstance(value, str):
        return _text(value, steps)
    if isinstance(value, int):
        return _integer(value, steps)
    if isinstance(value, float):
        return _float(value, steps)
    # It was measured, but a thread of the tool's own may have made it deeper.
    if len(steps) >= VALUE_DEPTH:
        raise _too_deep(VALUE_DEPTH)
    if isinstance(value, (list, tuple)):
        return [_frozen(each, (*steps, index)) for index, each in enumerate(_parts(value))]
    if isinstance(value, dict):
        return {_key(key, steps): _frozen(each, (*steps, key)) for key, each in dict.items(value)}
    raise _not(steps, f"of type `{type(value).__name__}`, which is not JSON")


def _text(value: str, steps: Steps) -> str:
    """The text, without halves of surrogate pairs: no encoding can write them."""
    plain = value if type(value) is str else str.__str__(value)
    if not plain.isascii():
        try:
            plain.encode()
        except UnicodeEncodeError:
            raise _not(steps, "a text with half a surrogate pair") from None
    return plain


def _integer(value: int, steps: Steps) -> int:
    """The integer, if it is not too long."""
    plain = value if type(value) is int else int.__int__(value)
    if plain.bit_length() > INTEGER_BITS:
        raise _not(steps, f"an integer of more than {INTEGER_BITS:,} bits")
    return plain


def _float(value: float, steps: Steps) -> float:
    """The number, if it is one."""
    if not math.isfinite(value):
        raise _not(steps, f"{value}, which is not JSON")
    return value if type(value) is float else float.__float__(value)


def _key(key: object, steps: Steps) -> str:
    """The key of a mapping."""
    if isinstance(key, str):
        return _text(key, steps)
    raise _not(steps, f"a mapping with a key of type `{type(key).__name__}`, not text")


def _too_deep(depth: int) -> NotJsonError:
    return NotJsonError(f"nested more than {depth} deep, or contains itself")


def _too_large(size: int) -> NotJsonError:
    return NotJsonError(f"larger than the {size:,} bytes that it may have")


def _not(steps: Steps, what: str) -> NotJsonError:
    return NotJsonError(what, steps)


def _written(steps: Steps) -> str:
    """Steps as they are written in a plan."""
    return "".join(f".{step}" if isinstance(step, str) else f"[{step}]" for step in steps)
