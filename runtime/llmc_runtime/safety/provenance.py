"""Provenance of arguments: the tasks, inputs and lines that their terms read, through expressions."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Final

from llmc_compiler.expressions.terms import Const, Get, Item, Json, Param, Term, children
from llmc_compiler.ir.graph import Call, Evaluate, Join, Loop, Node
from llmc_compiler.tools.signature import Received
from llmc_grammar.ast import NOWHERE
from llmc_grammar.source import Source, Span
from llmc_runtime.safety.approval_request import ApprovalRequest, Argument, Origin
from llmc_runtime.state.instance import Bound, Instance
from llmc_runtime.state.outcomes import Key

MOST: Final = 500
"""Tasks whose expressions are followed for one argument; beyond them, tasks are named without their own provenance."""


def line_of(source: Source | None, span: Span) -> int | None:
    """The line of a span, if the text is known."""
    return None if source is None or span == NOWHERE else source.position(span.start)[0]


def file_of(source: Source | None, span: Span) -> str | None:
    """The name of another plan's file in which a span lies."""
    return None if source is None or span == NOWHERE else source.file_of(span)


Earlier = Mapping[str, tuple[Origin, ...]]
"""Provenance of the results of earlier plans, by task; a plan reads these results like inputs."""

_NONE: Final[Earlier] = {}


def origins(term: Term, instance: Instance, source: Source | None, earlier: Earlier = _NONE) -> tuple[Origin, ...]:
    """Return the provenance of a term's value, without repeats; the plan itself in the absence of others."""
    origins_of_term = tuple(dict.fromkeys(_origins(term, instance, source, earlier)))
    span = instance.node.span
    return origins_of_term or (Origin(line=line_of(source, span), file=file_of(source, span)),)


def sources(instance: Instance, source: Source | None, earlier: Earlier, plan: int) -> tuple[Origin, ...]:
    """Return the provenance of an instance's result, for later plans; `plan` is the number of this plan."""
    origins_here = origins(Get(instance.node.id), instance, source, earlier)
    return tuple(origin if origin.plan is not None else replace(origin, plan=plan) for origin in origins_here)


def _origins(term: Term, instance: Instance, source: Source | None, earlier: Earlier) -> Iterator[Origin]:
    """The origins of a term's leaves, except for constants; uses a stack, since operators nest by the hundred."""
    waiting = [(term, instance)]
    seen: set[Key] = set()
    while waiting:
        term, reader = waiting.pop()
        waiting.extend((child, reader) for child in reversed(children(term)))
        match term:
            case Get(node):
                read = reader.scope.find(node)
                yield _origin(read.node, source)
                if read.key not in seen and len(seen) < MOST:
                    seen.add(read.key)
                    waiting.extend(_inside(read))
            case Param(name):
                yield from earlier.get(name) or (Origin(input=name),)
            case Item(name) if (loop := reader.scope.loop_of(name)) is not None:
                if reader.scope is instance.scope:
                    line, level = line_of(source, reader.node.span), len(loop.scope.indices)
                    file, element = file_of(source, reader.node.span), reader.scope.indices[level]
                    yield Origin(task=reader.node.task, line=line, element=element, file=file)
                if isinstance(loop.node.op, Loop) and not isinstance(loop.node.op.source, Const):
                    waiting.append((loop.node.op.source, loop))
            case _:
                pass


def _inside(instance: Instance) -> Iterator[tuple[Term, Instance]]:
    """The terms behind an instance's value: an expression, a fallback, or the elements of a loop, one for all."""
    op = instance.node.op
    if isinstance(op, (Call, Evaluate)) and op.fallback is not None and instance.error is not None:
        yield op.fallback, instance
    if isinstance(op, (Evaluate, Join)):
        yield op.term, instance
    elif isinstance(op, Loop) and instance.elements:
        yield from _inside(instance.elements[0].find(op.result))


def _origin(node: Node, source: Source | None) -> Origin:
    """The origin for a node; a loop counts as the tool of its result."""
    op = node.op
    while isinstance(op, Loop):
        op = next(inner.op for inner in op.body if inner.id == op.result)
    tool = op.tool.name if isinstance(op, Call) else None
    return Origin(task=node.task, tool=tool, line=line_of(source, node.span), file=file_of(source, node.span))


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
    """Return the approval request for a call; `shown` redacts secrets in the arguments, as the tool receives them."""
    node, call = instance.node, instance.node.op
    assert isinstance(call, Call)  # noqa: S101 — only calls need approval
    arguments: list[Argument] = []
    for index, argument in enumerate(received):
        value = shown(argument.name, argument.value)
        if argument.is_default:
            arguments.append(Argument(argument.name, value, (), argument.kind, is_default=True))
            continue
        written = shown(argument.name, bound[index][1])
        is_converted = json.dumps(value, sort_keys=True) != json.dumps(written, sort_keys=True)
        arguments.append(
            Argument(
                argument.name,
                value,
                origins(call.bound[index][1], instance, source, earlier),
                argument.kind,
                is_converted=is_converted,
                written=written if is_converted else None,
            )
        )
    return ApprovalRequest(
        task=node.task,
        indices=instance.key[1],
        line=line_of(source, node.span),
        file=file_of(source, node.span),
        tool=call.tool.name,
        effect=", ".join(map(str, node.effects)),
        arguments=tuple(arguments),
        inside=inside,
    )
