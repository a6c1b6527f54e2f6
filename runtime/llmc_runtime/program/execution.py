"""Runs of whole plans, and their results."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Iterable, Mapping
from functools import partial
from typing import TypedDict, Unpack

from llmc_compiler.analysis.critical_path import rank
from llmc_compiler.expressions.terms import Json
from llmc_compiler.ir.graph import Graph
from llmc_compiler.steps import Add
from llmc_runtime.cache.call_cache import CallCache
from llmc_runtime.calls import nested_runs
from llmc_runtime.calls.run_budget import RunBudget
from llmc_runtime.limits import Limits, Policy
from llmc_runtime.program.run_result import Run, conclude
from llmc_runtime.safety.approval import Hold
from llmc_runtime.safety.run_guard import RunGuard
from llmc_runtime.scheduler.executor import Executor
from llmc_runtime.state.events import Event
from llmc_runtime.state.run_ending import naming


class ExecutorOptions(TypedDict, total=False):
    """Settings of an Executor."""

    emit: Callable[[Event], object]
    clock: Callable[[], float]
    random: Callable[[], float]
    wall: Callable[[], float]
    limits: Limits
    policy: Policy
    trust: RunGuard
    memo: CallCache | None
    allowance: RunBudget | None
    processor: Callable[[], float]


def _start(executor: Executor, graph: Graph, holds: Iterable[Hold]) -> None:
    """Hand a whole plan to its executor."""
    executor.rank_by(partial(rank, graph))
    executor.hold(*holds)
    executor.apply([Add(tuple(graph.nodes.values()))])
    executor.seal()


async def execute(
    graph: Graph, params: Mapping[str, Json], *, holds: Iterable[Hold] = (), **options: Unpack[ExecutorOptions]
) -> Run:
    """Run a compiled plan; failures of its tasks are in the Run, not raised. Calls under `holds` need approval."""
    events, options = recorded(options)
    with naming(events):
        async with Executor(params, **options) as executor:
            _start(executor, graph, holds)
            outcomes = await executor.settled()
    return conclude(graph, executor, outcomes, events)


async def stream(
    graph: Graph, params: Mapping[str, Json], *, holds: Iterable[Hold] = (), **options: Unpack[ExecutorOptions]
) -> AsyncGenerator[Event | Run, None]:
    """Run a compiled plan, and yield its events as they happen, then its Run; `holds` as for `execute`.

    Close the iterator to leave early (`contextlib.aclosing`): that ends the run.
    """
    events, options = recorded(options)
    record = options["emit"]
    waiting: asyncio.Queue[Event | None] = asyncio.Queue()

    def emit(event: Event) -> None:
        record(event)
        waiting.put_nowait(event)

    options["emit"] = emit
    with naming(events):
        async with Executor(params, **options) as executor:
            _start(executor, graph, holds)
            executor.when_over(lambda _: waiting.put_nowait(None))
            while (event := await waiting.get()) is not None:
                yield event
            outcomes = await executor.settled()
    while not waiting.empty():
        if (event := waiting.get_nowait()) is not None:
            yield event
    yield conclude(graph, executor, outcomes, events)


def recorded(options: ExecutorOptions) -> tuple[list[Event], ExecutorOptions]:
    """Return the options with a listener that records events, and the list of them."""
    events: list[Event] = []
    listener = options.get("emit")
    if listener is None:
        return events, {**options, "emit": events.append}
    tell = nested_runs.outside(listener)

    def emit(event: Event) -> None:
        events.append(event)
        tell(event)

    return events, {**options, "emit": emit}
