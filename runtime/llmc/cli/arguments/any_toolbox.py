"""Tools of every name, for plans that are checked without theirs."""

from collections.abc import Mapping, Sequence
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
    """The signature of a tool that nothing is known about."""

    shape: Shape = ANYTHING

    @property
    def parameters(self) -> dict[str, Any]:
        """Anything."""
        return {}

    @property
    def returns(self) -> dict[str, Any]:
        """Anything."""
        return {}

    gives: Type = ANY
    converts = False
    takes: tuple[ToolParameter, ...] = ()
    forms: tuple[tuple[ToolParameter, ...], ...] = ()

    def wants(self, parameter: str | None) -> Wanted:  # noqa: ARG002 — it is the same for all
        """Anything."""
        return Wanted(ANY, ANY)

    def segment(self, parameter: str) -> ResourceSegment:  # noqa: ARG002 — as above
        """No parameter is known."""
        return OPEN

    def check(self, parameter: str | None, value: Json) -> None:
        """Every argument is fine."""

    def check_call(self, names: Sequence[str | None], known: Mapping[str, Json]) -> None:
        """All arguments are fine together."""

    def identify(self, bound: Sequence[tuple[str | None, Json]]) -> Identified:  # noqa: ARG002 — as above
        """No digest: no call is the same as another."""
        return Identified(())

    def prepare(self, bound: Sequence[tuple[str | None, Json]]) -> tuple[list[Any], dict[str, Any]]:
        """The arguments as they were written."""
        return [value for name, value in bound if name is None], {name: value for name, value in bound if name}

    def received(
        self,
        bound: Sequence[tuple[str | None, Json]],
        prepared: Prepared,  # noqa: ARG002 — as above
    ) -> list[Received]:
        """The arguments as they were written."""
        return [Received(name, value) for name, value in bound]

    def accept(self, result: object, bounds: ResultBounds = BOUNDS) -> object:  # noqa: ARG002 — as above
        """Every result is fine."""
        return result


class AnyTools(Toolbox):
    """Has a tool of every name. The tools are pure, so that no mistake is found that is one of effects."""

    is_known = False

    def __init__(self) -> None:
        """Nothing was looked up."""
        super().__init__()
        self.was_asked = False
        """Whether a call was taken to be right without a look at its tool."""

    def get(self, name: str) -> Tool:
        """A tool of that name."""
        self.was_asked = True
        return Tool(name, "", Effect(Kind.PURE), AnySignature(), call=_unknown, is_async=False)

    def __contains__(self, name: object) -> bool:
        """Every name is there."""
        return isinstance(name, str)


def _unknown() -> None:
    """Stands for a tool that is never called: a plan that is only checked does not run."""
