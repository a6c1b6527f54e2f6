"""A display whose failures are told: rich draws in a thread, where an exception would go unseen."""

from collections.abc import Callable
from typing import Final

from rich.console import Console, RenderableType
from rich.live import Live

FRAMES_PER_SECOND: Final = 12


class Picture(Live):
    """Draws something again and again until drawing fails; `failed` is told why."""

    def __init__(self, drawn: RenderableType, console: Console, failed: Callable[[Exception], None]) -> None:
        """Nothing is drawn yet."""
        super().__init__(drawn, console=console, refresh_per_second=FRAMES_PER_SECOND)
        self._failed = failed
        self._has_failed = False

    def start(self, refresh: bool = False) -> None:
        """Begin to draw."""
        self._try(lambda: super(Picture, self).start(refresh))

    def refresh(self) -> None:
        """Draw it as it is now."""
        if not self._has_failed:
            self._try(super().refresh)

    def stop(self) -> None:
        """Draw it for the last time."""
        self._try(super().stop)

    def _try(self, step: Callable[[], None]) -> None:
        """Tell what goes wrong."""
        try:
            step()
        except Exception as error:  # noqa: BLE001 — a terminal may be gone, and what is drawn may be anything
            self._has_failed = True
            self._failed(error)
