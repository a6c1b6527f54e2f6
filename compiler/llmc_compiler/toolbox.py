"""Toolboxes: tools by the names that plans use."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Literal

from llmc_compiler.effects import EVERYTHING, Effect, Kind
from llmc_compiler.signature import ToolboxError
from llmc_compiler.tool import Function, Opening, Tool
from llmc_grammar.ast import KEYWORDS

_NAME_CHARACTER = re.compile(r"[^A-Za-z0-9_.]")
_LONGEST_NAME = 64


def plan_name(name: str) -> str:
    """The name by which a plan calls a tool: what no name may hold becomes `_`, a reserved word gets one."""
    parts = [part for part in _NAME_CHARACTER.sub("_", name).split(".") if part]
    parts = [f"_{part}" if part[0].isdigit() else part for part in parts] or ["_"]
    dotted = ".".join(parts)
    return f"{dotted}_" if dotted in KEYWORDS else dotted


class Toolbox:
    """Tools by the names that plans use.

    `bare` says what functions without a declared effect are: `"parallel"` (unordered among themselves, in order with
    declared writes) or `"ordered"` (each in line with everything else). `context` gives an async context manager, which
    each run enters once: what that gives is the context of these tools. Raises ToolboxError.
    """

    is_known: bool = True
    """Whether the effects of its tools are known; not so where every name stands for some tool."""

    def __init__(
        self,
        tools: Iterable[Tool | Function] = (),
        *,
        bare: Literal["parallel", "ordered"] | None = None,
        context: Opening | None = None,
    ) -> None:
        """Collect the tools."""
        if bare not in (None, "parallel", "ordered"):
            message = f'`bare` is "parallel" or "ordered", not {bare!r}'
            raise ToolboxError(message)
        self._tools: dict[str, Tool] = {}
        for tool in tools:
            self._add(_with_context(tool if isinstance(tool, Tool) else _bare_tool(tool, bare), context))
        if context is not None and not any(tool.opens is context for tool in self):
            message = "no tool of this toolbox takes its context: mark a parameter, `session: Context[…]`"
            raise ToolboxError(message)

    def _add(self, tool: Tool) -> None:
        """Enter a tool under the name that plans use."""
        name = plan_name(tool.name)
        if len(name) > _LONGEST_NAME * 2:
            longest = _LONGEST_NAME * 2
            message = f"`{name[:_LONGEST_NAME]}…` is too long for a tool's name: use at most {longest} characters"
            raise ToolboxError(message)
        if name in self._tools:
            message = f"two tools are called `{name}`: give one of them another name"
            raise ToolboxError(message)
        self._tools[name] = tool if tool.name == name else replace(tool, name=name)

    def get(self, name: str) -> Tool | None:
        """The tool of that name, if there is one."""
        return self._tools.get(name)

    def required(self, name: str) -> tuple[str, ...] | None:
        """The names of a tool's required parameters; None if they, or the tool, are unknown."""
        tool = self.get(name)
        return None if tool is None or tool.signature.shape.more_named else tool.signature.shape.required

    def __contains__(self, name: object) -> bool:
        """Whether there is a tool of that name."""
        return name in self._tools

    def __iter__(self) -> Iterator[Tool]:
        """The tools, as they were given."""
        return iter(self._tools.values())

    def __len__(self) -> int:
        """How many tools there are."""
        return len(self._tools)

    def __or__(self, other: "Toolbox") -> "Toolbox":
        """The tools of both; raises ToolboxError where a name is in both."""
        return Toolbox([*self, *other])


def _with_context(tool: Tool, context: Opening | None) -> Tool:
    """The tool with the context of its toolbox, if it takes one and has none yet."""
    wants = context is not None and tool.marks.context is not None and tool.opens is None
    return replace(tool, opens=context) if wants else tool


def _bare_tool(function: object, bare: str | None) -> Tool:
    """A tool of a function that declares no effect."""
    if not callable(function):
        message = f"{function!r} is no tool: give functions, or make one with `Tool.from_schema`"
        raise ToolboxError(message)
    if bare is None:
        name = getattr(function, "__name__", repr(function))
        message = (
            f"`{name}` declares no effect: decorate it (`@pure`, `@nondet`, `@read`, `@write`, `@opaque`), "
            f'or say what such functions are: `Toolbox([{name}], bare="parallel")` or `bare="ordered"`'
        )
        raise ToolboxError(message)
    return Tool.from_function(function, Effect(Kind.BARE if bare == "parallel" else Kind.OPAQUE, EVERYTHING))
