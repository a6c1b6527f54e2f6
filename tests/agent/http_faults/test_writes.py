"""Nothing is written before the plan is whole, wherever it is cut; whoever gives a question up, its server sees it."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import aclosing

import pytest

import llmc
from llmc_runtime.agent.agent_errors import PlanFailed
from llmc_runtime.agent.agent_events import Happened
from llmc_runtime.models.messages import End
from llmc_runtime.models.model_errors import StreamBroken
from llmc_runtime.state.events import Event, Started
from tests.agent.events import USAGE
from tests.agent.fakes import World
from tests.agent.http_faults.asking import PATIENCE, Questions, ask, turns
from tests.agent.server import TOKENS, FakeServer, Piece

PLAN = '1. send("bob")\n2. search("a")\nThought: both\n3. send("ann") if $2 != "x"\n4. join($1, $2, $3)\n'
ALL = TOKENS.findall(PLAN)
LENGTH = End("length", USAGE)
FOR_EVER = 3600.0


@pytest.mark.parametrize(("end", "error"), [(None, StreamBroken), (LENGTH, PlanFailed)])
async def test_a_plan_that_was_cut_writes_nothing(end: Piece, error: type[Exception]) -> None:
    """After each token: the connection breaks, or the model may not write more, now and when it is asked again."""
    async with Questions() as questions:
        for cut in range(len(ALL)):
            seen = await questions.ask([*ALL[:cut], end])
            assert type(seen.error) is error
            assert seen.writes == 0


@pytest.mark.parametrize("tokens", [ALL, ALL[:-1], [*ALL, LENGTH]])
async def test_control_the_whole_plan_writes(tokens: list[Piece]) -> None:
    """Each write once, when all was sent: also if a reply ends in its join, or is cut off below it."""
    sent: list[Piece] = []
    begun: list[int] = []

    @llmc.write("mail")
    async def post(to: str) -> str:
        """Send a mail, which notes how much was sent."""
        begun.append(len(sent))
        return f"sent to {to}"

    def pieces() -> Iterator[Piece]:
        for token in tokens:
            sent.append(token)
            yield "post" if token == "send" else token

    seen = await ask(pieces(), tools=[post])
    assert seen.answer.value == ["sent to bob", "a is known", "sent to ann"]
    assert begun == [len(tokens)] * 2


LINES = '1. send("bob")\n2. search("a")\n'


def writing() -> Iterator[Piece]:
    """Two lines, and a thought that never ends."""
    yield LINES
    yield "Thought: "
    while True:
        yield "and "


def silent() -> Iterator[Piece]:
    """Two lines, and nothing for ever."""
    yield LINES
    yield FOR_EVER


MODELS = pytest.mark.parametrize("pieces", [writing, silent])


class Given:
    """A question whose model never ends, and whose only read never does; to be given up."""

    def __init__(self, pieces: Callable[[], Iterator[Piece]]) -> None:
        self.server = FakeServer(lambda _: pieces(), pace=0.001)
        self.world = World(latency=FOR_EVER)
        self.started = asyncio.Event()

    def agent(self) -> llmc.Agent:
        """Who is asked; `started` is set when the read has started."""
        model = llmc.Model("m", base_url=self.server.base_url)
        return llmc.Agent(self.world.toolbox(), model=model, options={"emit": self._happened})

    def _happened(self, event: Event) -> None:
        """An event of the run."""
        if isinstance(event, Started):
            self.started.set()

    async def check(self, before: set[asyncio.Task[object]]) -> None:
        """The server has seen that its client is gone, the read has ended, and nothing was written."""
        await self.server.all_left()
        assert [request.left for request in self.server.requests] == [True]
        assert self.world.calls == {"search a": 1}
        await turns()
        assert asyncio.all_tasks() <= before


@MODELS
async def test_the_server_sees_that_a_question_is_cancelled(pieces: Callable[[], Iterator[Piece]]) -> None:
    """While the model writes, and while it is silent."""
    given = Given(pieces)
    async with asyncio.timeout(PATIENCE), given.server:
        before = asyncio.all_tasks()
        asking = asyncio.ensure_future(given.agent().ask("?"))
        await given.started.wait()
        asking.cancel()
        await asyncio.wait([asking])
        assert asking.cancelled()
        await given.check(before)


@MODELS
async def test_the_server_sees_that_a_question_is_left(pieces: Callable[[], Iterator[Piece]]) -> None:
    """By who streams it, and closes that before its end."""
    given = Given(pieces)
    async with asyncio.timeout(PATIENCE), given.server:
        before = asyncio.all_tasks()
        async with aclosing(given.agent().stream("?")) as seen:
            async for event in seen:
                if isinstance(event, Happened):
                    break
        await given.check(before)


async def test_control_a_question_that_goes_on_is_not_left() -> None:
    """The server sees no leaving where there is none."""
    assert [request.left for request in (await ask(PLAN)).requests] == [False]
