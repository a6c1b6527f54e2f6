"""`llmc fmt`: format plans canonically, keeping comments and blank lines."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from llmc.cli.arguments.options import AsJson, MaxTasks, MaxText, PlanFiles, Quiet
from llmc.cli.arguments.plan_arguments import STDIN, UnreadablePlanError, bounds, read_plan, require_plan
from llmc.cli.terminal.diagnostic_output import drawn
from llmc.cli.terminal.file_writer import difference, replace_file
from llmc.cli.terminal.output import FOUND, USAGE, counted, note, print_json, reason, set_verbosity, tell
from llmc.cli.terminal.screen import put_name, put_out

if TYPE_CHECKING:
    from llmc import Bounds


def fmt(
    files: PlanFiles,
    *,
    check: Annotated[bool, typer.Option("--check", help="List the plans that would change; write nothing.")] = False,
    diff: Annotated[bool, typer.Option("--diff", help="Show the changes; write nothing.")] = False,
    json_: AsJson = False,
    quiet: Quiet = False,
    max_tasks: MaxTasks = None,
    max_text: MaxText = None,
) -> None:
    """Format plans in place, or standard input to standard output. Plans with errors are not changed."""
    from llmc.cli.arguments.plan_folders import plan_files

    set_verbosity(quiet=quiet)
    limits = bounds(max_tasks, max_text)
    changed, statuses, entries = [], [0], []
    for file in plan_files(files):
        if file is None:
            statuses.append(USAGE)
            continue
        try:
            before, after = _formatted(file, limits)
            _put(file, before, after, check=check, diff=diff, as_json=json_)
            if before != after:
                changed.append(file)
            entries.append(_entry(file, before, after, diff=diff))
        except _UnchangedError as error:
            tell(str(error))
            statuses.append(error.status)
            entries.append({"file": file, "formatted": False, "changed": False})
    if json_:
        print_json({"version": 1, "plans": entries})
    if not (STDIN in files and not check and not diff) and entries:
        words = "would change" if check or diff else "changed"
        note(f"{counted(len(entries), 'plan')}: {f'{len(changed)} {words}' if changed else 'no changes'}")
    raise typer.Exit(max(*statuses, FOUND if check and changed else 0))


class _UnchangedError(Exception):
    """A plan cannot be formatted and is not changed."""

    def __init__(self, message: str, status: int) -> None:

        super().__init__(message, status)
        self.status = status

    def __str__(self) -> str:
        """Return the message without the status."""
        return str(self.args[0])


def _formatted(file: str, limits: "Bounds") -> tuple[bytes, bytes]:
    """Return a plan's text before and after formatting; raises _UnchangedError."""
    from llmc_grammar import parse
    from llmc_grammar.format import FormatError, format_plan

    try:
        text = require_plan(read_plan(file, limits.text))
    except UnreadablePlanError as error:
        raise _UnchangedError(f"llmc: {error}", USAGE) from error
    parsed = parse(text.data, name=text.name, bounds=limits)
    if not parsed.ok:
        raise _UnchangedError(drawn(parsed.diagnostics, parsed.source, sys.stderr), FOUND)
    try:
        return text.data, format_plan(parsed, limits).encode()
    except FormatError as error:
        raise _UnchangedError(f"llmc: {text.name} is left unchanged: {error}", FOUND) from error


def _entry(file: str, before: bytes, after: bytes, *, diff: bool) -> dict[str, Any]:
    """Return a plan as JSON data, with its text for standard input, or with its diff if that is requested."""
    entry: dict[str, Any] = {"file": file, "formatted": True, "changed": before != after}
    if diff:
        entry["diff"] = difference(file, before.decode(), after.decode())
    elif file == STDIN:
        entry["text"] = after.decode()
    return entry


def _put(file: str, before: bytes, after: bytes, *, check: bool, diff: bool, as_json: bool) -> None:
    """Write the formatted text, the diff or the name of a changed file; raises _UnchangedError."""
    if as_json and (diff or check or file == STDIN):
        return
    if diff:
        put_out(difference(file, before.decode(), after.decode()))
    elif check:
        if before != after:
            put_name(file)
    elif file == STDIN:
        put_out(after.decode())
    elif before != after:
        try:
            replace_file(Path(file), after)
        except OSError as error:
            raise _UnchangedError(f"llmc: {file}: {reason(error)}", USAGE) from error
