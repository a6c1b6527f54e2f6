"""Records that are handed to one consumer, in other runners of graphs, with the checks that each of them has.

A handover is a search, which returns records of four fields, and a consumer, which takes them and returns 1 if it gets
a copy. A run has many of them, none of which needs another. Tools do nothing, so the figures are what the runner adds.
"""

import asyncio
import logging
import sys
from collections.abc import Callable, Coroutine
from itertools import count
from types import ModuleType
from typing import Any, Final

from pydantic import BaseModel, create_model, validate_call
from typing_extensions import TypedDict

from benchmarks.real_tools import Record, described, handed_on, hits
from benchmarks.shapes import WIDE
from llmc_compiler.tools.decorators import nondet
from llmc_compiler.tools.tool import Tool
from llmc_runtime.program.execution import execute

HANDED: Final = 50
"""Handovers in a run."""

Runner = Callable[[], Coroutine[Any, Any, list[Any]]]
"""Runs all handovers, and returns what the consumers returned."""


class Page(TypedDict):
    """A search hit."""

    title: str
    url: str
    snippet: str
    score: float


class Pages(BaseModel):
    """Search hits, as a model, which Hamilton's check of results needs."""

    pages: list[Page]


def _llmc(tools: tuple[Tool, Tool]) -> Runner:
    graph = handed_on(tools, HANDED).graph()

    async def run() -> list[Any]:
        done = await execute(graph, {}, limits=WIDE)
        if done.errors:
            raise ExceptionGroup("the run failed", list(done.errors.values()))
        assert isinstance(done.value, list)
        return done.value

    return run


def with_types(found: list[Record]) -> Runner:
    """llmc, with annotated functions: pydantic checks each field."""

    @nondet
    async def search() -> list[Page]:
        return found  # type: ignore[return-value]  # whether they are pages is checked in the run

    @nondet
    async def read(pages: list[Page]) -> int:
        return int(pages is not found)

    return _llmc((search, read))


def with_schemas(found: list[Record]) -> Runner:
    """llmc, with JSON schemas."""
    return _llmc(described(found))


def _gathered(
    search: Callable[[], Coroutine[Any, Any, Any]], read: Callable[[Any], Coroutine[Any, Any, int]]
) -> Runner:
    async def one() -> int:
        return await read(await search())

    async def run() -> list[Any]:
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(one()) for _ in range(HANDED)]
        return [task.result() for task in tasks]

    return run


def with_asyncio(found: list[Record]) -> Runner:
    """The functions alone, on asyncio."""

    async def search() -> list[Record]:
        return found

    async def read(pages: list[Record]) -> int:
        return int(pages is not found)

    return _gathered(search, read)


def with_pydantic(found: list[Record]) -> Runner:
    """The same, with pydantic's check of results and arguments."""

    async def search() -> list[Page]:
        return found  # type: ignore[return-value]  # the same

    async def read(pages: list[Page]) -> int:
        return int(pages is not found)

    return _gathered(validate_call(validate_return=True)(search), validate_call(validate_return=True)(read))


def with_aiodag(found: list[Record]) -> Runner:
    """aiodag: the graph is built by running it."""
    from aiodag import task

    async def search() -> list[Record]:
        return found

    async def read(pages: list[Record]) -> int:
        return int(pages is not found)

    searching, reading = task(search), task(read)

    async def run() -> list[Any]:
        return list(await asyncio.gather(*(reading(searching()) for _ in range(HANDED))))

    return run


def with_hamilton(found: list[Record]) -> Runner:
    """Hamilton: types of the graph are compared when the driver is built, before."""
    return _hamilton(
        "async def s{0}() -> list:\n    return FOUND\n"
        "async def r{0}(s{0}: list) -> int:\n    return int(s{0} is not FOUND)\n",
        found,
    )


