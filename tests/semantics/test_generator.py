"""The random plans themselves: always the same ones, and rich enough to be worth running."""

from random import Random

import pytest

from tests.reference.interpreter import interpret
from tests.reference.outcome import State
from tests.semantics.coverage import Coverage, coverage
from tests.semantics.generator import random_family, random_plan
from tests.semantics.world import TOOLSET

LEAST = Coverage(
    conflicts=0.3,
    skips=0.2,
    failures=0.2,
    writing_loops=0.1,
    repeated_calls=0.2,
    empty_loops=0.1,
    effects=0.4,
    values=0.4,
    steps=0.1,
    slices=0.1,
    lists_in_place=0.1,
    calling_lists=0.1,
    several_loops=0.1,
    functions=0.1,
    formats=0.1,
    plans=0.1,
)


def test_plans_reach_what_is_hard() -> None:
    """Enough plans have conflicts, skips, failures, repeated calls, and loops that write or do nothing."""
    found = coverage([random_family(Random(seed)) for seed in range(500)])
    print(found)  # noqa: T201 (shown when the test fails, or on request)
    scarce = [name for name in Coverage.__slots__ if getattr(found, name) < getattr(LEAST, name)]
    assert not scarce, str(found)


def test_a_seed_is_a_plan() -> None:
    """A seed always gives the same plan, and another seed another one."""
    assert random_plan(Random(1)) == random_plan(Random(1))
    assert random_plan(Random(1)) != random_plan(Random(2))


@pytest.mark.parametrize("seed", range(20))
def test_the_reference_is_deterministic(seed: int) -> None:
    """A plan has one outcome, whether its state is given or not."""
    sample = random_family(Random(seed))
    first = interpret(sample.plan, TOOLSET, sample.inputs, plans=sample.plans)
    assert first == interpret(sample.plan, TOOLSET, sample.inputs, State(), sample.plans)
