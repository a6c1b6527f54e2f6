"""The quick checks, by name: each passes as things are, and raises where it notices what is wrong.

plan: HEADING         a plan of `plans.md` does what the reference says, whatever the passes
printed: HEADING      ... and what it prints is read as the same again and does the same, where it calls another plan
page: PASS: TITLE     a case of a pass's page in tests/passes is what the pass leaves
order: kinds          two calls are ordered where the table says so
order: resources      ... whatever else stands between them, and inside loops
order: reduced        a write waits for the reads since the last write, and for nothing older
order: edges          one sweep finds the edges that all pairs of effects have, no more and no fewer
order: carried        an element's effects come after those of the element before
same                  what a pass leaves as it is remains the same object
keys                  a key that is known is a step: calls that read the same part by both are one
nodes                 what a node tells of itself, of the call that brought it, and of the loops inside it
tasks                 a merged task has the value of the first, whose node names both
arguments             a constant that does not fit its parameter is a mistake of the run
early                 what is handed over while the plan is still being written
attempts              how often a call that fails is tried
again                 which calls in doubt are made again in a later plan
"""

from collections.abc import Callable, Mapping
from itertools import product
from random import Random
from typing import Final

from llmc_compiler.effects.effects import RULES, Kind
from llmc_compiler.expressions.terms import Const, Json, ListOf
from llmc_compiler.ir.graph import Condition, TaskId, loops_within
from llmc_compiler.ir.printer import print_graph
from llmc_compiler.passes.dedup import Dedup
from llmc_compiler.passes.fold import Fold
from llmc_compiler.passes.pipeline import PIPELINE
from llmc_compiler.session import Session
from llmc_compiler.tools.tool import Tool
from llmc_compiler.tools.toolbox import Toolbox
from llmc_runtime.cache.call_cache import CallCache
from tests.compiler import test_order_edges
from tests.compiler.cases import Case
from tests.compiler.compiling import compiled, toolbox
from tests.compiler.test_session import conversation
from tests.mutations import plans
from tests.passes import test_passes
from tests.runtime.build import call, play
from tests.runtime.fakes import OutageError

Check = Callable[[], None]

DECLARED: Final = {
    Kind.PURE: "pure",
    Kind.NONDET: "nondet",
    Kind.READ: "read(r)",
    Kind.BARE: "bare",
    Kind.IDEMPOTENT: "write(r, idempotent)",
    Kind.WRITE: "write(r)",
    Kind.OPAQUE: "opaque",
}
"""A declaration of each kind."""

TOOLS: Final = toolbox({kind.value: effect for kind, effect in DECLARED.items()})

WRITES: Final = {Kind.IDEMPOTENT, Kind.WRITE, Kind.OPAQUE}
STATEFUL: Final = WRITES | {Kind.READ, Kind.BARE}
FREE: Final = {Kind.PURE, Kind.NONDET}

ROUNDS: Final = 40
"""How many random programs the laws of order are tried on."""


def checks() -> Mapping[str, Check]:
    """All checks, from the plans to the laws."""
    return {
        **{f"plan: {heading}": _plan(case) for heading, case in plans.PLANS.items()},
        **{f"printed: {heading}": _printed(case) for heading, case in plans.PLANS.items() if case.other},
        **{f"page: {case.path.stem}: {case.title}": _page(case) for case in test_passes.CASES},
        "order: kinds": kinds_are_ordered,
        "order: resources": resources_are_ordered,
        "order: reduced": test_order_edges.test_edges_come_out_reduced,
        "order: edges": test_order_edges.test_edges_are_those_that_nothing_stands_for,
        "order: carried": test_order_edges.test_a_loop_carries_its_writes_from_element_to_element,
        "same": what_is_left_is_the_same,
        "keys": known_keys_are_steps,
        "nodes": nodes_know_their_places,
        "tasks": tasks_have_their_values,
        "arguments": arguments_fit,
        "early": what_starts_early,
        "attempts": how_often_it_is_tried,
        "again": what_is_made_again,
    }


def is_noticed(check: Check) -> bool:
    """Whether a check notices what is wrong now: it fails, or breaks."""
    try:
        check()
    except Exception:  # noqa: BLE001 (a compiler that is wrong may raise anything)
        return True
    return False


def _plan(case: plans.Case) -> Check:
    def check() -> None:
        assert not [*plans.differences(case)]

    return check


def _printed(case: plans.Case) -> Check:
    def check() -> None:
        assert all(text == again and found is None for text, again, found in plans.reprinted(case))

    return check


def _page(case: Case) -> Check:
    return lambda: test_passes.test_a_pass_leaves_this_program(case)


def kinds_are_ordered() -> None:
    """Of two calls the later one waits exactly where one of them writes, and so says the table."""
    for earlier, later in product(Kind, Kind):
        graph = compiled(f"1. {earlier.value}()\n2. {later.value}()\njoin()", TOOLS)
        waits = bool([*graph.nodes.values()][1].after)
        expected = {earlier, later} <= STATEFUL and bool({earlier, later} & WRITES)
        assert waits == expected == (earlier in RULES[later].after), (earlier, later)


