"""What a planner is told, in the variant for models that talk and in the one for models that only continue a text."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from llmc_compiler.tools import Tool, Toolbox
from llmc_runtime.agent.answer import Planned
from llmc_runtime.agent.decoding import GrammarFor
from llmc_runtime.agent.dialogue import Message, Speaker
from llmc_runtime.agent.repair import Broken
from llmc_runtime.agent.results import bounded
from llmc_runtime.agent.samples import END, Example, card_samples, is_plan
from llmc_runtime.agent.speaking import continues
from llmc_runtime.agent.templates import Prompts
from llmc_runtime.agent.tool_list.listing import PROMPT_BUDGET, ToolList, tool_list
from llmc_runtime.agent.worked import worked

CONTINUED_STOPS: Final = (END, "\n###", "\nQuestion:")
"""What ends a plan of a model that would go on with the next question."""


_log: Final = logging.getLogger("llmc")


@dataclass(frozen=True, slots=True)
class _Told:
    """What planners are told of tools; found once for an agent, since samples are compiled to be checked."""

    tools: ToolList
    samples: list[str]
    examples: list[Example]


def planner_prompt(tools: Toolbox, budget: int = PROMPT_BUDGET) -> tuple[str, ToolList]:
    """The system message for these tools, and the list of tools in it."""
    told = _Told(tool_list(tools, budget), card_samples(tools), [])
    return Prompts().render("planner", tools=told.tools.tools, samples=told.samples, examples=told.examples), told.tools


@dataclass(frozen=True, slots=True)
class Planner:
    """Asks a model for plans; the tools take at most `prompt_budget` characters where their names and types fit."""

    speaker: Speaker
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
        """What is said to get a plan; `plans` are those before it, and `thought` is why they do not suffice."""
        told = self._told(tools)
        variables = {
            "tools": told.tools.tools,
            "samples": told.samples,
            "examples": told.examples,
            "history": history,
            "question": question,
            "plans": bounded(plans),
            "thought": thought,
            "first": first,
            "worked": None if self.examples or not continues(self.speaker) else worked(),
        }
        if continues(self.speaker):
            return [Message("user", self.prompts.render("planner_completion", **variables) + "\n")]
        system = Message("system", self.prompts.render("planner", **variables))
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
            self._known[names] = _Told(found, card_samples(toolbox), examples)
        return self._known[names]

    def repair(self, messages: Sequence[Message], broken: Broken) -> list[Message]:
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
