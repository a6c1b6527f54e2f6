"""The child of a fork has threads, locks and counts of its own."""

import json
import subprocess
import sys

import pytest

BEGIN = """
import json, logging, os, threading, time
import llmc
from llmc_grammar.forks import fork_safe_lock
from llmc_runtime.concurrency import abandoned, stall_monitor

def in_child(work):
    ours, theirs = os.pipe()
    if not (child := os.fork()):
        try:
            os.write(theirs, json.dumps(work()).encode())
        finally:
            os._exit(0)
    os.close(theirs)
    with open(ours) as pipe:
        said = pipe.read()
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    return [status, json.loads(said) if said else None]

named = threading.Event()
logging.getLogger("llmc").addHandler(type("Naming", (logging.Handler,), {"emit": lambda *_: named.set()})())

@llmc.pure
async def block(seconds: float) -> bool:
    return named.wait(seconds)

def stalls(seconds=5.0):
    named.clear()
    run = llmc.compile(f"1. block({seconds})\\njoin($1)", [block]).run_sync(limits=llmc.Limits(stall=0.05))
    return [run.value, sum(type(event).__name__ == "Stalled" for event in run.events)]

@llmc.pure
def hang() -> int:
    time.sleep(20)
    return 1

def hung():
    limits = llmc.Limits(abandoned=1, grace=0.01)
    run = llmc.compile("1. hang() @timeout(20ms)\\njoin($1)", [hang]).run_sync(limits=limits)
    return [type(error).__name__ for error in run.errors.values()]

@llmc.write("wall", approve=True)
def post() -> int:
    return 1

def posted():
    run = llmc.compile("1. post()\\njoin($1)", [post]).run_sync()
    return [str(error) for error in run.errors.values()]

@llmc.opaque
async def outer() -> list:
    return in_child(posted)

def holds(lock, seconds):
    held = threading.Event()
    def hold():
        with lock:
            held.set()
            time.sleep(seconds)
    thread = threading.Thread(target=hold, daemon=True)
    thread.start()
    held.wait()
    def work():
        return lock.acquire(timeout=0.2)
    return in_child(work)
"""

GUARDED = f"""{BEGIN}
print(json.dumps({{
    "parent": stalls(),
    "child": in_child(stalls),
    "grandchild": in_child(lambda: in_child(stalls)),
    "hung": hung(),
    "hung again": hung(),
    "hung in child": in_child(hung),
    "left in child": in_child(lambda: len(abandoned.all_left())),
    "left": len(abandoned.all_left()),
    "approved": llmc.compile("1. outer()\\njoin($1)", [outer]).run_sync(approve=lambda request: True).value,
    "lock": holds(fork_safe_lock(), 0.05),
}}), flush=True)
os._exit(0)
"""

UNGUARDED = f"""
import os
os.register_at_fork = lambda **_: None
{BEGIN}
stalls()
print(json.dumps({{
    "child": in_child(lambda: stalls(0.3)),
    "hung": hung(),
    "hung in child": in_child(hung),
    "lock": holds(threading.Lock(), 5),
}}), flush=True)
os._exit(0)
"""


def ran(program: str) -> dict[str, object]:
    """What a program says; its children may neither hang nor write."""
    ended = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", program], capture_output=True, text=True, timeout=60, check=True
    )
    found: dict[str, object] = json.loads(ended.stdout)
    return found


@pytest.fixture(scope="module")
def said() -> dict[str, object]:
    """What is found in a parent and its children."""
    return ran(GUARDED)


def test_a_child_sees_what_blocks_its_loop(said: dict[str, object]) -> None:
    """As its parent did before, whose thread watches no more; so does a child of the child."""
    assert said["parent"] == [True, 1]
    assert said["child"] == [0, [True, 1]]
    assert said["grandchild"] == [0, [0, [True, 1]]]


def test_a_child_counts_no_calls_that_its_parent_left(said: dict[str, object]) -> None:
    """They do not go on there, and refuse no others."""
    assert (said["hung"], said["hung again"], said["left"]) == (["ToolTimedOut"], ["LimitReached"], 1)
    assert (said["hung in child"], said["left in child"]) == ([0, ["ToolTimedOut"]], [0, 0])


def test_a_run_in_a_child_asks_nobody(said: dict[str, object]) -> None:
    """Its parent, of which it is inside, would answer: what asks there is refused, and the child goes on."""
    words = "task 1 was not approved: `post` asks first, and the run has no approver: the run around it has ended"
    assert said["approved"] == [0, [words]]


def test_a_lock_is_free_in_a_child(said: dict[str, object]) -> None:
    """Another thread held it as the fork began."""
    assert said["lock"] == [0, True]


def test_without_care_a_child_is_blind_and_stuck() -> None:
    """The control: nothing is seen there, calls of the parent count, and the lock stays held."""
    assert ran(UNGUARDED) == {
        "child": [0, [False, 0]],
        "hung": ["ToolTimedOut"],
        "hung in child": [0, ["LimitReached"]],
        "lock": [0, False],
    }
