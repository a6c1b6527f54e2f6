"""What was meant in a conversation is written, once and in order, and nothing else."""

import os
from collections.abc import Iterable
from typing import Final

import pytest

from tests.agent.talks.generator import random_talk
from tests.agent.talks.judge import Tally, judged, report
from tests.agent.talks.play import play, runner

FIRST: Final = int(os.environ.get("LLMC_SEED", "0"))
TALKS: Final = int(os.environ.get("LLMC_TALKS", "2000"))
CHUNK: Final = 500
"""Conversations in one test: so many have some of every kind."""

SHOWN: Final = 3
"""How many conversations are shown where the law does not hold."""

MOST_MISSING: Final = 0.0
"""The share of writes that were meant, allowed and clear, and may be missing."""

LEAST: Final = {
    "cut": 0.1,
    "thought": 0.2,
    "repair": 0.3,
    "renumbering": 0.08,
    "repeat": 0.2,
    "undo": 0.03,
    "faults": 0.2,
    "in doubt": 0.01,
    "given back": 0.08,
    "held": 0.15,
    "history": 0.1,
    "unfinished": 0.03,
    "no plan": 0.03,
    "moved": 0.03,
    "contradiction": 0.01,
    "tag in a text": 0.01,
    "replan": 0.3,
}
"""The least share of conversations of each kind."""


def tallied(seeds: Iterable[int]) -> tuple[Tally, list[str]]:
    """What conversations come to, and reports of those in which the law does not hold."""
    tally, reports = Tally(), []
    with runner() as run:
        for seed in seeds:
            talk = random_talk(seed)
            played = play(talk, run)
            verdict = judged(talk, played)
            tally.add(talk, verdict)
            if verdict.wrong or verdict.missing:
                reports.append(report(talk, played, verdict))
    return tally, reports


@pytest.mark.parametrize("first", range(FIRST, FIRST + TALKS, CHUNK))
def test_what_was_meant_is_written_and_nothing_else(first: int) -> None:
    """No write that was not meant, none twice, none out of order or too early; and none is missing."""
    tally, reports = tallied(range(first, min(first + CHUNK, FIRST + TALKS)))
    print(tally)  # noqa: T201 — figures to report
    shown = "\n\n".join(reports[:SHOWN])
    assert not tally.wrong, shown
    assert tally.missing_share <= MOST_MISSING, shown
    few = {kind: tally.share(kind) for kind, least in LEAST.items() if tally.share(kind) < least}
    assert tally.talks < CHUNK or not few


def test_a_seed_is_a_conversation() -> None:
    """The same seed makes the same conversation, and another seed another one."""
    assert random_talk(7) == random_talk(7)
    assert random_talk(7) != random_talk(8)
