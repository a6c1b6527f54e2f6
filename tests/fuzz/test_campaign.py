"""Campaigns: the engine finds what is planted, and what it finds is kept, told and counted."""

from importlib.util import find_spec
from pathlib import Path

import pytest

from tests.fuzz import __main__ as command
from tests.fuzz.campaign import Campaign, campaign

needs_engine = pytest.mark.skipif(find_spec("atheris") is None, reason='needs pip install "llmc-lang[fuzz]"')

PLANTED = Campaign("planted", 7, 3, {"KeyError-planted-12": b"open twice close"})
NOTHING = Campaign("planted", 7, 3, {})


@needs_engine
@pytest.mark.parametrize(("runs", "is_found"), [(20_000, True), (3, False)])
def test_the_engine_finds_what_is_planted(runs: int, is_found: bool) -> None:
    """From seeds and words it finds a fault behind three conditions; in three executions it does not."""
    done = campaign("planted", f"-runs={runs}", seed=1)
    assert (list(done.found) == ["KeyError-planted-12"]) is is_found
    assert done.executions >= runs
    assert done.edges > 1


@pytest.mark.parametrize(
    ("control", "target", "status", "words"),
    [
        (NOTHING, NOTHING, 1, "the engine is blind"),
        (PLANTED, NOTHING, 0, "nothing"),
        (PLANTED, PLANTED, 1, "corpus/KeyError-planted-12-"),
    ],
)
def test_the_status_says_whether_something_was_found(
    *,
    control: Campaign,
    target: Campaign,
    status: int,
    words: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
) -> None:
    """What is found lies in the corpus, small; a blind engine is an error and finds nothing."""
    folder = tmp_path / "corpus"
    folder.mkdir()
    limits: list[tuple[str, int]] = []

    def fake(name: str, limit: str, *, seed: int) -> Campaign:
        limits.append((limit, seed))
        return control if name == "planted" else target

    monkeypatch.setattr(command, "campaign", fake)
    monkeypatch.setattr(command, "corpus", lambda name: folder)
    monkeypatch.setenv("LLMC_SECONDS", "5")
    monkeypatch.setenv("LLMC_SEED", "3")
    assert command.main(["trace"]) == status
    assert words in capsys.readouterr().out
    assert [path.read_bytes() for path in folder.iterdir()] == [b"opentwiceclose"] * len(target.found)
    assert limits == [("-runs=100000", 3), ("-max_total_time=5", 3)][: 1 + bool(control.found)]


def test_an_unknown_target_is_an_error(capsys: pytest.CaptureFixture[str]) -> None:
    """Nothing is fuzzed, and the message names the targets."""
    assert command.main(["traces"]) == 2
    assert "plan_text, trace," in capsys.readouterr().out
