"""The broken lines of a plan, as reported to its planner."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

from llmc_compiler.diagnostics.plan_errors import BrokenOff
from llmc_grammar import Lost, Parsed, ast, print_statement, render
from llmc_grammar.diagnostic import Diagnostic
from llmc_grammar.source import Source, Span
from llmc_runtime.agent.planning.plan_reader import open_text

JOIN: Final = "join"
"""The id of a plan's join among its lines."""

NO_CALL: Final = (
    'The plan calls no tool. Write the calls that answer the question, or join("…") with the answer itself.'
)

_JOIN: Final = re.compile(r"(?:[0-9]+\.|\w+ *=)? *(?:join|finish)\b", re.IGNORECASE)
_MOST_REPORTED: Final = 8
"""Maximum number of mistakes that are reported to a planner at once."""


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
    """A plan to repair: its lines, a report of its mistakes, and whether it breaks off.

    `is_hopeless`: a mistake is outside of all lines, so that no new line repairs it. `may_run`: the plan can be run
    without the calls that write. `unclear` says why a reply was ambiguous; the planner then writes the whole plan
    again. `cuts` are the truncated statements at the ends of the plan and of its repairs.
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
        """The text of the plan, with its broken lines."""
        return "\n".join(line.text for line in self.lines)

    @property
    def why(self) -> str:
        """The report of mistakes, and the reason that a reply was ambiguous."""
        return "\n\n".join(filter(None, (self.report, self.unclear)))

    @property
    def wrong(self) -> tuple[str, ...]:
        """The texts of the lines that are to be written again."""
        return tuple(line.text for line in self.lines if line.is_broken)


def find_broken(
    parsed: Parsed,
    highest: int,
    diagnostics: Sequence[Diagnostic],
    moved: Sequence[Span] = (),
    *,
    unended: Span | None = None,
    cuts: tuple[str, ...] = (),
    complete: bool = True,
) -> BrokenPlan:
    """Find the lines of a model's text with a mistake, or with a boundary that a repair `moved`.

    `highest` is the highest task number of earlier plans. `complete=False` marks a truncated text. `unended` and `cuts`
    come from the texts that this one is repaired from.
    """
    source = parsed.source
    all_statements = (*parsed.plan.statements, *parsed.lost)
    statements: list[Lost | ast.Statement] = sorted(all_statements, key=lambda statement: statement.span)
    mistakes = [mistake for mistake in diagnostics if mistake.severity == "error" or _touches(mistake.span, moved)]
    inside = [mistake for mistake in mistakes if not isinstance(mistake, BrokenOff)]
    is_empty = not any(isinstance(statement, (Lost, ast.Task, ast.Join)) for statement in statements)
    wrong = [mistake.span for mistake in inside]
    all_lines = _lines(statements, source, highest, wrong=wrong, moved=moved, unended=unended or parsed.unended)
    lines = () if is_empty else tuple(all_lines)
    hopeless = any(not any(_touches(statement.span, (span,)) for statement in statements) for span in wrong)
    report = "\n\n".join(render(mistake, source) for mistake in inside[:_MOST_REPORTED])
    is_cut = not complete or len(inside) < len(mistakes) or is_empty
    if not complete and (cut := open_text(parsed)):
        cuts = (*cuts, cut)
    return BrokenPlan(lines, report, is_cut=is_cut, is_hopeless=hopeless and complete and not is_empty, cuts=cuts)


def _lines(
    statements: Iterable[Lost | ast.Statement],
    source: Source,
    highest: int,
    *,
    wrong: Sequence[Span],
    moved: Sequence[Span],
    unended: Span | None,
) -> Iterator[ReplyLine]:
    """Yield the statements as lines, each task with its id; a task without a number gets the next number."""
    for statement in statements:
        span = statement.span
        binder = statement.binder if isinstance(statement, (Lost, ast.Task)) else None
        text = source.text[slice(*span)].strip() if isinstance(statement, Lost) else ""
        is_join = isinstance(statement, ast.Join) or (isinstance(statement, Lost) and _JOIN.match(text) is not None)
        is_task = not is_join and isinstance(statement, (Lost, ast.Task))
        number = JOIN if is_join else (binder or str(highest + 1)) if is_task else None
        if is_task and number is not None and number.isdigit():
            highest = max(highest, int(number))
        # The join that a repair adds to a plan in another dialect has an empty span, and is never wrong.
        is_written = span.start < span.end
        is_moved = is_written and _touches(span, moved)
        is_broken = isinstance(statement, Lost) or is_moved or (is_written and _touches(span, wrong))
        if isinstance(statement, Lost):
            yield ReplyLine(text, number, None, is_broken)
        else:
            numbered = replace(statement, binder=number) if isinstance(statement, ast.Task) else statement
            yield ReplyLine(print_statement(numbered), number, numbered, is_broken, span == unended, is_moved)


def _touches(span: Span, others: Iterable[Span]) -> bool:
    """Whether a span overlaps or touches another one; a mistake may be at the very end of its statement."""
    return any(span.start <= other.end and other.start <= span.end for other in others)
