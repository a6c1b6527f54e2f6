"""A plan that was mended by its planner while it ran does what it would have done without its mistakes."""

import asyncio
import os
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from random import Random

import pytest

import llmc
from llmc_grammar import ast, print_statement
from llmc_runtime.agent.agent import Agent
from llmc_runtime.agent.joining.replan_policy import NEVER
from llmc_runtime.cache import call_cache
from tests.agent.fakes import Script
from tests.semantics.compared import TOOLBOX, WORLD
from tests.semantics.generator import random_sample
from tests.semantics.test_streaming import headless, pieces

SEEDS = range(int(os.environ.get("LLMC_PLANS", "500")) // 5)

CALL = re.compile(r"[0-9]+\. (?!join)[a-z_]+\(")
"""A line with a number and a call."""

Found = tuple[object, ...]


def lines_of(seed: int) -> list[str]:
    """The statements of a random plan; it has a join of its own."""
    plan = headless(random_sample(Random(seed)).plan)
    lines = [print_statement(line) for line in plan.statements if isinstance(line, (ast.Task, ast.Join))]
    return lines if isinstance(plan.statements[-1], ast.Join) else [*lines, "join()"]


def outcome(run: llmc.Run) -> Found:
    """What a run gave and did; by themselves, tasks that nobody needs are left out or not."""
    return run.value, dict(run.results), sorted(run.errors), sorted(run.skipped), dict(WORLD.state.effects)


def at_once(lines: Sequence[str], seed: int) -> Found | None:
    """What the plan does when it is right from the beginning; None where it is no plan."""
    WORLD.begin(seed)
    try:
        return outcome(asyncio.run(llmc.run_stream(pieces(text_of(lines), Random(seed)), TOOLBOX)))
    except llmc.CompileError:
        return None


def text_of(lines: Sequence[str]) -> str:
    """Lines as a text whose last one has ended, so that it may write."""
    return "".join(f"{line}\n" for line in lines)


def mended(lines: Sequence[str], seed: int) -> tuple[Found, int] | None:
    """What it does when some of its tools were misspelt at first, and how many calls were not made again."""
    rng = Random(seed)
    numbered = [index for index, line in enumerate(lines) if CALL.match(line)]
    if not numbered:
        return None
    wrong = sorted(rng.sample(numbered, min(len(numbered), rng.randint(1, 2))))
    bad = [line.replace("(", "_nowhere(", 1) if index in wrong else line for index, line in enumerate(lines)]
    WORLD.begin(seed)
    model = Script([text_of(bad), text_of([lines[index] for index in wrong]), "Finish(x)"], size=rng.randint(1, 12))
    answer = asyncio.run(Agent(TOOLBOX, model=model, replan=NEVER).ask("?"))
    return outcome(answer.plans[0].run), answer.reused


@dataclass
class Compared:
    """How many plans were compared, and how many calls of theirs were not made again."""

    plans: int = 0
    shared: int = 0


def differences(seeds: Sequence[int], compared: Compared) -> Iterator[str]:
    """The plans on which the two differ."""
    for seed in seeds:
        lines = lines_of(seed)
        expected = at_once(lines, seed)
        got = None if expected is None else mended(lines, seed)
        if got is not None:
            compared.plans += 1
            compared.shared += got[1]
            if got[0] != expected:
                yield f"seed {seed}\n" + "\n".join(lines) + f"\n{expected}\n{got[0]}"


def test_a_mended_plan_does_what_it_would_have_done() -> None:
    """Values, errors, skipped tasks and the order of writes are the same."""
    compared = Compared()
    found = list(islice(differences(SEEDS, compared), 2))
    assert not found, "\n\n".join(found)
    assert compared.plans > len(SEEDS) / 4
    assert compared.shared > 0


def test_a_memo_that_forgets_nothing_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    """The count above is not blind: with reads that survive writes, some plans differ."""
    monkeypatch.setattr(call_cache.CallCache, "_forget", lambda _self, _write: None)
    assert next(differences(range(250), Compared()), None) is not None
