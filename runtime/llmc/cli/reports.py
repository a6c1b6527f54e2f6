"""Mistakes of several plans: for people, for machines, for GitHub."""

import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from llmc.cli.outcome import counted, tell
from llmc.cli.plans import drawn
from llmc.cli.screen import Painted

if TYPE_CHECKING:
    from llmc_grammar.diagnostic import Diagnostic
    from llmc_grammar.source import Source

    Report = tuple[Sequence[Diagnostic], Source]


class Format(StrEnum):
    """How mistakes are written."""

    TEXT = "text"
    JSON = "json"
    GITHUB = "github"


def print_reports(reports: "Sequence[Report]", form: Format) -> None:
    """Write the mistakes of plans to stdout; for people and GitHub, their number to stderr."""
    _PRINTERS[form](reports)
    if form is not Format.JSON:
        tell(summary(reports))


def summary(reports: "Sequence[Report]") -> str:
    """`2 plans: 3 errors, 1 warning`."""
    found = [diagnostic.severity for diagnostics, _ in reports for diagnostic in diagnostics]
    numbers = ((found.count("error"), "error"), (found.count("warning"), "warning"))
    counts = ", ".join(counted(number, noun) for number, noun in numbers if number)
    return f"{counted(len(reports), 'plan')}: {counts or 'no mistakes'}"


def has_errors(reports: "Sequence[Report]") -> bool:
    """Whether any mistake is an error."""
    return any(found.severity == "error" for diagnostics, _ in reports for found in diagnostics)


def _print_text(reports: "Sequence[Report]") -> None:
    """Mistakes with their lines."""
    drawings = [drawn(diagnostics, source, sys.stdout) for diagnostics, source in reports if diagnostics]
    if drawings:
        print(Painted("\n\n".join(drawings)), flush=True)


def _print_json(reports: "Sequence[Report]") -> None:
    """Mistakes as a JSON list, each with the name of its file."""
    from llmc_grammar import to_json
    from llmc_grammar.terminal_text import json_text

    print(json_text([to_json(diagnostic, source) for diagnostics, source in reports for diagnostic in diagnostics]))


def _print_github(reports: "Sequence[Report]") -> None:
    """Mistakes as workflow commands, which become annotations of a pull request's lines."""
    for diagnostics, source in reports:
        for diagnostic in diagnostics:
            print("".join(_command(diagnostic, source)))


def _command(diagnostic: "Diagnostic", source: "Source") -> Iterator[str]:
    """One workflow command (https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands)."""
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
    """Text that ends no command and no property of one."""
    return "".join(escapes.get(character, character) for character in text)


_PRINTERS: Final[Mapping[Format, "Callable[[Sequence[Report]], None]"]] = {
    Format.TEXT: _print_text,
    Format.JSON: _print_json,
    Format.GITHUB: _print_github,
}
