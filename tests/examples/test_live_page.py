"""The page that shows results as they come, in this process: no server, no socket."""

import asyncio
import json
from collections.abc import Callable, MutableMapping
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any, Final
from urllib.parse import urlencode

import pytest

from tests.patience import PATIENCE

EXAMPLES: Final = Path(__file__).parent.parent.parent / "examples"

Message = MutableMapping[str, Any]


@pytest.fixture
def example(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The example, whose tools answer at once."""
    monkeypatch.syspath_prepend(EXAMPLES)
    module = import_module("live_page")
    monkeypatch.setattr(module.atlas, "PACE", 0)
    return module


class Reader:
    """One request over ASGI, and what came back; `leave` says when its reader goes away.

    A server tells that to those who receive; with `raises`, also to those who send.
    """

    def __init__(self, *, leave: Callable[[Message], bool] = lambda _: False, raises: bool = False) -> None:
        self.status = 0
        self.body = ""
        self._leave = leave
        self._gone = asyncio.Event()
        self._raises = raises
        self._asked = False

    async def get(self, app: Any, path: str, **query: str) -> None:  # noqa: ANN401 — ASGI has no type
        """Ask, until the answer ends."""
        about = {"type": "http", "method": "GET", "path": path, "raw_path": path.encode(), "http_version": "1.1"}
        asgi = {"asgi": {"version": "3.0", "spec_version": "2.3"}, "query_string": urlencode(query).encode()}
        await asyncio.wait_for(
            app({**about, **asgi, "headers": [], "root_path": ""}, self._receive, self._send), PATIENCE
        )

    async def _receive(self) -> Message:
        """An empty request; later that the reader has gone."""
        if not self._asked:
            self._asked = True
            return {"type": "http.request", "body": b"", "more_body": False}
        await self._gone.wait()
        return {"type": "http.disconnect"}

    async def _send(self, message: Message) -> None:
        """A part of the answer; raises OSError where the server tells in this way that the reader has gone."""
        if self._gone.is_set() and self._raises:
            raise OSError
        self.status = message.get("status", self.status)
        self.body += message.get("body", b"").decode()
        if self._leave(message):
            self._gone.set()

    @property
    def events(self) -> list[dict[str, Any]]:
        """The messages of the answer."""
        parts = self.body.split("\n\n")
        assert parts.pop() == ""
        return [json.loads(part.removeprefix("data: ")) for part in parts]


async def test_each_result_is_shown_as_it_comes_and_at_last_the_value(example: ModuleType) -> None:
    """Those of elements too; a message each, each of them one line."""
    reader = Reader()
    await reader.get(example.app, "/run", country="Japan")
    assert reader.status == 200
    *events, run = reader.events
    assert (events[0]["event"], events[-1]["event"], run["event"]) == ("RunStarted", "RunFinished", "Run")
    seen = {(event["node"], *event["indices"]): event["value"] for event in events if event["event"] == "Finished"}
    assert run["value"] == seen["join",]
    assert (seen["capital",], seen["names",]) == ("Tokyo", run["value"]["cities"])
    assert [seen["people/each", index] for index in range(len(seen["names",]))] == run["value"]["inhabitants"]
    assert run["results"]["where"] == seen["where",]


async def test_a_failure_is_shown_and_the_run_says_so(example: ModuleType) -> None:
    """What a tool says is data."""
    reader = Reader()
    await reader.get(example.app, "/run", country="<b>Nowhere")
    failed = [event for event in reader.events if event["event"] == "Failed"]
    assert {event["task"] for event in failed} >= {"capital", "names"}
    assert "<b>Nowhere" in failed[0]["error"]["message"]
    assert reader.events[-1]["errors"].keys() >= {"capital", "names", "people"}


@pytest.mark.parametrize("raises", [False, True])
@pytest.mark.parametrize("left_at", ["RunStarted", "Started", "Finished"])
async def test_a_reader_who_leaves_ends_the_run(
    example: ModuleType, raises: bool, left_at: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However the server tells, and whenever: calls under way are given up, and nothing of the run is left."""
    under_way, given_up = [], []
    answer = example.atlas.look_up

    async def hang(table: object, kind: str, name: str, question: str) -> object:
        if question == "capital":
            return await answer(table, kind, name, question)
        under_way.append(question)
        try:
            return await asyncio.Event().wait()
        except asyncio.CancelledError:
            given_up.append(question)
            raise

    monkeypatch.setattr(example.atlas, "look_up", hang)
    reader = Reader(leave=lambda message: f'"{left_at}"' in message.get("body", b"").decode(), raises=raises)
    before = asyncio.all_tasks()
    await reader.get(example.app, "/run", country="Japan")
    assert given_up == under_way
    assert left_at != "Finished" or given_up == ["cities"]
    assert asyncio.all_tasks() == before
    assert "Run" not in [event["event"] for event in reader.events]


async def test_the_page_puts_nothing_into_its_markup(example: ModuleType) -> None:
    """It has no place where a result would be read as HTML."""
    reader = Reader()
    await reader.get(example.app, "/")
    assert reader.status == 200
    assert "new EventSource(" in reader.body
    assert not [
        word for word in ("innerHTML", "outerHTML", "insertAdjacentHTML", "document.write") if word in reader.body
    ]
