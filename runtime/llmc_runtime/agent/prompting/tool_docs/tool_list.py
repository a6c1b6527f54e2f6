"""The list of tools in a prompt, cut to a budget of characters.

If the list is too long, descriptions of parameters that several tools share are shown once. Then parts are cut in the
order of `ListCut`: examples; bounds, formats and patterns; descriptions of optional parameters, then of required ones;
long enumerations; descriptions of tools, first to a sentence; last, the descriptions of required parameters that tools
share. The longest parts of a kind are cut first. Names, types, defaults and required parameters are never cut.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields, replace
from functools import lru_cache
from typing import Final

from llmc_compiler.tools.tool import Tool
from llmc_compiler.tools.toolbox import Toolbox
from llmc_runtime.agent.prompting.tool_docs.cut import ALL, WHOLE, ListCut
from llmc_runtime.agent.prompting.tool_docs.parameter_notes import joined
from llmc_runtime.agent.prompting.tool_docs.tool_entry import ListedTool, ToolText

PROMPT_BUDGET: Final = 24_000
"""Maximum number of characters that the tools take in a prompt: about 6,000 tokens."""

CHANGES: Final = "(its answers change: a later plan may call it again)"
"""The words in `tools.j2` for a tool that is declared with `reuse=False`."""

_HEADING: Final = len("The tools:")

_KEPT: Final = 8
"""Cached lists: agents with the same tools share one."""


@dataclass(frozen=True, slots=True)
class ToolList:
    """The tools of a prompt, their size in characters, and sentences about the parts that were left out."""

    tools: tuple[ListedTool, ...]
    characters: int
    left_out: tuple[str, ...] = ()


class _SameTools(tuple[Tool, ...]):
    """Tools as a key, which equals only the same objects: a tool's function need not be hashable."""

    __slots__ = ()

    def __hash__(self) -> int:
        return hash(tuple(map(id, self)))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _SameTools) and [*map(id, self)] == [*map(id, other)]


def tool_list(tools: Toolbox | Iterable[Tool], budget: int = PROMPT_BUDGET) -> ToolList:
    """List tools in their order, within a budget of characters."""
    return _tool_list(_SameTools(tools), budget)


@lru_cache(maxsize=_KEPT)
def _tool_list(tools: _SameTools, budget: int) -> ToolList:
    """List tools as above."""
    entries = [ToolText(tool) for tool in tools]
    for entry, notes in zip(entries, joined([entry.notes for entry in entries]), strict=True):
        entry.notes = notes
    cut = _fitting(entries, budget)
    shown = tuple(entry.listed(cut) for entry in entries)
    size = _size(shown)
    left_out = _left_out(entries, cut)
    if size > budget:
        left_out.append(f"names and types alone take {size:,} characters of {budget:,}, and are never left out")
    return ToolList(shown, size, tuple(left_out))


def listed(tools: Toolbox | Iterable[Tool]) -> list[ListedTool]:
    """List tools without a cut."""
    return [ToolText(tool).listed() for tool in tools]


def signature(tool: Tool) -> str:
    """Write a tool's name, parameters and result, with types in the notation of the plan language."""
    return ToolText(tool).signature()


def _fitting(entries: Sequence[ToolText], budget: int) -> ListCut:
    """Return the smallest cut that fits, or the largest cut if none fits."""
    cut = WHOLE
    for kind in fields(ListCut):
        if _fits(entries, cut, budget):
            break
        without: ListCut = replace(cut, **{kind.name: 0})
        cut = _least(entries, cut, kind.name, budget) if _fits(entries, without, budget) else without
    return cut


def _least(entries: Sequence[ToolText], cut: ListCut, kind: str, budget: int) -> ListCut:
    """Return the cut that leaves as much of a kind as fits."""
    most, too_many = 0, ALL
    while too_many - most > 1:
        middle = (most + too_many) // 2
        if _fits(entries, replace(cut, **{kind: middle}), budget):
            most = middle
        else:
            too_many = middle
    return replace(cut, **{kind: most})


def _fits(entries: Sequence[ToolText], cut: ListCut, budget: int) -> bool:
    """Whether the tools are within a budget."""
    return _size([entry.listed(cut) for entry in entries]) <= budget


def _size(tools: Sequence[ListedTool]) -> int:
    """Count the characters of some tools in `tools.j2`."""
    return _HEADING + sum(len(line) + 1 for tool in tools for line in _lines(tool))


def _lines(tool: ListedTool) -> Iterable[str]:
    """Yield the lines of a tool in `tools.j2`."""
    changes = f"  {CHANGES}" if tool.changes else ""
    yield f"- {tool.signature}{changes}" + (f"  (changes something: {tool.effect})" if tool.writes else "")
    if tool.description:
        yield f"    {tool.description}"
    yield from (f"      {line}" for line in tool.parameters)


def _left_out(entries: Sequence[ToolText], cut: ListCut) -> list[str]:
    """Describe the parts that a cut leaves out."""
    amounts: dict[str, list[tuple[int, int]]] = defaultdict(list)
    for entry in entries:
        for kind, amount in entry.left_out(cut).items():
            amounts[kind] += [amount] if amount[0] > 0 else []
    return [_words(kind, of_tools) for kind, of_tools in amounts.items() if of_tools]


def _words(kind: str, of_tools: Sequence[tuple[int, int]]) -> str:
    """Describe the cut of one kind of parts."""
    missing, total = (sum(amounts) for amounts in zip(*of_tools, strict=True))
    tools = "1 tool" if len(of_tools) == 1 else f"{len(of_tools):,} tools"
    return f"{kind} of {tools} were left out: {missing:,} of {total:,} characters"
