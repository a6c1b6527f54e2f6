"""Writes the trace of a run to a file while it runs."""

import os
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from llmc.cli.terminal.output import fail, reason, say

if TYPE_CHECKING:
    from llmc import Program
    from llmc_runtime.state.events import Event

_OWN: Final = 0o600


class TraceFile:
    """Writes a line for each event. If the file cannot be written any more, the trace ends, but the run continues."""

    def __init__(self, path: str, program: "Program", *, values: bool = False) -> None:
        """Create the file, readable only by its owner; exit with a message if it exists or cannot be created."""
        from llmc_runtime.tracing.trace import VALUES, TraceWriter, head_line

        self._path = path
        self._line: Callable[[Event], str] = TraceWriter(VALUES if values else 0)
        try:
            self._descriptor: int | None = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _OWN)
        except FileExistsError:
            fail(f"{path} already exists; nothing was run")
        except (OSError, ValueError) as error:
            fail(f"{path}: {reason(error)}; nothing was run")
        self._write(head_line(program.graph, program.source.name, program.source))

    def __call__(self, event: "Event") -> None:
        """Write an event."""
        if self._descriptor is not None:
            self._write(self._line(event))

    def close(self) -> None:
        """End the trace."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None

    def _write(self, line: str) -> None:
        """Write and flush a line, so that the trace of a killed run is complete up to that point."""
        data = line.encode("utf-8", "backslashreplace")
        try:
            while data and self._descriptor is not None:
                data = data[os.write(self._descriptor, data) :]
        except OSError as error:
            say(f"{self._path}: {reason(error)}; the trace ends here, the run continues")
            self.close()