def resources_are_ordered() -> None:
    """The laws of order edges hold for some random calls, in a row and in loops."""
    rng = Random(5)
    calls = [tool.name for tool in test_order_edges.TOOLS]

    def some(most: int) -> list[str]:
        return [f"{rng.choice(calls)}()" for _ in range(rng.randint(1, most))]

    for _ in range(ROUNDS):
        test_order_edges.test_order_edges_are_the_conflicts.hypothesis.inner_test(some(7))  # type: ignore[attr-defined]  # what hypothesis wraps
        mixed = [rng.choice((some(1)[0], some(4))) for _ in range(5)]
        test_order_edges.test_elements_of_loops_are_ordered_too.hypothesis.inner_test(mixed)  # type: ignore[attr-defined]  # the same
        test_order_edges.test_elements_of_a_loop_are_ordered_no_more_than_needed.hypothesis.inner_test(some(4))  # type: ignore[attr-defined]  # the same
    test_order_edges.test_constant_arguments_are_resources_of_their_own()


def what_is_left_is_the_same() -> None:
    """No pass makes an equal node anew, on any page."""
    for case in test_passes.CASES:
        test_passes.test_what_a_pass_leaves_equal_is_the_same_object(case)


def known_keys_are_steps() -> None:
    """A call that reads a part by a known key, and one that reads it by steps, are one."""
    text = 'k = "a"\n1. f(1)\n2. f($1[$k][0])\n3. f($1.a[0])\njoin($2, $3)'
    assert compiled(text, passes=PIPELINE).tasks == {"1": "1", "2": "2", "3": "2"}


def nodes_know_their_places() -> None:
    """Nodes of a plan that is called know its task and the call; a condition knows whether it always holds."""
    other = "input n: any\n3. send(size($n))\njoin($3)\n"
    program = plans.Case("1. other(1)\n2. other(2) @fallback(0)\njoin($1, $2)\n", other).trial().program()
    nodes = program.graph.nodes
    assert [key for key, node in nodes.items() if node.is_task] == ["1/other/3", "2/other/3"]
    assert [key for key, node in nodes.items() if node.owner == "2"] == ["2/other/in", "2/other/3/a0", "2/other/3"]
    assert [key for key, node in nodes.items() if node.holds_arguments] == ["2/other/in"]
    calls = ["other(1)"] * 3 + ["other(2)"] * 4 + ["join($1, $2)"]
    assert [program.source.at(node.own_span) for node in nodes.values()] == calls
    one, none = ListOf((Const(1),)), ListOf(())
    conditions = [Condition(one), Condition(one, expected=False), Condition(none), Condition(Const([1]))]
    assert [condition.is_certain for condition in conditions] == [True, False, False, False]
    loops = compiled("1. f(1)\n2. [f($y) for y in $x] for x in $1\njoin($2)").nodes.values()
    assert [loop.name for node in loops for _, loop in loops_within(node)] == ["y", "x"]


def tasks_have_their_values() -> None:
    """A merged task has that of the first, whose node then names both; one that is left out has none."""
    graph = compiled("1. f(1)\n2. f(1)\n3. f(3)\n4. f($2)\njoin($4)", passes=PIPELINE)
    assert graph.tasks == {"1": "1", "2": "1", "4": "4"}
    assert [node.origins for node in graph.nodes.values()] == [("1", "2"), ("4",), ("join",)]
    graph = compiled("1. f(g(1) if 1 > 2 else 0)\n2. g(1) if 1 > 2\njoin($1)", passes=[Dedup(), Fold()])
    assert graph.tasks[TaskId("2")] in graph.nodes


def arguments_fit() -> None:
    """What turns out not to fit its parameter fails when the plan runs; as a constant it would be a mistake."""
    positive: Json = {"type": "integer", "minimum": 0}
    schema: dict[str, Json] = {"type": "object", "properties": {"n": positive}, "required": ["n"]}
    tools = Toolbox([Tool.from_schema("double", "", schema, "pure", lambda n: 2 * n)])
    graph = compiled("low = -1\n1. double($low)\n2. double(1 + 1)\njoin($1, $2)", tools, [Fold()])
    assert print_graph(graph) == "low = -1\n1. double($low)\n2. double(2)\njoin($1, $2)\n"


def what_starts_early() -> None:
    """What is handed over at once: alone, and below a write that it might meet."""
    for kind in Kind:
        alone = conversation(f"1. {kind.value}()\njoin($1)", Session(TOOLS))[0]
        below = conversation(f"1. write()\n2. {kind.value}()\njoin($2)", Session(TOOLS))[1]
        assert (bool(alone), bool(below)) == (kind in FREE | {Kind.READ}, kind in FREE), kind


def how_often_it_is_tried() -> None:
    """With two retries, a call that nobody can be sure of is tried once, every other three times."""
    for kind, effect in DECLARED.items():
        tries: list[Kind] = []

        async def fail(kind: Kind = kind, tries: list[Kind] = tries) -> None:
            tries.append(kind)
            raise OutageError

        play(call("a", Tool.from_schema("fail", "", {}, effect, fail), retries=2), random=lambda: 0)
        assert len(tries) == (1 if kind in {Kind.BARE, Kind.WRITE, Kind.OPAQUE} else 3), kind


def what_is_made_again() -> None:
    """In a later plan, a write of which nobody knows whether it happened is made again only if that does no harm."""
    for kind in WRITES:
        tries: list[Kind] = []

        async def fail(kind: Kind = kind, tries: list[Kind] = tries) -> None:
            tries.append(kind)
            raise OutageError

        cache = CallCache()
        for name in ("a", "b"):
            cache.next_plan()
            play(call(name, Tool.from_schema("fail", "", {}, DECLARED[kind], fail)), memo=cache)
        assert len(tries) == (2 if kind is Kind.IDEMPOTENT else 1), kind
