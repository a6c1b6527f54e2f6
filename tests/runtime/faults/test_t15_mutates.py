"""T15: a tool changes its argument, or its result after it was returned."""

import asyncio

from llmc_compiler.tools.decorators import pure, write
from llmc_compiler.tools.tool import Tool
from tests.runtime.build import call, play, ref
from tests.runtime.fakes import echo


@pure
async def spoil(values: list[int]) -> int:
    """Change what was given."""
    values.append(99)
    return len(values)


def _spoil(values: list[object]) -> int:
    values.append(99)
    return len(values)


spoil_by_schema = Tool.from_schema(
    "spoil_by_schema", "", {"properties": {"values": {"type": "array"}}}, "pure", call=_spoil
)


@write("r")
async def grow() -> list[int]:
    """Change what was returned."""
    kept = [1]
    asyncio.get_running_loop().call_soon(kept.append, 2)
    return kept


def test_nobody_else_sees_it() -> None:
    """Each tool has lists of its own, each attempt too, and each result is what it was."""
    run = play(
        call("t", echo, [1, 2]),
        call("a", spoil, ref("t")),
        call("b", spoil, ref("t")),
        call("c", spoil_by_schema, ref("t")),
        call("g", grow),
        call("h", echo, ref("g")),
        join=ref("t"),
    )
    assert run.results == {"t": [1, 2], "a": 3, "b": 3, "c": 3, "g": [1], "h": [1]}
    run.results["t"].append(5)  # type: ignore[union-attr]  # a list
    assert run.value == [1, 2]
