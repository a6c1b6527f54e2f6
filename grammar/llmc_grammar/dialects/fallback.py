"""Decides when a model's text is read by a dialect: if it has no plan in the plan language, or a doubtful one."""

from collections.abc import Iterable, Iterator
from typing import Final

from llmc_grammar.ast import Join, List, Map, Statement, Task, calls
from llmc_grammar.bounds import Bounds
from llmc_grammar.diagnostic import Diagnostic
from llmc_grammar.dialects.form import Target
from llmc_grammar.dialects.translation import Translation, translate
from llmc_grammar.errors.repairs import UnreadableCall
from llmc_grammar.frozen_data import frozen
from llmc_grammar.source import Span

_GUESSES: Final = frozenset(["W120", "W121", "W127"])
"""Repairs that guess that a part of a text is a string; a dialect that reads all of it with known tools wins."""


@frozen
class OwnPlan:
    """A whole text read in the plan language; `place` is the plan's start and end, without reasoning."""

    text: str
    place: tuple[int, int | None]
    statements: tuple[Statement, ...]
    diagnostics: tuple[Diagnostic, ...]
    blocks: tuple[Span, ...]
    has_lost: bool

    @property
    def tools(self) -> frozenset[str]:
        """The names of the tools and functions that the plan calls."""
        return frozenset(call.tool for call in calls(self.statements))

    @property
    def is_sound(self) -> bool:
        """Whether the plan has no errors."""
        return all(each.severity == "warning" for each in self.diagnostics)

    @property
    def join(self) -> Join | None:
        """The plan's join, None unless it names an answer."""
        last = self.statements[-1] if self.statements else None
        if not isinstance(last, Join) or not last.arguments:
            return None
        is_guess = any(each.code in _GUESSES and each.span.start >= last.span.start for each in self.diagnostics)
        return None if is_guess else last


def other_form(own: OwnPlan, target: Target, bounds: Bounds) -> Translation | Diagnostic | None:
    """Return the plan that a dialect reads, None if the text's own plan counts, or a mistake if the text has both."""
    tools = frozenset(name for name in own.tools if not target.is_function(name))
    beside = next(_native_calls(own, tools, target, bounds), None)
    if beside is not None:
        return UnreadableCall(span=beside, why="it is mixed with calls in another form")
    if tools and (not target.is_known or (own.is_sound and not _is_doubtful(own, tools, target))):
        return None
    start, end = own.place
    text = own.text[start : end if own.join is None else own.join.span.start]
    translation = translate(text, start, target, bounds, own.join)
    if translation is None and not tools:
        stray = next(_values(own, target, bounds), None)
        return None if stray is None else UnreadableCall(span=stray, why="it is mixed with other text")
    if translation is None or (tools and own.is_sound and not target.has_all(translation.tools)):
        return None
    return translation


def _native_calls(own: OwnPlan, tools: Iterable[str], target: Target, bounds: Bounds) -> Iterator[Span]:
    """Yield the spans of calls in another form next to a plan, or next to calls in marks."""
    if tools or own.has_lost:
        yield from own.blocks
    if tools or own.blocks:
        yield from _values(own, target, bounds)


def _values(own: OwnPlan, target: Target, bounds: Bounds) -> Iterator[Span]:
    """Yield the spans of statements that are calls of known tools in another form."""
    for statement in own.statements:
        if isinstance(statement, Task) and isinstance(statement.expr, Map | List) and not any(calls(statement)):
            translation = translate(own.text[slice(*statement.span)], 0, target, bounds)
            if translation is not None and target.has_all(translation.tools):
                yield statement.span


def _is_doubtful(own: OwnPlan, tools: Iterable[str], target: Target) -> bool:
    """Whether a plan contains guesses, or calls a tool that does not exist."""
    return any(each.code in _GUESSES for each in own.diagnostics) or not target.has_all(tools)
