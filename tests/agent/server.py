"""A small real server on loopback that streams replies at a pace, and sees when its clients leave.

    async with FakeServer(lambda request: f"about {request.said}") as server:
        model = llmc.Model("m", base_url=server.base_url)
        …
        server.requests[0].body, .sent, .left

The reply is a text, cut into tokens that are sent one each `pace` seconds (0.02: 50 a second), or pieces: tokens,
seconds of silence, bytes that are sent as they are (none are the end of the answer), how it ends (an End) and, to break
off there, None. Of an endless generator only as much is made as is sent. An answer of httpx2, or a number, which is its
status, is sent at once; Sent has the bytes of an answer as they are written; None breaks off before any answer.
"""

import asyncio
import json
import re
from asyncio import StreamReader, StreamWriter
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Final, Self

import httpx2

from llmc_runtime.models.messages import End
from llmc_runtime.models.openai.settings.settings import Api
from tests.agent.events import USAGE, begin, ended, refusal, token

TOKENS: Final = re.compile(r"\s|[^\s\w]|\w{1,4}")
PATHS: Final[dict[str, Api]] = {
    "/chat/completions": "chat",
    "/completions": "completions",
    "/responses": "responses",
}
HEAD: Final = "HTTP/1.1 {} X\r\n{}transfer-encoding: chunked\r\n\r\n"


@dataclass(slots=True)
class Request:
    """What a client asked, how many tokens it was sent, and whether it left before the end; times are the loop's.

    `over` is set when no more is sent.
    """

    api: Api
    headers: dict[str, str]
    body: dict[str, Any]
    at: float
    sent: int = 0
    times: list[float] = field(default_factory=list)
    left: bool = False
    over: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def talk(self) -> list[str]:
        """All that was said, or the text to continue."""
        said = self.body.get("messages") or self.body.get("input")
        return [str(each["content"]) for each in said] if said else [str(self.body["prompt"])]

    @property
    def said(self) -> str:
        """The last thing of it."""
        return self.talk[-1]

    @property
    def is_joining(self) -> bool:
        """Whether an agent asks its joiner."""
        return self.talk[0].startswith("You are given")


@dataclass(frozen=True, slots=True)
class Sent:
    """An answer of which nothing is made up here: its status, its content type, and its bytes in the pieces given."""

    status: int
    kind: str
    pieces: Sequence[bytes]


Piece = str | bytes | float | End | None
Reply = str | int | httpx2.Response | Sent | Iterable[Piece] | None


class FakeServer:
    """Answers what a function says, for each request; `tasks` are those of its connections."""

    def __init__(self, answer: Callable[[Request], Reply], *, pace: float = 0.02) -> None:
        self.requests: list[Request] = []
        self.base_url = ""
        self._answer = answer
        self._pace = pace
        self._server: asyncio.Server | None = None
        self.tasks: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._connected, "127.0.0.1", 0)
        self.base_url = "http://{}:{}/v1".format(*self._server.sockets[0].getsockname())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._server is not None
        self._server.close()
        for task in tuple(self.tasks):
            task.cancel()
        await asyncio.gather(*self.tasks, return_exceptions=True)

    async def all_left(self) -> None:
        """Wait until no client is connected."""
        while self.tasks:
            await asyncio.wait(self.tasks)

    def _connected(self, reader: StreamReader, writer: StreamWriter) -> None:
        """A client has come."""
        task = asyncio.ensure_future(self._serve(reader, writer))
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)

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
        request = Request(_api(head[0].split()[1]), headers, body, asyncio.get_running_loop().time())
        self.requests.append(request)
        try:
            return await self._reply(reader, writer, request)
        finally:
            request.over.set()

    async def _reply(self, reader: StreamReader, writer: StreamWriter, request: Request) -> bool:
        """Send the answer to a request; whether the connection is still of use."""
        reply = self._answer(request)
        if reply is None:
            return False
        if isinstance(reply, int | httpx2.Response):
            await _send(writer, refusal(reply) if isinstance(reply, int) else reply)
            return True
        if isinstance(reply, Sent):
            await _send_pieces(writer, reply)
            return True
        leaving = asyncio.ensure_future(reader.read(1))
        pieces = TOKENS.findall(reply) if isinstance(reply, str) else reply
        try:
            return await self._stream(writer, request, pieces, leaving)
        except ConnectionError:
            request.left = True
            return False
        finally:
            leaving.cancel()
            await asyncio.gather(leaving, return_exceptions=True)

    async def _stream(
        self, writer: StreamWriter, request: Request, pieces: Iterable[Piece], leaving: "asyncio.Task[bytes]"
    ) -> bool:
        """Send the pieces of a reply at their times; whether it was sent whole."""
        loop = asyncio.get_running_loop()
        writer.write(HEAD.format(200, "content-type: text/event-stream\r\n").encode())
        # Joined, since `writelines` of nothing is an error from Python 3.12 on.
        writer.write(b"".join(map(chunk, begin(request.api))))
        due = loop.time()
        end = End("stop", USAGE)
        for piece in pieces:
            if piece is None:
                return False
            if isinstance(piece, End):
                end = piece
                break
            due += piece if isinstance(piece, int | float) else self._pace
            request.left = bool((await asyncio.wait([leaving], timeout=max(due - loop.time(), 0)))[0])
            if request.left:
                return False
            if isinstance(piece, bytes):
                writer.write(chunk(piece))
                if not piece:
                    return True
            elif isinstance(piece, str):
                writer.write(chunk(token(request.api, piece)))
                request.sent += 1
                request.times.append(loop.time())
            await writer.drain()
        writer.write(b"".join([*map(chunk, ended(request.api, end)), chunk()]))
        await writer.drain()
        return True


async def _send(writer: StreamWriter, answer: httpx2.Response) -> None:
    """Send an answer that is no stream."""
    headers = "".join(f"{name}: {value}\r\n" for name, value in answer.headers.items() if name != "content-length")
    writer.write(HEAD.format(answer.status_code, headers).encode() + chunk(answer.content) + chunk())
    await writer.drain()


async def _send_pieces(writer: StreamWriter, answer: Sent) -> None:
    """Send an answer piece by piece."""
    writer.write(HEAD.format(answer.status, f"content-type: {answer.kind}\r\n").encode())
    for piece in answer.pieces:
        writer.write(chunk(piece))
        await writer.drain()
    writer.write(chunk())
    await writer.drain()


def _api(target: str) -> Api:
    """The API at a path, wherever a server has it."""
    path = target.partition("?")[0]
    return next(api for end, api in PATHS.items() if path.endswith(end))


def chunk(data: bytes = b"") -> bytes:
    """Some bytes of a body, or its end, as HTTP sends them."""
    return f"{len(data):x}\r\n".encode() + data + b"\r\n"
