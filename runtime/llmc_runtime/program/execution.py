"""Runs of whole plans, and their results."""

import asyncio
from collections.abc import AsyncGenerator, Iterable, Mapping
from typing import Unpack

from llmc_compiler.expressions.terms import Json
from llmc_compiler.ir.graph import Graph
from llmc_compiler.steps import Add
from llmc_grammar.diagnostic import Diagnostic
from llmc_grammar.source import Source
from llmc_runtime.program.run_driver import ExecutorOptions, RunDriver
from llmc_runtime.program.run_result import Run
from llmc_runtime.safety.approval import Hold
from llmc_runtime.state.events import Event


async def execute(
    graph: Graph,
    params: Mapping[str, Json],
    *,
    holds: Iterable[Hold] = (),
    source: Source | None = None,
    diagnostics: tuple[Diagnostic, ...] = (),
    **options: Unpack[ExecutorOptions],
) -> Run:
    """Run a compiled plan; failures of its tasks are in the Run, not raised. Calls under `holds` need approval.

    The Run keeps the text of the plan, its `source`, and the `diagnostics` found in it.
    """
    async with RunDriver(params, **options) as driver:
        driver.start(graph, _whole(graph), holds)
        await driver.settled()
    return driver.run(graph, source, diagnostics)


async def stream(
    graph: Graph,
    params: Mapping[str, Json],
    *,
    holds: Iterable[Hold] = (),
    source: Source | None = None,
    diagnostics: tuple[Diagnostic, ...] = (),
    **options: Unpack[ExecutorOptions],
) -> AsyncGenerator[Event | Run, None]:
    """Run a compiled plan, and yield its events as they happen, then its Run; the rest is as for `execute`.

    Close the iterator to leave early (`contextlib.aclosing`): that ends the run.
    """
    listener = options.get("emit")
    waiting: asyncio.Queue[Event | None] = asyncio.Queue()

    def emit(event: Event) -> None:
        if listener is not None:
            listener(event)
        waiting.put_nowait(event)

    options["emit"] = emit
    async with RunDriver(params, **options) as driver:
        driver.start(graph, _whole(graph), holds)
        driver.when_over(lambda _: waiting.put_nowait(None))
        while (event := await waiting.get()) is not None:
            yield event
        await driver.settled()
    while not waiting.empty():
        if (event := waiting.get_nowait()) is not None:
            yield event
    yield driver.run(graph, source, diagnostics)


def _whole(graph: Graph) -> tuple[Add]:
    """Return the step that adds all nodes of a plan."""
    return (Add(tuple(graph.nodes.values())),)
