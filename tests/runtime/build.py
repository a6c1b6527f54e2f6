"""Graphs by hand, and what happened when they were run."""

from collections.abc import Mapping, Sequence
from typing import Any

from llmc_compiler.expressions.terms import Const, Get, Json, MapOf, NodeId, Term
from llmc_compiler.ir.graph import JOIN, Call, Condition, Evaluate, Join, Loop, Node, Operation, TaskId, dependencies
from llmc_compiler.serialization.compiled_graph import Graph
from llmc_compiler.tools.tool import Tool
from llmc_grammar.ast import NOWHERE
from llmc_grammar.source import Span
from llmc_runtime.errors import CallError
from llmc_runtime.program.execution import execute
from llmc_runtime.program.run_result import Run
from tests.runtime import clock


def ref(node: str, *path: str | int) -> Get:
    """The value of a node, or a part of it."""
    return Get(NodeId(node), path)


def term(value: Any) -> Term:  # noqa: ANN401 — a term, or JSON data
    """Terms as they are, data as constants."""
    return value if isinstance(value, Term) else Const(value)


def unless(value: Any) -> Condition:  # noqa: ANN401 — a term, or JSON data
    """A condition that holds where the value is false."""
    return Condition(term(value), expected=False)


def node(
    key: str,
    op: Operation,
    *,
    when: Sequence[Any] = (),
    after: Sequence[str] = (),
    task: str | None = None,
    span: Span = NOWHERE,
) -> Node:
    """A node whose needs and effects follow from what it does; `when` has conditions, or terms that must be true."""
    conditions = tuple(each if isinstance(each, Condition) else Condition(term(each)) for each in when)
    effects = {effect: None for each in op.body for effect in each.effects} if isinstance(op, Loop) else {}
    if isinstance(op, Call):
        effects[op.tool.effect] = None
    return Node(
        id=NodeId(key),
        op=op,
        task=TaskId(task or key.split("/", maxsplit=1)[0]),
        when=conditions,
        needs=dependencies(op, conditions),
        after=tuple(map(NodeId, after)),
        effects=tuple(effects),
        span=span,
    )


def call(
    key: str,
    tool: Tool,
    /,
    *args: Any,
    timeout: float | None = None,
    retries: int = 0,
    fallback: Any = ...,  # noqa: ANN401 — a term, or JSON data
    when: Sequence[Any] = (),
    after: Sequence[str] = (),
    task: str | None = None,
    span: Span = NOWHERE,
) -> Node:
    """A call with the tool's first parameters."""
    names = list(tool.signature.shape.positional)[: len(args)]
    bound = tuple(zip(names, map(term, args), strict=True))
    op = Call(tool, bound, timeout, retries, None if fallback is ... else term(fallback))
    return node(key, op, when=when, after=after, task=task, span=span)


def expr(key: str, value: Any, *, fallback: Any = ..., when: Sequence[Any] = ()) -> Node:  # noqa: ANN401 — terms, or data
    """An expression."""
    return node(key, Evaluate(term(value), None if fallback is ... else term(fallback)), when=when)


def loop(
    key: str,
    source: Any,  # noqa: ANN401 — a term, or JSON data
    *body: Node,
    carry: Sequence[tuple[str, str]] = (),
    when: Sequence[Any] = (),
    after: Sequence[str] = (),
) -> Node:
    """A loop over `x` whose last node gives the element's result."""
    pairs = tuple((NodeId(earlier), NodeId(later)) for earlier, later in carry)
    return node(key, Loop("x", term(source), body, body[-1].id, pairs), when=when, after=after)


def graph(*nodes: Node, join: Any = ...) -> Graph:  # noqa: ANN401 — a term, or JSON data
    """A graph; without a join it is the mapping of all tasks."""
    tasks = {each.task: each.id for each in nodes if str(each.id) == str(each.task)}
    if join is ...:
        join = MapOf(tuple((task, Get(key)) for task, key in tasks.items()))
    everything = {each.id: each for each in nodes}
    everything[JOIN] = node(JOIN, Join(term(join)))
    return Graph(everything, tasks)


def play(*nodes: Node, join: Any = ..., params: Mapping[str, Json] | None = None, **options: Any) -> Run:  # noqa: ANN401
    """Run nodes in virtual time."""
    return clock.run(execute(graph(*nodes, join=join), params or {}, **options))


def error(*nodes: Node) -> CallError:
    """The error of task `a`, which is that of a call."""
    found = play(*nodes).errors["a"]
    assert isinstance(found, CallError)
    return found


def trace(run: Run, *kinds: str) -> list[str]:
    """What happened, as `started a[0]` and so on; of these kinds, or of all but those of the join and the run."""
    lines = []
    for event in run.events:
        kind = type(event).__name__.lower()
        if not hasattr(event, "key") or event.key[0] == JOIN or (kinds and kind not in kinds):
            continue
        name, indices = event.key
        lines.append(f"{kind} {name}{''.join(f'[{index}]' for index in indices)}")
    return lines


def times(run: Run, kind: str) -> dict[str, float]:
    """When events of a kind happened, by node (and element), to the millisecond."""
    return {
        "".join([event.key[0], *(f"[{index}]" for index in event.key[1])]): round(event.at, 3)
        for event in run.events
        if hasattr(event, "key") and type(event).__name__.lower() == kind
    }
