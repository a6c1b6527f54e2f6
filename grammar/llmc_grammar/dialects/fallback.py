"""When a model's text is read as another form: if it has no plan of its own, or a doubtful one."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from llmc_grammar.ast import Join, List, Map, Statement, Task, calls
from llmc_grammar.bounds import Bounds
from llmc_grammar.diagnostic import Diagnostic
from llmc_grammar.dialects.form import Target
from llmc_grammar.dialects.translation import Translation, translate
from llmc_grammar.errors.repairs import UnreadableCall
from llmc_grammar.source import Span

_GUESSES: Final = frozenset(["W120", "W121", "W127"])
"""Repairs that take a part of a text for a string: a form that the whole text has, with known tools, goes before."""


@dataclass(frozen=True, slots=True)
class OwnPlan:
    """A whole text as it reads in the plan language; `place` is where it stands, without reasoning."""

    text: str
    place: tuple[int, int | None]
    statements: tuple[Statement, ...]
    diagnostics: tuple[Diagnostic, ...]
    blocks: tuple[Span, ...]
    has_lost: bool

    @property
    def tools(self) -> frozenset[str]:
        """The names of the tools that it calls."""
        return frozenset(call.tool for call in calls(self.statements))

    @property
    def is_sound(self) -> bool:
        """Whether it has no mistakes."""
        return all(each.severity == "warning" for each in self.diagnostics)

    @property
    def join(self) -> Join | None:
        """Its join, if that says what the answer is."""
        last = self.statements[-1] if self.statements else None
        if not isinstance(last, Join) or not last.arguments:
            return None
        is_guess = any(each.code in _GUESSES and each.span.start >= last.span.start for each in self.diagnostics)
        return None if is_guess else last


def other_form(own: OwnPlan, target: Target, bounds: Bounds) -> Translation | Diagnostic | None:
    """Return a text as a plan in another form, None where its own plan stands, a mistake where it has both."""
    tools = own.tools
    beside = next(_native_calls(own, tools, target, bounds), None)
    if beside is not None:
        return UnreadableCall(span=beside, why="it stands beside calls in another form")
    if tools and (not target.is_known or (own.is_sound and not _is_doubtful(own, tools, target))):
        return None
    start, end = own.place
    text = own.text[start : end if own.join is None else own.join.span.start]
    found = translate(text, start, target, bounds, own.join)
    if found is None and not tools:
        stray = next(_values(own, target, bounds), None)
        return None if stray is None else UnreadableCall(span=stray, why="it stands beside other text")
    if found is None or (tools and own.is_sound and not target.has_all(found.tools)):
        return None
    return found


def _native_calls(own: OwnPlan, tools: Iterable[str], target: Target, bounds: Bounds) -> Iterator[Span]:
    """Yield the places of calls in another form beside a plan, or beside calls in marks."""
    if tools or own.has_lost:
        yield from own.blocks
    if tools or own.blocks:
        yield from _values(own, target, bounds)


def _values(own: OwnPlan, target: Target, bounds: Bounds) -> Iterator[Span]:
    """Yield the places of statements that are calls of known tools in another form."""
    for each in own.statements:
        if isinstance(each, Task) and isinstance(each.expr, Map | List) and not any(calls(each)):
            found = translate(own.text[slice(*each.span)], 0, target, bounds)
            if found is not None and target.has_all(found.tools):
                yield each.span


def _is_doubtful(own: OwnPlan, tools: Iterable[str], target: Target) -> bool:
    """Whether a plan holds guesses, or calls a tool that does not exist."""
    return any(each.code in _GUESSES for each in own.diagnostics) or not target.has_all(tools)
