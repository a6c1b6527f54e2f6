"""What a task costs in other runners of graphs, as a multiple of what it costs in llmc.

    python -m benchmarks.peers          # needs the extra `bench`: pip install -e '.[bench]'

All run the same shapes with tools that do nothing, in one process and in turns, each in its own way: aiodag and
Hamilton on asyncio, LangGraph on asyncio with a state that tasks add to, dask with threads. Times are those of the
processor.
"""

import argparse
import asyncio
import gc
import sys
from collections.abc import Callable, Coroutine
from statistics import median
from time import process_time
from types import ModuleType
from typing import Annotated, Any, TypedDict

from benchmarks.shapes import WIDE, Shape, by_hand, chain, layered, tree, wide
from llmc_runtime.program.execution import execute

SHAPES = (chain(200), wide(1_000), tree(10), layered(1_000))

Runner = Callable[[], Coroutine[Any, Any, list[Any]]]


def with_llmc(shape: Shape) -> Runner:
    """This runtime."""
    graph = shape.graph()

    async def run() -> list[Any]:
        value = (await execute(graph, {}, limits=WIDE)).value
        assert isinstance(value, list)
        return value

    return run


def with_loop(shape: Shape) -> Runner:
    """The loop by hand."""
    return lambda: by_hand(shape)


def with_aiodag(shape: Shape) -> Runner:
    """Tasks that are given the tasks they need; the graph is built by running it."""
    from aiodag import task

    functions = [task(shape.tool(index).call) for index in range(len(shape.needs))]

    async def run() -> list[Any]:
        tasks: list[Any] = []
        for index, needs in enumerate(shape.needs):
            tasks.append(functions[index](*[tasks[need] for need in needs]))
        return list(await asyncio.gather(*(tasks[index] for index in shape.last())))

    return run


def with_hamilton(shape: Shape) -> Runner:
    """A function for each task, whose parameters are the names of those it needs; the driver is built before."""
    from hamilton import async_driver

    module = ModuleType("shape")
    lines = []
    for index, needs in enumerate(shape.needs):
        given = ", ".join(f"t{need}: int" for need in needs)
        result = " | ".join(f"t{need}" for need in needs) or "0"
        lines.append(f"async def t{index}({given}) -> int:\n    return {result}\n")
    sys.modules["shape"] = module
    exec("\n".join(lines), module.__dict__)  # noqa: S102 — our own text: Hamilton takes its graph from a module
    wanted = [f"t{index}" for index in shape.last()]
    driver: list[Any] = []

    async def run() -> list[Any]:
        if not driver:
            driver.append(await async_driver.Builder().with_modules(module).build())
        found = await driver[0].execute(wanted)
        return [found[name] for name in wanted]

    return run


def _merged(one: dict[int, int], other: dict[int, int]) -> dict[int, int]:
    return {**one, **other}


class State(TypedDict):
    """What the nodes of LangGraph share."""

    results: Annotated[dict[int, int], _merged]


def with_langgraph(shape: Shape) -> Runner:
    """A node for each task, which adds its result to the state; compiled before."""
    from langgraph.graph import END, START, StateGraph

    builder: Any = StateGraph(State)

    def node(index: int) -> Callable[[State], Coroutine[Any, Any, State]]:
        call, needs = shape.tool(index).call, shape.needs[index]

        async def work(state: State) -> State:
            return {"results": {index: await call(*[state["results"][need] for need in needs])}}

        return work

    for index, needs in enumerate(shape.needs):
        builder.add_node(f"t{index}", node(index))
        builder.add_edge([f"t{need}" for need in needs] if needs else START, f"t{index}")
    builder.add_edge([f"t{index}" for index in shape.last()], END)
    compiled = builder.compile()

    async def run() -> list[Any]:
        state = await compiled.ainvoke({"results": {}}, {"recursion_limit": 100_000})
        return [state["results"][index] for index in shape.last()]

    return run


def with_dask(shape: Shape) -> Runner:
    """A dictionary of tasks, run by threads."""
    from dask.threaded import get

    def work(*given: int) -> int:
        return given[0] if given else 0

    tasks = {f"t{index}": (work, *[f"t{need}" for need in needs]) for index, needs in enumerate(shape.needs)}
    wanted = [f"t{index}" for index in shape.last()]

    async def run() -> list[Any]:
        return list(get(tasks, wanted))

    return run


RUNNERS: dict[str, Callable[[Shape], Runner]] = {
    "by hand": with_loop,
    "llmc": with_llmc,
    "aiodag": with_aiodag,
    "hamilton": with_hamilton,
    "langgraph": with_langgraph,
    "dask": with_dask,
}


async def measure(shape: Shape, repetitions: int) -> dict[str, float]:
    """Seconds of the processor for each runner, the median of runs in turns."""
    runners = {name: make(shape) for name, make in RUNNERS.items()}
    times: dict[str, list[float]] = {name: [] for name in runners}
    for name, run in runners.items():
        assert len(await run()) == len(shape.last()), name
    for _ in range(repetitions):
        for name, run in runners.items():
            gc.collect()
            start = process_time()
            await run()
            times[name].append(process_time() - start)
    return {name: median(found) for name, found in times.items()}


def main() -> None:
    """Print a table: microseconds a task in llmc, and how many times as much in the others."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repetitions", type=int, default=9)
    repetitions = parser.parse_args().repetitions
    others = [name for name in RUNNERS if name != "llmc"]
    print(f"{'':<16}{'llmc, µs':>9}" + "".join(f"{name:>11}" for name in others))
    for shape in SHAPES:
        found = asyncio.run(measure(shape, repetitions))
        ratios = "".join(f"{found[name] / found['llmc']:>10.1f}x" for name in others)
        print(f"{shape.name:<16}{found['llmc'] / len(shape.needs) * 1e6:>9.1f}{ratios}", flush=True)


if __name__ == "__main__":
    main()
