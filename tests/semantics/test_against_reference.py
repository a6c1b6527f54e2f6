"""Random plans, compiled and run with tools that end in random order: as the reference says, whatever the passes."""

from collections.abc import Mapping
from itertools import islice
from random import Random

import pytest

import llmc
from llmc_compiler.expressions import value_parts
from llmc_compiler.expressions.operators import OperandError
from llmc_compiler.expressions.terms import Json
from llmc_compiler.passes.pipeline import PIPELINE
from llmc_compiler.passes.stages import Pass, optimize
from llmc_grammar import parse
from llmc_runtime.errors import PlanError
from llmc_runtime.scheduler import readiness
from llmc_runtime.state.instance import Instance
from tests.semantics.compared import Passes, Trial, after, differences, in_trials, reduced
from tests.semantics.generator import Sample, random_family
from tests.semantics.naive import NaiveDedup, NaiveFold, NaiveHoist, NaiveLoops, NaiveOrder, NaivePrune
from tests.semantics.seeds import SEEDS, SHOWN


def ways(seed: int) -> Mapping[str, Passes]:
    """No passes, each alone, all of them, and some in any order and more than once."""
    mixed = Random(seed).choices(PIPELINE, k=5)
    alone = {known.name: (known,) for known in PIPELINE}
    return {"": (), **alone, "all": PIPELINE, ", ".join(known.name for known in mixed): mixed}


def test_a_run_does_what_the_reference_says() -> None:
    """Value, results, errors, skipped tasks and the order of writes on each resource are those of the reference.

    Every plan is run without passes, after each alone, after all, and after a random sequence of them.
    """
    found = [
        str(reduced(difference, ways(difference.seed)[difference.way]))
        for difference in islice(differences(SEEDS, ways), SHOWN)
    ]
    assert not found, "\n" + "\n".join(found)


WERE_WRONG = [
    "a = [echo($x) for x in items(2)] @fallback(0)\njoin($a)\n",
    "a = [refuse($x) for x in items(2)] @fallback(0)\njoin(1)\n",
    "a = rows() if false\njoin(km=more($a), k=more(1, [$a]), if=1)\n",
    "a = rows() if false\nb = rows()\nmore($a, $b.nope)\njoin(1)\n",
    'a = more(7, "b")\njoin(1)\n',
    "a = size($z) for x in [1, 2] if $x for y in range(2) for z in rows()\njoin($a)\n",
]
"""Plans on which a run and the reference did not agree, or that could not be run."""

MORE = """
input n: any
input m: any = 1
put_a("${m.k}") if $n == 7
put_a($n)
send(1)
join($n, $m)
"""
"""A plan that some of them call."""


@pytest.mark.parametrize("text", WERE_WRONG)
def test_a_plan_that_was_wrong_is_right(text: str) -> None:
    """As the random plans, whatever the passes."""
    sample = Sample(parse(text).plan, {}, {"more": parse(MORE).plan})
    found = list(in_trials([Trial.of(sample, 0)], ways))
    assert not found, str(found[0])


@pytest.mark.parametrize("seed", range(20))
def test_passes_run_afterwards_are_those_of_the_compiler(seed: int) -> None:
    """A plan lowered once and optimised in each way is the plan compiled in that way."""
    trial = Trial.of(random_family(Random(seed)), seed)
    for passes in ways(seed).values():
        assert optimize(trial.program().graph, passes) == llmc.compile(trial.text, trial.tools, passes=passes).graph


def test_a_difference_is_reduced() -> None:
    """What is shown of a difference still is one, and needs each of its tasks."""
    passes = (NaivePrune(),)
    found = max(islice(differences(SEEDS, after(passes)), SHOWN), key=lambda difference: len(difference.text))
    small = reduced(found, passes)
    assert 0 < len(small.text) < len(found.text)
    assert small.text in str(small)
    assert small == reduced(small, passes)


def test_a_fallback_that_excuses_a_write_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where a failed write with a fallback blocks nothing, some plans mean something else."""
    note = readiness.note_failure

    def excuse(instance: Instance, error: PlanError) -> None:
        instance.error = error
        if getattr(instance.node.op, "fallback", None) is None:
            note(instance, error)

    monkeypatch.setattr(readiness, "note_failure", excuse)
    assert next(differences(SEEDS, after(())), None) is not None


def test_a_slice_that_fails_at_its_bound_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where a bound beyond the end is an error, some plans mean something else."""
    part = value_parts.sliced

    def strict(value: Json, start: int | None, stop: int | None, place: str) -> Json:
        if isinstance(value, (str, list)) and max(start or 0, stop or 0) > len(value):
            raise OperandError(place)
        return part(value, start, stop, place)

    monkeypatch.setattr("llmc_compiler.expressions.evaluation.sliced", strict)
    assert next(differences(SEEDS[:100], after(())), None) is not None


NAIVE = [NaiveOrder(), NaiveLoops(), NaiveFold(), NaiveHoist(), NaiveDedup(), NaivePrune()]


@pytest.mark.parametrize("naive", NAIVE, ids=lambda naive: naive.name)
def test_a_naive_pass_is_noticed(naive: Pass) -> None:
    """A pass that forgets about effects, failures or empty loops changes what some plans mean; the share is printed."""
    seeds = SEEDS[:120]
    share = sum(1 for _ in differences(seeds, after((naive,)))) / len(seeds)
    print(f"{naive.name}: {share:.1%} of the plans mean something else")  # noqa: T201 (a figure to report)
    assert share > 0
