"""How a planner's replies are read: with which tools, reasoning tags, and ids that are taken."""

from dataclasses import dataclass, field

from llmc_compiler.tools import Toolbox
from llmc_grammar import Parsed, parse
from llmc_grammar.bounds import Bounds
from llmc_grammar.reasoning import USUAL, ReasoningTags
from llmc_runtime.agent.written import highest_number


@dataclass(frozen=True, slots=True)
class PlanReader:
    """Reads texts of a planner; `taken` are the ids of tasks in earlier plans."""

    tools: Toolbox
    taken: frozenset[str] = field(default_factory=frozenset)
    reasoning: ReasoningTags = USUAL

    @property
    def highest(self) -> int:
        """The highest number that is taken."""
        return highest_number(self.taken)

    def read(self, text: str, *, complete: bool = True) -> Parsed:
        """The statements of a text; of one that is not `complete`, without the one that is open at its end."""
        return parse(
            text,
            mode="lenient",
            bounds=Bounds.MODEL,
            tools=self.tools,
            reasoning=self.reasoning,
            complete=complete,
        )


def open_text(parsed: Parsed) -> str:
    """What stands behind the last statement of a text that breaks off, if anything does."""
    spans = [each.span.end for each in (*parsed.plan.statements, *parsed.lost)]
    rest = parsed.source.text[max((*spans, parsed.begins_at)) :]
    return rest if rest.strip() else ""
