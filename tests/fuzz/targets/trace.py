"""A trace: read, told as a history, and drawn as a timeline."""

from io import BytesIO
from typing import Final

from llmc.cli.drawing import plain
from llmc.cli.timeline import ROWS, draw
from llmc_compiler.cells import cells
from llmc_runtime.history import history
from llmc_runtime.trace import TraceError, read_trace
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
    lines = [plain(line).rstrip() for line in draw(trace.plan, history(trace), width=WIDTH)]
    assert len(lines) <= ROWS + AROUND
    for line in lines:
        assert cells(line) <= WIDTH, line
        assert line.isprintable(), line
        line.encode()
