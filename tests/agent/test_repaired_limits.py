"""A plan that is mended while its good lines run is one run: both together take what one may, in virtual time."""

import asyncio
from typing import Any

import pytest

import llmc
from llmc_runtime.agent.agent import Agent
from llmc_runtime.errors import LimitReached
from tests.agent.fakes import Reply, Script
from tests.runtime import clock

DONE = "Thought: t\nAction: Finish(done)"


class Site:
    """Looks that take a second and cost one; when each began, and the most of them at once."""

    def __init__(self) -> None:
        self.began: list[float] = []
        self.now = 0
        self.most = 0

    def tools(self) -> list[llmc.Tool]:
        """Look, and one that fails after half a second."""

        @llmc.read("site", cost=1.0)
        async def look(at: str) -> str:
            """What is there."""
            self.began.append(asyncio.get_running_loop().time())
            self.now += 1
            self.most = max(self.most, self.now)
            try:
                await asyncio.sleep(1.0)
            finally:
                self.now -= 1
            return f"{at} is there"

        @llmc.read("site")
        async def break_down() -> str:
            """Nothing."""
            await asyncio.sleep(0.5)
            raise RuntimeError("down")

        return [look, break_down]


def plan(wrong: int, good: int = 4) -> str:
    """So many good lines, wrong ones below, and a join."""
    lines = [f'{n}. {"look" if n <= good else "lok"}("{n}")\n' for n in range(1, good + wrong + 1)]
    return "".join(lines) + "join()\n"


def again(*numbers: int) -> str:
    """Lines for what was wrong."""
    return "".join(f'{n}. look("{n}")\n' for n in numbers)


def answer(*replies: Reply, pause: float = 0.0, **agent: Any) -> tuple[llmc.Answer, Site]:
    """The answer to a question whose plan was mended, and what its tools saw; each reply takes `pause` seconds."""
    site = Site()
    model = Script([*replies, DONE], size=10_000, pause=pause)
    return clock.run(Agent(site.tools(), model=model, **agent).ask("?")), site


TWICE = (plan(2), '5. look("5")\n6. lok("6")\n', again(6))
"""A plan that is mended once, and once more."""


@pytest.mark.parametrize(
    "limits", [llmc.Limits(width=2), llmc.Limits(tool_width=2), llmc.Limits(tools={"look": llmc.ToolLimits(width=2)})]
)
def test_no_more_calls_at_once(limits: llmc.Limits) -> None:
    """Those of the lines that were wrong wait for those of the good ones."""
    found, site = answer(*TWICE, limits=limits)
    assert not found.run.errors
    assert (site.most, len(site.began)) == (2, 6)


def test_control_without_a_limit_there_are_more() -> None:
    """All of them, since they do not wait for each other."""
    assert answer(*TWICE)[1].most == 6


def test_no_more_calls_in_a_time() -> None:
    """Two begin in each ten seconds."""
    _, site = answer(*TWICE, limits=llmc.Limits(tools={"look": llmc.ToolLimits(rate=llmc.Rate(2, 10.0))}))
    assert [round(at) for at in site.began] == [0, 0, 10, 10, 20, 20]


@pytest.mark.parametrize(("limits", "name"), [(llmc.Limits(calls=5), "calls"), (llmc.Limits(cost=5.0), "cost")])
def test_no_more_calls_in_all(limits: llmc.Limits, name: str) -> None:
    """Nor of more cost: the last one is refused."""
    found, site = answer(*TWICE, limits=limits)
    assert isinstance(error := found.run.errors["6"], LimitReached)
    assert (error.limit, len(site.began)) == (name, 5)
    assert not answer(*TWICE, limits=llmc.Limits(calls=6, cost=6.0))[0].run.errors


def test_no_more_time() -> None:
    """What a repair takes is the run's time."""
    found, _ = answer(plan(1), again(5), pause=2.0, limits=llmc.Limits(run_time=4.5))
    assert isinstance(found.run.errors["5"], llmc.ToolTimedOut)
    assert found.run.results.keys() == {"1", "2", "3", "4"}


def test_a_failure_of_a_good_line_stops_what_is_mended() -> None:
    """Where one failure is enough: nothing waits for its turn for ever."""
    text = '1. break_down()\n2. look("a")\n3. lok("b")\njoin()\n'
    found, _ = answer(text, '3. look("b")\n', pause=0.4, options={"policy": "fail_fast"})
    assert "was stopped: task 1 failed" in str(found.run.errors["3"])
    assert found.run.errors.keys() == {"1", "2", "3"}
    assert found.times.answer == pytest.approx(0.4 + 0.5 + 0.4)
