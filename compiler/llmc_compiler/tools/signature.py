"""What a tool takes and gives, however it says so: the interface of annotations and of JSON schemas."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal, NamedTuple, Protocol

from llmc_compiler.expressions.operators import VALUE_DEPTH, VALUE_TEXT
from llmc_compiler.expressions.terms import Json
from llmc_compiler.expressions.types import Type
from llmc_compiler.expressions.value_identity import Likeness
from llmc_compiler.json_schema.resource_segments import ResourceSegment
from llmc_compiler.tools.argument_binding import Shape
from llmc_grammar.portable import Portable

Prepared = tuple[list[Any], dict[str, Any]]
"""Positional and keyword arguments of a function."""


class ToolboxError(Portable, Exception):
    """A tool is declared in a way that cannot work."""


class ArgumentError(Portable, ValueError):
    """An argument does not fit its parameter; `parameter` is its name, or None where none is to blame."""

    def __init__(self, parameter: str | None, message: str) -> None:
        """Blame a parameter."""
        super().__init__(message)
        self.parameter = parameter


class ResultError(Portable, ValueError):
    """A tool's result is not of the type that it declares."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a parameter takes: nothing but values of `at_most`, and certainly all of `at_least`."""

    at_most: Type
    at_least: Type


@dataclass(frozen=True, slots=True)
class ToolParameter:
    """A parameter for prompts and grammars: plans write `name`, the tool knows it as `own_name`.

    `schema` is its own JSON schema, a part of the signature's `parameters`. `many` is `*` for any number of positional
    arguments, `**` for keywords of any other name.
    """

    name: str
    own_name: str
    schema: object
    required: bool
    many: Literal["", "*", "**"] = ""


@dataclass(frozen=True, slots=True)
class Identified:
    """Digests of arguments: the arguments of two calls are the same if they have a digest in common.

    One is of the arguments as written, the other of those that the tool receives, both with defaults filled in.
    `prepared` are the arguments for the first attempt, where converting them is the code of the tool. Where defaults of
    the tool are not all known, the `likeness` says which other calls may be the same.
    """

    digests: tuple[str, ...]
    prepared: Prepared | None = None
    likeness: Likeness | None = None


@dataclass(frozen=True, slots=True)
class Received:
    """An argument as the tool receives it, as JSON data; `name` is None for one of any number.

    `kind` is the Python type of what the tool receives, if it is no type of JSON. `is_default`: the plan leaves it out.
    """

    name: str | None
    value: Json
    kind: str | None = None
    is_default: bool = False


class ResultBounds(NamedTuple):
    """How large and how deep a result may be, in bytes and levels; whether messages may show values of it."""

    size: int = VALUE_TEXT
    depth: int = VALUE_DEPTH
    shows: bool = True


BOUNDS: Final = ResultBounds()


class Signature(Protocol):
    """What a tool takes and gives."""

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
        """The parameters: positional ones in order, then those that go by name alone, then any number of others."""
        ...

    @property
    def forms(self) -> tuple[tuple[ToolParameter, ...], ...]:
        """The sets of arguments that a call may have, where the schema has alternatives; else nothing."""
        ...

    @property
    def returns(self) -> dict[str, Any]:
        """The JSON schema of the result."""
        ...

    @property
    def gives(self) -> Type:
        """A type that every result has."""
        ...

    @property
    def converts(self) -> bool:
        """Whether code of the tool makes arguments of what a plan gives, so that they may differ each time."""
        ...

    def wants(self, parameter: str | None) -> Wanted:
        """The type of a parameter, None being one more positional one."""
        ...

    def segment(self, parameter: str) -> ResourceSegment:
        """How a parameter closes a segment in the name of a resource."""
        ...

    def check(self, parameter: str | None, value: Json) -> None:
        """Check one argument; raises ArgumentError."""
        ...

    def check_call(self, names: Sequence[str | None], known: Mapping[str, Json]) -> None:
        """Check the arguments of a call together, of which some values are known; raises ArgumentError."""
        ...

    def identify(self, bound: Sequence[tuple[str | None, Json]]) -> "Identified":
        """Tell the arguments from others; raises ArgumentError, and what converters of arguments raise."""
        ...

    def prepare(self, bound: Sequence[tuple[str | None, Json]]) -> Prepared:
        """Positional and keyword arguments of the call, checked and of the tool's own; raises ArgumentError."""
        ...

    def received(self, bound: Sequence[tuple[str | None, Json]], prepared: Prepared) -> list[Received]:
        """What the tool receives: the prepared arguments in the order of `bound`, and defaults that are known."""
        ...

    def accept(self, result: object, bounds: ResultBounds = BOUNDS) -> object:
        """The result as JSON data (still the tool's own object where it is plain); raises ResultError."""
        ...
