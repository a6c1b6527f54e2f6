"""The verdict of a benchmark with targets, on figures that are made up: a fake clock says how long each run takes."""

import sys
from collections.abc import Callable

import pytest

from benchmarks.measurement import PATIENCE, Row, Sides, Work, measured, run_rows
from benchmarks.ratios import Ratio, over, verdict


class FakeClock:
    """A clock that only runs move."""

    def __init__(self) -> None:
        self.now = 0.0
        self.runs = 0

    def __call__(self) -> float:
        """The time."""
        return self.now

    def work(self, *seconds: float) -> Work:
        """Runs that take these times in turn, the last one for ever."""
        left = list(seconds)

        async def run() -> None:
            self.runs += 1
            self.now += left.pop(0) if len(left) > 1 else left[0]

        return lambda: run


def row(ours: tuple[float, ...], *, name: str = "a task", most: float | None = 2.0) -> Row:
    """A row whose other side takes a second."""
    clock = FakeClock()
    return Row(name, "a second", lambda: Sides(clock.work(*ours), clock.work(1.0)), most, clock=clock)


Checking = Callable[..., tuple[int, str]]


@pytest.fixture
def checking(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Checking:
    """Run a benchmark with options; the result is its exit status and output."""

    def run(*rows: Row, options: tuple[str, ...] = ("--check",)) -> tuple[int, str]:
        monkeypatch.setattr(sys, "argv", ["overhead", *options])
        status = run_rows(rows, None, 2)
        return status, capsys.readouterr().out

    return run


@pytest.mark.parametrize(("ours", "count"), [(1.9, 0), (2.0, 0), (2.1, 1), (40.0, 1)])
def test_a_ratio_holds_up_to_its_target(ours: float, count: int) -> None:
    """A ratio at its target is not over, and one above it is."""
    ratio = Ratio("a task", ours, "loop by hand", 1.0, 2.0)
    assert len(over([ratio])) == count
    status, words = verdict([ratio])
    assert status == count
    assert ("a task" in words) == bool(count)


def test_the_verdict_names_only_what_is_over() -> None:
    """Rows within their targets and rows without one are not named."""
    high, low = Ratio("high", 3.0, "loop", 1.0, 2.0), Ratio("low", 1.0, "loop", 1.0, 2.0)
    status, words = verdict([low, high, Ratio("free", 9.0, "loop", 1.0)])
    assert status == 1
    assert words.startswith("1 of 2 ratios")
    assert [name for name in ("high", "low", "free") if name in words] == ["high"]


def test_a_check_of_nothing_fails() -> None:
    """Without a row that has a target nothing is checked, and the status says so."""
    assert verdict([Ratio("free", 9.0, "loop", 1.0)])[0] == 1
    assert verdict([])[0] == 1


def test_a_row_over_its_target_fails_the_check(checking: Checking) -> None:
    """The exit status is 1, and the last lines name the row."""
    status, printed = checking(row((1.5,), name="quick"), row((3.0,), name="slow"))
    assert status == 1
    assert "slow" in printed.rpartition("\n\n")[2]
    assert "quick" not in printed.rpartition("\n\n")[2]


def test_rows_within_their_targets_pass_the_check(checking: Checking) -> None:
    """The exit status is 0."""
    assert checking(row((1.5,)), row((1.9,)))[0] == 0


def test_without_check_a_row_may_be_over(checking: Checking) -> None:
    """A table is for reading: its status is 0, and the row is marked."""
    status, printed = checking(row((3.0,)), options=())
    assert status == 0
    assert printed.rstrip().endswith("over")


def test_a_check_leaves_out_rows_without_target(checking: Checking) -> None:
    """They are measured for the table alone."""
    free = row((9.0,), name="free", most=None)
    assert "free" not in checking(free, row((1.0,)))[1]
    assert "free" in checking(free, options=())[1]


def test_only_chooses_rows_by_name(checking: Checking) -> None:
    """The others are not measured, so their targets do not count."""
    assert checking(row((1.0,), name="quick"), row((3.0,), name="slow"), options=("--check", "--only", "quick"))[0] == 0
    assert checking(row((1.0,), name="quick"), row((3.0,), name="slow"), options=("--check", "--only", "slow"))[0] == 1


def test_the_shortest_run_counts() -> None:
    """A busy machine makes single runs longer, never shorter."""
    assert measured(row((9.0, 1.5)), 2).value == pytest.approx(1.5)


def test_a_check_measures_a_high_row_again() -> None:
    """It stops at the first minimum within the target, and gives up after some turns."""
    assert measured(row((9.0, 9.0, 1.5)), 2, PATIENCE).value == pytest.approx(1.5)
    clock = FakeClock()
    high = Row("high", "a second", lambda: Sides(clock.work(9.0), clock.work(1.0)), 2.0, clock=clock)
    assert measured(high, 2, PATIENCE).is_over
    assert clock.runs == 2 * 2 * PATIENCE


def test_a_ratio_is_that_of_tasks() -> None:
    """Runs of different sizes are compared by task."""
    clock = FakeClock()
    large = Row("large", "small", lambda: Sides(clock.work(30.0), clock.work(1.0), 10, 1), clock=clock)
    assert measured(large, 2).value == pytest.approx(3.0)
