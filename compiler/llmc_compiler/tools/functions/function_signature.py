"""Signatures of tools made of functions: types come from annotations, and pydantic checks the values."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from inspect import Parameter, Signature
from operator import eq
from typing import Any, Final, Literal, cast

from pydantic import TypeAdapter, ValidationError

from llmc_compiler.expressions.terms import SCALARS, Json
from llmc_compiler.expressions.types import Type
from llmc_compiler.expressions.value_identity import Likeness, Named, digest, in_order, likeness
from llmc_compiler.json_schema.faults.impossible_schemas import impossible
from llmc_compiler.json_schema.resource_segments import OPEN, ResourceSegment, by_annotation
from llmc_compiler.tools.argument_binding import Shape
from llmc_compiler.tools.callables import BY_POSITION, bound_names, layers, read
from llmc_compiler.tools.functions.annotation import Annotation
from llmc_compiler.tools.functions.declared_parameters import MADE, declared, filled
from llmc_compiler.tools.functions.docstrings import described
from llmc_compiler.tools.outside_names import letters_spelled
from llmc_compiler.tools.parameter_markers import MarkError, ParameterMarkers, read_marks, unmarked
from llmc_compiler.tools.results.result_words import raised
from llmc_compiler.tools.results.validated_results import accepted, first_mistake
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

_UNKNOWN: Final = "default"
"""The text of a default whose equality is unknown: it is always the same object."""
_BY_NAME: Final = frozenset({Parameter.POSITIONAL_OR_KEYWORD, Parameter.KEYWORD_ONLY})
_MANY: Final[dict[Any, Literal["*", "**"]]] = {Parameter.VAR_POSITIONAL: "*", Parameter.VAR_KEYWORD: "**"}


class FunctionSignature:
    """Signature of a function, read from its annotations. Only integers are coerced, to `float`.

    `key` is the parameter that takes the idempotency key. Raises ToolboxError for annotations without a JSON form.
    """

    def __init__(self, function: Callable[..., Any], name: str, key: str | None = None) -> None:
        self._name = name
        signature, hints, self.receiver = read(function, name)
        self.marks, hints = _marked(signature, hints, name, key)
        every = [declared(p, hints.get(p.name, Any), name) for p in signature.parameters.values()]
        seen = [each for each in every if each.parameter.name not in self.marks.hidden]
        self.call = filled(function, every)
        self._dispatches = any(hasattr(layer, "dispatch") and hasattr(layer, "registry") for layer in layers(function))
        self._spelled = letters_spelled(each.parameter.name for each in seen)
        self._own = {spelling: own for own, spelling in self._spelled.items()}
        seen = [each.called(self._spelled[each.parameter.name]) for each in seen]
        if self.marks.secrets:
            self.marks = replace(self.marks, secrets=frozenset(self._spelled[name] for name in self.marks.secrets))
        self._found = tuple(each.parameter for each in seen)
        self._told = {each.parameter.name: each.told for each in seen}
        self.description, texts = described(function)
        self._texts = {self._spelled.get(name, name): text for name, text in texts.items()}
        self.shape = _shape(self._found, function)
        self._types = {
            each.parameter.name: Annotation(each.annotation, f"`{each.parameter.name}` of `{name}`") for each in seen
        }
        self._result = Annotation(hints.get("return", Any), f"the result of `{name}`")
        if not self._result.is_plain and (reason := impossible(self._result.dumped)) is not None:
            message = f"no result of `{name}` can have the type that it declares: {reason}. Correct the annotation"
            raise ToolboxError(message)
        self._extra = next((p.name for p in self._found if p.kind is Parameter.VAR_POSITIONAL), None)
        self._more = next((p.name for p in self._found if p.kind is Parameter.VAR_KEYWORD), None)

    @cached_property
    def parameters(self) -> dict[str, Any]:
        """The JSON schema of the arguments."""
        schemas, shared = self._schemas
        return {
            "type": "object",
            "properties": {p.name: schemas[p.name] for p in self._found if p.kind not in _MANY},
            "required": list(self.shape.required),
            **({"additionalProperties": schemas[self._more] or True} if self._more is not None else {}),
            **shared,
        }

    @cached_property
    def _schemas(self) -> tuple[dict[str, dict[str, Any]], dict[str, Any]]:
        """The schema of each parameter, and the definitions that they share."""
        mode: Literal["validation"] = "validation"
        schemas, shared = TypeAdapter.json_schemas([(p.name, mode, self._types[p.name].adapter) for p in self._found])
        return {p.name: self._schema(p, schemas[p.name, mode]) for p in self._found}, shared

    def _schema(self, parameter: Parameter, schema: dict[str, Any]) -> dict[str, Any]:
        """Return the schema of a parameter with its description and default; the default of a secret is left out."""
        name = parameter.name
        text = {"description": self._texts[name]} if name in self._texts else {}
        default = Parameter.empty if name in self.marks.secrets else parameter.default
        return _with_default({**schema, **text, **self._told[name]}, self._types[name].written(default))

    @cached_property
    def takes(self) -> tuple[ToolParameter, ...]:
        """The parameters, in the function's order."""
        schemas, _ = self._schemas
        required = self.shape.required
        return tuple(
            ToolParameter(p.name, self._own[p.name], schemas[p.name], p.name in required, _MANY.get(p.kind, ""))
            for p in self._found
        )

    @property
    def forms(self) -> tuple[tuple[ToolParameter, ...], ...]:
        """No forms: a function has one set of parameters."""
        return ()

    @cached_property
    def returns(self) -> dict[str, Any]:
        """The JSON schema of the result."""
        return self._result.dumped

    @cached_property
    def gives(self) -> Type:
        """A type that contains every result."""
        return self._result.gives

    def wants(self, parameter: str | None) -> Wanted:
        """Return the accepted types of a parameter."""
        return self._of(parameter).wanted

    def segment(self, parameter: str) -> ResourceSegment:
        """Return how a parameter closes a segment of a resource's name."""
        default = next((p.default for p in self._found if p.name == parameter), Parameter.empty)
        annotation = self._types.get(parameter) or self._types.get(self._more or "")
        return OPEN if annotation is None else by_annotation(annotation.adapter.core_schema, default)

    def check(self, parameter: str | None, value: Json) -> None:
        """Check one argument; raises ArgumentError if it does not fit."""
        try:
            self._convert(parameter, value)
        except ArgumentError:
            raise
        except Exception as error:
            raise ArgumentError(parameter, f"its check raised {raised(error)}") from error

    def check_call(self, names: Sequence[str | None], known: Mapping[str, Json]) -> None:
        """Check nothing: the parameters of a function are independent of each other."""

    def _of(self, parameter: str | None) -> Annotation:
        """Return the annotation that an argument has to fit."""
        return self._types.get(parameter or self._extra or "") or self._types[self._more or ""]

    def _convert(self, parameter: str | None, value: Json) -> object:
        """Convert an argument for the function; raises ArgumentError."""
        try:
            return self._of(parameter).convert(value)
        except ValidationError as error:
            raise ArgumentError(parameter, first_mistake(error)) from error

    def identify(self, bound: Sequence[tuple[str | None, Json]]) -> Identified:
        """Return the identity of the arguments; raises ArgumentError, and the errors of converters."""
        # Its types take milliseconds to import, and a check needs none of them.
        from llmc_compiler.tools.functions.received_text import known_form  # noqa: PLC0415

        written = [(name, known_form(value) or _UNKNOWN) for name, value in self._completed(bound)]
        if not self.converts:
            return Identified((digest("written", written),), likeness=self._likeness(bound))
        kwargs, extra = self._converted(bound)
        arrived = self._completed([*kwargs.items(), *((None, value) for value in extra)])
        # An object whose equality is unknown counts as it was written.
        pairs = zip(in_order(arrived), in_order(written), strict=True)
        received = [(name, known_form(value) or text) for (name, value), (_, text) in pairs]
        return Identified(
            (digest("written", written), digest("received", received)),
            self._arranged(kwargs, extra),
            self._likeness(bound),
        )

    def _likeness(self, bound: Sequence[tuple[str | None, Json]]) -> Likeness | None:
        """Return the likeness of the arguments, if code creates some of the defaults for each call."""
        if not self._makes_defaults:
            return None
        given = {name for name, _ in bound}
        left_out = [each for each in self._defaults if each[0] not in given and type(each[1]) in SCALARS]
        return likeness([*bound, *cast("list[tuple[str, Json]]", left_out)], is_certain=False)

    @cached_property
    def _makes_defaults(self) -> bool:
        """Whether code creates defaults, of parameters or inside arguments."""
        from llmc_compiler.tools.functions.received_text import makes_defaults  # noqa: PLC0415 — as above

        is_made = any(p.default is MADE for p in self._found)
        return is_made or any(makes_defaults(self._types[p.name].adapter.core_schema) for p in self._found)

    def prepare(self, bound: Sequence[tuple[str | None, Json]]) -> Prepared:
        """Check the arguments and return copies, by position and by keyword; raises ArgumentError."""
        return self._arranged(*self._converted(bound))

    def received(self, bound: Sequence[tuple[str | None, Json]], prepared: Prepared) -> list[Received]:
        """Return the prepared arguments in the order of `bound`, and the defaults that the function receives."""
        args, kwargs = prepared[0], {self._spelled.get(name, name): value for name, value in prepared[1].items()}
        given = {name for name, _ in bound}
        first = [p.name for p in self._found if p.kind in BY_POSITION and p.name in given and p.name not in kwargs]
        values = {**dict(zip(first, args, strict=False)), **kwargs}
        extra = iter(args[len(first) :])
        arrived = [(name, next(extra) if name is None else values[name]) for name, _ in bound]
        left_out = [each for each in self._defaults if each[0] not in given]
        return [
            *(Received(name, *self._of(name).told(value)) for name, value in arrived),
            *(Received(name, *self._of(name).told(value), is_default=True) for name, value in left_out),
        ]

    def _converted(self, bound: Sequence[tuple[str | None, Json]]) -> tuple[dict[str, Any], list[Any]]:
        """Convert the arguments: those with a parameter by its name, and the further positional ones."""
        types = self._types
        for name, value in bound:
            if name not in types or type(value) not in types[name].unchanged:
                break
        else:  # as in most calls
            return dict(cast("Sequence[tuple[str, Any]]", bound)), []
        kwargs = {name: self._convert(name, value) for name, value in bound if name is not None}
        return kwargs, [self._convert(None, value) for name, value in bound if name is None]

    def _arranged(self, kwargs: dict[str, Any], extra: list[Any]) -> Prepared:
        """Return converted arguments by position and by keyword."""
        if not extra and self._is_by_name:
            return [], kwargs
        first = [p.name for p in self._found if p.kind in BY_POSITION] if extra else self._positional_only
        args = [kwargs.pop(name) for name in first if name in kwargs]
        return args + extra, {self._own.get(name, name): value for name, value in kwargs.items()}

    @cached_property
    def converts(self) -> bool:
        """Whether the tool's code converts an argument, so that it does not arrive as JSON data."""
        return not all(self._types[p.name].is_plain for p in self._found)

    def _completed(self, arguments: Sequence[Named]) -> list[Named]:
        """Return the arguments, and the defaults of those left out."""
        given = {name for name, _ in arguments}
        return [*arguments, *(each for each in self._defaults if each[0] not in given)]

    @cached_property
    def _defaults(self) -> list[Named]:
        """The parameters with a default, except for defaults created for each call."""
        return [(p.name, p.default) for p in self._found if p.default is not Parameter.empty and p.default is not MADE]

    @cached_property
    def _positional_only(self) -> list[str]:
        """The parameters that cannot be given by name, such as the first one of `functools.singledispatch`."""
        first = [p.name for p in self._found[:1] if self._dispatches and p.kind in BY_POSITION]
        return first or [p.name for p in self._found if p.kind is Parameter.POSITIONAL_ONLY]

    @cached_property
    def _is_by_name(self) -> bool:
        """Whether all parameters can be given by the name that plans write."""
        return not self._positional_only and all(map(eq, self._own, self._own.values()))

    def accept(self, result: object, bounds: ResultBounds = BOUNDS) -> object:
        """Return the result as JSON data; raises ResultError."""
        annotation = self._result
        return result if type(result) in annotation.unchanged else accepted(result, annotation.dump, bounds)


