"""Order edges: everything that conflicts is ordered, and nothing else."""

from collections.abc import Hashable, Iterable, Sequence
from random import Random
from typing import Final

from hypothesis import given
from hypothesis import strategies as st

from llmc_compiler.effects.effects import Effect, Kind, conflict, covers
from llmc_compiler.expressions.terms import NodeId
from llmc_compiler.ir.graph import Graph, Loop, Node
from llmc_compiler.ir.order_edges import Hazards
from tests.compiler.compiling import compiled, toolbox
from tests.compiler.sketch import sketch

EFFECTS = [
    "pure",
    "nondet",
    "opaque",
    "bare",
    *(f"read({name})" for name in ("a", "a:x", "a:y", "a:x:z", "a:{p}", "{q}:x", "b", "*")),
    *(f"write({name})" for name in ("a", "a:x", "a:y", "a:x:z", "a:{p}", "{q}:x", "b", "*")),
    "write(a, idempotent)",
]
TOOLS = toolbox({f"t{number}": effect for number, effect in enumerate(EFFECTS)})
CALLS = st.sampled_from([f"t{number}()" for number in range(len(EFFECTS))])
BODIES = st.lists(CALLS, min_size=1, max_size=4)
ELEMENTS = 3

Pairs = set[tuple[Hashable, Hashable]]


def closure(edges: Iterable[tuple[Hashable, Hashable]], order: Sequence[Hashable]) -> Pairs:
    """The pairs that edges connect over any number of steps; every edge points down in the order."""
    before: dict[Hashable, set[Hashable]] = {one: set() for one in order}
    direct: dict[Hashable, set[Hashable]] = {one: set() for one in order}
    for earlier, later in edges:
        direct[later].add(earlier)
    for one in order:
        for earlier in direct[one]:
            before[one] |= {earlier} | before[earlier]
    return {(earlier, later) for later, all_of_them in before.items() for earlier in all_of_them}


def conflicts(nodes: Sequence[tuple[Hashable, Node]]) -> Pairs:
    """The pairs that must keep their order."""
    return {
        (earlier, later)
        for at, (later, node) in enumerate(nodes)
        for earlier, other in nodes[:at]
        if any(conflict(one, two) for one in node.effects for two in other.effects)
    }


@given(st.lists(CALLS, max_size=20))
def test_order_edges_are_the_conflicts(calls: list[str]) -> None:
    """Two calls are ordered, over whatever is between them, exactly where effects force it."""
    graph = compiled("\n".join(calls) + "\njoin()", TOOLS)
    nodes = list(graph.nodes.items())
    found = closure(((other, key) for key, node in nodes for other in node.after), list(graph.nodes))
    assert found == closure(conflicts(nodes), list(graph.nodes))


def loop(body: Sequence[str]) -> str:
    """A loop that makes these calls, one after the other."""
    return f"[{', '.join(body)}] for x in [1]"


def instances(graph: Graph) -> tuple[list[tuple[Hashable, Node]], Pairs]:
    """What runs where each loop has a few elements, in plan order, and its order edges; a loop's node is its end."""
    found: list[tuple[Hashable, Node]] = []
    edges: Pairs = set()
    for key, node in graph.nodes.items():
        if isinstance(node.op, Loop):
            for index in range(ELEMENTS):
                inside = {inner.id for inner in node.op.body}
                for inner in node.op.body:
                    here = (inner.id, index)
                    found.append((here, inner))
                    edges |= {((other, index) if other in inside else other, here) for other in inner.after}
                    edges |= {((one, index - 1), here) for one, two in node.op.carry if two == inner.id and index}
                    edges.add((here, key))
        edges |= {(other, key) for other in node.after}
        found.append((key, node))
    return found, edges


@given(st.lists(BODIES | CALLS, max_size=6))
def test_elements_of_loops_are_ordered_too(parts: list[list[str] | str]) -> None:
    """Whatever conflicts is ordered: inside an element, from one to the next, and with what is outside the loop."""
    text = "\n".join(part if isinstance(part, str) else loop(part) for part in parts)
    nodes, edges = instances(compiled(f"{text}\njoin()", TOOLS))
    single = [(key, node) for key, node in nodes if not isinstance(node.op, Loop)]
    assert conflicts(single) <= closure(edges, [key for key, _ in nodes])


@given(BODIES)
def test_elements_of_a_loop_are_ordered_no_more_than_needed(body: list[str]) -> None:
    """In a loop alone two calls are ordered exactly where effects force it, whatever elements they belong to."""
    nodes, edges = instances(compiled(f"{loop(body)}\njoin()", TOOLS))
    calls = [(key, node) for key, node in nodes if isinstance(key, tuple)]
    inside = {(one, two) for one, two in edges if isinstance(one, tuple) and isinstance(two, tuple)}
    order = [key for key, _ in calls]
    assert closure(inside, order) == closure(conflicts(calls), order)


