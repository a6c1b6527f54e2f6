"""Progress that is not shown."""

from collections.abc import Mapping
from contextlib import AbstractContextManager

from llmc.cli.terminal.screen import question


class Silent:
    """Shows nothing of a run, nor of a question."""

    def apply(self, event: object) -> None:
        """Ignore an event."""

    def conclude(self, results: Mapping[str, object]) -> None:
        """Ignore the results."""

    def still(self) -> AbstractContextManager[object]:
        """Let a question be asked."""
        return question()
