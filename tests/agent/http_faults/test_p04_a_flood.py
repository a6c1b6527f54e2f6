"""P4: a million tasks, a line of a gigabyte: stopped at the bound, the connection closed, no more memory than that."""

import tracemalloc
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Final

import pytest

from llmc_grammar.bounds import Bounds
from llmc_runtime.agent.agent_errors import NoDecision, PlanFailed
from llmc_runtime.agent.completion import LONGEST_REPLY
from llmc_runtime.models.model_errors import StreamBroken
from llmc_runtime.models.openai.client import Model
from llmc_runtime.models.openai.transport import MOST_BYTES
from tests.agent.events import said
from tests.agent.http_faults.asking import Seen, ask
from tests.agent.server import FakeServer, Piece, Reply

PIECE: Final = 65_536
GIGABYTE: Final = 1024**3 // PIECE
MOST_MEMORY: Final = 16 * 1024**2
UNDERWAY: Final = 1024**2
"""Bytes that may be between a server and its client, at most."""


def tasks() -> Iterator[str]:
    """A million tasks."""
    yield '1. send("bob")\n'
    for number in range(2, 1_000_001):
        yield f'{number}. search("{number}")\n'


def line() -> Iterator[str]:
    """A line of a gigabyte."""
    yield '1. send("bob")\n2. search("'
    for _ in range(GIGABYTE):
        yield "x" * PIECE


def blanks() -> Iterator[str]:
    """A gigabyte of nothing."""
    yield '1. send("bob")\n'
    for _ in range(GIGABYTE):
        yield "\n" * PIECE


def event() -> Iterator[str | bytes]:
    """An event whose line is a gigabyte."""
    yield '1. send("bob")\n'
    yield b'data: {"choices": [{"delta": {"content": "'
    for _ in range(GIGABYTE):
        yield b"x" * PIECE


@dataclass
class Flood:
    """A question that is answered by a flood: how much of it was made, and the most bytes held on both sides."""

    made: int = 0
    memory: int = 0

    def counted(self, pieces: Iterable[str | bytes]) -> Iterator[Piece]:
        """The same pieces."""
        for piece in pieces:
            self.made += len(piece)
            yield piece

    async def ask(self, pieces: Iterable[str | bytes], *before: Reply) -> Seen:
        """Ask it, after other replies; whatever comes, the client leaves, and nothing is written."""
        tracemalloc.start()
        try:
            seen = await ask(*before, self.counted(pieces))
            self.memory = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
        assert [request.left for request in seen.requests] == [n >= len(before) for n in range(len(seen.requests))]
        assert seen.writes == 0
        return seen


async def test_p4_a_million_tasks() -> None:
    """As many are read as a plan may have."""
    flood, most = Flood(), Bounds.MODEL.tasks
    seen = await flood.ask(tasks())
    assert isinstance(seen.error, PlanFailed)
    assert f"{most} tasks" in str(seen.error)
    assert most < seen.requests[0].sent < most + 20
    assert most - 20 < seen.world.calls.total() < most
    assert flood.memory < MOST_MEMORY


@pytest.mark.parametrize("pieces", [line, blanks])
async def test_p4_a_gigabyte_of_text(pieces: Callable[[], Iterator[str]]) -> None:
    """In a line or in empty ones: as much is read as a plan may be long."""
    flood = Flood()
    seen = await flood.ask(pieces())
    assert isinstance(seen.error, PlanFailed)
    assert flood.made <= Bounds.MODEL.text + UNDERWAY
    assert flood.memory < MOST_MEMORY


@pytest.mark.parametrize(
    ("plan", "error"), [('1. sned("bob")\n2. join($1)\n', PlanFailed), ('1. search("a")\njoin()\n', NoDecision)]
)
async def test_p4_a_later_reply_of_a_gigabyte(plan: str, error: type[Exception]) -> None:
    """Of a repair, or of a joiner: as much is read as such a reply may be long, and then it is asked once more."""
    flood = Flood()
    seen = await flood.ask(("x" * PIECE for _ in range(GIGABYTE)), plan)
    assert type(seen.error) is error
    assert flood.made <= 2 * LONGEST_REPLY + UNDERWAY
    assert flood.memory < MOST_MEMORY


async def test_p4_an_event_of_a_gigabyte() -> None:
    """As much is read as an event may be long."""
    flood = Flood()
    seen = await flood.ask(event())
    assert type(seen.error) is StreamBroken
    assert "one event has" in str(seen.error)
    assert flood.made <= MOST_BYTES + UNDERWAY
    assert flood.memory < MOST_MEMORY


async def test_p4_control_a_flood_is_one() -> None:
    """Who reads on is sent more of the line, and who keeps it is seen to keep it."""
    flood = Flood()
    async with FakeServer(lambda _: flood.counted(line()), pace=0.0) as server:
        with pytest.raises(StreamBroken):
            await said(Model("m", base_url=server.base_url))
    assert flood.made > MOST_BYTES
    await flood.ask(["x" * MOST_MEMORY, ""])
    assert flood.memory > MOST_MEMORY
