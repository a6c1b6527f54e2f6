"""The compiled graph: nodes, and the nodes that each of them waits for.

    Graph
      Node      one operation to run: a call, an evaluation, a loop, the join
        Call  Evaluate  Loop  Join          operations
        Condition                           under which the node runs at all
      Parameter                             an input of the plan

Graphs are immutable: a pass returns a new one. A node that was handed to the runtime never changes either.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import field, replace
from typing import NewType, assert_never

from llmc_compiler.effects.effects import Effect
from llmc_compiler.expressions.terms import Const, Json, ListOf, NodeId, Term, reads
from llmc_compiler.representation.brief import Brief
from llmc_compiler.tools.tool import Tool
from llmc_grammar.ast import NOWHERE, Type
from llmc_grammar.frozen_data import frozen
from llmc_grammar.source import Span

TaskId = NewType("TaskId", str)
"""The id of a task as written: its number as text, or its name."""

JOIN = NodeId("join")


@frozen
class Condition(Brief):
    """Holds where the truth of `term` is `expected`.

    An error in a `nested` one is that of the expression around, which meets it too; a task of a called plan is skipped.
    """

    term: Term
    expected: bool = True
    nested: bool = field(default=False, compare=False)

    @property
    def is_certain(self) -> bool:
        """Whether it holds wherever its term has a value: a list with elements is true."""
        return self.expected and isinstance(self.term, ListOf) and bool(self.term.items)


@frozen
class Call(Brief):
    """Call a tool.

    `bound` pairs the tool's parameters with terms, in the order written; the parameter is `None` for a positional
    argument of a tool that takes anything. `timeout` is in seconds, and `retries` counts attempts after the first.
    """

    tool: Tool
    bound: tuple[tuple[str | None, Term], ...]
    timeout: float | None = None
    retries: int = 0
    fallback: Term | None = None


@frozen
class Evaluate(Brief):
    """Evaluate a term.

    `plan` names the plan of a call that prints as it was written: its value, for which `fallback` also stands if one of
    its tasks failed, or its arguments, the term of a mapping whose values must have the types `expects`.
    """

    term: Term
    fallback: Term | None = None
    plan: str | None = None
    expects: tuple[tuple[str, Type], ...] = ()


@frozen
class Loop(Brief):
    """Run the body once for each element of `source`; the value is the list of the values of `result`.

    The body's nodes are in plan order, and their ids are unique in the graph; loops among them nest. Their `needs` and
    `after` name nodes of the same element, or nodes outside. `carry` has pairs (earlier, later): `later`, which may be
    inside a nested loop, waits for `earlier` of the previous element. An element whose `result` is skipped by its own
    condition (the filter) is left out. `after` of the loop's node lists the nodes that its end waits for, and so does
    the carry of the loop around it; the waits of single elements are in the body. The value of a `flat` loop, whose
    elements give lists, is the concatenation of them. `calls` is whether an element as written makes calls, which
    bounds the number of elements.
    """

    name: str
    source: Term
    body: tuple["Node", ...]
    result: NodeId
    carry: tuple[tuple[NodeId, NodeId], ...] = ()
    flat: bool = False
    calls: bool = True


@frozen
class Join(Brief):
    """Return the plan's value; `everything` marks a join without arguments, whose term lists all tasks."""

    term: Term
    everything: bool = False


Operation = Call | Evaluate | Loop | Join


@frozen
class Inlined(Brief):
    """The origin of a node in a plan that was called as a tool.

    `task` is the id of its task there, such as `3/other/1`. `calls` are the calls that brought it, the outermost first.
    A node with an `owner` belongs to a call that prints as it was written, the node of that id.
    """

    task: NodeId
    calls: tuple[Span, ...]
    owner: NodeId | None = None


@frozen
class Node(Brief):
    """One operation to run.

    The conditions in `when` are checked in order, and all must hold. `needs` are the nodes whose values it may read:
    every read in its terms, reached or not, and for a loop also the outside reads of its body. `after` are the nodes
    whose end it waits for because of their effects. `origins` are the written tasks it stands for.
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
    inlined: Inlined | None = None

    @property
    def own_span(self) -> Span:
        """The node's place in the text of the plan itself: for a node from another plan, that of the call."""
        return self.span if self.inlined is None else self.inlined.calls[0]

    @property
    def owner(self) -> NodeId | None:
        """The call that prints as it was written and to which the node belongs."""
        return None if self.inlined is None else self.inlined.owner

    @property
    def holds_arguments(self) -> bool:
        """Whether the value is a mapping of the arguments of such a call."""
        return self.inlined is not None and self.inlined.task == self.inlined.owner

    @property
    def is_task(self) -> bool:
        """Whether this is the main node of a task of an inlined plan."""
        return self.inlined is not None and self.inlined.task == self.id


