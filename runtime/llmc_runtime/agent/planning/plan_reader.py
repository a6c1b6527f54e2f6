"""The reader of a planner's replies, with the tools, reasoning tags and ids in use."""

from dataclasses import dataclass, field

from llmc_compiler.tools.toolbox import Toolbox
from llmc_grammar import Parsed, parse
from llmc_grammar.bounds import Bounds
from llmc_grammar.parse import PlanParser
from llmc_grammar.reasoning import USUAL, ReasoningTags
from llmc_grammar.stream import PlanStream
from llmc_runtime.agent.plan_statements import highest_number


@dataclass(frozen=True, slots=True)
class PlanReader:
    """Reads a planner's texts; `taken` are the task ids of earlier plans."""

    tools: Toolbox
    taken: frozenset[str] = field(default_factory=frozenset)
    reasoning: ReasoningTags = USUAL

    @property
    def highest(self) -> int:
        """The highest task number of earlier plans."""
        return highest_number(self.taken)

    def read(self, text: str, *, complete: bool = True) -> Parsed:
        """Parse a text; `complete=False` drops the open statement at its end."""
        return parse(
            text,
            mode="lenient",
            bounds=Bounds.MODEL,
            tools=self.tools,
            reasoning=self.reasoning,
            complete=complete,
            first=self.highest + 1,
        )

    def parser(self) -> PlanParser:
        """Return a parser for a text that arrives in pieces; its result is that of `read`."""
        return PlanParser(
            PlanStream(
                "lenient",
                bounds=Bounds.MODEL,
                tools=self.tools,
                reasoning=self.reasoning,
                first=self.highest + 1,
            )
        )


def open_text(parsed: Parsed) -> str:
    """Return the text after the last statement of a truncated text, or an empty text."""
    ends = [statement.span.end for statement in (*parsed.plan.statements, *parsed.lost)]
    rest = parsed.source.text[max((*ends, parsed.begins_at)) :]
    return rest if rest.strip() else ""
