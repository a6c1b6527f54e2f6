"""What calls gave is given again, and nothing else."""

import asyncio
from collections.abc import Sequence
from typing import Literal

import pytest

import llmc
from llmc_runtime.cache.call_cache import CallCache
from llmc_runtime.program.execution import execute
from llmc_runtime.program.program import compile_plan
from llmc_runtime.program.run_result import Run
from tests.agent.fakes import World
from tests.runtime import clock


def play(world: World, *plans: str, cache: CallCache | None = None) -> list[Run]:
    """Run plans one after the other with one call cache."""
    cache = cache or CallCache()

    async def all_of_them() -> list[Run]:
        runs = []
        for plan in plans:
            cache.next_plan()
            runs.append(await execute(compile_plan(plan, world.toolbox()).graph, {}, memo=cache))
        return runs

    return clock.run(all_of_them())


def play_at_once(world: World, *plans: str, after: Sequence[float] = ()) -> tuple[list[Run], CallCache]:
    """Run plans at the same time as one plan, each after some seconds."""
    cache = CallCache()

    async def one(plan: str, seconds: float) -> Run:
        await asyncio.sleep(seconds)
        return await execute(compile_plan(plan, world.toolbox()).graph, {}, memo=cache)

    async def all_of_them() -> list[Run]:
        waits = after or [0.0] * len(plans)
        return await asyncio.gather(*map(one, plans, waits))

    return clock.run(all_of_them()), cache


def test_a_read_is_made_once() -> None:
    """A later plan gets its value at once, and counts no call."""
    world = World()
    first, second = play(world, '1. search("a")\njoin($1)', '5. search(entity="a")\njoin($5)')
    assert first.value == second.value == "a is known"
    assert world.calls == {"search a": 1}
    assert (second.calls, second.seconds) == (0, 0)


def test_other_arguments_are_another_call() -> None:
    """`1` and `1.0` are two."""
    world = World()
    play(world, '1. search("a")\n2. add(1, 2)\njoin()', '3. search("b")\n4. add(1.0, 2)\njoin()')
    assert world.calls == {"search a": 1, "search b": 1, "add": 2}


def test_a_write_forgets_what_it_may_change() -> None:
    """The inbox is read again after a mail, the web is not."""
    world = World()
    runs = play(
        world,
        '1. inbox()\n2. search("a")\njoin()',
        '3. send("bob")\njoin($3)',
        '4. inbox()\n5. search("a")\njoin($4)',
    )
    assert world.calls == {"inbox": 2, "search a": 1, "send bob": 1}
    assert runs[2].value == ["bob"]


def test_reads_around_a_write_in_one_plan_are_two() -> None:
    """As the compiler orders them."""
    world = World()
    (run,) = play(world, '1. inbox()\n2. send("bob")\n3. inbox()\njoin($1, $3)')
    assert run.value == [[], ["bob"]]


def test_models_and_clocks_answer_anew_in_the_next_plan() -> None:
    """And within a plan for each task."""
    world = World()
    first, second = play(world, "1. dice()\n2. dice()\njoin()", "1. dice()\njoin($1)")
    assert first.value == {"1": 2, "2": 2}
    assert world.calls == {"dice": 3}
    assert second.value == 3


def test_a_failure_is_not_kept() -> None:
    """The next plan may try again."""
    world = World()
    play(world, '1. fail("x")\njoin()', '2. fail("x")\njoin()')
    assert world.calls == {"fail": 2}


def test_a_write_is_never_done_twice() -> None:
    """In a later plan the same call gives what it gave."""
    world = World()
    first, second = play(world, '1. send("bob")\njoin($1)', '2. send("bob")\n3. send("eve")\njoin($2, $3)')
    assert world.sent == ["bob", "eve"]
    assert first.value == "sent to bob"
    assert second.value == ["sent to bob", "sent to eve"]


def test_two_writes_of_one_plan_are_two() -> None:
    """It was meant so."""
    world = World()
    play(world, '1. send("bob")\n2. send("bob")\njoin()')
    assert world.sent == ["bob", "bob"]


def test_a_write_in_doubt_is_not_repeated() -> None:
    """Nobody knows whether it happened; what it may have changed is read again and again."""
    world = World(latency=2.0)
    first, second, third = play(
        world,
        '1. send("bob") @timeout(1s)\njoin()',
        '2. send("bob")\n3. inbox()\njoin()',
        "4. inbox()\njoin()",
    )
    assert "timed out" in str(first.errors["1"])
    assert "the same call of `send` ended in doubt before" in str(second.errors["2"])
    assert isinstance(second.errors["2"], llmc.PlanError)
    assert world.sent == []
    assert not third.errors
    assert world.calls == {"inbox": 1, "send bob": 1}


