"""What keys, questions, secrets and traces cost a task: plans of tools that do nothing, with and without them.

All ways run in the same process, in turns; the figures are medians. Times depend on the machine, ratios hardly.
"""

import argparse
import asyncio
import gc
import os
import tempfile
from collections.abc import Awaitable, Callable
from pathlib import Path
from statistics import median
from time import perf_counter

import llmc
from llmc_runtime.calls.tool_contexts import Contexts
from llmc_runtime.program.execution import execute
from llmc_runtime.program.run_result import Run
from llmc_runtime.safety.approval import Approval
from llmc_runtime.safety.run_guard import RunGuard
from llmc_runtime.state.events import Event
from llmc_runtime.tracing.trace import event_line, head_line

SIZE = 1_000


@llmc.nondet
async def plain(x: str) -> str:
    """Come back at once."""
    return x


@llmc.write("x:{x}", idempotency_key="key")
async def keyed(x: str, key: str, box: llmc.Context[object]) -> str:
    """The same, with a key and a context."""
    return x if key and box else ""


@llmc.nondet
async def secret(x: llmc.Secret[str]) -> str:
    """The same, with a secret."""
    return x


@llmc.nondet(approve=True)
async def asking(x: str) -> str:
    """The same, if somebody says yes."""
    return x


Way = Callable[[], Awaitable[Run]]


async def yes(_: llmc.ApprovalRequest) -> bool:
    """Say so."""
    return True


def program(tool: str) -> llmc.Program:
    """A plan of many calls of a tool, none of which needs another."""
    tools = llmc.Toolbox([plain, keyed, secret, asking])
    calls = "".join(f'{index}. {tool}("$x {index}")\n' for index in range(1, SIZE + 1))
    return llmc.compile(f"input x: str\n{calls}join()\n", tools, passes=())


def way(tool: str, *, traced: Path | None = None) -> Way:
    """One way of running it."""
    compiled = program(tool)
    graph = compiled.graph

    async def run() -> Run:
        guard = RunGuard(Approval(None, yes), Contexts([keyed], object()), source=lambda: compiled.source)
        if traced is None:
            return await execute(graph, {"x": "a word"}, trust=guard)
        with traced.open("wb", buffering=0) as stream:
            stream.write(head_line(graph, "plan").encode())

            def emit(event: Event) -> None:
                os.write(stream.fileno(), event_line(event).encode())

            return await execute(graph, {"x": "a word"}, trust=guard, emit=emit)

    return run


async def measure(ways: dict[str, Way], repetitions: int) -> dict[str, float]:
    """Microseconds a task, by way."""
    times: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(repetitions):
        for name, run in ways.items():
            gc.collect()
            start = perf_counter()
            done = await run()
            times[name].append(perf_counter() - start)
            assert done.calls == SIZE
            assert not done.errors
    return {name: median(found) / SIZE * 1e6 for name, found in times.items()}


def main() -> None:
    """Print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repetitions", type=int, default=20)
    repetitions = parser.parse_args().repetitions
    with tempfile.TemporaryDirectory() as folder:
        ways = {
            "plain": way("plain"),
            "with a trace": way("plain", traced=Path(folder) / "trace.jsonl"),
            "with a key and a context": way("keyed"),
            "with a secret": way("secret"),
            "asked for": way("asking"),
        }
        found = asyncio.run(measure(ways, repetitions))
    print(f"{'µs a task':<26}{'':>9}{'ratio':>9}")
    for name, time in found.items():
        print(f"{name:<26}{time:>9.1f}{time / found['plain']:>9.2f}")


if __name__ == "__main__":
    main()
