"""Errors that end a question without an answer.

LlmcError
  AgentError
    PlanFailed          the plan is still broken after its repairs; `report` shows the mistakes
    NoDecision          the joiner neither finished nor asked for another plan
    BudgetSpent         the models exceeded the budget of the question
PromptError             a prompt cannot be used; raised when the agent is made
ExampleError            an example's plan does not compile; raised when the agent is made
"""

# ruff: noqa: N818 — callers catch these by name: `except PlanFailed`

from llmc_grammar.portable import Portable
from llmc_runtime.errors import LlmcError
from llmc_runtime.foreign_errors import shortened
from llmc_runtime.models.messages import Usage


class PromptError(Portable, ValueError):
    """A prompt is unknown, cannot be read, or uses a variable that it does not have."""


class ExampleError(Portable, ValueError):
    """An example's plan does not parse strictly, or does not compile against the tools."""

    def __init__(self, question: str, report: str) -> None:
        super().__init__(f"the plan of the example “{shortened(question)}” does not compile:\n{report}")
        self.report = report


class AgentError(LlmcError):
    """A question ended without an answer."""


class PlanFailed(AgentError):
    """A plan cannot be run, even after its repairs. `plan` is its number, `report` shows its mistakes with their lines.

    `prose` is the answer that the planner wrote instead of a plan, if it did.
    """

    def __init__(self, plan: int, repairs: int, report: str, *, prose: str | None = None) -> None:
        attempts = f" after {repairs} repair{'s' if repairs > 1 else ''}" if repairs else ""
        super().__init__(f"plan {plan} cannot be run{attempts}:\n{report}")
        self.plan = plan
        self.report = report
        self.prose = prose


class NoDecision(AgentError):
    """The joiner's replies contain no `Finish(…)`, no `Replan(…)` and no answer in prose; `text` is the last reply."""

    def __init__(self, text: str, quoted: str | None = None) -> None:
        words = (shortened(text) or "(nothing)") if quoted is None else quoted
        super().__init__(f"the joiner neither finished nor asked for another plan: {words}")
        self.text = text


class BudgetSpent(AgentError):
    """The models exceeded the budget of the question; `usage` is their usage."""

    def __init__(self, what: str, usage: Usage) -> None:
        super().__init__(f"the question was given up: {what}")
        self.usage = usage
