"""Runs of the engine: each in a process of its own, from the seeds and the dictionary of its target."""

import os
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from tests.fuzz.findings import corpus, dictionary, fault_of, keep, smaller
from tests.fuzz.limits import TooSlow
from tests.fuzz.targets import check_of

ROOT: Final = Path(__file__).parent.parent.parent
LONGEST: Final = 4096
"""Bytes of an input."""
STUCK: Final = 30
"""Seconds after which libFuzzer ends an input that nothing else can end."""

_EXECUTIONS: Final = re.compile(r"stat::number_of_executed_units:\s*(\d+)")
_EDGES: Final = re.compile(r" cov: (\d+)")
_BROKEN: Final = ("crash-", "leak-", "oom-", "timeout-")
"""How libFuzzer calls inputs that ended the process."""


@dataclass(frozen=True, slots=True)
class Campaign:
    """What a run of the engine did: executions, edges that were covered, and inputs by fault."""

    target: str
    executions: int
    edges: int
    found: dict[str, bytes]


def campaign(target: str, *limits: str, seed: int) -> Campaign:
    """Fuzz a target, as long as the options `-runs=N` and `-max_total_time=SECONDS` say; raises RuntimeError."""
    with TemporaryDirectory() as scratch:
        new, faults = Path(scratch, "new"), Path(scratch, "faults")
        new.mkdir()
        faults.mkdir()
        options = (
            *limits,
            f"-seed={seed}",
            f"-dict={dictionary(target)}",
            f"-artifact_prefix={faults}/",
            f"-max_len={LONGEST}",
            f"-timeout={STUCK}",
            "-print_final_stats=1",
        )
        command = [sys.executable, "-m", "tests.fuzz.engine", target, str(faults), *options, str(new)]
        command.append(str(corpus(target)))
        environment = os.environ | {"TMPDIR": scratch}
        run = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, check=False)
        report = run.stderr.decode("utf-8", "replace")
        found = {path.name: path.read_bytes() for path in sorted(faults.iterdir())}
    executions = _EXECUTIONS.search(report)
    if executions is None and not found:
        message = f"the engine did not run for {target}:\n{report}"
        raise RuntimeError(message)
    edges = [int(each) for each in _EDGES.findall(report)]
    return Campaign(target, int(executions[1]) if executions else 0, max(edges, default=0), found)


def kept(done: Campaign, folder: Path) -> list[Path]:
    """The inputs of a campaign made small, as files in a folder."""
    return [_kept(done.target, fault, data, folder) for fault, data in done.found.items()]


def _kept(target: str, fault: str, data: bytes, folder: Path) -> Path:
    """An input in a file, small unless each trial of it would take long or end this process."""
    if fault.startswith(_BROKEN):
        return keep(folder, fault.partition("-")[0], data)
    check = check_of(target)
    if fault != TooSlow.__name__:
        data = smaller(data, lambda each: fault_of(check, each) == fault)
    return keep(folder, fault, data)