def with_check_output(found: list[Record]) -> Runner:
    """Hamilton, with its decorator that checks results by a pydantic model."""
    return _hamilton(
        "@check_output(importance='fail')\n"
        "async def s{0}() -> Pages:\n    return {{'pages': FOUND}}\n"
        "async def r{0}(s{0}: Pages) -> int:\n    return int(s{0}['pages'] is not FOUND)\n",
        found,
    )


_modules: Final = count()


def _hamilton(pair: str, found: list[Record]) -> Runner:
    from hamilton import async_driver
    from hamilton.plugins import h_pydantic

    name = f"handovers_{next(_modules)}"
    module = sys.modules[name] = ModuleType(name)
    vars(module).update(FOUND=found, Pages=Pages, check_output=h_pydantic.check_output)
    text = "\n".join(pair.format(number) for number in range(HANDED))
    exec(text, vars(module))  # noqa: S102 — our own text: Hamilton takes its graph from a module
    wanted = [f"r{number}" for number in range(HANDED)]
    driver: list[Any] = []

    async def run() -> list[Any]:
        if not driver:
            driver.append(await async_driver.Builder().with_modules(module).build())
        values = await driver[0].execute(wanted)
        return [values[name] for name in wanted]

    return run


def with_langgraph(found: list[Record]) -> Runner:
    """LangGraph: each consumer has a pydantic model of its input."""
    from langgraph.graph import END, START, StateGraph

    channels = {f"{kind}{number}": Any for number in range(HANDED) for kind in ("pages", "read")}
    typed: Any = TypedDict
    builder: Any = StateGraph(typed("Channels", channels, total=False))

    def add(number: int) -> None:
        async def search(_state: object) -> dict[str, Any]:
            return {f"pages{number}": found}

        async def read(state: object) -> dict[str, Any]:
            return {f"read{number}": int(getattr(state, f"pages{number}") is not found)}

        model: Any = create_model(f"Input{number}", **{f"pages{number}": (list[Page], ...)})  # type: ignore[call-overload]
        builder.add_node(f"s{number}", search)
        builder.add_node(f"r{number}", read, input_schema=model)
        builder.add_edge(START, f"s{number}")
        builder.add_edge(f"s{number}", f"r{number}")
        builder.add_edge(f"r{number}", END)

    for number in range(HANDED):
        add(number)
    compiled = builder.compile()

    async def run() -> list[Any]:
        state = await compiled.ainvoke({"pages0": None})
        return [state[f"read{number}"] for number in range(HANDED)]

    return run


def with_dask(found: list[Record]) -> Runner:
    """Dask: a dictionary of tasks, run by threads."""
    from dask.threaded import get

    def search() -> list[Record]:
        return found

    def read(pages: list[Record]) -> int:
        return int(pages is not found)

    tasks: dict[str, Any] = {}
    for number in range(HANDED):
        tasks[f"s{number}"] = (search,)
        tasks[f"r{number}"] = (read, f"s{number}")
    wanted = [f"r{number}" for number in range(HANDED)]

    async def run() -> list[Any]:
        return list(get(tasks, wanted))

    return run


PEERS: Final[dict[str, Callable[[list[Record]], Runner]]] = {
    "llmc, annotations": with_types,
    "llmc, schemas": with_schemas,
    "asyncio": with_asyncio,
    "asyncio, pydantic": with_pydantic,
    "aiodag": with_aiodag,
    "Hamilton": with_hamilton,
    "Hamilton, check_output": with_check_output,
    "LangGraph": with_langgraph,
    "dask": with_dask,
}


async def checks(make: Callable[[list[Record]], Runner]) -> bool:
    """Whether a runner refuses a record whose score is a text."""
    logging.disable()  # Hamilton logs a page about each error
    try:
        await make([{**hits(1)[0], "score": "high"}])()
    except Exception:  # noqa: BLE001 — each runner has errors of its own
        return True
    finally:
        logging.disable(logging.NOTSET)
    return False


async def copies(make: Callable[[list[Record]], Runner]) -> bool:
    """Whether a consumer gets a copy, so that its changes reach no other."""
    return all(await make(hits(1))())
