"""Decorators that declare a function's effect: `@pure`, `@nondet`, `@read`, `@write`, `@opaque`."""

from collections.abc import Callable
from functools import partial
from typing import ParamSpec, Protocol, TypeVar, Unpack, overload

from llmc_compiler.effects.effects import EVERYTHING, Effect, Kind, parse_effect
from llmc_compiler.tools.callables import name_of
from llmc_compiler.tools.signature import ToolboxError
from llmc_compiler.tools.tool import Function, Tool, ToolSettings, inside
from llmc_grammar.frozen_data import frozen

P = ParamSpec("P")
R = TypeVar("R")


class Decorated(Protocol):
    """A decorator that keeps the types of the function."""

    def __call__(self, function: Callable[P, R], /) -> Tool[P, R]:
        """Make a tool of the function."""
        ...


@frozen
class Declaration:
    """A decorator for an effect without a resource: `@pure`, or `@pure(latency=0.1)`."""

    kind: Kind

    @overload
    def __call__(self, function: Callable[P, R], /) -> Tool[P, R]: ...
    @overload
    def __call__(self, function: None = None, /, **settings: Unpack[ToolSettings]) -> Decorated: ...
    def __call__(self, function: Function | None = None, /, **settings: Unpack[ToolSettings]) -> Tool | Decorated:
        """Make a tool of the function."""
        effect = Effect(self.kind, EVERYTHING if self.kind is Kind.OPAQUE else "")
        return _declare(effect, function, settings)


@frozen
class ResourceDeclaration:
    """A decorator for the effect on a resource: `@read` (everything), or `@read("mail")`."""

    kind: Kind

    @overload
    def __call__(self, function: Callable[P, R], /) -> Tool[P, R]: ...
    @overload
    def __call__(
        self, resource: str = EVERYTHING, /, *, idempotent: bool = False, **settings: Unpack[ToolSettings]
    ) -> Decorated: ...
    def __call__(
        self, first: str | Function = EVERYTHING, /, *, idempotent: bool = False, **settings: Unpack[ToolSettings]
    ) -> Tool | Decorated:
        """Make a tool of the function; raises ToolboxError for an invalid resource name."""
        function = None if isinstance(first, str) else first
        where = first if isinstance(first, str) else EVERYTHING
        try:
            effect = parse_effect(f"{self.kind.value}({where}{', idempotent' if idempotent else ''})")
        except ValueError as error:
            raise ToolboxError(str(error)) from error
        return _declare(effect, function, settings)


def _declare(effect: Effect, function: Function | None, settings: ToolSettings) -> Tool | Decorated:
    """Return a tool if the function is given, else a decorator that makes one."""

    def make(decorated: Callable[P, R], /) -> Tool[P, R]:
        if not isinstance(decorated, (Tool, partial)) and inside(decorated) is not None:
            message = f"`{name_of(decorated)}` wraps a tool, which declares its effect already: declare it once"
            raise ToolboxError(message)
        return Tool.from_function(decorated, effect, **settings)

    return make if function is None else make(function)


pure = Declaration(Kind.PURE)
"""Declare that a function always gives the same result for the same arguments, and changes nothing."""
nondet = Declaration(Kind.NONDET)
"""Declare that a function changes nothing, but may give another result for the same arguments."""
opaque = Declaration(Kind.OPAQUE)
"""Declare that the effect of a function is unknown: it may read and write anything."""
read = ResourceDeclaration(Kind.READ)
"""Declare that a function reads a resource: `@read("mail")`, or `@read` for all resources."""
write = ResourceDeclaration(Kind.WRITE)
"""Declare that a function writes a resource: `@write("mail")`, or `@write` for all resources."""
