"""`llmc run`: run a plan, and show what happens."""

import json
import os
import sys
from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING, Annotated, Any, Protocol

import typer

from llmc.cli.inputs import read_inputs
from llmc.cli.options import FailFast, Limit, MaxTasks, MaxText, Optimize, Passes, PlanFile, Tools
from llmc.cli.outcome import FOUND, INTERRUPTED, Waiting, fail, tell
from llmc.cli.plans import given_limits, program

if TYPE_CHECKING:
    from llmc import Json, Limits, PlanError, Program, Run
    from llmc_runtime.events import Event
    from llmc_runtime.limits import Policy

Inputs = Annotated[
    list[str] | None,
    typer.Option(
        "--input", "-i", metavar="NAME=VALUE", help="A value for an input; JSON, but for `str`. May be repeated."
    ),
]


def run(
    file: PlanFile,
    *,
    tools: Tools = None,
    input_: Inputs = None,
    limit: Limit = None,
    fail_fast: FailFast = False,
    json_: Annotated[bool, typer.Option("--json", help="Print all of the run as JSON.")] = False,
    optimize: Optimize = True,
    passes: Passes = None,
    max_tasks: MaxTasks = None,
    max_text: MaxText = None,
) -> None:
    """Run a plan; its value goes to stdout, its progress to stderr."""
    limits = given_limits(file, limit or ())
    compiled = program(file, tools, max_tasks, max_text, optimize=optimize, passes=passes)
    inputs = read_inputs(input_ or (), compiled.parameters)
    with _progress(compiled) as progress:
        done = _carry_out(compiled, inputs, progress, limits, "fail_fast" if fail_fast else "finish")
    tell(done.summary())
    _print(done, as_json=json_)
    if done.failed:
        raise typer.Exit(FOUND)


class Progress(Protocol):
    """Shows a run while it goes on."""

    def apply(self, event: "Event") -> None:
        """Show an event."""
        ...

    def conclude(self, results: "Mapping[str, object]") -> None:
        """Show what the tasks gave."""
        ...


def _carry_out(
    compiled: "Program", inputs: "dict[str, Json]", progress: Progress, limits: "Limits", policy: "Policy"
) -> "Run":
    """Run the plan, or end with what is wrong; the first Ctrl-C stops it, the second ends the process at once."""
    from llmc import InputError, RunRefused
    from llmc.cli.interrupt import Interruptible

    happened: list[Event] = []

    def emit(event: "Event") -> None:
        happened.append(event)
        progress.apply(event)

    try:
        done = Interruptible(compiled.run(inputs, limits=limits, policy=policy, emit=emit)).run()
    except (InputError, RunRefused) as error:
        fail(str(error))
    except KeyboardInterrupt as error:
        tell("llmc: interrupted" + _left_open(happened))
        raise typer.Exit(INTERRUPTED) from error
    progress.conclude(done.results)
    if done.abandoned:
        Waiting.is_wanted = False
    return done


def _left_open(happened: "list[Event]") -> str:
    """What may have been written, and what still runs, after a run that was interrupted."""
    from llmc_runtime.events import RunFinished, in_doubt

    doubts = in_doubt(happened)
    running = [name for event in happened if isinstance(event, RunFinished) for name in event.abandoned]
    if running:
        Waiting.is_wanted = False
    words = f"; in doubt: {', '.join(doubts)}" if doubts else ""
    return words + (f"; still running: {', '.join(running)}" if running else "")


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
    if as_json:
        print(json.dumps(_as_json(done), ensure_ascii=False, indent=2))
    elif done.has_value:
        print(done.value if isinstance(done.value, str) else json.dumps(done.value, ensure_ascii=False, indent=2))


def _as_json(done: "Run") -> dict[str, Any]:
    """A run as JSON data."""
    return {
        "value": done.value,
        "results": dict(done.results),
        "errors": {task: _error_as_json(error) for task, error in done.errors.items()},
        "skipped": list(done.skipped),
        "seconds": done.seconds,
        "calls": done.calls,
        "sum_of_calls": done.sum_of_calls,
        "longest_chain": done.longest_chain,
        "chain": list(done.chain),
        "in_doubt": list(done.in_doubt),
        "abandoned": list(done.abandoned),
    }


def _error_as_json(error: "PlanError") -> dict[str, Any]:
    """An error as JSON data: what it says, and what is known of the call."""
    found = {"type": type(error).__name__, "message": str(error), "line": error.line}
    for name in ("tool", "attempt", "in_doubt"):
        if hasattr(error, name):
            found[name] = getattr(error, name)
    return found