def test_an_idempotent_write_in_doubt_is_made_again() -> None:
    """It may be repeated; once it is done, it is not."""
    times = [2.0, 0.0, 0.0]
    done: list[str] = []

    @llmc.write("mail", idempotent=True)
    async def label(name: str) -> str:
        """Set a label."""
        await asyncio.sleep(times.pop(0))
        done.append(name)
        return name

    cache = CallCache()

    async def three_plans() -> list[Run]:
        runs = []
        for plan in ('1. label("a") @timeout(1s)\njoin()', '2. label("a")\njoin()', '3. label("a")\njoin()'):
            cache.next_plan()
            runs.append(await execute(compile_plan(plan, llmc.Toolbox([label])).graph, {}, memo=cache))
        return runs

    first, second, third = clock.run(three_plans())
    assert "timed out" in str(first.errors["1"])
    assert second.results == {"2": "a"}
    assert third.results == {"3": "a"}
    assert done == ["a"]


def test_what_runs_is_waited_for() -> None:
    """Two runs that want the same at the same time make one call; a task that is read anew is the same task."""
    world = World()
    runs, cache = play_at_once(
        world, '1. search("a")\n2. dice()\njoin()', '1. search("a")\n2. dice()\njoin()', after=[0, 0.1]
    )
    assert world.calls == {"search a": 1, "dice": 1}
    assert runs[0].value == runs[1].value
    assert runs[1].seconds == pytest.approx(0.1)
    assert cache.reused == 2


def test_a_failure_stands_within_a_plan() -> None:
    """For the same task; it has the place of the task in the text that it is read from."""
    world = World()
    runs, _ = play_at_once(world, '1. fail("x")\njoin()', '\n\n1. fail("x")\njoin()', '2. fail("x")\njoin()')
    assert [str(error) for run in runs for error in run.errors.values()] == [
        "task 1 failed: `fail` raised RuntimeError: x",
        "task 1 failed: `fail` raised RuntimeError: x",
        "task 2 failed: `fail` raised RuntimeError: x",
    ]
    assert [error.span.start for run in runs for error in run.errors.values()] == [3, 5, 3]
    assert world.calls == {"fail": 2}


def test_who_waits_in_vain_calls_by_itself() -> None:
    """If the call that was waited for is given up, the others go on, one of them first."""
    world = World()
    cache = CallCache()

    async def given_up() -> Run:
        graph = compile_plan('1. search("a")\njoin($1)', world.toolbox()).graph
        first = asyncio.ensure_future(execute(graph, {}, memo=cache))
        others = [asyncio.ensure_future(execute(graph, {}, memo=cache)) for _ in range(3)]
        await asyncio.sleep(0.1)
        others[1].cancel()
        first.cancel()
        await asyncio.wait([first, others[1]])
        assert (await others[2]).value == "a is known"
        return await others[0]

    assert clock.run(given_up()).value == "a is known"
    assert world.calls["search a"] == 2


def test_other_limits_are_not_waited_for() -> None:
    """A call with a time limit keeps to it."""
    world = World()
    runs, _ = play_at_once(world, '1. search("a")\njoin($1)', '1. search("a") @timeout(50ms)\njoin()', after=[0, 0.1])
    assert runs[0].value == "a is known"
    assert "timed out" in str(runs[1].errors["1"])


def test_what_a_write_overlaps_is_not_kept() -> None:
    """A read that runs while something is written may have seen either; it is read again."""
    world = World()
    play_at_once(world, '1. send("bob")\njoin()', "1. inbox()\njoin()", "1. inbox()\njoin()", after=[0, 0.1, 0.5])
    assert world.calls == {"inbox": 2, "send bob": 1}
    world = World()
    play_at_once(world, "1. inbox()\njoin()", '1. send("bob")\njoin()', "1. inbox()\njoin()", after=[0, 0.1, 0.5])
    assert world.calls == {"inbox": 2, "send bob": 1}


def test_long_arguments_are_not_kept() -> None:
    """What says that two calls are the same is short, however long their arguments are."""
    cache = CallCache()
    play(World(), '1. "a" * 100000\n2. search("$1$x") for x in [1, 2, 3]\njoin($2)', cache=cache)
    keys = list(cache._kept)  # noqa: SLF001 — nothing shows what is kept
    assert len(keys) == 3
    assert max(map(len, keys)) < 100


@pytest.mark.parametrize("bare", ["parallel", "ordered"])
def test_what_nobody_has_declared_may_write(bare: Literal["parallel", "ordered"]) -> None:
    """So a later plan reads anew, and does not do it twice."""
    log: list[int] = []

    @llmc.read("log")
    async def count() -> int:
        """How many there are."""
        return len(log)

    async def add(value: int) -> int:
        """Add one."""
        log.append(value)
        return value

    tools, cache = llmc.Toolbox([count, add], bare=bare), CallCache()

    async def both() -> list[Run]:
        runs = []
        for plan in ("1. count()\n2. add(7)\njoin($1, $2)\n", "1. count()\n2. add(7)\njoin($1, $2)\n"):
            cache.next_plan()
            runs.append(await execute(compile_plan(plan, tools).graph, {}, memo=cache))
        return runs

    assert [run.value for run in clock.run(both())] == [[0, 7], [1, 7]]
    assert log == [7]
