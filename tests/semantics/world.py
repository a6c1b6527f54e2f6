"""A world of tools for random plans, described once for the reference and for concurrent runs.

Every stateful tool sees all log entries of the resources that conflict with its own, and nothing else: writes record
how many they saw and reads give what they saw, so that a wrong order shows in the logs or in the values.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from random import Random
from typing import Final

from tests.reference.operators import Json, as_text
from tests.reference.outcome import RefTool, State, ToolError, overlap

BAD: Final = "bad"
"""The argument on which every write and every read with an argument fails; a write, after it was recorded."""

SCHEMA: Final[dict[str, Json]] = {}
"""The schema of all tools: they take anything, as written."""

MAX_TURNS: Final = 6


def _echo(_: State, item: Json) -> Json:
    return item


def _pair(_: State, first: Json, second: Json) -> Json:
    return {"first": first, "second": second}


def _pack(_: State, **items: Json) -> Json:
    return items


def _size(_: State, item: Json) -> Json:
    if isinstance(item, (str, list, dict)):
        return len(item)
    raise ToolError("only texts, lists and mappings have a size")


def _items(_: State, count: Json) -> Json:
    if isinstance(count, int) and not isinstance(count, bool):
        return list(range(count % 4))
    raise ToolError("no whole number")


def _need(_: State, item: Json) -> Json:
    if item:
        return item
    raise ToolError("nothing there")


def _refuse(_: State, item: Json) -> Json:
    raise ToolError(f"refused {item}")


def _guess(_: State, item: Json) -> Json:
    return sum(map(ord, as_text(item))) % 7


def _flaky(state: State, site: Json, failures: Json) -> Json:
    """Fails the first times at a site; plans give every call a site of its own."""
    assert isinstance(failures, int)
    key = as_text(site)
    state.attempts[key] += 1
    if state.attempts[key] <= failures:
        raise ToolError("not yet")
    return state.attempts[key]


def _seen(state: State, resource: str) -> list[Json]:
    return [entry for name in sorted(state.effects) if overlap(name, resource) for entry in state.effects[name]]


def _read(resource: str, *, whole: bool) -> Callable[..., Json]:
    """A read that gives the names of the last three writes (`whole`), or how many there were."""

    def read(state: State, item: Json = None) -> Json:
        if item == BAD:
            raise ToolError("nothing under that name")
        seen = _seen(state, resource)
        return [entry[0] for entry in seen[-3:] if isinstance(entry, list)] if whole else len(seen)

    return read


def _write(name: str, resource: str) -> Callable[..., Json]:
    """A write that records its argument and gives how many entries it saw."""

    def write(state: State, item: Json) -> Json:
        count = len(_seen(state, resource))
        state.effects[resource].append([f"{name}#{count}", item])
        if item == BAD:
            raise ToolError("recorded, then failed")
        return count

    return write


def _place(path: Json) -> str:
    return f"file:{as_text(path)}"


def _look(state: State, path: Json) -> Json:
    return _read(_place(path), whole=True)(state, path)


def _keep(state: State, path: Json, item: Json) -> Json:
    return _write("keep", _place(path))(state, item)


def _toolset() -> tuple[RefTool, ...]:
    return (
        RefTool("echo", "pure", _echo),
        RefTool("pair", "pure", _pair),
        RefTool("pack", "pure", _pack),
        RefTool("size", "pure", _size),
        RefTool("items", "pure", _items),
        RefTool("need", "pure", _need),
        RefTool("refuse", "pure", _refuse),
        RefTool("guess", "nondet", _guess),
        RefTool("flaky", "nondet", _flaky),
        RefTool("inbox", "read(mail)", _read("mail", whole=True)),
        RefTool("rows", "read(db)", _read("db", whole=True)),
        RefTool("row_a", "read(db:a)", _read("db:a", whole=True)),
        RefTool("count_b", "read(db:b)", _read("db:b", whole=False)),
        RefTool("survey", "read(*)", _read("*", whole=False)),
        RefTool("send", "write(mail)", _write("send", "mail")),
        RefTool("store", "write(db)", _write("store", "db")),
        RefTool("put_a", "write(db:a, idempotent)", _write("put_a", "db:a")),
        RefTool("put_b", "write(db:b)", _write("put_b", "db:b")),
        RefTool("look", "read(file:{path})", _look),
        RefTool("keep", "write(file:{path})", _keep),
        RefTool("reset", "write(*)", _write("reset", "*")),
        RefTool("act", "opaque", _write("act", "*")),
    )


TOOLSET: Final = {tool.name: tool for tool in _toolset()}
"""The tools by name."""


@dataclass(slots=True)
class World:
    """What the tools of concurrent runs share: the state, and how long they take."""

    state: State = field(default_factory=State)
    rng: Random = field(default_factory=lambda: Random(0))

    def begin(self, seed: int) -> None:
        """Start again where nothing has happened."""
        self.state = State()
        self.rng = Random(seed)

    async def pause(self) -> None:
        """Let the event loop turn a random number of times."""
        for _ in range(self.rng.randrange(MAX_TURNS)):
            await asyncio.sleep(0)


def concurrent(tool: RefTool, world: World) -> Callable[..., Awaitable[Json]]:
    """The tool as a coroutine function that acts after a random time, and ends after another."""

    async def call(*positional: Json, **keywords: Json) -> Json:
        await world.pause()
        try:
            return tool.function(world.state, *positional, **keywords)
        finally:
            await world.pause()

    return call
