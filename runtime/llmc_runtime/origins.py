"""Where the arguments of a call are from: the tasks, inputs and lines that their terms read."""

from collections.abc import Iterator

from llmc_compiler.graph import Call, Loop
from llmc_compiler.term import Const, Get, Item, NodeId, Param, Term, children
from llmc_grammar.ast import NOWHERE
from llmc_grammar.source import Source, Span
from llmc_runtime.approval import Origin
from llmc_runtime.instance import Instance


def line_of(source: Source | None, span: Span) -> int | None:
    """The line of a place, where the text is known."""
    return None if source is None or span == NOWHERE else source.position(span.start)[0]


def origins(term: Term, instance: Instance, source: Source | None) -> tuple[Origin, ...]:
    """Where the value of a term is from, each origin once; the plan itself only where it is from nowhere else."""
    found = tuple(dict.fromkeys(_origins(term, instance, source)))
    return found or (Origin(line=line_of(source, instance.node.span)),)


def _origins(term: Term, instance: Instance, source: Source | None) -> Iterator[Origin]:
    """The origins of a term's leaves, but for constants; a stack, since operators nest by the hundred."""
    waiting = [term]
    while waiting:
        term = waiting.pop()
        waiting.extend(reversed(children(term)))
        match term:
            case Get(node):
                yield _of_node(node, instance, source)
            case Param(name):
                yield Origin(input=name)
            case Item():
                line = line_of(source, instance.node.span)
                yield Origin(task=instance.node.task, line=line, element=instance.scope.indices[-1])
                loop = instance.scope.find(NodeId(instance.node.task))
                if isinstance(loop.node.op, Loop) and not isinstance(loop.node.op.source, Const):
                    yield from _origins(loop.node.op.source, loop, source)
            case _:
                pass


def _of_node(node: NodeId, instance: Instance, source: Source | None) -> Origin:
    """The origin that a node is."""
    found = instance.scope.find(node).node
    tool = found.op.tool.name if isinstance(found.op, Call) else None
    return Origin(task=found.task, tool=tool, line=line_of(source, found.span))
