"""`llmc run`: run a plan, and show what happens."""

import json
import os
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING, Annotated, Any, Protocol

import typer

from llmc.cli.inputs import read_inputs
from llmc.cli.options import MaxTasks, MaxText, Optimize, Passes, PlanFile, Tools
from llmc.cli.outcome import FOUND, INTERRUPTED, fail, tell
from llmc.cli.plans import program

if TYPE_CHECKING:
    from llmc import Program, Run
    from llmc_runtime.events import Event

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
    json_: Annotated[bool, typer.Option("--json", help="Print all of the run as JSON.")] = False,
    optimize: Optimize = True,
    passes: Passes = None,
    max_tasks: MaxTasks = None,
    max_text: MaxText = None,
) -> None:
    """Run a plan; its value goes to stdout, its progress to stderr."""
    import asyncio

    from llmc import InputError

    compiled = program(file, tools, max_tasks, max_text, optimize=optimize, passes=passes)
    try:
        events = compiled.stream(read_inputs(input_ or (), compiled.parameters))
    except InputError as error:
        fail(str(error))
    try:
        with _progress(compiled) as progress:
            done = asyncio.run(_follow(events, progress))
    except KeyboardInterrupt as error:
        tell("llmc: interrupted")
        raise typer.Exit(INTERRUPTED) from error
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


async def _follow(events: "AsyncIterator[Event | Run]", progress: Progress) -> "Run":
    """Show every event; the run at its end."""
    from llmc import Run

    done: Run | None = None
    async for event in events:
        if isinstance(event, Run):
            done = event
            progress.conclude(done.results)
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
    if as_json:
        print(json.dumps(_as_json(done), ensure_ascii=False, indent=2))
    elif done.has_value:
        print(done.value if isinstance(done.value, str) else json.dumps(done.value, ensure_ascii=False, indent=2))


def _as_json(done: "Run") -> dict[str, Any]:
    """A run as JSON data."""
    return {
        "value": done.value,
        "results": dict(done.results),
        "errors": {task: {"type": type(error).__name__, "message": str(error)} for task, error in done.errors.items()},
        "skipped": list(done.skipped),
        "seconds": done.seconds,
        "calls": done.calls,
        "sum_of_calls": done.sum_of_calls,
        "longest_chain": done.longest_chain,
        "chain": list(done.chain),
        "abandoned": list(done.abandoned),
    }
