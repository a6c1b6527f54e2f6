"""Parses a whole text at once, as a stream of one piece."""

from collections.abc import Container
from dataclasses import dataclass

from llmc_grammar.ast import Plan
from llmc_grammar.bounds import Bounds
from llmc_grammar.diagnostic import Diagnostic
from llmc_grammar.reasoning import USUAL, ReasoningTags
from llmc_grammar.source import Source, Span
from llmc_grammar.statement_reader import Lost
from llmc_grammar.stream import Mode, PlanStream


@dataclass(frozen=True, slots=True)
class Parsed:
    """The result of parsing: the statements without errors, all diagnostics in order, the text, and the lost tasks.

    `moved` are the statements whose boundary a repair decided. `unended` is the last task of a model's text if only the
    end of the text ends it. `begins_at` is the offset at which reasoning ends and the plan begins. `dialect` is the
    dialect of the whole text, or None.
    """

    plan: Plan
    diagnostics: tuple[Diagnostic, ...]
    source: Source
    lost: tuple[Lost, ...] = ()
    moved: tuple[Span, ...] = ()
    unended: Span | None = None
    begins_at: int = 0
    dialect: str | None = None

    @property
    def ok(self) -> bool:
        """Whether the plan is free of errors; warnings do not count."""
        return all(diagnostic.severity == "warning" for diagnostic in self.diagnostics)


def parse(
    text: str | bytes,
    *,
    name: str = "<plan>",
    mode: Mode = "strict",
    bounds: Bounds | None = None,
    header: bool = True,
    tools: Container[str] = (),
    reasoning: ReasoningTags = USUAL,
    complete: bool = True,
    first: int = 1,
) -> Parsed:
    """Parse a plan; a bad text never raises. `complete=False` marks a truncated text; the rest is as for PlanStream."""
    stream = PlanStream(mode=mode, bounds=bounds, header=header, tools=tools, reasoning=reasoning, first=first)
    statements = stream.feed(text)
    restarts = stream.restarts
    rest = stream.close(complete=complete)
    plan = Plan(statements + rest if stream.restarts == restarts else rest)
    source = Source(name, stream.text)
    found = stream.mistakes_in(source)
    return Parsed(plan, found, source, stream.lost, stream.moved, stream.unended, stream.begins_at, stream.dialect)
