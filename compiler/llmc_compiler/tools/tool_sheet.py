"""Tools as a table, for notebooks and `rich.print`."""

from collections.abc import Iterable
from typing import Final, Protocol

from llmc_compiler.effects.effects import Effect
from llmc_compiler.expressions.types import describe
from llmc_compiler.representation.sheet import Sheet
from llmc_compiler.tools.signature import Signature

_MOST_PARAMETERS: Final = 12
"""Parameters of a tool that are shown."""


class ListedTool(Protocol):
    """The columns of a tool."""

    @property
    def name(self) -> str:
        """The name in plans."""
        ...

    @property
    def effect(self) -> Effect:
        """The declared effect."""
        ...

    @property
    def approve(self) -> bool:
        """Whether each call needs an approval."""
        ...

    @property
    def description(self) -> str:
        """The description, of which the first line is shown."""
        ...

    @property
    def signature(self) -> Signature:
        """The parameters and the result."""
        ...


def sheet_of(tools: Iterable[ListedTool], count: int) -> Sheet:
    """Return the display of some tools."""
    rows = map(_row, tools)
    return Sheet(f"{count:,} tool{'' if count == 1 else 's'}", ("tool", "effect", "description"), rows, count=count)


def _row(tool: ListedTool) -> tuple[str, str, str]:
    """Return the row of a tool: its call, its effect and the first line of its description."""
    takes = [f"{each.many}{each.name}{'' if each.required or each.many else '?'}" for each in tool.signature.takes]
    more = [f"… {len(takes) - _MOST_PARAMETERS} more"] if len(takes) > _MOST_PARAMETERS else []
    asks = ", asks first" if tool.approve else ""
    called = f"{tool.name}({', '.join([*takes[:_MOST_PARAMETERS], *more])}) → {describe(tool.signature.gives)}"
    return called, f"{tool.effect}{asks}", tool.description.strip().partition("\n")[0]
