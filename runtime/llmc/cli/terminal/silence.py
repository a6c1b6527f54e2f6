"""A progress display that shows nothing."""

from collections.abc import Mapping
from contextlib import AbstractContextManager

from llmc.cli.terminal.screen import question


class Silent:
    """Ignores the progress of runs and questions."""

    def apply(self, event: object) -> None:
        """Ignore an event."""

    def conclude(self, results: Mapping[str, object]) -> None:
        """Ignore the results."""

    def still(self) -> AbstractContextManager[object]:
        """Return a context in which a question can be asked."""
        return question()
