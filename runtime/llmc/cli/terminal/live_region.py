"""A display that reports its failures: rich draws in a thread, where exceptions are lost."""

import functools
import sys
from collections.abc import Callable
from typing import Final

from rich.console import Console, RenderableType
from rich.live import Live

from llmc.cli.terminal.screen import screen_of

FRAMES_PER_SECOND: Final = 12


class LiveRegion(Live):
    """Redraws a picture periodically until drawing fails; calls `failed` with the reason."""

    def __init__(self, drawn: RenderableType, console: Console, failed: Callable[[Exception], None]) -> None:

        # Output above the picture is escaped before rich gets it, since rich would pass its codes on.
        self._beside = screen_of(sys.stderr) if console.is_terminal else None
        super().__init__(
            drawn,
            console=console,
            refresh_per_second=FRAMES_PER_SECOND,
            redirect_stdout=self._beside is None,
            redirect_stderr=self._beside is None,
        )
        self._failed = failed
        self._has_failed = False

    def start(self, refresh: bool = False) -> None:
        """Start drawing."""
        if self._beside is not None:
            self._beside.write_above(self.console)
        self._try(lambda: super(LiveRegion, self).start(refresh))

    def refresh(self) -> None:
        """Redraw the current picture."""
        if not self._has_failed:
            self._try(super().refresh)

    def stop(self) -> None:
        """Draw the last picture."""
        if self._beside is not None:
            self._try(functools.partial(self._beside.write_above, None))
        self._try(super().stop)

    def _try(self, step: Callable[[], None]) -> None:
        """Run a step of drawing and report its failure."""
        try:
            step()
        except Exception as error:  # noqa: BLE001 — the terminal may be gone, and rendering may raise anything
            self._has_failed = True
            self._failed(error)
