"""Plans that run while they arrive do what whole plans do, however their text is cut; broken ones write nothing."""

import asyncio
import os
from collections.abc import AsyncIterator, Mapping, Sequence
from itertools import islice
from random import Random

import pytest

import llmc
from llmc_compiler import order, session
from llmc_compiler.graph import Node
from llmc_compiler.pipeline import PIPELINE, Pass
from llmc_grammar import print_plan
from tests.reference.operators import Json
from tests.semantics.compared import TOOLBOX, WORLD, differences
from tests.semantics.generator import random_sample

SEEDS = range(int(os.environ.get("LLMC_PLANS", "500")))
LONGEST_PIECE = 12
PATIENCE = 10
"""Seconds after which a run that should go on is given up."""


@pytest.fixture(autouse=True)
def _at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Retries follow without delay."""
    monkeypatch.setattr("llmc_runtime.retry.FIRST_DELAY", 0.0)


async def pieces(text: str, rng: Random) -> AsyncIterator[str | bytes]:
    """The text in pieces of random length, some as bytes cut anywhere; tools run between them."""
    data: str | bytes = text.encode() if rng.random() < 0.5 else text
    at = 0
    while at < len(data):
        size = rng.randint(1, LONGEST_PIECE)
        yield data[at : at + size]
        at += size
        for _ in range(rng.randrange(3)):
            await asyncio.sleep(0)


def run_streamed(text: str, _inputs: Mapping[str, Json], passes: Sequence[Pass]) -> llmc.Run:
    """Run a plan while it arrives."""
    rng = Random(text)
    return asyncio.run(
        llmc.run_stream(pieces(text, rng), TOOLBOX, mode="strict", passes=passes, bounds=llmc.Bounds.FILE)
    )


def test_a_streamed_run_does_what_the_reference_says() -> None:
    """Value, results, errors, skipped tasks and the order of writes do not depend on how the text arrives."""
    found = list(islice(differences(SEEDS, PIPELINE, run=run_streamed, header=False), 3))
    assert not found, "\n" + "\n".join(map(str, found))


def broken_plans(seeds: Sequence[int]) -> int:
    """How many plans with a mistake in their last line wrote something all the same."""
    wrote = 0
    for seed in seeds:
        text = print_plan(random_sample(Random(seed)).plan).rpartition("input ")[2].partition("\n")[2]
        text = text.rpartition("join(")[0] + "join($nobody)\n"
        WORLD.begin(seed)
        with pytest.raises(llmc.CompileError):
            run_streamed(text, {}, PIPELINE)
        wrote += any(WORLD.state.effects.values())
    return wrote


def test_a_plan_with_a_mistake_writes_nothing() -> None:
    """Whatever was started early, no write was."""
    assert broken_plans(SEEDS) == 0


def test_writes_that_start_early_are_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    """The count above is not blind: with writes handed over as soon as they are read, it is not zero."""
    monkeypatch.setattr(session, "_may_start_early", lambda _node: True)
    monkeypatch.setattr(order.Hazards, "place", lambda _self, node: node)
    assert broken_plans(SEEDS[:100]) > 0


def test_reads_that_overtake_writes_are_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nor is the first: reads that start before the writes above them see something else."""

    def is_a_read(node: Node) -> bool:
        return not any(effect.is_write for effect in node.effects)

    monkeypatch.setattr(session, "_may_start_early", is_a_read)
    monkeypatch.setattr(order.Hazards, "place", lambda _self, node: node)
    found = differences(SEEDS[:200], PIPELINE, run=run_streamed, header=False)
    assert next(found, None) is not None


def test_nothing_is_buffered() -> None:
    """A source that holds its last line back until the first tool has ended gets to its end."""
    ended = asyncio.Event()

    @llmc.pure
    async def first() -> str:
        """Ends as soon as it is called."""
        ended.set()
        return "first"

    async def text() -> AsyncIterator[str]:
        yield "1. first()\n"
        await ended.wait()
        yield "join($1)"

    async def run() -> llmc.Run:
        async with asyncio.timeout(PATIENCE):
            return await llmc.run_stream(text(), llmc.Toolbox([first]))

    assert asyncio.run(run()).value == "first"
