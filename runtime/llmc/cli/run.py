"""`llmc run`: run a plan, and show what happens."""

import json
import os
import sys
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Protocol

import typer

from llmc.cli.inputs import read_inputs
from llmc.cli.options import MaxTasks, MaxText, Optimize, PlanFile, Tools
from llmc.cli.outcome import FOUND, INTERRUPTED, fail, tell
from llmc.cli.plans import program

if TYPE_CHECKING:
    from llmc import Program, Run
    from llmc.cli.prompt import Prompt
    from llmc.cli.recording import Recording
    from llmc_runtime.dry import Planned
    from llmc_runtime.events import Event

Inputs = Annotated[
    list[str] | None,
    typer.Option(
        "--input", "-i", metavar="NAME=VALUE", help="A value for an input; JSON, but for `str`. May be repeated."
    ),
]


class Approve(StrEnum):
    """What asks before it is called."""

    ASK = "ask"
    ALL = "all"
    NONE = "none"


Asking = Annotated[
    Approve | None,
    typer.Option(
        "--approve",
        help="ask: every call that may change something asks first; all: nothing asks; none: refuse what asks. "
        "By default only tools ask that say so; without a terminal they are refused.",
    ),
]


def run(
    file: PlanFile,
    *,
    tools: Tools = None,
    input_: Inputs = None,
    approve: Asking = None,
    dry: Annotated[bool, typer.Option("--dry-run", help="Show what would be called; call nothing.")] = False,
    trace: Annotated[
        str | None, typer.Option("--trace", metavar="FILE", help="Record the run in a new file, for `llmc trace`.")
    ] = None,
    json_: Annotated[bool, typer.Option("--json", help="Print all of the run as JSON.")] = False,
    optimize: Optimize = True,
    max_tasks: MaxTasks = None,
    max_text: MaxText = None,
) -> None:
    """Run a plan; its value goes to stdout, its progress to stderr."""
    from llmc import Approval, ContextError, InputError
    from llmc.cli.prompt import Prompt, can_ask

    compiled = program(file, tools, max_tasks, max_text, optimize=optimize)
    inputs = read_inputs(input_ or (), compiled.parameters, compiled.secret_inputs)
    prompt = Prompt() if can_ask() else None
    approval = Approval(None if approve is None else approve.value, prompt)
    recorder = _Recorder()
    try:
        if dry:
            _print_dry(compiled.dry_run(inputs, approve=approval), as_json=json_)
            return
        events = compiled.stream(inputs, approve=approval, emit=recorder)
        if trace is not None:
            recorder.begin(trace, compiled)
        done = _done(compiled, events, prompt)
    except InputError as error:
        fail(str(error))
    except ContextError as error:
        tell(f"llmc: {error}")
        raise typer.Exit(FOUND) from error
    finally:
        recorder.end()
    _tell_end(done)
    _print(done, as_json=json_)
    if done.failed:
        raise typer.Exit(FOUND)


def _print_dry(calls: "Sequence[Planned]", *, as_json: bool) -> None:
    """What would be called, on stdout."""
    from llmc.cli.dry import print_dry

    print_dry(calls, as_json=as_json)


def _done(compiled: "Program", events: "AsyncIterator[Event | Run]", prompt: "Prompt | None") -> "Run":
    """The run at its end, shown while it goes on."""
    import asyncio

    try:
        with _progress(compiled) as progress:
            if prompt is not None:
                prompt.progress = progress
            return asyncio.run(_follow(events, progress))
    except KeyboardInterrupt as error:
        tell("llmc: interrupted")
        raise typer.Exit(INTERRUPTED) from error


def _tell_end(done: "Run") -> None:
    """The last lines on stderr."""
    from llmc import NotApproved

    tell(done.summary())
    for note in done.notes:
        tell(f"llmc: {note}")
    if any(isinstance(error, NotApproved) and error.reason == "nobody" for error in done.errors.values()):
        tell("llmc: there is no terminal to ask on; `--approve all` calls what asks, `--dry-run` shows it")


class _Recorder:
    """Hands events to a recording, once there is one."""

    def __init__(self) -> None:
        """Nothing is recorded."""
        self._recording: Recording | None = None

    def __call__(self, event: "Event") -> None:
        """Record an event."""
        if self._recording is not None:
            self._recording(event)

    def begin(self, path: str, compiled: "Program") -> None:
        """Record into this file."""
        from llmc.cli.recording import Recording

        self._recording = Recording(path, compiled)

    def end(self) -> None:
        """The run is over."""
        if self._recording is not None:
            self._recording.close()


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


async def _follow(events: "AsyncIterator[Event | Run]", progress: Progress) -> "Run":
    """Show every event; the run at its end."""
    from llmc import Run

    done: Run | None = None
    async for event in events:
        if isinstance(event, Run):
            done = event
            progress.conclude(done.to_json()["results"])
        else:
            progress.apply(event)
    assert done is not None  # noqa: S101 — the last event is the run
    return done


def _progress(compiled: "Program") -> AbstractContextManager[Progress]:
    """A tree on a terminal, else a line for each event."""
    if sys.stderr.isatty() and os.environ.get("TERM") != "dumb":
        from rich.console import Console

        from llmc.cli.live import live_tree
        from llmc.cli.tree import TreeState

        return live_tree(TreeState(compiled.graph, compiled.source), Console(stderr=True, highlight=False))
    from llmc.cli.lines import Lines

    return nullcontext(Lines(compiled.graph, compiled.source, sys.stderr))


def _print(done: "Run", *, as_json: bool) -> None:
    """The value on stdout: a text as it is, anything else as JSON; or all of the run as one JSON document."""
    shown = done.to_json()
    value = shown["value"]
    if as_json:
        print(json.dumps(shown, ensure_ascii=False, indent=2))
    elif done.has_value:
        print(value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, indent=2))
