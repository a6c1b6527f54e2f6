"""Plans that call plans do what the same tasks do that are written out: as the reference says, whatever the passes."""

import asyncio
import json
import os
from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Final

import pytest

import llmc
from llmc_compiler.ir.graph import Graph, Node, all_nodes, needed
from llmc_compiler.lowering.inlining import grafting
from llmc_compiler.lowering.inlining.grafting import PlanCall
from llmc_grammar.source import Source
from tests.semantics.called_plans import differences, family
from tests.semantics.compared import TOOLBOX, WORLD

SEEDS: Final = range(int(os.environ.get("LLMC_PLANS", "1000")) // 250)
"""A plan with those that it calls takes as long as several others."""


@pytest.mark.parametrize("optimized", [False, True])
def test_a_run_does_what_the_reference_says(*, optimized: bool) -> None:
    """Values, results, errors, skipped tasks and the order of writes are those of the reference."""
    found = [*islice(differences(SEEDS, llmc.PIPELINE if optimized else ()), 3)]
    assert not found, "\n".join(found)


def test_what_is_printed_means_the_same() -> None:
    """The printed plan, compiled with the same tools and plans, prints the same and has the same value and writes."""
    with asyncio.Runner() as runner:
        for seed in SEEDS:
            found = family(seed)
            text, known = found.compiled().to_llmc(), found.called()
            assert llmc.compile(text, TOOLBOX, plans=known, passes=()).to_llmc() == text
            WORLD.begin(seed)
            run = runner.run(llmc.compile(text, TOOLBOX, plans=known).run(found.inputs))
            assert run.value == found.expected().value, f"{found}\n--- printed\n{text}"


@pytest.mark.parametrize("optimized", [False, True])
def test_what_is_saved_is_read(*, optimized: bool) -> None:
    """The graph as JSON data is read back with its places, without the plans that are called."""
    for seed in SEEDS:
        program = family(seed).compiled(llmc.PIPELINE if optimized else ())
        graph = llmc.Graph.from_json(json.loads(json.dumps(program.to_json())), TOOLBOX)
        assert graph == program.graph
        assert [node.span for node in all_nodes(graph)] == [node.span for node in all_nodes(program.graph)]


def test_a_lost_write_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    """An inliner that keeps only what the value of a call needs loses writes of some plans."""
    whole = grafting.inline

    def forgetful(call: PlanCall, files: Mapping[Source, int]) -> Iterator[Node]:
        nodes = {node.id: node for node in whole(call, files)}
        kept = needed(Graph(nodes, {}), [call.place])
        yield from (node for key, node in nodes.items() if key in kept)

    monkeypatch.setattr(grafting, "inline", forgetful)
    assert next(differences(SEEDS), None) is not None


def test_a_skipped_argument_skips_a_call_behind_a_failed_write() -> None:
    """A read inside that the failed write would block is not reached: its call has no arguments."""
    inner = "input n: any\n\na = count_b() for y in row_a($n)\nb = put_a(1) for x in $n if int($x) > 0\n"
    more = llmc.compile(inner, TOOLBOX)
    text = 'c = inbox() if false\ne = more({"k": 0}) @fallback(0)\nf = more($c)\n'
    WORLD.begin(1)
    run = llmc.compile(text, TOOLBOX, plans={"more": more}, passes=()).run_sync()
    assert set(run.skipped) == {"c", "f"}
    assert "f" not in run.errors
