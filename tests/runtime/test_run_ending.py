"""What ends a run from inside: it begins nothing more, and says what is in doubt."""

import asyncio
import threading
from collections import Counter
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Coroutine, Sequence
from contextlib import suppress
from typing import Any

import pytest

import llmc
from llmc_compiler.ir.graph import Graph
from llmc_compiler.tools.decorators import pure, read, write
from llmc_compiler.tools.toolbox import Toolbox
from llmc_runtime.agent.agent_events import Progress
from llmc_runtime.concurrency.thread_pool import Job
from llmc_runtime.errors import NotSent, Stopped
from llmc_runtime.models.messages import End, Message
from llmc_runtime.program.execution import execute, stream
from llmc_runtime.program.incremental import run_stream
from llmc_runtime.program.program import compile_plan
from llmc_runtime.safety.approval_request import ApprovalRequest
from llmc_runtime.scheduler.scheduler import Scheduler
from llmc_runtime.state import events
from tests.agent.fakes import Script
from tests.runtime import clock
from tests.runtime.build import call, graph
from tests.runtime.fakes import put_elsewhere

PLAN = """
first = put("x")
second = put("x", 0)
other = send(1)
seen = look("a", 2)
again = retried() @retry(3)
back = send(-1) @fallback(0)
each = put("l$n", 1) for n in [1, 2]
asked = publish($seen)
more = publish("now")
last = put("x", 2)
join([$first, $each])
"""


class World:
    """Tools that note when they are called, and when they have ended."""

    def __init__(self) -> None:
        self.calls: list[str] = []
        self.open: Counter[str] = Counter()
        self.asked = 0

    async def work(self, tool: str, seconds: float, *, writes: bool = True) -> str:
        """Take a while; a negative time is a failure."""
        self.calls.append(tool)
        self.open[tool] += writes
        await asyncio.sleep(abs(seconds))
        if seconds < 0:
            raise LookupError
        self.open[tool] -= writes
        return "done"

    async def approve(self, request: ApprovalRequest) -> bool:
        """Say yes, after a second."""
        self.asked += 1
        await asyncio.sleep(1)
        return True

    def toolbox(self) -> Toolbox:
        """Three writes, one of which asks first; a read, and one that works the third time."""

        @write("file:{name}")
        async def put(name: str, seconds: float = 1) -> str:
            return await self.work("put", seconds)

        @write("mail")
        async def send(seconds: float = 1) -> str:
            return await self.work("send", seconds)

        @write("press", approve=True)
        async def publish(text: str) -> str:
            return await self.work("publish", 1)

        @read("web")
        async def look(what: str, seconds: float = 1) -> str:
            return await self.work("look", seconds, writes=False)

        @read("web")
        async def retried() -> str:
            self.calls.append("retried")
            if self.calls.count("retried") < 3:
                raise NotSent
            return "at last"

        return Toolbox([put, send, publish, look, retried])


class RaisesAt:
    """A listener that raises at an event, and at every one after it.

    `calls` and `asked` are how many calls and questions were begun by then.
    """

    def __init__(self, world: World, number: int, what: BaseException) -> None:
        self.world, self.number, self.what = world, number, what
        self.happened: list[events.Event | Progress] = []
        self.calls: int | None = None
        self.asked = 0

    def __call__(self, event: events.Event | Progress) -> None:
        """Something happened."""
        self.happened.append(event)
        if len(self.happened) > self.number:
            if self.calls is None:
                self.calls, self.asked = len(self.world.calls), self.world.asked
            raise self.what


Way = Callable[[World, RaisesAt], Coroutine[Any, Any, object]]


async def run(world: World, listener: RaisesAt) -> object:
    """`Program.run`."""
    program = compile_plan(PLAN, world.toolbox(), passes=())
    return await program.run(emit=listener, approve=world.approve)


async def streamed(world: World, listener: RaisesAt) -> object:
    """`Program.stream`."""
    program = compile_plan(PLAN, world.toolbox(), passes=())
    return [event async for event in program.stream(emit=listener, approve=world.approve)]


async def arriving(world: World, listener: RaisesAt) -> object:
    """`run_stream`, of a text that takes a while."""

    async def pieces() -> AsyncIterator[str]:
        for line in PLAN.splitlines(keepends=True):
            await asyncio.sleep(0.3)
            yield line

    return await run_stream(pieces(), world.toolbox(), emit=listener, approve=world.approve)


async def asked(world: World, listener: RaisesAt) -> object:
    """`Agent.ask`, of a planner that takes a while."""
    model = Script([PLAN], size=20, pause=0.1)
    agent = llmc.Agent(world.toolbox(), model=model, approve=world.approve, options={"emit": listener})
    return await agent.ask("?")


