"""What a server answers, behind the real client: a reply with its end, or a ModelError that does not quote the key.

The first byte says which API is asked, and how the answer comes: its status, its type, and the size of its pieces.
"""

import asyncio
from typing import Final

import httpx2

from llmc_runtime.models.messages import End, Message, Part
from llmc_runtime.models.model_errors import ModelError
from llmc_runtime.models.openai.client import Model
from llmc_runtime.models.openai.settings.settings import Api
from tests.agent.events import Stream
from tests.fuzz.laws import check_message, check_secret

APIS: Final[tuple[Api, ...]] = ("chat", "completions", "responses")
STATUSES: Final = (200, 200, 200, 200, 200, 400, 429, 503)
TYPES: Final = ("text/event-stream", "application/json")
SIZES: Final = (4096, 7, 1, 64)
KEY: Final = "sk-never-shown"
STOP: Final = "<END"
MESSAGE: Final = 2_000
"""Characters of an error."""


def check(data: bytes) -> None:
    """One question."""
    asyncio.run(_ask(data[:1] or b"0", data[1:]))


async def _ask(head: bytes, body: bytes) -> None:
    """Ask once: nothing but texts and one end at last, and no task that is left."""
    way = head[0] - ord("0")
    came: list[Part] = []
    client = httpx2.MockTransport(lambda _: _answer(way // len(APIS), body))
    model = Model("m", base_url="http://server/v1", api=APIS[way % len(APIS)], api_key=KEY, transport=client, retries=0)
    try:
        async for part in model.reply((Message("user", "Which?"),), stop=(STOP,)):
            came.append(part)  # noqa: PERF401 — a comprehension would lose those before an error
    except ModelError as error:
        check_secret(error, KEY)
        check_message(error, MESSAGE)
    else:
        end = came.pop()
        assert isinstance(end, End)
        assert end.usage.read >= end.usage.cached >= 0
        assert end.usage.written >= 0
    text = "".join(part for part in came if isinstance(part, str))
    assert not [part for part in came if isinstance(part, End)]
    assert STOP not in text
    text.encode()
    assert asyncio.all_tasks() == {asyncio.current_task()}


def _answer(way: int, body: bytes) -> httpx2.Response:
    """The answer in pieces."""
    size = SIZES[way // 16 % len(SIZES)]
    stream = Stream(body[at : at + size] for at in range(0, len(body), size))
    headers = {"content-type": TYPES[way // 8 % len(TYPES)]}
    return httpx2.Response(STATUSES[way % len(STATUSES)], headers=headers, stream=stream)
