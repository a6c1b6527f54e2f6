"""Explanations of the diagnostics: Markdown pages, each next to the module that defines the classes.

    ## E164: LooseStep                   code and class
    A step that does not …               summary: the docstring of the class
    With a space, it could …             reason for the rule
    ```llmc                              a plan with this mistake; words after `llmc` are options for reading it
    ```text                              its diagnostics
    Instead:
    ```llmc                              a plan without the mistake

Blank lines separate the parts. The tests compare the diagnostics of all plans.
"""

import re
from importlib import resources
from typing import Final

from llmc_grammar.frozen_data import frozen

_LINES: Final = r"(?:(?!```)[^\n]*\n)*"
_SECTION: Final = re.compile(
    r"^## (?P<code>[EW][0-9]{3}): (?P<name>\w+)\n\n(?P<what>[^\n]+)\n\n(?P<why>(?!```)(?:[^\n]+\n)+)\n"
    rf"```llmc(?P<reading>[^\n]*)\n(?P<plan>{_LINES})```\n\n```text\n(?P<report>{_LINES})```\n\n"
    rf"Instead:\n\n```llmc\n(?P<instead>{_LINES})```\n",
    re.MULTILINE,
)


@frozen
class ErrorPage:
    """One section of a page; `reading` has the options for reading its plan, such as `header=no` or `tasks=1`."""

    code: str
    name: str
    what: str
    why: str
    reading: tuple[str, ...]
    plan: str
    report: str
    instead: str


def entries(package: str, page: str) -> tuple[ErrorPage, ...]:
    """Return the entries on a page in a package; raises FileNotFoundError."""
    sections = _SECTION.finditer(resources.files(package).joinpath(page).read_text("utf-8"))
    return tuple(_entry(match.groupdict()) for match in sections)


def _entry(parts: dict[str, str]) -> ErrorPage:
    """Make the entry of a section; its texts have no final newline."""
    why, reading = " ".join(parts.pop("why").split()), tuple(parts.pop("reading").split())
    return ErrorPage(**{name: text.removesuffix("\n") for name, text in parts.items()}, why=why, reading=reading)