class SlowToClose(Script):
    """A model whose connection takes three seconds to close."""

    async def reply(self, messages: Sequence[Message], **options: Any) -> AsyncGenerator[str | End, None]:
        """The next reply."""
        try:
            async for piece in super().reply(messages, **options):
                yield piece
        finally:
            await asyncio.sleep(3)


async def shown(world: World, listener: RaisesAt) -> object:
    """`Agent.ask`, all of whose progress is told; the planner takes a while to be left."""
    model = SlowToClose([PLAN], size=20, pause=0.1)
    return await llmc.Agent(world.toolbox(), model=model, approve=world.approve).ask("?", emit=listener)


def ended(way: Way, number: int, what: BaseException) -> tuple[World, RaisesAt, BaseException | None]:
    """How a run ends whose listener raises at the event of this number."""
    world = World()
    listener = RaisesAt(world, number, what)
    try:
        clock.run(way(world, listener))
    except BaseException as error:  # noqa: BLE001 — that is the question
        return world, listener, error
    return world, listener, None


WAYS = pytest.mark.parametrize("way", [run, streamed, arriving, asked, shown])


def number_of_events(way: Way) -> int:
    """How many events a run has that nothing ends."""
    _, listener, error = ended(way, 10_000, OSError())
    assert error is None
    kinds = {type(getattr(event, "event", event)) for event in listener.happened}
    assert {events.Asked, events.Answered, events.Retried, events.FellBack, events.Expanded} <= kinds
    return len(listener.happened)


@WAYS
def test_nothing_is_begun_after_a_listener_has_raised(way: Way) -> None:
    """At whichever event: no call, no retry, no question; its exception comes out and names what is in doubt."""
    for number in range(number_of_events(way)):
        what = OSError(f"broken at {number}")
        world, listener, error = ended(way, number, what)
        assert error is what
        assert len(world.calls) == listener.calls, listener.happened[number]
        assert world.asked == listener.asked, listener.happened[number]
        doubts = Counter(TOOLS[name.partition("[")[0]] for name in llmc.in_doubt(error))
        assert doubts == +world.open, listener.happened[number]
        assert doubts == Counter() or any("in doubt: " in note for note in error.__notes__)


TOOLS = {"other": "send", "back": "send", "asked": "publish", "more": "publish"} | dict.fromkeys(
    ("first", "second", "each", "last"), "put"
)


@WAYS
def test_whatever_a_listener_raises_comes_out(way: Way) -> None:
    """Also what is no Exception, at the first event, in the middle and at the last one."""
    last = number_of_events(way) - 1
    for kind in (KeyboardInterrupt, SystemExit, asyncio.CancelledError, GeneratorExit, StopAsyncIteration):
        for number in (0, 5, last):
            world, listener, error = ended(way, number, kind("said"))
            assert type(error) is kind or isinstance(error.__cause__ if error else None, kind)
            assert len(world.calls) == listener.calls


@WAYS
@pytest.mark.parametrize("kind", [GeneratorExit, StopAsyncIteration, StopIteration])
def test_what_would_end_a_coroutine_is_wrapped(way: Way, kind: type[BaseException]) -> None:
    """Whoever awaits the run gets a RuntimeError whose cause it is, also inside of another coroutine."""

    async def larger(world: World, listener: RaisesAt) -> None:
        try:
            await way(world, listener)
        finally:
            await asyncio.sleep(0)  # a coroutine that is being closed must not await

    _, _, error = ended(larger, 5, kind("said"))
    assert type(error) is RuntimeError
    assert str(error) == f"{kind.__name__}('said')" or way in (streamed, shown)
    assert isinstance(error.__cause__, kind)


@WAYS
def test_a_run_that_only_tells_its_owner_begins_more(way: Way, monkeypatch: pytest.MonkeyPatch) -> None:
    """The control: without `halt` calls are begun after a listener has raised."""
    numbers = range(number_of_events(way))
    monkeypatch.setattr(Scheduler, "halt", _halt_nothing)
    late = 0
    for number in numbers:
        world, listener, _ = ended(way, number, OSError())
        late += len(world.calls) > (listener.calls or 0)
    assert late > 3


def _halt_nothing(flow: Scheduler) -> None:
    """Go on until the owner wakes."""


def test_the_call_of_which_the_listener_was_told_is_not_made() -> None:
    """Nor the one that was let in before it in the same moment: neither was sent, and neither is in doubt."""
    for number in (1, 2):
        world = World()
        program = compile_plan('put("a")\nput("b")\nsend()\n', world.toolbox(), passes=())
        listener = RaisesAt(world, number, OSError("pipe"))
        with pytest.raises(OSError, match="pipe") as caught:
            clock.run(program.run(emit=listener))
        assert isinstance(listener.happened[number], events.Started)
        assert world.calls == []
        assert llmc.in_doubt(caught.value) == ()
        assert not hasattr(caught.value, "__notes__")
        stopped = [event.error for event in listener.happened if isinstance(event, events.Cancelled)]
        assert [isinstance(error, Stopped) and error.in_doubt for error in stopped] == [False] * len(stopped)


