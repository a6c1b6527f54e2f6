"""Signatures of tools: parameters and result, read from annotations or from JSON schemas."""

from collections.abc import Mapping, Sequence
from typing import Any, Final, Literal, NamedTuple, Protocol

from llmc_compiler.expressions.operators import VALUE_DEPTH, VALUE_TEXT
from llmc_compiler.expressions.terms import Json
from llmc_compiler.expressions.types import Type
from llmc_compiler.expressions.value_identity import Likeness
from llmc_compiler.json_schema.resource_segments import ResourceSegment
from llmc_compiler.tools.argument_binding import Shape
from llmc_grammar.frozen_data import frozen
from llmc_grammar.portable import Portable

Prepared = tuple[list[Any], dict[str, Any]]
"""Positional and keyword arguments for a function."""


class ToolboxError(Portable, Exception):
    """A tool or toolbox is declared in a way that cannot work."""


class ArgumentError(Portable, ValueError):
    """An argument does not fit its parameter; `parameter` is its name, or None if the call as a whole does not fit."""

    def __init__(self, parameter: str | None, message: str) -> None:
        super().__init__(message)
        self.parameter = parameter


class ResultError(Portable, ValueError):
    """A tool's result does not have the declared type."""


@frozen
class Wanted:
    """The accepted types of a parameter: at most the values of `at_most`, and certainly all of `at_least`."""

    at_most: Type
    at_least: Type


@frozen
class ToolParameter:
    """A parameter for prompts and grammars: plans write `name`, the tool's own name for it is `own_name`.

    `schema` is its JSON schema, a part of the signature's `parameters`. `many` is `*` for any number of positional
    arguments, `**` for keyword arguments with any other name.
    """

    name: str
    own_name: str
    schema: object
    required: bool
    many: Literal["", "*", "**"] = ""


@frozen
class Identified:
    """Digests of arguments: two calls have the same arguments if they share a digest.

    One digest is of the arguments as written, the other of those that the tool receives, both with defaults filled in.
    `prepared` has the arguments for the first attempt if the tool's own code converts them. If some defaults of the
    tool are unknown, `likeness` tells which other calls may be the same.
    """

    digests: tuple[str, ...]
    prepared: Prepared | None = None
    likeness: Likeness | None = None


@frozen
class Received:
    """An argument that the tool receives, as JSON data; `name` is None for a further positional argument.

    `kind` is the Python type of the received object, unless that is one of JSON's. `is_default`: the plan leaves the
    argument out.
    """

    name: str | None
    value: Json
    kind: str | None = None
    is_default: bool = False


class ResultBounds(NamedTuple):
    """Limits of a result: its size in bytes, its depth in levels, and whether messages may show its values."""

    size: int = VALUE_TEXT
    depth: int = VALUE_DEPTH
    shows: bool = True


BOUNDS: Final = ResultBounds()


class Signature(Protocol):
    """The parameters and the result of a tool."""

    @property
    def shape(self) -> Shape:
        """The parameters by name."""
        ...

    @property
    def parameters(self) -> dict[str, Any]:
        """The JSON schema of the arguments, under the tool's own names."""
        ...

    @property
    def takes(self) -> tuple[ToolParameter, ...]:
        """The parameters: positional ones in order, then keyword-only ones, then those for any number of arguments."""
        ...

    @property
    def forms(self) -> tuple[tuple[ToolParameter, ...], ...]:
        """The sets of arguments that a call may have if the schema has alternatives, else empty."""
        ...

    @property
    def returns(self) -> dict[str, Any]:
        """The JSON schema of the result."""
        ...

    @property
    def gives(self) -> Type:
        """A type that contains every result."""
        ...

    @property
    def converts(self) -> bool:
        """Whether the tool's code converts the arguments of a plan, so that they may differ each time."""
        ...

    def wants(self, parameter: str | None) -> Wanted:
        """Return the accepted types of a parameter; None stands for a further positional argument."""
        ...

    def segment(self, parameter: str) -> ResourceSegment:
        """Return how a parameter closes a segment of a resource's name."""
        ...

    def check(self, parameter: str | None, value: Json) -> None:
        """Check one argument; raises ArgumentError if it does not fit."""
        ...

    def check_call(self, names: Sequence[str | None], known: Mapping[str, Json]) -> None:
        """Check the arguments of a call together, as far as their values are known; raises ArgumentError."""
        ...

    def identify(self, bound: Sequence[tuple[str | None, Json]]) -> "Identified":
        """Return the identity of the arguments; raises ArgumentError, and the errors of converters."""
        ...

    def prepare(self, bound: Sequence[tuple[str | None, Json]]) -> Prepared:
        """Check the arguments and return copies, by position and by keyword; raises ArgumentError."""
        ...

    def received(self, bound: Sequence[tuple[str | None, Json]], prepared: Prepared) -> list[Received]:
        """Return the prepared arguments in the order of `bound`, and the known defaults that the tool receives."""
        ...

    def accept(self, result: object, bounds: ResultBounds = BOUNDS) -> object:
        """Return the result as JSON data, the same object if it is plain; raises ResultError."""
        ...
