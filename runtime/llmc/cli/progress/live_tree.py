"""The tree of a run on a terminal, redrawn several times per second."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from time import perf_counter
from typing import Final

from rich.console import Console
from rich.text import Text

from llmc.cli.progress.live_display import LiveDisplay
from llmc.cli.progress.run_state import RunState
from llmc.cli.progress.run_tree import draw
from llmc_compiler.representation.sheet import lines_as_rich
from llmc_runtime.state.events import Event

_WIDEST: Final = 100
"""The maximum line width: on a wide terminal, times at the far right would be hard to match with their tasks."""

_LONGEST_END: Final = 200
"""The maximum height of the last picture, which stays on the terminal: a plan may have thousands of tasks."""


class LiveTree(LiveDisplay):
    """A picture of a run that follows its events."""

    def __init__(self, state: RunState, console: Console, clock: Callable[[], float]) -> None:

        super().__init__(console)
        self._state = state
        self._clock = clock
        self._began = clock()
        self._over = False

    def apply(self, event: Event) -> None:
        """Update the picture with an event; raises the exception with which drawing failed."""
        self.check()
        self._began = min(self._began, self._clock() - event.at)
        self._state.apply(event)

    def conclude(self, results: Mapping[str, object]) -> None:
        """Add the results of tasks."""
        self._state.conclude(results)

    def end(self) -> None:
        """Make the next picture the last one."""
        self._over = True

    def __rich__(self) -> Text:
        """Return the current picture."""
        width, height = self._console.size
        lines = draw(
            self._state,
            self._clock() - self._began,
            width=min(width, _WIDEST),
            height=_LONGEST_END if self._over else max(height - 2, 1),
        )
        return lines_as_rich(lines)


@contextmanager
def live_tree(state: RunState, console: Console, *, clock: Callable[[], float] = perf_counter) -> Iterator[LiveTree]:
    """Show a tree while the block runs; its last picture stays on the terminal."""
    tree = LiveTree(state, console, clock)
    tree.start()
    try:
        yield tree
    finally:
        tree.end()
        tree.stop()
