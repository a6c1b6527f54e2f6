"""The values that terms read, and the reasons for which a term has no value."""

from typing import Protocol

from llmc_compiler.expressions.terms import Json, NodeId
from llmc_grammar.portable import Portable
from llmc_grammar.source import Span


class SkippedRead(Portable, Exception):  # noqa: N818 — an outcome, not a mistake
    """Raised if a term reads a node that was skipped."""

    def __init__(self, node: NodeId) -> None:
        super().__init__(node)
        self.node = node


class EvaluationError(Portable, ValueError):
    """Raised if a term has no value; `node` is the node whose value caused it, if any.

    `is_exhausted`: the evaluation stopped because it visited too many parts.
    """

    is_exhausted = False

    def __init__(self, message: str, span: Span, node: NodeId | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.span = span
        self.node = node


class Env(Protocol):
    """The values that a term may read."""

    @property
    def skipped_is_null(self) -> bool:
        """Whether a skipped node reads as null, as it does in the join and in a fallback."""
        ...

    def item(self, name: str, /) -> Json:
        """Return the current element of the loop with this name."""
        ...

    def get(self, node: NodeId, /) -> Json:
        """Return the value of a node; raises SkippedRead."""
        ...

    def param(self, name: str, /) -> Json:
        """Return the value of an input."""
        ...


class NoReads:
    """An environment for constants: there is nothing to read."""

    skipped_is_null = False

    def item(self, name: str, /) -> Json:
        """Raise KeyError: constants read no elements."""
        raise KeyError(name)

    def get(self, node: NodeId, /) -> Json:
        """Raise KeyError: constants read no nodes."""
        raise KeyError(node)

    def param(self, name: str, /) -> Json:
        """Raise KeyError: constants read no inputs."""
        raise KeyError(name)


class ElementEnv:
    """An environment inside a comprehension, where one more name is an element."""

    __slots__ = ("_around", "_name", "skipped_is_null", "value")

    def __init__(self, around: Env, name: str) -> None:
        self._around = around
        self._name = name
        self.skipped_is_null = around.skipped_is_null
        self.value: Json = None

    def item(self, name: str, /) -> Json:
        """Return the element, or that of a loop around."""
        return self.value if name == self._name else self._around.item(name)

    def get(self, node: NodeId, /) -> Json:
        """Return the value of a node."""
        return self._around.get(node)

    def param(self, name: str, /) -> Json:
        """Return the value of an input."""
        return self._around.param(name)


class EffortBudget:
    """The parts of values that several evaluations may visit together."""

    __slots__ = ("left",)

    def __init__(self, left: float) -> None:
        self.left = left
