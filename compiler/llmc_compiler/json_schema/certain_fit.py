"""Checks that accept in microseconds the data that certainly fits a JSON schema.

    {"type": "integer", "minimum": 1}     3 fits; 3.0, which does too, is left to the validator, and so is 0

A schema is compiled to a table: for each type of JSON data that may fit, the test of its values, or None if all of them
fit. Keywords without a test here leave the values to the validator, so that a check is stricter than the validator and
never laxer. Each part of a value is visited once: of several options, or several schemas for one value, no more than
one has a test.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from graphlib import CycleError, TopologicalSorter
from math import inf, isfinite
from typing import Any, Final

from llmc_compiler.json_schema.schema_keywords import WORDLESS, is_number, listed, mapped
from llmc_compiler.json_schema.schema_validation import mappings_in
from llmc_grammar.portable import Portable

Fits = Callable[[Any], bool]

Table = dict[type, Fits | None]

_NAMES: Final[Mapping[str, tuple[type, ...]]] = {
    "null": (type(None),),
    "boolean": (bool,),
    "integer": (int,),
    "number": (int, float),
    "string": (str,),
    "array": (list,),
    "object": (dict,),
}
_TYPES: Final = (type(None), bool, int, float, str, list, dict)
_SCALARS: Final = frozenset({type(None), bool, int, float, str})

_DRAFTS: Final = ("2020-12/schema", "2019-09/schema", "draft-07/schema", "draft-06/schema", "draft-04/schema")
"""The drafts in which a keyword with a test either means the same or nothing."""
_TESTED: Final = frozenset(
    {
        *("type", "enum", "const", "$ref", "anyOf", "allOf", "minLength", "maxLength"),
        *("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "items", "minItems", "maxItems"),
        *("properties", "required", "additionalProperties", "minProperties", "maxProperties"),
    }
)
_LEADING: Final = frozenset({"$ref", "anyOf", "allOf"})
"""Keywords that lead to other schemas for the same value."""
_UNCHECKED: Final = (WORDLESS - {"$schema", "$id"}) | {
    *("$defs", "definitions", "nullable", "example", "format", "contentEncoding", "contentMediaType"),
}
"""Keywords that JSON Schema does not check either; null beside `nullable` is left to the validator."""
_MOST_SCHEMAS: Final = 1_000
"""Maximum number of schemas for one value; with more, the validator may refuse to go on."""
_REFERENCES: Final = frozenset({"$ref", "$dynamicRef", "$recursiveRef"})
_DEFINITION: Final = 3
"""The number of steps of a reference such as `#/$defs/Hit`."""


class _UncertainError(Portable, Exception):
    """A reference may end the check by the validator, whatever else fits."""


def certain_fit(schema: Mapping[str, Any]) -> Fits:
    """Return a check for a schema: True only for data of JSON's own types that the schema certainly allows."""
    table = _compiled(schema)

    def fits(value: object) -> bool:
        """Whether a value certainly fits."""
        try:
            return _passes(table, value)
        except RecursionError:
            return False

    return fits


def _compiled(schema: Mapping[str, Any]) -> Table:
    """Return the table of a whole schema."""
    root = dict(schema)
    draft = root.pop("$schema", _DRAFTS[0])
    if not isinstance(draft, str) or not draft.removesuffix("#").endswith(_DRAFTS):
        return {}
    compiler = _Compiler(root)
    try:
        table = compiler.table(root)
        is_short = _longest(compiler.leads) <= _MOST_SCHEMAS
    except (_UncertainError, CycleError, RecursionError):
        return {}
    return table if is_short else {}


def _longest(leads: Mapping[int, Sequence[int]]) -> int:
    """Return the most schemas that the validator may read for one value; raises CycleError if they never end."""
    counts: dict[int, int] = {}
    for key in TopologicalSorter(leads).static_order():
        counts[key] = 1 + sum(counts[other] for other in leads.get(key, ()))
    return max(counts.values(), default=1)


def _passes(table: Table, value: object) -> bool:
    """Whether a value passes the test of its type."""
    test = table.get(type(value), _never)
    return test is None or test(value)


def _never(_: object) -> bool:
    """Leave a value to the validator."""
    return False


