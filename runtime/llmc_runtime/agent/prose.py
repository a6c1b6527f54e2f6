"""Replies that are prose, where a plan or a decision was asked for."""

import re
from collections.abc import Iterable
from typing import Final

from llmc_compiler.tools import Tool
from llmc_grammar.reasoning import USUAL, ReasoningTags
from llmc_runtime.agent.plan_reply import Reading
from llmc_runtime.errors import shortened

_REPLAN: Final = re.compile(r"\bre-?plan[ \t]*[(\[:]", re.IGNORECASE)
_CALLED: Final = r"""(?:\(|[ \t]+\([ \t]*["'“$\d])"""
_NAMED: Final = r"""(?:action|tool|name|function)["'*_`]*[ \t]*[:=][ \t"'*_`]*"""


def prose(text: str, reasoning: ReasoningTags = USUAL) -> str:
    """Return a text without its reasoning, empty where an opening tag leaves open how much of it is reasoning."""
    text = reasoning.strip(text).strip()
    return "" if reasoning.opens(text) else text


def wants_more(text: str, tools: Iterable[Tool]) -> bool:
    """Whether a text holds a call of a tool, or asks for another plan: then it is no answer."""
    if _REPLAN.search(text):
        return True
    names = {name for tool in tools for name in (tool.name, tool.own_name)}
    either = "|".join(map(re.escape, sorted(names, key=len, reverse=True)))
    called = rf"(?<![\w.])(?:{either}){_CALLED}|\b{_NAMED}(?:{either})(?!\w)"
    return bool(names) and re.search(called, text, re.IGNORECASE) is not None


def quoted(text: str, reasoning: ReasoningTags = USUAL, *, reasoned: str = "") -> str:
    """Quote a reply in one line of bounded length; `reasoned` is the reasoning that a server sent beside the text."""
    found = reasoning.strip(text)
    if found.strip():
        return _line(found)
    reasoned = text if text.strip() else reasoned
    return f"(nothing but reasoning: {_line(reasoned)})" if reasoned.strip() else "(nothing)"


def no_plan(text: str, reading: Reading, reasoning: ReasoningTags) -> str:
    """Say that there is no plan in a reply, and quote it."""
    cut = "" if reading.is_whole else " (the reply was cut off)"
    return f"there is no plan in what the planner wrote: {quoted(text, reasoning, reasoned=reading.reasoned)}{cut}"


def refused(text: str, reading: Reading, reasoning: ReasoningTags) -> str:
    """Say that a planner refused, and quote it."""
    return f"the planner refused: {quoted(text, reasoning, reasoned=reading.reasoned)}"


def offered(text: str, reading: Reading, reasoning: ReasoningTags, tools: Iterable[Tool]) -> str | None:
    """Return the prose that a planner wrote in the place of a plan; None if it is no answer."""
    found = prose(text, reasoning) if reading.is_whole else ""
    return found if found and not wants_more(found, tools) else None


def _line(text: str) -> str:
    """A text as one line of bounded length, without what controls a terminal."""
    return "".join(filter(str.isprintable, shortened(text)))
