"""What a tool takes and gives by JSON schema."""

from collections.abc import Iterable, Mapping, Sequence
from copy import deepcopy
from functools import cached_property
from typing import Any

from jsonschema import Draft202012Validator, SchemaError, ValidationError
from jsonschema.protocols import Validator
from jsonschema.validators import validator_for

from llmc_compiler.binding import ANYTHING, Shape
from llmc_compiler.schema_types import at_least, at_most
from llmc_compiler.term import Json
from llmc_compiler.tools import ArgumentError, ResultError, ToolboxError, Wanted
from llmc_compiler.types import Type


class SchemaSignature:
    """Arguments and result by JSON schema: nothing is coerced, defaults are not filled in.

    A schema without `properties` takes arguments of any name. Raises ToolboxError for a schema that is none.
    """

    def __init__(self, name: str, parameters: dict[str, Any], returns: dict[str, Any]) -> None:
        """Check both schemas."""
        self.parameters = parameters
        self.returns = returns
        self.shape = _shape(parameters)
        self._arguments = _validator(parameters, f"the parameters of `{name}`")
        self._result = _validator(returns, f"the result of `{name}`")

    @cached_property
    def _one(self) -> Mapping[str, Validator]:
        """A validator for each parameter."""
        properties: dict[str, Any] = self.parameters.get("properties", {})
        return {name: self._arguments.evolve(schema=schema) for name, schema in properties.items()}

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

    def check(self, parameter: str | None, value: Json) -> None:
        """Check one argument; raises ArgumentError."""
        validator = self._one.get(parameter or "")
        if validator is not None:
            _complain(validator, value, parameter)

    def prepare(self, bound: Sequence[tuple[str | None, Json]]) -> tuple[list[Any], dict[str, Any]]:
        """Positional and keyword arguments, checked, in copies of the tool's own; raises ArgumentError."""
        args = [_own(value) for name, value in bound if name is None]
        kwargs = {name: _own(value) for name, value in bound if name is not None}
        error = None if args else next(self._arguments.iter_errors(kwargs), None)
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
    kind = validator_for(schema, default=Draft202012Validator)
    try:
        kind.check_schema(schema)
    except SchemaError as error:
        message = f"{what} are no JSON schema: {error.message}"
        raise ToolboxError(message) from error
    return kind(schema)


def _complain(validator: Validator, value: Any, parameter: str | None) -> None:  # noqa: ANN401 — a tool's own result
    """Raise ArgumentError for the first thing that does not fit."""
    error = next(validator.iter_errors(value), None)
    if error is not None:
        raise ArgumentError(parameter, _words(error, error.absolute_path))


def _words(error: ValidationError, steps: Iterable[str | int]) -> str:
    """What does not fit, and where."""
    place = "".join(f"[{step!r}]" for step in steps)
    return f"{place}: {error.message}" if place else error.message


def _own(value: Json) -> Json:
    """A copy where the value could be changed."""
    return deepcopy(value) if isinstance(value, (list, dict)) else value
