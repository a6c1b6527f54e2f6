"""Signatures of tools that are described by JSON schemas."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cached_property, partial
from typing import Any, Final, cast

from jsonschema import ValidationError
from jsonschema.protocols import Validator
from referencing.exceptions import Unresolvable

from llmc_compiler.expressions.terms import Json, thaw
from llmc_compiler.expressions.types import ANY, Type
from llmc_compiler.expressions.value_identity import digest, json_form, likeness
from llmc_compiler.json_schema.certain_fit import Fits, certain_fit
from llmc_compiler.json_schema.everyday_schemas import valid_words
from llmc_compiler.json_schema.object_schema import Properties, object_schema
from llmc_compiler.json_schema.resource_segments import OPEN, ResourceSegment, by_schema
from llmc_compiler.json_schema.schema_defaults import Filling
from llmc_compiler.json_schema.schema_keywords import WORDLESS, listed
from llmc_compiler.json_schema.schema_types import at_least, at_most
from llmc_compiler.json_schema.schema_validation import (
    CheckTooLongError,
    bounded_validator,
    checking,
    error_in,
    mappings_in,
    mistake_in,
)
from llmc_compiler.representation.short_repr import short_repr
from llmc_compiler.tools.argument_binding import ANYTHING, Shape
from llmc_compiler.tools.outside_names import aliases_of, argument_names
from llmc_compiler.tools.results.result_forms import checked
from llmc_compiler.tools.signature import (
    BOUNDS,
    ArgumentError,
    Identified,
    Prepared,
    Received,
    ResultBounds,
    ToolboxError,
    ToolParameter,
    Wanted,
)

_SAYS_ITSELF: Final = WORDLESS | {"type", "properties", "required", "additionalProperties", "$defs", "definitions"}
"""Keywords that say nothing about a parameter beyond its own schema."""

_OTHERS: Final = "others"
"""The parameter name that stands for any number of other arguments."""

_MOST_TOLD: Final = 5
"""Maximum number of forms of a call that an error lists."""

_ANYTHING: Final = Wanted(ANY, ANY)

_TYPES: Final = "`array`, `boolean`, `integer`, `null`, `number`, `object` or `string`"

_CHOICES: Final = frozenset({"anyOf", "oneOf", "allOf", "$ref", "$dynamicRef", "$recursiveRef"})


class SchemaSignature:
    """Signature of a tool whose arguments and result are described by JSON schemas.

    Values are not coerced, and defaults are not filled in. Plans write the spelling of a parameter's name; the tool
    gets the name as its schema has it. Positional arguments go to the required properties first. An empty schema
    accepts any arguments. The run fills the `hidden` properties. Raises ToolboxError for an unusable schema.
    """

    converts: Final = False

    def __init__(
        self, name: str, parameters: dict[str, Any], returns: dict[str, Any], hidden: Iterable[str] = ()
    ) -> None:
        arguments = _validator(parameters, f"the parameters of `{name}` are")
        self.parameters = parameters
        self.returns = returns
        if left_out := tuple(hidden):
            self.parameters = _without(name, parameters, left_out)
            arguments = _validator(self.parameters, f"the parameters of `{name}` are")
        result = _validator(returns, f"the result of `{name}` is")
        if arguments is not None:
            self._arguments = arguments
        if result is not None:
            self._result = result
        described = object_schema(self.parameters)
        if described is None:
            message = f"`{name}` can never be called: no object fits the schema of its parameters"
            raise ToolboxError(message)
        self._object = described
        names = (*described.all.schemas, *described.conditional)
        self._spelled = argument_names(names)
        self._own = {spelling: own for own, spelling in self._spelled.items()}
        self.shape = self._shape()

    @cached_property
    def _arguments(self) -> Validator:
        """The validator of all arguments together."""
        return bounded_validator(self.parameters)

    @cached_property
    def _result(self) -> Validator:
        """The validator of the result."""
        return bounded_validator(self.returns)

    def _shape(self) -> Shape:
        """Return the parameters under the names that plans write."""
        every = self._object.all
        if not every.says_something and not self._own:
            return ANYTHING
        required = tuple(self._spelled[name] for name in every.required)
        more_named, aliases = every.others is not False, aliases_of(self._spelled)
        return Shape(tuple(self._own), frozenset(self._own), required, more_named=more_named, aliases=aliases)

    @cached_property
    def takes(self) -> tuple[ToolParameter, ...]:
        """The parameters, the required ones first."""
        schemas = {**self._object.all.schemas, **self._object.conditional}
        named = self._listed(schemas, self._object.all.required)
        if not self.shape.more_named:
            return named
        rest = True if self._object.all.others is None else self._object.all.others
        others = ToolParameter(_OTHERS, _OTHERS, rest, required=False, many="**")
        by_position = (replace(others, many="*"),) if self.shape.more_positional else ()
        return (*named, *by_position, others)

    @cached_property
    def forms(self) -> tuple[tuple[ToolParameter, ...], ...]:
        """The sets of arguments that the alternatives of the schema allow."""
        return tuple(self._listed(form.schemas, form.required) for form in self._object.forms)

    def _listed(self, schemas: Mapping[str, object], required: Sequence[str]) -> tuple[ToolParameter, ...]:
        """Return parameters under the names that plans write."""
        needed = set(required)
        return tuple(ToolParameter(self._spelled[own], own, schema, own in needed) for own, schema in schemas.items())

    @cached_property
    def _one(self) -> Mapping[str, Validator]:
        """The validators of the parameters, except for those whose schema has an `$id`.

        References in such a schema are relative to its `$id`, which a validator of the part does not know. These
        parameters are only checked together with the others.
        """
        schemas = self._object.all.schemas
        with checking(schemas):
            return {
                self._spelled[name]: self._arguments.evolve(schema=schema)
                for name, schema in schemas.items()
                if not (isinstance(schema, Mapping) and {"$id", "id"} & schema.keys())
            }

    @cached_property
    def _one_more(self) -> Validator | None:
        """The validator of arguments that the schema does not name, if it restricts them."""
        others = self._object.all.others
        with checking(others):
            return self._arguments.evolve(schema=others) if isinstance(others, Mapping) else None

    @cached_property
    def gives(self) -> Type:
        """A type that contains every result."""
        return at_most(self.returns)

    def wants(self, parameter: str | None) -> Wanted:
        """Return the accepted types of a parameter."""
        return self._wanted.get(parameter or "", self._other)

    @cached_property
    def _wanted(self) -> Mapping[str, Wanted]:
        """The accepted types of the parameters that the schema names."""
        named = {self._spelled[name]: _wanted(each, self.parameters) for name, each in self._object.all.schemas.items()}
        return {**dict.fromkeys((self._spelled[name] for name in self._object.conditional), _ANYTHING), **named}

    @cached_property
    def _other(self) -> Wanted:
        """The accepted types of a parameter that the schema does not name."""
        others = self._object.all.others
        return _ANYTHING if others is None or others is False else _wanted(others, self.parameters)

    @cached_property
    def _says_each(self) -> bool:
        """Whether the schema describes its parameters one by one, and nothing beyond."""
        return not self.parameters.keys() - _SAYS_ITSELF

    def segment(self, parameter: str) -> ResourceSegment:
        """Return how a parameter closes a segment of a resource's name; open unless its own schema says everything."""
        if not self._says_each:
            return OPEN
        own = self._own.get(parameter, parameter)
        schema = self.parameters.get("properties", {}).get(own, self.parameters.get("additionalProperties", True))
        default = Filling(self._arguments).default_of(schema) if parameter in self.shape.named else None
        return by_schema(schema, self.parameters, default)

    def check(self, parameter: str | None, value: Json) -> None:
        """Check one argument; raises ArgumentError if it does not fit."""
        validator = self._one.get(parameter or "")
        if validator is None and parameter is not None and parameter not in self._own:
            validator = self._one_more
        if validator is not None:
            _complain(validator, value, parameter)

    def check_call(self, names: Sequence[str | None], known: Mapping[str, Json]) -> None:
        """Check the arguments of a call together, as far as their values are known; raises ArgumentError."""
        if not all(names):
            return
        given = {self._own.get(name, name) for name in names if name is not None}
        constants = {self._own.get(name, name): value for name, value in known.items()}
        if self._object.forms:
            self._check_forms(given, constants)
        if len(constants) == len(names) and not self._says_each:
            _complain(self._arguments, constants, None)

    def _check_forms(self, given: set[str], constants: Mapping[str, Json]) -> None:
        """Check that the arguments can be those of a form; raises ArgumentError that lists the forms they could be."""
        fitting = [number for number, form in enumerate(self._object.forms) if self._fits(form, constants)]
        if not any(_has_names(self._object.forms[number], given) for number in fitting):
            meant = [self.forms[number] for number in fitting] or self.forms
            raise ArgumentError(None, f"give {'; or '.join(map(_form_text, meant[:_MOST_TOLD]))}")

    def _fits(self, form: Properties, constants: Mapping[str, Json]) -> bool:
        """Whether the known values may fit a form."""
        with checking(constants):
            schemas = ((form.schemas.get(name, True), value) for name, value in constants.items())
            return all(_may_fit(self._arguments.evolve(schema=schema), value) for schema, value in schemas)

    def _named(self, bound: Sequence[tuple[str | None, Json]]) -> dict[str, Json]:
        """Return the arguments under the tool's own names."""
        return {self._own.get(name, name): value for name, value in bound if name is not None}

    def identify(self, bound: Sequence[tuple[str | None, Json]]) -> Identified:
        """Return the identity of the arguments: the values as written and the defaults of the schema."""
        filling = Filling(self._arguments)
        filled = cast("dict[str, Json]", filling.filled(self._named(bound)))
        pairs = [*((None, value) for name, value in bound if name is None), *filled.items()]
        like = likeness(pairs, is_certain=filling.is_certain) if self._has_choices else None
        return Identified((digest("written", [(name, json_form(value)) for name, value in pairs]),), likeness=like)

    @cached_property
    def _has_choices(self) -> bool:
        """Whether the schema may leave open which default applies."""
        return not _CHOICES.isdisjoint(_words_of(self.parameters))

    def prepare(self, bound: Sequence[tuple[str | None, Json]]) -> Prepared:
        """Check the arguments and return copies, by position and by keyword; raises ArgumentError."""
        kwargs = {self._own.get(name, name): thaw(value) for name, value in bound if name is not None}
        args = [thaw(value) for name, value in bound if name is None] if len(kwargs) < len(bound) else []
        error = None if args or self._certainly_takes(kwargs) else _first_error(self._arguments, kwargs, None)
        if error is not None:
            first, *rest = error.absolute_path or (None,)
            raise ArgumentError(
                None if first is None else self._spelled.get(str(first), str(first)), _words(error, rest)
            )
        return args, kwargs

    def received(
        self,
        bound: Sequence[tuple[str | None, Json]],
        prepared: Prepared,  # noqa: ARG002 — nothing is converted
    ) -> list[Received]:
        """Return the arguments as written, and the defaults in the tool's schema."""
        named = self._named(bound)
        filled = cast("dict[str, Json]", Filling(self._arguments).filled(named))
        left_out = [
            Received(self._spelled.get(name, name), value, is_default=True)
            for name, value in filled.items()
            if name not in named
        ]
        return [*(Received(name, value) for name, value in bound), *left_out]

    def accept(self, result: object, bounds: ResultBounds = BOUNDS) -> object:
        """Check the result as JSON data and return it; raises ResultError."""
        is_fit = not self.returns or self._certainly_returns(result)
        return result if is_fit else checked(result, partial(_complain, self._result, parameter=None), bounds)

    @cached_property
    def _certainly_takes(self) -> Fits:
        """The quick check of all arguments together."""
        return certain_fit(self.parameters)

    @cached_property
    def _certainly_returns(self) -> Fits:
        """The quick check of the result."""
        return certain_fit(self.returns)


