"""A write whose first attempt goes on, and lands when it is released."""

import asyncio
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from typing import Any, Final

import llmc
from llmc_compiler.tools.decorators import opaque, pure, write
from llmc_compiler.tools.tool import Tool
from llmc_runtime.program.execution import execute
from llmc_runtime.program.run_result import Run
from tests.patience import PATIENCE
from tests.runtime import clock
from tests.runtime.build import call, graph
from tests.runtime.fakes import echo

EFFECTS: Final[dict[str, Callable[[Callable[..., Any]], Tool]]] = {
    "plain": write("r", name="put"),
    "idempotent": write("r", idempotent=True, name="put"),
    "key": write("r", idempotency_key="key", name="put"),
    "opaque": opaque(name="put"),
}
HOW: Final = (
    "task",
    "thread",
    "shielded task",
    "thread of a pool",
    "task of a run inside",
    "thread of a run inside",
    "thread of a pool of a run inside",
    "thread of a run inside a run",
)

PLANS: Final = {
    "retry": "a = put(1) @timeout(100ms) @retry(2)\nb = put(2)\njoin()\n",
    "fallback": "a = put(1) @timeout(100ms) @fallback(0)\nb = put(2)\njoin()\n",
    "both": "a = put(1) @timeout(100ms) @retry(2) @fallback(0)\nb = put(2)\njoin()\n",
    "an element": "b = put($x) for x in [1, 2] @timeout(100ms) @retry(2)\njoin()\n",
    "an element with a fallback": "b = put($x) for x in [1, 2] @timeout(100ms) @retry(2) @fallback(0)\njoin()\n",
    "a loop before": "a = put($x) for x in [1] @timeout(100ms) @fallback(0)\nb = put(2)\njoin()\n",
    "a value between": "a = put(1) @timeout(100ms) @fallback(2)\nb = put($a)\njoin()\n",
}
"""The first `put(1)` does not end; `b` comes after it."""


@pure
def tick() -> int:
    """A call in a thread."""
    return 0


class Store:
    """What was put, in order; the first attempt to put a 1 goes on until it is released, whatever it is told."""

    def __init__(self, how: str) -> None:
        self.how = how
        self.values: list[int] = []
        self.attempts = 0
        self._event = asyncio.Event()
        self._go = threading.Event()
        self._begun = threading.Event()
        self._inner: list[asyncio.Task[int]] = []

    def tool(self, effect: str) -> Tool:
        """`put`, with an effect."""

        async def in_task(x: int, key: str = "") -> int:
            return await self._awaited(x)

        def in_thread(x: int, key: str = "") -> int:
            return self._blocking(x)

        async def unkeyed(x: int) -> int:
            return await self._awaited(x)

        def unkeyed_in_thread(x: int) -> int:
            return self._blocking(x)

        if effect == "key":
            return EFFECTS[effect](in_thread if self.how == "thread" else in_task)
        return EFFECTS[effect](unkeyed_in_thread if self.how == "thread" else unkeyed)

    def release(self) -> None:
        """Let the first attempt go on."""
        self._event.set()
        self._go.set()

    async def landed(self) -> None:
        """Wait until everything has landed that was released."""
        self.release()
        for thread in threading.enumerate():
            if thread.name == "llmc-tool":
                await asyncio.to_thread(thread.join, 5)
        await asyncio.get_running_loop().shutdown_default_executor()
        for _ in range(3):
            await asyncio.sleep(0)

    def _is_late(self, x: int) -> bool:
        self.attempts += 1
        return x == 1 and self.attempts == 1

    def _blocking(self, x: int) -> int:
        self._begun.set()
        if self._is_late(x):
            self._go.wait(PATIENCE)
        self.values.append(x)
        return x

    async def _awaited(self, x: int) -> int:
        if self.how == "thread of a pool":
            return await asyncio.to_thread(self._blocking, x)
        if self.how.endswith(" inside") or self.how.endswith(" a run"):
            return await self._inside(x, deep=self.how.endswith(" a run"))
        if self.how == "shielded task":
            self._inner.append(asyncio.create_task(self._stubborn(x)))
            return await asyncio.shield(self._inner[-1])
        return await self._stubborn(x)

    async def _inside(self, x: int, *, deep: bool) -> int:
        """Let a run do it, whose own calls are writes too."""

        async def awaited(x: int) -> int:
            if deep:
                return await self._inside(x, deep=False)
            return await (asyncio.to_thread(self._blocking, x) if "pool" in self.how else self._stubborn(x))

        @pure
        async def wait_for_thread() -> None:
            # Virtual time must not pass before the thread has begun: a function that was not called is called off.
            self._begun.wait(PATIENCE)

        if "thread" in self.how and "pool" not in self.how and not deep:
            self._begun.clear()
            nodes = [call("i", write("r", name="inner")(self._blocking), x), call("w", wait_for_thread)]
        else:
            nodes = [call("i", write("r", name="inner")(awaited), x)]
        run = await execute(graph(*nodes), {}, limits=llmc.Limits(grace=0.05))
        for error in run.errors.values():
            raise error
        return run.results["i"]  # type: ignore[return-value]  # as the tool gave it

    async def _stubborn(self, x: int) -> int:
        if self._is_late(x):
            while not self._event.is_set():
                with suppress(asyncio.CancelledError):
                    await self._event.wait()
        self.values.append(x)
        return x


def run_with(store: Store, effect: str, text: str, *, streamed: bool = False, **options: Any) -> Run:
    """Run a plan of `put`, then let everything land."""
    tools = llmc.Toolbox([store.tool(effect), echo, tick])

    async def pieces() -> AsyncIterator[str]:
        for line in text.splitlines(keepends=True):
            yield line

    async def scenario() -> Run:
        try:
            if streamed:
                return await llmc.run_stream(pieces(), tools, random=lambda: 0, **options)
            return await execute(llmc.compile(text, tools).graph, {}, random=lambda: 0, **options)
        finally:
            await store.landed()

    # Its threads wait for the loop, so that the loop must not wait long for them.
    return clock.run(scenario(), clock.VirtualLoop(for_threads=2.0))
