"""The card that teaches planners the language: as much of it as these tools can use, and as the grammar lets pass.

    every level     numbered tasks with calls, references, the join, `$$`
    full            also loops and guards
    tools, plain    also nested calls, choices, and tasks with names; so without a grammar

Loops are shown where a tool gives or takes lists, guards where a tool writes or a condition can be read off a result.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Final

from llmc_compiler.decoder.decoder_grammar import Level
from llmc_compiler.expressions import types
from llmc_compiler.tools.tool import Tool
from llmc_compiler.tools.toolbox import Toolbox
from llmc_runtime.agent.prompting.card_lines import CardLines, condition, has_lists, read_off
from llmc_runtime.agent.prompting.examples import card_samples, is_clean
from llmc_runtime.agent.prompting.tool_docs.prompt_texts import END

SMALL: Final = 240
LARGE: Final = 480
"""How many characters loops and the like may add to a card; LARGE where a tool gives a list or a record, or writes."""

SAID: Final = {"loops": 67, "guards": 42, "free": 62}
"""The characters in which the template explains each."""
SPARED: Final = 32
"""Characters by which the rest of the template is shorter than it may be."""
_SPARED_JOIN: Final = f"join($1){END}"
"""The end of the plan that shows least, since the card explains it too."""
_TRIES: Final = 12
"""How many plans of a kind are compiled to find one."""


@dataclass(frozen=True, slots=True)
class Card:
    """The plans of a card, and the forms that it explains; `free` are nested calls, choices and names."""

    samples: list[str]
    loops: bool
    guards: bool
    free: bool


def card(tools: Toolbox, level: Level | None) -> Card:
    """The card for plans of some tools that follow a grammar of this level, or none."""
    loops = level != "sound" and any(map(has_lists, tools))
    guards = level != "sound" and any(tool.effect.may_write or read_off(tool) is not None for tool in tools)
    free = level not in {"full", "sound"}
    forms = {name for name, is_shown in (("loops", loops), ("guards", guards), ("free", free)) if is_shown}
    room = (LARGE if any(map(_is_large, tools)) else SMALL) + SPARED - sum(SAID[name] for name in forms)
    samples = card_samples(tools)
    if forms or not samples:
        samples = _fitted(samples, tools, frozenset(forms), room)
    return Card(samples, loops, guards, free)


def _is_large(tool: Tool) -> bool:
    """Whether there is more to say of a tool."""
    gives = types.options(tool.signature.gives)
    return tool.effect.may_write or any(isinstance(option, (types.ListOfType, types.Record)) for option in gives)


def _fitted(samples: list[str], tools: Toolbox, forms: frozenset[str], room: int) -> list[str]:
    """The plans with those that show forms, as far as there is room; another may have to go for them."""
    candidates = list(_candidates(tools, forms))
    wanted = frozenset[str]().union(*(shows for _, shows in candidates))
    shown, found = _filled(samples, candidates, room)
    if shown >= wanted:
        return found
    fewer = [plan for plan in samples if not plan.endswith(_SPARED_JOIN)]
    return _filled(fewer, candidates, room + _length(samples) - _length(fewer))[1]


def _filled(
    samples: list[str], candidates: Sequence[tuple[str, frozenset[str]]], room: int
) -> tuple[frozenset[str], list[str]]:
    """The forms that are shown, and the plans with those that show them in as many characters."""
    shown, found = frozenset[str](), [*samples]
    for plan, shows in candidates:
        if (shows - shown or not found) and _length([plan]) <= room:
            room, shown, found = room - _length([plan]), shown | shows, [*found, plan]
    return shown, found


def _length(samples: list[str]) -> int:
    """The characters that plans take in a card, with the blank line in front of each."""
    return sum(len(plan) + 2 for plan in samples)


def _candidates(tools: Toolbox, forms: frozenset[str]) -> Iterator[tuple[str, frozenset[str]]]:
    """Plans with the forms that each shows, those that show most first."""
    lines = CardLines(tools)

    def clean(found: Iterator[list[str]]) -> list[str]:
        plans = (each for each in islice(found, _TRIES) if is_clean(_plan(each), tools))
        return next(plans, [])

    loop = clean(lines.loops()) if "loops" in forms else []
    guard = clean(lines.guards()) if "guards" in forms else []
    name, tool = next(((line, tool) for line, tool in lines.named() if clean(iter([[line]]))), ("", None))
    found: list[tuple[list[str], str, set[str]]] = []
    if tool is not None and "free" in forms:
        asked = condition(tool, "$a")
        if guard:
            guarded = f"{lines.calls[0].text} if {asked}"
            join = f"join(${len(loop) or 'a'} if {asked} else ${len(loop) + 1})"
            found.append(([*loop, name, guarded], join, {"free", "guards", *(["loops"] if loop else [])}))
        found.append(([name], f'join($a if {asked} else "…")', {"free"}))
    if loop and guard:
        both = clean([*loop, *each] for each in lines.guards(len(loop) + 1))
        found[1:1] = [(both, "", {"loops", "guards"})] if both else []
    found += [(each, "", {kind}) for each, kind in ((loop, "loops"), (guard, "guards")) if each]
    found += [([call.text], 'join("It is $1.")', set()) for call in lines.calls[:1]]
    for plan, shows in ((_plan(each, join), frozenset(shows)) for each, join, shows in found):
        if is_clean(plan, tools):
            yield plan, shows


def _plan(lines: list[str], join: str = "") -> str:
    """Lines under their numbers, but for one with a name, which the join goes without as well."""
    texts: list[str] = []
    number = 1
    for line in lines:
        is_named = line.startswith("a = ")
        texts.append(line if is_named else f"{number}. {line}")
        number += not is_named
    last = join or "join()"
    return "\n".join([*texts, f"{number}. {last}" if number > len(lines) else last]) + END
