"""Coroutines that are cancelled at each of their waits in turn."""

import asyncio
from collections.abc import Callable, Coroutine, Generator
from functools import partial
from typing import Any


async def cancelled(main: Coroutine[Any, Any, object], at: int) -> bool:
    """Cancel this where it waits after so many waits, if it still does, and let it end; whether it was cancelled."""
    waiting = _Waiting(main, at)

    async def task() -> None:
        await waiting

    await asyncio.gather(task(), return_exceptions=True)
    return waiting.waits > at


class _Waiting:
    """A coroutine whose task is cancelled where it waits after so many `waits`."""

    def __init__(self, main: Coroutine[Any, Any, object], at: int) -> None:
        self.waits = 0
        self._main = main
        self._at = at

    def __await__(self) -> Generator[Any, Any, None]:
        step: Callable[[], object] = partial(self._main.send, None)
        while True:
            try:
                awaited = step()
            except StopIteration:
                return
            task = asyncio.current_task()
            if self.waits == self._at and task is not None:
                task.cancel()
            self.waits += 1
            try:
                yield awaited
                step = partial(self._main.send, None)
            except BaseException as error:  # noqa: BLE001 — all of it is for who is awaited
                step = partial(self._main.throw, error)
