"""`llmc trace`: the timeline of a recorded run."""

import os
import sys
from io import BytesIO
from typing import Annotated, Final

import typer

from llmc.cli.arguments.options import TRACES, AsJson, Quiet
from llmc.cli.terminal.output import FOUND, fail, note, print_json, reason, say, set_verbosity

_WIDTH: Final = 80
_WIDEST: Final = 120


def trace(
    file: Annotated[
        str,
        typer.Argument(metavar="FILE", help="A trace written by `llmc run --trace FILE`.", autocompletion=TRACES),
    ],
    *,
    json_: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """Show the timeline of a recorded run: when each call waited and ran, and the longest chain."""
    from llmc.cli.progress.run_tree import plain
    from llmc.cli.tracing.timeline import draw
    from llmc_runtime.input_files import read_start
    from llmc_runtime.tracing.trace import LARGEST, TraceError, read_trace
    from llmc_runtime.tracing.trace_replay import replay

    set_verbosity(quiet=quiet)
    try:
        recorded = read_trace(BytesIO(read_start(file, LARGEST + 1)))
        past = replay(recorded)
    except OSError as error:
        fail(f"{file}: {reason(error)}")
    except TraceError as error:
        say(f"{file}: {error}")
        raise typer.Exit(FOUND) from error
    for words in recorded.notes:
        note(f"llmc: {file}: {words}")
    if json_:
        from llmc.cli.tracing.trace_json import trace_json

        print_json(trace_json(recorded, past))
        return
    lines = draw(recorded.plan, past, width=_width())
    if _is_terminal() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb":
        from rich.console import Console

        from llmc_compiler.representation.sheet import lines_as_rich

        Console(highlight=False).print(lines_as_rich(lines), crop=True)
        return
    for line in lines:
        print(plain(line).rstrip())


def _width() -> int:
    """Return the width of a line: the terminal's within bounds, or 80 without a terminal."""
    if not _is_terminal():
        return _WIDTH
    import shutil

    return max(40, min(shutil.get_terminal_size((_WIDTH, 24)).columns, _WIDEST))


def _is_terminal() -> bool:
    """Whether standard output is a terminal."""
    return sys.stdout.isatty()
