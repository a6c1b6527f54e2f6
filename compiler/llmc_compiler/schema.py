"""What a tool takes and gives by JSON schema."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from typing import Any, Final, cast

from jsonschema import ValidationError
from jsonschema.protocols import Validator
from referencing.exceptions import Unresolvable

from llmc_compiler.binding import ANYTHING, Shape
from llmc_compiler.identity import digest, json_form, likeness
from llmc_compiler.schema_defaults import Filling
from llmc_compiler.schema_types import WORDLESS, at_least, at_most, listed
from llmc_compiler.schema_validation import (
    CheckTooLongError,
    bounded_validator,
    checking,
    error_in,
    mistake_in,
)
from llmc_compiler.segment import OPEN, Segment, by_schema
from llmc_compiler.signature import (
    ArgumentError,
    Identified,
    Prepared,
    Received,
    ResultError,
    ToolboxError,
    ToolParameter,
    Wanted,
)
from llmc_compiler.term import Json, thaw
from llmc_compiler.types import Type

_SAYS_ITSELF: Final = WORDLESS | {"type", "properties", "required", "additionalProperties", "$defs", "definitions"}
"""The words of a schema for which each parameter is described by its own schema alone."""

_CHOICES: Final = frozenset({"anyOf", "oneOf", "allOf", "$ref", "$dynamicRef", "$recursiveRef"})


class SchemaSignature:
    """Arguments and result by JSON schema: nothing is coerced, defaults are not filled in.

    A schema without `properties` takes arguments of any name. Raises ToolboxError for a schema that is none.
    """

    converts: Final = False

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
        with checking(properties):
            return {
                name: self._arguments.evolve(schema=schema)
                for name, schema in properties.items()
                if not (isinstance(schema, Mapping) and {"$id", "id"} & schema.keys())
            }

    @cached_property
    def takes(self) -> tuple[ToolParameter, ...]:
        """The parameters, in order."""
        properties = self.parameters.get("properties", {})
        return tuple(
            ToolParameter(name, name, properties[name], name in self.shape.required) for name in self.shape.positional
        )

    @property
    def forms(self) -> tuple[tuple[ToolParameter, ...], ...]:
        """Nothing."""
        return ()

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
        return _wanted(_additional(self.parameters, default=True), self.parameters)

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

    def received(
        self,
        bound: Sequence[tuple[str | None, Json]],
        prepared: Prepared,  # noqa: ARG002 — nothing is converted
    ) -> list[Received]:
        """What the tool receives: what was written, and the defaults that its schema names."""
        named = {name: value for name, value in bound if name is not None}
        filled = cast("dict[str, Json]", Filling(self._arguments).filled(named))
        left_out = [Received(name, value, is_default=True) for name, value in filled.items() if name not in named]
        return [*(Received(name, value) for name, value in bound), *left_out]

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


def _additional(parameters: dict[str, Any], *, default: bool) -> object:
    """The schema of arguments that are not named; any of them may match a pattern."""
    return "patternProperties" in parameters or parameters.get("additionalProperties", default)


def _shape(parameters: dict[str, Any]) -> Shape:
    """The parameters that a schema names, in its order."""
    if "properties" not in parameters:
        return ANYTHING
    names = tuple(parameters["properties"])
    required = tuple(listed(parameters, "required"))
    return Shape(names, frozenset(names), required, more_named=bool(_additional(parameters, default=False)))


def _validator(schema: dict[str, Any], what: str) -> Validator:
    """The validator of a schema's own draft."""
    try:
        error = mistake_in(schema)
        if error is None:
            return bounded_validator(schema)
    except RecursionError as why:
        message = f"{what} are described by too many schemas inside each other"
        raise ToolboxError(message) from why
    except Exception as why:
        message = f"{what} are no JSON schema: {why}"
        raise ToolboxError(message) from why
    message = f"{what} are no JSON schema: {error.message}"
    raise ToolboxError(message) from error


def _first_error(validator: Validator, value: Any, parameter: str | None) -> ValidationError | None:  # noqa: ANN401
    """The first thing that does not fit; raises ArgumentError where the schema does not say."""
    try:
        return error_in(validator, value)
    except Unresolvable as error:
        raise ArgumentError(parameter, f"its schema refers to `{error.ref}`, which is not in it") from error
    except RecursionError as error:
        raise ArgumentError(parameter, "its schema goes in circles, or this is too deep for it") from error
    except CheckTooLongError as error:
        raise ArgumentError(parameter, "its schema takes too many steps to check this: make it smaller") from error
    except Exception as error:  # a reference may lead to what is no schema
        raise ArgumentError(parameter, f"its schema cannot be used: {error}") from error


def _complain(validator: Validator, value: Any, parameter: str | None) -> None:  # noqa: ANN401 — a tool's own result
    """Raise ArgumentError for the first thing that does not fit."""
    error = _first_error(validator, value, parameter)
    if error is not None:
        raise ArgumentError(parameter, _words(error, error.absolute_path))


def _words(error: ValidationError, steps: Iterable[str | int]) -> str:
    """What does not fit, and where."""
    place = "".join(f"[{step!r}]" for step in steps)
    return f"{place}: {error.message}" if place else error.message
