"""Plans that mean something else as soon as one thing is wrong: `plans.md`, for the tools of the random plans."""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

from llmc_compiler.passes.pipeline import PIPELINE
from llmc_grammar import parse
from tests.semantics.compared import WORLD, Difference, Passes, Trial, in_trials
from tests.semantics.generator import Sample
from tests.semantics.hostile import run_hostile

PLANS: Final[Mapping[str, str]] = dict(
    re.findall(
        r"^## (.+)\n(?:(?!## |```).*\n)*```llmc\n((?:(?!```).*\n)*)```$",
        Path(__file__).with_name("plans.md").read_text(encoding="utf-8"),
        re.MULTILINE,
    )
)
"""The plans by their headings."""


def ways(_: int) -> Mapping[str, Passes]:
    """No passes, each alone, all of them."""
    return {"": (), **{known.name: (known,) for known in PIPELINE}, "all": PIPELINE}


def differences(text: str) -> Iterator[Difference]:
    """Where a plan and the reference do not agree: after no passes, each alone, all, and all in the worst order."""
    trial = Trial.of(Sample(parse(text).plan, {}), 0)
    yield from in_trials([trial], ways)
    WORLD.begin(0)
    found = trial.difference(run_hostile(trial.program(PIPELINE), {}), "all, in the worst order", complete=False)
    if found is not None:
        yield found
