"""Defaults of a JSON schema, filled in to decide whether two calls are the same.

The tool itself gets the arguments as written. Where a schema leaves open which default applies, none is filled in and
the filling is not certain: alternatives with different defaults, references that lead nowhere, recursive defaults.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from jsonschema.protocols import Validator
from referencing import Resource, Specification
from referencing.exceptions import Unresolvable
from referencing.jsonschema import DRAFT202012, specification_with

from llmc_compiler.expressions.terms import Json
from llmc_compiler.expressions.value_identity import json_form
from llmc_compiler.json_schema.schema_keywords import listed
from llmc_compiler.json_schema.schema_validation import CheckTooLongError, checking, fits, matches, parts_of
from llmc_grammar.frozen_data import frozen

if TYPE_CHECKING:
    from referencing._core import Resolver

_MOST: Final = 10_000
"""Maximum number of values that are filled in: defaults may have defaults."""

_MOST_CHOICES: Final = 100
"""Maximum number of comparisons of alternatives: they may have alternatives."""

_MOST_EACH: Final = 10
"""How much each value in the arguments adds to both limits."""

_DEEPEST: Final = 40
"""Maximum number of references that are followed to a default."""

_DEEPEST_VALUE: Final = 80
"""Maximum nesting depth of values that are filled in."""

_REFERENCES: Final = ("$ref", "$dynamicRef", "$recursiveRef")

NO_DEFAULT: Final = object()

_ANYTHING: Final[Mapping[str, Any]] = {}
"""The schema `true`."""


@frozen
class _Part:
    """A schema, and the resolver of its references."""

    schema: Mapping[str, Any]
    resolver: "Resolver[Any]"

    @property
    def key(self) -> int:
        """The identity of the schema: references may go in circles."""
        return id(self.schema)


@dataclass(slots=True)
class Filling:
    """Fills in the defaults of a validator's schema; `is_certain` if the schema left none of them open."""

    validator: Validator
    is_certain: bool = True
    left: int = _MOST
    choices: int = _MOST_CHOICES
    depth: int = 0
    open: set[int] = field(default_factory=set)

    def filled(self, value: Json) -> Json:
        """Return the value with the defaults of the schema, at any depth."""
        extra = _MOST_EACH * parts_of(value)
        self.left, self.choices, self.depth = _MOST + extra, _MOST_CHOICES + extra, 0
        try:
            with checking(value):
                return self._filled(self._top(), value)
        except (RecursionError, CheckTooLongError):
            self.is_certain = False
            return value

    def default_of(self, schema: object) -> Any:  # noqa: ANN401 — JSON data, or NO_DEFAULT
        """Return the default of a part of the schema."""
        try:
            return self._one(self._defaults(self._inside(self._top(), schema)))
        except RecursionError:
            self.is_certain = False
            return NO_DEFAULT

    def _top(self) -> _Part:
        """Return the whole schema as a part."""
        schema = self.validator.schema
        part = schema if isinstance(schema, Mapping) else _ANYTHING
        resolver: Resolver[Any] = self.validator._resolver  # type: ignore[attr-defined]  # noqa: SLF001 — as in `_fits`
        return _Part(part, resolver)

    def _resource(self, schema: Any) -> Resource[Any]:  # noqa: ANN401 — a schema of any draft
        """Return a schema as a resource of this draft, which may have its own address."""
        draft: Specification[Any] = specification_with(self.validator.META_SCHEMA["$schema"], default=DRAFT202012)
        return draft.create_resource(schema)

    def _inside(self, part: _Part, *schemas: object) -> Iterator[_Part]:
        """Yield the subschemas of a schema, except for those that allow nothing."""
        for schema in schemas:
            subschema = _ANYTHING if schema is True else schema
            if isinstance(subschema, Mapping):
                is_base = not {"$id", "id"}.isdisjoint(subschema)
                resolver = part.resolver.in_subresource(self._resource(subschema)) if is_base else part.resolver
                yield _Part(subschema, resolver)

    def _referred(self, part: _Part) -> Iterator[_Part]:
        """Yield the schemas that a schema refers to."""
        for word in _REFERENCES:
            if isinstance(reference := part.schema.get(word), str):
                try:
                    target = part.resolver.lookup(reference)
                except (Unresolvable, ValueError):
                    self.is_certain = False
                else:
                    yield from self._inside(_Part({}, target.resolver), target.contents)

    def _fits(self, part: _Part, value: Json) -> bool:
        """Whether a value certainly fits a schema."""
        try:
            is_fitting = fits(self.validator.evolve(schema=part.schema, _resolver=part.resolver), value)
        except (Unresolvable, RecursionError):
            is_fitting = None
        self.is_certain = self.is_certain and is_fitting is not None
        return bool(is_fitting)

    def _filled(self, part: _Part, value: Json) -> Json:
        """Return the value with the defaults of a schema, and with the defaults in these; raises RecursionError."""
        if not isinstance(value, (list, dict)):
            return value
        self.depth += 1
        # Stop before Python's own limit, at which native code may end the process.
        if self.depth > _DEEPEST_VALUE:
            raise RecursionError
        completed = self._completed(part, value)
        self.depth -= 1
        return completed

    def _completed(self, part: _Part, value: list[Json] | dict[str, Json]) -> Json:
        """Return a list or mapping with the defaults of a schema."""
        self.left -= 1
        if self.left <= 0:
            self.is_certain = False
            return value
        if isinstance(value, list):
            parts = list(self._applied(part, value))
            return [self._below(self._of_index(parts, index), each) for index, each in enumerate(value)]
        while isinstance(value, dict):
            before, value = len(value), self._mapping(list(self._applied(part, value)), value)
            if len(value) == before:
                break
        return value

    def _below(self, parts: Iterable[_Part], value: Json) -> Json:
        """Return a value with the defaults of several schemas."""
        for part in parts:
            value = self._filled(part, value)
        return value

    def _applied(self, part: _Part, value: Json) -> Iterator[_Part]:
        """Yield the schemas that apply to a value, each once."""
        seen: set[int] = set()
        waiting = [part]
        while waiting:
            current = waiting.pop()
            if current.key not in seen:
                seen.add(current.key)
                yield current
                waiting += self._referred(current)
                waiting += self._inside(current, *listed(current.schema, "allOf"))
                waiting += self._conditional(current, value)
                for word in ("anyOf", "oneOf"):
                    waiting += self._chosen(self._inside(current, *listed(current.schema, word)), value)

    def _conditional(self, part: _Part, value: Json) -> Iterator[_Part]:
        """Yield the schemas whose conditions the value meets."""
        schema = part.schema
        if "if" in schema:
            holds = (
                all(self._fits(each, value) for each in self._inside(part, schema["if"])) and schema["if"] is not False
            )
            yield from self._inside(part, *((schema["if"], schema.get("then")) if holds else (schema.get("else"),)))
        for word in ("dependentSchemas", "dependencies"):
            named = part.schema.get(word)
            for name, schema in named.items() if isinstance(named, Mapping) else ():
                if isinstance(value, dict) and name in value:
                    yield from self._inside(part, schema)

    def _chosen(self, options: Iterable[_Part], value: Json) -> list[_Part]:
        """Return the first alternative that fits a value, or none if another one fills in something else."""
        given = list(options)
        if given and self.choices <= 0:
            self.is_certain = False
            return []
        fitting = [option for option in given if self._fits(option, value)]
        if len(fitting) > 1:
            self.choices -= 1
            results = {json_form(self._filled(option, value)) for option in fitting}
            if len(results) > 1:
                self.is_certain = False
                return []
        return fitting[:1]

    def _mapping(self, parts: list[_Part], value: dict[str, Json]) -> dict[str, Json]:
        """Return a mapping with the defaults of its keys."""
        result = {name: self._below(self._of_key(parts, name), each) for name, each in value.items()}
        named = dict.fromkeys(name for part in parts for name in part.schema.get("properties", {}))
        for name in named:
            inside = list(self._of_key(parts, name)) if name not in result else []
            default = self._one(self._defaults(inside))
            if default is not NO_DEFAULT:
                result[name] = self._invented(inside, default)
        return result

    def _defaults(self, parts: Iterable[_Part], depth: int = 0) -> Iterator[Json]:
        """Yield the defaults of schemas, their own or those of the schemas that they refer to or include."""
        for part in parts:
            self.left -= 1
            if self.left <= 0:
                self.is_certain = False
            elif "default" in part.schema:
                yield part.schema["default"]
            elif depth < _DEEPEST:
                yield from self._defaults(self._referred(part), depth + 1)
                yield from self._defaults(self._inside(part, *listed(part.schema, "allOf")), depth + 1)

    def _one(self, defaults: Iterable[Json]) -> Any:  # noqa: ANN401 — JSON data, or NO_DEFAULT
        """Return the default if all those given are equal."""
        by_form = {json_form(default): default for default in defaults}
        if len(by_form) > 1:
            self.is_certain = False
        return next(iter(by_form.values())) if len(by_form) == 1 else NO_DEFAULT

    def _invented(self, parts: list[_Part], default: Json) -> Json:
        """Return a default with the defaults inside it, unless it is inside itself."""
        keys = {part.key for part in parts}
        if keys & self.open:
            self.is_certain = False
            return default
        self.open |= keys
        result = self._below(parts, default)
        self.open -= keys
        return result

    def _of_key(self, parts: list[_Part], name: str) -> Iterator[_Part]:
        """Yield the schemas of the value at a key."""
        is_evaluated = False
        for part in parts:
            schema = part.schema
            own = [schema["properties"][name]] if name in schema.get("properties", {}) else []
            own += self._matched(schema, name)
            own = own or _present(schema, "additionalProperties")
            is_evaluated = is_evaluated or bool(own)
            yield from self._inside(part, *own)
        for part in parts if not is_evaluated else ():
            yield from self._inside(part, part.schema.get("unevaluatedProperties"))

    def _matched(self, schema: Mapping[str, Any], name: str) -> Iterator[object]:
        """Yield the schemas of the patterns that a key matches."""
        for pattern, inside in schema.get("patternProperties", {}).items():
            is_match = matches(pattern, name)
            self.is_certain = self.is_certain and is_match is not None
            if is_match:
                yield inside

    def _of_index(self, parts: list[_Part], index: int) -> Iterator[_Part]:
        """Yield the schemas of the item at an index; drafts up to 2019-09 list the first ones under `items`."""
        is_evaluated = False
        for part in parts:
            items = part.schema.get("items")
            first, rest = (
                (items, "additionalItems") if isinstance(items, list) else (listed(part.schema, "prefixItems"), "items")
            )
            own = [first[index]] if index < len(first) else _present(part.schema, rest)
            is_evaluated = is_evaluated or bool(own)
            yield from self._inside(part, *own)
        for part in parts if not is_evaluated else ():
            yield from self._inside(part, part.schema.get("unevaluatedItems"))


def _present(schema: Mapping[str, Any], word: str) -> list[object]:
    """Return the value of a keyword, if the schema has it."""
    return [schema[word]] if word in schema else []
