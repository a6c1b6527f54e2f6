"""Order edges of loops inside loops: all conflicting instances are ordered, however many elements each loop has."""

import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from functools import cache
from random import Random
from typing import Final

import pytest

from llmc_compiler.effects.effects import conflict
from llmc_compiler.expressions.terms import NodeId
from llmc_compiler.ir.graph import Call, Graph, Loop, Node, node_body
from tests.compiler.compiling import compiled, toolbox
from tests.compiler.sketch import sketch

PLANS: Final = int(os.environ.get("LLMC_PLANS", "60"))
NAMES: Final = ("a", "a:x", "a:y", "b", "*")
TOOLS: Final = toolbox(
    {"f": "pure", "act": "opaque"}
    | {f"r{number}": f"read({name})" for number, name in enumerate(NAMES)}
    | {f"w{number}": f"write({name})" for number, name in enumerate(NAMES)}
)
CALLS: Final = ("f()", *(f"{kind}{number}()" for kind in "rw" for number in range(len(NAMES))))

Key = tuple[NodeId, tuple[int, ...]]
Change = Callable[[Loop], Loop]


class Texts:
    """Random plans of loops in loops; every loop has a name of its own."""

    def __init__(self, seed: int) -> None:
        self._rng = Random(seed)
        self._loops = 0

    def plan(self) -> str:
        """A few tasks, of which some are loops."""
        return "\n".join(self.value(3) for _ in range(self._rng.randint(1, 3))) + "\njoin()"

    def value(self, depth: int) -> str:
        """A call, some values, or a list of them for each element, at most `depth` loops deep."""
        kind = self._rng.random()
        if depth and kind < 0.5:
            rows = " ".join(self.row(depth) for _ in range(self._rng.choice((1, 1, 2))))
            return f"[{self.value(depth - 1)} {rows}]"
        if kind < 0.75:
            return f"[{', '.join(self.value(depth - 1) for _ in range(2))}]" if depth else self._rng.choice(CALLS)
        return self._rng.choice(CALLS)

    def row(self, depth: int) -> str:
        """One loop of a row, whose source or condition may make a call."""
        self._loops += 1
        source = self._rng.choice((f"[{self._rng.choice(CALLS)}]", "[1]", "[1]"))
        condition = self._rng.choice((f" if {self._rng.choice(CALLS)}", "", "")) if depth > 1 else ""
        return f"for v{self._loops} in {source}{condition}"


def unrolled(graph: Graph, rng: Random) -> tuple[list[tuple[Key, Node]], dict[Key, set[Key]]]:
    """The instances of a graph in plan order, and what each waits for; every loop has up to three elements, or none."""
    depths = dict(_depths(graph.nodes.values(), 0))
    found: list[tuple[Key, Node]] = []
    before: dict[Key, set[Key]] = {}

    def visit(node: Node, indices: tuple[int, ...], around: tuple[Loop, ...]) -> None:
        here = (node.id, indices)
        waits = {(other, indices[: depths[other]]) for other in node.after}
        for level, loop in enumerate(around):
            if indices[level]:
                previous = (*indices[:level], indices[level] - 1)
                waits |= {(earlier, previous) for earlier, later in loop.carry if later == node.id}
        if isinstance(node.op, Loop):
            for index in range(rng.choice((0, 1, 2, 3))):
                for inner in node.op.body:
                    visit(inner, (*indices, index), (*around, node.op))
                    waits.add((inner.id, (*indices, index)))
        found.append((here, node))
        before[here] = waits

    for node in graph.nodes.values():
        visit(node, (), ())
    return found, before


def _depths(nodes: Iterable[Node], depth: int) -> Iterator[tuple[NodeId, int]]:
    for node in nodes:
        yield node.id, depth
        yield from _depths(node_body(node), depth + 1)


def unordered(graph: Graph, seed: int) -> int:
    """The number of conflicting pairs of calls that may run at the same time, or in the wrong order."""
    found, before = unrolled(graph, Random(seed))
    above: dict[Key, set[Key]] = {}
    for key, _ in found:
        above[key] = before[key].union(*(above[other] for other in before[key]))
    calls = [(key, node) for key, node in found if isinstance(node.op, Call)]
    return sum(
        earlier not in above[later]
        for at, (later, node) in enumerate(calls)
        for earlier, other in calls[:at]
        if any(conflict(one, two) for one in node.effects for two in other.effects)
    )


def changed(node: Node, change: Change) -> Node:
    """The node with its loop, and all loops in it, changed."""
    if not isinstance(node.op, Loop):
        return node
    body = tuple(changed(inner, change) for inner in node.op.body)
    return replace(node, op=change(replace(node.op, body=body)))


def without_deep(loop: Loop) -> Loop:
    """Forget what a loop carries to nodes in nested loops."""
    direct = {node.id for node in loop.body}
    return replace(loop, carry=tuple(pair for pair in loop.carry if pair[1] in direct))


def without_ends(loop: Loop) -> Loop:
    """Forget what a loop carries to the ends of nested loops."""
    ends = {node.id for node in loop.body if isinstance(node.op, Loop)}
    return replace(loop, carry=tuple(pair for pair in loop.carry if pair[1] not in ends))


def without_after(loop: Loop) -> Loop:
    """Forget what nested loops' ends wait for."""
    body = (replace(node, after=()) if isinstance(node.op, Loop) else node for node in loop.body)
    return replace(loop, body=tuple(body))


@cache
def random_graph(seed: int) -> Graph:
    """The graph of a random plan, before all passes."""
    return compiled(Texts(seed).plan(), TOOLS)


def count(change: Change) -> int:
    """The number of conflicts that are not ordered, in all random plans whose loops are changed."""
    total = 0
    for seed in range(PLANS):
        graph = random_graph(seed)
        nodes: Mapping[NodeId, Node] = {key: changed(node, change) for key, node in graph.nodes.items()}
        total += unordered(replace(graph, nodes=nodes), seed)
    return total


def test_conflicts_at_all_depths_are_ordered() -> None:
    """Whatever conflicts waits, over any number of steps, also where loops between have no elements."""
    assert count(lambda loop: loop) == 0


@pytest.mark.parametrize("change", [without_deep, without_ends, without_after])
def test_each_kind_of_edge_is_needed(change: Change) -> None:
    """Without what is carried to nested nodes, or without the waits of nested ends, conflicts are not ordered."""
    assert count(change) > 0


def test_nested_nodes_wait_for_their_own_conflicts() -> None:
    """In one element, in the loop around and outside; reads of all elements run at the same time."""
    text = "r0()\n[[w3(), r0()] for x in [1] for y in [r3()]]\njoin()"
    assert sketch(compiled(text, TOOLS)) == [
        "1: r0()",
        "2: the parts of 2/each for x in [1]",
        "  2/each/in/i0: r3()",
        "  2/each: 2/each/each for y in [<2/each/in/i0>] | needs 2/each/in/i0 | after 2/each/in/i0",
        "    2/each/each/i0: w3() | after 2/each/in/i0",
        "    2/each/each/i1: r0()",
        "    2/each/each: [<2/each/each/i0>, <2/each/each/i1>] | needs 2/each/each/i0 2/each/each/i1",
        "    2/each/each/i0 after 2/each/each/i0 of the element before",
        "  2/each/in/i0 after 2/each of the element before",
        "join: all {1: <1>, 2: <2>} | needs 1 2",
    ]
