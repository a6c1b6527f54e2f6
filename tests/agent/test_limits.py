"""The time limits of a reply, in virtual time."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from llmc_runtime.models.messages import Part
from llmc_runtime.models.model_errors import ModelTimedOut
from llmc_runtime.models.openai.client import Model
from llmc_runtime.models.openai.settings.settings import settings
from llmc_runtime.models.openai.timeouts import ReplyDeadline
from tests.agent.events import QUESTION, Stream, chat, event, wire
from tests.runtime import clock

FIRST, *_ = chat(["a"])


async def paced(*pieces: bytes | float) -> AsyncIterator[bytes]:
    """Bytes, and seconds of silence between them."""
    for piece in pieces:
        if isinstance(piece, bytes):
            yield piece
        else:
            await asyncio.sleep(piece)


def times(*pieces: bytes | float, **limits: Any) -> tuple[list[tuple[float, object]], bool]:
    """What came at which second, at last perhaps the error; and whether the connection was closed."""

    async def ask() -> tuple[list[tuple[float, object]], bool]:
        loop = asyncio.get_running_loop()
        stream = Stream(paced(*pieces))
        model = Model("m", base_url="http://server/v1", transport=wire(stream).transport, **limits)
        came: list[tuple[float, object]] = []
        try:
            async for part in model.reply(QUESTION):
                came.append((loop.time(), part))  # noqa: PERF401 — a comprehension would lose them
        except ModelTimedOut as error:
            came.append((loop.time(), error))
        for _ in range(10):
            await asyncio.sleep(0)  # what nobody reads to its end any more has these turns to end
        return came, stream.closed

    clock.left_over.clear()
    found = clock.run(ask())
    assert clock.left_over == []
    return found


def repeated(count: int, *pieces: bytes | float) -> list[bytes | float]:
    """The same again and again."""
    return list(pieces) * count


def limit(came: list[tuple[float, object]]) -> tuple[float, str]:
    """When a limit ran out, and which."""
    at, error = came[-1]
    assert isinstance(error, ModelTimedOut)
    assert f"increase `{error.limit}=` to wait longer" in str(error)
    return at, error.limit


def test_a_piece_comes_when_it_is_sent() -> None:
    """Nothing waits for what follows."""
    came, _ = times(1.0, FIRST, 2.0, *chat(["b"]))
    assert [at for at, _ in came] == [1.0, 3.0, 3.0]
    assert came[-1][1].usage.first_token == 1.0  # type: ignore[attr-defined] # an End
    assert came[-1][1].usage.seconds == 3.0  # type: ignore[attr-defined] # the same


def test_a_server_that_says_nothing_is_left() -> None:
    """Also if it sends signs of life, which are no text."""
    came, closed = times(500.0, first_token=20.0)
    assert (limit(came), closed) == ((20.0, "first_token"), True)
    came, closed = times(*repeated(50, 5.0, b": alive\n\n", event({"choices": []})), first_token=20.0)
    assert (limit(came), closed) == ((20.0, "first_token"), True)


def test_a_reply_that_is_not_streamed_has_one_limit() -> None:
    """That of the whole: its first text comes with its last."""
    reply = b'{"choices": [{"message": {"content": "a"}}]}'
    came, _ = times(500.0, reply, first_token=20.0, idle=10.0, stream=False)
    assert next(each for _, each in came) == "a"
    came, closed = times(500.0, reply, timeout=300.0, stream=False)
    assert (limit(came), closed) == ((300.0, "timeout"), True)


def test_a_server_that_stalls_is_left() -> None:
    """From the first text on, no event for so long is too long."""
    came, closed = times(FIRST, 9.0, FIRST, 500.0, idle=10.0)
    assert (limit(came), closed) == ((19.0, "idle"), True)


@pytest.mark.parametrize("byte", [b":", b"data"])
def test_bytes_that_make_no_event_are_silence(byte: bytes) -> None:
    """A byte a second without a line is a stall."""
    came, closed = times(FIRST, *repeated(100, byte, 1.0), idle=10.0)
    assert (limit(came), closed) == ((10.0, "idle"), True)


def test_a_slow_reader_is_no_stall() -> None:
    """What arrived while the reader did something else is still there."""

    async def ask() -> list[Part]:
        model = Model("m", base_url="http://server/v1", transport=wire(chat(["a", "b"])).transport, idle=10.0)
        came = []
        async for part in model.reply(QUESTION):
            came.append(part)
            await asyncio.sleep(50.0)
        return came

    assert clock.run(ask())[:2] == ["a", "b"]


def test_a_reply_that_said_how_it_ended_is_whole() -> None:
    """Also if the server never says good-bye, or breaks off before it."""
    for end in ([500.0], [b"data: {"], [b"data: no json\n\n"]):
        came, closed = times(FIRST, chat([], usage=None)[0], *end, idle=10.0)
        assert [getattr(part, "reason", part) for _, part in came] == ["a", "stop"]
        assert closed


def test_a_server_that_trickles_is_left() -> None:
    """However often something comes, the whole has a limit."""
    came, closed = times(*repeated(1000, FIRST, 1.0), timeout=30.0)
    assert (limit(came), closed) == ((30.0, "timeout"), True)
    assert len(came) == 31


def test_thinking_is_no_stall() -> None:
    """Before the first text only `first_token` counts."""
    came, _ = times(90.0, *chat(["a"]), idle=10.0)
    assert [at for at, _ in came] == [90.0, 90.0]


def test_a_server_that_never_pauses_is_left() -> None:
    """The limit holds although nothing is ever waited for."""

    class Late:
        """A clock that goes on a second whenever it is looked at."""

        now = 0.0

        def __call__(self) -> float:
            self.now += 1.0
            return self.now

    watch = ReplyDeadline(settings("m", {"base_url": "http://s", "timeout": 5.0}), Late())
    for _ in range(4):
        watch.hear(text=True)
    with pytest.raises(ModelTimedOut, match="took longer than 5 s"):
        watch.hear(text=True)


async def test_another_time_limit_is_not_ours() -> None:
    """A TimeoutError from inside stays what it is."""

    async def late() -> None:
        raise TimeoutError

    watch = ReplyDeadline(settings("m", {"base_url": "http://s"}), asyncio.get_running_loop().time)
    with pytest.raises(TimeoutError):
        await watch.within(late())


def test_a_reply_that_is_given_up_closes_its_connection() -> None:
    """Closing it, and cancelling who reads it, both do."""

    async def ask(*, cancel: bool) -> bool:
        stream = Stream(paced(FIRST, 500.0))
        model = Model("m", base_url="http://server/v1", transport=wire(stream).transport)
        reply = model.reply(QUESTION)
        assert await anext(reply) == "a"
        if cancel:
            reading = asyncio.ensure_future(anext(reply))
            await asyncio.sleep(1.0)
            reading.cancel()
            with pytest.raises(asyncio.CancelledError):
                await reading
        else:
            await reply.aclose()
        return stream.closed

    clock.left_over.clear()
    assert clock.run(ask(cancel=True))
    assert clock.run(ask(cancel=False))
    assert clock.left_over == []
