"""The planner's messages, for models that hold a conversation and for models that only continue a text."""

import logging
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Final

from llmc_compiler.decoder.decoder_grammar import Level
from llmc_compiler.tools.tool import Tool
from llmc_compiler.tools.toolbox import Toolbox
from llmc_runtime.agent.answers.answer_data import Planned
from llmc_runtime.agent.completion import continues
from llmc_runtime.agent.planning.plan_grammar import GrammarFor, level_of, lower
from llmc_runtime.agent.planning.plan_repair import BrokenPlan
from llmc_runtime.agent.prompting.examples import Example, is_plan
from llmc_runtime.agent.prompting.few_shot import worked
from llmc_runtime.agent.prompting.language_card import Card, card
from llmc_runtime.agent.prompting.result_text import bounded
from llmc_runtime.agent.prompting.templates import Prompts
from llmc_runtime.agent.prompting.tool_docs.prompt_texts import END
from llmc_runtime.agent.prompting.tool_docs.tool_list import PROMPT_BUDGET, ToolList, tool_list
from llmc_runtime.models.messages import ChatModel, Message

CONTINUED_STOPS: Final = (END, "\n###", "\nQuestion:")
"""Sequences that end a plan of a model that would go on with the next question."""


_log: Final = logging.getLogger("llmc")


@dataclass(frozen=True, slots=True)
class _Told:
    """The parts of a prompt about tools; made once for an agent, since its samples have to be compiled."""

    toolbox: Toolbox
    tools: ToolList
    examples: list[Example]
    _cards: dict[Level | None, Card] = field(default_factory=dict)
    _systems: dict[Level | None, str] = field(default_factory=dict)

    def card(self, level: Level | None) -> Card:
        """Return the card for a level; all levels with the whole language share a card."""
        key = _card_level(level)
        if key not in self._cards:
            self._cards[key] = card(self.toolbox, key)
        return self._cards[key]

    def system(self, level: Level | None, prompts: Prompts) -> str:
        """Return the system message for a level, which no question changes unless a user replaced prompts."""
        key = _card_level(level)
        if key not in self._systems:
            shown = asdict(self.card(key))
            self._systems[key] = prompts.render("planner", tools=self.tools.tools, examples=self.examples, **shown)
        return self._systems[key]


def _card_level(level: Level | None) -> Level | None:
    """Return the level that stands for all levels with the same card."""
    return level if level in {"full", "sound"} else None


def planner_prompt(tools: Toolbox, budget: int = PROMPT_BUDGET) -> tuple[str, ToolList]:
    """Return the system message for these tools, and the list of tools in it."""
    listed = tool_list(tools, budget)
    return Prompts().render("planner", tools=listed.tools, examples=[], **asdict(card(tools, None))), listed


@dataclass(frozen=True, slots=True)
class Planner:
    """Asks a model for plans; the tools take at most `prompt_budget` characters if their names and types fit."""

    chat_model: ChatModel
    prompts: Prompts
    examples: tuple[Example, ...] = ()
    grammar: GrammarFor | None = None
    prompt_budget: int = PROMPT_BUDGET
    _known: dict[tuple[str, ...], _Told] = field(default_factory=dict, compare=False, repr=False)

    @property
    def stops(self) -> tuple[str, ...]:
        """The sequences that end the reply; empty for models that may reason first: their drafts may have end marks."""
        return CONTINUED_STOPS if continues(self.chat_model) else ()

    def messages(
        self,
        question: str,
        tools: Sequence[Tool],
        *,
        history: Sequence[Message] = (),
        plans: Sequence[Planned] = (),
        thought: str = "",
        first: int = 1,
    ) -> list[Message]:
        """Build the messages that ask for a plan; `plans` are earlier plans, and `thought` is why they do not suffice.

        The card shows the forms that the grammar of the request allows: if a server refuses a level, those of a lower
        one.
        """
        parts = self.told(tools)
        variables = {
            "tools": parts.tools.tools,
            "examples": parts.examples,
            "history": history,
            "question": question,
            "plans": bounded(plans),
            "thought": thought,
            "first": first,
            "worked": None if self.examples or not continues(self.chat_model) else worked(),
        }
        followed = level_of(self.grammar)

        def text(level: Level | None) -> str:
            least = None if level is None or followed is None else lower(followed, level)
            if not (continues(self.chat_model) or self.prompts.are_replaced):
                return parts.system(least, self.prompts)
            name = "planner_completion" if continues(self.chat_model) else "planner"
            return self.prompts.render(name, **variables, **asdict(parts.card(least)))

        if continues(self.chat_model):
            return [Message("user", text(followed) + "\n")]
        system = Message("system", text(followed), by_level=text)
        return [system, *history, Message("user", self.prompts.render("question", **variables))]

    def told(self, tools: Sequence[Tool]) -> _Told:
        """Return the parts of a prompt about some of the agent's tools; a warning names those that are left out."""
        names = tuple(tool.name for tool in tools)
        if names not in self._known:
            toolbox = Toolbox(tools)
            # A replan may have fewer tools than the examples were checked with.
            examples = [example for example in self.examples if is_plan(example.plan, toolbox)]
            listed = tool_list(tools, self.prompt_budget)
            for text in listed.left_out:
                _log.warning("a prompt has room for %s characters of tools: %s", f"{self.prompt_budget:,}", text)
            self._known[names] = _Told(toolbox, listed, examples)
        return self._known[names]

    def repair(self, messages: Sequence[Message], broken: BrokenPlan) -> list[Message]:
        """Build the messages that ask for the broken lines again."""
        request = self.prompts.render(
            "repair",
            report=broken.report,
            lines=broken.wrong,
            rest=broken.is_cut,
            plan=broken.plan,
            unclear=broken.unclear,
        )
        if continues(self.chat_model):
            return [Message("user", f"{messages[-1].text}{broken.plan}\n\n{request}\n")]
        return [*messages, Message("assistant", broken.plan or "…"), Message("user", request)]
