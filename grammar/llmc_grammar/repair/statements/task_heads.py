"""Finds lines that begin a task, with or without a model's decorations."""

import re
from collections.abc import Container
from enum import Enum, auto
from typing import Final

from llmc_grammar.ast import KEYWORDS
from llmc_grammar.errors.repairs import JoinSpelled, TaskHead
from llmc_grammar.frozen_data import frozen
from llmc_grammar.repair.decorations import DRESSED, is_doubtful, number_of
from llmc_grammar.repair.marks import NAME
from llmc_grammar.repair.statements.changes import Change, Repair

_TOOL: Final = rf"(?P<tool>{NAME}(?:\.{NAME})*)"
_GAP: Final = r"[ \t]{0,16}"
"""Blanks between the parts of a head, bounded: adjacent unbounded repeats would take cubic time."""

_END: Final = r"[ \t\r]*(?:[.*`]{1,3}[ \t\r]*)?(?:<END_OF_PLAN>.*)?$"
_STRICT: Final = re.compile(
    rf"(?P<dress>[ \t]*)(?:(?P<number>[0-9]+)\.(?![0-9])[ \t]*|(?P<name>{NAME})[ \t]*=(?!=)[ \t]*)?{_TOOL}(?P<call>\()"
)
_DECORATED: Final = re.compile(
    rf"[ \t]*(?=\S)(?P<dress>(?P<bullet>[-*+\u2022>][ \t]{{1,16}})?(?P<open>\*\*|__|`{{1,3}})?{_GAP}"
    rf"(?:(?:(?:[Ss]tep|[Aa]ction){_GAP})?(?P<number>[0-9]{{1,4}})(?:\*\*|__)?[.):](?![0-9])(?:\*\*|__)?"
    rf"|\$(?P<target>[0-9]{{1,4}}|{NAME}){_GAP}=(?!=)|(?P<name>{NAME}){_GAP}=(?!=))?{_GAP}(?P<inner>\*\*|__|`{{1,3}})?)"
    rf"{_GAP}{_TOOL}(?:(?P<call>\()|{_END})"
)
_GLUED: Final = re.compile(
    r"[ \t]*(?P<dress>(?P<heading>[*_]{0,3}[^\W\d_][^()\[\]{}\"'`$=#\n]{0,200}?[:.!?*_\uff1a\u3002])"
    rf"(?P<number>[0-9]{{1,4}})\.(?![0-9])[ \t]{{0,16}})(?P<tool>{NAME}(?:\.{NAME})*)\("
)
"""A heading or the end of a sentence, with the first task glued to it."""

_FENCE: Final = re.compile(r"[ \t]*(?:```|~~~)")
_THOUGHT: Final = re.compile(r"[ \t]*Thought:")
_FINISH: Final = frozenset({"finish", "Finish"})


@frozen
class Head:
    """The beginning of a task up to its call: the offset of the tool's name, and the repairs of the text before it.

    `call` is the offset of the call's bracket, None for a join without one. `is_listed`: only a bullet precedes the
    call, so the line may be an item of a list in prose.
    """

    start: int
    tool: int
    call: int | None
    numbered: bool
    join: bool
    repairs: tuple[Repair, ...]
    is_listed: bool = False


def find_head(text: str, tools: Container[str], at: int = 0) -> Head | None:
    """Return the head of the task that begins at `at`, None without a task; `tools` are the names in the toolbox."""
    match = _STRICT.match(text, at)
    if match and (match["tool"] == "join" or match["tool"] not in KEYWORDS):
        return _head(match, tools, ())
    return _find_decorated(text, tools, at) or _find_dressed(text, tools, at) or _find_glued(text, tools, at)


def _find_decorated(text: str, tools: Container[str], offset: int) -> Head | None:
    """Find the head of a call of any name, with Markdown decorations."""
    match = _DECORATED.match(text, offset)
    if not match or (match["tool"] in KEYWORDS and match["tool"] != "join"):
        return None
    binder = _binder(match)
    if match["call"] is None and (not _is_join(match["tool"], tools) or match["name"] or match["target"]):
        return None
    is_marked = bool(binder or match["open"] or match["inner"])
    if not (is_marked or match["bullet"] or match["call"] is None):
        return None
    start, tool = match.start("dress"), match.start("tool")
    is_dressed = text[start:tool].rstrip() != binder.rstrip()
    return _head(
        match,
        tools,
        (_dressed(start, tool, binder),) if is_dressed else (),
        is_listed=bool(match["bullet"]) and not is_marked,
    )


