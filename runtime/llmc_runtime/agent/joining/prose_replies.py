"""Replies that are prose, where a plan or a decision was asked for."""

import re
from collections.abc import Iterable
from typing import Final

from llmc_compiler.tools.tool import Tool
from llmc_grammar.reasoning import USUAL, ReasoningTags
from llmc_runtime.agent.joining.decision import read_decision
from llmc_runtime.agent.joining.decisions import MARKS, Finish
from llmc_runtime.agent.planning.plan_repair import NO_CALL
from llmc_runtime.agent.planning.plan_reply import ReplyReading
from llmc_runtime.errors import shortened

_REPLAN: Final = re.compile(r"\bre-?plan[ \t]*[(\[:]", re.IGNORECASE)
_CALLED: Final = re.compile(r"""(?<![\w.-])([\w.-]++)(?:[(\[]|[ \t]++\([ \t]*+["'“$\d])""")
_NAMED: Final = re.compile(
    r"""\b(?:action|tool|name|function)["'*_`]*+[ \t]*+[:=][ \t"'*_`]*+([\w.-]++)""", re.IGNORECASE
)
_THOUGHT: Final = re.compile(r"[*_`]*thought[ \t]*[0-9]*[*_` \t]*:[*_` \t]*", re.IGNORECASE)
_BARE: Final = re.compile(
    r"(?:\A|\n)[ \t*_`>#-]*+(?:action[ \t]*+[0-9]*+[*_`]*+:[*_` \t]*+)?(?:finish|final[ _-]?answer)[\s().:*_`]*+\Z",
    re.IGNORECASE,
)


def prose(text: str, reasoning: ReasoningTags = USUAL) -> str:
    """Return a text without its reasoning, the label of a thought, and a last line that only says `Action: Finish`.

    It is empty where an opening tag leaves open how much of it is reasoning, and where there are marks alone.
    """
    text = _BARE.sub("", reasoning.strip(text)).strip()
    label = _THOUGHT.match(text)
    if reasoning.opens(text) or not text.strip(f"{MARKS}\r\n"):
        return ""
    return text[label.end() :] if label else text


def wants_more(text: str, tools: Iterable[Tool]) -> bool:
    """Whether a text calls or names a tool, asks for another plan, or only announces something: it is no answer."""
    alone = text.strip(f"{MARKS}\r\n.").lower()
    if _REPLAN.search(text) or alone.endswith(":"):
        return True
    names = {name.lower() for tool in tools for name in (tool.name, tool.own_name)}
    if alone in names:
        return True
    found = (match[1].lower() for pattern in (_CALLED, _NAMED) for match in pattern.finditer(text))
    return any(name in names or name.rpartition(".")[2] in names for name in found)


def quoted(text: str, reasoning: ReasoningTags = USUAL, *, reasoned: str = "") -> str:
    """Quote a reply in one line of bounded length; `reasoned` is the reasoning that a server sent beside the text."""
    found = reasoning.strip(text)
    if found.strip():
        return _line(found)
    reasoned = text if text.strip() else reasoned
    return f"(nothing but reasoning: {_line(reasoned)})" if reasoned.strip() else "(nothing)"


def no_plan(report: str, text: str, reading: ReplyReading, reasoning: ReasoningTags) -> str:
    """The report on a plan; a quotation where a reply has no plan, or one without a call."""
    if report and report != NO_CALL:
        return report
    what = "the plan calls no tool" if report else "there is no plan in what the planner wrote"
    cut = "" if reading.is_whole else " (the reply was cut off)"
    return f"{what}: {quoted(text, reasoning, reasoned=reading.reasoned)}{cut}"


def refused(text: str, reading: ReplyReading, reasoning: ReasoningTags) -> str:
    """Say that a planner refused, and quote it."""
    return f"the planner refused: {quoted(text, reasoning, reasoned=reading.reasoned)}"


def offered(
    report: str, text: str, reading: ReplyReading, reasoning: ReasoningTags, tools: Iterable[Tool]
) -> str | None:
    """Return the answer that a planner wrote in the place of a plan, marked or as prose; None if there is none."""
    if not reading.is_whole or report not in {"", NO_CALL}:
        return None
    decision = read_decision(text, reasoning)
    if decision is not None:
        return decision.text if isinstance(decision, Finish) else None
    found = "" if report else prose(text, reasoning)
    return found if found and not wants_more(found, tools) else None


def _line(text: str) -> str:
    """A text as one line of bounded length, without what controls a terminal."""
    return "".join(filter(str.isprintable, shortened(text)))
