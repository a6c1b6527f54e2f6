"""Values of tools, at the door: what comes in is checked and copied, what goes out is a copy.

In between values are shared, and nobody changes them.
"""

import math
from typing import cast

from llmc_compiler.operators import INTEGER_BITS, VALUE_DEPTH
from llmc_compiler.term import Json

Steps = tuple[str | int, ...]


class NotJsonError(ValueError):
    """A value is no JSON data; the text names the place in it."""


def freeze(value: object) -> Json:
    """A deep copy of the value in plain JSON types; raises NotJsonError.

    Tuples become lists, and subclasses of text, numbers, lists and mappings become plain.
    """
    return _frozen(value, ())


def thaw(value: Json) -> Json:
    """A copy of the value whose lists and mappings nobody else has."""
    if isinstance(value, list):
        return [thaw(each) if isinstance(each, (list, dict)) else each for each in value]
    if isinstance(value, dict):
        return {key: thaw(each) if isinstance(each, (list, dict)) else each for key, each in value.items()}
    return value


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
    # Deeper data would end in a stack overflow somewhere, and data that contains itself is always deeper.
    if len(steps) >= VALUE_DEPTH:
        raise NotJsonError(f"`{_place(steps[:3])}…` is nested more than {VALUE_DEPTH} deep, or contains itself")
    if isinstance(value, (list, tuple)):
        return [_frozen(each, (*steps, index)) for index, each in enumerate(value)]
    if isinstance(value, dict):
        return {_key(key, steps): _frozen(each, (*steps, key)) for key, each in value.items()}
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


def _not(steps: Steps, what: str) -> NotJsonError:
    return NotJsonError(f"`{_place(steps)}` is {what}")


def _place(steps: Steps) -> str:
    """Steps as they are written in a plan."""
    return "result" + "".join(f".{step}" if isinstance(step, str) else f"[{step}]" for step in steps)
