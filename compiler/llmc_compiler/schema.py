"""What a tool takes and gives by JSON schema."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cache, cached_property, lru_cache
from typing import Any, Final, cast

from jsonschema import Draft202012Validator, SchemaError, ValidationError
from jsonschema.protocols import Validator
from jsonschema.validators import extend, validator_for
from pydantic_core import SchemaError as CoreSchemaError
from pydantic_core import SchemaValidator, core_schema
from referencing import Registry
from referencing.exceptions import Unresolvable
from referencing.jsonschema import SchemaRegistry

from llmc_compiler.binding import ANYTHING, Shape
from llmc_compiler.identity import digest, json_form, likeness
from llmc_compiler.schema_defaults import Filling
from llmc_compiler.schema_types import WORDLESS, at_least, at_most
from llmc_compiler.segment import OPEN, Segment, by_schema
from llmc_compiler.signature import Identified, Prepared
from llmc_compiler.term import Json, thaw
from llmc_compiler.tools import ArgumentError, ResultError, ToolboxError, Wanted
from llmc_compiler.types import Type

_NOWHERE: Final[SchemaRegistry] = Registry()
"""Where schemas look for what they refer to and do not hold: nothing is read or fetched for them."""

_SAYS_ITSELF: Final = WORDLESS | {"type", "properties", "required", "additionalProperties", "$defs", "definitions"}
"""The words of a schema for which each parameter is described by its own schema alone."""

_CHOICES: Final = frozenset({"anyOf", "oneOf", "allOf", "$ref", "$dynamicRef", "$recursiveRef"})


class SchemaSignature:
    """Arguments and result by JSON schema: nothing is coerced, defaults are not filled in.

    A schema without `properties` takes arguments of any name. Raises ToolboxError for a schema that is none.
    """

    def __init__(self, name: str, parameters: dict[str, Any], returns: dict[str, Any]) -> None:
        """Check both schemas."""
        self.parameters = parameters
        self.returns = returns
        self._arguments = _validator(parameters, f"the parameters of `{name}`")
        self._result = _validator(returns, f"the result of `{name}`")
        self.shape = _shape(parameters)

    @cached_property
    def _one(self) -> Mapping[str, Validator]:
        """A validator for each parameter; one whose schema has an `$id` is checked with all others alone.

        What such a schema refers to starts from there, which a validator of that part does not know.
        """
        properties: dict[str, Any] = self.parameters.get("properties", {})
        return {
            name: self._arguments.evolve(schema=schema)
            for name, schema in properties.items()
            if not (isinstance(schema, Mapping) and {"$id", "id"} & schema.keys())
        }

    @cached_property
    def gives(self) -> Type:
        """A type that every result has."""
        return at_most(self.returns)

    def wants(self, parameter: str | None) -> Wanted:
        """The type of a parameter."""
        return self._wanted.get(parameter or "", self._other)

    @cached_property
    def _wanted(self) -> Mapping[str, Wanted]:
        """What each parameter takes."""
        return {
            name: _wanted(schema, self.parameters) for name, schema in self.parameters.get("properties", {}).items()
        }

    @cached_property
    def _other(self) -> Wanted:
        """What a parameter takes that the schema does not name."""
        return _wanted(self.parameters.get("additionalProperties", True), self.parameters)

    def segment(self, parameter: str) -> Segment:
        """How a parameter closes a segment in the name of a resource; only its own schema may say what it is."""
        if self.parameters.keys() - _SAYS_ITSELF:
            return OPEN
        schema = self.parameters.get("properties", {}).get(parameter, self.parameters.get("additionalProperties", True))
        default = Filling(self._arguments).default_of(schema) if parameter in self.shape.named else None
        return by_schema(schema, self.parameters, default)

    def check(self, parameter: str | None, value: Json) -> None:
        """Check one argument; raises ArgumentError."""
        validator = self._one.get(parameter or "")
        if validator is not None:
            _complain(validator, value, parameter)

    def identify(self, bound: Sequence[tuple[str | None, Json]]) -> Identified:
        """Tell the arguments from others, by what was written and the defaults of the schema."""
        named = {name: value for name, value in bound if name is not None}
        filling = Filling(self._arguments)
        filled = cast("dict[str, Json]", filling.filled(named))
        pairs = [*((None, value) for name, value in bound if name is None), *filled.items()]
        like = likeness(pairs, is_certain=filling.is_certain) if self._has_choices else None
        return Identified((digest("written", [(name, json_form(value)) for name, value in pairs]),), likeness=like)

    @cached_property
    def _has_choices(self) -> bool:
        """Whether the schema may leave open which default counts."""
        return not _CHOICES.isdisjoint(_words_of(self.parameters))

    def prepare(self, bound: Sequence[tuple[str | None, Json]]) -> Prepared:
        """Positional and keyword arguments, checked, in copies of the tool's own; raises ArgumentError."""
        args = [thaw(value) for name, value in bound if name is None]
        kwargs = {name: thaw(value) for name, value in bound if name is not None}
        error = None if args else _first_error(self._arguments, kwargs, None)
        if error is not None:
            first, *rest = error.absolute_path or (None,)
            raise ArgumentError(None if first is None else str(first), _words(error, rest))
        return args, kwargs

    def accept(self, result: object) -> object:
        """The result, checked; raises ResultError."""
        if self.returns:
            try:
                _complain(self._result, result, None)
            except ArgumentError as error:
                raise ResultError(str(error)) from error
        return result


