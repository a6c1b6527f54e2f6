"""What a planner is told, in the variant for models that talk and in the one for models that only continue a text."""

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
"""What ends a plan of a model that would go on with the next question."""


_log: Final = logging.getLogger("llmc")


@dataclass(frozen=True, slots=True)
class _Told:
    """What planners are told of tools; found once for an agent, since samples are compiled to be checked."""

    toolbox: Toolbox
    tools: ToolList
    examples: list[Example]
    _cards: dict[Level | None, Card] = field(default_factory=dict)

    def card(self, level: Level | None) -> Card:
        """The card for a level, which is the same for all that have the whole language."""
        known = level if level in {"full", "sound"} else None
        if known not in self._cards:
            self._cards[known] = card(self.toolbox, known)
        return self._cards[known]


def planner_prompt(tools: Toolbox, budget: int = PROMPT_BUDGET) -> tuple[str, ToolList]:
    """The system message for these tools, and the list of tools in it."""
    found = tool_list(tools, budget)
    return Prompts().render("planner", tools=found.tools, examples=[], **asdict(card(tools, None))), found


@dataclass(frozen=True, slots=True)
class Planner:
    """Asks a model for plans; the tools take at most `prompt_budget` characters where their names and types fit."""

    speaker: ChatModel
    prompts: Prompts
    examples: tuple[Example, ...] = ()
    grammar: GrammarFor | None = None
    prompt_budget: int = PROMPT_BUDGET
    _known: dict[tuple[str, ...], _Told] = field(default_factory=dict, compare=False, repr=False)

    @property
    def stops(self) -> tuple[str, ...]:
        """What ends the reply; nothing where a model may reason first, since a draft may hold an end mark."""
        return CONTINUED_STOPS if continues(self.speaker) else ()

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
        """What is said to get a plan; `plans` are those before it, and `thought` is why they do not suffice.

        The card has what the grammar of the request lets pass: where a server refuses a level, that of a lower one.
        """
        told = self._told(tools)
        variables = {
            "tools": told.tools.tools,
            "examples": told.examples,
            "history": history,
            "question": question,
            "plans": bounded(plans),
            "thought": thought,
            "first": first,
            "worked": None if self.examples or not continues(self.speaker) else worked(),
        }
        followed = level_of(self.grammar)

        def text(level: Level | None) -> str:
            shown = told.card(None if level is None or followed is None else lower(followed, level))
            name = "planner_completion" if continues(self.speaker) else "planner"
            return self.prompts.render(name, **variables, **asdict(shown))

        if continues(self.speaker):
            return [Message("user", text(followed) + "\n")]
        system = Message("system", text(followed), by_level=text)
        return [system, *history, Message("user", self.prompts.render("question", **variables))]

    def _told(self, tools: Sequence[Tool]) -> _Told:
        """What is said of some of the agent's tools."""
        names = tuple(tool.name for tool in tools)
        if names not in self._known:
            toolbox = Toolbox(tools)
            # A replan may have fewer tools than its examples were checked with.
            examples = [example for example in self.examples if is_plan(example.plan, toolbox)]
            found = tool_list(tools, self.prompt_budget)
            for text in found.left_out:
                _log.warning("a prompt has room for %s characters of tools: %s", f"{self.prompt_budget:,}", text)
            self._known[names] = _Told(toolbox, found, examples)
        return self._known[names]

    def repair(self, messages: Sequence[Message], broken: BrokenPlan) -> list[Message]:
        """What is said to get broken lines again."""
        request = self.prompts.render(
            "repair",
            report=broken.report,
            lines=broken.wrong,
            rest=broken.is_cut,
            plan=broken.plan,
            unclear=broken.unclear,
        )
        if continues(self.speaker):
            return [Message("user", f"{messages[-1].text}{broken.plan}\n\n{request}\n")]
        return [*messages, Message("assistant", broken.plan or "…"), Message("user", request)]
