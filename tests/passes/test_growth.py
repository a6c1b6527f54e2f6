"""Computed constants are bounded in sum, not only each."""

import pytest

import llmc
from llmc_compiler.passes import fold, term_folding

TEXT = "x" * 190
PLAN = f'a = "{TEXT}"\n' + "".join(f't{n} = "{"$a " * 50}{n}"\n' for n in range(60))


def length(most: int, monkeypatch: pytest.MonkeyPatch) -> int:
    """Characters of the plan with so many of computed constants."""
    monkeypatch.setattr(fold, "GROWTH", most)
    program = llmc.compile(PLAN, llmc.Toolbox())
    assert program.run_sync().results["t0"] == f"{TEXT} " * 50 + "0"
    return len(program.to_llmc())


@pytest.mark.parametrize("most", [10_000, term_folding.GROWTH])
def test_a_plan_grows_by_no_more_than_that(most: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is beyond stays as it is written; the second is the control, which has room for all of it."""
    grown = length(most, monkeypatch) - length(0, monkeypatch)
    assert 0.9 * min(most, 570_000) < grown <= most


def test_a_long_text_is_joined_once() -> None:
    """However many constants are in it."""
    text = "$a " * 5_000
    assert len(llmc.compile(f'a = "b"\nt = "{text}"\njoin($t)\n', llmc.Toolbox()).to_llmc()) < 4 * 5_000
