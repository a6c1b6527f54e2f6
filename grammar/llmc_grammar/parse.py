"""A whole text at once: a stream of one piece."""

from collections.abc import Container
from dataclasses import dataclass

from llmc_grammar.ast import Plan
from llmc_grammar.bounds import Bounds
from llmc_grammar.diagnostic import Diagnostic
from llmc_grammar.reader import Lost
from llmc_grammar.reasoning import USUAL, ReasoningTags
from llmc_grammar.source import Source, Span
from llmc_grammar.stream import Mode, PlanStream


@dataclass(frozen=True, slots=True)
class Parsed:
    """What a text says: the statements without errors, all mistakes by place, the text, and the tasks refused.

    `moved` are the statements of which a repair decided where they begin or end, and `unended` is the last task of a
    model's text that nothing ends but the end of the text. `begins_at` is the end of the reasoning before the plan.
    """

    plan: Plan
    diagnostics: tuple[Diagnostic, ...]
    source: Source
    lost: tuple[Lost, ...] = ()
    moved: tuple[Span, ...] = ()
    unended: Span | None = None
    begins_at: int = 0

    @property
    def ok(self) -> bool:
        """Whether there are no errors; warnings may be."""
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
) -> Parsed:
    """Read a whole plan, or one that breaks off; a bad text never raises. The parameters are those of PlanStream."""
    stream = PlanStream(mode=mode, bounds=bounds, header=header, tools=tools, reasoning=reasoning)
    statements = stream.feed(text)
    restarts = stream.restarts
    rest = stream.close(complete=complete)
    plan = Plan(statements + rest if stream.restarts == restarts else rest)
    source = Source(name, stream.text)
    return Parsed(plan, stream.diagnostics, source, stream.lost, stream.moved, stream.unended, stream.begins_at)