def _words_of(schema: object) -> Iterator[str]:
    """Yield the keys of a schema, at any depth."""
    if isinstance(schema, Mapping):
        yield from schema
    for part in schema.values() if isinstance(schema, Mapping) else schema if isinstance(schema, list) else ():
        yield from _words_of(part)


def _wanted(schema: object, whole: dict[str, Any]) -> Wanted:
    """Return the types that a schema accepts."""
    return Wanted(at_most(schema, whole), at_least(schema, whole))


def _without(tool: str, parameters: dict[str, Any], hidden: tuple[str, ...]) -> dict[str, Any]:
    """Return a schema without the properties that the run fills; raises ToolboxError if it has them elsewhere too."""
    if len(set(hidden)) < len(hidden):
        message = (
            f"`{hidden[0]}` of `{tool}` cannot be both the idempotency key and the context: give them different names"
        )
        raise ToolboxError(message)
    visible = {name: each for name, each in parameters.get("properties", {}).items() if name not in hidden}
    required = [name for name in listed(parameters, "required") if name not in hidden]
    reduced = {**parameters, "properties": visible, "required": required}
    if "properties" not in parameters:
        del reduced["properties"]
    if "required" not in parameters:
        del reduced["required"]
    described = object_schema(reduced)
    for name in hidden:
        if described is not None and (name in described.all.schemas or name in described.conditional):
            message = f"`{name}` of `{tool}` is filled by the run: put it into the top-level `properties` of the schema"
            raise ToolboxError(message)
    return reduced


