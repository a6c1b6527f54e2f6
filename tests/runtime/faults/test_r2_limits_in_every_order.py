"""R2: whose turn it is, with limits taken in every order."""

import asyncio
import random
from dataclasses import dataclass, field

import pytest

from llmc_runtime.calls.admission import Admission, Lane
from llmc_runtime.limits import Limits, Rate, ToolLimits
from tests.runtime import clock
from tests.runtime.build import call, loop, play, ref, times
from tests.runtime.fakes import broken, echo, slow


@dataclass(eq=False)
class Visitor:
    """Somebody who wants in, stays for a while, and leaves."""

    name: int
    admission: "Admission[Visitor]"
    lane: Lane
    in_thread: bool
    stay: float
    rank: float
    log: "list[Visitor]"
    waits: bool = True
    began: float | None = None
    ended: float | None = None
    loop: asyncio.AbstractEventLoop = field(default_factory=asyncio.get_running_loop)

    def enter(self) -> None:
        """Be in, until the time is over."""
        assert self.waits
        self.waits = False
        self.began = self.loop.time()
        self.log.append(self)
        self.loop.call_later(self.stay, self.leave)

    def leave(self) -> None:
        """Make room."""
        self.ended = self.loop.time()
        self.admission.leave(self)
        self.admission.admit()

    def give_up(self) -> None:
        """Want no more."""
        self.waits = False


TOOLS = ("a", "b", "c", "d")


def a_crowd(seed: int) -> tuple[Limits, list[Visitor], list[Visitor]]:
    """Visitors with all kinds of demands, some of whom give up; the limits, everybody, and who was let in."""
    rng = random.Random(seed)
    limits = Limits(
        width=rng.randint(1, 6),
        tool_width=rng.randint(1, 4),
        threads=rng.randint(1, 3),
        tools={
            "a": ToolLimits(rate=Rate(rng.randint(1, 3), 1.0)),
            "b": ToolLimits(width=rng.randint(1, 3)),
            "c": ToolLimits(width=2, rate=Rate(5, 0.5)),
        },
    )
    everybody: list[Visitor] = []
    log: list[Visitor] = []

    async def scenario() -> None:
        admission: Admission[Visitor] = Admission(asyncio.get_running_loop(), limits, lambda visitor: visitor.rank)
        for name in range(60):
            tool = rng.choice(TOOLS)
            visitor = Visitor(
                name, admission, admission.lane(tool), tool in {"b", "d"}, rng.choice([0, 0.01, 0.3]), rng.random(), log
            )
            everybody.append(visitor)
            admission.ask(visitor)
            if rng.random() < 0.2:
                asyncio.get_running_loop().call_later(rng.random(), visitor.give_up)
            if rng.random() < 0.1:
                admission.pause(admission.lane(rng.choice(TOOLS)), rng.random())
            if rng.random() < 0.5:
                admission.admit()
            if rng.random() < 0.3:
                await asyncio.sleep(rng.choice([0, 0.1]))
            if rng.random() < 0.05:
                admission.rerank()
        admission.admit()
        await asyncio.sleep(200)

    clock.run(scenario())
    return limits, everybody, log


@pytest.mark.parametrize("seed", range(150))
def test_everybody_gets_a_turn_and_no_limit_is_exceeded(seed: int) -> None:
    """No deadlock and no lost turn, whatever is taken in whichever order; widths and rates hold at every moment."""
    limits, everybody, log = a_crowd(seed)
    assert [visitor.name for visitor in everybody if visitor.waits] == []
    for visitor in log:
        assert visitor.began is not None
        now = [other for other in log[: log.index(visitor) + 1] if other.ended is None or other.ended > visitor.began]
        assert len(now) <= limits.width
        assert sum(other.in_thread for other in now) <= limits.threads
        for name in TOOLS:
            own = limits.tools.get(name, ToolLimits())
            in_lane = [other for other in now if other.lane is visitor.admission.lane(name)]
            assert len(in_lane) <= (own.width or limits.tool_width)
    for name in ("a", "c"):
        rate = limits.tools[name].rate
        assert rate is not None
        begun = [
            visitor.began
            for visitor in log
            if visitor.lane is visitor.admission.lane(name) and visitor.began is not None
        ]
        for first, after in zip(begun, begun[rate.calls :], strict=False):
            assert after - first >= rate.seconds - 1e-5


def test_the_highest_rank_goes_first() -> None:
    """Of those that wait, what has the longest way before it; of equal ones, what comes first in the plan."""
    chain = [call("c1", slow, 1), *(call(f"c{i}", slow, 1, ref(f"c{i - 1}")) for i in range(2, 5))]
    run = play(call("x", slow, 1), call("y", slow, 1), *chain, limits=Limits(width=1))
    starts = times(run, "started")
    assert sorted(starts, key=starts.__getitem__) == ["c1", "c2", "c3", "x", "y", "c4"]


def test_width_bounds_a_loop() -> None:
    """Elements wait for their turn, and all get it."""
    run = play(loop("a", list(range(10)), call("a/each", slow, 1)), limits=Limits(width=3))
    assert run.seconds == 4
    assert run.calls == 10


def test_a_rate_spreads_calls() -> None:
    """Two a second, beside a tool that has no rate."""
    limits = Limits(tools={"echo": ToolLimits(rate=Rate(2, 1.0))})
    run = play(*(call(f"t{i}", echo, i) for i in range(6)), call("s", slow, 0.1), limits=limits)
    assert sorted(times(run, "started").values()) == [0, 0, 0, 1, 1, 2, 2]


def test_a_wait_holds_nothing() -> None:
    """A call that waits to be repeated makes room for others."""
    run = play(call("a", broken, retries=1), call("b", slow, 0.01), limits=Limits(width=1), random=lambda: 1)
    assert times(run, "finished") == {"b": 0.01}
