"""Attributes of errors that belong to higher layers: the answer so far, and the secrets to take out."""

from collections.abc import Mapping
from typing import Any, Protocol

from llmc_compiler.expressions.terms import Json


class AnswerSoFar(Protocol):
    """The `llmc.Answer` of a question that an error ended: the plans that were run until then."""

    @property
    def question(self) -> str:
        """The question."""
        ...

    @property
    def value(self) -> Json:
        """The answer, if there is one."""
        ...

    @property
    def plans(self) -> tuple[Any, ...]:
        """The plans that were run."""
        ...

    @property
    def run(self) -> Any:  # noqa: ANN401 — an `llmc.Run`
        """The run of the last plan; raises IndexError if no plan was run."""
        ...

    @property
    def thoughts(self) -> tuple[str, ...]:
        """Why other plans followed."""
        ...

    @property
    def usage(self) -> Mapping[Any, Any]:
        """Tokens and cost by role."""
        ...

    @property
    def total(self) -> Any:  # noqa: ANN401 — an `llmc.Usage`
        """Tokens and cost of all roles."""
        ...

    @property
    def times(self) -> Any:  # noqa: ANN401 — three numbers
        """Seconds to the first task, the plan and the answer."""
        ...

    @property
    def calls(self) -> int:
        """Calls of tools."""
        ...

    @property
    def reused(self) -> int:
        """Tasks whose call had been made before."""
        ...

    @property
    def stopped(self) -> str | None:
        """Why no other plan was made."""
        ...

    @property
    def answered(self) -> bool:
        """Whether there is an answer."""
        ...

    @property
    def is_unmarked(self) -> bool:
        """Whether the answer was prose without a decision."""
        ...

    @property
    def text(self) -> str:
        """The value as text."""
        ...

    def summary(self) -> str:
        """One line: plans, calls, tokens and times."""
        ...

    def explain(self) -> str:
        """The story of the question in lines."""
        ...

    def to_json(self) -> dict[str, Any]:
        """All of it as JSON data, without its secrets."""
        ...


class Redactor(Protocol):
    """The secrets of a run: takes them out of what is shown."""

    def text(self, text: str) -> str:
        """Return the text without secrets."""
        ...

    def value(self, value: Json) -> Json:
        """Return the value without secrets."""
        ...
