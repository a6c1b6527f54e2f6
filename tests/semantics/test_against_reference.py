"""Random plans, compiled and run with tools that end in random order: as the reference says, whatever the passes."""

import os
from collections.abc import Iterator
from itertools import islice
from random import Random

import pytest

from llmc_compiler.pipeline import PIPELINE, Pass
from tests.semantics.compared import Difference, differences, reduced
from tests.semantics.naive import NaiveDedup, NaiveFold, NaiveHoist, NaiveOrder, NaivePrune

SEEDS = range(int(os.environ.get("LLMC_PLANS", "1000")))
SHOWN = 3


@pytest.fixture(autouse=True)
def _at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Retries follow without delay."""
    monkeypatch.setattr("llmc_runtime.retry.FIRST_DELAY", 0.0)


@pytest.mark.parametrize("passes", [(), PIPELINE], ids=["no passes", "all passes"])
def test_a_run_does_what_the_reference_says(passes: tuple[Pass, ...]) -> None:
    """Value, results, errors, skipped tasks and the order of writes on each resource are those of the reference."""
    found = [reduced(difference, passes) for difference in islice(differences(SEEDS, passes), SHOWN)]
    assert not found, "\n" + "\n".join(map(str, found))


@pytest.mark.parametrize("number", range(len(PIPELINE)), ids=[known.name for known in PIPELINE])
def test_a_pass_alone_does_what_the_reference_says(number: int) -> None:
    """No pass needs another one; each has its share of the plans."""
    passes = (PIPELINE[number],)
    share = SEEDS[number :: len(PIPELINE)]
    found = [reduced(difference, passes) for difference in islice(differences(share, passes), SHOWN)]
    assert not found, "\n" + "\n".join(map(str, found))


def in_random_orders(seeds: range) -> Iterator[Difference]:
    """What differs after some passes, in any order, some of them more than once."""
    for seed in seeds:
        yield from differences([seed], Random(seed).choices(PIPELINE, k=5))


def test_passes_in_any_order_do_what_the_reference_says() -> None:
    """The order of the pipeline is for the best plan, not for a right one."""
    found = list(islice(in_random_orders(SEEDS[:: len(PIPELINE)]), SHOWN))
    assert not found, "\n" + "\n".join(map(str, found))


def test_a_difference_is_reduced() -> None:
    """What is shown of a difference still is one, and needs each of its tasks."""
    passes = (NaivePrune(),)
    found = max(islice(differences(SEEDS, passes), SHOWN), key=lambda difference: len(difference.text))
    small = reduced(found, passes)
    assert 0 < len(small.text) < len(found.text)
    assert small.text in str(small)
    assert small == reduced(small, passes)


@pytest.mark.parametrize(
    "naive", [NaiveOrder(), NaiveFold(), NaiveHoist(), NaiveDedup(), NaivePrune()], ids=lambda naive: naive.name
)
def test_a_naive_pass_is_noticed(naive: Pass) -> None:
    """A pass that forgets about effects, failures or empty loops changes what some plans mean; the share is printed."""
    seeds = SEEDS[:200]
    share = sum(1 for _ in differences(seeds, (naive,))) / len(seeds)
    print(f"{naive.name}: {share:.1%} of the plans mean something else")  # noqa: T201 (a figure to report)
    assert share > 0


@pytest.mark.parametrize(
    ("name", "fault"),
    [
        ("fold._Terms.may_drop", lambda *_: True),
        ("fold._is_new_null", lambda *_: False),
        ("hoist._length", lambda _: 1),
        ("hoist._anchors", lambda _source, needs: set(needs)),
    ],
    ids=["reads are dropped", "null is compared", "loops are not empty", "failures end the loop"],
)
def test_what_a_pass_asks_for_is_needed(name: str, fault: object, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without one of its conditions, folding or hoisting changes what some plans mean."""
    monkeypatch.setattr(f"llmc_compiler.passes.{name}", fault)
    assert next(differences(SEEDS, PIPELINE[:2]), None) is not None
