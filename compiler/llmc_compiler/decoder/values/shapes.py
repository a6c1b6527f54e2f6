"""Shapes: the sets of values that a grammar can tell apart."""

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from llmc_compiler.expressions import types
from llmc_compiler.expressions.terms import Json
from llmc_compiler.expressions.types import Type
from llmc_grammar import parse
from llmc_grammar.bounds import Bounds
from llmc_grammar.print import quoted

FORMATS: Final = {"date": (10, 10), "date-time": (20, 32), "time": (8, 21), "uuid": (36, 36)}
"""The forms of texts, and how many characters these have."""
_PLAIN: Final = re.compile(r"[A-Za-z0-9_ .:/-]{0,100}\Z")
"""A text that needs no reading: it has no signs that mean more than themselves."""
_CERTAIN: Final = re.compile(r"(?:null|true|false|-?[1-9][0-9]{0,17}|0)\Z")
"""A value that every plan can write."""
_EXACT: Final = 10**15
"""The size up to which a number without a fraction is spelled both `2` and `2.0`."""


@dataclass(frozen=True, slots=True)
class TextShape:
    """A text of so many characters; `most` is None where the bound of all texts is lower."""

    least: int = 0
    most: int | None = None


@dataclass(frozen=True, slots=True)
class Formed:
    """A text of a form in FORMATS."""

    format: str


@dataclass(frozen=True, slots=True)
class OneOf:
    """One of some values, as the language prints them."""

    values: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Whole:
    """A whole number."""

    least: int | None = None
    most: int | None = None


@dataclass(frozen=True, slots=True)
class Number:
    """A whole number of some, if there are any, or one with a fraction between two bounds.

    `above` and `below` say that a bound itself is left out.
    """

    least: float | None = None
    most: float | None = None
    whole: Whole | None = Whole()
    above: bool = False
    below: bool = False


@dataclass(frozen=True, slots=True)
class ItemsShape:
    """A list: its first items each by its own shape, then others; `least` and `most` count all of them."""

    first: tuple["Shape", ...]
    rest: "Shape"
    least: int = 0
    most: int | None = None


@dataclass(frozen=True, slots=True)
class Key:
    """A key of a mapping that must be there, or may."""

    name: str
    shape: "Shape"
    required: bool


@dataclass(frozen=True, slots=True)
class Keys:
    """A mapping with these keys, in this order; where it has none, `others` is the value of a free one.

    `is_filled`: the mapping has at least one key.
    """

    keys: tuple[Key, ...]
    others: "Shape"
    is_filled: bool = False


@dataclass(frozen=True, slots=True)
class Either:
    """A value of one of the options; without any, no value can be written out."""

    options: tuple["Shape", ...]


@dataclass(frozen=True, slots=True)
class AnyShape:
    """Any value, with lists and mappings so many levels deep, or as many as its place allows."""

    levels: int | None = None


Shape = TextShape | Formed | OneOf | Whole | Number | ItemsShape | Keys | Either | AnyShape

ANYTHING: Final = AnyShape()
NOTHING: Final = Either(())
BOOL: Final = OneOf(("true", "false"))
NULL: Final = OneOf(("null",))
SCALARS: Final[tuple[Shape, ...]] = (TextShape(), Number(), BOOL, NULL)
FREE: Final[tuple[Shape, ...]] = (*SCALARS, ItemsShape((), ANYTHING), Keys((), ANYTHING))
"""The shapes of all values; lists and mappings last."""
_BASIC: Final[dict[str, Shape]] = {
    "null": NULL,
    "bool": BOOL,
    "int": Whole(),
    "float": Number(),
    "str": TextShape(),
}


def either(found: Iterable[Shape]) -> Shape:
    """One of some shapes."""
    kept: dict[Shape, None] = {}
    for shape in found:
        kept.update(dict.fromkeys(shape.options if isinstance(shape, Either) else (shape,)))
    if ANYTHING in kept or kept.keys() >= set(FREE):
        return ANYTHING
    return next(iter(kept)) if len(kept) == 1 else Either(tuple(kept))


def shape_of_type(found: Type) -> Shape:
    """The shape of a type."""
    match found:
        case types.Basic("any"):
            return ANYTHING
        case types.Basic(name):
            return _BASIC[name]
        case types.WordsType(texts):
            return one_of(sorted(texts))
        case types.ListOfType(item):
            return ItemsShape((), shape_of_type(item))
        case types.Record(fields, rest):
            keys = tuple(Key(each.name, shape_of_type(each.type), each.required) for each in fields)
            return Keys(keys, NOTHING if rest is None else shape_of_type(rest))
        case types.Union(inside):
            return either(map(shape_of_type, inside))


def keys_in(shape: Shape) -> Iterator[tuple[str, ...]]:
    """The names of each mapping with known keys, the outer ones first."""
    if isinstance(shape, Keys):
        yield tuple(key.name for key in shape.keys)
    for inside in _inside(shape):
        yield from keys_in(inside)


def _inside(shape: Shape) -> Iterable[Shape]:
    """The shapes of which a shape is made."""
    match shape:
        case Keys(keys, others):
            return (*(key.shape for key in keys), others)
        case ItemsShape(first, rest):
            return (*first, rest)
        case Either(options):
            return options
        case _:
            return ()


def one_of(values: Iterable[Json]) -> Shape:
    """One of the values that a model's plan can write."""
    texts = dict.fromkeys(text for value in values for text in _spellings(value))
    kept = tuple(text for text in texts if _is_value(text))
    return OneOf(kept) if kept else NOTHING


def is_key(name: str) -> bool:
    """Whether a model's plan can write a key."""
    return _PLAIN.match(name) is not None or _is_value(f"{{{quoted(name)}: 1}}")


def _is_value(text: str) -> bool:
    """Whether a plan can write this: not `Infinity`, half a character, or too many digits or brackets."""
    if _CERTAIN.match(text):
        return True
    is_plain = text[0] == text[-1] == '"' and _PLAIN.match(text[1:-1]) is not None
    return is_plain or parse(f"f({text})", bounds=Bounds.MODEL, header=False).ok


def _spellings(value: Json) -> tuple[str, ...]:
    """The ways to write a value; a number without a fraction has two."""
    if isinstance(value, float) and abs(value) < _EXACT and value.is_integer():
        return f"{value:.0f}".replace("-0", "0"), _printed(value)
    return (_printed(value),)


def _printed(value: Json) -> str:
    """JSON data as a plan writes it, with every `$` in a text doubled."""
    match value:
        case str():
            return quoted(value.replace("$", "$$"))
        case list():
            return f"[{', '.join(map(_printed, value))}]"
        case dict():
            return f"{{{', '.join(f'{quoted(key)}: {_printed(item)}' for key, item in value.items())}}}"
        case _:
            return json.dumps(value)
