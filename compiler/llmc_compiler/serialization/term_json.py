"""Terms as JSON data. Each is a mapping with a `kind` and these keys.

    const     value                        param          name, path
    get       node, path                   template       parts: texts and terms
    item      name, path                   list           items
    subscript value, key                   map            entries: each with key and value
    slice     value, start, stop           choice         condition, then, otherwise
    unary     op, operand                  apply          function, arguments: each with parameter and value
    binary    op, left, right              comprehension  element, clauses: each with name, source, condition

Each may have a `span`, its place in the plan's text.
"""

from collections.abc import Callable
from typing import Any, Final

from llmc_compiler.expressions.functions.table import FUNCTIONS
from llmc_compiler.expressions.operators import OPERATORS
from llmc_compiler.expressions.terms import (
    Apply,
    Binary,
    Choice,
    Clause,
    Comprehension,
    Const,
    Get,
    Item,
    ListOf,
    MapOf,
    NodeId,
    Param,
    Path,
    Slice,
    Subscript,
    Template,
    Term,
    Unary,
)
from llmc_compiler.serialization.json_reader import JsonPlace
from llmc_grammar.ast import NOWHERE
from llmc_grammar.bounds import Bounds
from llmc_grammar.source import TEXT, Span

UNARY: Final = ("not", "-")
BINARY: Final = ("and", "or", *OPERATORS)

PLACE: Final = ("span", "file")
"""The keys of a place, which may be left out."""

_MOST_FILES: Final = 10_000


def term_form(term: Term) -> dict[str, Any]:
    """Return a term as JSON data."""
    return {**_form(term), **span_form(term.span)}


def span_form(span: Span) -> dict[str, Any]:
    """Return the entries for a span: none if it is unknown, and the number of its file if that is another plan's."""
    number = span.start // TEXT
    entries: dict[str, Any] = {} if span == NOWHERE else {"span": list(span.moved(-number * TEXT))}
    return entries | {"file": number} if number else entries


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
        case Subscript(value, key):
            return {"kind": "subscript", "value": term_form(value), "key": term_form(key)}
        case Slice(value, start, stop):
            return {
                "kind": "slice",
                "value": term_form(value),
                "start": optional_form(start),
                "stop": optional_form(stop),
            }
        case Apply(function, arguments):
            given = [{"parameter": name, "value": term_form(value)} for name, value in arguments]
            return {"kind": "apply", "function": function, "arguments": given}
        case Comprehension(element, clauses):
            return {"kind": "comprehension", "element": term_form(element), "clauses": list(map(_clause_form, clauses))}
        case Unary(op, operand):
            return {"kind": "unary", "op": op, "operand": term_form(operand)}
        case Binary(op, left, right):
            return {"kind": "binary", "op": op, "left": term_form(left), "right": term_form(right)}
        case Choice(condition, then, otherwise):
            branches = {"then": term_form(then), "otherwise": term_form(otherwise)}
            return {"kind": "choice", "condition": term_form(condition), **branches}


def optional_form(term: Term | None) -> dict[str, Any] | None:
    """Return a term as JSON data, or None."""
    return None if term is None else term_form(term)


def _clause_form(clause: Clause) -> dict[str, Any]:
    """Return a clause of a comprehension as JSON data."""
    return {"name": clause.name, "source": term_form(clause.source), "condition": optional_form(clause.condition)}


def read_term(place: JsonPlace) -> Term:
    """Read a term; raises FormError."""
    written = place.value if isinstance(place.value, dict) else {}
    kind = written.get("kind")
    reader = _READERS.get(kind) if isinstance(kind, str) else None
    if reader is None:
        raise place.wrong(f"a term whose `kind` is one of {', '.join(_READERS)},")
    keys, read = _UNNAMED if kind == "item" and "name" not in written else reader
    fields = place.fields(("kind", *keys), PLACE)
    span = read_span(fields)
    return read(*(fields[key] for key in keys), span)


def read_span(fields: dict[str, JsonPlace]) -> Span:
    """Read a span, if there is one; raises Malformed."""
    if "span" not in fields:
        return NOWHERE
    number = fields["file"].count() if "file" in fields else 0
    if number > _MOST_FILES:
        raise fields["file"].wrong(f"the number of a file, at most {_MOST_FILES},")
    return fields["span"].span().moved(number * TEXT)


def _const(value: JsonPlace, span: Span) -> Term:
    return Const(value.json(), span)


def _get(node: JsonPlace, path: JsonPlace, span: Span) -> Term:
    return Get(NodeId(node.text()), _path(path), span)


def _item(name: JsonPlace, path: JsonPlace, span: Span) -> Term:
    return Item(name.text(), _path(path), span)


def _unnamed_item(path: JsonPlace, span: Span) -> Term:
    return Item("", _path(path), span)


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


def _subscript(value: JsonPlace, key: JsonPlace, span: Span) -> Term:
    return Subscript(read_term(value), read_term(key), span)


def _slice(value: JsonPlace, start: JsonPlace, stop: JsonPlace, span: Span) -> Term:
    if start.value is None and stop.value is None:
        raise start.wrong("a term, if `stop` is null,")
    return Slice(read_term(value), read_optional(start), read_optional(stop), span)


def read_optional(place: JsonPlace) -> Term | None:
    """Read a term, or null as None."""
    return None if place.value is None else read_term(place)


def _apply(function: JsonPlace, arguments: JsonPlace, span: Span) -> Term:
    """Read a call of a standard function; its arguments must fit its parameters."""
    called = FUNCTIONS.get(function.text())
    if called is None:
        raise function.wrong("the name of a standard function")
    pairs = [pair.fields(("parameter", "value")) for pair in arguments.items()]
    names = [None if pair["parameter"].value is None else pair["parameter"].text() for pair in pairs]
    if not called.accepts(names):
        raise arguments.wrong(f"the arguments of `{called.signature}`")
    values = [read_term(pair["value"]) for pair in pairs]
    return Apply(called.name, tuple(zip(names, values, strict=True)), span)


def _comprehension(element: JsonPlace, clauses: JsonPlace, span: Span) -> Term:
    read = tuple([_clause(clause) for clause in clauses.items()])
    if not read or len({clause.name for clause in read}) < len(read):
        raise clauses.wrong("a list of clauses whose names are all different")
    return Comprehension(read_term(element), read, span)


def _clause(place: JsonPlace) -> Clause:
    fields = place.fields(("name", "source", "condition"))
    return Clause(fields["name"].text(), read_term(fields["source"]), read_optional(fields["condition"]))


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
    "subscript": (("value", "key"), _subscript),
    "slice": (("value", "start", "stop"), _slice),
    "apply": (("function", "arguments"), _apply),
    "comprehension": (("element", "clauses"), _comprehension),
    "unary": (("op", "operand"), _unary),
    "binary": (("op", "left", "right"), _binary),
    "choice": (("condition", "then", "otherwise"), _choice),
}

_UNNAMED: Final[tuple[tuple[str, ...], Callable[..., Term]]] = (("path",), _unnamed_item)
"""How version 2 wrote an element: there was one loop around it at most."""
