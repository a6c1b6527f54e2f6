"""Random plans, compiled and run with tools that end in random order: as the reference says, whatever the passes."""

import os
from itertools import islice

import pytest

from llmc_compiler.pipeline import PIPELINE, Pass
from tests.semantics.compared import differences, reduced
from tests.semantics.naive import NaiveDedup, NaiveOrder, NaivePrune

SEEDS = range(int(os.environ.get("LLMC_PLANS", "1000")))
SHOWN = 3


@pytest.fixture(autouse=True)
def _at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Retries follow without delay."""
    monkeypatch.setattr("llmc_runtime.call.FIRST_DELAY", 0.0)


@pytest.mark.parametrize("passes", [(), PIPELINE], ids=["no passes", "all passes"])
def test_a_run_does_what_the_reference_says(passes: tuple[Pass, ...]) -> None:
    """Value, results, errors, skipped tasks and the order of writes on each resource are those of the reference."""
    found = [reduced(difference, passes) for difference in islice(differences(SEEDS, passes), SHOWN)]
    assert not found, "\n" + "\n".join(map(str, found))


def test_a_difference_is_reduced() -> None:
    """What is shown of a difference still is one, and needs each of its tasks."""
    passes = (NaivePrune(),)
    found = max(islice(differences(SEEDS, passes), SHOWN), key=lambda difference: len(difference.text))
    small = reduced(found, passes)
    assert 0 < len(small.text) < len(found.text)
    assert small.text in str(small)
    assert small == reduced(small, passes)


@pytest.mark.parametrize("naive", [NaiveOrder(), NaiveDedup(), NaivePrune()], ids=lambda naive: naive.name)
def test_a_naive_pass_is_noticed(naive: Pass) -> None:
    """A pass that forgets about effects changes the meaning of some of the same plans; the share is printed."""
    seeds = SEEDS[:200]
    share = sum(1 for _ in differences(seeds, (naive,))) / len(seeds)
    print(f"{naive.name}: {share:.1%} of the plans mean something else")  # noqa: T201 (a figure to report)
    assert share > 0
