"""Every fault of a tool, with every effect, under both policies, at every position: 0 unexpected outcomes.

Not in the product, and why: T4 needs threads, T5 a loop that is really blocked and T9 a process; they have tests of
their own.
"""

import subprocess
import sys

import pytest

from llmc_runtime.calls.tool_call import ToolCall
from tests.patience import PATIENCE
from tests.runtime.faults.faulty import EFFECTS, ROWS
from tests.runtime.faults.observed import POLICIES, POSITIONS, cases, ours


@pytest.mark.parametrize("effect", EFFECTS)
@pytest.mark.parametrize("name", ROWS)
def test_every_fault_has_its_outcome(name: str, effect: str) -> None:
    """A value or a typed error, in time, with the right number of attempts, and nothing left that is not named."""
    unexpected = {case: wrong + said for case, wrong, said in cases(ours, name, effect) if wrong + said}
    assert not unexpected


@pytest.mark.parametrize("effect", ["idempotent", "write with a key"])
@pytest.mark.parametrize("name", ["T3 swallows its cancellation", "T3 is slow to cancel"])
def test_a_call_that_does_not_wait_fails_the_same_tests(
    name: str, effect: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """T21: where a write that was given up is not waited for, its attempts overlap in every case."""
    monkeypatch.setattr(ToolCall, "_wait_for", lambda self, _running, _turn, error: self._timed_out(error))
    assert all("2 attempts of a write at once" in wrong for _, wrong, _ in cases(ours, name, effect))


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
