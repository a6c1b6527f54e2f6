"""The time to start: commands against the imports that they cannot do without, and agents against `import openai`.

Rounds are interleaved, so that a busy machine slows both sides, and ratios are what counts. Commands are compared by
medians. The share of llmc in the imports of a command is computed from the least self time of each module, as
`-X importtime` reports it. `--check` exits with 1 if a share or an agent is above its target.

    python benchmarks/startup.py [ROUNDS] [--check]
"""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Final

BIN: Final = Path(sys.executable).parent
EXAMPLES: Final = Path(__file__).resolve().parent.parent / "examples"
ROUNDS: Final = 21
PROCESSES: Final = 7
"""Processes whose imports, or whose agents, are timed."""

SMALL: Final = """\
1. search("Mount Everest")
2. search("Kilimanjaro")
3. compare($1, $2)
join($3)
"""

LIBRARIES: Final = "import typer, pydantic, lark, networkx"

AGENTS: Final = """
import json, sys
from time import perf_counter

start = perf_counter()
import openai
imported = perf_counter() - start

from llmc import Agent, Model, ScriptedModel, read

@read
def search(query: str) -> str:
    "Find a text."
    return query

@read
def compare(one: str, other: str) -> bool:
    "Compare two texts."
    return one == other

def server():
    return Model("some-model", base_url="http://127.0.0.1:9/v1", api_key="key")

def script():
    return ScriptedModel(["join(1)"])

def seconds():
    start = perf_counter()
    Agent([search, compare], model=globals()[sys.argv[1]]())
    return perf_counter() - start

first, *others = (seconds() for _ in range(20))
print(json.dumps([first / imported, min(others) / imported]))
"""


def environment() -> dict[str, str]:
    """Return the environment of an installed program, whose modules were compiled before."""
    return {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}


def milliseconds(command: Sequence[str]) -> float:
    """How long a command takes."""
    began = perf_counter()
    subprocess.run(command, check=True, env=environment(), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return 1000 * (perf_counter() - began)


def medians(commands: Sequence[Sequence[str]], rounds: int) -> list[float]:
    """The median time of each command, taken in turns after one round that fills the caches."""
    times = [[milliseconds(command) for command in commands] for _ in range(rounds + 1)][1:]
    return [median(column) for column in zip(*times, strict=True)]


def output(command: Sequence[str]) -> "subprocess.CompletedProcess[str]":
    """The ended process of a command, with its output."""
    return subprocess.run(command, check=True, env=environment(), capture_output=True, text=True)


def self_times(report: str) -> dict[str, int]:
    """The time of each module in a report of `-X importtime`, without its own imports, in microseconds."""
    rows = (line.removeprefix("import time:").split("|") for line in report.splitlines() if "|" in line)
    return {name.strip(): int(own) for own, _, name in rows if own.strip().isdigit()}


def share(arguments: Sequence[str]) -> float:
    """The share of llmc's modules in the import time of a command."""
    command = [sys.executable, "-X", "importtime", "-m", "llmc", *arguments]
    least: dict[str, int] = {}
    for _ in range(PROCESSES + 1):
        for name, time in self_times(output(command).stderr).items():
            least[name] = min(time, least.get(name, time))
    own = sum(time for name, time in least.items() if name.startswith("llmc"))
    return own / sum(least.values())


def agents(model: str) -> tuple[float, float]:
    """The time of the first agent of a process, and of a further one, as parts of `import openai` in that process."""
    command = [sys.executable, "-c", AGENTS, model]
    first, further = zip(*(json.loads(output(command).stdout) for _ in range(PROCESSES)), strict=True)
    return min(first), min(further)


def compare_commands(small: str, rounds: int) -> None:
    """Print the time of some commands beside the time of imports."""
    pairs = (
        ("llmc --help", ["--help"], "import typer", 3.0),
        ("llmc check, no tools", ["check", small], LIBRARIES, 1.6),
        ("llmc check, with tools", ["check", str(EXAMPLES / "compare.llmc")], LIBRARIES, None),
    )
    for name, arguments, imports, target in pairs:
        ours, theirs = medians([[str(BIN / "llmc"), *arguments], [sys.executable, "-c", imports]], rounds)
        goal = "" if target is None else f" (at most {target})"
        print(f"{name:<24}{ours:6.0f} ms   {imports:<40}{theirs:6.0f} ms   ratio {ours / theirs:.2f}{goal}")


def ratios(small: str) -> Iterable[tuple[str, float, float | None]]:
    """Yield what is checked, with its ratio and its target."""
    yield "llmc check, with tools: share of llmc in imports", share(["check", str(EXAMPLES / "compare.llmc")]), 0.25
    yield "llmc check, no tools: share of llmc in imports", share(["check", "--no-tools", small]), None
    for model in ("server", "script"):
        first, further = agents(model)
        yield f"first agent, {model}: of import openai", first, 0.07
        yield f"further agent, {model}: of import openai", further, 0.002


def main() -> None:
    """Print a line for each pair and for each ratio."""
    given = [argument for argument in sys.argv[1:] if argument != "--check"]
    rounds = int(given[0]) if given else ROUNDS
    is_missed = False
    with tempfile.TemporaryDirectory() as folder:
        small = Path(folder) / "small.llmc"
        small.write_text(SMALL, "utf-8")
        print(f"median of {rounds}; {os.cpu_count()} processors, Python {sys.version.split()[0]}")
        compare_commands(str(small), rounds)
        for name, ratio, target in ratios(str(small)):
            is_missed = is_missed or (target is not None and ratio > target)
            print(f"{name:<52}{ratio:.4f}" + ("" if target is None else f" (at most {target})"))
    sys.exit(is_missed and "--check" in sys.argv[1:])


if __name__ == "__main__":
    main()
