"""The list of tools in a prompt, cut to a budget of characters.

Descriptions of parameters that several tools have in common are told once where the list is too long otherwise. Then
parts are cut in the order of `ListCut`: examples; bounds, formats and patterns; descriptions of optional parameters,
then of required ones; long enumerations; descriptions of tools, first to a sentence; at last the descriptions of
required parameters that tools have in common. The longest parts of a kind go first.
Names, types, defaults, and which parameters are required are always there.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields, replace
from typing import Final

from llmc_compiler.tools.tool import Tool
from llmc_compiler.tools.toolbox import Toolbox
from llmc_runtime.agent.prompting.tool_docs.cut import ALL, WHOLE, ListCut
from llmc_runtime.agent.prompting.tool_docs.parameter_notes import joined
from llmc_runtime.agent.prompting.tool_docs.tool_entry import ListedTool, ToolText

PROMPT_BUDGET: Final = 24_000
"""Characters that the tools may take in a prompt: about 6,000 tokens."""

CHANGES: Final = "(its answers change: a later plan may call it again)"
"""The words of `tools.j2` for a tool that is declared with `reuse=False`."""

_HEADING: Final = len("The tools:")


@dataclass(frozen=True, slots=True)
class ToolList:
    """The tools of a prompt, their size in characters, and in words what was left out."""

    tools: tuple[ListedTool, ...]
    characters: int
    left_out: tuple[str, ...] = ()


def tool_list(tools: Toolbox | Iterable[Tool], budget: int = PROMPT_BUDGET) -> ToolList:
    """The tools, as they were given, in a budget of characters."""
    entries = [ToolText(tool) for tool in tools]
    for entry, notes in zip(entries, joined([entry.notes for entry in entries]), strict=True):
        entry.notes = notes
    cut = _fitting(entries, budget)
    found = tuple(entry.listed(cut) for entry in entries)
    size = _size(found)
    left_out = _left_out(entries, cut)
    if size > budget:
        left_out.append(f"names and types take {size:,} characters of {budget:,}: none of them is left out")
    return ToolList(found, size, tuple(left_out))


def listed(tools: Toolbox | Iterable[Tool]) -> list[ListedTool]:
    """The tools with all that can be told of them."""
    return [ToolText(tool).listed() for tool in tools]


def signature(tool: Tool) -> str:
    """Name, parameters and result with their types, in the words of the plan language."""
    return ToolText(tool).signature()


def _fitting(entries: Sequence[ToolText], budget: int) -> ListCut:
    """The least cut that fits; the largest if none does."""
    cut = WHOLE
    for kind in fields(ListCut):
        if _fits(entries, cut, budget):
            break
        without: ListCut = replace(cut, **{kind.name: 0})
        cut = _least(entries, cut, kind.name, budget) if _fits(entries, without, budget) else without
    return cut


def _least(entries: Sequence[ToolText], cut: ListCut, kind: str, budget: int) -> ListCut:
    """The cut that leaves as much of a kind as fits."""
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
    """The characters that `tools.j2` takes for some tools."""
    return _HEADING + sum(len(line) + 1 for tool in tools for line in _lines(tool))


def _lines(tool: ListedTool) -> Iterable[str]:
    """The lines of a tool as `tools.j2` writes them."""
    changes = f"  {CHANGES}" if tool.changes else ""
    yield f"- {tool.signature}{changes}" + (f"  (changes something: {tool.effect})" if tool.writes else "")
    if tool.description:
        yield f"    {tool.description}"
    yield from (f"      {line}" for line in tool.parameters)


def _left_out(entries: Sequence[ToolText], cut: ListCut) -> list[str]:
    """The parts that a cut leaves out, in words."""
    amounts: dict[str, list[tuple[int, int]]] = defaultdict(list)
    for entry in entries:
        for kind, amount in entry.left_out(cut).items():
            amounts[kind] += [amount] if amount[0] > 0 else []
    return [_words(kind, found) for kind, found in amounts.items() if found]


def _words(kind: str, found: Sequence[tuple[int, int]]) -> str:
    """The cut of one kind, in words."""
    missing, total = (sum(amounts) for amounts in zip(*found, strict=True))
    tools = "1 tool" if len(found) == 1 else f"{len(found):,} tools"
    return f"{kind} of {tools} were left out: {missing:,} of {total:,} characters"
