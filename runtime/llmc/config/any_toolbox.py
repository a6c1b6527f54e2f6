"""A toolbox with a tool of every name, to check plans without their tools."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from llmc_compiler.effects.effects import Effect, Kind
from llmc_compiler.expressions.terms import Json
from llmc_compiler.expressions.types import ANY, Type
from llmc_compiler.json_schema.resource_segments import OPEN, ResourceSegment
from llmc_compiler.tools.argument_binding import ANYTHING, Shape
from llmc_compiler.tools.signature import BOUNDS, Identified, Prepared, Received, ResultBounds, ToolParameter, Wanted
from llmc_compiler.tools.tool import Tool
from llmc_compiler.tools.toolbox import Toolbox


class AnySignature:
    """The signature of an unknown tool, which accepts any arguments."""

    shape: Shape = ANYTHING

    @property
    def parameters(self) -> dict[str, Any]:
        """The schema of unknown parameters."""
        return {}

    @property
    def returns(self) -> dict[str, Any]:
        """The schema of any result."""
        return {}

    gives: Type = ANY
    converts = False
    takes: tuple[ToolParameter, ...] = ()
    forms: tuple[tuple[ToolParameter, ...], ...] = ()

    def wants(self, parameter: str | None) -> Wanted:  # noqa: ARG002 — the same for all parameters
        """Return a requirement that every value meets."""
        return Wanted(ANY, ANY)

    def segment(self, parameter: str) -> ResourceSegment:  # noqa: ARG002 — as above
        """Return an unknown parameter."""
        return OPEN

    def check(self, parameter: str | None, value: Json) -> None:
        """Accept every argument."""

    def check_call(self, names: Sequence[str | None], known: Mapping[str, Json]) -> None:
        """Accept every combination of arguments."""

    def identify(self, bound: Sequence[tuple[str | None, Json]]) -> Identified:  # noqa: ARG002 — as above
        """Return no digest, so that no calls are equal."""
        return Identified(())

    def prepare(self, bound: Sequence[tuple[str | None, Json]]) -> tuple[list[Any], dict[str, Any]]:
        """Return the arguments as written."""
        return [value for name, value in bound if name is None], {name: value for name, value in bound if name}

    def received(
        self,
        bound: Sequence[tuple[str | None, Json]],
        prepared: Prepared,  # noqa: ARG002 — as above
    ) -> list[Received]:
        """Return the arguments as written."""
        return [Received(name, value) for name, value in bound]

    def accept(self, result: object, bounds: ResultBounds = BOUNDS) -> object:  # noqa: ARG002 — as above
        """Accept every result."""
        return result


class AnyTools(Toolbox):
    """A toolbox with a tool of every name, besides `known` ones.

    The others are pure, so that no mistakes about effects are reported.
    """

    is_known = False

    def __init__(self, known: Iterable[Tool] = ()) -> None:
        super().__init__(known)
        self.was_asked = False
        """Whether the call of an unknown tool was accepted."""

    def get(self, name: str) -> Tool:
        """Return a tool with this name."""
        if (known := super().get(name)) is not None:
            return known
        self.was_asked = True
        return Tool(name, "", Effect(Kind.PURE), AnySignature(), call=_unknown, is_async=False)

    def __contains__(self, name: object) -> bool:
        """Whether the name is a string, since a tool exists for every name."""
        return isinstance(name, str)


def _unknown() -> None:
    """The body of an unknown tool, which is never called, since the plan is only checked."""
