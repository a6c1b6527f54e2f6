"""What ends a question without an answer.

LlmcError
  AgentError
    PlanFailed          the planner's plan is still wrong after its repairs; `report` shows where
    NoDecision          the joiner neither finished nor asked for another plan
    BudgetSpent         the models read and wrote more, or cost more, than the question may
PromptError             a prompt cannot be used; told when the agent is made
ExampleError            an example is no plan for these tools; told when the agent is made
"""

# ruff: noqa: N818 — they are caught by name, and `except PlanFailed` says it all

from llmc_grammar.portable import Portable
from llmc_runtime.errors import LlmcError, shortened
from llmc_runtime.models.messages import Usage


class PromptError(Portable, ValueError):
    """A prompt is unknown, cannot be read, or names what it is not given."""


class ExampleError(Portable, ValueError):
    """An example's plan is not written strictly, or does not compile against the tools."""

    def __init__(self, question: str, report: str) -> None:
        super().__init__(f"the example “{shortened(question)}” is no plan for these tools:\n{report}")
        self.report = report


class AgentError(LlmcError):
    """A question has no answer."""


class PlanFailed(AgentError):
    """A plan is wrong, and stayed so; `plan` is its number and `report` its mistakes, with their lines.

    `prose` is the answer that the planner wrote in the place of a plan, if it did.
    """

    def __init__(self, plan: int, repairs: int, report: str, *, prose: str | None = None) -> None:
        tried = f" after {repairs} repair{'s' if repairs > 1 else ''}" if repairs else ""
        super().__init__(f"plan {plan} cannot be run{tried}:\n{report}")
        self.plan = plan
        self.report = report
        self.prose = prose


class NoDecision(AgentError):
    """The joiner's replies hold neither `Finish(…)` nor `Replan(…)`, nor an answer in prose; `text` is the last."""

    def __init__(self, text: str, quoted: str | None = None) -> None:
        words = (shortened(text) or "(nothing)") if quoted is None else quoted
        super().__init__(f"the joiner neither finished nor asked for another plan: {words}")
        self.text = text


class BudgetSpent(AgentError):
    """The models took more than the question may; `usage` is what they took."""

    def __init__(self, what: str, usage: Usage) -> None:
        super().__init__(f"the question was given up: {what}")
        self.usage = usage
