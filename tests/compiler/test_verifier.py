"""What holds for every graph: each rule, broken."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any, cast

import pytest

from llmc_compiler.expressions.terms import Get, NodeId
from llmc_compiler.ir.graph import JOIN, Graph, Loop, Node, TaskId
from llmc_compiler.ir.verifier import BrokenGraphError, verify
from llmc_compiler.passes.stages import optimize
from tests.compiler.compiling import compiled

GOOD = "1. rows()\n2. send($1)\n3. [f($x, $1), send($x)] for x in $1 if $x\n4. f($3)\njoin($4)"


def change(graph: Graph, key: str, **fields: Any) -> Graph:
    """The graph with a node changed."""
    node = NodeId(key)
    return replace(graph, nodes={**graph.nodes, node: replace(graph.nodes[node], **fields)})


def without(graph: Graph, key: str) -> Graph:
    """The graph without a node."""
    return replace(graph, nodes={one: node for one, node in graph.nodes.items() if one != key})


def reordered(graph: Graph, *keys: str) -> Graph:
    """The graph with these nodes last."""
    order = sorted(graph.nodes, key=lambda key: keys.index(key) if key in keys else -1)
    return replace(graph, nodes={key: graph.nodes[key] for key in order})


def loop_changed(graph: Graph, **fields: Any) -> Graph:
    """The graph with its loop changed."""
    return change(graph, "3", op=replace(graph.nodes[NodeId("3")].op, **fields))


def body(graph: Graph) -> tuple[Node, ...]:
    """The nodes of the loop."""
    return cast("Loop", graph.nodes[NodeId("3")].op).body


BROKEN: dict[str, tuple[Callable[[Graph], Graph], str]] = {
    "filed wrongly": (
        lambda g: replace(g, nodes={**g.nodes, NodeId("9"): g.nodes[JOIN]}),
        "node join is filed under 9",
    ),
    "needs too little": (lambda g: change(g, "4", needs=()), "needs of 4 differ from its reads"),
    "needs too much": (lambda g: change(g, "4", needs=("3", "1")), "needs of 4 differ from its reads"),
    "loop needs too little": (lambda g: loop_changed(g, source=Get(NodeId("2"))), "needs of 3 differ from its reads"),
    "needs what is gone": (lambda g: without(g, "3"), "4 waits for 3, which is not above it"),
    "needs what is below": (lambda g: reordered(g, "3", "4", "1", "2", "join"), "3 waits for 1, which is not above it"),
    "order after what is below": (lambda g: change(g, "2", after=("4",)), "2 waits for 4, which is not above it"),
    "order after itself": (lambda g: change(g, "2", after=("2",)), "2 waits for 2, which is not above it"),
    "flat without a loop inside": (lambda g: loop_changed(g, flat=True), "the loop 3 is flat, and its result is not"),
    "no join": (lambda g: without(g, "join"), "the join is missing"),
    "no join, but one that is called so": (
        lambda g: change(without(g, "4"), "join", op=g.nodes[NodeId("3")].op, needs=("1",)),
        "the join is missing",
    ),
    "join above the end": (lambda g: reordered(compiled("1. f(1)\njoin(2)"), "join", "1"), "the join is not last"),
    "task of nothing": (
        lambda g: replace(g, tasks={**g.tasks, TaskId("5"): NodeId("5")}),
        "task 5 gets its value from 5",
    ),
    "a body node twice": (lambda g: loop_changed(g, body=(*body(g), body(g)[0])), "3/each/i0 exists twice"),
    "a body node of another id": (
        lambda g: loop_changed(g, body=(*body(g), replace(body(g)[0], id=NodeId("2")))),
        "2 exists twice",
    ),
    "a body in the wrong order": (lambda g: loop_changed(g, body=body(g)[::-1]), "3/each waits for 3/each/i0"),
    "a body that needs too little": (
        lambda g: loop_changed(g, body=(replace(body(g)[0], needs=()), *body(g)[1:])),
        "needs of 3",
    ),
    "no result": (lambda g: loop_changed(g, result=NodeId("1")), "the loop's result 1 is not in its body"),
    "carried from outside": (lambda g: loop_changed(g, carry=(("2", "3/each/i1"),)), "2 → 3/each/i1 leaves the body"),
    "carried to the outside": (lambda g: loop_changed(g, carry=(("3/each/i1", "2"),)), "3/each/i1 → 2 leaves the body"),
}


def test_a_compiled_graph_is_sound() -> None:
    """Nothing is wrong with what the others break."""
    verify(compiled(GOOD))


@pytest.mark.parametrize("fault", BROKEN)
def test_a_broken_graph_is_found_out(fault: str) -> None:
    """Each rule that a graph breaks is named."""
    break_it, words = BROKEN[fault]
    with pytest.raises(BrokenGraphError) as caught:
        verify(break_it(compiled(GOOD)))
    assert words in str(caught.value)


def test_a_pass_is_held_to_the_rules() -> None:
    """A graph is checked before the passes and after each of them."""

    class Breaking:
        name = "breaking"

        def __call__(self, graph: Graph) -> Graph:
            """Lose the join."""
            return without(graph, "join")

    graph = compiled(GOOD)
    assert optimize(graph, ()) is graph
    with pytest.raises(BrokenGraphError, match="the join is missing"):
        optimize(graph, (Breaking(),))
    with pytest.raises(BrokenGraphError, match="the join is missing"):
        optimize(without(graph, "join"), ())


NESTED = "1. rows()\n2. [[send($x, $y) for y in f($x)], f($x)] for x in $1\njoin($2)"


def nested_changed(graph: Graph, change_body: Callable[[tuple[Node, ...]], tuple[Node, ...]], **fields: Any) -> Graph:
    """The graph with the body of its nested loop changed."""
    outer = cast("Loop", graph.nodes[NodeId("2")].op)
    body = tuple(
        replace(node, op=replace(node.op, body=change_body(node.op.body))) if isinstance(node.op, Loop) else node
        for node in outer.body
    )
    return change(graph, "2", op=replace(outer, body=body, **fields))


@pytest.mark.parametrize(
    ("change_body", "fields", "words"),
    [
        (lambda body: (*body, *body), {}, "2/each/i0/each exists twice"),
        (lambda body: (replace(body[0], id="2/each/i1"),), {}, "the loop's result 2/each/i0/each is not in its body"),
        (lambda body: (replace(body[0], after=("2/each/i1",)),), {}, "waits for 2/each/i1, which is not above it"),
        (lambda body: (replace(body[0], needs=("1",)),), {}, "needs of 2/each/i0/each differ from its reads"),
        (
            lambda body: body,
            {"carry": (("2/each/i0/each", "2/each/i0"),)},
            "2/each/i0/each → 2/each/i0 leaves the body",
        ),
        (lambda body: body, {"carry": (("2/each/i0", "1"),)}, "2/each/i0 → 1 leaves the body"),
    ],
)
def test_the_rules_hold_in_nested_loops(
    change_body: Callable[[Any], tuple[Node, ...]], fields: dict[str, Any], words: str
) -> None:
    """At every depth; what a loop carries starts directly in it, and may end in a nested one."""
    with pytest.raises(BrokenGraphError, match=words):
        verify(nested_changed(compiled(NESTED), change_body, **fields))
    carry = ((NodeId("2/each/i0"), NodeId("2/each/i0/each")),)
    verify(nested_changed(compiled(NESTED), lambda body: body, carry=carry))