def _marked(
    signature: Signature, hints: dict[str, Any], name: str, key: str | None
) -> tuple[ParameterMarkers, dict[str, Any]]:
    """Return the marks of a function, and its annotations without them."""
    try:
        return read_marks(signature, hints, key), unmarked(hints)
    except MarkError as error:
        message = f"`{name}` cannot be a tool as declared: {error}"
        raise ToolboxError(message) from error


def _shape(parameters: Sequence[Parameter], function: Callable[..., Any]) -> Shape:
    """Return the parameters by name."""
    kinds = {p.kind for p in parameters}
    return Shape(
        positional=tuple(p.name for p in parameters if p.kind in BY_POSITION),
        named=frozenset(p.name for p in parameters if p.kind in _BY_NAME),
        required=tuple(p.name for p in parameters if p.default is Parameter.empty and p.kind in _BY_NAME | BY_POSITION),
        more_positional=Parameter.VAR_POSITIONAL in kinds,
        more_named=Parameter.VAR_KEYWORD in kinds,
        reserved=bound_names(function, {p.name for p in parameters}) if Parameter.VAR_KEYWORD in kinds else frozenset(),
    )


def _with_default(schema: dict[str, Any], default: object) -> dict[str, Any]:
    """Return a parameter's schema, with its default if that has a JSON form."""
    return {**schema, "default": default} if default is not Parameter.empty and _is_json(default) else schema


def _is_json(value: object) -> bool:
    """Whether a value can be written as JSON."""
    try:
        json.dumps(value, allow_nan=False)
    except (TypeError, ValueError, RecursionError):
        return False
    return True
