"""Python imports this module when it starts: then time passes only while an event loop has nothing to do.

A sync tool takes a millisecond, nothing uses a processor, and the random part of waits is always the same. So calls end
in the order of their times, and times are printed the same at each run.
"""

import asyncio
import os
import random
from collections.abc import Coroutine
from typing import Any, TypeVar

from llmc_runtime.concurrency.thread_pool import Job, ThreadPool
from llmc_runtime.scheduler import call_times
from tests.runtime.clock import PatientLoop

T = TypeVar("T")


def run(main: Coroutine[Any, Any, T]) -> T:
    """`asyncio.run`, in a patient loop."""
    with asyncio.Runner(loop_factory=PatientLoop) as runner:
        return runner.run(main)


def submit(self: ThreadPool, job: Job) -> None:
    """Call a job's function on the loop's own thread."""
    result, error = None, None
    work = job.claim()
    assert work is not None
    try:
        result = work()
    except Exception as raised:  # noqa: BLE001 — a tool's failure
        error = raised
    asyncio.get_running_loop().call_later(0.001, job.ended, result, error)


random.seed(1)
os.register_at_fork(after_in_child=lambda: random.seed(1))  # Python draws a new seed there
asyncio.run = run  # type: ignore[assignment]
call_times.processor_time = lambda: 0.0
ThreadPool.submit = submit  # type: ignore[method-assign]