class _Compiler:
    """Compiles a schema and those that it refers to, each once; `leads` has the schemas for the same value as each."""

    def __init__(self, root: Mapping[str, Any]) -> None:
        self._root = root
        self._tables: dict[int, Table] = {}
        self._unfinished: set[int] = set()
        self.leads: dict[int, list[int]] = {}

    def table(self, schema: object) -> Table:
        """Return the table of a schema for a part of a value, perhaps unfinished; raises _UncertainError."""
        key = id(schema)
        if key not in self._tables:
            table = self._tables[key] = {}
            self._unfinished.add(key)
            table.update(self._read(schema))
            self._unfinished.discard(key)
        return self._tables[key]

    def _same(self, schema: object, other: object) -> Table:
        """Return the table of another schema for the same value."""
        table = self.table(other)
        self.leads.setdefault(id(schema), []).append(id(other))
        if id(other) in self._unfinished:
            return dict.fromkeys(_TYPES, lambda value: _passes(table, value))
        return table

    def _read(self, schema: object) -> Table:
        """Compile a schema."""
        if schema is True:
            return _ANYTHING
        if not isinstance(schema, Mapping):
            return {}
        said = {word for word in schema.keys() - _UNCHECKED if not word.startswith("x-")}
        if unknown := said - _TESTED:
            inside = mappings_in([schema[word] for word in unknown])
            if any(_REFERENCES & words.keys() for words in (schema, *inside)):
                raise _UncertainError
            return {}
        tables = [] if said and said <= _LEADING else [self._own(schema)]
        if "$ref" in said:
            tables.append(self._same(schema, self._referred(schema["$ref"])))
        if "anyOf" in said:
            tables.append(_either([self._same(schema, option) for option in listed(schema, "anyOf")]))
        tables += [self._same(schema, other) for other in listed(schema, "allOf")]
        return _all(tables)

    def _referred(self, reference: object) -> object:
        """Return a definition, or the whole schema; raises _UncertainError for any other reference."""
        if reference == "#":
            return self._root
        steps = reference.split("/") if isinstance(reference, str) else []
        if len(steps) == _DEFINITION and steps[0] == "#" and steps[1] in {"$defs", "definitions"}:
            # `~` and `%` would have to be decoded.
            found = mapped(self._root, steps[1]).get(steps[2])
            if isinstance(found, Mapping) and "~" not in steps[2] and "%" not in steps[2]:
                return found
        raise _UncertainError

    def _own(self, schema: Mapping[str, Any]) -> Table:
        """Compile the keywords that say something about the value itself."""
        number = _range_test(schema)
        tests: Table = {int: number, float: number, str: _length_test(schema, "minLength", "maxLength")}
        kinds = set(_kinds(schema))
        if list in kinds:
            tests[list] = _list_test(self.table(schema.get("items", True)), schema)
        if dict in kinds:
            others = self.table(schema.get("additionalProperties", True))
            named = {name: self.table(each) for name, each in mapped(schema, "properties").items()}
            tests[dict] = _record_test(named, others, schema)
        table = {kind: tests.get(kind) for kind in kinds}
        if "enum" in schema:
            table = _all([table, _options(listed(schema, "enum"))])
        if "const" in schema:
            table = _all([table, _options([schema["const"]])])
        return table


def _list_test(items: Table, schema: Mapping[str, Any]) -> Fits:
    """Return the test of a list: its length, and its items by their table."""
    fits_length = _length_test(schema, "minItems", "maxItems")
    free = frozenset(kind for kind, test in items.items() if test is None)

    def fits(value: list[Any]) -> bool:
        """Whether a list certainly fits."""
        if fits_length is not None and not fits_length(value):
            return False
        if free.issuperset(map(type, value)):
            return True
        try:
            for item in value:
                test = items[type(item)]
                if test is not None and not test(item):
                    return False
        except KeyError:
            return False
        return True

    return fits


def _record_test(named: Mapping[str, Table], others: Table, schema: Mapping[str, Any]) -> Fits:
    """Return the test of a mapping: its size, its keys, and its values by the tables of their keys."""
    fits_size = _length_test(schema, "minProperties", "maxProperties")
    required = tuple(listed(schema, "required"))

    def fits(value: dict[Any, Any]) -> bool:
        """Whether a mapping certainly fits."""
        if fits_size is not None and not fits_size(value):
            return False
        for name in required:
            if name not in value:
                return False
        try:
            for name, part in value.items():
                if type(name) is not str:
                    return False
                test = named.get(name, others)[type(part)]
                if test is not None and not test(part):
                    return False
        except KeyError:
            return False
        return True

    return fits


def _kinds(schema: Mapping[str, Any]) -> Iterator[type]:
    """Yield the types that a schema allows; `1.0`, an integer for the validator, is left to it."""
    names = schema.get("type", list(_NAMES))
    for name in [names] if isinstance(names, str) else names:
        yield from _NAMES.get(name, ())


def _range_test(schema: Mapping[str, Any]) -> Fits | None:
    """Return the test of a number, or None if all numbers fit."""
    words = ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum")
    if not any(word in schema for word in words):
        return None
    least, most, above, below = map(schema.get, words, (-inf, inf, -inf, inf))
    if not all(is_number(schema.get(word, 0)) for word in words):
        return _never  # in draft 4 some of them are true or false
    if above == -inf and below == inf:
        return lambda value: least <= value <= most
    return lambda value: least <= value <= most and above < value < below


def _length_test(schema: Mapping[str, Any], least_word: str, most_word: str) -> Fits | None:
    """Return the test of a length, or None if all lengths fit."""
    if least_word not in schema and most_word not in schema:
        return None
    least, most = schema.get(least_word, 0), schema.get(most_word, inf)
    return lambda value: least <= len(value) <= most


def _options(options: Iterable[object]) -> Table:
    """Return the table of scalars that are one of several; `1` and `1.0` are two of them."""
    values: dict[type, set[object]] = {}
    for option in options:
        if type(option) in _SCALARS and (type(option) is not float or isfinite(option)):
            values.setdefault(type(option), set()).add(option)
    return {kind: frozenset(found).__contains__ for kind, found in values.items()}


def _either(tables: Iterable[Table]) -> Table:
    """Return the table of values that fit one of several; of the tests for a type, only the first is kept."""
    table: Table = {}
    for other in tables:
        for kind, test in other.items():
            if test is None or kind not in table:
                table[kind] = test
    return table


def _all(tables: Iterable[Table]) -> Table:
    """Return the table of values that fit all of several; values with two tests are left to the validator."""
    table: Table = dict.fromkeys(_TYPES)
    for other in tables:
        table = {
            kind: test or other[kind]
            for kind, test in table.items()
            if kind in other and (test is None or other[kind] is None)
        }
    return table


_ANYTHING: Final[Table] = dict.fromkeys(_SCALARS)
"""The table of all data of JSON's own types."""
_ANYTHING[list] = _list_test(_ANYTHING, {})
_ANYTHING[dict] = _record_test({}, _ANYTHING, {})
