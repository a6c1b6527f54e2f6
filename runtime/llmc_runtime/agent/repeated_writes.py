"""Whether a statement of a reply writes what a line that stands writes already, however it is spelled."""

from collections.abc import Mapping
from contextlib import suppress

from llmc_compiler.binding import bind
from llmc_compiler.inputs import literal
from llmc_compiler.operators import same
from llmc_compiler.term import Json
from llmc_compiler.tools import Tool
from llmc_grammar import ast
from llmc_runtime.agent.reader import PlanReader
from llmc_runtime.agent.written import calls, references


def may_repeat(step: ast.Statement, line: ast.Statement | None, reader: PlanReader, *, is_whole: bool) -> bool:
    """Whether both have a write that may be the same one.

    Calls with known arguments are compared by their values. Of others nobody can tell, unless a known argument differs,
    where the reply is a plan of its own (`is_whole`); one that reads lines which stand goes on from them.
    """
    return any(
        first.tool == second.tool and _may_be_same(tool, first, second, is_whole=is_whole)
        for first in calls(step)
        if (tool := reader.tools.get(first.tool)) is not None and tool.effect.may_write
        for second in calls(line)
    )


def _may_be_same(tool: Tool, first: ast.Call, second: ast.Call, *, is_whole: bool) -> bool:
    """Whether two calls of a tool may have equal arguments."""
    one, other = _known(tool, first), _known(tool, second)
    if len(one) == len(first.arguments) and len(other) == len(second.arguments):
        digests = _digests(tool, one), _digests(tool, other)
        return digests[0] is None or digests[1] is None or not digests[0].isdisjoint(digests[1])
    return is_whole and all(same(one[name], other[name]) for name in one.keys() & other.keys())


def _known(tool: Tool, call: ast.Call) -> dict[str | None, Json]:
    """The arguments of a call that are literals, by parameter."""
    names, _ = bind(tool.signature.shape, [argument.name for argument in call.arguments])
    known: dict[str | None, Json] = {}
    for name, argument in zip(names, call.arguments, strict=True):
        if not any(True for _ in references(argument)):
            with suppress(TypeError):  # no literal
                known[name] = literal(argument.value)
    return known


def _digests(tool: Tool, known: Mapping[str | None, Json]) -> frozenset[str] | None:
    """The digests of arguments, None where they do not fit."""
    try:
        return frozenset(tool.signature.identify(list(known.items())).digests)
    except Exception:  # noqa: BLE001 — converters of arguments are the tool's code
        return None
