"""`llmc check`: all mistakes of plans, before anything runs."""

import json
import sys
from collections.abc import Sequence
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from llmc.cli.options import MaxTasks, MaxText, PlanFiles, Tools
from llmc.cli.outcome import FOUND, USAGE, tell
from llmc.cli.plans import PlanText, UnreadablePlanError, bounds, check_plan, drawn, named_tools, read_plan

if TYPE_CHECKING:
    from llmc_grammar.diagnostic import Diagnostic
    from llmc_grammar.source import Source


class Format(StrEnum):
    """How mistakes are written."""

    TEXT = "text"
    JSON = "json"


def check(
    files: PlanFiles,
    *,
    format_: Annotated[Format, typer.Option("--format", help="How mistakes are written.")] = Format.TEXT,
    tools: Tools = None,
    no_tools: Annotated[bool, typer.Option("--no-tools", help="Check without tools: import no Python file.")] = False,
    max_tasks: MaxTasks = None,
    max_text: MaxText = None,
) -> None:
    """Report all mistakes of plans; nothing of them runs."""
    limits = bounds(max_tasks, max_text)
    given = None if no_tools else named_tools(tools or ())
    texts = [_text(file, limits.text) for file in files]
    reports = [check_plan(text, given, limits) for text in texts if text is not None]
    if format_ is Format.JSON:
        _print_json(reports)
    else:
        _print_text(reports)
    errors = any(found.severity == "error" for diagnostics, _ in reports for found in diagnostics)
    raise typer.Exit(USAGE if None in texts else FOUND if errors else 0)


def _text(file: str, limit: int) -> PlanText | None:
    """A plan's text; None, and said, if it cannot be had."""
    try:
        return read_plan(file, limit)
    except UnreadablePlanError as error:
        tell(f"llmc: {error}")
        return None


def _print_text(reports: "Sequence[tuple[Sequence[Diagnostic], Source]]") -> None:
    """Mistakes with their lines on stdout, and how many there are on stderr."""
    drawings = [drawn(diagnostics, source, sys.stdout) for diagnostics, source in reports if diagnostics]
    if drawings:
        print("\n\n".join(drawings), flush=True)
    found = [diagnostic.severity for diagnostics, _ in reports for diagnostic in diagnostics]
    counts = (_counted(found.count("error"), "error"), _counted(found.count("warning"), "warning"))
    tell(f"{_counted(len(reports), 'plan')}: {', '.join(filter(None, counts)) or 'no mistakes'}")


def _counted(number: int, noun: str) -> str:
    """`3 errors`, or nothing for none."""
    return f"{number} {noun}{'' if number == 1 else 's'}" if number else ""


def _print_json(reports: "Sequence[tuple[Sequence[Diagnostic], Source]]") -> None:
    """Mistakes as a JSON list, each with the name of its file."""
    from llmc_grammar import to_json

    found = [to_json(diagnostic, source) for diagnostics, source in reports for diagnostic in diagnostics]
    print(json.dumps(found, ensure_ascii=False, indent=2))
