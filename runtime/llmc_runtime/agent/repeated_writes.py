"""Whether a statement of a reply writes what a line that stands writes already, however it is spelled."""

from typing import Final

from llmc_compiler.binding import bind
from llmc_compiler.inputs import literal
from llmc_compiler.tools import Tool
from llmc_grammar import ast
from llmc_runtime.agent.reader import PlanReader
from llmc_runtime.agent.written import calls, references

_UNKNOWN: Final = None
"""The digests of a call whose arguments are known only when it runs."""


def may_repeat(step: ast.Statement, line: ast.Statement | None, reader: PlanReader, *, is_whole: bool) -> bool:
    """Whether both have a write that may be the same one.

    Calls with known arguments are compared by their values. Of others nobody can tell, where the reply is a plan of its
    own (`is_whole`); one that reads lines which stand goes on from them.
    """
    return any(
        first.tool == second.tool and _may_be_same(tool, first, second, is_whole=is_whole)
        for first in calls(step)
        if (tool := reader.tools.get(first.tool)) is not None and tool.effect.may_write
        for second in calls(line)
    )


def _may_be_same(tool: Tool, first: ast.Call, second: ast.Call, *, is_whole: bool) -> bool:
    """Whether two calls of a tool may have equal arguments."""
    digests = [_digests(tool, call) for call in (first, second)]
    if digests[0] is _UNKNOWN or digests[1] is _UNKNOWN:
        return is_whole
    return not digests[0].isdisjoint(digests[1])


def _digests(tool: Tool, call: ast.Call) -> frozenset[str] | None:
    """The digests of a call's arguments, None where they are not all literals that fit."""
    if any(True for _ in references(call)):
        return _UNKNOWN
    names, _ = bind(tool.signature.shape, [argument.name for argument in call.arguments])
    try:
        values = [literal(argument.value) for argument in call.arguments]
        identified = tool.signature.identify(list(zip(names, values, strict=True)))
    except Exception:  # noqa: BLE001 — no literals, or converters of arguments, which are the tool's code
        return _UNKNOWN
    return frozenset(identified.digests)
