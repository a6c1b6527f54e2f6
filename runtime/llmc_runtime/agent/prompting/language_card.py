"""The card that teaches planners the language: the forms that these tools can use and the grammar allows.

    every level     numbered tasks with calls, references, the join, `$$`, formats
    full            also loops and guards
    tools, plain    also nested calls, choices, tasks with names, lists in place and standard functions; the same
                    without a grammar

Loops and lists in place are shown if a tool returns or takes lists, functions if one returns or takes lists or records,
guards if a tool writes or a condition can be read off a result, formats if a result has a number. Lists in place and
functions give way to plans that show the other forms.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Final

from llmc_compiler.decoder.decoder_grammar import Level
from llmc_compiler.expressions import types
from llmc_compiler.tools.tool import Tool
from llmc_compiler.tools.toolbox import Toolbox
from llmc_runtime.agent.prompting.card_lines import CardLines, condition, has_lists, has_numbers, has_parts, read_off
from llmc_runtime.agent.prompting.examples import card_samples, is_clean
from llmc_runtime.agent.prompting.tool_docs.prompt_texts import END

SMALL: Final = 240
LARGE: Final = 480
"""Maximum number of characters that further forms add to a card; LARGE if a tool writes or returns lists or records."""

_FUNCTIONS: Final = (
    *("len", "sum", "min", "max", 'sorted($1, by="key")', "round", "any", "mean", "unique", "flatten", "join_text"),
    *("get", "keys"),
)
"""The functions that a card names: those that models write most in plans for tools."""
FUNCTIONS: Final = ", ".join(_FUNCTIONS)
SAID: Final = {"loops": 67, "guards": 42, "free": 62, "formats": 14, "lists": 66, "functions": 28 + len(FUNCTIONS)}
"""The number of characters in which the template explains each form."""
SPARED: Final = 67
"""The number of characters by which the rest of the template is shorter than it may be."""
_SPARED_JOIN: Final = f"join($1){END}"
"""The end of the plan that is dropped first to make room: the card itself explains it too."""
_TRIES: Final = 12
"""Maximum number of plans of a kind that are compiled to find a valid one."""


@dataclass(frozen=True, slots=True)
class Card:
    """The plans of a card, and the forms that it explains; `free` are nested calls, choices and names.

    `functions` are the names of functions, empty for a card without them.
    """

    samples: list[str]
    loops: bool
    guards: bool
    free: bool
    formats: bool = False
    lists: bool = False
    functions: str = ""


def card(tools: Toolbox, level: Level | None) -> Card:
    """Build the card for plans with these tools, and with a grammar of this level or without a grammar."""
    loops = level != "sound" and any(map(has_lists, tools))
    guards = level != "sound" and any(tool.effect.may_write or read_off(tool) is not None for tool in tools)
    free = level not in {"full", "sound"}
    formats = any(map(has_numbers, tools))
    said = {"loops": loops, "guards": guards, "free": free, "formats": formats}
    forms = frozenset(name for name, is_shown in said.items() if is_shown)
    room = (LARGE if any(map(_is_large, tools)) else SMALL) + SPARED - sum(SAID[name] for name in forms)
    samples = card_samples(tools)
    optional = {"lists": free and loops, "functions": free and any(map(has_parts, tools))}
    extras = tuple(name for name, is_shown in optional.items() if is_shown)
    if forms - {"formats"} or not samples:
        samples, extras = _with_extras(samples, tools, forms, room, extras)
    named = ", ".join(each for each in _FUNCTIONS if each.partition("(")[0] not in tools)
    return Card(samples, loops, guards, free, formats, "lists" in extras, named if "functions" in extras else "")


def _with_extras(
    samples: list[str], tools: Toolbox, forms: frozenset[str], room: int, extras: tuple[str, ...]
) -> tuple[list[str], tuple[str, ...]]:
    """Add plans, and explain as many of the `extras` as leave room for each form that plans show without them."""
    candidates = list(_candidates(tools, forms))
    shown, plans = _fitted(samples, candidates, room)
    for kept in sorted({extras, extras[:1], extras[1:]} - {()}, key=lambda names: (-len(names), names)):
        still, fewer = _fitted(samples, candidates, room - sum(SAID[name] for name in kept))
        if still >= shown and bool(fewer) == bool(plans):
            return fewer, kept
    return plans, ()


def _is_large(tool: Tool) -> bool:
    """Whether a tool writes, or returns a list or a record."""
    gives = types.options(tool.signature.gives)
    return tool.effect.may_write or any(isinstance(option, (types.ListOfType, types.Record)) for option in gives)


def _fitted(
    samples: list[str], candidates: Sequence[tuple[str, frozenset[str]]], room: int
) -> tuple[frozenset[str], list[str]]:
    """Add plans that show forms, as far as they fit; the plan that shows least may have to go for them."""
    wanted = frozenset[str]().union(*(shows for _, shows in candidates))
    shown, plans = _filled(samples, candidates, room)
    if shown >= wanted:
        return shown, plans
    fewer = [plan for plan in samples if not plan.endswith(_SPARED_JOIN)]
    return _filled(fewer, candidates, room + _length(samples) - _length(fewer))


def _filled(
    samples: list[str], candidates: Sequence[tuple[str, frozenset[str]]], room: int
) -> tuple[frozenset[str], list[str]]:
    """Add the candidates that show further forms and fit; return the forms that are shown, and all plans."""
    shown, plans = frozenset[str](), [*samples]
    for plan, shows in candidates:
        if (shows - shown or not plans) and _length([plan]) <= room:
            room, shown, plans = room - _length([plan]), shown | shows, [*plans, plan]
    return shown, plans


def _length(samples: list[str]) -> int:
    """Count the characters that plans take in a card, with the blank line before each."""
    return sum(len(plan) + 2 for plan in samples)


def _candidates(tools: Toolbox, forms: frozenset[str]) -> Iterator[tuple[str, frozenset[str]]]:
    """Yield plans with the forms that each shows, those that show most forms first."""
    lines = CardLines(tools)

    def clean(tries: Iterator[list[str]]) -> list[str]:
        plans = (plan for plan in islice(tries, _TRIES) if is_clean(_plan(plan), tools))
        return next(plans, [])

    loop = clean(lines.loops()) if "loops" in forms else []
    guard = clean(lines.guards()) if "guards" in forms else []
    name, tool = next(((line, tool) for line, tool in lines.named() if clean(iter([[line]]))), ("", None))
    drafts: list[tuple[list[str], str, set[str]]] = []
    if tool is not None and "free" in forms:
        test = condition(tool, "$a")
        if guard:
            guarded = f"{lines.calls[0].text} if {test}"
            join = f"join(${len(loop) or 'a'} if {test} else ${len(loop) + 1})"
            drafts.append(([*loop, name, guarded], join, {"free", "guards", *(["loops"] if loop else [])}))
        drafts.append(([name], f'join($a if {test} else "…")', {"free"}))
    if loop and guard:
        both = clean([*loop, *later] for later in lines.guards(len(loop) + 1))
        drafts[1:1] = [(both, "", {"loops", "guards"})] if both else []
    drafts += [(draft, "", {form}) for draft, form in ((loop, "loops"), (guard, "guards")) if draft]
    drafts += [([call.text], 'join("It is $1.")', set()) for call in lines.calls[:1]]
    for plan, shows in ((_plan(draft, join), frozenset(shows)) for draft, join, shows in drafts):
        if is_clean(plan, tools):
            yield plan, shows


def _plan(lines: list[str], join: str = "") -> str:
    """Number the lines of a plan, except for a line with a name; the join after such a line has no number either."""
    texts: list[str] = []
    number = 1
    for line in lines:
        is_named = line.startswith("a = ")
        texts.append(line if is_named else f"{number}. {line}")
        number += not is_named
    last = join or "join()"
    return "\n".join([*texts, f"{number}. {last}" if number > len(lines) else last]) + END
