"""Draws the tree of a run at moments of its loop's time, and marks each on the terminal."""

import asyncio
import os
from collections.abc import Callable, Sequence
from typing import Final

from rich.console import Console, RenderableType

from llmc.cli.progress.live_tree import LiveTree
from llmc.cli.terminal.live_region import LiveRegion
from llmc_runtime.state.events import Event, RunStarted

MARK: Final = b"\x07"
"""A bell: a terminal shows nothing of it."""


def film(moments: Sequence[float]) -> None:
    """Let no thread draw the runs of this process, but each of these moments, in seconds, and the end."""
    make, apply = LiveRegion.__init__, LiveTree.apply

    def made(self: LiveRegion, drawn: RenderableType, console: Console, failed: Callable[[Exception], None]) -> None:
        make(self, drawn, console, failed)
        self.auto_refresh = False

    def applied(self: LiveTree, event: Event) -> None:
        if isinstance(event, RunStarted):
            loop = asyncio.get_running_loop()
            self._clock, self._began = loop.time, loop.time() - event.at
            for moment in moments:
                loop.call_later(moment - event.at, shoot, self)
        apply(self, event)

    def shoot(tree: LiveTree) -> None:
        if tree._live is not None:  # noqa: SLF001 — nobody else draws at a given time
            tree._live.refresh()  # noqa: SLF001 — the same
        os.write(2, MARK)

    LiveRegion.__init__, LiveTree.apply = made, applied  # type: ignore[method-assign]
