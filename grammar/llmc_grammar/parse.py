"""A whole text at once: a stream of one piece."""

from dataclasses import dataclass

from llmc_grammar.ast import Plan
from llmc_grammar.bounds import Bounds
from llmc_grammar.diagnostic import Diagnostic
from llmc_grammar.reader import Lost
from llmc_grammar.source import Source
from llmc_grammar.stream import PlanStream


@dataclass(frozen=True, slots=True)
class Parsed:
    """What a text says: the statements without errors, all mistakes by place, the text, and the tasks refused."""

    plan: Plan
    diagnostics: tuple[Diagnostic, ...]
    source: Source
    lost: tuple[Lost, ...] = ()

    @property
    def ok(self) -> bool:
        """Whether there are no errors; warnings may be."""
        return all(diagnostic.severity == "warning" for diagnostic in self.diagnostics)


def parse(text: str | bytes, *, name: str = "<plan>", bounds: Bounds = Bounds.FILE, header: bool = True) -> Parsed:
    """Read a whole plan; a bad text never raises."""
    stream = PlanStream(bounds=bounds, header=header)
    statements = stream.feed(text) + stream.close()
    return Parsed(Plan(statements), stream.diagnostics, Source(name, stream.text), stream.lost)
