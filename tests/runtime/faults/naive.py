"""The control: how one would write it in an afternoon, with `asyncio.TaskGroup`, `wait_for` and a loop for attempts."""

import asyncio
import logging
import os
import sys
from typing import Any

from llmc_compiler.expressions.evaluation import evaluate
from llmc_compiler.expressions.terms import Json, NodeId
from llmc_compiler.ir.graph import Call, Graph, Join, Loop, Node
from llmc_runtime.limits import Policy
from tests.runtime.faults.faulty import EFFECTS, LIMIT, ROWS
from tests.runtime.faults.observed import Seen, cases


class _Env:
    """What a term may read."""

    skipped_is_null = True

    def __init__(self, values: dict[str, Any], item: Json = None) -> None:
        self._values = values
        self._item = item

    def item(self, _: str) -> Json:
        """The element of the only loop."""
        return self._item

    def get(self, node: NodeId) -> Json:
        """The value of a node."""
        return self._values[node]  # type: ignore[no-any-return]  # whatever a tool gave

    def param(self, name: str) -> Json:
        """There are no inputs."""
        raise KeyError(name)


async def _call(op: Call, env: _Env) -> Any:  # noqa: ANN401 — whatever a tool gives
    args, kwargs = op.tool.signature.prepare([(name, evaluate(term, env)) for name, term in op.bound])
    for attempt in range(op.retries + 1):
        try:
            return await asyncio.wait_for(op.tool.call(*args, **kwargs), LIMIT)
        except Exception:
            if attempt == op.retries:
                raise
    return None


async def _run(node: Node, values: dict[str, Any]) -> Any:  # noqa: ANN401 — whatever a tool gives
    match node.op:
        case Call() as op:
            return await _call(op, _Env(values))
        case Loop(source=source, body=(Node(op=Call() as op), *_)):
            items = evaluate(source, _Env(values))
            assert isinstance(items, list)
            return await asyncio.gather(*(_call(op, _Env(values, item)) for item in items))
        case Join(term):
            return evaluate(term, _Env(values))
        case _:
            raise TypeError(node)


async def naive(plan: Graph, _: Policy) -> Seen:
    """Each node is a task that awaits those it needs; a group ends them all when one fails."""
    start = asyncio.get_running_loop().time()
    values: dict[str, Any] = {}
    errors: dict[str, BaseException] = {}
    tasks: dict[str, asyncio.Task[Any]] = {}

    async def work(node: Node) -> Any:  # noqa: ANN401 — whatever a tool gives
        await asyncio.gather(*(tasks[need] for need in node.needs))
        try:
            values[node.id] = await _run(node, values)
        except Exception as error:
            errors[node.id] = error
            raise
        return values[node.id]

    try:
        async with asyncio.TaskGroup() as group:
            for node in plan.nodes.values():
                tasks[node.id] = group.create_task(work(node))
    except ExceptionGroup:
        pass
    results = {key: value for key, value in values.items() if key != "join"}
    return Seen(results, errors, asyncio.get_running_loop().time() - start)


def main() -> None:
    """Print how many cases of the product it fails, and how many there are."""
    logging.disable()  # asyncio complains of what it leaves behind
    found = [bool(wrong) for name in ROWS for effect in EFFECTS for _, wrong, _ in cases(naive, name, effect)]
    sys.stdout.write(f"{sum(found)} {len(found)}\n")
    sys.stdout.flush()
    os._exit(0)  # what it has left running must not end in complaints


if __name__ == "__main__":
    main()
