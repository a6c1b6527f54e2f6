"""What a task costs in other runners of graphs, as a multiple of what it costs in llmc.

    python -m benchmarks.peers          # needs the extra `bench`: pip install -e '.[bench]'

All run the same shapes with tools that do nothing, in one process and in turns, each in its own way: aiodag and
Hamilton on asyncio, LangGraph on asyncio with a state that tasks add to, dask with threads. The second table is of
records that are handed to a consumer, and says which runners check and copy them. Times are minima of the processor's.
"""

import argparse
import asyncio
import sys
from collections.abc import Callable, Coroutine
from time import process_time
from types import ModuleType
from typing import Annotated, Any, TypedDict

from benchmarks.handovers import HANDED, PEERS, checks, copies
from benchmarks.measurement import Run, Work, minima
from benchmarks.real_tools import hits
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


def prepared(run: Run) -> Work:
    """A run whose graph is made already."""
    return lambda: run


async def measure(runners: dict[str, Runner], rounds: int) -> dict[str, float]:
    """Seconds of the processor for each runner, after a run that makes what it keeps."""
    for run in runners.values():
        await run()
    times = await minima([prepared(run) for run in runners.values()], rounds, process_time)
    return dict(zip(runners, times, strict=True))


async def of_tasks(rounds: int) -> None:
    """Print microseconds a task in llmc, and how many times as much in the others."""
    others = [name for name in RUNNERS if name != "llmc"]
    print(f"{'nothing to check':<20}{'llmc, µs':>9}" + "".join(f"{name:>11}" for name in others))
    for shape in SHAPES:
        runners = {name: make(shape) for name, make in RUNNERS.items()}
        for name, run in runners.items():
            assert len(await run()) == len(shape.last()), name
        times = await measure(runners, rounds)
        ratios = "".join(f"{times[name] / times['llmc']:>10.1f}x" for name in others)
        print(f"{shape.name:<20}{times['llmc'] / len(shape.needs) * 1e6:>9.1f}{ratios}", flush=True)


async def of_handovers(rounds: int) -> None:
    """Print microseconds for records that are handed on, by size, and what is done with them on the way."""
    columns: list[dict[str, float]] = []
    for count, letters in ((1, 75), (8, 150), (100, 150)):
        runners = {name: make(hits(count, letters)) for name, make in PEERS.items()}
        columns.append(await measure(runners, rounds))
    print(f"\n{'µs a handover':<24}{'0.2 KB':>9}{'2 KB':>9}{'27 KB':>9}  checks  copies")
    for name, make in PEERS.items():
        times = "".join(f"{column[name] / HANDED * 1e6:>9.0f}" for column in columns)
        does = ["yes" if await test(make) else "no" for test in (checks, copies)]
        print(f"{name:<24}{times}  {does[0]:<8}{does[1]}")


def main() -> None:
    """Print two tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=9)
    rounds = parser.parse_args().rounds
    asyncio.run(of_tasks(rounds))
    asyncio.run(of_handovers(rounds))


if __name__ == "__main__":
    main()
