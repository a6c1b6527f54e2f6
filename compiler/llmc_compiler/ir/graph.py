"""What will be done: nodes, and what each must wait for.

    Graph
      Node      one thing to do: a call, an evaluation, a loop, the join
        Call  Evaluate  Loop  Join          operations
        Condition                           under which it is done at all
      Parameter                             an input of the plan

A graph is never changed: a pass returns a new one. A node that was handed to the runtime never changes either.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import NewType, assert_never

from llmc_compiler.effects.effects import Effect
from llmc_compiler.expressions.terms import Const, Json, NodeId, Term, reads
from llmc_compiler.representation.brief import Brief
from llmc_compiler.tools.tool import Tool
from llmc_grammar.ast import NOWHERE, Type
from llmc_grammar.source import Span

TaskId = NewType("TaskId", str)
"""The id of a task as written: its number, as text, or its name."""

JOIN = NodeId("join")


@dataclass(frozen=True, slots=True, repr=False)
class Condition(Brief):
    """Holds where the truth of `term` is `expected`."""

    term: Term
    expected: bool = True


@dataclass(frozen=True, slots=True, repr=False)
class Call(Brief):
    """Call a tool.

    `bound` are the tool's parameters (or, for a tool that takes anything, `None` for positional ones) with their terms,
    in the order written; `timeout` is in seconds, `retries` counts attempts after the first.
    """

    tool: Tool
    bound: tuple[tuple[str | None, Term], ...]
    timeout: float | None = None
    retries: int = 0
    fallback: Term | None = None


@dataclass(frozen=True, slots=True, repr=False)
class Evaluate(Brief):
    """Evaluate a term."""

    term: Term
    fallback: Term | None = None


@dataclass(frozen=True, slots=True, repr=False)
class Loop(Brief):
    """Run the body once for each element of `source`; the value is the list of the values of `result`.

    The body's nodes are in plan order and their ids are unique in the graph. Their `needs` and `after` name nodes of
    the same element, or nodes outside; `carry` has pairs (earlier, later): `later` waits for `earlier` of the element
    before. An element whose `result` is skipped by its own condition (the filter) is left out. `after` of a loop's node
    says what its end waits for; what its elements wait for is in the body.
    """

    name: str
    source: Term
    body: tuple["Node", ...]
    result: NodeId
    carry: tuple[tuple[NodeId, NodeId], ...] = ()


@dataclass(frozen=True, slots=True, repr=False)
class Join(Brief):
    """The plan's value; `everything` marks a join without arguments, whose term lists all tasks."""

    term: Term
    everything: bool = False


Operation = Call | Evaluate | Loop | Join


@dataclass(frozen=True, slots=True, repr=False)
class Node(Brief):
    """One thing to do.

    `when` holds in order, all of it; `needs` are the nodes whose values it may read (everything in its terms, reached
    or not; for a loop also what its body reads outside), `after` the nodes whose end it waits for because of their
    effects; `origins` the written tasks it stands for.
    """

    id: NodeId
    op: Operation
    task: TaskId
    when: tuple[Condition, ...] = ()
    needs: tuple[NodeId, ...] = ()
    after: tuple[NodeId, ...] = ()
    effects: tuple[Effect, ...] = ()
    origins: tuple[TaskId, ...] = ()
    span: Span = NOWHERE


@dataclass(frozen=True, slots=True, repr=False)
class Parameter(Brief):
    """An input of the plan: `default` is used if it is not given, unless `required`."""

    name: str
    type: Type
    required: bool
    default: Json = None


@dataclass(frozen=True, slots=True, repr=False)
class Graph(Brief):
    """Nodes by id, in plan order; `tasks` says which node gives a written task's value (pruned ones are absent)."""

    nodes: Mapping[NodeId, Node]
    tasks: Mapping[TaskId, NodeId]
    parameters: tuple[Parameter, ...] = ()


def op_name(op: Operation) -> str:
    """What an operation is called in reports: the tool's name, `expr`, `loop` or `join`."""
    match op:
        case Call(tool):
            return tool.name
        case Evaluate():
            return "expr"
        case Loop():
            return "loop"
        case Join():
            return "join"
        case _:
            assert_never(op)


def terms(op: Operation) -> Iterator[Term]:
    """The terms of an operation, without those of a loop's body."""
    match op:
        case Call(_, bound):
            yield from (term for _, term in bound)
        case Evaluate(term) | Join(term):
            yield term
        case Loop(_, source):
            yield source
        case _:
            assert_never(op)
    if isinstance(op, (Call, Evaluate)) and op.fallback is not None:
        yield op.fallback


def dependencies(op: Operation, when: tuple[Condition, ...]) -> tuple[NodeId, ...]:
    """The nodes whose values an operation may read, each once, in the order of reading."""
    found: dict[NodeId, None] = {}
    for term in (*(condition.term for condition in when), *terms(op)):
        found.update((read.node, None) for read in reads(term))
    if isinstance(op, Loop):
        inside = {node.id for node in op.body}
        found.update((need, None) for node in op.body for need in node.needs if need not in inside)
    return tuple(found)


def needed(graph: Graph, roots: Iterable[NodeId]) -> set[NodeId]:
    """The roots, and every node whose value they need."""
    found = set(roots)
    # Whoever needs a node stands below it.
    for key in reversed(list(graph.nodes)):
        if key in found:
            found.update(graph.nodes[key].needs)
    return found


def effects_of(op: Operation) -> tuple[Effect, ...]:
    """What an operation does to the world: a call's effect, with its constants in the place of names in braces."""
    match op:
        case Call(tool, bound):
            return (tool.effect_of((name, term.value if isinstance(term, Const) else None) for name, term in bound),)
        case Loop(body=body):
            return tuple(dict.fromkeys(effect for node in body for effect in node.effects))
        case _:
            return ()


def node_body(node: Node) -> tuple[Node, ...]:
    """The nodes inside a loop; none for every other node."""
    return node.op.body if isinstance(node.op, Loop) else ()


def all_nodes(graph: Graph) -> Iterator[Node]:
    """The nodes of a graph, those inside loops before their loop."""
    for node in graph.nodes.values():
        yield from node_body(node)
        yield node
