"""Mistakes in the shape of a statement: binders, joins, two on a line, loops, guards, options."""

import re
from difflib import get_close_matches
from typing import Final

from llmc_grammar.ast import Fallback, Retry, Timeout
from llmc_grammar.diagnose.stop import Stop
from llmc_grammar.diagnostic import Diagnostic
from llmc_grammar.errors.expressions import BareChoice, MissingElse
from llmc_grammar.errors.lines import TwoStatements
from llmc_grammar.errors.statements import (
    BadDuration,
    BadRetry,
    BareJoin,
    LoopAndGuard,
    MissingValue,
    NumberMark,
    OptionForm,
    OptionsLast,
    ThoughtMark,
    TwoGuards,
    UnknownOption,
)
from llmc_grammar.mistake import Edit
from llmc_grammar.safety import has_rival

_NAME: Final = r"[A-Za-z_][A-Za-z0-9_]*"
_NEXT: Final = re.compile(rf"[0-9]+\.(?![0-9])|Thought:|{_NAME}[ \t]*=(?!=)|{_NAME}(?:\.{_NAME})*\(")
_COMMA: Final = re.compile(rf"(?:,|&&)[ \t]*(?={_NAME}(?:\.{_NAME})*\()")
_THOUGHT: Final = re.compile(r"[ \t]*(thought(?:[ \t]*:|(?=[ \t]+[A-Za-z])))", re.IGNORECASE)
_NUMBER_MARK: Final = re.compile(r"[ \t]*([0-9]+)[ \t]*(:)")
_BARE_JOIN: Final = re.compile(r"join\b[ \t]*(?![ \t]*[(=])")
_EXAMPLES: Final = {"timeout": "@timeout(5s)", "retry": "@retry(2)", "fallback": "@fallback(null)"}
_OPTION: Final = re.compile(rf"@({_NAME})")


def thought_mark(stop: Stop) -> Diagnostic | None:
    """`thought: …`."""
    match = _THOUGHT.match(stop.text)
    if not match:
        return None
    span = stop.span(*match.span(1))
    return ThoughtMark(span=span, edit=Edit(span, "Thought:"))


def number_mark(stop: Stop) -> Diagnostic | None:
    """`1: f()`."""
    match = _NUMBER_MARK.match(stop.text)
    if not match or stop.at > match.end():
        return None
    span = stop.span(*match.span(2))
    return NumberMark(span=span, found=":", number=match[1], edit=Edit(stop.span(match.end(1), match.end()), "."))


def bare_join(stop: Stop) -> Diagnostic | None:
    """`join` without brackets."""
    if stop.opener or not _BARE_JOIN.match(stop.text, stop.at):
        return None
    end = stop.at + len("join")
    rest = stop.text[end:].split("#")[0].rstrip(" \t\r;")
    value = rest.lstrip(" \t:")
    edit = None if "\n" in rest or ";" in rest else Edit(stop.span(end, end + len(rest)), f"({value})")
    shown = value if len(rest) <= 40 else "…"  # noqa: PLR2004 (fits a message)
    return BareJoin(span=stop.span(stop.at, end), suggestion=f"join({shown})", edit=edit)


def missing_value(stop: Stop) -> Diagnostic | None:
    """`a =`."""
    if stop.kind not in {"numbered", "named"} or len(stop.stack) > 1 or not stop.at_end:
        return None
    binder = stop.text[: stop.at].strip()
    return MissingValue(span=stop.span(stop.at - len(binder), stop.at), binder=binder)


def two_statements(stop: Stop) -> Diagnostic | None:
    """`1. f() 2. g()`."""
    if stop.opener or stop.wants_value or stop.top is None or stop.kind in {"use", "input"}:
        return None
    match = _NEXT.match(stop.text, stop.at)
    comma = _COMMA.match(stop.text, stop.at)
    if match and (stop.has_value or _is_option(stop)) and (stop.before < stop.at or match[0][0].isdigit()):
        edit = Edit(stop.span(stop.before, stop.at), "\n")
        return TwoStatements(span=stop.here, edit=edit, is_guess=match[0].endswith("("))
    if comma and stop.kind == "bare":
        edit = Edit(stop.span(stop.before, comma.end()), "\n")
        return TwoStatements(span=stop.span(comma.end(), comma.end() + 1), edit=edit, is_guess=True)
    return TwoStatements(span=stop.here) if stop.word == "then" else None


def _is_option(stop: Stop) -> bool:
    """Whether options were read last."""
    items = [item[0] if isinstance(item, list) and item else item for item in stop.level]
    return any(isinstance(item, Timeout | Retry | Fallback) or str(item).startswith("@") for item in items)


def conditions(stop: Stop) -> Diagnostic | None:
    """`if`, `else` and `for` in the wrong order."""
    words = stop.words
    if stop.word == "else" and words[-1:] == ["if"] and "for" in words:
        return BareChoice(span=stop.here)
    if words[-1:] == ["if"] and stop.opener and "for" not in words and not stop.wants_value:
        return MissingElse(span=stop.here) if words.count("else") < words.count("if") else None
    if words == ["if", "else", "if"] and not stop.wants_value:
        return BareChoice(span=stop.here)
    if stop.word == "for" and words and words[-1] != "for":
        return {"if": LoopAndGuard, "else": BareChoice}[words[-1]](span=stop.here)
    if stop.word == "if" and words:
        if words[-1] == "else" or re.search(r"\belse\b", stop.text[stop.at :]):
            return BareChoice(span=stop.here)
        return TwoGuards(span=stop.here, edit=Edit(stop.here, "and"))
    if stop.word in {"if", "for"} and _is_option(stop):
        return OptionsLast(span=stop.here)
    return None


def options(stop: Stop) -> Diagnostic | None:
    """Unknown options, and options in the wrong form."""
    inside = {"@timeout(": BadDuration, "@retry(": BadRetry}.get(stop.opener)
    if inside:
        start = stop.text.rfind(stop.opener, 0, stop.at) + len(stop.opener)
        end = stop.text.find(")", start)
        end = end if end > start else start + 1
        return inside(span=stop.span(start, end))
    match = _OPTION.match(stop.text, stop.at)
    if not match or stop.opener:
        return None
    span, name = stop.span(*match.span()), match[1]
    if name in _EXAMPLES:
        if stop.text[match.end() : match.end() + 1] == "(":
            return None
        return OptionForm(span=span, name=name, example=_EXAMPLES[name])
    near = get_close_matches(name[:20], _EXAMPLES, 2)
    edit = Edit(span, f"@{near[0]}") if near else None
    return UnknownOption(
        span=span, name=name, suggestion=near[0] if near else None, edit=edit, is_guess=has_rival(name, near)
    )
