"""Find statements of a reply that repeat a write of an intact line, in any spelling."""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

from llmc_compiler.expressions.input_types import literal
from llmc_compiler.expressions.operators import same
from llmc_compiler.expressions.terms import Json
from llmc_compiler.tools.argument_binding import bind
from llmc_compiler.tools.tool import Tool
from llmc_grammar import ast
from llmc_runtime.agent.plan_statements import references
from llmc_runtime.agent.planning.plan_reader import PlanReader

MOST_COMPARED: Final = 10_000
"""Maximum number of pairs of calls that are compared; further calls count as repeated."""


@dataclass(frozen=True, slots=True)
class _Write:
    """A call that may write, its literal arguments, and their digests if all are literals and valid."""

    call: ast.Call
    known: Mapping[str | None, Json]
    digests: frozenset[str]

    @property
    def is_known(self) -> bool:
        """Whether all arguments are literals."""
        return len(self.known) == len(self.call.arguments)


def repeated(
    steps: Iterable[ast.Statement], lines: Iterable[ast.Statement | None], reader: PlanReader, *, is_whole: bool
) -> ast.Statement | None:
    """Return the first of `steps` that may repeat a write of an intact line, or None.

    Calls with literal arguments are compared by value. If the reply is a complete plan (`is_whole`), other calls count
    as equal unless a literal argument differs. A reply that reads intact lines continues from them.
    """
    intact: dict[str, list[_Write]] = {}
    for write in (write for line in lines for write in _writes(line, reader)):
        intact.setdefault(write.call.tool, []).append(write)
    left = MOST_COMPARED
    for step in steps:
        for write in _writes(step, reader):
            others = intact.get(write.call.tool, [])
            left -= len(others)
            if left < 0 or any(_may_be_same(write, other, is_whole=is_whole) for other in others):
                return step
    return None


def _writes(statement: ast.Statement | None, reader: PlanReader) -> Iterator[_Write]:
    """Yield the calls in a statement that may write."""
    for call in ast.calls(statement):
        tool = reader.tools.get(call.tool)
        if tool is not None and tool.effect.may_write:
            literals = _literals(tool, call)
            is_literal = len(literals) == len(call.arguments)
            yield _Write(call, literals, _digests(tool, literals) if is_literal else frozenset())


def _may_be_same(first: _Write, second: _Write, *, is_whole: bool) -> bool:
    """Whether two calls of a tool may have equal arguments."""
    if first.call == second.call:
        return True
    if first.is_known and second.is_known:
        return not first.digests.isdisjoint(second.digests)
    common = first.known.keys() & second.known
    return is_whole and all(same(first.known[name], second.known[name]) for name in common)


def _literals(tool: Tool, call: ast.Call) -> dict[str | None, Json]:
    """Return the literal arguments of a call, by parameter."""
    names, _ = bind(tool.signature.shape, [argument.name for argument in call.arguments])
    literals: dict[str | None, Json] = {}
    for name, argument in zip(names, call.arguments, strict=True):
        if not any(True for _ in references(argument)):
            with suppress(TypeError):  # not a literal
                literals[name] = literal(argument.value)
    return literals


def _digests(tool: Tool, literals: Mapping[str | None, Json]) -> frozenset[str]:
    """Return the digests of arguments; empty for invalid arguments, which fail before the call."""
    try:
        return frozenset(tool.signature.identify(list(literals.items())).digests)
    except Exception:  # noqa: BLE001 — converters of arguments are the tool's code
        return frozenset()
