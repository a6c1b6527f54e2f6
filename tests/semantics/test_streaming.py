"""Plans that run while they arrive do what whole plans do, however their text is cut; broken ones write nothing."""

import asyncio
from collections.abc import AsyncIterator, Iterable, Iterator, Sequence
from itertools import islice
from random import Random

import pytest

import llmc
from llmc_compiler import session
from llmc_compiler.ir import order_edges
from llmc_compiler.ir.graph import Node
from llmc_grammar import print_plan
from llmc_grammar.ast import Argument, Call, Input, Plan, Task
from tests.patience import PATIENCE
from tests.semantics import seeds
from tests.semantics.compared import WORLD, Difference, Trial, with_plans
from tests.semantics.generator import Sample, random_family

SEEDS = seeds.SEEDS[::4]
LONGEST_PIECE = 12


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


async def run_streamed(text: str, tools: llmc.Toolbox) -> llmc.Run:
    """Run a plan while it arrives."""
    arriving = pieces(text, Random(text))
    return await llmc.run_stream(arriving, tools, mode="strict", bounds=llmc.Bounds.FILE)


def headless(plan: Plan) -> Plan:
    """The plan with calls that give their defaults in the place of its inputs, so that as little is known of them."""
    tasks = (
        Task(line.name, Call("echo", (Argument(None, line.default),)))
        if isinstance(line, Input) and line.default is not None
        else line
        for line in plan.statements
    )
    return Plan(tuple(tasks))


def streamed_differences(chosen: Iterable[int]) -> Iterator[Difference]:
    """Where plans that run while they arrive and the reference do not agree."""
    with asyncio.Runner() as runner:
        for seed in chosen:
            sample = random_family(Random(seed))
            trial = Trial.of(Sample(headless(sample.plan), {}, sample.plans), seed)
            WORLD.begin(seed)
            found = trial.difference(runner.run(run_streamed(trial.text, trial.tools)), "streamed", complete=False)
            if found is not None:
                yield found


def test_a_streamed_run_does_what_the_reference_says() -> None:
    """Value, results, errors, skipped tasks and the order of writes do not depend on how the text arrives."""
    found = list(islice(streamed_differences(SEEDS), seeds.SHOWN))
    assert not found, "\n" + "\n".join(map(str, found))


def broken_plans(chosen: Sequence[int]) -> int:
    """How many plans with a mistake in their last line wrote something all the same."""
    wrote = 0
    for seed in chosen:
        sample = random_family(Random(seed))
        text = print_plan(sample.plan).rpartition("input ")[2].partition("\n")[2]
        text = text.rpartition("join(")[0] + "join($nobody)\n"
        WORLD.begin(seed)
        with pytest.raises(llmc.CompileError):
            asyncio.run(run_streamed(text, with_plans(sample.plans)))
        wrote += any(WORLD.state.effects.values())
    return wrote


def test_a_plan_with_a_mistake_writes_nothing() -> None:
    """Whatever was started early, no write was."""
    assert broken_plans(SEEDS) == 0


def test_writes_that_start_early_are_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    """The count above is not blind: with writes handed over as soon as they are read, it is not zero."""
    monkeypatch.setattr(session, "_may_start_early", lambda _node: True)
    monkeypatch.setattr(order_edges.Hazards, "place", lambda _self, node: node)
    assert broken_plans(SEEDS[:100]) > 0


def test_reads_that_overtake_writes_are_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nor is the first: reads that start before the writes above them see something else."""

    def is_a_read(node: Node) -> bool:
        return not any(effect.is_write for effect in node.effects)

    monkeypatch.setattr(session, "_may_start_early", is_a_read)
    monkeypatch.setattr(order_edges.Hazards, "place", lambda _self, node: node)
    assert next(streamed_differences(SEEDS[:200]), None) is not None


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
