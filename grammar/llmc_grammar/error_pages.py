"""What there is to say about each mistake: pages of Markdown, each beside the module that has the classes.

    ## E163: StepOnValue                 code and class
    A step behind a call, …              what it is: the class's docstring
    A step is taken in …                 why it is one
    ```llmc                              a plan with this mistake; behind `llmc`, how it is read
    ```text                              how it is reported
    Instead:
    ```llmc                              a plan without it

Parts are parted by blank lines. The reports of all plans are tested.
"""

import re
from dataclasses import dataclass
from importlib import resources
from typing import Final

_LINES: Final = r"(?:(?!```)[^\n]*\n)*"
_SECTION: Final = re.compile(
    r"^## (?P<code>[EW][0-9]{3}): (?P<name>\w+)\n\n(?P<what>[^\n]+)\n\n(?P<why>(?!```)(?:[^\n]+\n)+)\n"
    rf"```llmc(?P<reading>[^\n]*)\n(?P<plan>{_LINES})```\n\n```text\n(?P<report>{_LINES})```\n\n"
    rf"Instead:\n\n```llmc\n(?P<instead>{_LINES})```\n",
    re.MULTILINE,
)


@dataclass(frozen=True, slots=True)
class ErrorPage:
    """One mistake; `reading` says how its plan is read, as words such as `header=no` or `tasks=1`."""

    code: str
    name: str
    what: str
    why: str
    reading: tuple[str, ...]
    plan: str
    report: str
    instead: str


def entries(package: str, page: str) -> tuple[ErrorPage, ...]:
    """The mistakes of a page in a package; raises FileNotFoundError."""
    found = _SECTION.finditer(resources.files(package).joinpath(page).read_text("utf-8"))
    return tuple(_entry(match.groupdict()) for match in found)


def _entry(parts: dict[str, str]) -> ErrorPage:
    """The mistake of a section; its texts end without a line end."""
    why, reading = " ".join(parts.pop("why").split()), tuple(parts.pop("reading").split())
    return ErrorPage(**{name: text.removesuffix("\n") for name, text in parts.items()}, why=why, reading=reading)
