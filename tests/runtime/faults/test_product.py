"""Every fault of a tool, with every effect, under both policies, at every position: 0 unexpected outcomes.

Not in the product, and why: T4 needs threads, T5 a loop that is really blocked and T9 a process; they have tests of
their own.
"""

import subprocess
import sys

import pytest

from tests.patience import PATIENCE
from tests.runtime.faults.faulty import EFFECTS, ROWS
from tests.runtime.faults.observed import POLICIES, POSITIONS, cases, ours

pytestmark = pytest.mark.no_cover  # each fault has a test that counts


@pytest.mark.parametrize("effect", EFFECTS)
@pytest.mark.parametrize("name", ROWS)
def test_every_fault_has_its_outcome(name: str, effect: str) -> None:
    """A value or a typed error, in time, with the right number of attempts, and nothing left that is not named."""
    unexpected = {case: wrong + said for case, wrong, said in cases(ours, name, effect) if wrong + said}
    assert not unexpected


def test_a_naive_executor_fails_the_same_tests(capsys: pytest.CaptureFixture[str]) -> None:
    """Judged by what anybody sees, and not by the types of errors, it fails most of the product.

    In a process of its own, since it leaves behind what this one would complain of.
    """
    command = [sys.executable, "-m", "tests.runtime.faults.naive"]
    run = subprocess.run(command, capture_output=True, text=True, check=True, timeout=PATIENCE)
    failed, total = map(int, run.stdout.split())
    with capsys.disabled():
        sys.stdout.write(f"\na naive executor fails {failed:,} of {total:,} cases, and the runtime none\n")
    assert total == len(ROWS) * len(EFFECTS) * len(POLICIES) * len(POSITIONS)
    assert failed > total / 2
