"""Types of inputs as they are written: whether a value fits one, and how a text is read as one."""

import json
from collections import Counter
from math import isfinite
from typing import NoReturn

from llmc_compiler.expressions.terms import Json
from llmc_grammar import ast

_NAMES: dict[type, str] = {str: "str", int: "int", float: "float", bool: "bool", list: "list", dict: "dict"}


def fits(value: Json, wanted: ast.Type) -> bool:
    """Whether a value is of a type; an integer is a `float` too, `true` is no number."""
    if wanted.name == "any" or (value is None and wanted.optional):
        return True
    found = _NAMES.get(type(value))
    if found != wanted.name and (found, wanted.name) != ("int", "float"):
        return False
    inside = value if isinstance(value, list) else value.values() if isinstance(value, dict) else ()
    return wanted.of is None or all(fits(item, wanted.of) for item in inside)


def type_of(value: Json) -> ast.Type:
    """The type that an input has by its default: containers hold anything, null is anything."""
    name = _NAMES.get(type(value), "any")
    return ast.Type(name, ast.Type("any") if name in {"list", "dict"} else None)


def describe(found: ast.Type) -> str:
    """The type as it is written."""
    inside = {"list": "list[{}]", "dict": "dict[str, {}]"}.get(found.name, found.name)
    written = inside.format(describe(found.of)) if found.of is not None else found.name
    return f"{written}?" if found.optional else written


def read_text(text: str, wanted: ast.Type) -> Json:
    """A text as a value of a type: as it is for `str`, as JSON for every other; raises ValueError."""
    if wanted.name == "str" and not (wanted.optional and text == "null"):
        return text
    try:
        value = read_json(text)
    except (ValueError, RecursionError) as error:
        message = f"{text!r} is not JSON, as `{describe(wanted)}` wants it"
        raise ValueError(message) from error
    if not fits(value, wanted):
        message = f"{text} is no `{describe(wanted)}`"
        raise ValueError(message)
    return value


def read_json(text: str) -> Json:
    """A text as JSON data; raises ValueError and RecursionError, also for what is no finite number."""
    value: Json = json.loads(text, parse_constant=_refuse, parse_float=_finite)
    return value


def repeated_names(text: str) -> list[str]:
    """The names that a JSON object has several times, not those inside of its values; raises as `read_json` does."""
    found = json.loads(text, object_pairs_hook=_Pairs)
    counts = Counter(name for name, _ in found) if isinstance(found, _Pairs) else {}
    return [name for name, count in counts.items() if count > 1]


class _Pairs(list[tuple[str, object]]):
    """The names and values of a JSON object."""


def _refuse(constant: str) -> NoReturn:
    """Refuse NaN and infinity."""
    raise ValueError(constant)


def _finite(digits: str) -> float:
    """Refuse what is too large for a number."""
    return found if isfinite(found := float(digits)) else _refuse(digits)


def literal(expr: ast.Expr) -> Json:
    """The value of an expression made of literals alone."""
    match expr:
        case ast.Literal(value):
            return value
        case ast.Text(parts):
            return "".join(part if isinstance(part, str) else part.raw for part in parts)
        case ast.List(items):
            return [literal(item) for item in items]
        case ast.Map(entries):
            return {key: literal(value) for key, value in entries}
        case ast.Unary("-", ast.Literal(value)) if isinstance(value, (int, float)):
            return -value
        case _:
            message = f"{type(expr).__name__} is no literal"
            raise TypeError(message)
