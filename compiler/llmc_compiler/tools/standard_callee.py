"""Standard functions as callees: bound and checked like tools, so that mistakes in their arguments read the same."""

from collections.abc import Mapping
from typing import Final, Protocol

from llmc_compiler.expressions.functions.standard_function import StandardFunction
from llmc_compiler.expressions.functions.table import FUNCTIONS
from llmc_compiler.expressions.operators import OperandError
from llmc_compiler.expressions.terms import Json
from llmc_compiler.expressions.types import ANY
from llmc_compiler.tools.argument_binding import Shape
from llmc_compiler.tools.signature import ArgumentError, Wanted
from llmc_grammar.frozen_data import frozen


class CallSignature(Protocol):
    """The parameters of a tool or of a standard function."""

    @property
    def shape(self) -> Shape:
        """The parameters by name."""
        ...

    def wants(self, parameter: str | None) -> Wanted:
        """Return the accepted types of a parameter; None stands for a further positional argument."""
        ...

    def check(self, parameter: str | None, value: Json) -> None:
        """Check one argument; raises ArgumentError if it does not fit."""
        ...


class NamedSignature(Protocol):
    """A tool or a standard function."""

    @property
    def name(self) -> str:
        """The name in plans."""
        ...

    @property
    def signature(self) -> CallSignature:
        """The parameters."""
        ...


@frozen
class _FunctionSignature:
    """The parameters of a standard function."""

    function: StandardFunction
    shape: Shape

    def wants(self, parameter: str | None) -> Wanted:
        """Return the accepted types of a parameter."""
        for known in self.function.parameters:
            if known.name == parameter or (known.many and parameter is None):
                return Wanted(known.type, known.type)
        return Wanted(ANY, ANY)

    def check(self, parameter: str | None, value: Json) -> None:
        """Check one argument; raises ArgumentError if it does not fit."""
        try:
            self.function.check(parameter, value)
        except OperandError as unfit:
            raise ArgumentError(parameter, str(unfit)) from None


@frozen
class StandardCallee:
    """A standard function with its parameters."""

    name: str
    signature: CallSignature
    function: StandardFunction


def _callee(function: StandardFunction) -> StandardCallee:
    """Return a function as a callee."""
    single = [parameter for parameter in function.parameters if not parameter.many]
    names = tuple(parameter.name for parameter in single)
    shape = Shape(
        positional=names,
        named=frozenset(names),
        required=tuple(parameter.name for parameter in single if parameter.required),
        more_positional=len(single) < len(function.parameters),
    )
    return StandardCallee(function.name, _FunctionSignature(function, shape), function)


STANDARD: Final[Mapping[str, StandardCallee]] = {name: _callee(function) for name, function in FUNCTIONS.items()}
"""The standard functions by name."""