@frozen
class Parameter(Brief):
    """An input of the plan; unless it is `required`, a missing one has the value `default`."""

    name: str
    """The name, as the plan's `input` line writes it."""
    type: Type
    """The declared type."""
    required: bool
    """True if the plan gives no default."""
    default: Json = None
    """The value of a missing input; None if the input is required."""


@frozen
class Graph(Brief):
    """Nodes by id, in plan order; `tasks` maps a written task to the node with its value, unless it was pruned."""

    nodes: Mapping[NodeId, Node]
    """The nodes by id, in the order of the plan."""
    tasks: Mapping[TaskId, NodeId]
    """The node with the value of each task; a task that was left out is missing."""
    parameters: tuple[Parameter, ...] = ()
    """The inputs, in the order of the plan."""


def op_name(op: Operation) -> str:
    """Return an operation's name in messages: the tool's name, `expr`, `loop` or `join`."""
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
    """Yield the terms of an operation, without those of a loop's body."""
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


def with_terms(op: Operation, change: Callable[[Term], Term]) -> Operation:
    """Return an operation with its terms changed, without those of a loop's body."""
    match op:
        case Call(_, bound, fallback=fallback):
            arguments = tuple((name, change(value)) for name, value in bound)
            return replace(op, bound=arguments, fallback=fallback and change(fallback))
        case Evaluate(term, fallback):
            return replace(op, term=change(term), fallback=fallback and change(fallback))
        case Join(term):
            return replace(op, term=change(term))
        case Loop(_, source):
            return replace(op, source=change(source))
        case _:
            assert_never(op)


def dependencies(op: Operation, when: tuple[Condition, ...]) -> tuple[NodeId, ...]:
    """Return the nodes whose values an operation may read, each once, in the order of reading."""
    result: dict[NodeId, None] = {}
    for term in (*(condition.term for condition in when), *terms(op)):
        result.update((read.node, None) for read in reads(term))
    if isinstance(op, Loop):
        inside = {node.id for node in op.body}
        result.update((need, None) for node in op.body for need in node.needs if need not in inside)
    return tuple(result)


def needed(graph: Graph, roots: Iterable[NodeId]) -> set[NodeId]:
    """Return the roots and every node whose value they need."""
    result = set(roots)
    # A node stands below all nodes it needs.
    for key in reversed(list(graph.nodes)):
        if key in result:
            result.update(graph.nodes[key].needs)
    return result


def live(graph: Graph) -> set[NodeId]:
    """Return the nodes that the join or a node with an effect needs, and these nodes themselves."""
    # A call that prints as it was written stays with the effects of its tasks.
    roots = {
        key for node in graph.nodes.values() if node.id == JOIN or may_write(node) for key in (node.id, node.owner)
    }
    return needed(graph, graph.nodes.keys() & roots)


def effects_of(op: Operation) -> tuple[Effect, ...]:
    """Return the effects of an operation; constants of a call replace names in braces."""
    match op:
        case Call(tool, bound):
            return (tool.effect_of((name, term.value if isinstance(term, Const) else None) for name, term in bound),)
        case Loop(body=body):
            return tuple(dict.fromkeys(effect for node in body for effect in node.effects))
        case _:
            return ()


def may_write(node: Node) -> bool:
    """Whether a call in the node may change something, as far as declared."""
    return any(effect.may_write for effect in node.effects)


def node_body(node: Node) -> tuple[Node, ...]:
    """Return the nodes directly inside a loop, and none for other nodes."""
    return node.op.body if isinstance(node.op, Loop) else ()


def nodes_within(node: Node) -> Sequence[Node]:
    """Return the nodes inside a loop at every depth, those inside a nested loop before that loop."""
    found: list[Node] = []
    # Iterative: generators of generators take time quadratic in the depth.
    waiting = [*node_body(node)]
    while waiting:
        found.append(inner := waiting.pop())
        waiting += node_body(inner)
    return found[::-1]


def loops_within(node: Node) -> Iterator[tuple[Node, Loop]]:
    """Yield a node that is a loop and all loops inside it, each with its operation, the inner ones first."""
    return ((each, each.op) for each in (*nodes_within(node), node) if isinstance(each.op, Loop))


def all_nodes(graph: Graph) -> Iterator[Node]:
    """Yield the nodes of a graph, those inside a loop before the loop."""
    for node in graph.nodes.values():
        yield from nodes_within(node)
        yield node
