"""Signatures of calls for which the run fills in more than their plan gives."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from llmc_compiler.binding import Shape
from llmc_compiler.term import Json
from llmc_compiler.tools import Signature, Wanted
from llmc_compiler.types import Type


@dataclass(frozen=True, slots=True)
class Filled:
    """A signature whose `prepare` gives `more` keywords besides those of the plan."""

    signature: Signature
    more: Mapping[str, object]

    @property
    def shape(self) -> Shape:
        """The parameters that a plan sees."""
        return self.signature.shape

    @property
    def parameters(self) -> dict[str, Any]:
        """Their JSON schema."""
        return self.signature.parameters

    @property
    def returns(self) -> dict[str, Any]:
        """The JSON schema of the result."""
        return self.signature.returns

    @property
    def gives(self) -> Type:
        """A type that every result has."""
        return self.signature.gives

    def wants(self, parameter: str | None) -> Wanted:
        """The type of a parameter."""
        return self.signature.wants(parameter)

    def check(self, parameter: str | None, value: Json) -> None:
        """Check one argument; raises ArgumentError."""
        self.signature.check(parameter, value)

    def prepare(self, bound: Sequence[tuple[str | None, Json]]) -> tuple[list[Any], dict[str, Any]]:
        """Positional and keyword arguments of the call, with what is filled in; raises ArgumentError."""
        args, kwargs = self.signature.prepare(bound)
        return args, {**kwargs, **self.more}

    def accept(self, result: object) -> object:
        """The result as JSON data; raises ResultError."""
        return self.signature.accept(result)
