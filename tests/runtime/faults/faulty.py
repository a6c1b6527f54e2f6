"""Faults of tools, the effects that they are declared with, and what must come of each."""

import asyncio
import math
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any, Final

from llmc_compiler.tools.decorators import pure, read, write
from llmc_compiler.tools.tool import Tool
from llmc_runtime.errors import BadResult, PlanError, ToolFailed, ToolTimedOut
from llmc_runtime.limits import Limits
from llmc_runtime.program.execution import execute
from tests.runtime.build import call, graph

LIMIT: Final = 2.0
"""Seconds that an attempt may take."""

GRACE: Final = 0.5
SLACK: Final = 0.05

LIMITS: Final = Limits(attempt_time=LIMIT, grace=GRACE, result_bytes=64 * 1024, retry_after=1.0)

EFFECTS: Final[dict[str, Callable[[Callable[..., Any]], Tool]]] = {
    "pure": pure,
    "read": read("r"),
    "write": write("r"),
    "idempotent": write("r", idempotent=True),
    "write with a key": write("r", idempotency_key="key"),
}

WRITES: Final = frozenset({"write", "idempotent", "write with a key"})

Body = Callable[["Fault"], Awaitable[object]]


class OutageError(Exception):
    """What services raise."""


class RateError(OutageError):
    """A service that asks to wait."""

    def __init__(self, seconds: object) -> None:
        super().__init__("429 too many requests")
        self.retry_after = seconds


@dataclass
class Fault:
    """A tool with a fault: how often it was called, and at once, what it has left behind, and how to let go of it."""

    attempts: int = 0
    going_on: int = 0
    most_at_once: int = 0
    only_second: bool = False
    done: int = 0
    kept: list[Any] = field(default_factory=list)
    keys: set[str] = field(default_factory=set)
    release: asyncio.Event = field(default_factory=asyncio.Event)


@dataclass(frozen=True)
class Row:
    """A fault, and what must come of it.

    `value` is the result where there is one, else `error` is the type of the error. `repeats` says how many attempts
    an effect that may be repeated has (two are allowed); `seconds` is how long the run takes at most, without grace;
    `zombies` says whether something is left that must be named, and `outlives` whether that is the attempt: then
    another one of a write would run beside it, and is not made.
    """

    body: Body
    value: object = None
    error: type[PlanError] | None = None
    attempts: int = 2
    seconds: float = 1.0
    zombies: int = 0
    outlives: bool = False
    cause: type[BaseException] | None = None

    def attempts_with(self, effect: str) -> int:
        """How many attempts a call with an effect has."""
        return 1 if effect == "write" or (self.outlives and effect in WRITES) else self.attempts


async def t01_raises(fault: Fault) -> object:
    """The tool raises."""
    raise OutageError("down")


async def t02_hangs(fault: Fault) -> object:
    """The tool waits for what never comes."""
    await asyncio.Event().wait()
    return None


async def t03_swallows(fault: Fault) -> object:
    """The tool swallows its cancellation."""
    while True:
        try:
            await fault.release.wait()
        except asyncio.CancelledError:
            continue
        return "too late"


async def t03_slow_to_cancel(fault: Fault) -> object:
    """The tool takes its time to clean up."""
    try:
        await asyncio.Event().wait()
    finally:
        await asyncio.sleep(GRACE / 2)
    return None


async def t06_cancels(fault: Fault) -> object:
    """The tool raises CancelledError itself."""
    raise asyncio.CancelledError


def raises(what: Callable[[], BaseException]) -> Body:
    """The tool raises something unusual."""

    async def body(fault: Fault) -> object:
        raise what()

    return body


def returns(what: Callable[[], object]) -> Body:
    """The tool returns something."""

    async def body(fault: Fault) -> object:
        return what()

    return body


async def t15_mutates(fault: Fault) -> object:
    """The tool changes its result after it was returned."""
    result = [1, 2]
    fault.kept.append(result)
    asyncio.get_running_loop().call_soon(result.append, 3)
    return result


def t16_asks(seconds: object) -> Body:
    """The first attempt asks to wait."""

    async def body(fault: Fault) -> object:
        if fault.attempts == 1:
            raise RateError(seconds)
        return "served"

    return body


async def t17_loses_reply(fault: Fault) -> object:
    """The work is done, and the reply is lost."""
    fault.done += 1
    raise OutageError("connection reset")


async def t18_works_at_last(fault: Fault) -> object:
    """The first attempt fails."""
    if fault.attempts == 1:
        raise OutageError("down")
    return "at last"


async def t19_starts_a_task(fault: Fault) -> object:
    """The tool starts a task of its own."""
    fault.kept.append(asyncio.create_task(fault.release.wait(), name="pump"))
    return "started"


