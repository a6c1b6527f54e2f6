"""The worst order that a graph allows: of the calls that may start, always the one written last, one at a time."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import replace
from heapq import heappop, heappush
from inspect import isawaitable
from itertools import count
from typing import Any, NoReturn

from llmc_compiler.expressions.terms import Json
from llmc_compiler.ir.graph import Call, Graph, Loop, Node
from llmc_compiler.serialization.compiled_graph import with_forms
from llmc_runtime.program.program import Program
from llmc_runtime.program.run_result import Run
from tests.runtime import clock


def run_hostile(program: Program, inputs: Mapping[str, Json]) -> Run:
    """Run a program in the worst order, in virtual time."""
    return clock.run(_run(program, inputs))


async def _run(program: Program, inputs: Mapping[str, Json]) -> Run:
    line = Line()
    turns = asyncio.ensure_future(line.give_turns())
    try:
        return await replace(program, graph=with_forms(gated(program.graph, line))).run(inputs)
    finally:
        turns.cancel()


class Line:
    """Calls that wait for their turn, the one written last in front; of equal ones, that which came last."""

    def __init__(self) -> None:
        self._waiting: list[tuple[int, int, asyncio.Future[None]]] = []
        self._arrivals = count()

    async def turn(self, place: int) -> None:
        """Wait until it is the turn of a call written at this place."""
        mine = asyncio.get_running_loop().create_future()
        heappush(self._waiting, (-place, -next(self._arrivals), mine))
        await mine

    async def give_turns(self) -> NoReturn:
        """Let the first in line go whenever nothing else can happen: only then does virtual time go on."""
        while True:
            await asyncio.sleep(1)
            if self._waiting:
                heappop(self._waiting)[-1].set_result(None)


def gated(graph: Graph, line: Line) -> Graph:
    """The graph whose calls wait for their turn."""
    places = count()
    return replace(graph, nodes={key: _gated(node, line, places) for key, node in graph.nodes.items()})


def _gated(node: Node, line: Line, places: "count[int]") -> Node:
    match node.op:
        case Call(tool):
            call = _waiting(tool.call, line, next(places))
            return replace(node, op=replace(node.op, tool=replace(tool, call=call, is_async=True)))
        case Loop(body=body):
            return replace(node, op=replace(node.op, body=tuple(_gated(inner, line, places) for inner in body)))
        case _:
            return node


def _waiting(call: Callable[..., Any], line: Line, place: int) -> Callable[..., Any]:
    async def wait(*args: object, **kwargs: object) -> object:
        await line.turn(place)
        result = call(*args, **kwargs)
        return await result if isawaitable(result) else result

    return wait