def test_a_function_that_no_thread_has_begun_is_not_called() -> None:
    """One that is not async is called before its run ends, and in doubt then, or it is not called at all."""
    begun = threading.Event()

    @write("a")
    def touch() -> None:
        begun.set()

    def listen(event: events.Event) -> None:
        if isinstance(event, events.Started) and event.task == "b":
            raise OSError("pipe")

    with pytest.raises(OSError, match="pipe") as caught:
        clock.run(execute(graph(call("a", touch), call("b", put_elsewhere)), {}, emit=listen))
    was_called = begun.wait(5 if llmc.in_doubt(caught.value) else 0)
    assert llmc.in_doubt(caught.value) == (("a",) if was_called else ())


def test_a_job_is_begun_or_called_off() -> None:
    """Whoever asks first has it."""
    begun, called_off = (Job(int, ended=lambda *_: None, label="", function=int) for _ in range(2))
    assert begun.claim() is int
    assert not begun.call_off()
    assert called_off.call_off()
    assert called_off.claim() is None


def test_a_write_under_way_is_in_doubt() -> None:
    """In the note, and for `in_doubt`; the next one was not begun."""

    @write("a")
    async def hang() -> None:
        await asyncio.Event().wait()

    @pure
    async def stop() -> None:
        await asyncio.sleep(1)

    plan = graph(call("a", hang), call("b", stop), call("c", hang, after=["a"]))

    def listen(event: events.Event) -> None:
        if isinstance(event, events.Finished):
            raise OSError("pipe")

    for way in (execute(plan, {}, emit=listen), _drained(plan, listen)):
        with pytest.raises(OSError, match="pipe") as caught:
            clock.run(way)
        assert llmc.in_doubt(caught.value) == ("a",)
        assert caught.value.__notes__ == ["the run was ended; in doubt: a"]


async def _drained(plan: Graph, listen: Callable[[events.Event], object]) -> None:
    """Follow a stream to its end."""
    async for _ in stream(plan, {}, emit=listen):
        pass


def test_a_cancelled_run_says_what_is_in_doubt() -> None:
    """A timeout around it is raised from an exception that names the write."""

    @write("a")
    async def hang() -> None:
        await asyncio.Event().wait()

    async def scenario() -> None:
        async with asyncio.timeout(1):
            await execute(graph(call("a", hang)), {})

    with pytest.raises(TimeoutError) as caught:
        clock.run(scenario())
    assert caught.value.__cause__ is not None
    assert llmc.in_doubt(caught.value.__cause__) == ("a",)


def test_a_planner_that_is_silent_does_not_hold_up_the_end() -> None:
    """A listener that raises ends the wait for the text, not only the run."""
    world = World()

    async def pieces() -> AsyncIterator[str]:
        yield 'look("a")\n'
        await asyncio.sleep(100)

    async def scenario() -> float:
        with suppress(OSError):
            await run_stream(pieces(), world.toolbox(), emit=RaisesAt(world, 2, OSError()))
        return asyncio.get_running_loop().time()

    assert clock.run(scenario()) == 1


def test_an_exception_is_raised_at_the_end_of_a_run_that_was_complete() -> None:
    """What a listener raises at the last event is no secret."""
    world = World()

    def listen(event: events.Event) -> None:
        if isinstance(event, events.RunFinished):
            raise OSError("the last one")

    with pytest.raises(OSError, match="the last one") as caught:
        clock.run(compile_plan('put("a")', world.toolbox()).run(emit=listen))
    assert world.calls == ["put"]
    assert llmc.in_doubt(caught.value) == ()


def test_an_attempt_at_a_plan_that_was_written_anew_still_ends_the_question() -> None:
    """A listener that raises about a call of the first attempt ends the second one too, at once."""
    world = World()
    model = Script(
        ['1. look("a", 1)\n2. look("b", 3)\n3. serach($1)\n4. join([$2, $3])', "3. look($1, 1)"], size=20, pause=0.5
    )
    happened: list[events.Event] = []

    def listen(event: events.Event) -> None:
        happened.append(event)
        if [each.task for each in happened if isinstance(each, events.Finished)] == ["1", "1", "3", "2"]:
            raise OSError("pipe")

    async def scenario() -> float:
        agent = llmc.Agent(world.toolbox(), model=model, options={"emit": listen})
        with pytest.raises(OSError, match="pipe"):
            await agent.ask("?")
        return asyncio.get_running_loop().time()

    assert clock.run(scenario()) == 4
    assert sum(isinstance(event, events.RunStarted) for event in happened) == 2
    assert world.calls == ["look", "look", "look"]
