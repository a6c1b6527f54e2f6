"""Tools that run plans, and what became of those."""

import asyncio
from collections.abc import AsyncIterator, Callable
from itertools import product
from typing import Any, Final

import llmc
from llmc_runtime.program.run_result import Run
from tests.runtime import clock
from tests.runtime.asked import Asked

written: list[str] = []
"""What was called, in its order."""

WORDS: Final = (None, "ask", "all", "none")
ANSWERS: Final = (None, True, False)
"""What the function says; None: there is none."""


def marking(name: str, *, approve: bool = False, writes: bool = True, cost: float = 0.0) -> llmc.Tool:
    """An async tool that leaves a mark."""

    async def mark() -> str:
        written.append(name)
        return name

    declare: Any = llmc.write("notes", approve=approve, cost=cost) if writes else llmc.read("n", approve=approve)
    mark.__name__ = name
    tool: llmc.Tool = declare(mark)
    return tool


def running(text: str, *tools: llmc.Tool, name: str = "deliver", way: str = "await", **terms: Any) -> tuple[Any, ...]:
    """A pure tool that runs a plan on these terms, in one way or another, and the list of its runs."""
    program = llmc.compile(text, llmc.Toolbox(tools), passes=())
    runs: list[Run] = []

    async def awaits() -> bool:
        runs.append(await program.run(**terms))
        return not runs[-1].errors

    async def streams() -> bool:
        runs.extend([each async for each in program.stream(**terms) if isinstance(each, Run)])
        return not runs[-1].errors

    async def arrives() -> bool:
        async def letters() -> AsyncIterator[str]:
            for letter in text:
                yield letter

        runs.append(await llmc.run_stream(letters(), llmc.Toolbox(tools), passes=(), **terms))
        return not runs[-1].errors

    def in_thread() -> bool:
        runs.append(program.run_sync(**terms))
        return not runs[-1].errors

    async def in_another() -> bool:
        return await asyncio.to_thread(in_thread)

    ways: dict[str, Callable[..., object]] = {
        "await": awaits,
        "stream": streams,
        "arriving": arrives,
        "thread": in_thread,
        "to_thread": in_another,
    }
    function = ways[way]
    function.__name__ = name
    return llmc.pure(function), runs


def compiled(*tools: llmc.Tool) -> llmc.Program:
    """A plan that calls each of these tools once."""
    calls = "".join(f"{tool.name}()\n" for tool in tools)
    return llmc.compile(calls, llmc.Toolbox(tools), passes=())


def play(*tools: llmc.Tool, way: str = "await", **terms: Any) -> Run:
    """Run a plan that calls these tools: in virtual time, but for threads."""
    program = compiled(*tools)
    return program.run_sync(**terms) if "thread" in way else clock.run(program.run(**terms))


def approval(word: Any, answer: object) -> tuple[llmc.Approval, Asked]:  # noqa: ANN401 — a word
    """An approval whose function says this, if there is one."""
    asked = Asked(answer)
    return llmc.Approval(word, None if answer is None else asked), asked


def asks(word: str | None, *, approve: bool, writes: bool) -> bool:
    """Whether a run would ask for a call."""
    return word != "all" and (approve or (word == "ask" and writes))


def allows(word: str | None, answer: object, *, approve: bool, writes: bool) -> bool:
    """Whether a run lets a call be made."""
    return not asks(word, approve=approve, writes=writes) or (word != "none" and answer is True)


CELLS: Final = tuple(product(WORDS, ANSWERS, WORDS, ANSWERS, (False, True), (False, True)))
"""Word and answer of the run around, those of the run inside, whether the tool asks, whether it writes."""
