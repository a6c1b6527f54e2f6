"""The broken lines of a plan, as reported to its planner."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

from llmc_compiler.diagnostics.plan_errors import BrokenOff
from llmc_grammar import Lost, ast, print_statement, render
from llmc_grammar.diagnostic import Diagnostic
from llmc_grammar.source import Source, Span
from llmc_runtime.agent.planning.plan_reader import PlanReader, open_text

JOIN: Final = "join"
"""The id of a plan's join among its lines."""

NO_CALL: Final = (
    'The plan calls no tool. Write the calls that answer the question, or join("…") with the answer itself.'
)

_JOIN: Final = re.compile(r"(?:[0-9]+\.|\w+ *=)? *(?:join|finish)\b", re.IGNORECASE)
_MOST_REPORTED: Final = 8
"""Mistakes that a planner is told of at once."""


@dataclass(frozen=True, slots=True)
class ReplyLine:
    """A line of a plan: its text, its id (None for a thought), and its statement unless it was refused.

    `is_unended`: only the end of the text ends it. `is_moved`: a repair decided its boundary.
    """

    text: str
    id: str | None
    statement: ast.Statement | None = None
    is_broken: bool = False
    is_unended: bool = False
    is_moved: bool = False


@dataclass(frozen=True, slots=True)
class BrokenPlan:
    """A plan that is to be mended: its lines, a report of its mistakes, and whether it breaks off.

    `is_hopeless`: there is a mistake in no line, which no new line mends. `may_run`: it can be run as it is, without
    what it writes. `unclear` says why a reply was ambiguous; the planner then writes the whole plan again. `cuts` are
    the truncated statements at the ends of the plan and of its repairs.
    """

    lines: tuple[ReplyLine, ...]
    report: str
    is_cut: bool
    is_hopeless: bool
    may_run: bool = False
    unclear: str | None = None
    cuts: tuple[str, ...] = ()

    @property
    def plan(self) -> str:
        """The plan as it stands."""
        return "\n".join(line.text for line in self.lines)

    @property
    def why(self) -> str:
        """What is wrong with it: its mistakes, and what is ambiguous."""
        return "\n\n".join(filter(None, (self.report, self.unclear)))

    @property
    def wrong(self) -> tuple[str, ...]:
        """The texts of the lines that are to be written again."""
        return tuple(line.text for line in self.lines if line.is_broken)


def find_broken(
    source: Source,
    reader: PlanReader,
    diagnostics: Sequence[Diagnostic],
    moved: Sequence[Span] = (),
    *,
    unended: Span | None = None,
    cuts: tuple[str, ...] = (),
    complete: bool = True,
) -> BrokenPlan:
    """Find the lines of a model's text with a mistake, or with a boundary that a repair `moved`.

    `complete=False` drops the statement at the end. `unended` and `cuts` come from the texts that this one is mended
    from.
    """
    parsed = reader.read(source.text, complete=complete)
    found: list[Lost | ast.Statement] = sorted((*parsed.plan.statements, *parsed.lost), key=lambda each: each.span)
    mistakes = [one for one in diagnostics if one.severity == "error" or _touches(one.span, moved)]
    inside = [one for one in mistakes if not isinstance(one, BrokenOff)]
    is_empty = not any(isinstance(each, (Lost, ast.Task, ast.Join)) for each in found)
    wrong = [one.span for one in inside]
    known = _lines(found, source, reader.highest, wrong=wrong, moved=moved, unended=unended or parsed.unended)
    lines = () if is_empty else tuple(known)
    hopeless = any(not any(_touches(each.span, (one.span,)) for each in found) for one in inside)
    report = "\n\n".join(render(one, source) for one in inside[:_MOST_REPORTED])
    is_cut = not complete or len(inside) < len(mistakes) or is_empty
    if not complete and (cut := open_text(parsed)):
        cuts = (*cuts, cut)
    return BrokenPlan(lines, report, is_cut=is_cut, is_hopeless=hopeless and complete and not is_empty, cuts=cuts)


def _lines(
    found: Iterable[Lost | ast.Statement],
    source: Source,
    highest: int,
    *,
    wrong: Sequence[Span],
    moved: Sequence[Span],
    unended: Span | None,
) -> Iterator[ReplyLine]:
    """Return the statements as lines, each task with its id; a task without a number gets the next one."""
    for each in found:
        binder = each.binder if isinstance(each, (Lost, ast.Task)) else None
        text = source.text[slice(*each.span)].strip() if isinstance(each, Lost) else ""
        is_join = isinstance(each, ast.Join) or (isinstance(each, Lost) and _JOIN.match(text) is not None)
        is_task = not is_join and isinstance(each, (Lost, ast.Task))
        number = JOIN if is_join else (binder or str(highest + 1)) if is_task else None
        if is_task and number is not None and number.isdigit():
            highest = max(highest, int(number))
        # The join that is added to a plan in another form stands nowhere, and is never wrong.
        is_written = each.span.start < each.span.end
        is_moved = is_written and _touches(each.span, moved)
        is_broken = isinstance(each, Lost) or is_moved or (is_written and _touches(each.span, wrong))
        if isinstance(each, Lost):
            yield ReplyLine(text, number, None, is_broken)
        else:
            statement = replace(each, binder=number) if isinstance(each, ast.Task) else each
            yield ReplyLine(print_statement(statement), number, statement, is_broken, each.span == unended, is_moved)


def _touches(span: Span, others: Iterable[Span]) -> bool:
    """Whether a span meets one of the others; a mistake may be at the very end of its statement."""
    return any(span.start <= other.end and other.start <= span.end for other in others)
