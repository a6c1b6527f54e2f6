"""`llmc run`: run a plan and show its progress."""

import os
import sys
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import AbstractContextManager, aclosing, nullcontext
from typing import TYPE_CHECKING, Annotated, Protocol

import typer

from llmc.cli.arguments.options import (
    Asking,
    FailFast,
    Limit,
    MaxTasks,
    MaxText,
    Optimize,
    Passes,
    PlanFile,
    Profiles,
    Quiet,
    Tools,
    Verbose,
)
from llmc.cli.arguments.plan_arguments import given_limits, program
from llmc.cli.arguments.plan_inputs import read_inputs
from llmc.cli.arguments.recorded_profile import read_profile
from llmc.cli.arguments.shell_completion import input_names
from llmc.cli.terminal.output import FOUND, DisplayError, Stderr, Waiting, fail, give, say, set_verbosity, tell

if TYPE_CHECKING:
    from llmc import Json, Program, Run
    from llmc.cli.tracing.trace_file import TraceFile
    from llmc_runtime.program.dry_run import Planned
    from llmc_runtime.program.program import RunOptions
    from llmc_runtime.state.events import Event

Inputs = Annotated[
    list[str] | None,
    typer.Option(
        "--input",
        "-i",
        metavar="NAME=VALUE|@FILE",
        help="An input, as JSON unless it is a `str`; `@FILE` reads inputs from a JSON object. May be repeated.",
        autocompletion=input_names,
    ),
]


def run(
    file: PlanFile,
    *,
    tools: Tools = None,
    input_: Inputs = None,
    limit: Limit = None,
    fail_fast: FailFast = False,
    approve: Asking = None,
    dry: Annotated[bool, typer.Option("--dry-run", help="Show the calls that would be made; call nothing.")] = False,
    trace: Annotated[
        str | None, typer.Option("--trace", metavar="FILE", help="Record the run in a new file, for `llmc trace`.")
    ] = None,
    trace_values: Annotated[
        bool, typer.Option("--trace-values", help="With --trace: record the results of tasks too, without secrets.")
    ] = False,
    profile: Profiles = None,
    json_: Annotated[bool, typer.Option("--json", help="Print the whole run as JSON.")] = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
    traceback: Annotated[bool, typer.Option("--traceback", help="Show the full tracebacks of failed tools.")] = False,
    optimize: Optimize = True,
    passes: Passes = None,
    max_tasks: MaxTasks = None,
    max_text: MaxText = None,
) -> None:
    """Run a plan. Its value goes to stdout, its progress to stderr."""
    from llmc import Approval, InputError
    from llmc.cli.terminal.approval_prompt import Prompt, can_ask

    set_verbosity(quiet=quiet, verbose=verbose)
    if trace_values and trace is None:
        fail("`--trace-values` needs `--trace FILE`: add it")
    limits = given_limits(file, limit or ())
    compiled = program(file, tools, max_tasks, max_text, optimize=optimize, passes=passes, shows_pruned=False)
    inputs = read_inputs(input_ or (), compiled.parameters, compiled.secret_inputs, file)
    prompt = Prompt() if can_ask() else None
    approval = Approval(None if approve is None else approve.value, prompt)
    if dry:
        try:
            _print_dry(compiled.dry_run(inputs, approve=approval), as_json=json_)
        except InputError as error:
            fail(str(error))
        return
    terms: RunOptions = {"approve": approval, "limits": limits, "policy": "fail_fast" if fail_fast else "finish"}
    if profile:
        terms["profile"] = read_profile(profile)
    with _progress(compiled) as progress:
        if prompt is not None:
            prompt.progress = progress
        done = _carry_out(compiled, inputs, terms, _Listener(progress), trace, trace_values=trace_values)
    if traceback:
        from llmc.cli.terminal.traceback_output import say_tracebacks

        say_tracebacks(done)
    _tell_end(done)
    _print(done, as_json=json_)
    if done.failed or Stderr.is_lost:
        raise typer.Exit(FOUND)


def _print_dry(calls: "Sequence[Planned]", *, as_json: bool) -> None:
    """Print the calls of a dry run to stdout."""
    from llmc.cli.progress.dry_run_report import print_dry

    print_dry(calls, as_json=as_json)


