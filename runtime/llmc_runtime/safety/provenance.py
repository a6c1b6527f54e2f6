"""Where the arguments of a call are from: the tasks, inputs and lines that their terms read, through expressions."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Final

from llmc_compiler.expressions.terms import Const, Get, Item, Json, NodeId, Param, Term, children
from llmc_compiler.ir.graph import Call, Evaluate, Join, Loop, Node
from llmc_compiler.tools.signature import Received
from llmc_grammar.ast import NOWHERE
from llmc_grammar.source import Source, Span
from llmc_runtime.safety.approval_request import ApprovalRequest, Argument, Origin
from llmc_runtime.state.instance import Bound, Instance
from llmc_runtime.state.outcomes import Key

MOST: Final = 500
"""Tasks whose expressions are looked into for one argument; those behind them are named, and not what they are from."""


def line_of(source: Source | None, span: Span) -> int | None:
    """The line of a place, where the text is known."""
    return None if source is None or span == NOWHERE else source.position(span.start)[0]


Earlier = Mapping[str, tuple[Origin, ...]]
"""Where the results of earlier plans are from, by their tasks; a plan reads these like inputs."""

_NONE: Final[Earlier] = {}


def origins(term: Term, instance: Instance, source: Source | None, earlier: Earlier = _NONE) -> tuple[Origin, ...]:
    """Where the value of a term is from, each origin once; the plan itself only where it is from nowhere else."""
    found = tuple(dict.fromkeys(_origins(term, instance, source, earlier)))
    return found or (Origin(line=line_of(source, instance.node.span)),)


def sources(instance: Instance, source: Source | None, earlier: Earlier, plan: int) -> tuple[Origin, ...]:
    """Where the result of an instance is from, for the plans after the one of this number."""
    found = origins(Get(instance.node.id), instance, source, earlier)
    return tuple(origin if origin.plan is not None else replace(origin, plan=plan) for origin in found)


def _origins(term: Term, instance: Instance, source: Source | None, earlier: Earlier) -> Iterator[Origin]:
    """The origins of a term's leaves, but for constants; a stack, since operators nest by the hundred."""
    waiting = [(term, instance)]
    seen: set[Key] = set()
    while waiting:
        term, reader = waiting.pop()
        waiting.extend((child, reader) for child in reversed(children(term)))
        match term:
            case Get(node):
                found = reader.scope.find(node)
                yield _origin(found.node, source)
                if found.key not in seen and len(seen) < MOST:
                    seen.add(found.key)
                    waiting.extend(_inside(found))
            case Param(name):
                yield from earlier.get(name) or (Origin(input=name),)
            case Item():
                loop = reader.scope.find(NodeId(reader.node.task))
                if reader.scope is instance.scope:
                    line = line_of(source, reader.node.span)
                    yield Origin(task=reader.node.task, line=line, element=reader.scope.indices[-1])
                if isinstance(loop.node.op, Loop) and not isinstance(loop.node.op.source, Const):
                    waiting.append((loop.node.op.source, loop))
            case _:
                pass


def _inside(found: Instance) -> Iterator[tuple[Term, Instance]]:
    """What the value of an instance is made of: an expression, a fallback, or the elements of a loop, one for all."""
    op = found.node.op
    if isinstance(op, (Call, Evaluate)) and op.fallback is not None and found.error is not None:
        yield op.fallback, found
    if isinstance(op, (Evaluate, Join)):
        yield op.term, found
    elif isinstance(op, Loop) and found.elements:
        yield from _inside(found.elements[0].find(op.result))


def _origin(node: Node, source: Source | None) -> Origin:
    """The origin that a node is; a loop is one of the tool that gives its elements."""
    op = next(each for each in node.op.body if each.id == node.op.result).op if isinstance(node.op, Loop) else node.op
    tool = op.tool.name if isinstance(op, Call) else None
    return Origin(task=node.task, tool=tool, line=line_of(source, node.span))


def request_of(
    instance: Instance,
    received: Sequence[Received],
    bound: Bound,
    *,
    shown: Callable[[str | None, Json], Json],
    source: Source | None,
    earlier: Earlier,
    inside: tuple[str, ...],
) -> ApprovalRequest:
    """What is asked before a call: arguments as the tool receives them, where `shown` hides what is secret."""
    node, call = instance.node, instance.node.op
    assert isinstance(call, Call)  # noqa: S101 — nothing else is asked for
    arguments: list[Argument] = []
    for at, each in enumerate(received):
        value = shown(each.name, each.value)
        if each.is_default:
            arguments.append(Argument(each.name, value, (), each.kind, is_default=True))
            continue
        written = shown(each.name, bound[at][1])
        is_converted = json.dumps(value, sort_keys=True) != json.dumps(written, sort_keys=True)
        arguments.append(
            Argument(
                each.name,
                value,
                origins(call.bound[at][1], instance, source, earlier),
                each.kind,
                is_converted=is_converted,
                written=written if is_converted else None,
            )
        )
    return ApprovalRequest(
        task=node.task,
        indices=instance.key[1],
        line=line_of(source, node.span),
        tool=call.tool.name,
        effect=", ".join(map(str, node.effects)),
        arguments=tuple(arguments),
        inside=inside,
    )