def _words_of(schema: object) -> Iterator[str]:
    """The keys of a schema, at any depth."""
    if isinstance(schema, Mapping):
        yield from schema
    for part in schema.values() if isinstance(schema, Mapping) else schema if isinstance(schema, list) else ():
        yield from _words_of(part)


def _wanted(schema: object, whole: dict[str, Any]) -> Wanted:
    """What a schema takes."""
    return Wanted(at_most(schema, whole), at_least(schema, whole))


def _shape(parameters: dict[str, Any]) -> Shape:
    """The parameters that a schema names, in its order."""
    if "properties" not in parameters:
        return ANYTHING
    names = tuple(parameters["properties"])
    required = tuple(parameters.get("required", ()))
    return Shape(names, frozenset(names), required, more_named=bool(parameters.get("additionalProperties", False)))


def _validator(schema: dict[str, Any], what: str) -> Validator:
    """The validator of a schema's own draft."""
    kind = _with_patterns(validator_for(schema, default=Draft202012Validator))
    try:
        kind.check_schema(schema)
    except SchemaError as error:
        message = f"{what} are no JSON schema: {error.message}"
        raise ToolboxError(message) from error
    except RecursionError as error:
        message = f"{what} are described by too many schemas inside each other"
        raise ToolboxError(message) from error
    return kind(schema, registry=_NOWHERE)


@cache
def _with_patterns(kind: type[Validator]) -> type[Validator]:
    """A draft whose patterns are searched for in linear time, where they can be."""
    found: type[Validator] = extend(kind, {"pattern": _pattern})  # type: ignore[no-untyped-call]
    return found


def _pattern(_validator: Validator, pattern: str, instance: Json, _schema: object) -> Iterator[ValidationError]:
    """What JSON Schema says of `pattern`."""
    if isinstance(instance, str):
        search = _linear(pattern)
        if not (search(instance) if search is not None else re.search(pattern, instance)):
            yield ValidationError(f"{instance!r} does not match {pattern!r}")


@lru_cache(maxsize=1_024)
def _linear(pattern: str) -> Callable[[Any], bool] | None:
    """A search for a pattern that never goes back; None for one that needs it: for what stands around, or before."""
    try:
        return SchemaValidator(core_schema.str_schema(pattern=pattern, regex_engine="rust-regex")).isinstance_python
    except CoreSchemaError:
        return None


def _first_error(validator: Validator, value: Any, parameter: str | None) -> ValidationError | None:  # noqa: ANN401
    """The first thing that does not fit; raises ArgumentError where the schema does not say."""
    try:
        return next(validator.iter_errors(value), None)
    except Unresolvable as error:
        raise ArgumentError(parameter, f"its schema refers to `{error.ref}`, which is not in it") from error
    except RecursionError as error:
        raise ArgumentError(parameter, "its schema goes in circles, or this is too deep for it") from error


def _complain(validator: Validator, value: Any, parameter: str | None) -> None:  # noqa: ANN401 — a tool's own result
    """Raise ArgumentError for the first thing that does not fit."""
    error = _first_error(validator, value, parameter)
    if error is not None:
        raise ArgumentError(parameter, _words(error, error.absolute_path))


def _words(error: ValidationError, steps: Iterable[str | int]) -> str:
    """What does not fit, and where."""
    place = "".join(f"[{step!r}]" for step in steps)
    return f"{place}: {error.message}" if place else error.message
