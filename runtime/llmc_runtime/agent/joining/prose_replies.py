"""Replies that are prose instead of a plan or a decision."""

import re
from collections.abc import Iterable
from typing import Final

from llmc_compiler.tools.tool import Tool
from llmc_grammar.reasoning import USUAL, ReasoningTags
from llmc_runtime.agent.joining.decision import read_decision
from llmc_runtime.agent.joining.decisions import MARKS, Finish
from llmc_runtime.agent.planning.plan_repair import NO_CALL
from llmc_runtime.agent.planning.plan_reply import ReplyReading
from llmc_runtime.foreign_errors import shortened

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

    The result is empty if an opening tag is not closed, or if only marks are left.
    """
    text = _BARE.sub("", reasoning.strip(text)).strip()
    label = _THOUGHT.match(text)
    if reasoning.opens(text) or not text.strip(f"{MARKS}\r\n"):
        return ""
    return text[label.end() :] if label else text


def wants_more(text: str, tools: Iterable[Tool]) -> bool:
    """Whether a text is not an answer: it calls or names a tool, asks for another plan, or only announces something."""
    alone = text.strip(f"{MARKS}\r\n.").lower()
    if _REPLAN.search(text) or alone.endswith(":"):
        return True
    names = {name.lower() for tool in tools for name in (tool.name, tool.own_name)}
    if alone in names:
        return True
    words = (match[1].lower() for pattern in (_CALLED, _NAMED) for match in pattern.finditer(text))
    return any(word in names or word.rpartition(".")[2] in names for word in words)


def quoted(text: str, reasoning: ReasoningTags = USUAL, *, reasoned: str = "") -> str:
    """Quote a reply in one bounded line; `reasoned` is the reasoning that a server sent separately from the text."""
    answer = reasoning.strip(text)
    if answer.strip():
        return _line(answer)
    reasoned = text if text.strip() else reasoned
    return f"(only reasoning: {_line(reasoned)})" if reasoned.strip() else "(nothing)"


def no_plan(report: str, text: str, reading: ReplyReading, reasoning: ReasoningTags) -> str:
    """Return the report of a plan's mistakes; quote a reply without a plan, or with a plan without a call."""
    if report and report != NO_CALL:
        return report
    fault = "the plan calls no tool" if report else "the planner wrote no plan"
    cut = "" if reading.is_whole else " (the reply was cut off)"
    return f"{fault}: {quoted(text, reasoning, reasoned=reading.reasoned)}{cut}"


def refused(text: str, reading: ReplyReading, reasoning: ReasoningTags) -> str:
    """Say that a planner refused, and quote it."""
    return f"the planner refused: {quoted(text, reasoning, reasoned=reading.reasoned)}"


def offered(
    report: str, text: str, reading: ReplyReading, reasoning: ReasoningTags, tools: Iterable[Tool]
) -> str | None:
    """Return the answer that a planner wrote instead of a plan, marked or as prose, or None."""
    if not reading.is_whole or report not in {"", NO_CALL}:
        return None
    decision = read_decision(text, reasoning)
    if decision is not None:
        return decision.text if isinstance(decision, Finish) else None
    answer = "" if report else prose(text, reasoning)
    return answer if answer and not wants_more(answer, tools) else None


def _line(text: str) -> str:
    """Return a text as one line of bounded length, without control characters."""
    return "".join(filter(str.isprintable, shortened(text)))
