"""The parameters that an object schema describes: one list for prompts, binding, checks and grammars.

References and `allOf` are merged; alternatives (`anyOf`, `oneOf`) are split into forms. A name that only a condition
(`if`, `dependentSchemas`) mentions is an optional parameter, which accepts any value.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice, product
from typing import Any, Final, TypeVar

from llmc_compiler.json_schema.schema_keywords import WORDLESS, listed, mapped, refers_alone, required_in
from llmc_compiler.json_schema.schema_references import NOWHERE, referred
from llmc_grammar.frozen_data import frozen

_T = TypeVar("_T")

_MOST_FORMS: Final = 64
"""Maximum number of alternatives that are kept apart."""
_MOST_SCHEMAS: Final = 500
_DEEPEST: Final = 40

_JOINING: Final = WORDLESS | {"$defs", "definitions", "$ref", "allOf", "anyOf", "oneOf"}
"""Keywords that do not restrict a value by themselves."""


@frozen
class Properties:
    """The parameters of one form, or of all forms together: `schemas` by the tool's own names, required ones first.

    `others` is the schema of arguments with other names: False if none are allowed, None if the schema does not say.
    """

    schemas: Mapping[str, object]
    required: tuple[str, ...]
    others: object
    says_something: bool


@frozen
class ObjectSchema:
    """All parameters of a tool, and the forms of a call, if there are several.

    `conditional` has the parameters that only conditions mention, with their schemas in these conditions.
    """

    all: Properties
    forms: tuple[Properties, ...] = ()
    conditional: Mapping[str, object] = field(default_factory=dict)


def object_schema(whole: Mapping[str, Any]) -> ObjectSchema | None:
    """Return the parameters that a schema describes, or None if no object fits it."""
    reader = _Reader(whole)
    read = list(islice(reader.read(whole), _MOST_FORMS + 1))
    if not read:
        return None
    # If no form can be met, all are kept, so that mistakes are reported by parameter.
    forms = _distinct(filter(_can_be_met, map(_form, read))) or _distinct(map(_form, read))
    every = _ordered(forms[0] if len(forms) == 1 else _union(forms))
    closed = [[part for part in parts if part.others is not True] for parts in read]
    conditional = {
        name: _either(schemas)
        for name, schemas in reader.mentioned.items()
        if name not in every.schemas and any(all(part.of(name) is not False for part in parts) for parts in closed)
    }
    if len(read) > _MOST_FORMS or reader.left <= 0:
        return ObjectSchema(replace(every, required=_required((_Part(whole),)), others=True), (), conditional)
    apart = tuple(_ordered(form, every.schemas) for form in forms) if len(forms) > 1 else ()
    return ObjectSchema(every, apart, conditional)


@frozen
class _Part:
    """One schema of an object, without the schemas that it includes."""

    schema: Mapping[str, Any]
    excludes_objects: bool = False

    @property
    def others(self) -> object:
        """The schema of the values at other keys."""
        return True if "patternProperties" in self.schema else self.schema.get("additionalProperties", True)

    def of(self, name: str) -> object:
        """Return the schema of the value at a key."""
        return mapped(self.schema, "properties").get(name, self.others)


_Parts = tuple[_Part, ...]


@dataclass(slots=True)
class _Reader:
    """Reads a schema as alternatives; a value of one has to fit all its parts."""

    whole: Mapping[str, Any]
    left: int = _MOST_SCHEMAS
    mentioned: dict[str, list[object]] = field(default_factory=dict)

    def read(self, schema: object, depth: int = 0, inside: tuple[str, ...] = ()) -> Iterator[_Parts]:
        """Return the alternatives of a schema that was reached through the references `inside`."""
        self.left -= 1
        if schema is False:
            return iter(())
        if not isinstance(schema, Mapping) or self.left <= 0 or depth > _DEEPEST:
            return iter([()])
        if "$ref" in schema and refers_alone(self.whole.get("$schema")):
            return self._followed({"$ref": schema["$ref"]}, depth, inside)
        own = _Part(schema, _excludes_objects(schema))
        if own.excludes_objects:
            return iter(())
        self._mention(schema)
        factors: list[list[_Parts]] = [[(own,)]]
        for group in self._groups(schema):
            options = (found for each in group for found in self._followed(each, depth, inside))
            factors.append(list(islice(options, _MOST_FORMS + 1)))
        return (tuple(part for parts in each for part in parts) for each in product(*factors))

    def _groups(self, schema: Mapping[str, Any]) -> Iterator[Sequence[object]]:
        """Yield the groups of alternatives inside a schema: one of each group has to fit."""
        if "$ref" in schema:
            yield [{"$ref": schema["$ref"]}]
        yield from ([each] for each in listed(schema, "allOf"))
        yield from (found for word in ("anyOf", "oneOf") if (found := listed(schema, word)))

    def _followed(self, schema: object, depth: int, inside: tuple[str, ...]) -> Iterator[_Parts]:
        """Return the alternatives of a schema, or of the one that it refers to; a circular reference adds nothing."""
        if isinstance(schema, Mapping) and schema.keys() == {"$ref"}:
            name = str(schema["$ref"])
            target = referred(self.whole, schema["$ref"])
            if name in inside or target is NOWHERE:
                return iter([()])
            return self.read(target, depth + 1, (*inside, name))
        return self.read(schema, depth + 1, inside)

    def _mention(self, schema: Mapping[str, Any]) -> None:
        """Note the names that conditions mention."""
        conditional = [schema.get(word) for word in ("if", "then", "else")]
        for word in ("dependentSchemas", "dependencies"):
            conditional += mapped(schema, word).values()
        for condition in conditional:
            if isinstance(condition, Mapping):
                named = {
                    **dict.fromkeys(filter(_is_name, listed(condition, "required")), True),
                    **mapped(condition, "properties"),
                }
                for name, inside in named.items():
                    self.mentioned.setdefault(name, []).append(inside)


def _form(parts: _Parts) -> Properties:
    """Return the parameters of parts that apply together."""
    said: dict[str, list[object]] = {}
    for part in parts:
        for name, schema in mapped(part.schema, "properties").items():
            said.setdefault(name, []).append(schema)
    required = _required(parts)
    said.update((name, []) for name in required if name not in said)
    for part in parts:
        if part.others is not True:
            named = mapped(part.schema, "properties")
            for name in said.keys() - named.keys():
                said[name].append(part.others)
    needed = set(required)
    schemas = {name: _both(each) for name, each in said.items()}
    known = {name: schema for name, schema in schemas.items() if schema is not False or name in needed}
    says_something = any(part.schema.keys() - _JOINING for part in parts)
    return Properties(known, required, _others(parts), says_something)


def _can_be_met(form: Properties) -> bool:
    """Whether the schema allows all parameters that it requires."""
    return all(form.schemas[name] is not False for name in form.required)


def _required(parts: _Parts) -> tuple[str, ...]:
    """Return the names that at least one part requires."""
    names: dict[str, None] = {}
    for part in parts:
        names.update(dict.fromkeys(required_in(part.schema)))
    return tuple(names)


def _others(parts: _Parts) -> object:
    """Return the schema of arguments that no part names, or None if no part says whether they are allowed."""
    said = [
        True
        if "patternProperties" in schema
        else schema.get("additionalProperties", schema.get("unevaluatedProperties"))
        for schema in (part.schema for part in parts)
        if schema.keys() & {"additionalProperties", "unevaluatedProperties", "patternProperties"}
    ]
    if said:
        return _both(said)
    return False if any("properties" in part.schema for part in parts) else None


def _union(forms: Sequence[Properties]) -> Properties:
    """Return the parameters of all forms together: the required ones are those that each form requires."""
    said: dict[str, list[object]] = {}
    for form in forms:
        for name, schema in form.schemas.items():
            said.setdefault(name, []).append(schema)
    needed = set(forms[0].required).intersection(*(form.required for form in forms))
    schemas = {name: _either(each) for name, each in said.items()}
    required = tuple(name for name in said if name in needed)
    others = _either(True if form.others is None else form.others for form in forms)
    is_open = any(form.others is None for form in forms) and others is True
    return Properties(schemas, required, None if is_open else others, any(form.says_something for form in forms))


def _ordered(properties: Properties, order: Iterable[str] = ()) -> Properties:
    """Return the parameters with the required ones first, the rest in the given order, then in their own."""
    names = [name for name in dict.fromkeys((*order, *properties.schemas)) if name in properties.schemas]
    needed = set(properties.required)
    first = [name for name in names if name in needed]
    schemas = {name: properties.schemas[name] for name in dict.fromkeys((*first, *names))}
    return replace(properties, schemas=schemas, required=tuple(first))


def _distinct(values: Iterable[_T]) -> list[_T]:
    """Return the distinct values; `==` would take a constant `1` for `true`, and comparing pairs would be quadratic."""
    given = list(values)
    return given if len(given) < 2 else list({_key(each): each for each in given}.values())  # noqa: PLR2004 — a pair


def _key(value: object) -> object:
    """Return a key that equal values share; a value too deep for `repr` only equals itself."""
    try:
        return repr(value)
    except RecursionError:
        return id(value)


def _both(schemas: Iterable[object]) -> object:
    """Return a schema for the values that fit all these schemas."""
    said = [schema for schema in schemas if schema is not True and schema != {}]
    if any(schema is False for schema in said):
        return False
    distinct = _distinct(said)
    return distinct[0] if len(distinct) == 1 else {"allOf": distinct} if distinct else True


def _either(schemas: Iterable[object]) -> object:
    """Return a schema for the values that fit at least one of these schemas."""
    said = list(schemas)
    if any(schema is True or schema == {} for schema in said):
        return True
    possible = _distinct(schema for schema in said if schema is not False)
    return possible[0] if len(possible) == 1 else {"anyOf": possible} if possible else False


def _excludes_objects(schema: Mapping[str, Any]) -> bool:
    """Whether a schema's type or list of values excludes objects."""
    values = [schema["const"]] if "const" in schema else schema.get("enum")
    if isinstance(values, list) and not any(isinstance(value, Mapping) for value in values):
        return True
    named = schema.get("type")
    types = [named] if isinstance(named, str) else named if isinstance(named, list) else None
    return types is not None and not any(each in ("object", "any") or isinstance(each, Mapping) for each in types)


def _is_name(value: object) -> bool:
    return isinstance(value, str)