class Progress(Protocol):
    """Shows the progress of a run."""

    def apply(self, event: "Event") -> None:
        """Show an event."""
        ...

    def conclude(self, results: "Mapping[str, object]") -> None:
        """Show the results of tasks."""
        ...

    def still(self) -> AbstractContextManager[object]:
        """Draw nothing inside the block."""
        ...


class _Listener:
    """Receives every event: remembers it, records it in the trace, if any, and shows it."""

    def __init__(self, progress: Progress) -> None:

        self.progress = progress
        self.happened: list[Event] = []
        self.recording: TraceFile | None = None

    def __call__(self, event: "Event") -> None:
        """Handle an event; raises DisplayError, which ends the run."""
        self.happened.append(event)
        try:
            if self.recording is not None:
                self.recording(event)
            self.progress.apply(event)
        except Exception as error:
            raise DisplayError.of(error) from error


def _carry_out(
    compiled: "Program",
    inputs: "Mapping[str, Json]",
    terms: "RunOptions",
    listener: _Listener,
    trace: str | None,
    *,
    trace_values: bool,
) -> "Run":
    """Run the plan, or exit with a message; the first signal stops the run, the second ends the process at once."""
    from llmc import ContextError, InputError, RunRefused
    from llmc.cli.progress.run_state import LONGEST_VALUE
    from llmc.cli.terminal.interrupt import Interruptible, Interruption, left_open
    from llmc.cli.tracing.trace_file import TraceFile
    from llmc_runtime.program.run_result import beginnings

    try:
        terms["emit"] = listener
        events = compiled.stream(inputs, **terms)
        if trace is not None:
            listener.recording = TraceFile(trace, compiled, values=trace_values)
        done = Interruptible(_last(events)).run()
    except (InputError, RunRefused) as error:
        fail(str(error))
    except ContextError as error:
        say(str(error))
        raise typer.Exit(FOUND) from error
    except DisplayError as error:
        say(str(error) + left_open(listener.happened))
        raise typer.Exit(FOUND) from error
    except Interruption as end:
        end.leave(left_open(listener.happened))
    finally:
        if listener.recording is not None:
            listener.recording.close()
    listener.progress.conclude(beginnings(done, LONGEST_VALUE))
    if done.abandoned:
        Waiting.is_wanted = False
    return done


async def _last(events: "AsyncGenerator[Event | Run, None]") -> "Run":
    """Return the run, which is the last of its events."""
    from llmc import Run

    async with aclosing(events):
        async for event in events:
            if isinstance(event, Run):
                return event
    message = "a run ended without its result"
    raise AssertionError(message)


def _tell_end(done: "Run") -> None:
    """Write the summary of a run to stderr."""
    from llmc import NotApproved

    if Stderr.is_quiet:
        from llmc.cli.progress.failure_lines import failures

        for words in failures(done):
            say(words)
    else:
        tell(done.summary())
        for words in done.notes:
            say(words)
    if any(isinstance(error, NotApproved) and error.reason == "nobody" for error in done.errors.values()):
        say("approval needs a terminal; `--approve all` approves every call, `--dry-run` lists the calls")


def _progress(compiled: "Program") -> AbstractContextManager[Progress]:
    """Return the display: all events if verbose, none if quiet, else a tree on a terminal or one line per task."""
    from llmc.cli.progress.event_log import EventLog
    from llmc.cli.progress.task_lines import TaskLines
    from llmc.cli.terminal.silence import Silent

    if Stderr.is_verbose:
        return nullcontext(EventLog(compiled.graph, compiled.source, sys.stderr))
    if Stderr.is_quiet:
        return nullcontext(Silent())
    if sys.stderr.isatty() and os.environ.get("TERM") != "dumb":
        from rich.console import Console

        from llmc.cli.progress.live_tree import live_tree
        from llmc.cli.progress.run_state import RunState

        return live_tree(RunState(compiled.graph, compiled.source), Console(stderr=True, highlight=False))
    return nullcontext(EventLog(compiled.graph, compiled.source, sys.stderr, TaskLines()))


def _print(done: "Run", *, as_json: bool) -> None:
    """Print the value to stdout, text unchanged and other values as JSON; or the whole run as one JSON document."""
    shown = done.to_json()
    if as_json:
        give(shown)
    elif done.has_value:
        give(shown["value"])
