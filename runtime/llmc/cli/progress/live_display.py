"""Pictures on a terminal that follow events and can be paused."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from llmc.cli.terminal.screen import question

if TYPE_CHECKING:
    from rich.console import Console
    from rich.text import Text

    from llmc.cli.terminal.live_region import LiveRegion


class LiveDisplay:
    """A picture that is redrawn periodically; `__rich__` returns its current state."""

    def __init__(self, console: "Console") -> None:

        self._console = console
        self._live: LiveRegion | None = None
        self._failure: Exception | None = None

    def __rich__(self) -> "Text":
        """Return the current picture."""
        raise NotImplementedError

    @property
    def is_drawn(self) -> bool:
        """Whether the picture is being drawn."""
        return self._live is not None and self._live.is_started

    def start(self) -> None:
        """Start drawing."""
        from llmc.cli.terminal.live_region import LiveRegion

        # A stopped display would draw over later output when restarted, so each picture gets a new one.
        self._live = LiveRegion(self, self._console, self._fail)
        self._live.start()

    def stop(self) -> None:
        """Stop drawing; the last picture stays on the terminal."""
        if self._live is not None:
            self._live.stop()

    def check(self) -> None:
        """Raise the exception with which drawing failed, if any."""
        if self._failure is not None:
            raise self._failure

    def _fail(self, failure: Exception) -> None:
        """Record why drawing failed."""
        self._failure = failure

    @contextmanager
    def still(self) -> Iterator[None]:
        """Pause the picture while a question is asked; then draw a new one below."""
        self.stop()
        try:
            with question():
                yield
        finally:
            self.start()
