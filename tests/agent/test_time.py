"""How long it takes, in virtual time: a model that writes 50 tokens a second, tools that take 200 ms."""

import json
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from itertools import accumulate

import pytest

import llmc
from llmc_runtime.agent.agent import Agent
from llmc_runtime.agent.agent_events import Happened, Judged, PlanBegan, PlanEnded, Progress, Wrote
from llmc_runtime.models.messages import End, Message, Usage
from tests.agent.asking import starts, watch
from tests.agent.fakes import Script, World
from tests.runtime import clock

TOKEN = 0.02
LATENCY = 0.2
PLAN = """\
1. search("a")
2. search("b")
3. search($1)
4. search("c")
Thought: a long thought of many words, and no end of it
5. join()
"""
DONE = "Thought: t\nAction: Finish(x)"
SIZE = 4


def time_of(text: str, size: int = SIZE) -> float:
    """How long a model writes at it."""
    return -(-len(text) // size) * TOKEN


def ends_of_lines(text: str) -> dict[str, float]:
    """When the newline of each task's line has been written."""
    ends = accumulate(len(line) + 1 for line in text.splitlines())
    return {line.partition(".")[0]: time_of(text[:end]) for line, end in zip(text.splitlines(), ends, strict=True)}


def test_a_task_starts_when_its_line_ends() -> None:
    """Within 5 ms, but for one that has to wait for a result."""
    seen = watch([PLAN, DONE], pause=TOKEN, size=SIZE)
    began, ended = starts(seen), ends_of_lines(PLAN)
    for task in ("1", "2", "4"):
        assert began[task] - ended[task] == pytest.approx(0, abs=0.005)
    assert began["3"] - max(ended["3"], began["1"] + LATENCY) == pytest.approx(0, abs=0.005)


def test_all_of_it_takes_what_it_must() -> None:
    """Within 2 % of theory: the plan's text, or the chain of its tasks, and the joiner's."""
    seen = watch([PLAN, DONE], pause=TOKEN, size=SIZE)
    ended = ends_of_lines(PLAN)
    chain = max(ended["3"], ended["1"] + LATENCY) + LATENCY
    theory = max(time_of(PLAN), chain, ended["4"] + LATENCY) + time_of(DONE)
    answer = seen[-1]
    assert isinstance(answer, llmc.Answer)
    assert answer.times.answer == pytest.approx(theory, rel=0.02)
    assert answer.times.first_task == pytest.approx(ended["1"], abs=0.005)
    assert answer.times.plan == pytest.approx(time_of(PLAN), abs=0.005)


class Silent:
    """Writes one line, and is silent for a minute before the others."""

    name = "silent"

    async def reply(self, messages: Sequence[Message], **_: object) -> AsyncGenerator[str | End, None]:
        """The plan."""
        import asyncio  # noqa: PLC0415

        yield '1. search("a")\n2. search($1)\n'
        await asyncio.sleep(60)
        yield "3. search($2)\njoin($3)"
        yield End("stop", Usage())


def test_tasks_run_while_the_model_is_silent() -> None:
    """Also those that wait for a result."""

    async def collect() -> list[Progress | llmc.Answer]:
        agent = Agent(World(LATENCY).toolbox(), model=Silent())
        return [event async for event in agent.stream("?")]

    seen = clock.run(collect())
    began = starts(seen)
    assert began == pytest.approx({"1": 0, "2": 0.2, "3": 60}, abs=0.005)


def test_what_is_told_comes_in_its_order() -> None:
    """Plan, pieces, tasks, the plan's end, the decision, and the answer as the last."""
    more = "Thought: t\nAction: Replan(more)"
    seen = watch(['1. search("a")\njoin()', more, '2. search("b")\njoin($2)'], pause=TOKEN)
    kinds = [type(event) for event in seen if not isinstance(event, (Wrote, Happened))]
    assert kinds == [PlanBegan, PlanEnded, Judged, PlanBegan, PlanEnded, llmc.Answer]
    for plan, text in ((1, '1. search("a")\njoin()'), (2, '2. search("b")\njoin($2)')):
        assert "".join(event.text for event in seen if isinstance(event, Wrote) and event.plan == plan) == text
    happened = [event for event in seen if isinstance(event, Happened) and event.event.__class__.__name__ == "Started"]
    assert [(event.plan, event.written) for event in happened] == [(1, 'search("a")'), (2, 'search("b")')]
    times = [event.at for event in seen if not isinstance(event, llmc.Answer)]
    assert times == sorted(times)


def test_what_is_told_has_a_form_as_json() -> None:
    """Each with its class, plan and time; events of the runs inside, with values or without."""
    more = "Thought: t\nAction: Replan(more)"
    seen = watch(['1. search("a")\njoin()', more, '2. search("b")\njoin($2)'], pause=TOKEN)
    for event in seen[:-1]:
        assert not isinstance(event, llmc.Answer)
        told = json.loads(json.dumps(event.to_json()))
        assert (told["event"], told["plan"]) == (type(event).__name__, event.plan)
        assert told["at"] == pytest.approx(event.at, abs=1e-6)
        if isinstance(event, Happened):
            assert told["happened"] == event.event.to_json()
            assert event.to_json(values=False)["happened"] == event.event.to_json(values=False)
        elif isinstance(event, PlanEnded):
            assert told["run"] == event.run.to_json()
            assert told["run"].keys() - event.to_json(values=False)["run"].keys() == {"value", "results"}
    (judged,) = (event.to_json() for event in seen if isinstance(event, Judged))
    assert judged["decision"] == {"action": "Replan", "text": "more", "thought": "t"}


def test_who_leaves_early_ends_the_question() -> None:
    """The model's reply is closed, and nothing goes on."""
    model = Script([PLAN, DONE], pause=TOKEN)

    async def leave() -> None:
        async with aclosing(Agent(World().toolbox(), model=model).stream("?")) as seen:
            async for event in seen:
                if isinstance(event, Happened):
                    break

    clock.run(leave())
    assert len(model.asked) == model.closed == 1


def test_a_cancelled_question_ends() -> None:
    """With the cancellation, whatever it was doing."""
    import asyncio  # noqa: PLC0415

    async def cancel(seconds: float) -> tuple[int, int]:
        model = Script([PLAN, DONE], pause=TOKEN)
        task = asyncio.ensure_future(Agent(World().toolbox(), model=model).ask("?"))
        await asyncio.sleep(seconds)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        return len(model.asked), model.closed

    for seconds in (0.01, 0.1, 0.3, 0.5, 0.6):
        asked, closed = clock.run(cancel(seconds))
        assert asked == closed


def test_an_error_of_the_model_reaches_who_streams() -> None:
    """After everything that was told before it."""
    with pytest.raises(ConnectionError):
        watch([ConnectionError('1. search("a")\n')])
