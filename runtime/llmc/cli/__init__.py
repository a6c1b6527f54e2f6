"""The command line. Results go to stdout, everything else to stderr.

Exit status: 0 for success, 1 for mistakes in the plan or a failed task, 2 for wrong usage; 130, 143 or 129 if SIGINT,
SIGTERM or SIGHUP stopped a run.

Only typer is imported here; each command imports its dependencies when it runs.
"""

import io
import os
import sys
from typing import Annotated, Final, NoReturn

import typer

from llmc.cli.arguments.shell_completion import VARIABLE
from llmc.cli.commands.files.check import check
from llmc.cli.commands.files.compile import compile_
from llmc.cli.commands.files.explain import explain
from llmc.cli.commands.files.fmt import fmt
from llmc.cli.commands.files.graph import graph
from llmc.cli.commands.files.new import new
from llmc.cli.commands.reference.grammar import grammar
from llmc.cli.commands.reference.schema import schema
from llmc.cli.commands.reference.tools import tools
from llmc.cli.commands.runs.ask import ask, plan
from llmc.cli.commands.runs.run import run
from llmc.cli.commands.runs.trace import trace
from llmc.cli.terminal.output import (
    INTERRUPTED,
    UNWRITTEN,
    Stderr,
    Waiting,
    leave,
    open_streams,
    set_verbosity,
    unwritten,
)
from llmc.cli.terminal.screen import open_screens

# Without markup and pretty exceptions typer does not import rich, which would triple the time of `--help`.
app = typer.Typer(
    name="llmc",
    help="Check, compile and run plans of tool calls.",
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)
app.command()(check)
app.command()(fmt)
app.command("compile")(compile_)
app.command()(graph)
app.command()(run)
app.command()(trace)
app.command()(ask)
app.command()(plan)
app.command()(tools)
app.command()(grammar)
app.command()(explain)
app.command()(new)
app.command()(schema)


def _version(wanted: bool) -> None:
    """Print the versions of the program and of the language."""
    if wanted:
        from importlib.metadata import version

        print(f"llmc {version('llmc-lang')}, language 1")
        raise typer.Exit


_WELCOME: Final = """\
llmc checks, compiles and runs plans of tool calls.

  llmc new trip         write a plan and its tools
  llmc run trip.llmc    run the plan
  llmc --help           list all commands
"""


@app.callback(invoke_without_command=True)
def _options(
    context: typer.Context,
    *,
    _: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the versions and exit.")
    ] = False,
) -> None:
    """Check, compile and run plans of tool calls."""
    set_verbosity(quiet=False)
    if context.invoked_subcommand is None:
        print(_WELCOME, end="")


def _complete() -> NoReturn:
    """Write candidates for a shell; where typer fails, write nothing and say nothing."""
    try:
        app()
    except SystemExit as end:
        leave(end.code)
    except (Exception, KeyboardInterrupt):  # noqa: BLE001 — the error would appear in the middle of a command line
        leave(0)
    leave(0)


def main() -> None:
    """Run the command line, or complete it for a shell."""
    open_streams()
    if os.environ.get(VARIABLE):
        _complete()
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(
                errors="backslashreplace"
            )  # a value may contain characters that the terminal cannot show
    open_screens()
    Waiting.is_wanted, Stderr.is_lost = True, False
    try:
        app()
    except KeyboardInterrupt:
        leave(INTERRUPTED)
    except SystemExit as end:
        leave(end.code)
    except OSError as error:
        if error.errno not in UNWRITTEN or error.filename is not None:
            raise
        leave(unwritten(error))
