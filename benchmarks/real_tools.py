"""Tools as users write them, which do nothing: without types, with a schema, with annotations, and in threads."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any, Final

from jsonschema import Draft202012Validator
from pydantic import validate_call

from benchmarks.shapes import Shape
from llmc_compiler.tools.decorators import nondet
from llmc_compiler.tools.schema_signature import SchemaSignature
from llmc_compiler.tools.tool import Tool

Record = dict[str, Any]


@nondet
async def any0(x: Any = 0) -> Any:  # noqa: ANN401 — a tool without types
    """Take anything."""
    return x


@nondet
async def any2(a: Any, b: Any) -> Any:  # noqa: ANN401 — the same
    """Take any two."""
    return a or b


@nondet
async def any3(a: Any, b: Any, c: Any) -> Any:  # noqa: ANN401 — the same
    """Take any three."""
    return a or b or c


UNCHECKED: Final = (any0, any0, any2, any3)
"""For zero to three needs."""


async def _four(a: int = 0, b: int = 0, c: int = 0, d: int = 0) -> int:
    return a | b | c | d


_FOUR: Final = {
    "type": "object",
    "properties": {name: {"type": "integer"} for name in "abcd"},
    "required": list("abcd"),
    "additionalProperties": False,
}

four: Final = Tool.from_schema("four", "Join four numbers.", _FOUR, "nondet", _four, returns={"type": "integer"})

_PAGE: Final = {
    "type": "object",
    "properties": {
        "title": {"type": "string"},
        "url": {"type": "string"},
        "snippet": {"type": "string"},
        "score": {"type": "number"},
    },
    "required": ["title", "url", "snippet", "score"],
}
PAGES: Final = {"type": "array", "items": _PAGE}
"""The schema of search hits: records of four fields."""


def hits(count: int, letters: int = 150) -> list[Record]:
    """Search hits: 0.2 KB of JSON for one with 75 letters, 2 KB for eight, 27 KB for a hundred."""
    return [
        {
            "title": f"Result {number} of a search",
            "url": f"https://example.org/pages/{number}",
            "snippet": "word " * (letters // 5),
            "score": number / 7,
        }
        for number in range(count)
    ]


def annotated(found: list[Record]) -> tuple[Tool, Tool]:
    """A tool that returns these records, and one that tells whether it gets a copy, annotated as people do."""

    @nondet
    async def search() -> list[dict[str, Any]]:
        return found

    @nondet
    async def read(pages: list[dict[str, Any]]) -> int:
        return int(pages is not found)

    return search, read


def described(found: list[Record]) -> tuple[Tool, Tool]:
    """The same with schemas, which describe each field of the records."""

    async def search() -> list[Record]:
        return found

    async def read(pages: list[Record]) -> int:
        return int(pages is not found)

    nothing = {"type": "object", "properties": {}, "additionalProperties": False}
    takes = {"type": "object", "properties": {"pages": PAGES}, "required": ["pages"], "additionalProperties": False}
    return (
        Tool.from_schema("search", "Search.", nothing, "nondet", search, returns=PAGES),
        Tool.from_schema("read", "Read.", takes, "nondet", read, returns={"type": "integer"}),
    )


def handed_on(tools: tuple[Tool, Tool], times: int) -> Shape:
    """Values that are handed to one consumer each: so many searches, then their consumers."""
    return Shape("", ((),) * times + tuple((index,) for index in range(times)), tools)


def given_on(kind: str, example: object) -> Tool:
    """A tool that takes a value of a JSON type and returns `example`, with a schema."""

    async def give(x: object = None) -> object:  # noqa: ARG001 — receiving it is what is measured
        return example

    takes = {"type": "object", "properties": {"x": {}}, "additionalProperties": False}
    return Tool.from_schema("give", "Give.", takes, "nondet", give, returns={"type": kind})


def _in_thread(x: int = 0) -> int:
    return x


sync: Final = nondet(_in_thread)
"""A tool that runs in a thread."""


async def _to_thread(x: int = 0) -> int:
    return await asyncio.to_thread(_in_thread, x)


to_thread: Final = nondet(_to_thread)
"""The same for a loop by hand."""


def checked_by_hand(tool: Tool) -> Tool:
    """A tool whose function checks, copies and limits what llmc does, as one would write it.

    jsonschema checks by the tool's schemas, pydantic by its annotations. A JSON round trip copies lists and mappings.
    """
    call = (
        _by_schema(tool)
        if isinstance(tool.signature, SchemaSignature)
        else validate_call(validate_return=True)(tool.call)
    )
    width = asyncio.Semaphore(20_000)

    async def run(*args: object) -> object:
        async with width, asyncio.timeout(300):
            return _copied(await call(*map(_copied, args)))

    return replace(tool, call=run)


def _by_schema(tool: Tool) -> Callable[..., Awaitable[Any]]:
    names = tool.signature.shape.positional
    takes, returns = Draft202012Validator(tool.signature.parameters), Draft202012Validator(tool.signature.returns)
    defaults = dict.fromkeys(names, 0) if tool is four else {}

    async def run(*args: object) -> object:
        given = {**defaults, **dict(zip(names, args, strict=False))}
        takes.validate(given)
        result = await tool.call(**given)
        returns.validate(result)
        return result

    return run


def _copied(value: object) -> object:
    return json.loads(json.dumps(value, allow_nan=False)) if isinstance(value, (list, dict)) else value
