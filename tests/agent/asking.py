"""Questions in virtual time, and what was seen of them."""

from collections.abc import AsyncGenerator, Sequence
from typing import Any

from llmc_compiler.tools.toolbox import Toolbox
from llmc_runtime.agent.agent import Agent
from llmc_runtime.agent.agent_events import Happened, Progress
from llmc_runtime.agent.answers.answer import Answer
from llmc_runtime.state import events
from tests.agent.fakes import Reply, Script, World
from tests.runtime import clock


def ask(replies: Sequence[Reply], world: World | None = None, **settings: Any) -> tuple[Answer, Script, World]:
    """One question to an agent whose model says these things."""
    world = world or World()
    model = Script(
        replies, **{name: settings.pop(name) for name in ("size", "pause", "reasons", "cost") if name in settings}
    )
    answer = clock.run(Agent(world.toolbox(), model=model, **settings).ask("What is a?"))
    return answer, model, world


def watch(
    replies: Sequence[Reply],
    tools: Toolbox | None = None,
    *,
    pause: float = 0.0,
    size: int = 5,
    **settings: Any,
) -> list[Progress | Answer]:
    """Everything that is told of one question."""
    agent = Agent(tools or World().toolbox(), model=Script(replies, size=size, pause=pause), **settings)

    async def collect(stream: AsyncGenerator[Progress | Answer, None]) -> list[Progress | Answer]:
        return [event async for event in stream]

    return clock.run(collect(agent.stream("What is a?")))


def starts(seen: Sequence[Progress | Answer]) -> dict[str, float]:
    """When each task started, in seconds since the question, to the tenth of a millisecond."""
    return {
        event.event.task: round(event.at, 4)
        for event in seen
        if isinstance(event, Happened) and isinstance(event.event, events.Started)
    }