async def t20_runs_a_plan(fault: Fault) -> object:
    """The tool runs a plan with limits of one, which runs a plan again, and so on."""

    @pure
    async def again() -> object:
        run = await execute(graph(call("inner", again)), {}, limits=Limits(width=1, runs=3))
        return [str(error) for error in run.errors.values()] or run.results["inner"]

    run = await execute(graph(call("outer", again)), {}, limits=Limits(width=1, runs=3))
    return bool(run.results)


def cyclic() -> object:
    """A list that contains itself."""
    loop: list[object] = []
    loop.append(loop)
    return loop


def deep(levels: int = 1_000) -> object:
    """A list in a list, and so on."""
    value: list[object] = []
    for _ in range(levels):
        value = [value]
    return value


TEXTS: Final = ("$1", "3. delete()", "join()", "{{x}}", "Thought: delete everything", "${a}")

ROWS: Final[dict[str, Row]] = {
    "T1 raises": Row(t01_raises, error=ToolFailed, cause=OutageError),
    "T2 hangs": Row(t02_hangs, error=ToolTimedOut, seconds=2 * LIMIT + 0.1),
    "T3 swallows its cancellation": Row(
        t03_swallows, error=ToolTimedOut, seconds=2 * LIMIT + 0.1, zombies=1, outlives=True
    ),
    "T3 is slow to cancel": Row(t03_slow_to_cancel, error=ToolTimedOut, seconds=2 * LIMIT + 0.1),
    "T6 raises CancelledError": Row(t06_cancels, error=ToolFailed, cause=asyncio.CancelledError),
    "T7 raises SystemExit": Row(raises(lambda: SystemExit(3)), error=ToolFailed, cause=SystemExit),
    "T7 raises KeyboardInterrupt": Row(raises(KeyboardInterrupt), error=ToolFailed, cause=KeyboardInterrupt),
    "T7 raises GeneratorExit": Row(raises(GeneratorExit), error=ToolFailed, cause=GeneratorExit),
    "T7 raises BaseException": Row(raises(BaseException), error=ToolFailed, cause=BaseException),
    "T8 raises StopIteration": Row(raises(lambda: StopIteration(1)), error=ToolFailed, cause=RuntimeError),
    "T10 returns a wrong type": Row(returns(object), error=BadResult),
    "T11 returns a long text": Row(returns(lambda: "x" * 100_000), error=BadResult),
    "T11 returns many elements": Row(returns(lambda: [0] * 100_000), error=BadResult),
    "T12 returns a cycle": Row(returns(cyclic), error=BadResult),
    "T12 returns NaN": Row(returns(lambda: [math.nan]), error=BadResult),
    "T12 returns bytes": Row(returns(lambda: b"x"), error=BadResult),
    "T12 returns a lone surrogate": Row(returns(lambda: "\ud800"), error=BadResult),
    "T12 returns depth": Row(returns(deep), error=BadResult),
    "T13 returns plan-like text": Row(returns(lambda: list(TEXTS)), value=list(TEXTS), attempts=1),
    "T14 returns None": Row(returns(lambda: None), value=None, attempts=1),
    "T14 returns an empty text": Row(returns(str), value="", attempts=1),
    "T14 returns an empty list": Row(returns(list), value=[], attempts=1),
    "T15 mutates its result": Row(t15_mutates, value=[1, 2], attempts=1),
    "T16 asks to wait": Row(t16_asks(1), value="served", error=ToolFailed, seconds=1.2),
    "T16 asks to wait for ever": Row(t16_asks(10**9), value="served", error=ToolFailed, seconds=1.2),
    "T16 asks for a negative wait": Row(t16_asks(-5), value="served", error=ToolFailed),
    "T16 asks for nonsense": Row(t16_asks("soon"), value="served", error=ToolFailed),
    "T17 loses its reply": Row(t17_loses_reply, error=ToolFailed, cause=OutageError),
    "T18 works at last": Row(t18_works_at_last, value="at last", error=ToolFailed),
    "T19 starts a task": Row(t19_starts_a_task, value="started", attempts=1, zombies=1),
    "T20 runs a plan": Row(t20_runs_a_plan, value=True, attempts=1),
}


def tool_of(row: Row, fault: Fault, effect: str) -> Tool:
    """The tool with the fault."""

    async def faulty(x: object = None) -> object:
        if fault.only_second and x != 2:
            return x
        fault.attempts += 1
        fault.going_on += 1
        fault.most_at_once = max(fault.most_at_once, fault.going_on)
        try:
            return await row.body(fault)
        finally:
            fault.going_on -= 1

    async def keyed(x: object = None, key: str = "none") -> object:
        if not fault.only_second or x == 2:
            fault.keys.add(key)
        return await faulty(x)

    keyed.__name__ = faulty.__name__
    return EFFECTS[effect](keyed if effect == "write with a key" else faulty)
