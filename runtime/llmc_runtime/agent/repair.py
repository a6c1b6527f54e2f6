"""What of a plan is broken, and the plan after its planner wrote that again."""

import re
from collections.abc import Container, Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from llmc_compiler.errors import BrokenOff
from llmc_grammar import Lost, ast, parse, print_statement, render
from llmc_grammar.bounds import Bounds
from llmc_grammar.diagnostic import Diagnostic
from llmc_grammar.source import Source, Span

_JOIN: Final = re.compile(r"(?:[0-9]+\.|\w+ *=)? *(?:join|finish)\b", re.IGNORECASE)
_MOST_REPORTED: Final = 8
"""Mistakes that a planner is told of at once."""


@dataclass(frozen=True, slots=True)
class Line:
    """A statement of a plan: its text, what it is known by (number, name, `join`), and whether it is broken."""

    text: str
    keys: frozenset[str]
    is_broken: bool = False


@dataclass(frozen=True, slots=True)
class Broken:
    """A plan that is to be mended: its lines, a report of its mistakes, and whether it breaks off.

    `is_hopeless`: there is a mistake in no line, which no new line mends. `may_run`: it can be run as it is, without
    what it writes.
    """

    lines: tuple[Line, ...]
    report: str
    is_cut: bool
    is_hopeless: bool
    may_run: bool = False

    @property
    def plan(self) -> str:
        """The plan as it stands."""
        return "\n".join(line.text for line in self.lines)

    @property
    def wrong(self) -> tuple[str, ...]:
        """The texts of the lines that are to be written again."""
        return tuple(line.text for line in self.lines if line.is_broken)


def find_broken(
    source: Source, tools: Container[str], diagnostics: Sequence[Diagnostic], moved: Sequence[Span] = ()
) -> Broken:
    """What of a model's text is broken: where a mistake is, or where a repair `moved` a statement's boundary."""
    parsed = parse(source.text, mode="lenient", bounds=Bounds.MODEL, tools=tools)
    found: list[Lost | ast.Statement] = sorted((*parsed.plan.statements, *parsed.lost), key=lambda each: each.span)
    mistakes = [one for one in diagnostics if one.severity == "error" or _touches(one.span, moved)]
    inside = [one for one in mistakes if not isinstance(one, BrokenOff)]
    is_empty = not any(isinstance(each, (Lost, ast.Task, ast.Join)) for each in found)
    lines = () if is_empty else tuple(_line(each, source, inside, moved) for each in found)
    hopeless = any(not any(_touches(each.span, (one.span,)) for each in found) for one in inside)
    report = "\n\n".join(render(one, source) for one in inside[:_MOST_REPORTED])
    return Broken(lines, report, is_cut=len(inside) < len(mistakes) or is_empty, is_hopeless=hopeless and not is_empty)


def _line(each: Lost | ast.Statement, source: Source, mistakes: Iterable[Diagnostic], moved: Sequence[Span]) -> Line:
    """A statement as a line."""
    is_broken = isinstance(each, Lost) or _touches(each.span, [*moved, *(one.span for one in mistakes)])
    if isinstance(each, Lost):
        text = " ".join(source.text[slice(*each.span)].split())
        return Line(text, _keys_of_lost(each, text), is_broken)
    return Line(print_statement(each), _keys(each), is_broken)


def _touches(span: Span, others: Iterable[Span]) -> bool:
    """Whether a span meets one of the others; a mistake may be at the very end of its statement."""
    return any(span.start <= other.end and other.start <= span.end for other in others)


def _keys(statement: ast.Statement) -> frozenset[str]:
    """What a statement is known by; nothing for one without number or name."""
    join = {"join"} if isinstance(statement, ast.Join) else set()
    binder = statement.binder if isinstance(statement, (ast.Task, ast.Join)) else None
    return frozenset(join | ({binder} if binder else set()))


def _keys_of_lost(lost: Lost, text: str) -> frozenset[str]:
    """What a refused statement is known by."""
    join = {"join"} if _JOIN.match(text) else set()
    return frozenset(join | ({lost.binder} if lost.binder else set()))


def mended(broken: Broken, reply: str, tools: Container[str]) -> tuple[str, bool]:
    """The plan's text with the broken lines in the words of a reply, and whether it had words for all of them.

    Whatever else the reply says is left out. A line takes the place of the broken one that has its number; one whose
    number the plan does not have is put in front of the next of these, else takes the place of one that was not written
    again, or the end of a plan that breaks off.
    """
    parsed = parse(reply, mode="lenient", bounds=Bounds.MODEL, tools=tools)
    lines = list(broken.lines)
    texts = {index: [line.text] for index, line in enumerate(lines)}
    wanted = [index for index, line in enumerate(lines) if line.is_broken]
    fresh: list[str] = []
    for statement in parsed.plan.statements:
        keys = _keys(statement)
        place = next((index for index in wanted if keys & lines[index].keys or keys == lines[index].keys), None)
        if place is not None:
            wanted.remove(place)
            texts[place] = [*fresh, print_statement(statement)]
            fresh = []
        elif keys and not any(keys & line.keys for line in lines):
            fresh.append(print_statement(statement))
    for place in wanted if fresh else ():
        # What has the place of a broken line and another number: the number was what was wrong with it.
        if fresh:
            texts[place] = [fresh.pop(0)]
            wanted = [index for index in wanted if index != place]
    rest = fresh if broken.is_cut else []
    text = "\n".join([*(text for index in range(len(lines)) for text in texts[index]), *rest]) + "\n"
    return text, not wanted
