"""Every compile of a plan is the same: whatever the hash seed, the order of tools, and the pieces the text comes in."""

import os
import subprocess
import sys
from pathlib import Path
from random import Random

import pytest

from llmc_compiler.compiler import IncrementalCompiler
from llmc_compiler.diagnostics.plan_errors import CompileError
from llmc_compiler.ir.graph import Graph
from llmc_compiler.ir.printer import print_graph
from llmc_compiler.serialization.graph_json import to_json
from llmc_compiler.steps import Report, Step
from llmc_compiler.tools.toolbox import Toolbox
from llmc_grammar import print_plan
from llmc_grammar.bounds import Bounds
from tests.semantics.compared import TOOLBOX, with_plans
from tests.semantics.generator import random_family
from tests.semantics.printed import digest, spoiled
from tests.semantics.seeds import SEEDS

ROOT = Path(__file__).parents[2]
HASH_SEEDS = ("0", "1", "42", "4294967295")
PLANS = len(SEEDS) // 20


def printed(*arguments: str) -> list[list[str]]:
    """What processes with these hash seeds print of the random plans."""
    command = [sys.executable, "-m", "tests.semantics.printed", *arguments]
    paths = os.pathsep.join(str(ROOT / part) for part in ("", "grammar", "compiler", "runtime"))
    started = [
        subprocess.Popen(
            command,
            stdout=subprocess.PIPE,
            text=True,
            cwd=ROOT,
            env=os.environ | {"PYTHONHASHSEED": seed, "PYTHONPATH": paths},
        )
        for seed in HASH_SEEDS
    ]
    found = [process.communicate()[0].splitlines() for process in started]
    assert not any(process.returncode for process in started)
    return found


def test_no_hash_seed_changes_anything() -> None:
    """Programs, JSON and mistakes are the same, byte by byte."""
    first, *others = printed(str(PLANS))
    assert len(first) == PLANS
    assert others == [first] * len(others)


def test_a_pass_that_goes_through_a_set_is_noticed() -> None:
    """The comparison is not blind: with one naive pass some plans differ from process to process."""
    first, *others = printed("30", "naive")
    assert others != [first] * len(others)


@pytest.fixture(scope="module")
def digests() -> list[str]:
    """What is printed of some plans."""
    return [digest(seed, TOOLBOX) for seed in SEEDS[:60]]


@pytest.mark.parametrize("order", range(3))
def test_the_order_of_tools_changes_nothing(order: int, digests: list[str]) -> None:
    """Whatever is registered first."""
    tools = [*TOOLBOX]
    Random(order).shuffle(tools)
    shuffled = Toolbox(tools)
    assert [*shuffled] != [*TOOLBOX]
    assert [digest(seed, shuffled) for seed in SEEDS[:60]] == digests


def cut(text: str, rng: Random) -> list[str]:
    """The text in pieces: whole, by letters, or of random length."""
    longest = rng.choice((len(text), 1, 7, 40))
    pieces = []
    while text:
        size = rng.randint(1, longest)
        pieces.append(text[:size])
        text = text[size:]
    return pieces


def streamed(pieces: list[str], tools: Toolbox) -> tuple[Graph | None, list[Step], list[str]]:
    """The graph of a text that arrives in pieces, what was handed over on the way, and the mistakes found."""
    front = IncrementalCompiler(tools, mode="strict", bounds=Bounds.FILE, header=True)
    steps = [step for piece in pieces for step in front.feed(piece)]
    try:
        steps += front.close()
    except CompileError as error:
        return None, run_steps(steps), [str(error)]
    return front.graph, run_steps(steps), [str(found) for found in front.diagnostics]


def run_steps(steps: list[Step]) -> list[Step]:
    """Those that the runtime takes: mistakes are compared by place."""
    return [step for step in steps if not isinstance(step, Report)]


@pytest.mark.parametrize("spoil", [False, True], ids=["sound", "spoiled"])
def test_no_way_of_cutting_changes_anything(spoil: bool) -> None:
    """Graphs, with all that they print, steps and mistakes do not depend on the pieces that a text arrives in."""
    failed = 0
    for seed in SEEDS[:60]:
        rng = Random(seed)
        sample = random_family(rng)
        text, tools = print_plan(sample.plan), with_plans(sample.plans)
        text = spoiled(text, rng) if spoil else text
        whole = streamed([text], tools)
        failed += whole[0] is None
        for _ in range(3):
            found = streamed(cut(text, rng), tools)
            assert found == whole, text
            assert faces(found[0]) == faces(whole[0])
    assert spoil == bool(failed)


def faces(graph: Graph | None) -> tuple[str, object] | None:
    """What is printed of a graph."""
    return None if graph is None else (print_graph(graph), to_json(graph))
