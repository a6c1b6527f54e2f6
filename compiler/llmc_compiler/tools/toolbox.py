"""Toolboxes: collections of tools under the names that plans use."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Final, Literal, Protocol, runtime_checkable

from llmc_compiler.effects.effects import EVERYTHING, Effect, Kind
from llmc_compiler.expressions.functions.table import FUNCTIONS
from llmc_compiler.representation.sheet import Displayed, Sheet
from llmc_compiler.representation.short_repr import short_repr
from llmc_compiler.tools.callables import name_of, refuse
from llmc_compiler.tools.outside_names import distinct, plan_name
from llmc_compiler.tools.signature import ToolboxError
from llmc_compiler.tools.tool import Function, Opening, Tool, around
from llmc_compiler.tools.tool_sheet import sheet_of

_LONGEST_NAME: Final = 128
_MOST_SHOWN: Final = 5
"""Maximum number of tools that the repr of a toolbox names."""


@runtime_checkable
class HasTool(Protocol):
    """A compiled plan, which can be a tool of other plans."""

    def as_tool(self) -> Tool:
        """Return the tool."""
        ...


Usable = Tool | Function | HasTool
"""Anything from which a toolbox makes a tool."""


class Toolbox(Displayed):
    """A collection of tools under the names that plans use.

    `bare` is the effect of functions that declare none: `"parallel"` (unordered among themselves, ordered with declared
    writes) or `"ordered"` (ordered with all other calls). `context` returns an async context manager, which each run
    enters once; the entered value is the context of these tools. Raises ToolboxError.
    """

    is_known: bool = True
    """Whether the tools and their effects are known; False if every name stands for some tool."""

    def __init__(
        self,
        tools: Iterable[Usable] = (),
        *,
        bare: Literal["parallel", "ordered"] | None = None,
        context: Opening | None = None,
    ) -> None:
        if bare not in (None, "parallel", "ordered"):
            message = f'`bare` is "parallel" or "ordered", not {bare!r}'
            raise ToolboxError(message)
        given = [_with_context(_bare_tool(tool, bare), context) for tool in tools]
        self._tools: dict[str, Tool] = {tool.name: tool for tool in _spelled(given)}
        if context is not None and not any(tool.opens is context for tool in self):
            message = "no tool of this toolbox takes its context: mark a parameter, `session: Context[…]`"
            raise ToolboxError(message)

    def get(self, name: str) -> Tool | None:
        """Return the tool with this name, or None."""
        return self._tools.get(name)

    def required(self, name: str) -> tuple[str, ...] | None:
        """Return the names of a tool's required parameters, or None if they, or the tool, are unknown."""
        tool = self.get(name)
        return None if tool is None or tool.signature.shape.more_named else tool.signature.shape.required

    def is_function(self, name: str) -> bool:
        """Whether a call of this name is one of a standard function: no tool has it."""
        return name in FUNCTIONS and name not in self._tools

    def __contains__(self, name: object) -> bool:
        """Whether the toolbox has a tool with this name."""
        return name in self._tools

    def __iter__(self) -> Iterator[Tool]:
        """Iterate over the tools in the order given."""
        return iter(self._tools.values())

    def __len__(self) -> int:
        """Return the number of tools."""
        return len(self._tools)

    def __getitem__(self, name: str) -> Tool:
        """Return the tool with this name, either as plans spell it or the tool's own; raises KeyError."""
        found = self._tools.get(name) or next((tool for tool in self if tool.own_name == name), None)
        if found is None:
            raise KeyError(name)
        return found

    def __or__(self, other: "Toolbox") -> "Toolbox":
        """Return a toolbox with the tools of both; raises ToolboxError if they share a name."""
        return Toolbox([*self, *other])

    __add__ = __or__

    def __repr__(self) -> str:
        """Return the first names: `Toolbox(search, send, … 3 more)`."""
        names = list(self._tools)
        more = [f"… {len(names) - _MOST_SHOWN} more"] if len(names) > _MOST_SHOWN else []
        return f"{type(self).__name__}({', '.join([*names[:_MOST_SHOWN], *more])})"

    def _sheet(self) -> Sheet:
        """Return a table of the tools with their parameters, effects and descriptions."""
        return sheet_of(self, len(self))


def _spelled(tools: Sequence[Tool]) -> Iterator[Tool]:
    """Yield the tools under the names that plans use; raises ToolboxError.

    Equal spellings get different numbers. A tool keeps its spelling in another toolbox with some of the same tools.
    """
    names = [plan_name(tool.name) for tool in tools]
    times = Counter(names)
    alike = [tool.own_name for tool, name in zip(tools, names, strict=True) if times[name] > 1]
    for name in (name for name, count in Counter(alike).items() if count > 1):
        message = f"two tools are called `{name}`: give one of them another name"
        raise ToolboxError(message)
    apart = distinct({name: plan_name(name) for name in alike}, {name for name in names if times[name] == 1})
    for tool, name in zip(tools, names, strict=True):
        spelling = name if times[name] == 1 else apart[tool.own_name]
        if len(tool.own_name) > _LONGEST_NAME:
            shown = f"{tool.own_name[: _LONGEST_NAME // 2]}…"
            message = f"`{shown}` is too long for a tool's name: use at most {_LONGEST_NAME} characters"
            raise ToolboxError(message)
        yield tool if tool.name == spelling else replace(tool, name=spelling)


def _with_context(tool: Tool, context: Opening | None) -> Tool:
    """Return the tool with the context of its toolbox, if it takes a context and has none yet."""
    wants = context is not None and tool.marks.context is not None and tool.opens is None
    return replace(tool, opens=context) if wants else tool


def _bare_tool(function: object, bare: str | None) -> Tool:
    """Return the tool itself, or a tool of a function that declares no effect."""
    if isinstance(function, HasTool):
        return function.as_tool()
    tool = around(function)
    if tool is not None:
        return _bound(tool)
    if not callable(function):
        message = f"{function!r} is not a tool: give a function, or make a tool with `Tool.from_schema`"
        raise ToolboxError(message)
    if bare is None:
        name = name_of(function)
        refuse(function, name)
        message = (
            f"`{name}` declares no effect: decorate it (`@pure`, `@nondet`, `@read`, `@write`, `@opaque`), "
            f'or declare all such functions: `Toolbox([{name}], bare="parallel")` or `bare="ordered"`'
        )
        raise ToolboxError(message)
    return _bound(Tool.from_function(function, Effect(Kind.BARE if bare == "parallel" else Kind.OPAQUE, EVERYTHING)))


def _bound(tool: Tool) -> Tool:
    """Return the tool; raises ToolboxError if it is a method without an object."""
    if tool.receiver is not None:
        message = (
            f"`{tool.__qualname__}` needs an object for `{tool.receiver}`: give the tool of an object, "
            f"`{tool.__qualname__.replace('.', '(…).', 1)}`"
        )
        raise ToolboxError(message)
    return tool


def toolbox_of(tools: object) -> Toolbox:
    """Return the toolbox, or a toolbox of the given tools; raises TypeError and ToolboxError."""
    if isinstance(tools, Toolbox):
        return tools
    if isinstance(tools, (str, bytes, Mapping)) or not isinstance(tools, Iterable):
        is_plain = type(tools).__module__ == "builtins"
        shown = short_repr(tools) if is_plain else type(tools).__name__
        message = f"`tools` is a llmc.Toolbox, or a list of tools, not {shown}"
        raise TypeError(message)
    return Toolbox(tools)
