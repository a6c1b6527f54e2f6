"""Signatures of calls for which the run fills in more than their plan gives."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from llmc_compiler.binding import Shape
from llmc_compiler.term import Json
from llmc_compiler.tools import Signature


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

    def check(self, parameter: str | None, value: Json) -> None:
        """Check one argument; raises ArgumentError."""
        self.signature.check(parameter, value)

    def takes_text(self, parameter: str | None) -> bool:
        """Whether the parameter is a text and nothing else."""
        return self.signature.takes_text(parameter)

    def prepare(self, bound: Sequence[tuple[str | None, Json]]) -> tuple[list[Any], dict[str, Any]]:
        """Positional and keyword arguments of the call, with what is filled in; raises ArgumentError."""
        args, kwargs = self.signature.prepare(bound)
        return args, {**kwargs, **self.more}

    def accept(self, result: object) -> object:
        """The result as JSON data; raises ResultError."""
        return self.signature.accept(result)
