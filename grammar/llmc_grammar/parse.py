"""Parses a whole text at once, as a stream of one piece, or piece by piece with the same result."""

from collections.abc import Callable, Container
from functools import partial

from llmc_grammar.ast import Plan, Statement
from llmc_grammar.bounds import Bounds
from llmc_grammar.diagnostic import Diagnostic
from llmc_grammar.frozen_data import frozen
from llmc_grammar.reasoning import USUAL, ReasoningTags
from llmc_grammar.source import Source, Span
from llmc_grammar.statement_reader import Lost
from llmc_grammar.stream import Mode, PlanStream


@frozen
class Parsed:
    """The result of parsing."""

    plan: Plan
    """The statements without errors."""
    diagnostics: tuple[Diagnostic, ...]
    """All errors and warnings, in the order of the text."""
    source: Source
    """The text and its name."""
    lost: tuple[Lost, ...] = ()
    """The tasks whose statements have errors."""
    moved: tuple[Span, ...] = ()
    """The statements whose boundary a repair decided."""
    unended: Span | None = None
    """The last task of a model's text if only the end of the text ends it."""
    begins_at: int = 0
    """The offset at which the reasoning ends and the plan begins."""
    dialect: str | None = None
    """The dialect of the whole text, None for the plan language."""

    @property
    def ok(self) -> bool:
        """Whether the plan is free of errors; warnings do not count."""
        return all(diagnostic.severity == "warning" for diagnostic in self.diagnostics)


class PlanParser:
    """A stream that keeps its statements: once it is closed, `parsed` is the result of `parse` for the whole text."""

    def __init__(self, stream: PlanStream) -> None:
        self.stream = stream
        self._statements: list[Statement] = []

    def feed(self, piece: str | bytes) -> tuple[Statement, ...]:
        """Feed the next piece, and return the statements that it completes."""
        return self._keep(partial(self.stream.feed, piece))

    def close(self, *, complete: bool = True) -> tuple[Statement, ...]:
        """End the text, and return the remaining statements; `complete=False` marks a truncated text."""
        return self._keep(partial(self.stream.close, complete=complete))

    def _keep(self, read: Callable[[], tuple[Statement, ...]]) -> tuple[Statement, ...]:
        """Keep the statements that are read; a restart discards all earlier ones."""
        restarts = self.stream.restarts
        statements = read()
        if self.stream.restarts != restarts:
            self._statements.clear()
        self._statements += statements
        return statements

    def parsed(self, name: str) -> Parsed:
        """Return the result so far, with a name for the text."""
        stream, source = self.stream, Source(name, self.stream.text)
        return Parsed(
            plan=Plan(tuple(self._statements)),
            diagnostics=stream.mistakes_in(source),
            source=source,
            lost=stream.lost,
            moved=stream.moved,
            unended=stream.unended,
            begins_at=stream.begins_at,
            dialect=stream.dialect,
        )


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
    parser = PlanParser(
        PlanStream(mode=mode, bounds=bounds, header=header, tools=tools, reasoning=reasoning, first=first)
    )
    parser.feed(text)
    parser.close(complete=complete)
    return parser.parsed(name)
