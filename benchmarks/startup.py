"""The time to start: commands against the imports that they cannot do without.

Rounds are interleaved, so that a busy machine slows both sides; medians are compared, and ratios are what counts.

    python benchmarks/startup.py [ROUNDS]
"""

import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Final

BIN: Final = Path(sys.executable).parent
EXAMPLES: Final = Path(__file__).resolve().parent.parent / "examples"
ROUNDS: Final = 21

SMALL: Final = """\
1. search("Mount Everest")
2. search("Kilimanjaro")
3. compare($1, $2)
join($3)
"""

LIBRARIES: Final = "import typer, pydantic, lark, networkx"


def milliseconds(command: Sequence[str]) -> float:
    """How long a command takes."""
    # As installed: what is imported was compiled before.
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    began = perf_counter()
    subprocess.run(command, check=True, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return 1000 * (perf_counter() - began)


def medians(commands: Sequence[Sequence[str]], rounds: int) -> list[float]:
    """The median time of each command, taken in turns after one round that fills the caches."""
    times = [[milliseconds(command) for command in commands] for _ in range(rounds + 1)][1:]
    return [median(column) for column in zip(*times, strict=True)]


def main() -> None:
    """Print a line for each pair."""
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else ROUNDS
    with tempfile.TemporaryDirectory() as folder:
        small = Path(folder) / "small.llmc"
        small.write_text(SMALL, "utf-8")
        pairs = (
            ("llmc --help", ["--help"], "import typer", 3.0),
            ("llmc check, no tools", ["check", str(small)], LIBRARIES, 1.6),
            ("llmc check, with tools", ["check", str(EXAMPLES / "compare.llmc")], LIBRARIES, None),
        )
        print(f"median of {rounds}; {os.cpu_count()} processors, Python {sys.version.split()[0]}")
        for name, arguments, imports, target in pairs:
            ours, theirs = medians([[str(BIN / "llmc"), *arguments], [sys.executable, "-c", imports]], rounds)
            goal = "" if target is None else f" (at most {target})"
            print(f"{name:<24}{ours:6.0f} ms   {imports:<40}{theirs:6.0f} ms   ratio {ours / theirs:.2f}{goal}")


if __name__ == "__main__":
    main()
