"""What a joiner is told, and how its decision is found."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from llmc_compiler.decoder.dialects import Dialect
from llmc_compiler.decoder.grammar import Level
from llmc_runtime.agent.answer import Planned
from llmc_runtime.agent.decision import Decision, Finish, Replan, read_decision, schema
from llmc_runtime.agent.dialogue import ChatModel, Grammar, Message
from llmc_runtime.agent.failures import NoDecision
from llmc_runtime.agent.ledger import Ledger
from llmc_runtime.agent.results import bounded
from llmc_runtime.agent.speaking import bounded_tokens, continues, reasoning_of, takes_schemas, whole_reply
from llmc_runtime.agent.templates import Prompts

REMINDERS: Final = 1
"""How often a joiner is reminded of what it has to write."""

_GBNF: Final = 'root ::= {start}[^\\n]{{1,{most}}} "\\nAction: " ({word}) "(" {inside} ")" {end}\n'
_LARK: Final = 'start: {start}/[^\\n]{{1,{most}}}/ "\\nAction: " ({word}) "(" /{inside}\\)/ {end}\n'

_LONGEST_THOUGHT: Final = 400
"""Characters of a thought that has to follow a grammar."""


@dataclass(frozen=True, slots=True)
class Joiner:
    """Asks a model whether the results answer the question."""

    speaker: ChatModel
    prompts: Prompts

    async def decide(
        self,
        question: str,
        plans: Sequence[Planned],
        ledger: Ledger,
        *,
        history: Sequence[Message] = (),
        final: bool = False,
        stopped: str | None = None,
    ) -> Decision:
        """The decision; where it is `final`, or `stopped` says why no other plan is made, only an answer is asked for.

        Raises NoDecision, BudgetSpent and what the model raises.
        """
        messages = self.messages(question, plans, history=history, final=final, stopped=stopped)
        grammar = _grammar(self.speaker, final=final)
        stop = ("\n###", "\nQuestion:") if continues(self.speaker) else ()
        text = ""
        for _ in range(REMINDERS + 1):
            text, end = await whole_reply(
                self.speaker,
                messages,
                "joiner",
                ledger,
                grammar=grammar,
                schema=schema(final=final),
                stop=stop,
                most_tokens=bounded_tokens(self.speaker),
            )
            is_whole = end is not None and end.reason == "stop"
            decision = read_decision(text, reasoning_of(self.speaker), complete=is_whole)
            if decision is not None:
                return decision
            messages = self.reminded(messages, text, final=final)
        raise NoDecision(text)

    def messages(
        self,
        question: str,
        plans: Sequence[Planned],
        *,
        history: Sequence[Message] = (),
        final: bool = False,
        stopped: str | None = None,
    ) -> list[Message]:
        """What is said to get a decision."""
        variables = {
            "question": question,
            "plans": bounded(plans),
            "final": final,
            "stopped": stopped,
            "history": history,
            "structured": takes_schemas(self.speaker),
        }
        if continues(self.speaker):
            return [Message("user", self.prompts.render("joiner_completion", **variables))]
        system = Message("system", self.prompts.render("joiner", **variables))
        return [system, *history, Message("user", self.prompts.render("results", **variables))]

    def reminded(self, messages: Sequence[Message], text: str, *, final: bool) -> list[Message]:
        """The same, after a reply without a decision."""
        reminder = self.prompts.render("reminder", final=final, structured=takes_schemas(self.speaker))
        if continues(self.speaker):
            return [Message("user", f"{messages[-1].text} {text.strip()}\n\n{reminder}\n")]
        return [*messages, Message("assistant", text or "…"), Message("user", reminder)]


def _grammar(speaker: ChatModel, *, final: bool) -> Grammar:
    """What a joiner may write: a thought on one line, and a decision.

    Where a text is continued, its label is there already, and the line ends: else such a model would never stop.
    """
    word = '"Finish"' if final else '"Finish" | "Replan"'
    is_continued = continues(speaker)
    start = "" if is_continued else '"Thought: " '
    end = '"\\n"' if is_continued else ""

    def write(dialect: Dialect, _level: Level) -> str:
        anything = {"gbnf": r"[^\n]*" if is_continued else r"[^\x00]*", "lark": r".*" if is_continued else r"(.|\n)*"}
        form = _GBNF if dialect == "gbnf" else _LARK
        return form.format(start=start, word=word, end=end, inside=anything[dialect], most=_LONGEST_THOUGHT)

    return write


__all__ = ["Decision", "Finish", "Joiner", "Replan"]
