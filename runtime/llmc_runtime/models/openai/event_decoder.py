"""Server-sent events, decoded from the bytes of a response.

The form is that of the HTML standard (9.2.6), with five liberties that servers take. An event of several lines of JSON
is several events. A complete last event counts without the empty line after it. A field `error` is an event with that
name. A line between events may be JSON without a field. A response without events is yielded as a whole: it may be a
completion or an error in JSON.
"""

import json
from collections.abc import AsyncGenerator, Iterator
from contextlib import aclosing, suppress
from dataclasses import dataclass
from typing import Final

from llmc_runtime.models.openai.transport import CountedStream

DONE: Final = "[DONE]"
"""The data of the event after the last one."""

_MARK: Final = b"\xef\xbb\xbf"


@dataclass(frozen=True, slots=True)
class ServerEvent:
    """An event: its name and its data; or, with `is_whole`, a whole response without events."""

    name: str
    data: str
    is_whole: bool = False

    @property
    def is_done(self) -> bool:
        """Whether the event marks the end of the events."""
        return self.data.strip() == DONE

    def values(self) -> list[object]:
        """Parse the data: one JSON value, or one for each line; raises ValueError and RecursionError."""
        try:
            return [json.loads(self.data)]
        except ValueError:
            lines = [line for line in self.data.splitlines() if line.strip() not in {"", DONE} and line[0] != ":"]
            if self.is_whole:
                with suppress(ValueError):
                    return [json.loads("\n".join(lines))]
            if len(lines) < 2:  # noqa: PLR2004 — a single line has been tried
                raise
            return [json.loads(line) for line in lines]


class EventDecoder:
    """Decodes events from bytes that are fed in pieces."""

    __slots__ = ("_data", "_is_after_return", "_is_begun", "_name", "_tail")

    def __init__(self) -> None:
        self._tail: list[bytes] = []
        self._is_after_return = self._is_begun = False
        self._name = ""
        self._data: list[str] = []

    def feed(self, piece: bytes) -> Iterator[ServerEvent]:
        """Yield the events that a piece of the response completes."""
        if self._is_after_return and piece:
            piece, self._is_after_return = piece.removeprefix(b"\n"), False
        if not piece:
            return
        self._is_after_return = piece.endswith(b"\r")
        self._tail.append(piece)
        if b"\n" not in piece and b"\r" not in piece:
            return
        lines = b"".join(self._tail).splitlines()
        self._tail = [] if piece.endswith((b"\n", b"\r")) else [lines.pop()]
        for line in lines:
            yield from self._take(line)

    def rest(self) -> Iterator[ServerEvent]:
        """Yield the last event if it is complete except for the empty line after it."""
        if self._tail:
            yield from self._take(b"".join(self._tail))
        last = ServerEvent(self._name, "\n".join(self._data))
        try:
            if last.is_done or last.values():
                yield last
        except (ValueError, RecursionError):
            return

    def _take(self, line: bytes) -> Iterator[ServerEvent]:
        """Read a line; an empty line ends an event."""
        if not line:
            if self._data or self._name:
                self._is_begun = True
                yield ServerEvent(self._name, "\n".join(self._data))
            self._name, self._data = "", []
            return
        if self._is_begun and line.startswith(b"{") and line.endswith(b"}"):
            yield ServerEvent("", line.decode("utf-8", "surrogateescape"))
            return
        field, _, value = line.removeprefix(_MARK).partition(b":")
        # A piece may end within a character: `JoinedReply` joins its bytes.
        text = value.removeprefix(b" ").decode("utf-8", "surrogateescape")
        if field == b"data":
            self._data.append(text)
        elif field == b"event":
            self._name = text
        elif field == b"error":
            self._name = "error"
            self._data.append(text)


async def sent_events(stream: CountedStream) -> AsyncGenerator[list[ServerEvent], None]:
    """Yield the events that each piece of a response completes, or the whole response if it has no events."""
    decoder = EventDecoder()
    body: list[bytes] = []
    has_events = False
    async with aclosing(aiter(stream)) as pieces:
        async for piece in pieces:
            if not has_events:
                body.append(piece)
            if events := list(decoder.feed(piece)):
                has_events, body = True, []
                stream.count = 0
                yield events
    if events := list(decoder.rest()):
        yield events
    elif not has_events:
        yield [ServerEvent("", b"".join(body).decode("utf-8-sig", "replace"), is_whole=True)]
