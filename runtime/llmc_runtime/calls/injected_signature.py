"""Signatures of calls with arguments that the run adds to those of the plan, or that it prepared before."""

from collections.abc import Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any

from llmc_compiler.expressions.terms import Json
from llmc_compiler.expressions.types import Type
from llmc_compiler.json_schema.resource_segments import ResourceSegment
from llmc_compiler.tools.argument_binding import Shape
from llmc_compiler.tools.signature import (
    BOUNDS,
    Identified,
    Prepared,
    Received,
    ResultBounds,
    Signature,
    ToolParameter,
    Wanted,
)


@dataclass(frozen=True, slots=True)
class InjectedSignature:
    """A signature whose `prepare` adds the keywords `more` to those of the plan.

    The first `prepare` uses `ready`, if it is not empty: the arguments that were converted to identify the call. If
    arguments were `approved`, each attempt gets copies of them, since a second conversion may differ.
    """

    signature: Signature
    more: Mapping[str, object]
    ready: list[Prepared] = field(default_factory=list)
    approved: Prepared | None = None

    @property
    def shape(self) -> Shape:
        """The parameters that a plan sees."""
        return self.signature.shape

    @property
    def parameters(self) -> dict[str, Any]:
        """Their JSON schema."""
        return self.signature.parameters

    @property
    def takes(self) -> tuple[ToolParameter, ...]:
        """The parameters that a plan sees, with their schemas."""
        return self.signature.takes

    @property
    def forms(self) -> tuple[tuple[ToolParameter, ...], ...]:
        """The sets of arguments that a call may have."""
        return self.signature.forms

    @property
    def returns(self) -> dict[str, Any]:
        """The JSON schema of the result."""
        return self.signature.returns

    @property
    def gives(self) -> Type:
        """A type that every result has."""
        return self.signature.gives

    @property
    def converts(self) -> bool:
        """Whether code of the tool converts arguments."""
        return self.signature.converts

    def wants(self, parameter: str | None) -> Wanted:
        """The type of a parameter."""
        return self.signature.wants(parameter)

    def segment(self, parameter: str) -> ResourceSegment:
        """Return how a parameter closes a segment in the name of a resource."""
        return self.signature.segment(parameter)

    def check(self, parameter: str | None, value: Json) -> None:
        """Check one argument; raises ArgumentError."""
        self.signature.check(parameter, value)

    def check_call(self, names: Sequence[str | None], known: Mapping[str, Json]) -> None:
        """Check the arguments of a call together; raises ArgumentError."""
        self.signature.check_call(names, known)

    def identify(self, bound: Sequence[tuple[str | None, Json]]) -> Identified:
        """Separate the plan's arguments from the rest; raises ArgumentError, and the exceptions of converters."""
        return self.signature.identify(bound)

    def prepare(self, bound: Sequence[tuple[str | None, Json]]) -> Prepared:
        """Return the positional and keyword arguments of the call, with the added ones; raises ArgumentError."""
        args, kwargs = self._prepared(bound)
        return args, {**kwargs, **self.more}

    def _prepared(self, bound: Sequence[tuple[str | None, Json]]) -> Prepared:
        """The arguments of the plan; raises ArgumentError."""
        if self.approved is not None:
            try:
                return deepcopy(self.approved)
            except Exception:  # noqa: BLE001 — a tool's object may not be copyable
                return self.approved
        return self.ready.pop() if self.ready else self.signature.prepare(bound)

    def received(self, bound: Sequence[tuple[str | None, Json]], prepared: Prepared) -> list[Received]:
        """Return the plan's arguments as the tool receives them."""
        return self.signature.received(bound, prepared)

    def accept(self, result: object, bounds: ResultBounds = BOUNDS) -> object:
        """Return the result as JSON data; raises ResultError."""
        return self.signature.accept(result, bounds)
