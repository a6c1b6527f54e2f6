"""A statement of the plan language that is being written from Python code, and its writer."""

import ast
from dataclasses import dataclass, field
from typing import Protocol

from llmc_grammar.dialects.python.variables import Bound
from llmc_grammar.source import Span


@dataclass(slots=True)
class Draft:
    """A statement being written: pieces with their spans. `apart`: its inner calls become tasks.

    In `conditions` and in `loops` nothing becomes a task.
    """

    apart: bool
    pieces: list[tuple[str, Span]] = field(default_factory=list)
    conditions: int = 0
    loops: int = 0


class Writer(Protocol):
    """Writes expressions of Python code into a draft; `bound` has the values of variables."""

    bound: dict[str, Bound]

    def write(self, draft: Draft, node: ast.expr, least: int = 0) -> None:
        """Write an expression, in brackets if its precedence is below `least`."""
        ...

    def add(self, draft: Draft, piece: str, place: Span) -> None:
        """Append a piece for a span of the original text."""
        ...

    def span(self, node: ast.expr | ast.keyword) -> Span:
        """Return the span of a node."""
        ...
