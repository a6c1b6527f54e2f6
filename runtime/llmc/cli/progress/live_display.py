"""Pictures on a terminal that follow what happens, and can be left alone for a while."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from llmc.cli.terminal.screen import question

if TYPE_CHECKING:
    from rich.console import Console
    from rich.text import Text

    from llmc.cli.terminal.live_region import LiveRegion


class LiveDisplay:
    """A picture that is drawn again and again; what it is at a moment is its `__rich__`."""

    def __init__(self, console: "Console") -> None:
        """It is not drawn yet."""
        self._console = console
        self._live: LiveRegion | None = None
        self._failure: Exception | None = None

    def __rich__(self) -> "Text":
        """The picture of this moment."""
        raise NotImplementedError

    @property
    def is_drawn(self) -> bool:
        """Whether it is drawn now."""
        return self._live is not None and self._live.is_started

    def start(self) -> None:
        """Be drawn from here on."""
        from llmc.cli.terminal.live_region import LiveRegion

        # A display that was stopped would draw over what was written since: each picture has its own.
        self._live = LiveRegion(self, self._console, self._fail)
        self._live.start()

    def stop(self) -> None:
        """The picture stays as it is."""
        if self._live is not None:
            self._live.stop()

    def check(self) -> None:
        """Raise what drawing has failed with, if it has."""
        if self._failure is not None:
            raise self._failure

    def _fail(self, failure: Exception) -> None:
        """Drawing has failed."""
        self._failure = failure

    @contextmanager
    def still(self) -> Iterator[None]:
        """Leave the picture as it is while a question is asked, and draw a new one below afterwards."""
        self.stop()
        try:
            with question():
                yield
        finally:
            self.start()