def test_edges_come_out_reduced() -> None:
    """A write waits for the reads since the last write, and not again for what they waited for."""
    graph = compiled("store(1)\nrows()\nrows()\nstore(2)\nrow()\nput(3)\ninbox()\njoin()")
    waits = {str(key): list(map(str, node.after)) for key, node in graph.nodes.items() if node.after}
    assert waits == {"2": ["1"], "3": ["1"], "4": ["2", "3"], "5": ["4"], "6": ["5"]}


NAMES: Final = ["*", "a", "a:x", "a:y", "a:x:z", "a:{p}", "a:{p}:z", "{q}", "{q}:x", "{q}:{r}", "{q}:x:z", "b", "b:x"]
"""Resources that contain one another, or may."""

SEQUENCES: Final = 300
"""How many random sequences of effects are ordered."""


def left(earlier: Sequence[Effect], effect: Effect) -> list[int]:
    """What an effect waits for, by the pairs of all earlier ones: the conflicts that nothing stands for."""
    found = [at for at, other in enumerate(earlier) if conflict(effect, other)]
    return [
        at
        for at in found
        if not any(stands_for(earlier[later], earlier[at], effect) for later in found if later > at)
        and not is_in_an_earlier_run(earlier, at, effect)
    ]


def stands_for(later: Effect, earlier: Effect, effect: Effect) -> bool:
    """Whether what came later waits for the earlier one, as can be told from the resources alone."""
    if not conflict(later, earlier):
        return False
    return (
        covers(later.resource, effect.resource)
        or (earlier.is_write and covers(earlier.resource, effect.resource))
        or (covers(later.resource, earlier.resource) if later.is_write else later.resource == earlier.resource)
    )


def is_in_an_earlier_run(earlier: Sequence[Effect], at: int, effect: Effect) -> bool:
    """Whether a later run of readers stands for this reader; or for all that is as old, to one more such reader."""
    if effect.is_write and earlier[at].is_write:
        return False
    reader = earlier[at] if effect.is_write else effect
    readers = [later for later in range(at + 1, len(earlier)) if earlier[later] == reader]
    writers = [later for later in range(at + 1, len(earlier)) if conflict(reader, earlier[later])]
    if effect.is_write:
        return bool(readers and writers) and min(writers) < max(readers)
    return bool(readers and writers) and min(readers) < max(writers)


def random_effects(rng: Random) -> list[list[Effect]]:
    """What some nodes do, one or two things each."""
    kinds = (Kind.READ, Kind.READ, Kind.WRITE)
    return [
        [Effect(rng.choice(kinds), rng.choice(NAMES)) for _ in range(rng.choice((1, 1, 2)))]
        for _ in range(rng.randint(8, 12))
    ]


def test_edges_are_those_that_nothing_stands_for() -> None:
    """One sweep finds what all pairs of effects say: no edge less, and none more."""
    rng = Random(1)
    for _ in range(SEQUENCES):
        hazards = Hazards()
        owners: list[str] = []
        earlier: list[Effect] = []
        for number, effects in enumerate(random_effects(rng)):
            waits = sorted({at for effect in effects for at in left(earlier, effect)})
            assert hazards.before(effects) == tuple(dict.fromkeys(owners[at] for at in waits))
            hazards.record(NodeId(str(number)), effects)
            owners += [str(number)] * len(effects)
            earlier += effects


def test_a_loop_carries_its_writes_from_element_to_element() -> None:
    """The first effect of an element waits for the last conflicting one of the element before."""
    assert sketch(compiled("a = rows()\n[rows(), store($x)] for x in $a\njoin()")) == [
        "a: rows()",
        "1: 1/each for x in <a> | needs a | after a",
        "  1/each/i0: rows()",
        "  1/each/i1: store(item) | after a 1/each/i0",
        "  1/each: [<1/each/i0>, <1/each/i1>] | needs 1/each/i0 1/each/i1",
        "  1/each/i0 after 1/each/i1 of the element before",
        "join: all {a: <a>, 1: <1>} | needs a 1",
    ]


def test_constant_arguments_are_resources_of_their_own() -> None:
    """Writes of two files are not ordered; one of an unknown file comes after both, and what follows after that."""
    tools = toolbox({"keep": "write(file:{path})", "look": "read(file:{path})"})
    paths = ['"a"', '"b"', '"a"', "$1", '"b"']
    calls = "\n".join(f"keep(path={path})" for path in paths)
    graph = compiled(f'{calls}\nlook(path="b")\nlook(path=$5)\nkeep(path="a")\njoin()', tools)
    waits = {str(key): list(map(str, node.after)) for key, node in graph.nodes.items() if node.after}
    assert waits == {"3": ["1"], "4": ["2", "3"], "5": ["4"], "6": ["5"], "7": ["5"], "8": ["7"]}


def test_many_resources_cost_what_they_are() -> None:
    """Ten thousand files are written without looking through all of them each time."""
    hazards = Hazards()
    effects = [(Effect(Kind.WRITE, f"file:{number}"),) for number in range(10_000)]
    for number, found in enumerate(effects):
        assert hazards.before(found) == ()
        hazards.record(NodeId(str(number)), found)
    assert len(hazards.before([Effect(Kind.READ, "file:{path}")])) == len(effects)
