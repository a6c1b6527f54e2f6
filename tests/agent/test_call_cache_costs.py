"""A call cache costs the same for each call, whatever was read, written or in doubt before.

Counted in calls of functions, which no load on the machine changes.
"""

import asyncio
import sys
from collections.abc import Iterator
from types import FrameType

import pytest

import llmc
from llmc_compiler.effects.effects import overlap
from llmc_runtime.cache.cached_call import CachedCall
from llmc_runtime.cache.call_cache import CallCache
from llmc_runtime.cache.resource_index import ResourceIndex
from llmc_runtime.errors import Blocked
from llmc_runtime.program.execution import execute
from llmc_runtime.program.program import compile_plan
from llmc_runtime.program.run_result import Run
from tests.runtime import clock

pytestmark = pytest.mark.no_cover
"""The searches are long, and other tests reach the lines."""

TIMES = 4
MOST = 1.2 * TIMES
"""How many times as many calls so many times the tasks may take."""


@llmc.read("file:{name}")
async def look(name: str) -> str:
    """Look."""
    return name


@llmc.write("file:{name}")
async def keep(name: str) -> str:
    """Keep."""
    return name


@llmc.write("file:{name}")
async def fail(name: str) -> str:
    """Leave it in doubt."""
    raise ConnectionError(name)


@llmc.write("all:{name}", idempotent=True)
async def hasty(name: str) -> str:
    """Has a time limit of its own, and leaves what it began to itself."""
    await asyncio.wait_for(asyncio.shield(asyncio.ensure_future(asyncio.sleep(5))), 1)
    return name


@llmc.read("all")
async def survey() -> int:
    """Look at all."""
    return 1


TOOLS = llmc.Toolbox([look, keep, fail, hasty, survey])


def many(tool: str, count: int, first: int = 1) -> str:
    """A plan with so many calls, each of a resource of its own."""
    lines = [f'{index}. {tool}("f{index}") @fallback("")' for index in range(first, first + count)]
    return "\n".join([*lines, "join()"])


def calls_in(*plans: str) -> int:
    """How many functions are called to run plans one after the other with one call cache."""
    cache, graphs, count = CallCache(), [compile_plan(plan, TOOLS).graph for plan in plans], 0

    async def work() -> None:
        for graph in graphs:
            cache.next_plan()
            await execute(graph, {}, memo=cache)

    def profile(_frame: FrameType, event: str, _argument: object) -> None:
        nonlocal count
        count += event in {"call", "c_call"}

    async def measured() -> None:
        sys.setprofile(profile)
        try:
            await work()
        finally:
            sys.setprofile(None)

    clock.run(measured())
    return count


def growth(one: str, other: str, first: int) -> float:
    """How many times as many calls it takes for so many times the tasks; the other tasks begin with this number."""
    fewer, more = (calls_in(many(one, count), many(other, count, first)) for count in (100, TIMES * 100))
    return more / fewer


CASES = [
    *(("look", "keep", 1), ("look", "keep", 5001), ("keep", "look", 1), ("keep", "keep", 5001)),
    *(("fail", "look", 5001), ("fail", "keep", 5001), ("fail", "fail", 5001)),
]


@pytest.mark.parametrize(("one", "other", "first"), CASES)
def test_calls_cost_the_same_after_many_others(one: str, other: str, first: int) -> None:
    """Reads, writes and failures, of the same and of other resources."""
    assert growth(one, other, first) < MOST


def each_one(index: "ResourceIndex[object]", resource: str) -> Iterator[object]:
    """What overlaps a resource, by a look at everything."""
    return (thing for thing, way in index._ways.items() if overlap(":".join(way), resource))  # noqa: SLF001


@pytest.mark.parametrize(("one", "other", "first"), [("look", "keep", 5001), ("fail", "look", 5001)])
def test_a_look_at_everything_costs_more(one: str, other: str, first: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """The figures above are not blind."""
    monkeypatch.setattr(ResourceIndex, "overlapping", each_one)
    assert growth(one, other, first) > 1.5 * MOST


def looks(monkeypatch: pytest.MonkeyPatch, *plans: str) -> int:
    """How often a write that failed is looked for among all that goes on."""
    count, goes_on = 0, CachedCall.goes_on

    def counting(call: CachedCall) -> bool:
        nonlocal count
        count += 1
        return bool(goes_on.__get__(call))

    with monkeypatch.context() as patched:
        patched.setattr(CachedCall, "goes_on", property(counting))
        calls_in(*plans)
    return count


def test_what_failed_is_looked_for_once_and_only_if_it_matters(monkeypatch: pytest.MonkeyPatch) -> None:
    """By the first call that conflicts with it."""
    failing = many("fail", 20)
    assert looks(monkeypatch, failing, many("look", 20, 5001)) == 0
    assert looks(monkeypatch, failing, many("look", 10), many("look", 20)) == 20
    monkeypatch.setattr(ResourceIndex, "discard", lambda _self, _thing: None)
    assert looks(monkeypatch, failing, many("look", 10), many("look", 20)) > 20


def test_what_a_failed_call_has_left_is_waited_out() -> None:
    """It raised by itself, and what it began goes on; when that is over, what it touches may be read."""
    cache = CallCache()

    async def all_of_them() -> list[Run]:
        found = []
        for plan, seconds in (('1. hasty("a")\njoin()', 0), ("2. survey()\njoin()", 6), ("3. survey()\njoin()", 0)):
            cache.next_plan()
            found.append(await execute(compile_plan(plan, TOOLS).graph, {}, memo=cache))
            await asyncio.sleep(seconds)
        return found

    first, second, third = clock.run(all_of_them())
    assert set(first.errors) == {"1"}
    assert isinstance(second.errors["2"], Blocked)
    assert third.results == {"3": 1}
