"""The tools of random conversations, how their calls fail, and a log of those that may write."""

import asyncio
import json
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal
from zlib import crc32

from llmc_compiler.effects.effects import Effect
from llmc_compiler.tools.decorators import nondet, opaque, pure, read, write
from llmc_compiler.tools.tool import Tool
from llmc_compiler.tools.toolbox import Toolbox
from llmc_runtime.errors import NotSent
from tests.agent.talks.meant import Key, Scalar

Fault = Literal["raised", "not sent", "lost", "hung", "bad"]
FAULTS: Final[tuple[Fault, ...]] = ("raised", "not sent", "lost", "hung", "bad")
LANDED: Final = frozenset({None, "lost", "hung", "bad"})
"""Outcomes of calls that have written."""

UNKNOWN_NAME: Final = "nobody"
"""Nobody has this name: looking it up fails."""

BALANCES: Final = {"ann": 1200, "bob": 700, "cid": 40, "dan": 90, "eve": 2500, "fay": 310, "gus": 15, "hal": 5200}
OWNERS: Final = {"shop": "ann", "farm": "bob", "mill": "cid", "port": "eve"}

PARAMETERS: Final[dict[str, tuple[tuple[str, Scalar | None], ...]]] = {
    "balance": (("who", None),),
    "owner": (("place", None),),
    "double": (("x", None),),
    "dice": (("sides", 6),),
    "pay": (("who", None), ("amount", None), ("note", "")),
    "refund": (("who", None), ("amount", None)),
    "label": (("who", None), ("colour", "red")),
    "mail": (("to", None), ("text", "hello"), ("copies", 1)),
    "submit": (("form", None),),
    "archive": (("name", None), ("copies", 1)),
    "store": (("path", None), ("text", None)),
}
"""The parameters of each tool with their defaults, None where there is none."""


def key_of(tool: str, values: Sequence[Scalar]) -> Key:
    """The same for calls that are equal by value."""
    return tool, tuple(map(_by_value, values))


def _by_value(value: Scalar) -> str | float:
    """An argument as it is compared: `1` is `1.0`, and `true` is neither."""
    if isinstance(value, bool):
        return f"<{value}>"
    return value if isinstance(value, str) else float(value)


@dataclass(slots=True)
class Made:
    """A call that was made: when it began and ended, and whether its plan was known by then."""

    key: Key
    began: int
    ended: int = 0
    was_early: bool = False

    def __str__(self) -> str:
        """The call."""
        return shown(self.key)


def shown(key: Key) -> str:
    """A call as it would be written."""
    return f"{key[0]}({', '.join(map(json.dumps, key[1]))})"


class World:
    """What happens to calls in one conversation."""

    def __init__(self) -> None:
        self.begin(0, 0.0)

    def begin(self, seed: int, faults: float) -> None:
        """Nothing has happened in a conversation with this seed."""
        self.seed, self.faults = seed, faults
        self.made: list[Made] = []
        self.counts: Counter[Key] = Counter()
        self.clock = 0
        self.is_speaking = False

    def tick(self) -> int:
        """The next moment."""
        self.clock += 1
        return self.clock

    async def write(self, tool: str, *values: Scalar) -> str:
        """Make a call that may write."""
        key = key_of(tool, values)
        made = Made(key, self.tick(), was_early=self.is_speaking)
        self.made.append(made)
        fault = fault_of(self.seed, self.faults, key, self.counts[key])
        self.counts[key] += 1
        try:
            await asyncio.sleep(1000.0 if fault == "hung" else 0.01)
        finally:
            made.ended = self.tick()
        if fault == "not sent":
            raise NotSent(tool)
        if fault in {"raised", "lost"}:
            raise ConnectionError(fault)
        result: Any = object() if fault == "bad" else result_of(key)
        return result  # type: ignore[no-any-return] # a tool that breaks its promise


def fault_of(seed: int, share: float, key: Key, number: int) -> Fault | None:
    """How the call of this number with this key fails, if it does: the same at every run."""
    if not share:
        return None
    drawn = crc32(f"{seed} {key} {number}".encode()) % 10_000 / 10_000
    return FAULTS[int(drawn / share * len(FAULTS))] if drawn < share else None


def result_of(key: Key) -> str:
    """What a write gives."""
    return f"{key[0]} {key[1][0]} done"


WORLD: Final = World()


def _look_ups(world: World) -> list[Tool]:
    """The tools that change nothing."""

    @read("bank")
    async def balance(who: str) -> int:
        """What somebody has."""
        await asyncio.sleep(0.01)
        return BALANCES[who]

    @read("places")
    async def owner(place: str) -> str:
        """Who owns a place."""
        await asyncio.sleep(0.02)
        return OWNERS[place]

    @pure
    async def double(x: float) -> float:
        """Twice the number."""
        return 2 * x

    @nondet
    async def dice(sides: int = 6) -> int:
        """Throw a die."""
        return 1 + world.tick() % sides

    return [balance, owner, double, dice]


def _writers(world: World) -> list[Tool | Callable[..., Any]]:
    """The tools that may write; of the last one nobody has said what it does."""

    @write("bank")
    async def pay(who: str, amount: float, note: str = "") -> str:
        """Pay somebody."""
        return await world.write("pay", who, amount, note)

    @write("bank")
    async def refund(who: str, amount: float) -> str:
        """Take a payment back."""
        return await world.write("refund", who, amount)

    @write("labels", idempotent=True)
    async def label(who: str, colour: str = "red") -> str:
        """Set the colour of a label."""
        return await world.write("label", who, colour)

    @write("mail", approve=True)
    async def mail(to: str, text: str = "hello", copies: int = 1) -> str:
        """Send a mail."""
        return await world.write("mail", to, text, copies)

    @opaque
    async def submit(form: Any) -> str:  # noqa: ANN401 — it takes anything
        """Submit a form."""
        return await world.write("submit", form)

    @write("file:{path}")
    async def store(path: str, text: str) -> str:
        """Write a file."""
        return await world.write("store", path, text)

    async def archive(name: str, copies: int = 1) -> str:
        """Put something into the archive."""
        return await world.write("archive", name, copies)

    return [pay, refund, label, mail, submit, store, archive]


TOOLBOX: Final = Toolbox([*_look_ups(WORLD), *_writers(WORLD)], bare="parallel")
EFFECTS: Final[dict[str, Effect]] = {tool.name: tool.effect for tool in TOOLBOX}
WRITERS: Final = tuple(tool.name for tool in TOOLBOX if tool.effect.may_write)
ASKING: Final = frozenset(tool.name for tool in TOOLBOX if tool.approve)
