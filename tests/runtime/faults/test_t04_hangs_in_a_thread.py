"""T4: a sync tool hangs in its thread."""

import subprocess
import sys
import threading

from llmc_compiler.tools.decorators import write
from llmc_runtime.concurrency import abandoned
from llmc_runtime.errors import LimitReached, ToolTimedOut
from llmc_runtime.limits import Limits
from tests.patience import PATIENCE
from tests.runtime.build import call, play


def test_its_thread_is_left_and_counted() -> None:
    """A write is in doubt; once too many threads hang, the tool is not called again."""
    release = threading.Event()

    @write("r")
    def hang() -> bool:
        return release.wait(PATIENCE)

    run = play(*(call(f"t{i}", hang, timeout=1) for i in range(4)), limits=Limits(tool_width=1, abandoned=2))
    errors = list(run.errors.values())
    assert [type(error) for error in errors] == [ToolTimedOut, ToolTimedOut, LimitReached, LimitReached]
    assert run.in_doubt == ("t0", "t1")
    assert len(run.abandoned) == 2
    assert abandoned.number_left(hang.call) == 2
    release.set()


PROGRAM = """
import threading
from llmc import Toolbox, compile, pure

@pure
def hang() -> str:
    threading.Event().wait()

run = compile("a = hang() @timeout(100ms)\\njoin($a)", Toolbox([hang])).run_sync()
print(type(run.errors["a"]).__name__, run.abandoned)
"""


def test_the_end_of_the_process_is_not_delayed() -> None:
    """The interpreter waits for none of our threads."""
    ended = subprocess.run(
        [sys.executable, "-c", PROGRAM], capture_output=True, text=True, timeout=PATIENCE, check=True
    )
    assert ended.stdout == "ToolTimedOut ('hang (task a)',)\n"
    assert ended.stderr == ""
