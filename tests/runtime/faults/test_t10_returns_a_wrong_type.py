"""T10: a tool returns something of a wrong type."""

import asyncio

from llmc_compiler.tools.decorators import pure, write
from llmc_compiler.tools.tool import Tool
from llmc_runtime.errors import BadResult, Blocked
from tests.runtime.build import call, play, ref
from tests.runtime.fakes import echo


@pure
async def wrong() -> int:
    """Not what it says."""
    return "three"  # type: ignore[return-value]  # the fault


@write("r")
async def wrong_write() -> list[int]:
    """Not what it says, after something was written."""
    return {"a": 1}  # type: ignore[return-value]  # the fault


@pure
async def coroutine() -> object:
    """One that nobody has awaited."""
    return asyncio.sleep(1)


@pure
async def generator() -> object:
    """A generator, which is no value."""
    return (number for number in range(3))


by_schema = Tool.from_schema("schema", "", {}, "pure", call=lambda: "three", returns={"type": "integer"})


def test_it_fails_where_it_was_made() -> None:
    """And not at the task that uses it; a write is in doubt, though it came back."""
    run = play(
        call("a", wrong),
        call("b", wrong_write),
        call("c", coroutine),
        call("d", generator),
        call("e", by_schema),
        call("f", echo, ref("a")),
    )
    assert {key: type(error) for key, error in run.errors.items()} == {
        **dict.fromkeys("abcde", BadResult),
        "f": Blocked,
    }
    assert run.in_doubt == ("b",)
