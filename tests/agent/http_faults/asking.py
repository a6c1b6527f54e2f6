"""One question over a real connection, and what was seen of it on both sides."""

import asyncio
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Final, Self

import llmc
from llmc_runtime.errors import LlmcError
from tests.agent.fakes import World
from tests.agent.server import FakeServer, Reply, Request

PATIENCE: Final = 10.0
"""Seconds without anything to do after which a test is stuck."""

Said = Reply | Callable[[Request], Reply]

NOTHING: Final[Mapping[str, Any]] = {}

AT_ONCE: Final = -1.0
"""Instead of a random number: what is asked again is asked without a wait."""


@dataclass(frozen=True)
class Seen:
    """How a question ended, what the server was asked and sent, and the calls that tools had had at each request."""

    outcome: llmc.Answer | LlmcError
    requests: list[Request]
    calls_at: list[Counter[str]]
    world: World

    @property
    def answer(self) -> llmc.Answer:
        """The answer, of a question that has one."""
        assert isinstance(self.outcome, llmc.Answer), self.outcome
        return self.outcome

    @property
    def error(self) -> LlmcError:
        """The error, of a question without answer."""
        assert isinstance(self.outcome, LlmcError), self.outcome
        return self.outcome

    @property
    def writes(self) -> int:
        """How many writes were begun."""
        return sum(count for call, count in self.world.calls.items() if call.startswith("send "))


class Questions:
    """Asks questions, one after another, of agents whose model is behind one server; see `ask`."""

    def __init__(self, *, pace: float = 0.0) -> None:
        """Nothing was asked."""
        self._server = FakeServer(self._reply, pace=pace)
        self._replies: Sequence[Said] = ()
        self._calls_at: list[Counter[str]] = []
        self._world = World()

    async def __aenter__(self) -> Self:
        await self._server.__aenter__()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._server.__aexit__(kind, error, trace)

    def _reply(self, request: Request) -> Reply:
        """The next reply."""
        self._calls_at.append(self._world.calls.copy())
        found = self._replies[min(len(self._calls_at), len(self._replies)) - 1]
        return found(request) if callable(found) else found

    async def ask(
        self,
        *replies: Said,
        world: World | None = None,
        tools: Iterable[llmc.Tool] = (),
        model: Mapping[str, Any] = NOTHING,
        **agent: Any,
    ) -> Seen:
        """Ask one."""
        self._world, self._replies, self._calls_at = world or World(latency=0), replies, []
        before, asked = asyncio.all_tasks(), len(self._server.requests)
        options: dict[str, Any] = {"retries": 0, "random": lambda: AT_ONCE, **model}
        chat_model = llmc.Model("m", base_url=self._server.base_url, **options)
        asker = llmc.Agent([*self._world.toolbox(), *tools], model=chat_model, **agent)
        async with asyncio.timeout(PATIENCE):
            try:
                outcome: llmc.Answer | LlmcError = await asker.ask("What is a?")
            except LlmcError as error:
                outcome = error
            requests = self._server.requests[asked:]
            for request in requests:
                await request.over.wait()
            await turns()
        assert not asyncio.all_tasks() - before - self._server.tasks
        return Seen(outcome, requests, self._calls_at, self._world)


async def ask(*replies: Said, pace: float = 0.0, **how: Any) -> Seen:
    """Ask one question; the server gives these replies one after another, the last one from then on.

    Nothing is tried again, unless `model` says so; afterwards nothing runs that the question began.
    """
    async with Questions(pace=pace) as questions:
        return await questions.ask(*replies, **how)


async def turns() -> None:
    """What has ended has these turns to be gone."""
    for _ in range(10):
        await asyncio.sleep(0)
