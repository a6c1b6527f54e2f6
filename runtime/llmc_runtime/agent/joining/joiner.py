"""The joiner that asks a model: its messages, and its decision."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from llmc_compiler.decoder.decoder_grammar import Level
from llmc_compiler.decoder.syntaxes import Syntax
from llmc_compiler.tools.tool import Tool
from llmc_runtime.agent.agent_errors import NoDecision
from llmc_runtime.agent.budget import current
from llmc_runtime.agent.completion import (
    WholeReply,
    bounded_tokens,
    continues,
    reasoning_of,
    takes_schemas,
    whole_reply,
)
from llmc_runtime.agent.joining.decision import read_decision, schema
from llmc_runtime.agent.joining.decisions import Decision, Finish
from llmc_runtime.agent.joining.prose_replies import prose, quoted, wants_more
from llmc_runtime.agent.joining.replan_policy import Turn
from llmc_runtime.agent.prompting.result_text import bounded
from llmc_runtime.agent.prompting.templates import Prompts
from llmc_runtime.models.messages import ChatModel, End, Grammar, Message

REMINDERS: Final = 1
"""How often a joiner is reminded of the form of a decision."""

_GBNF: Final = 'root ::= {start}[^\\n]{{1,{most}}} "\\nAction: " ({word}) "(" {inside} ")" {end}\n'
_LARK: Final = 'start: {start}/[^\\n]{{1,{most}}}/ "\\nAction: " ({word}) "(" /{inside}\\)/ {end}\n'

_LONGEST_THOUGHT: Final = 400
"""Maximum number of characters in a thought that has to follow a grammar."""


@dataclass(frozen=True, slots=True)
class ModelJoiner:
    """Asks a model whether the results answer the question; prose that calls one of the `tools` is not an answer."""

    chat_model: ChatModel
    prompts: Prompts
    tools: Iterable[Tool] = ()

    async def decide(self, turn: Turn) -> Decision:
        """Return the model's decision; prose counts as an answer if the model writes only prose after a reminder.

        Raises NoDecision, BudgetSpent and the model's errors.
        """
        reasoning = reasoning_of(self.chat_model)
        messages = self.messages(turn)
        answer, reply = "", WholeReply("", None)
        for _ in range(REMINDERS + 1):
            reply = await self._reply(messages, is_final=turn.is_final)
            is_whole = reply.end is not None and reply.end.reason == "stop"
            decision = read_decision(reply.text, reasoning, complete=is_whole, final=turn.is_final)
            if decision is not None:
                return decision
            said = prose(reply.text, reasoning)
            if wants_more(said, self.tools):
                answer = ""
            elif is_whole:
                answer = said or answer
            messages = self.reminded(messages, reply.text, final=turn.is_final)
        if answer:
            return Finish(answer, is_unmarked=True)
        words = quoted(reply.text, reasoning, reasoned=reply.reasoned)
        raise NoDecision(reply.text, f"{words}{_ending(reply.end)}")

    async def _reply(self, messages: Sequence[Message], *, is_final: bool) -> WholeReply:
        """Ask the model."""
        return await whole_reply(
            self.chat_model,
            messages,
            "joiner",
            current(),
            grammar=_grammar(self.chat_model, final=is_final),
            schema=schema(final=is_final),
            stop=("\n###", "\nQuestion:") if continues(self.chat_model) else (),
            most_tokens=bounded_tokens(self.chat_model),
        )

    def messages(self, turn: Turn) -> list[Message]:
        """Build the messages that ask for a decision."""
        variables = {
            "question": turn.question,
            "plans": bounded(turn.plans),
            "final": turn.is_final,
            "stopped": turn.stopped,
            "history": turn.history,
            "structured": takes_schemas(self.chat_model),
        }
        if continues(self.chat_model):
            return [Message("user", self.prompts.render("joiner_completion", **variables))]
        system = Message("system", self.prompts.render("joiner", **variables))
        return [system, *turn.history, Message("user", self.prompts.render("results", **variables))]

    def reminded(self, messages: Sequence[Message], text: str, *, final: bool) -> list[Message]:
        """Return the messages with a reminder, after a reply without a decision."""
        reminder = self.prompts.render("reminder", final=final, structured=takes_schemas(self.chat_model))
        if continues(self.chat_model):
            return [Message("user", f"{messages[-1].text} {text.strip()}\n\n{reminder}\n")]
        return [*messages, Message("assistant", text or "…"), Message("user", reminder)]


def _ending(end: End | None) -> str:
    """Return the words for a reply that did not end with "stop"."""
    if end is None or end.reason == "length":
        return " (the reply was cut off)"
    return " (the model refused)" if end.reason == "refusal" else ""


def _grammar(chat_model: ChatModel, *, final: bool) -> Grammar:
    """Return the grammar of a joiner's reply: a thought on one line, and a decision.

    The prompt of a model that continues a text already has the label; its decision ends the line, so that it stops.
    """
    word = '"Finish"' if final else '"Finish" | "Replan"'
    is_continued = continues(chat_model)
    start = "" if is_continued else '"Thought: " '
    end = '"\\n"' if is_continued else ""

    def write(syntax: Syntax, _level: Level) -> str:
        anything = {"gbnf": r"[^\n]*" if is_continued else r"[^\x00]*", "lark": r".*" if is_continued else r"(.|\n)*"}
        form = _GBNF if syntax == "gbnf" else _LARK
        return form.format(start=start, word=word, end=end, inside=anything[syntax], most=_LONGEST_THOUGHT)

    return write
