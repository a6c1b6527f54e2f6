"""A small real server on loopback that streams replies at a pace, and sees when its clients leave.

    async with FakeServer(lambda request: f"about {request.said}") as server:
        model = llmc.Model("m", base_url=server.base_url)
        …
        server.requests[0].body, .sent, .left

The reply is a text, cut into tokens that are sent one each `pace` seconds (0.02: 50 a second), or a sequence of tokens,
seconds of silence and, to break off there, None. A number is an HTTP status.
"""

import asyncio
import json
import re
from asyncio import StreamReader, StreamWriter
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Final, Self

from llmc_runtime.agent.settings import Api
from tests.agent.events import FORMS

TOKENS: Final = re.compile(r"\s|[^\s\w]|\w{1,4}")
PATHS: Final[dict[str, Api]] = {
    "/v1/chat/completions": "chat",
    "/v1/completions": "completions",
    "/v1/responses": "responses",
}
HEAD: Final = "HTTP/1.1 {} X\r\ncontent-type: {}\r\ntransfer-encoding: chunked\r\n\r\n"


@dataclass(slots=True)
class Request:
    """What a client asked, how many tokens it was sent, and whether it left before the end; times are the loop's."""

    api: Api
    headers: dict[str, str]
    body: dict[str, Any]
    at: float
    sent: int = 0
    times: list[float] = field(default_factory=list)
    left: bool = False

    @property
    def said(self) -> str:
        """The last thing that was said, or the text to continue."""
        said = self.body.get("messages") or self.body.get("input")
        return str(said[-1]["content"] if said else self.body["prompt"])


Reply = str | int | Sequence[str | float | None]


class FakeServer:
    """Answers what a function says, for each request."""

    def __init__(self, answer: Callable[[Request], Reply], *, pace: float = 0.02) -> None:
        self.requests: list[Request] = []
        self.base_url = ""
        self._answer = answer
        self._pace = pace
        self._server: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._connected, "127.0.0.1", 0)
        self.base_url = "http://{}:{}/v1".format(*self._server.sockets[0].getsockname())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._server is not None
        self._server.close()
        for task in tuple(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def all_left(self) -> None:
        """Wait until no client is connected."""
        while self._tasks:
            await asyncio.wait(self._tasks)

    def _connected(self, reader: StreamReader, writer: StreamWriter) -> None:
        """A client has come."""
        task = asyncio.ensure_future(self._serve(reader, writer))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _serve(self, reader: StreamReader, writer: StreamWriter) -> None:
        """Answer the requests of a client, one after another, until it leaves."""
        try:
            with suppress(ConnectionError, asyncio.IncompleteReadError):
                while await self._exchange(reader, writer):
                    pass
        finally:
            writer.close()

    async def _exchange(self, reader: StreamReader, writer: StreamWriter) -> bool:
        """Answer one request; whether the connection is still of use."""
        head = (await reader.readuntil(b"\r\n\r\n")).decode().splitlines()
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in head[1:])}
        body = json.loads(await reader.readexactly(int(headers["content-length"])))
        request = Request(PATHS[head[0].split()[1]], headers, body, asyncio.get_running_loop().time())
        self.requests.append(request)
        reply = self._answer(request)
        if isinstance(reply, int):
            writer.write(
                HEAD.format(reply, "application/json").encode() + chunk(b'{"error": {"message": "no"}}') + chunk()
            )
            await writer.drain()
            return True
        leaving = asyncio.ensure_future(reader.read(1))
        try:
            return await self._stream(writer, request, reply, leaving)
        finally:
            leaving.cancel()
            await asyncio.gather(leaving, return_exceptions=True)

    async def _stream(
        self,
        writer: StreamWriter,
        request: Request,
        reply: str | Sequence[str | float | None],
        leaving: "asyncio.Task[bytes]",
    ) -> bool:
        """Send the tokens of a reply at their times; whether it was sent whole."""
        loop = asyncio.get_running_loop()
        writer.write(HEAD.format(200, "text/event-stream").encode())
        due = loop.time()
        pieces = TOKENS.findall(reply) if isinstance(reply, str) else reply
        tokens = [piece for piece in pieces if isinstance(piece, str)]
        events = FORMS[request.api](tokens)
        start = 1 if request.api == "responses" else 0  # its first event has no token
        for event in events[:start]:
            writer.write(chunk(event))
        for piece in pieces:
            if piece is None:
                return False
            due += self._pace if isinstance(piece, str) else piece
            request.left = bool((await asyncio.wait([leaving], timeout=max(due - loop.time(), 0)))[0])
            if request.left:
                return False
            if isinstance(piece, str):
                writer.write(chunk(events[start + request.sent]))
                request.sent += 1
                request.times.append(loop.time())
        for event in events[start + len(tokens) :]:
            writer.write(chunk(event))
        writer.write(chunk())
        await writer.drain()
        return True


def chunk(data: bytes = b"") -> bytes:
    """Some bytes of a body, or its end, as HTTP sends them."""
    return f"{len(data):x}\r\n".encode() + data + b"\r\n"
