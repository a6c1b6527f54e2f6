"""Signatures of calls for which the run has arguments besides those of their plan, or has prepared them before."""

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
    """A signature whose `prepare` gives `more` keywords besides those of the plan.

    The first `prepare` takes what is `ready`, if something is: the arguments that were converted to identify the call.
    Where arguments were `approved`, each attempt gets copies of these: what is converted anew may come out differently.
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
        """How a parameter closes a segment in the name of a resource."""
        return self.signature.segment(parameter)

    def check(self, parameter: str | None, value: Json) -> None:
        """Check one argument; raises ArgumentError."""
        self.signature.check(parameter, value)

    def check_call(self, names: Sequence[str | None], known: Mapping[str, Json]) -> None:
        """Check the arguments of a call together; raises ArgumentError."""
        self.signature.check_call(names, known)

    def identify(self, bound: Sequence[tuple[str | None, Json]]) -> Identified:
        """Tell the arguments of the plan from others; raises ArgumentError, and what converters raise."""
        return self.signature.identify(bound)

    def prepare(self, bound: Sequence[tuple[str | None, Json]]) -> Prepared:
        """Positional and keyword arguments of the call, with what is filled in; raises ArgumentError."""
        args, kwargs = self._prepared(bound)
        return args, {**kwargs, **self.more}

    def _prepared(self, bound: Sequence[tuple[str | None, Json]]) -> Prepared:
        """The arguments of the plan; raises ArgumentError."""
        if self.approved is not None:
            try:
                return deepcopy(self.approved)
            except Exception:  # noqa: BLE001 — an object of the tool's own need not let itself be copied
                return self.approved
        return self.ready.pop() if self.ready else self.signature.prepare(bound)

    def received(self, bound: Sequence[tuple[str | None, Json]], prepared: Prepared) -> list[Received]:
        """What the tool receives of the plan."""
        return self.signature.received(bound, prepared)

    def accept(self, result: object, bounds: ResultBounds = BOUNDS) -> object:
        """The result as JSON data; raises ResultError."""
        return self.signature.accept(result, bounds)
