"""A run's trace, written to a file while it happens."""

import os
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from llmc.cli.terminal.output import fail, reason, say

if TYPE_CHECKING:
    from llmc import Program
    from llmc_runtime.state.events import Event

_OWN: Final = 0o600


class TraceFile:
    """Writes a line for each event. A file that cannot be written any more ends the trace, not the run."""

    def __init__(self, path: str, program: "Program", *, values: bool = False) -> None:
        """Make the file, which must not be there yet, for its owner alone; or the end with what is wrong."""
        from llmc_runtime.tracing.trace import VALUES, TraceWriter, head_line

        self._path = path
        self._line: Callable[[Event], str] = TraceWriter(VALUES if values else 0)
        try:
            self._descriptor: int | None = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _OWN)
        except FileExistsError:
            fail(f"{path} exists already; nothing was run")
        except (OSError, ValueError) as error:
            fail(f"{path}: {reason(error)}; nothing was run")
        self._write(head_line(program.graph, program.source.name, program.source))

    def __call__(self, event: "Event") -> None:
        """Write an event."""
        if self._descriptor is not None:
            self._write(self._line(event))

    def close(self) -> None:
        """The run is over."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None

    def _write(self, line: str) -> None:
        """Write a line at once, so that a run that is killed leaves everything up to there."""
        data = line.encode("utf-8", "backslashreplace")
        try:
            while data and self._descriptor is not None:
                data = data[os.write(self._descriptor, data) :]
        except OSError as error:
            say(f"{self._path}: {reason(error)}; the trace ends here, the run goes on")
            self.close()
