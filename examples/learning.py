"""Two runs of one plan, at most two calls at once: the second starts the slow call first, as the first has measured it.

`ATLAS_PACE` changes how long the tools take, as for the atlas.
"""

import asyncio
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Final

import llmc

PACE: Final = float(os.environ.get("ATLAS_PACE", "1"))

PLAN: Final = """\
1. page("contents")
2. page($1)
3. page($2)
4. page("news")
5. page("sports")
6. summary("yesterday")
join($3, $4, $5, $6)
"""


@llmc.read("web")
async def page(name: str) -> str:
    """Fetch a page."""
    await asyncio.sleep(0.1 * PACE)
    return name


@llmc.nondet
async def summary(text: str) -> str:
    """Ask a model for a summary."""
    await asyncio.sleep(0.5 * PACE)
    return f"summary of {text}"


def run(*options: str, folder: str) -> str:
    """Run the plan with these options, and return the last line about the run."""
    command = [sys.executable, "-m", "llmc", "run", "digest.llmc", "--tools", __file__, "--limit", "width=2", *options]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True)  # noqa: S603 — llmc itself
    return done.stderr.splitlines()[-1]


def first_starts(trace: Path) -> str:
    """The tasks that start first, of a recorded run."""
    events = map(json.loads, trace.read_text("utf-8").splitlines())
    return " and ".join([event["task"] for event in events if event.get("event") == "Started"][:2])


def main() -> None:
    """Run the plan, and run it again with the trace of the first run."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "digest.llmc").write_text(PLAN, "utf-8")
        for options in ("--trace first.jsonl", "--trace second.jsonl --profile first.jsonl"):
            print(f"$ llmc run digest.llmc --limit width=2 {options}")
            print(run(*options.split(), folder=folder))
            print(f"starts {first_starts(Path(folder, options.split()[1]))} first\n")
        print(llmc.Profile.from_traces(Path(folder, "first.jsonl")))


if __name__ == "__main__":
    main()
