"""The demonstration."""

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Final

EXAMPLES: Final = Path(__file__).parent.parent.parent / "examples"


def demo(**environment: str) -> "subprocess.CompletedProcess[str]":
    """The demonstration, its errors and its output in one stream."""
    return subprocess.run(
        [sys.executable, str(EXAMPLES / "demo.py")],
        env={**os.environ, "ATLAS_PACE": "0.05", **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )


def test_every_scene_shows_what_it_promises() -> None:
    """Mistakes with carets, a compiled plan, nine calls in less than their sum, a plan as it arrives, a question."""
    shown = demo()
    assert shown.returncode == 0
    opening, checked, written, compiled, run, arriving, asking = re.split(r"^── .*\n", shown.stdout, flags=re.MULTILINE)
    assert not opening.strip()
    assert checked.startswith("$ llmc check examples/mistakes.llmc\nerror[E201]: no tool is called `serach`\n")
    assert checked.count("^^") >= 3
    assert checked.rstrip().endswith("1 plan: 3 errors")
    assert written.removeprefix("$ cat examples/duplicate.llmc\n").strip() == (
        (EXAMPLES / "duplicate.llmc").read_text("utf-8").strip()
    )
    assert compiled.count('population("Tokyo")') == 1
    assert "Sahara" not in compiled
    summary = re.search(r"9 calls in ([\d.]+) s; one after another ([\d.]+) s", run)
    assert summary is not None
    assert float(summary[1]) < float(summary[2])
    assert arriving.index("started   1") < arriving.index('written   2) country("Kyoto"')
    assert arriving.count("warning[W") == 5
    assert arriving.rstrip().endswith("Paris and Tokyo. Mount Fuji is a mountain in Japan, 3,776 metres high.")
    assert asking.index("started   1") < asking.index("written   2. search") < asking.index("replan    ")
    assert asking.index("plan 2") < asking.index("started   5  subtract($4, $3)")
    assert asking.rstrip().endswith("The Matterhorn, by 702.0 metres")


def test_a_scene_that_goes_wrong_is_an_error() -> None:
    """If a command does not end as it should, the demonstration does not end with 0."""
    assert demo(ATLAS_PACE="not a number").returncode == 1
