"""Nine calls, made in six ways: their time, the model's replies, and the calls that a mistake in the last one costs.

    python -m benchmarks.comparison     # LangGraph and Monty need the extra `bench`: pip install -e '.[bench]'

The calls are those of examples/nine.llmc: a chain of three for each of two cities, two more, and one that needs both
chains. Replies of the model are scripted and take no time. `mistake` is the number of calls made before the misspelt
name of the last tool is reported, and `again` the number that is repeated when the model sends the corrected text.
A way whose text is the reader's own program, or that has no such step, has no figure there.
"""

import asyncio
import re
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from time import perf_counter
from typing import Any, Final, TypedDict

import llmc

SECONDS: Final[Mapping[str, float]] = {
    "country Lyon": 0.19,
    "country Kyoto": 0.29,
    "capital France": 0.26,
    "capital Japan": 0.39,
    "coordinates Paris": 0.26,
    "coordinates Tokyo": 0.34,
    "population Paris": 0.23,
    "population Tokyo": 0.38,
}
COUNTRIES: Final = {"Lyon": "France", "Kyoto": "Japan"}
CAPITALS: Final = {"France": "Paris", "Japan": "Tokyo"}
MADE: Final[list[str]] = []
"""The calls made so far."""


async def _call(tool: str, name: str) -> None:
    MADE.append(f"{tool} {name}")
    await asyncio.sleep(SECONDS[f"{tool} {name}"])


@llmc.read("atlas")
async def country(city: str) -> str:
    """Return the country of a city."""
    await _call("country", city)
    return COUNTRIES[city]


@llmc.read("atlas")
async def capital(country: str) -> str:
    """Return the capital of a country."""
    await _call("capital", country)
    return CAPITALS[country]


@llmc.read("atlas")
async def coordinates(city: str) -> float:
    """Return the longitude of a city."""
    await _call("coordinates", city)
    return float(len(city))


@llmc.read("atlas")
async def population(city: str) -> int:
    """Return the inhabitants of a city."""
    await _call("population", city)
    return len(city)


@llmc.pure
async def distance(one: float, other: float) -> float:
    """Return the distance of two longitudes."""
    MADE.append("distance")
    return abs(one - other)


TOOLS: Final = {tool.name: tool for tool in (country, capital, coordinates, population, distance)}

PLAN: Final = """\
1. country("Lyon")
2. country("Kyoto")
3. capital($1)
4. capital($2)
5. coordinates($3)
6. coordinates($4)
7. population($3)
8. population($4)
9. distance($5, $6)
join($9, $7, $8)
"""
CODE: Final = """\
lyon = await country("Lyon")
kyoto = await country("Kyoto")
paris = await capital(lyon)
tokyo = await capital(kyoto)
west = await coordinates(paris)
east = await coordinates(tokyo)
fewer = await population(paris)
more = await population(tokyo)
apart = await distance(west, east)
[apart, fewer, more]
"""
VALUE: Final = [0.0, 5, 5]
STUBS: Final = """\
async def country(city: str) -> str: ...
async def capital(country: str) -> str: ...
async def coordinates(city: str) -> float: ...
async def population(city: str) -> int: ...
async def distance(one: float, other: float) -> float: ...
"""


@dataclass(frozen=True, slots=True)
class Way:
    """The figures of one way to make the calls."""

    seconds: float
    replies: int
    mistake: int | None
    again: int | None


def misspelt(text: str) -> str:
    """The text with a mistake in the name of its last tool."""
    return text.replace("distance", "distanze")


async def timed(run: Callable[[], Awaitable[object]]) -> float:
    """The seconds of a run, whose nine calls and value are right."""
    MADE.clear()
    start = perf_counter()
    assert await run() == VALUE
    assert len(MADE) == len(set(MADE)) == 9
    return perf_counter() - start


async def made_until(run: Callable[[], Awaitable[object]], mistake: type[BaseException]) -> int:
    """The calls made before a mistake is raised."""
    MADE.clear()
    try:
        await run()
    except mistake:
        return len(MADE)
    raise AssertionError("the mistake was not noticed")


async def by_hand() -> Way:
    """The best program that a person writes: a task for each city."""

    async def half(city: str) -> tuple[float, int]:
        seat = await capital(await country(city))
        where, people = await asyncio.gather(coordinates(seat), population(seat))
        return where, people

    async def run() -> list[float]:
        (west, fewer), (east, more) = await asyncio.gather(half("Lyon"), half("Kyoto"))
        return [await distance(west, east), fewer, more]

    return Way(await timed(run), 0, None, None)


async def tool_loop() -> Way:
    """A model that makes all calls whose arguments it knows, and is asked again for each further round."""
    rounds = (1, 2), (3, 4), (5, 6, 7, 8), (9,)
    lines = PLAN.splitlines()
    mistaken = 0

    async def run() -> list[object]:
        nonlocal mistaken
        values: dict[str, object] = {}
        for numbers in rounds:
            if numbers == (9,):
                mistaken = len(MADE)
            calls = [_called(lines[number - 1], values) for number in numbers]
            values.update(zip(map(str, numbers), await asyncio.gather(*calls), strict=True))
        return [values["9"], values["7"], values["8"]]

    return Way(await timed(run), len(rounds) + 1, mistaken, 0)


