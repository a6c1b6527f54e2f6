"""Every target under the engine, after a fault that is planted to show that the engine finds any.

python -m tests.fuzz [TARGET…]

LLMC_SECONDS is the time for each target (30), LLMC_SEED the seed (chosen, and printed).
"""

import os
import random
import sys
from collections.abc import Generator
from concurrent.futures import ThreadPoolExecutor
from typing import Final

from tests.fuzz.campaign import Campaign, campaign, kept
from tests.fuzz.findings import corpus
from tests.fuzz.targets import TARGETS

PLANTED_RUNS: Final = 100_000
"""Executions in which the planted fault is found with whatever seed; most need a tenth of them."""


def main(targets: list[str]) -> int:
    """The exit status: 1 where a fault was found, or the planted one was not."""
    lines = report(targets)
    while True:
        try:
            print(next(lines), flush=True)  # noqa: T201 — it is what was asked for
        except StopIteration as end:
            return int(end.value)


def report(targets: list[str]) -> Generator[str, None, int]:
    """What the engine does, line by line; then the exit status."""
    unknown = [target for target in targets if target not in TARGETS]
    if unknown:
        yield f"no target is called {', '.join(unknown)}: there are {', '.join(TARGETS)}"
        return 2
    seconds = int(os.environ.get("LLMC_SECONDS", "30"))
    seed = int(os.environ.get("LLMC_SEED", "0")) or random.randrange(1, 2**31)
    yield f"LLMC_SEED={seed}, {seconds} s a target"
    if not campaign("planted", f"-runs={PLANTED_RUNS}", seed=seed).found:
        yield "the engine is blind: it did not find the fault in tests/fuzz/targets/planted.py"
        return 1

    def fuzzed(target: str) -> Campaign:
        return campaign(target, f"-max_total_time={seconds}", seed=seed)

    yield f"{'target':15}{'executions':>12}{'edges':>8}  found"
    is_clean = True
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        for done in pool.map(fuzzed, targets or TARGETS):
            yield f"{done.target:15}{done.executions:12,}{done.edges:8,}  {len(done.found) or 'nothing'}"
            yield from (f"  {path}" for path in kept(done, corpus(done.target)))
            is_clean = is_clean and not done.found
    return int(not is_clean)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
