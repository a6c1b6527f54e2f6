"""Shapes: sets of values that a grammar can express."""

import json
import re
from collections.abc import Iterable, Iterator
from typing import Final

from llmc_compiler.expressions import types
from llmc_compiler.expressions.terms import Json
from llmc_compiler.expressions.types import Type
from llmc_grammar import parse
from llmc_grammar.bounds import Bounds
from llmc_grammar.frozen_data import frozen
from llmc_grammar.print import quoted

FORMATS: Final = {"date": (10, 10), "date-time": (20, 32), "time": (8, 21), "uuid": (36, 36)}
"""The formats of texts, with their least and most characters."""
_PLAIN: Final = re.compile(r"[A-Za-z0-9_ .:/-]{0,100}\Z")
"""A text without special characters, which a plan can certainly write."""
_CERTAIN: Final = re.compile(r"(?:null|true|false|-?[1-9][0-9]{0,17}|0)\Z")
"""A value that a plan can certainly write."""
_EXACT: Final = 10**15
"""The bound below which a float without a fraction is spelled both `2` and `2.0`."""


@frozen
class TextShape:
    """A text of so many characters; `most` is None if the general bound of texts applies."""

    least: int = 0
    most: int | None = None


@frozen
class Formed:
    """A text of a format in FORMATS."""

    format: str


@frozen
class OneOf:
    """One of several values, as the language prints them."""

    values: tuple[str, ...]


@frozen
class Whole:
    """An integer."""

    least: int | None = None
    most: int | None = None


@frozen
class Number:
    """An integer of the shape `whole`, unless that is None, or a number with a fraction between two bounds.

    `above` and `below` exclude the lower and the upper bound itself.
    """

    least: float | None = None
    most: float | None = None
    whole: Whole | None = Whole()
    above: bool = False
    below: bool = False


@frozen
class ItemsShape:
    """A list: its first items have separate shapes, all others share `rest`; `least` and `most` count all items."""

    first: tuple["Shape", ...]
    rest: "Shape"
    least: int = 0
    most: int | None = None


@frozen
class Key:
    """A key that a mapping has, or may have if it is not `required`."""

    name: str
    shape: "Shape"
    required: bool


@frozen
class Keys:
    """A mapping with these keys, in this order; without any, it may have one free key, whose value is `others`.

    `is_filled`: the mapping has at least one key.
    """

    keys: tuple[Key, ...]
    others: "Shape"
    is_filled: bool = False


@frozen
class Either:
    """A value of one of the options; without options, no value can be written out."""

    options: tuple["Shape", ...]


@frozen
class AnyShape:
    """Any value, with lists and mappings nested so many levels deep, or as deep as its place allows."""

    levels: int | None = None


Shape = TextShape | Formed | OneOf | Whole | Number | ItemsShape | Keys | Either | AnyShape

ANYTHING: Final = AnyShape()
NOTHING: Final = Either(())
BOOL: Final = OneOf(("true", "false"))
NULL: Final = OneOf(("null",))
SCALARS: Final[tuple[Shape, ...]] = (TextShape(), Number(), BOOL, NULL)
FREE: Final[tuple[Shape, ...]] = (*SCALARS, ItemsShape((), ANYTHING), Keys((), ANYTHING))
"""The shapes that together have all values; lists and mappings are last."""
_BASIC: Final[dict[str, Shape]] = {
    "null": NULL,
    "bool": BOOL,
    "int": Whole(),
    "float": Number(),
    "str": TextShape(),
}


def either(found: Iterable[Shape]) -> Shape:
    """Return the shape of values that have one of several shapes."""
    options: dict[Shape, None] = {}
    for shape in found:
        options.update(dict.fromkeys(shape.options if isinstance(shape, Either) else (shape,)))
    if ANYTHING in options or options.keys() >= set(FREE):
        return ANYTHING
    return next(iter(options)) if len(options) == 1 else Either(tuple(options))


def shape_of_type(found: Type) -> Shape:
    """Return the shape of a type."""
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
    """Yield the key names of each mapping in a shape, the outer ones first."""
    if isinstance(shape, Keys):
        yield tuple(key.name for key in shape.keys)
    for inside in _inside(shape):
        yield from keys_in(inside)


def _inside(shape: Shape) -> Iterable[Shape]:
    """Return the shapes directly inside a shape."""
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
    """Return the shape of some values, without those that a model's plan cannot write."""
    texts = dict.fromkeys(text for value in values for text in _spellings(value))
    kept = tuple(text for text in texts if _is_value(text))
    return OneOf(kept) if kept else NOTHING


def is_key(name: str) -> bool:
    """Whether a model's plan can write a key."""
    return _PLAIN.match(name) is not None or _is_value(f"{{{quoted(name)}: 1}}")


def _is_value(text: str) -> bool:
    """Whether a plan can write a value: not `Infinity`, a single surrogate, or too many digits or brackets."""
    if _CERTAIN.match(text):
        return True
    is_plain = text[0] == text[-1] == '"' and _PLAIN.match(text[1:-1]) is not None
    return is_plain or parse(f"f({text})", bounds=Bounds.MODEL, header=False).ok


def _spellings(value: Json) -> tuple[str, ...]:
    """Return the spellings of a value; a float without a fraction has two."""
    if isinstance(value, float) and abs(value) < _EXACT and value.is_integer():
        return f"{value:.0f}".replace("-0", "0"), _printed(value)
    return (_printed(value),)


def _printed(value: Json) -> str:
    """Return JSON data as a plan writes it, with every `$` in a text doubled."""
    match value:
        case str():
            return quoted(value.replace("$", "$$"))
        case list():
            return f"[{', '.join(map(_printed, value))}]"
        case dict():
            return f"{{{', '.join(f'{quoted(key)}: {_printed(item)}' for key, item in value.items())}}}"
        case _:
            return json.dumps(value)
