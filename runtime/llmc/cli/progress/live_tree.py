"""The tree of a run on a terminal, drawn again several times a second."""

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
"""Characters of a line: times at the far right of a wide terminal are not read with their tasks."""

_LONGEST_END: Final = 200
"""Lines of the last picture, which stays: a terminal scrolls, and a plan may have thousands of tasks."""


class LiveTree(LiveDisplay):
    """A picture of a run that follows its events."""

    def __init__(self, state: RunState, console: Console, clock: Callable[[], float]) -> None:
        """Nothing has happened yet."""
        super().__init__(console)
        self._state = state
        self._clock = clock
        self._began = clock()
        self._over = False

    def apply(self, event: Event) -> None:
        """Take note of an event; raises what drawing has failed with."""
        self.check()
        self._began = min(self._began, self._clock() - event.at)
        self._state.apply(event)

    def conclude(self, results: Mapping[str, object]) -> None:
        """Show what the tasks gave."""
        self._state.conclude(results)

    def end(self) -> None:
        """The next picture is the last."""
        self._over = True

    def __rich__(self) -> Text:
        """The picture of this moment."""
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
    """Show a tree as long as the block runs; its last picture stays."""
    tree = LiveTree(state, console, clock)
    tree.start()
    try:
        yield tree
    finally:
        tree.end()
        tree.stop()