def _form_text(form: Sequence[ToolParameter]) -> str:
    """Return the arguments of a form as text: `action="get"`, `id`, `page?`."""
    return ", ".join(map(_argument_text, form)) or "no arguments"


def _argument_text(parameter: ToolParameter) -> str:
    """Return an argument of a form as text, with its value if that is constant."""
    schema = parameter.schema
    if isinstance(schema, Mapping) and isinstance(schema.get("const"), str):
        return f"`{parameter.name}={json.dumps(schema['const'], ensure_ascii=False)}`"
    return f"`{parameter.name}`" if parameter.required else f"`{parameter.name}?`"


def _validator(schema: dict[str, Any], what: str) -> Validator | None:
    """Return a validator for a schema, by the draft that it names; None for an everyday schema, whose own can wait."""
    if valid_words(schema) is not None:
        return None
    try:
        error = mistake_in(schema)
        if error is None and all(isinstance(name, str) for words in mappings_in(schema) for name in words):
            return bounded_validator(schema)
    except RecursionError as why:
        message = f"{what} described by schemas that are nested too deeply"
        raise ToolboxError(message) from why
    except Exception as why:
        message = f"{what} not described by a valid JSON schema: {why}"
        raise ToolboxError(message) from why
    reason = "a key in it is not a string" if error is None else _mistake_text(error)
    message = f"{what} not described by a valid JSON schema: {reason}"
    raise ToolboxError(message) from error


