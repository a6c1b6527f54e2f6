"""Pictures on a terminal that follow what happens, and can be left alone for a while."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from rich.console import Console
    from rich.live import Live
    from rich.text import Text

FRAMES_PER_SECOND: Final = 12


class Redrawn:
    """A picture that is drawn again and again; what it is at a moment is its `__rich__`."""

    def __init__(self, console: "Console") -> None:
        """It is not drawn yet."""
        self._console = console
        self._live: Live | None = None

    def __rich__(self) -> "Text":
        """The picture of this moment."""
        raise NotImplementedError

    @property
    def is_drawn(self) -> bool:
        """Whether it is drawn now."""
        return self._live is not None and self._live.is_started

    def start(self) -> None:
        """Be drawn from here on."""
        from rich.live import Live

        # A display that was stopped would draw over what was written since: each picture has its own.
        self._live = Live(self, console=self._console, refresh_per_second=FRAMES_PER_SECOND)
        self._live.start()

    def stop(self) -> None:
        """The picture stays as it is."""
        if self._live is not None:
            self._live.stop()

    @contextmanager
    def still(self) -> Iterator[None]:
        """Leave the picture as it is meanwhile, and draw a new one below afterwards."""
        self.stop()
        try:
            yield
        finally:
            self.start()
