"""What passes say of themselves."""

import inspect
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from random import Random

import pytest

from llmc_compiler.explain.story import Story
from llmc_compiler.explain.story_data import PassEntry
from llmc_compiler.expressions.terms import NodeId
from llmc_compiler.ir.graph import Graph, TaskId, node_body
from llmc_compiler.ir.printer import print_graph
from llmc_compiler.passes import remarks
from llmc_compiler.passes.pipeline import PIPELINE, UnknownPassError, named_passes
from llmc_compiler.passes.remarks import Merged, Missed, Remark
from llmc_compiler.passes.stages import Stage, stages
from llmc_grammar import Source, Span
from tests.compiler.cases import Case, cases
from tests.compiler.compiling import compiled, from_plan, read, toolbox
from tests.semantics.compared import TOOLBOX
from tests.semantics.generator import random_plan

pytestmark = pytest.mark.no_cover
"""The searches are long, and other tests reach the lines."""

CASES = cases(Path(__file__).with_name("remarks.md"))
SEEDS = range(200)
KINDS = {found for _, found in inspect.getmembers(remarks, inspect.isclass) if issubclass(found, Remark)}
PLAIN = (remarks.Hoisted, Merged, remarks.MergedCall, remarks.Pruned)
TOLD = {kind for kind in KINDS if not kind.__subclasses__() or kind in PLAIN}


def story(case: Case) -> Story:
    """The story of a case's plan."""
    return Story.of(compiled(case.before, toolbox(case.tools)), PIPELINE, read(case.before).source)


def line(one: PassEntry, source: Source) -> str:
    """A remark in one line."""
    remark = one.remark
    words = [remark.words(part, source) for part in ("what", "why", "help")]
    sign = "! " if isinstance(remark, Missed) else ""
    number = source.position(remark.span.start)[0]
    return f"{sign}{one.pass_name} {remark.node} (line {number}): {' | '.join(filter(None, words))}"


@pytest.mark.golden
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.title)
def test_passes_say_this(case: Case) -> None:
    """The remarks are those on the page."""

    def told(given: Case) -> str:
        found = story(given)
        return "".join(f"{line(one, found.source)}\n" for one in found.remarks)

    case.check(told)


def test_every_kind_of_remark_is_on_the_page() -> None:
    """None is without an example."""
    assert {type(one.remark) for case in CASES for one in story(case).remarks} == TOLD


def all_ids(graph: Graph) -> set[NodeId]:
    """Every node, those in loops too."""
    return {one.id for node in graph.nodes.values() for one in (node, *node_body(node))}


def random_stages() -> Iterator[Stage]:
    """The passes run over random plans."""
    for seed in SEEDS:
        yield from stages(from_plan(random_plan(Random(seed)), TOOLBOX), PIPELINE)


def test_whatever_goes_is_told_and_whatever_is_told_has_gone() -> None:
    """Of random plans: a task that loses its node has a remark, and a node that has one of these is there no more."""
    counted = 0
    for stage in random_stages():
        gone = all_ids(stage.before) - all_ids(stage.after)
        told = [one for one in stage.remarks() if isinstance(one, (Merged, remarks.Pruned, remarks.Untaken))]
        assert {one.node for one in told} <= gone
        assert {key for key in gone if key in stage.before.tasks.values()} <= {one.node for one in told}
        counted += len(told)
    assert counted > 300


def test_a_remark_names_tasks_that_were_written() -> None:
    """And in a merge, those of both; nothing but the join is no task."""
    merges = 0
    for stage in random_stages():
        known = {TaskId("join"), *stage.before.tasks}
        for one in stage.remarks():
            assert known.issuperset(one.tasks)
            assert one.tasks
            if isinstance(one, Merged):
                merges += 1
                assert stage.after.nodes.keys() | all_ids(stage.after) >= {one.into}
    assert merges > 50


def test_asking_changes_nothing() -> None:
    """Remarks are the same each time, and the graphs as they were."""
    for stage in random_stages():
        before, after = replace(stage.before), replace(stage.after)
        assert stage.remarks() == stage.remarks()
        assert (stage.before, stage.after) == (before, after)


def test_something_was_done_exactly_where_something_is_told() -> None:
    """A plan that prints in another way has a remark, and a graph that is as it was has none."""
    changed = same = 0
    for stage in random_stages():
        done = [one for one in stage.remarks() if not isinstance(one, Missed)]
        if print_graph(stage.before) != print_graph(stage.after):
            assert done
            changed += 1
        elif stage.before == stage.after:
            assert not done
            same += 1
    assert changed > 200
    assert same > 200


def test_a_pass_may_say_nothing() -> None:
    """One of somebody else's, without remarks, is run all the same."""

    @dataclass(frozen=True, slots=True)
    class Same:
        name: str = "same"

        def __call__(self, graph: Graph) -> Graph:
            """Leave it."""
            return graph

    (stage,) = stages(compiled("1. f(1)\njoin($1)"), [Same()])
    assert (stage.name, stage.remarks()) == ("same", ())


def test_places_are_told_as_lines() -> None:
    """One line, or the first and the last."""
    source = Source("plan.llmc", "a\nb\nc\n")
    there = remarks.MergedAlias(NodeId("2"), (TaskId("2"),), Span(4, 5), NodeId("1"), Span(0, 1))
    here = replace(there, into_span=Span(4, 5))
    assert there.words("what", source) == "uses the value of `1` (line 1)"
    assert [remarks._told(one.places, source) for one in (there, here)] == ["lines 1 to 3", "line 3"]  # noqa: SLF001


def test_passes_have_names() -> None:
    """In any order, also twice; a wrong name suggests the right one, or lists them."""
    assert [one.name for one in named_passes(["prune", "fold", "prune"])] == ["prune", "fold", "prune"]
    with pytest.raises(UnknownPassError, match="no pass is called `dedupe`: did you mean `dedup`"):
        named_passes(["fold", "dedupe"])
    with pytest.raises(UnknownPassError, match="no pass is called `x`: the passes are fold, hoist, dedup, prune"):
        named_passes(["x"])
