"""Show a conversation and its verdict: python -m tests.agent.talks SEED; without one, a tally of many: FIRST LAST."""

import sys

from tests.agent.talks.generator import random_talk
from tests.agent.talks.judge import Tally, judged, report
from tests.agent.talks.play import play, runner


def main(first: int, last: int | None = None) -> None:
    """Show one conversation; or a tally of many, and the seeds that are wrong."""
    with runner() as run:
        if last is None:
            talk = random_talk(first)
            played = play(talk, run)
            print(report(talk, played, judged(talk, played)))  # noqa: T201 — it is what was asked for
            return
        tally = Tally()
        for seed in range(first, last):
            talk = random_talk(seed)
            verdict = judged(talk, play(talk, run))
            tally.add(talk, verdict)
            if verdict.wrong or verdict.missing:
                found = sorted(
                    {*(what for what, _ in verdict.wrong), *(f"missing ({why})" for why, _ in verdict.missing)}
                )
                print(seed, *found, *sorted(talk.kinds), sep=", ")  # noqa: T201 — the same
        print(tally)  # noqa: T201 — the same


main(*map(int, sys.argv[1:3]))
