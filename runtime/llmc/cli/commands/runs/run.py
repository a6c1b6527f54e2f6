"""`llmc run`: run a plan, and show what happens."""

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
    Quiet,
    Tools,
    Verbose,
)
from llmc.cli.arguments.plan_inputs import read_inputs
from llmc.cli.arguments.plans import given_limits, program
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
        help="A value for an input; JSON, but for `str`. `@FILE` has inputs by name as JSON. May be repeated.",
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
    dry: Annotated[bool, typer.Option("--dry-run", help="Show what would be called; call nothing.")] = False,
    trace: Annotated[
        str | None, typer.Option("--trace", metavar="FILE", help="Record the run in a new file, for `llmc trace`.")
    ] = None,
    trace_values: Annotated[
        bool, typer.Option("--trace-values", help="With --trace: what the tasks gave too, without secrets.")
    ] = False,
    json_: Annotated[bool, typer.Option("--json", help="Print all of the run as JSON.")] = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
    traceback: Annotated[bool, typer.Option("--traceback", help="Show where tools failed, in full.")] = False,
    optimize: Optimize = True,
    passes: Passes = None,
    max_tasks: MaxTasks = None,
    max_text: MaxText = None,
) -> None:
    """Run a plan; its value goes to stdout, its progress to stderr."""
    from llmc import Approval, InputError
    from llmc.cli.terminal.approval_prompt import Prompt, can_ask

    set_verbosity(quiet=quiet, verbose=verbose)
    if trace_values and trace is None:
        fail("`--trace-values` is for `--trace FILE`: add it")
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
    """What would be called, on stdout."""
    from llmc.cli.progress.dry_run_report import print_dry

    print_dry(calls, as_json=as_json)


class Progress(Protocol):
    """Shows a run while it goes on."""

    def apply(self, event: "Event") -> None:
        """Show an event."""
        ...

    def conclude(self, results: "Mapping[str, object]") -> None:
        """Show what the tasks gave."""
        ...

    def still(self) -> AbstractContextManager[object]:
        """Draw nothing meanwhile."""
        ...


class _Listener:
    """Is told every event: remembers it, records it where there is a recording, and shows it."""

    def __init__(self, progress: Progress) -> None:
        """Nothing has happened."""
        self.progress = progress
        self.happened: list[Event] = []
        self.recording: TraceFile | None = None

    def __call__(self, event: "Event") -> None:
        """Something happened; raises DisplayError, which ends the run."""
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
    """Run the plan, or end with what is wrong; the first signal stops it, the second ends the process at once."""
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
    """The run, with which its events end."""
    from llmc import Run

    async with aclosing(events):
        async for event in events:
            if isinstance(event, Run):
                return event
    message = "a run ended without its result"
    raise AssertionError(message)


def _tell_end(done: "Run") -> None:
    """The last lines on stderr."""
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
        say("there is no terminal to ask on; `--approve all` calls what asks, `--dry-run` shows it")


def _progress(compiled: "Program") -> AbstractContextManager[Progress]:
    """A line for each event if verbose, nothing if quiet; else a tree on a terminal, and elsewhere a line a task."""
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
    """The value on stdout: a text as it is, anything else as JSON; or all of the run as one JSON document."""
    shown = done.to_json()
    if as_json:
        give(shown)
    elif done.has_value:
        give(shown["value"])