async def dispatcher() -> Way:
    """The dispatcher of the paper (arXiv 2312.04511): one plan, each task started when its references have values."""

    async def run() -> list[object]:
        values: dict[str, object] = {}
        tasks: dict[str, asyncio.Task[None]] = {}

        async def task(number: str, line: str) -> None:
            await asyncio.gather(*(tasks[needed] for needed in re.findall(r"\$(\d+)", line)))
            values[number] = await _called(line, values)

        for line in PLAN.splitlines()[:-1]:
            number = line.partition(".")[0]
            tasks[number] = asyncio.create_task(task(number, line))
        await asyncio.gather(*tasks.values())
        return [values["9"], values["7"], values["8"]]

    return Way(await timed(run), 1, None, None)


def _called(line: str, values: Mapping[str, object]) -> Coroutine[Any, Any, object]:
    """The call that a numbered line makes, with references replaced."""
    name, arguments = re.fullmatch(r"\d+\. (\w+)\((.*)\)", line).groups()  # type: ignore[union-attr]  # our own text
    call: Callable[..., Coroutine[Any, Any, object]] = TOOLS[name]
    return call(*(values[given[1:]] if given.startswith("$") else given.strip('"') for given in arguments.split(", ")))


class State(TypedDict, total=False):
    """The values that the nodes of LangGraph share; each node writes one."""

    v1: object
    v2: object
    v3: object
    v4: object
    v5: object
    v6: object
    v7: object
    v8: object
    v9: object


async def langgraph() -> Way:
    """A graph that a person builds, with a node for each call."""
    from langgraph.graph import END, START, StateGraph

    builder: Any = StateGraph(State)

    def node(number: int, line: str) -> Callable[[dict[str, object]], Coroutine[Any, Any, dict[str, object]]]:
        async def work(state: dict[str, object]) -> dict[str, object]:
            return {f"v{number}": await _called(line, {name[1:]: value for name, value in state.items()})}

        return work

    for number, line in enumerate(PLAN.splitlines()[:-1], 1):
        needs = re.findall(r"\$(\d+)", line)
        builder.add_node(f"t{number}", node(number, line))
        builder.add_edge([f"t{need}" for need in needs] if needs else START, f"t{number}")
    builder.add_edge(["t7", "t8", "t9"], END)
    compiled = builder.compile()

    async def run() -> list[object]:
        state = await compiled.ainvoke({})
        return [state["v9"], state["v7"], state["v8"]]

    return Way(await timed(run), 0, None, None)


async def code_mode(*, is_checked: bool) -> Way:
    """Python that a model writes, one await a line, in Monty; its type checker is off, or has stubs of the tools."""
    from pydantic_monty import AsyncMonty, MontyError

    async with AsyncMonty() as pool:

        async def run(code: str) -> object:
            options: dict[str, Any] = {"type_check": True, "type_check_stubs": STUBS} if is_checked else {}
            async with pool.checkout(**options) as session:
                return await session.feed_run(code, external_lookup={name: tool.call for name, tool in TOOLS.items()})

        seconds = await timed(lambda: run(CODE))
        mistake = await made_until(lambda: run(misspelt(CODE)), MontyError)
        before = set(MADE)
        MADE.clear()
        assert await run(CODE) == VALUE
        return Way(seconds, 1, mistake, len(before & set(MADE)))


async def with_llmc() -> Way:
    """A plan that a model writes."""
    tools = llmc.Toolbox(TOOLS.values())
    seconds = await timed(lambda: _value(llmc.compile(PLAN, tools)))
    mistake = await made_until(lambda: _value(llmc.compile(misspelt(PLAN), tools)), llmc.CompileError)
    model = llmc.ScriptedModel([misspelt(PLAN), PLAN])
    MADE.clear()
    answer = await llmc.Agent(tools, model=model).ask("?")
    assert answer.value == VALUE
    return Way(seconds, 1, mistake, len(MADE) - len(set(MADE)))


async def _value(program: llmc.Program) -> object:
    """The value of a program."""
    return (await program.run()).value


async def main() -> None:
    """Print a row for each way that is installed."""
    ways: dict[str, Callable[[], Coroutine[Any, Any, Way]]] = {
        "asyncio by hand": by_hand,
        "tool loop": tool_loop,
        "LangGraph": langgraph,
        "code mode": lambda: code_mode(is_checked=False),
        "code mode, typed": lambda: code_mode(is_checked=True),
        "LLMCompiler": dispatcher,
        "llmc": with_llmc,
    }
    missing = {"langgraph": "LangGraph", "pydantic_monty": "code mode"}
    print(f"{'':<18}{'seconds':>8}{'replies':>9}{'mistake':>9}{'again':>7}")
    for name, way in ways.items():
        if any(name.startswith(word) and not find_spec(module) for module, word in missing.items()):
            print(f"{name:<18}not installed")
            continue
        found = await way()
        figures = ["-" if figure is None else str(figure) for figure in (found.mistake, found.again)]
        print(f"{name:<18}{found.seconds:>8.2f}{found.replies:>9}{figures[0]:>9}{figures[1]:>7}", flush=True)


if __name__ == "__main__":
    asyncio.run(main())
