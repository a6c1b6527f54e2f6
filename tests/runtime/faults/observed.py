"""One faulty tool in a plan: run by an executor, looked at from outside, and judged."""

import asyncio
from collections.abc import Callable, Coroutine, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, get_args

from llmc_compiler.expressions.terms import Item, ListOf, Term
from llmc_compiler.ir.graph import Graph
from llmc_runtime.errors import Blocked, CallError, LoopFailed, PlanError, Stopped
from llmc_runtime.limits import Policy
from llmc_runtime.program.execution import execute
from llmc_runtime.program.run_result import Run
from tests.runtime import clock
from tests.runtime.build import call, graph, loop, ref
from tests.runtime.fakes import echo, put_elsewhere, slow
from tests.runtime.faults.faulty import GRACE, LIMITS, ROWS, SLACK, WRITES, Fault, Row, tool_of

POLICIES: Final[tuple[Policy, ...]] = get_args(Policy)
POSITIONS: Final = ("root", "middle", "loop element", "join input")
FAR: Final = 100.0
"""Virtual seconds after which an executor hangs."""


@dataclass
class Seen:
    """What a run gave: values and errors by task, its end in seconds (None: it hung), what it names as left."""

    results: Mapping[str, Any]
    errors: Mapping[str, BaseException]
    seconds: float | None
    named: tuple[str, ...] = ()
    crash: BaseException | None = None


Executor = Callable[[Graph, Policy], Coroutine[Any, Any, Seen]]


async def ours(plan: Graph, policy: Policy) -> Seen:
    """The runtime."""
    run: Run = await execute(plan, {}, limits=LIMITS, policy=policy, random=lambda: 1)
    return Seen(run.results, run.errors, run.seconds, run.abandoned)


def plan_with(row: Row, fault: Fault, effect: str, position: str) -> Graph:
    """A plan with the fault in it: `f` has the fault, `d` needs it; `s` and the write `w` are beside it."""
    tool = tool_of(row, fault, effect)
    beside = (call("s", slow, 0.3, "fine"), call("w", put_elsewhere, 0.3))
    before = () if position == "root" else (call("t", echo, 1),)
    if position == "loop element":
        faulty = loop("f", [1, 2, 3], call("f/each", tool, Item("x"), retries=1))
    else:
        faulty = call("f", tool, *([ref("t")] if before else []), retries=1)
    join: Term = ListOf((ref("s"), ref("f"))) if position == "join input" else ref("s")
    return graph(*before, faulty, call("d", echo, ref("f")), *beside, join=join)


def observe(executor: Executor, plan: Graph, policy: Policy, fault: Fault) -> Seen:
    """Run a plan in virtual time; one that hangs is let go, and whatever comes out is caught."""

    async def scenario() -> Seen:
        running = asyncio.ensure_future(executor(plan, policy))
        await asyncio.wait({running}, timeout=FAR)
        is_over = running.done()
        fault.release.set()
        await asyncio.sleep(0)
        if not is_over:
            running.cancel()
            await asyncio.wait({running}, timeout=FAR)
        if not is_over or running.cancelled() or running.exception() is not None:
            crash = None if running.cancelled() or not is_over else running.exception()
            return Seen({}, {}, None, crash=crash)
        return running.result()

    try:
        return clock.run(scenario())
    except BaseException as error:  # noqa: BLE001 — what would have ended the process
        return Seen({}, {}, None, crash=error)


def flaws(seen: Seen, row: Row, fault: Fault, effect: str, *, policy: Policy, position: str) -> Iterator[str]:
    """What is not as it must be, whoever ran it."""
    if seen.seconds is None:
        yield f"the run hung, or ended with {seen.crash!r}"
        return
    repeats = effect != "write"
    fails = row.error is not None and (row.value is None or not repeats)
    attempts = row.attempts_with(effect)
    stops = fails and policy == "fail_fast"
    if seen.seconds > row.seconds + GRACE + SLACK:
        yield f"it took {seen.seconds} s"
    if fault.attempts != attempts:
        yield f"{fault.attempts} attempts, not {attempts}"
    if effect in WRITES and fault.most_at_once > 1:
        yield f"{fault.most_at_once} attempts of a write at once"
    if effect == "write with a key" and len(fault.keys) != 1:
        yield f"its attempts have {len(fault.keys)} keys"
    if seen.results.get("w") != "written":
        yield "the write beside it was not done"
    if seen.results.get("s") != "fine" and not (stops and "s" not in seen.results):
        yield "the read beside it was lost"
    if not set(seen.results) | set(seen.errors) <= {"t", "f", "d", "s", "w", "join"}:
        yield "there are tasks that nobody wrote"
    if len(seen.named) != row.zombies * (attempts if row.error and row.zombies else 1):
        yield f"left and named: {seen.named}"
    value = [1, row.value, 3] if position == "loop element" else row.value
    if not fails and (("f" not in seen.results) or seen.results["f"] != value or seen.results.get("d") != value):
        yield f"values {seen.results.get('f')!r} and {seen.results.get('d')!r}, not {value!r}"
    if fails and ("f" in seen.results or "f" not in seen.errors):
        yield "the failure is not reported"


def misreported(seen: Seen, row: Row, effect: str, policy: Policy) -> Iterator[str]:
    """What an error should say and does not: type, task, tool, attempt, cause, doubt; and of those behind it."""
    if "f" not in seen.errors:
        return
    error = seen.errors["f"]
    if isinstance(error, LoopFailed):
        if error.index != 1:
            yield f"element {error.index} is blamed"
        error = error.error
    if row.error is None or not isinstance(error, row.error) or not isinstance(error, CallError):
        yield f"{error!r} is no {row.error}"
        return
    attempts = row.attempts_with(effect)
    if (error.task, error.tool, error.attempt) != ("f", "faulty", attempts):
        yield f"it names {error.task}, {error.tool}, {error.attempt}"
    if row.cause is not None and not isinstance(error.__cause__, row.cause):
        yield f"its cause is {error.__cause__!r}"
    if error.in_doubt != (effect in WRITES):
        yield f"in doubt: {error.in_doubt}"
    behind = seen.errors.get("d")
    if not isinstance(behind, Blocked if policy == "finish" else (Blocked, Stopped)):
        yield f"what needs it: {behind!r}"
    if not all(isinstance(each, PlanError) for each in seen.errors.values()):
        yield "an error is none of ours"


def cases(executor: Executor, name: str, effect: str) -> Iterator[tuple[str, list[str], list[str]]]:
    """What is wrong with each outcome of a fault with an effect: flaws that anybody sees, and errors misreported."""
    row = ROWS[name]
    for policy in POLICIES:
        for position in POSITIONS:
            fault = Fault(only_second=position == "loop element")
            seen = observe(executor, plan_with(row, fault, effect, position), policy, fault)
            wrong = list(flaws(seen, row, fault, effect, policy=policy, position=position))
            yield f"{policy}, {position}", wrong, list(misreported(seen, row, effect, policy))
