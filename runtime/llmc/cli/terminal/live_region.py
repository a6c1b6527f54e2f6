"""A display whose failures are told: rich draws in a thread, where an exception would go unseen."""

import functools
import sys
from collections.abc import Callable
from typing import Final

from rich.console import Console, RenderableType
from rich.live import Live

from llmc.cli.terminal.screen import screen_of

FRAMES_PER_SECOND: Final = 12


class LiveRegion(Live):
    """Draws something again and again until drawing fails; `failed` is told why."""

    def __init__(self, drawn: RenderableType, console: Console, failed: Callable[[Exception], None]) -> None:
        """Nothing is drawn yet."""
        # What is printed meanwhile is made fit before it goes above the picture: rich would let its codes pass.
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
        """Begin to draw."""
        if self._beside is not None:
            self._beside.write_above(self.console)
        self._try(lambda: super(LiveRegion, self).start(refresh))

    def refresh(self) -> None:
        """Draw it as it is now."""
        if not self._has_failed:
            self._try(super().refresh)

    def stop(self) -> None:
        """Draw it for the last time."""
        if self._beside is not None:
            self._try(functools.partial(self._beside.write_above, None))
        self._try(super().stop)

    def _try(self, step: Callable[[], None]) -> None:
        """Tell what goes wrong."""
        try:
            step()
        except Exception as error:  # noqa: BLE001 — a terminal may be gone, and what is drawn may be anything
            self._has_failed = True
            self._failed(error)