def _find_dressed(text: str, tools: Container[str], offset: int) -> Head | None:
    """Find the head of a call of a known tool, or of a join, with its decorations (see `decorations.py`)."""
    match = DRESSED.match(text, offset)
    if not match:
        return None
    label = match["label"]
    if label and is_doubtful(label):
        return None
    if match["tool"] not in tools and (label or not _is_join(match["tool"], tools)):
        return None
    binder = _binder(match)
    start, tool = match.start("dress"), match.start("tool")
    is_dressed = text[start:tool].rstrip(" \t") != binder.rstrip()
    dress = _dressed(start, tool, binder, moves=bool(label or match["tick"]))
    return _head(match, tools, (dress,) if is_dressed else ())


def _find_glued(text: str, tools: Container[str], offset: int) -> Head | None:
    """Find the head of a numbered call of a known tool right after a heading."""
    match = _GLUED.match(text, offset)
    if not match or match["tool"] not in tools or is_doubtful(match["heading"]):
        return None
    start, tool = match.start("dress"), match.start("tool")
    dress = _dressed(start, tool, f"{int(match['number'])}. ", moves=True)
    return Head(start, tool, match.end() - 1, numbered=True, join=False, repairs=(dress,))


def _binder(match: re.Match[str]) -> str:
    """Return the binder as the language writes it, with a blank after it, or an empty text."""
    number = number_of(match) if match.re is DRESSED else match["number"] and int(match["number"])
    if number is not None:
        return f"{number}. "
    if match["target"]:
        target = match["target"]
        return f"{int(target)}. " if target.isdigit() else f"{target} = "
    return f"{match['name']} = " if match["name"] else ""


def _dressed(start: int, end: int, binder: str, *, moves: bool = False) -> Repair:
    """Return the repair of a decorated head; `moves` if the omitted words may be more than decoration."""
    shown = binder.rstrip()
    help_ = f"write `{shown} tool(…)`" if shown else "write the call alone"
    change = Change(start, end, binder)
    return Repair((change,), lambda span, edit: TaskHead(span=span, edit=edit, suggestion=help_), moves=moves)


def _is_join(tool: str, tools: Container[str]) -> bool:
    """Whether a name is a spelling of `join`."""
    return tool == "join" or (tool in _FINISH and tool not in tools)


def _head(match: re.Match[str], tools: Container[str], repairs: tuple[Repair, ...], *, is_listed: bool = False) -> Head:
    """Return the head of a match, with the repair of a join in another spelling."""
    start, end = match.span("tool")
    join = _is_join(match["tool"], tools)
    bare = match["call"] is None
    if join and (match["tool"] != "join" or bare):
        word = Change(start, end, "join()" if bare else "join")
        repairs = (*repairs, Repair((word,), lambda span, edit: JoinSpelled(span=span, edit=edit, found=match["tool"])))
    call = None if bare else match.start("call")
    groups = match.groupdict()
    number = number_of(match) if match.re is DRESSED else match["number"]
    numbered = number is not None or (groups.get("target") or "").isdigit()
    first = match.end("dress") if match.re is _STRICT else match.start("dress")
    return Head(first, start, call, numbered, join, repairs, is_listed)


def is_fence(line: str) -> bool:
    """Whether a line is a code fence."""
    return _FENCE.match(line) is not None


def is_thought(line: str) -> bool:
    """Whether a line is a thought."""
    return _THOUGHT.match(line) is not None


class TaskLine(Enum):
    """Whether a line begins a task while another statement is open; `name = tool(` may also be an argument."""

    NO = auto()
    NAMED = auto()
    CERTAIN = auto()


def task_line(line: str, tools: Container[str]) -> TaskLine:
    """Classify a line; a task line ends an open statement, unless that one needs more text."""
    if is_fence(line) or is_thought(line):
        return TaskLine.CERTAIN
    head = find_head(line, tools)
    if head is None:
        return TaskLine.NO
    if head.numbered or head.join:
        return TaskLine.CERTAIN
    return TaskLine.NAMED if "=" in line[head.start : head.tool] else TaskLine.NO
