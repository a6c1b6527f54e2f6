"""Tools for tests."""

import asyncio
from collections.abc import Callable

from llmc_compiler.tools.decorators import nondet, pure, read, write
from llmc_compiler.tools.tool import Tool


class OutageError(Exception):
    """What failing tools raise."""


async def stubborn() -> None:
    """Swallow every cancellation."""
    for _ in range(1_000):
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            continue


@pure
async def echo(value: object = None) -> object:
    """The value itself."""
    return value


@nondet
async def slow(seconds: float, value: object = None) -> object:
    """The value, after some seconds."""
    await asyncio.sleep(seconds)
    return value


@nondet
async def broken(seconds: float = 0) -> object:
    """Fail, after some seconds."""
    await asyncio.sleep(seconds)
    raise OutageError("it is down")


@read("r")
async def look(seconds: float = 0) -> str:
    """Read the resource."""
    await asyncio.sleep(seconds)
    return "seen"


@read("r")
async def look_in_vain(seconds: float = 0) -> str:
    """Fail to read the resource."""
    await asyncio.sleep(seconds)
    raise OutageError("no answer")


@write("r")
async def put(seconds: float = 0) -> str:
    """Write the resource."""
    await asyncio.sleep(seconds)
    return "written"


@write("r")
async def put_in_vain(seconds: float = 0) -> str:
    """Fail to write the resource."""
    await asyncio.sleep(seconds)
    raise OutageError("the disk is full")


@write("s")
async def put_elsewhere(seconds: float = 0) -> str:
    """Write another resource."""
    await asyncio.sleep(seconds)
    return "written"


def raising(what: BaseException, declare: Callable[[Callable[..., object]], Tool] = pure) -> Tool:
    """An async tool that raises."""

    async def tool() -> object:
        raise what

    return declare(tool)
