"""Terms as JSON data. Each is a mapping with a `kind` and these keys.

    const     value                        param     name, path
    get       node, path                   template  parts: texts and terms
    item      path                         list      items
    unary     op, operand                  map       entries: each with key and value
    binary    op, left, right              choice    condition, then, otherwise

Each may have a `span`, its place in the plan's text.
"""

from collections.abc import Callable
from typing import Any, Final

from llmc_compiler.expressions.operators import OPERATORS
from llmc_compiler.expressions.terms import (
    Binary,
    Choice,
    Const,
    Get,
    Item,
    ListOf,
    MapOf,
    NodeId,
    Param,
    Path,
    Template,
    Term,
    Unary,
)
from llmc_compiler.serialization.json_reader import JsonPlace
from llmc_grammar.ast import NOWHERE
from llmc_grammar.bounds import Bounds
from llmc_grammar.source import Span

UNARY: Final = ("not", "-")
BINARY: Final = ("and", "or", *OPERATORS)


def term_form(term: Term) -> dict[str, Any]:
    """Return a term as JSON data."""
    return {**_form(term), **span_form(term.span)}


def span_form(span: Span) -> dict[str, Any]:
    """Return the entry for a span, or an empty mapping if it is unknown."""
    return {} if span == NOWHERE else {"span": list(span)}


def _form(term: Term) -> dict[str, Any]:
    """Return a term as JSON data, without its span."""
    match term:
        case Const(value):
            return {"kind": "const", "value": value}
        case Get(node, path):
            return {"kind": "get", "node": node, "path": list(path)}
        case Item(name, path):
            return {"kind": "item", "name": name, "path": list(path)}
        case Param(name, path):
            return {"kind": "param", "name": name, "path": list(path)}
        case Template(parts):
            return {"kind": "template", "parts": [part if isinstance(part, str) else term_form(part) for part in parts]}
        case ListOf(items):
            return {"kind": "list", "items": [term_form(item) for item in items]}
        case MapOf(entries):
            return {"kind": "map", "entries": [{"key": key, "value": term_form(value)} for key, value in entries]}
        case Unary(op, operand):
            return {"kind": "unary", "op": op, "operand": term_form(operand)}
        case Binary(op, left, right):
            return {"kind": "binary", "op": op, "left": term_form(left), "right": term_form(right)}
        case Choice(condition, then, otherwise):
            branches = {"then": term_form(then), "otherwise": term_form(otherwise)}
            return {"kind": "choice", "condition": term_form(condition), **branches}


def read_term(place: JsonPlace) -> Term:
    """Read a term; raises FormError."""
    kind = place.value.get("kind") if isinstance(place.value, dict) else None
    reader = _READERS.get(kind) if isinstance(kind, str) else None
    if reader is None:
        raise place.wrong(f"a term whose `kind` is one of {', '.join(_READERS)},")
    keys, read = reader
    fields = place.fields(("kind", *keys), ("span",))
    span = read_span(fields)
    return read(*(fields[key] for key in keys), span)


def read_span(fields: dict[str, JsonPlace]) -> Span:
    """Read a span, if there is one."""
    return fields["span"].span() if "span" in fields else NOWHERE


def _const(value: JsonPlace, span: Span) -> Term:
    return Const(value.json(), span)


def _get(node: JsonPlace, path: JsonPlace, span: Span) -> Term:
    return Get(NodeId(node.text()), _path(path), span)


def _item(name: JsonPlace, path: JsonPlace, span: Span) -> Term:
    return Item(name.text(), _path(path), span)


def _param(name: JsonPlace, path: JsonPlace, span: Span) -> Term:
    return Param(name.text(), _path(path), span)


def _path(place: JsonPlace) -> Path:
    """Read a path into a value."""
    steps = tuple(_step(step) for step in place.items())
    if len(steps) > Bounds.FILE.steps:
        raise place.wrong(f"a list of at most {Bounds.FILE.steps} steps")
    return steps


def _step(place: JsonPlace) -> str | int:
    """Read a key or an index."""
    return place.integer() if type(place.value) is int else place.text()


def _template(parts: JsonPlace, span: Span) -> Term:
    return Template(
        tuple(part.text() if isinstance(part.value, str) else read_term(part) for part in parts.items()), span
    )


def _list(items: JsonPlace, span: Span) -> Term:
    return ListOf(tuple([read_term(item) for item in items.items()]), span)


def _map(entries: JsonPlace, span: Span) -> Term:
    pairs = [entry.fields(("key", "value")) for entry in entries.items()]
    terms = {pair["key"].text(): read_term(pair["value"]) for pair in pairs}
    if len(terms) < len(pairs):
        raise entries.wrong("a list of entries whose keys are all different")
    return MapOf(tuple(terms.items()), span)


def _unary(op: JsonPlace, operand: JsonPlace, span: Span) -> Term:
    return Unary(_operator(op, UNARY), read_term(operand), span)


def _binary(op: JsonPlace, left: JsonPlace, right: JsonPlace, span: Span) -> Term:
    return Binary(_operator(op, BINARY), read_term(left), read_term(right), span)


def _choice(condition: JsonPlace, then: JsonPlace, otherwise: JsonPlace, span: Span) -> Term:
    return Choice(read_term(condition), read_term(then), read_term(otherwise), span)


def _operator(place: JsonPlace, operators: tuple[str, ...]) -> str:
    """Read an operator."""
    if (sign := place.text()) not in operators:
        raise place.wrong(f"one of {' '.join(operators)}")
    return sign


_READERS: Final[dict[str, tuple[tuple[str, ...], Callable[..., Term]]]] = {
    "const": (("value",), _const),
    "get": (("node", "path"), _get),
    "item": (("name", "path"), _item),
    "param": (("name", "path"), _param),
    "template": (("parts",), _template),
    "list": (("items",), _list),
    "map": (("entries",), _map),
    "unary": (("op", "operand"), _unary),
    "binary": (("op", "left", "right"), _binary),
    "choice": (("condition", "then", "otherwise"), _choice),
}
