"""Graphs printed as plans: the text means what the graph means."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llmc_compiler.ir.graph import Graph, Loop, Node
from llmc_compiler.ir.printer import print_graph, to_plan
from llmc_compiler.passes.dedup import Dedup
from llmc_compiler.passes.fold import Fold
from llmc_compiler.passes.hoist import Hoist
from llmc_compiler.passes.pipeline import PIPELINE
from llmc_compiler.passes.prune import Prune
from llmc_compiler.passes.stages import Pass
from llmc_compiler.tools.decorators import pure
from llmc_compiler.tools.toolbox import Toolbox
from llmc_grammar import ast, print_plan
from tests.compiler.cases import Case, cases
from tests.compiler.compiling import compiled, from_plan, read
from tests.compiler.test_session import WORLD
from tests.reference.interpreter import interpret
from tests.reference.operators import Json, as_text
from tests.semantics.generator import random_sample
from tests.semantics.world import TOOLSET

pytestmark = pytest.mark.no_cover
"""The searches are long, and other tests reach the lines."""

CASES = cases(Path(__file__).with_name("printing.md"))
SEEDS = st.integers(0, 100_000)
PASSES: st.SearchStrategy[Sequence[Pass]] = st.sampled_from([(), (Fold(),), (Hoist(),), (Dedup(),), PIPELINE])
PRINTED = (Dedup(), Prune())


@pytest.mark.golden
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.title)
def test_a_graph_prints_as_this_plan(case: Case) -> None:
    """After merging and pruning the text is that in printing.md; folding would leave less to print."""
    case.check(lambda given: print_graph(compiled(given.before, passes=PRINTED)))


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.title)
def test_a_printed_plan_prints_as_itself(case: Case) -> None:
    """What the passes left, they leave again."""
    assert print_graph(compiled(case.after, passes=PRINTED)) == case.after


def test_arguments_stand_by_position_while_they_are_in_line() -> None:
    """In the order written; behind the first that is out of line, by name."""

    def tool(a: int, b: int, c: int = 0, *, d: int = 0) -> int:
        return a + b + c + d

    tools = Toolbox([pure(tool)])
    lines = ["tool(a=1, b=2)", "tool(b=2, a=1)", "tool(1, c=2, b=3)", "tool(1, 2, 3, d=4)"]
    printed = print_graph(compiled("\n".join([*lines, "join()"]), tools))
    assert printed == "1. tool(1, 2)\n2. tool(b=2, a=1)\n3. tool(1, c=2, b=3)\n4. tool(1, 2, 3, d=4)\njoin()\n"


def test_uses_are_written_first() -> None:
    """They are no part of the graph, and handed in."""
    uses = [ast.Use("tools.py", is_path=True), ast.Use("mail", is_path=False)]
    assert print_graph(compiled("1. f(1)\njoin($1)"), uses) == 'use "tools.py"\nuse mail\n\n1. f(1)\njoin($1)\n'


def placeless(graph: Graph) -> Graph:
    """The graph without places in a text, which are the only thing that printing may change."""

    def bare(node: Node) -> Node:
        op = node.op
        if isinstance(op, Loop):
            op = replace(op, body=tuple(map(bare, op.body)))
        return replace(node, op=op, span=ast.NOWHERE)

    return replace(graph, nodes={key: bare(node) for key, node in graph.nodes.items()})


@given(SEEDS)
def test_printing_and_compiling_again_gives_the_same_graph(seed: int) -> None:
    """Without passes the graph of the printed plan is equal: same ids, terms, conditions and edges."""
    graph = from_plan(random_sample(Random(seed)).plan, WORLD)
    assert placeless(compiled(print_graph(graph), WORLD)) == placeless(graph)


@given(SEEDS, PASSES)
def test_a_printed_plan_is_canonical(seed: int, passes: Sequence[Pass]) -> None:
    """It reads back as the plan that was printed, and printing the compiled one again changes nothing."""
    graph = from_plan(random_sample(Random(seed)).plan, WORLD, passes)
    text = print_graph(graph)
    assert print_plan(read(text).plan) == text
    assert read(text).plan == to_plan(graph)
    assert print_graph(compiled(text, WORLD)) == text


@given(SEEDS, PASSES)
def test_a_printed_plan_means_the_same(seed: int, passes: Sequence[Pass]) -> None:
    """Run by the reference, it gives the value, the effects and the outcome of each task of the plan as written."""
    sample = random_sample(Random(seed))
    graph = from_plan(sample.plan, WORLD, passes)
    expected = interpret(sample.plan, TOOLSET, sample.inputs)
    found = interpret(read(print_graph(graph)).plan, TOOLSET, sample.inputs)
    assert as_text(found.value) == as_text(expected.value)
    assert texts(found.effects) == texts(expected.effects)
    tasks = {str(task) for task in graph.tasks}
    assert texts(found.results, tasks) == texts(expected.results, tasks)
    assert found.errors & tasks == expected.errors & tasks
    assert found.skipped & tasks == expected.skipped & tasks


def texts(values: Mapping[str, Json], tasks: set[str] | None = None) -> dict[str, str]:
    """Values as texts, so that `1`, `1.0` and `true` are three."""
    return {name: as_text(value) for name, value in values.items() if tasks is None or name in tasks}


def test_random_plans_have_what_is_hard_to_print() -> None:
    """Merged tasks, fresh names and loops with nested calls are among them."""
    graphs = [from_plan(random_sample(Random(seed)).plan, WORLD, PIPELINE) for seed in range(300)]
    merged = sum(str(task) != str(key) for graph in graphs for task, key in graph.tasks.items())
    fresh = sum(print_graph(graph).count("_a0 = ") for graph in graphs)
    bodies = sum(
        isinstance(node.op, Loop) and len(node.op.body) > 1 for graph in graphs for node in graph.nodes.values()
    )
    assert merged > 20
    assert fresh > 5
    assert bodies > 20
