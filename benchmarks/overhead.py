"""What a task costs: plans of tools that do nothing, against a loop written by hand for the same shape.

    python -m benchmarks.overhead [--check] [--only NAME] [--rounds N]

Events, limits, timeouts and checks of values are on. Times are minima of the processor's, interleaved in one process;
they depend on the machine, ratios hardly. The loop checks nothing. The last column compares with a loop that checks and
limits the same by hand: jsonschema or pydantic, a copy of each list, a semaphore and a timeout.
"""

import json
import sys
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from time import perf_counter
from typing import Final

from benchmarks.measurement import Row, Sides, Work, run_rows
from benchmarks.real_tools import (
    UNCHECKED,
    Record,
    annotated,
    any0,
    checked_by_hand,
    described,
    four,
    given_on,
    handed_on,
    hits,
    sync,
    to_thread,
)
from benchmarks.shapes import Shape, by_hand, chain, layered, tree, turns, waiting, wide
from llmc_compiler.tools.signature import BOUNDS
from llmc_compiler.tools.tool import Tool
from llmc_compiler.tools.toolbox import Toolbox
from llmc_grammar.bounds import Bounds
from llmc_runtime.limits import Limits
from llmc_runtime.program.execution import execute
from llmc_runtime.program.program import compile_plan
from llmc_runtime.values import receive

ROUNDS: Final = 15
HANDED: Final = 50
"""Values that are handed to one consumer each, in a run."""
STEPS: Final = 100
"""Repetitions of what takes microseconds."""

ALL_AT_ONCE: Final = Limits(width=200_000, tool_width=200_000, tasks=200_000, calls=200_000)

NEWER: Final = sys.version_info >= (3, 13)
"""Whether the lower targets hold: tools that never wait end before their task begins, as Python can start eagerly."""
UNCHECKED_MOST: Final = (2.5, 3.2, 3.0, 3.0) if NEWER else (3.0, 3.4, 3.8, 3.7)


def llmc(shape: Shape) -> Work:
    """A plan of this shape."""
    graph = shape.graph()

    async def run() -> None:
        done = await execute(graph, {}, limits=ALL_AT_ONCE)
        assert not done.errors
        assert done.calls == len(shape.needs)

    return lambda: run


def hand(shape: Shape) -> Work:
    """The loop by hand."""
    return lambda: partial(by_hand, shape)


def checked(shape: Shape) -> Work:
    """The loop by hand that checks too."""
    return hand(replace(shape, tools=tuple(map(checked_by_hand, shape.tools))))


def beside_loop(name: str, shape: Shape, most: float | None = None, *, bare: Shape | None = None) -> Row:
    """A row for a shape; `bare` has the tools of the loop if they differ."""

    def sides() -> Sides:
        return Sides(llmc(shape), hand(bare or shape), len(shape.needs), checked=checked(bare or shape))

    return Row(name, "loop by hand", sides, most, share=1_000 / len(shape.needs))


def with_tools(shape: Shape, tools: tuple[Tool, ...]) -> Shape:
    """The shape with other tools; a single one serves every number of needs."""
    return replace(shape, tools=tools * (4 if len(tools) == 1 else 1))


def round_trips(found: list[Record]) -> Work:
    """JSON text of the value, and the value of the text."""

    async def run() -> None:
        for _ in range(STEPS):
            json.loads(json.dumps(found))

    return lambda: run


def receiving(found: list[Record], tool: Tool) -> Work:
    """The value as the result of a tool: measured, checked and copied."""

    async def run() -> None:
        for _ in range(STEPS):
            receive(found, tool.signature.accept, BOUNDS)

    return lambda: run


def pairs(tools: Callable[[list[Record]], tuple[Tool, Tool]], count: int, letters: int = 150) -> Row:
    """Records that are handed to one consumer, beside the loop: a task is the search and its consumer."""
    found = hits(count, letters)
    shape = handed_on(tools(found), HANDED)
    size = len(json.dumps(found)) / 1_000
    kind = "annotated" if tools is annotated else "schema"

    def sides() -> Sides:
        return Sides(llmc(shape), hand(shape), HANDED, checked=checked(shape))

    return Row(f"records of {size:.2g} KB, {kind}", "loop by hand", sides)


def large_records() -> tuple[Row, ...]:
    """27 KB of records, in JSON round trips of the value."""
    found = hits(100)
    tools = annotated(found)
    trips = round_trips(found)
    unit = "JSON round trip"

    def task() -> Sides:
        return Sides(llmc(handed_on(tools, HANDED)), trips, HANDED, STEPS)

    return (
        Row("records of 27 KB, annotated: a task", unit, task, 2.2),
        Row("records of 27 KB: receiving", unit, lambda: Sides(receiving(found, tools[0]), trips, STEPS), 1.0),
    )


def text_beside_integer() -> Row:
    """A text of 2 KB that each task receives and returns, against an integer."""
    text = ("Prices in Zürich rose by 2 % in May, and fell after. " * 45)[:2_000]
    shapes = [with_tools(chain(200), (given_on(kind, value),)) for kind, value in (("string", text), ("integer", 1))]

    def sides() -> Sides:
        texts, integers = map(llmc, shapes)
        return Sides(texts, integers, 200)

    return Row("text of 2 KB, given on", "an integer", sides, 1.8, share=3)


def large_run() -> Row:
    """A task in a run of 100,000, against one of 1,000."""

    def program(tasks: int) -> Work:
        text = "".join(f"t{number} = any0({number})\n" for number in range(tasks))
        bounds = Bounds(text=2**30, tasks=200_000)
        compiled = compile_plan(f"{text}join($t{tasks - 1})\n", Toolbox([any0]), passes=(), bounds=bounds)

        async def run() -> None:
            assert (await compiled.run(limits=ALL_AT_ONCE)).calls == tasks

        return lambda: run

    return Row(
        "a task in a run of 100,000",
        "in a run of 1,000",
        lambda: Sides(program(100_000), program(1_000), 100_000, 1_000),
        1.8,
        share=0.2,
    )


def rows() -> tuple[Row, ...]:
    """The rows, in the order of the table."""
    shapes = {
        "chain 200": chain(200),
        "wide 1,000": wide(1_000),
        "tree 1,023": tree(10),
        "random 1,000": layered(1_000),
    }
    return (
        *(
            beside_loop(f"nothing to check, {name}", with_tools(shape, UNCHECKED), most)
            for (name, shape), most in zip(shapes.items(), UNCHECKED_MOST, strict=True)
        ),
        *(
            beside_loop(f"schema of four integers, {name}", with_tools(shape, (four,)), 4.6)
            for name, shape in shapes.items()
        ),
        *(beside_loop(f"annotated integers, {name}", shape) for name, shape in shapes.items()),
        *large_records(),
        text_beside_integer(),
        large_run(),
        *(
            pairs(tools, count, letters)
            for tools in (annotated, described)
            for count, letters in ((1, 75), (8, 150), (100, 150))
        ),
        beside_loop(
            "sync tools, wide 1,000", with_tools(wide(1_000), (sync,)), bare=with_tools(wide(1_000), (to_thread,))
        ),
        beside_loop("annotated integers, wide 10,000", wide(10_000)),
        beside_loop("one a turn of the loop, 1,000", turns(1_000)),
        beside_loop("one a turn of the loop, 4,000", turns(4_000)),
        replace(beside_loop("tools that wait 5 to 45 ms, 500", waiting(500)), share=0.2, clock=perf_counter),
    )


if __name__ == "__main__":
    sys.exit(run_rows(rows(), __doc__, ROUNDS))
