"""Plans that mean something else as soon as one thing is wrong: `plans.md`, for the tools of the random plans."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from llmc_compiler.passes.pipeline import PIPELINE
from llmc_grammar import parse
from llmc_runtime.program.program import Program
from tests.semantics.compared import WORLD, Difference, Passes, Trial, in_trials
from tests.semantics.generator import Sample
from tests.semantics.hostile import run_hostile


@dataclass(frozen=True, slots=True)
class Case:
    """A plan, and the text of the plan `other` where it calls that."""

    text: str
    other: str

    def trial(self) -> Trial:
        """The plan, and what the reference says of it."""
        plans = {"other": parse(self.other).plan} if self.other else {}
        return Trial.of(Sample(parse(self.text).plan, {}, plans), 0)


PLANS: Final[Mapping[str, Case]] = {
    heading: Case(text, other)
    for heading, other, text in re.findall(
        r"^## (.+)\n(?:(?!## |```).*\n)*(?:```llmc other\n((?:(?!```).*\n)*)```\n\n)?"
        r"```llmc\n((?:(?!```).*\n)*)```$",
        Path(__file__).with_name("plans.md").read_text(encoding="utf-8"),
        re.MULTILINE,
    )
}
"""The plans by their headings."""


def ways(_: int) -> Mapping[str, Passes]:
    """No passes, each alone, all of them."""
    return {"": (), **{known.name: (known,) for known in PIPELINE}, "all": PIPELINE}


def differences(case: Case) -> Iterator[Difference]:
    """Where a plan and the reference do not agree: after no passes, each alone, all, and all in the worst order."""
    trial = case.trial()
    yield from in_trials([trial], ways)
    WORLD.begin(0)
    found = trial.difference(run_hostile(trial.program(PIPELINE), {}), "all, in the worst order", complete=False)
    if found is not None:
        yield found


def reprinted(case: Case) -> Iterator[tuple[str, str, Difference | None]]:
    """What a plan prints after no passes, each alone and all; what that prints; and where its run is another."""
    trial = case.trial()
    for way, passes in ways(0).items():
        text = trial.program(passes).to_llmc()
        again = Program.of(parse(text), trial.tools, passes=())
        WORLD.begin(0)
        yield text, again.to_llmc(), trial.difference(again.run_sync(), way, complete=False)
