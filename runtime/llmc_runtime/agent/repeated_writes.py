"""Which statement of a reply writes what a line that stands writes already, however it is spelled."""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

from llmc_compiler.binding import bind
from llmc_compiler.inputs import literal
from llmc_compiler.operators import same
from llmc_compiler.term import Json
from llmc_compiler.tools import Tool
from llmc_grammar import ast
from llmc_runtime.agent.reader import PlanReader
from llmc_runtime.agent.written import calls, references

MOST_COMPARED: Final = 10_000
"""Pairs of calls that are compared; whether more of them may be equal is not looked at."""


@dataclass(frozen=True, slots=True)
class _Write:
    """A call of a tool that may write: its arguments that are literals, and their digests if all are and fit."""

    call: ast.Call
    known: Mapping[str | None, Json]
    digests: frozenset[str]

    @property
    def is_known(self) -> bool:
        """Whether all that it is called with is known."""
        return len(self.known) == len(self.call.arguments)


def repeated(
    steps: Iterable[ast.Statement], lines: Iterable[ast.Statement | None], reader: PlanReader, *, is_whole: bool
) -> ast.Statement | None:
    """The first of `steps` that may make a write which a line that stands makes, None if none does.

    Calls with known arguments are compared by their values. Of others nobody can tell, unless a known argument differs,
    where the reply is a plan of its own (`is_whole`); one that reads lines which stand goes on from them.
    """
    stand: dict[str, list[_Write]] = {}
    for write in (write for line in lines for write in _writes(line, reader)):
        stand.setdefault(write.call.tool, []).append(write)
    left = MOST_COMPARED
    for step in steps:
        for write in _writes(step, reader):
            others = stand.get(write.call.tool, [])
            left -= len(others)
            if left < 0 or any(_may_be_same(write, other, is_whole=is_whole) for other in others):
                return step
    return None


def _writes(statement: ast.Statement | None, reader: PlanReader) -> Iterator[_Write]:
    """The calls in a statement that may write."""
    for call in calls(statement):
        tool = reader.tools.get(call.tool)
        if tool is not None and tool.effect.may_write:
            known = _known(tool, call)
            yield _Write(call, known, _digests(tool, known) if len(known) == len(call.arguments) else frozenset())


def _may_be_same(first: _Write, second: _Write, *, is_whole: bool) -> bool:
    """Whether two calls of a tool may have equal arguments."""
    if first.call == second.call:
        return True
    if first.is_known and second.is_known:
        return not first.digests.isdisjoint(second.digests)
    return is_whole and all(same(first.known[name], second.known[name]) for name in first.known.keys() & second.known)


def _known(tool: Tool, call: ast.Call) -> dict[str | None, Json]:
    """The arguments of a call that are literals, by parameter."""
    names, _ = bind(tool.signature.shape, [argument.name for argument in call.arguments])
    known: dict[str | None, Json] = {}
    for name, argument in zip(names, call.arguments, strict=True):
        if not any(True for _ in references(argument)):
            with suppress(TypeError):  # no literal
                known[name] = literal(argument.value)
    return known


def _digests(tool: Tool, known: Mapping[str | None, Json]) -> frozenset[str]:
    """The digests of arguments; none where they do not fit, so that the call is not made."""
    try:
        return frozenset(tool.signature.identify(list(known.items())).digests)
    except Exception:  # noqa: BLE001 — converters of arguments are the tool's code
        return frozenset()
