"""Levels, and the tasks that have no node of their own."""

from random import Random

import networkx as nx
import pytest

from llmc_compiler.analysis.levels import body_levels, gone, levels, waits, written
from llmc_compiler.passes.pipeline import PIPELINE
from tests.compiler.compiling import compiled, from_plan, read
from tests.semantics.compared import TOOLBOX
from tests.semantics.generator import random_plan

SEEDS = range(150)


def test_levels_are_distances() -> None:
    """A node stands one level below the lowest that it waits for, by value or by order."""
    graph = compiled("1. f()\n2. g($1)\n3. rows()\n4. store(1)\n5. rows()\njoin($1, $2, $5)")
    found = [[node.id for node in level] for level in levels(graph)]
    assert found == [["1", "3"], ["2", "4"], ["5"], ["join"]]


def test_the_nodes_of_a_loop_have_levels_of_their_own() -> None:
    """The loop is one node, and inside it is the same for one element."""
    graph = compiled("1. f()\n2. g(h($x), h($1)) for x in $1\njoin($2)")
    loop = levels(graph)[1][0]
    assert [[node.id for node in level] for level in body_levels(loop)] == [["2/each/a0", "2/each/a1"], ["2/each"]]
    assert body_levels(levels(graph)[0][0]) == ()
    assert waits(graph) == {
        "1": (),
        "2/each/a0": ("1",),
        "2/each/a1": ("1",),
        "2/each": ("1", "2/each/a0", "2/each/a1"),
        "2": ("2/each/a0", "2/each/a1", "2/each"),
        "join": ("2",),
    }


@pytest.mark.parametrize("seed", SEEDS)
def test_levels_respect_every_edge(seed: int) -> None:
    """Every edge leads down, every node is there once, and there are as many levels as the longest path has nodes."""
    graph = from_plan(random_plan(Random(seed)), TOOLBOX, PIPELINE)
    found = levels(graph)
    number = {node.id: place for place, level in enumerate(found) for node in level}
    assert number.keys() == graph.nodes.keys()
    assert sum(map(len, found)) == len(graph.nodes)
    for node in graph.nodes.values():
        assert all(number[other] < number[node.id] for other in (*node.needs, *node.after))
    digraph = graph.to_networkx()
    assert nx.dag_longest_path_length(digraph) == len(found) - 1


@pytest.mark.parametrize("seed", SEEDS)
def test_what_is_gone_is_what_the_passes_took(seed: int) -> None:
    """The tasks of the plan are those of the graph before the passes; each has a node of its own, or is gone."""
    plan = random_plan(Random(seed))
    before, after = from_plan(plan, TOOLBOX), from_plan(plan, TOOLBOX, PIPELINE)
    assert [*written(plan)] == [*before.tasks]
    assert gone(before, plan) == ()
    merged = {task: key for task, key in after.tasks.items() if str(task) != str(key)}
    found = {one.task: one.into for one in gone(after, plan)}
    assert {task: into for task, into in found.items() if into is not None} == merged
    assert {task for task, into in found.items() if into is None} == before.tasks.keys() - after.tasks.keys()


def test_what_is_gone_says_what_it_was() -> None:
    """Without its number or name; unnumbered tasks count on."""
    plan = read('3. f("a")\nf("a")\nx = g(1) if $3\njoin($3, $4)').plan
    found = gone(from_plan(plan, passes=PIPELINE), plan)
    assert [(one.task, one.text, one.into) for one in found] == [("4", 'f("a")', "3"), ("x", "g(1) if $3", None)]
