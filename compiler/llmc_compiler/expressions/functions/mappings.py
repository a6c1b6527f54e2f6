"""Standard functions on mappings, and on JSON as text."""

import json
import math
from json import JSONDecodeError
from typing import Final, NoReturn

from llmc_compiler.expressions.compact_json import compact, length_as_json
from llmc_compiler.expressions.functions.lists import few
from llmc_compiler.expressions.operators import (
    INTEGER_BITS,
    LIST_ITEMS,
    TEXT_BYTES,
    VALUE_DEPTH,
    OperandError,
    bounded,
    kind,
    spend,
    too_long,
    too_much,
    utf8_bytes,
)
from llmc_compiler.expressions.terms import Json
from llmc_grammar.lazy_pattern import lazy_pattern

MOST_INDENT: Final = 16
"""The most blanks by which `to_json` indents a level."""

_WRITTEN: Final = 6
"""Characters of JSON that are read or written in the time of one part."""
_INDENTED: Final = 2
"""The same where lines are indented, which Python does without C."""
_INTEGER_DIGITS: Final = len(str(2 ** (INTEGER_BITS - 1))) + 1
_HALF: Final = lazy_pattern("[\ud800-\udfff]")


def get(d: dict[str, Json] | list[Json], key: str | int, default: Json) -> Json:
    """Return the value of a key or the element at an index, else the default; raises OperandError."""
    if isinstance(d, dict) and isinstance(key, str):
        return d.get(key, default)
    if isinstance(d, list) and isinstance(key, int):
        return d[key] if -len(d) <= key < len(d) else default
    if isinstance(d, dict):
        raise OperandError(f"`get` reads a mapping by a text, not by {kind(key)}: make it a text, `str($x)`")
    raise OperandError(f"`get` reads a list by an integer, not by {kind(key)}: take an element first, `$x[0]`")


def keys(d: dict[str, Json]) -> Json:
    """Return the keys; raises OperandError."""
    few("keys", len(d))
    return list(d)


def values(d: dict[str, Json]) -> Json:
    """Return the values; raises OperandError."""
    few("values", len(d))
    return list(d.values())


def items(d: dict[str, Json]) -> Json:
    """Return a list of the key and the value for each entry; raises OperandError."""
    few("items", len(d))
    return bounded([[key, value] for key, value in d.items()])


def merged(*mappings: dict[str, Json]) -> Json:
    """Return a mapping with the entries of all; of equal keys the last value counts; raises OperandError."""
    result: dict[str, Json] = {}
    for each in mappings:
        spend(len(each))
        if len(result) + sum(key not in result for key in each) > LIST_ITEMS:
            raise too_much("merge")
        result.update(each)
    return bounded(result)


def pairs(xs: list[Json]) -> Json:
    """Return the mapping of lists of a key and a value; of equal keys the last value counts; raises OperandError."""
    few("pairs", len(xs))
    result: dict[str, Json] = {}
    for index, each in enumerate(xs):
        match each:
            case [str(key), value]:
                result[key] = value
            case [_, _]:
                raise OperandError(
                    f"`pairs` takes texts as keys, and the key of element {index} is {kind(each[0])}: "
                    "make it a text, `str($x)`"
                )
            case _:
                raise OperandError(
                    f"`pairs` takes lists of a key and a value, and element {index} is not one: write `[$key, $value]`"
                )
    return result


def parse_json(s: str) -> Json:
    """Return the value that a JSON text writes; of equal keys the last value counts; raises OperandError."""
    if utf8_bytes(s) > TEXT_BYTES:
        raise OperandError(f"`parse_json` reads texts of up to {TEXT_BYTES:,} bytes: give a part of the text")
    spend(len(s) // _WRITTEN + sum(map(s.count, ",[{")))
    try:
        value: Json = json.loads(s, parse_int=_integer, parse_float=_float, parse_constant=_constant)
    except JSONDecodeError as error:
        place = f"line {error.lineno}, column {error.colno}"
        raise OperandError(
            f"`parse_json` reads JSON, and the text is not JSON at {place}: "
            "remove everything around one JSON value, and write texts in double quotes"
        ) from None
    except RecursionError:
        raise OperandError(f"the value is nested more than {VALUE_DEPTH} deep: make it flatter") from None
    bounded(value)
    if isinstance(value, (list, dict)) and len(value) > LIST_ITEMS:
        raise too_much("parse_json")
    if "\\" in s and _HALF.search(compact(value)):
        raise OperandError("`parse_json` reads no half of a surrogate pair: write both halves, or leave it out")
    return value


def _integer(digits: str) -> int:
    if len(digits) > _INTEGER_DIGITS + 1 or (number := int(digits)).bit_length() > INTEGER_BITS:
        raise too_long("parse_json")
    return number


def _float(digits: str) -> float:
    if not math.isfinite(number := float(digits)):
        raise OperandError("a number in the text is too large for `parse_json`: write it as a text")
    return number


def _constant(name: str) -> NoReturn:
    raise OperandError(f"`parse_json` reads JSON, and `{name}` is not JSON: write `null` in its place")


def to_json(x: Json, indent: int | None) -> Json:
    """Return the value as JSON text, compact or indented; raises OperandError."""
    if indent is None:
        written, parts = length_as_json(x, TEXT_BYTES), _WRITTEN
    elif 0 <= indent <= MOST_INDENT:
        written, parts = length_as_json(x, TEXT_BYTES) + _length_added(x, indent), _INDENTED
    else:
        raise OperandError(f"`indent` of `to_json` is from 0 to {MOST_INDENT}: write `indent=2`")
    spend(written // parts)
    if written > TEXT_BYTES:
        raise too_much("to_json")
    text = compact(x) if indent is None else json.dumps(x, ensure_ascii=False, allow_nan=False, indent=indent)
    if utf8_bytes(text) > TEXT_BYTES:
        raise too_much("to_json")
    return text


def _length_added(value: Json, indent: int) -> int:
    """Return how many characters indenting adds to compact JSON."""
    added, level, depth = 0, [value], 1
    while level:
        below: list[Json] = []
        for each in level:
            if isinstance(each, (list, dict)) and each:
                added += len(each) * (1 + indent * depth) + 1 + indent * (depth - 1)
                added += len(each) if isinstance(each, dict) else 0
                below += each if isinstance(each, list) else each.values()
        spend(len(below))
        level, depth = below, depth + 1
    return added
