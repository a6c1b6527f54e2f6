"""The graph as JSON, and back: nothing is lost, and nothing else is taken."""

import json
import os
from collections.abc import Sequence
from random import Random
from typing import Any, Final

import pytest
from jsonschema import Draft202012Validator

from llmc_compiler.expressions.terms import NodeId
from llmc_compiler.ir import graph as ir
from llmc_compiler.ir.graph import Loop
from llmc_compiler.ir.printer import print_graph
from llmc_compiler.passes.dedup import Dedup
from llmc_compiler.passes.fold import Fold
from llmc_compiler.passes.hoist import Hoist
from llmc_compiler.passes.pipeline import PIPELINE
from llmc_compiler.passes.prune import Prune
from llmc_compiler.passes.stages import Pass
from llmc_compiler.serialization.compiled_graph import Graph
from llmc_compiler.serialization.graph_json import schema, to_json
from llmc_grammar import print_plan
from llmc_grammar.ast import NOWHERE
from tests.compiler.compiling import compiled, toolbox
from tests.compiler.test_session import WORLD
from tests.semantics.generator import random_sample

pytestmark = pytest.mark.no_cover
"""The searches are long, and other tests reach the lines."""

SEEDS: Final = range(int(os.environ.get("LLMC_PLANS", "30")))
PASSES: Final[tuple[Sequence[Pass], ...]] = ((), (Fold(),), (Hoist(),), (Dedup(),), (Prune(),), PIPELINE)
VALIDATOR: Final = Draft202012Validator(json.loads(schema()))

TOOLS: Final = toolbox()

TEXT: Final = """\
input n: list[int]? = null
input who: any
1. f(g(1), x=$n) if rows() @retry(1) @timeout(2s) @fallback([1, {"a": 2.5}])
2. send("${1}st of $who")
b = [f($x, $1), send($x["k"][0])] for x in $1 if not $x or $x - 1 > -$who.age
c = rows() if $1 else {"k": $b}
c2 = rows() if $1 else {"k": $b}
join(a=$b, b=$c2)
"""


def form(graph: ir.Graph) -> Any:  # noqa: ANN401 — JSON data
    """The graph as a file gives it."""
    return json.loads(json.dumps(to_json(graph)))


def random_graph(seed: int, passes: Sequence[Pass]) -> Graph:
    """The graph of a random plan, with places in its text."""
    return compiled(print_plan(random_sample(Random(seed)).plan), WORLD, passes)


@pytest.mark.parametrize("passes", PASSES, ids=lambda passes: ", ".join(one.name for one in passes) or "none")
def test_what_is_written_is_read(passes: Sequence[Pass]) -> None:
    """The graph is equal, and so are all places; the schema describes what is written."""
    for seed in SEEDS:
        graph = random_graph(seed, passes)
        data = form(graph)
        assert next(VALIDATOR.iter_errors(data), None) is None
        found = Graph.from_json(data, WORLD)
        assert found == graph
        assert to_json(found) == data


def test_random_plans_have_what_is_hard_to_read() -> None:
    """Merged and pruned tasks, loops, guards, options, and inputs."""
    seeds = range(200)
    plans = [random_sample(Random(seed)).plan for seed in seeds]
    graphs = [random_graph(seed, PIPELINE) for seed in seeds]
    nodes = [node for graph in graphs for node in graph.nodes.values()]
    merged = [task for graph in graphs for task, key in graph.tasks.items() if str(task) != str(key)]
    assert len(merged) > 10
    assert sum(len(graph.tasks) < len(plan.statements) - 1 for graph, plan in zip(graphs, plans, strict=True)) > 10
    assert sum(isinstance(node.op, Loop) for node in nodes) > 10
    assert sum(bool(node.when) for node in nodes) > 10
    assert sum(len(graph.parameters) > 0 for graph in graphs) > 10
    assert '"fallback": {' in json.dumps([to_json(graph) for graph in graphs])


def test_what_was_read_prints_as_what_was_written() -> None:
    """Text, places and all."""
    graph = compiled(TEXT, TOOLS, PIPELINE)
    found = Graph.from_json(form(graph), TOOLS)
    assert print_graph(found) == print_graph(graph)
    assert found.nodes[NodeId("2")].span == graph.nodes[NodeId("2")].span != NOWHERE
    assert Graph.from_json(graph.to_json(), TOOLS) == graph


def test_the_parts_of_a_form() -> None:
    """What a node does is said for people and for machines."""
    data = form(compiled('input n: int? = null\n1. f($n, x="a") if $n\njoin($1)'))
    assert (data["version"], data["language"]) == (3, 1)
    assert data["inputs"] == [{"name": "n", "type": "int?", "required": False, "default": None}]
    assert data["tasks"] == {"1": "1"}
    assert data["nodes"][0] == {
        "id": "1",
        "op": "f",
        "text": 'f($n, x="a")',
        "operation": {
            "kind": "call",
            "tool": "f",
            "arguments": [
                {"parameter": None, "value": {"kind": "param", "name": "n", "path": [], "span": [26, 28]}},
                {"parameter": "x", "value": {"kind": "const", "value": "a", "span": [32, 35]}},
            ],
            "timeout": None,
            "retries": 0,
            "fallback": None,
        },
        "task": "1",
        "origins": ["1"],
        "effects": ["pure"],
        "needs": [],
        "after": [],
        "when": [
            {"text": "$n", "term": {"kind": "param", "name": "n", "path": [], "span": [40, 42]}, "expected": True}
        ],
        "span": [24, 36],
    }


def test_the_deepest_plan_is_read() -> None:
    """What the bounds of a plan allow is no deeper than those of its form."""
    text = "1. f(" + "[" * 30 + "1" + "]" * 30 + ")\n2. f(" + "-" * 60 + "$1 " + "+ 1 " * 60 + ")\n"
    graph = compiled(f"{text}join($2)", TOOLS)
    assert Graph.from_json(form(graph), TOOLS) == graph
