"""Prints the mistakes of plans: one plan's with their lines; those of several as text, as JSON or for GitHub."""

import os
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from enum import StrEnum
from typing import TYPE_CHECKING, Final, NamedTuple, TextIO

from llmc.cli.terminal.output import counted, note
from llmc.cli.terminal.screen import Painted, terminal_width

if TYPE_CHECKING:
    from llmc_grammar.diagnostic import Diagnostic
    from llmc_grammar.source import Source

_MOST_NAMED: Final = 3


class ReportFormat(StrEnum):
    """The format of mistakes."""

    TEXT = "text"
    JSON = "json"
    GITHUB = "github"


class DiagnosticReport(NamedTuple):
    """The mistakes of a plan in text order, its text, and whether its calls were checked against their tools."""

    diagnostics: "Sequence[Diagnostic]"
    source: "Source"
    tools_checked: bool = True


def drawn(diagnostics: "Sequence[Diagnostic]", source: "Source", stream: TextIO) -> str:
    """Render diagnostics with their lines, in colour if the stream shows it."""
    from llmc_grammar import render

    width = terminal_width(stream) if stream.isatty() else None
    return Painted("\n\n".join(render(each, source, color=has_color(stream), width=width) for each in diagnostics))


def has_color(stream: TextIO) -> bool:
    """Whether the stream is a terminal with colour, and NO_COLOR is not set (https://no-color.org)."""
    return stream.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def print_reports(reports: Sequence[DiagnosticReport], form: ReportFormat) -> None:
    """Write the mistakes of plans to stdout, and a summary to stderr; with JSON, only that tools were not checked."""
    _PRINTERS[form](reports)
    if form is not ReportFormat.JSON or not all(report.tools_checked for report in reports):
        note(summary(reports))


def summary(reports: Sequence[DiagnosticReport]) -> str:
    """Return a summary: `2 plans: 3 errors, 1 warning, tools not checked in b.llmc`."""
    severities = [diagnostic.severity for report in reports for diagnostic in report.diagnostics]
    numbers = ((severities.count("error"), "error"), (severities.count("warning"), "warning"))
    facts = [counted(number, noun) for number, noun in numbers if number]
    facts += _unchecked(reports)
    return f"{counted(len(reports), 'plan')}: {', '.join(facts) or 'no mistakes'}"


def _unchecked(reports: Sequence[DiagnosticReport]) -> Iterator[str]:
    """Yield a note if tools were not checked, with the plans unless it was in all."""
    from llmc_grammar.terminal_text import visible

    names = [visible(report.source.name) for report in reports if not report.tools_checked]
    if not names:
        return
    more = [f"{len(names) - _MOST_NAMED} more"] if len(names) > _MOST_NAMED else []
    where = f" in {' and '.join((*names[:_MOST_NAMED], *more))}" if len(names) < len(reports) else ""
    yield f"tools not checked{where}"


def has_errors(reports: Sequence[DiagnosticReport]) -> bool:
    """Whether any mistake is an error."""
    return any(found.severity == "error" for report in reports for found in report.diagnostics)


def _print_text(reports: Sequence[DiagnosticReport]) -> None:
    """Print mistakes with their lines."""
    drawings = [drawn(report.diagnostics, report.source, sys.stdout) for report in reports if report.diagnostics]
    if drawings:
        print(Painted("\n\n".join(drawings)), flush=True)


def _print_json(reports: Sequence[DiagnosticReport]) -> None:
    """Print mistakes as a JSON list, each with its file and whether the file's tools were checked."""
    from llmc_grammar import to_json
    from llmc_grammar.terminal_text import json_text

    found = [
        {**to_json(diagnostic, report.source), "tools_checked": report.tools_checked}
        for report in reports
        for diagnostic in report.diagnostics
    ]
    print(json_text(found))


def _print_github(reports: Sequence[DiagnosticReport]) -> None:
    """Print mistakes as workflow commands, which annotate the lines of a pull request."""
    for report in reports:
        for diagnostic in report.diagnostics:
            print("".join(_command(diagnostic, report.source)))


def _command(diagnostic: "Diagnostic", source: "Source") -> Iterator[str]:
    """Yield the parts of a workflow command (https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands)."""
    from llmc_grammar import to_json

    found = to_json(diagnostic, source)
    title = f"{found['code']}: {found['title']}"
    values = {"file": found["file"], "line": found["place"]["line"], "col": found["place"]["column"], "title": title}
    message = "\n".join(filter(None, (found["label"], found["help"]))) or found["title"]
    yield f"::{found['severity']} "
    yield ",".join(f"{name}={_escaped(str(value), _PROPERTY)}" for name, value in values.items())
    yield f"::{_escaped(message, _DATA)}"


_DATA: Final = {"%": "%25", "\r": "%0D", "\n": "%0A"}

_PROPERTY: Final = {**_DATA, ":": "%3A", ",": "%2C"}


def _escaped(text: str, escapes: Mapping[str, str]) -> str:
    """Escape characters that would end a command or a property."""
    return "".join(escapes.get(character, character) for character in text)


_PRINTERS: Final[Mapping[ReportFormat, Callable[[Sequence[DiagnosticReport]], None]]] = {
    ReportFormat.TEXT: _print_text,
    ReportFormat.JSON: _print_json,
    ReportFormat.GITHUB: _print_github,
}