def _mistake_text(error: ValidationError) -> str:
    """Return why a schema is invalid, with the valid types if it names another."""
    place = [str(step) for step in error.absolute_path]
    if error.validator == "anyOf" and place[-1:] == ["type"] and isinstance(error.instance, str):
        return f"`{'/'.join(place)}` is {short_repr(error.instance)}: write {_TYPES}"
    return error.message


def _first_error(validator: Validator, value: Any, parameter: str | None) -> ValidationError | None:  # noqa: ANN401
    """Return the first mistake in a value; raises ArgumentError if the schema cannot be applied."""
    try:
        return error_in(validator, value)
    except Unresolvable as error:
        place = f"#{error.ref}" if error.ref.startswith("/") else error.ref
        raise ArgumentError(parameter, f"its schema refers to `{place}`, which is not in it") from error
    except RecursionError as error:
        raise ArgumentError(parameter, "its references go in circles, or the value is nested too deeply") from error
    except CheckTooLongError as error:
        raise ArgumentError(parameter, "its schema takes too many steps to check this: shorten the value") from error
    except Exception as error:  # a reference may lead to something other than a schema
        raise ArgumentError(parameter, f"its schema cannot be used: {error}") from error


def _has_names(form: Properties, given: set[str]) -> bool:
    """Whether these names are all those that a form requires, and only names that it has."""
    return given.issuperset(form.required) and (form.others is not False or given.issubset(form.schemas))


def _may_fit(validator: Validator, value: Json) -> bool:
    """Whether a value fits, or its schema cannot tell."""
    try:
        return _first_error(validator, value, None) is None
    except ArgumentError:
        return True


def _complain(validator: Validator, value: Any, parameter: str | None) -> None:  # noqa: ANN401 — a tool's own result
    """Raise ArgumentError for the first mistake in a value."""
    error = _first_error(validator, value, parameter)
    if error is not None:
        raise ArgumentError(parameter, _words(error, error.absolute_path))


def _words(error: ValidationError, steps: Iterable[str | int]) -> str:
    """Return a mistake as text, with its place in the value."""
    place = "".join(f"[{step!r}]" for step in steps)
    return f"{place}: {error.message}" if place else error.message
