"""A trace: read, told as a history, and drawn as a timeline."""

from io import BytesIO
from typing import Final

from llmc.cli.progress.run_tree import plain
from llmc.cli.tracing.timeline import ROWS, draw
from llmc_compiler.terminal_cells import cells
from llmc_runtime.tracing.trace import TraceError, read_trace
from llmc_runtime.tracing.trace_replay import replay
from tests.fuzz.laws import check_message

WIDTH: Final = 80
AROUND: Final = 10
"""Lines of a timeline besides its rows."""


def check(data: bytes) -> None:
    """Events or a TraceError, and lines that fit the terminal."""
    try:
        trace = read_trace(BytesIO(data))
    except TraceError as error:
        check_message(error)
        return
    lines = [plain(line).rstrip() for line in draw(trace.plan, replay(trace), width=WIDTH)]
    assert len(lines) <= ROWS + AROUND
    for line in lines:
        assert cells(line) <= WIDTH, line
        assert line.isprintable(), line
        line.encode()
