"""Types of inputs: checks whether a value fits, and reads a text as a value of the type."""

import json
from collections import Counter
from math import isfinite
from typing import NoReturn

from llmc_compiler.expressions.terms import Json
from llmc_grammar import ast

_NAMES: dict[type, str] = {str: "str", int: "int", float: "float", bool: "bool", list: "list", dict: "dict"}


def fits(value: Json, wanted: ast.Type) -> bool:
    """Whether a value is of a type; an integer is also a `float`, and `true` is not a number."""
    if wanted.name == "any" or (value is None and wanted.optional):
        return True
    found = _NAMES.get(type(value))
    if found != wanted.name and (found, wanted.name) != ("int", "float"):
        return False
    inside = value if isinstance(value, list) else value.values() if isinstance(value, dict) else ()
    return wanted.of is None or all(fits(item, wanted.of) for item in inside)


def misfit(value: Json, wanted: ast.Type) -> str:
    """Explain why a value is not of a type, without showing the value."""
    found = "null" if value is None else describe(type_of(value))
    if found.partition("[")[0] == wanted.name:
        return f"its elements are not all `{describe(wanted.of or ast.Type('any'))}`"
    return f"this is {found}, not {describe(wanted)}"


def type_of(value: Json) -> ast.Type:
    """Infer the type of an input from its default; containers hold anything, and null is of type `any`."""
    name = _NAMES.get(type(value), "any")
    return ast.Type(name, ast.Type("any") if name in {"list", "dict"} else None)


def describe(found: ast.Type) -> str:
    """Return the type as written."""
    inside = {"list": "list[{}]", "dict": "dict[str, {}]"}.get(found.name, found.name)
    written = inside.format(describe(found.of)) if found.of is not None else found.name
    return f"{written}?" if found.optional else written


def read_text(text: str, wanted: ast.Type) -> Json:
    """Read a text as a value of a type: verbatim for `str`, as JSON otherwise; raises ValueError."""
    if wanted.name == "str" and not (wanted.optional and text == "null"):
        return text
    try:
        value = read_json(text)
    except (ValueError, RecursionError) as error:
        message = f"{text!r} is not JSON, which `{describe(wanted)}` requires"
        raise ValueError(message) from error
    if not fits(value, wanted):
        message = f"{text} is not of type `{describe(wanted)}`"
        raise ValueError(message)
    return value


def read_json(text: str) -> Json:
    """Parse JSON data; raises ValueError, also for infinity and NaN, and RecursionError."""
    value: Json = json.loads(text, parse_constant=_refuse, parse_float=_finite)
    return value


def repeated_names(text: str) -> list[str]:
    """List the names that a JSON object has more than once, without its nested objects; raises as `read_json` does."""
    data = json.loads(text, object_pairs_hook=_Pairs)
    counts = Counter(name for name, _ in data) if isinstance(data, _Pairs) else {}
    return [name for name, count in counts.items() if count > 1]


class _Pairs(list[tuple[str, object]]):
    """The names and values of a JSON object."""


def _refuse(constant: str) -> NoReturn:
    """Refuse NaN and infinity."""
    raise ValueError(constant)


def _finite(digits: str) -> float:
    """Refuse a number that is too large for a float."""
    return found if isfinite(found := float(digits)) else _refuse(digits)


def literal(expr: ast.Expr) -> Json:
    """Return the value of an expression that consists of literals only."""
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
            message = f"{type(expr).__name__} is not a literal"
            raise TypeError(message)
