"""`llmc run --traceback`: the full tracebacks of failed tools."""

from collections.abc import Iterator

from llmc.cli.terminal.output import say
from llmc_runtime.errors import Blocked, CallError, LoopFailed, PlanError, ToolTimedOut
from llmc_runtime.program.run_result import Run
from llmc_runtime.redaction import HiddenError
from llmc_runtime.state.events import OF_ERRORS
from llmc_runtime.tracebacks import traceback_text


def say_tracebacks(run: Run) -> None:
    """Write the traceback of each failure to stderr, for all attempts, elements and fallbacks."""
    for title, text in tracebacks(run):
        say(title, text)


def tracebacks(run: Run) -> Iterator[tuple[str, str]]:
    """Yield each traceback of a tool once, with titles of the failures that it caused; secrets are redacted."""
    shown: set[int] = set()
    for event in run.events:
        if not isinstance(event, OF_ERRORS):
            continue
        error: BaseException | None = event.error
        while isinstance(error, (Blocked, LoopFailed, ToolTimedOut)):
            error = error.__cause__
        cause = error.__cause__ if isinstance(error, PlanError) else None
        if not isinstance(error, PlanError) or cause is None or id(cause) in shown:
            continue
        shown.add(id(cause))
        title = _title(error, event.key[1])
        if isinstance(cause, HiddenError) and cause.shown:
            yield title, run.secrets.text(cause.shown)
        elif cause.__traceback__ is not None:
            yield title, traceback_text(cause, run.secrets.text)


def _title(error: PlanError, indices: tuple[int, ...]) -> str:
    """Return the task with its loop element, its line and its attempt."""
    name = f"{error.task}{''.join(f'[{index}]' for index in indices)}"
    where = "" if error.line is None else f", line {error.line}"
    return f"task {name}{where}{f', attempt {error.attempt}' if isinstance(error, CallError) else ''}:"
