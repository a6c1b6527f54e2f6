"""`llmc explain`: what a mistake is, why it is one, and what to write instead."""

import re
from textwrap import fill, indent
from typing import TYPE_CHECKING, Annotated, Final

import typer

from llmc.cli.outcome import fail

if TYPE_CHECKING:
    from llmc_grammar.catalogue import Entry

PAGES: Final = (
    ("llmc_grammar", "errors/lines.md"),
    ("llmc_grammar", "errors/statements.md"),
    ("llmc_grammar", "errors/expressions.md"),
    ("llmc_grammar", "errors/repairs.md"),
    ("llmc_compiler", "errors.md"),
    ("llmc", "toolfiles.md"),
)
"""Each page of mistakes, and the package that it lies in."""

_CODE: Final = re.compile(r"[EW][0-9]{3}")
_WIDTH: Final = 100


def explain(
    code: Annotated[str | None, typer.Argument(metavar="CODE", help="The code of a mistake, such as E201.")] = None,
    *,
    list_: Annotated[bool, typer.Option("--list", help="List all codes.")] = False,
) -> None:
    """Explain a mistake by its code, with an example and what to write instead."""
    if list_ == (code is not None):
        fail("name one code, as in `llmc explain E201`; `llmc explain --list` has all of them")
    known = catalogue()
    if code is None:
        print("\n".join(f"{entry.code}  {entry.what}" for entry in known.values()))
        return
    wanted = code.upper()
    if not _CODE.fullmatch(wanted):
        fail(f"`{code}` is no code: codes look like E201 or W101; `llmc explain --list` has all of them")
    if wanted not in known:
        fail(f"there is no mistake {wanted}; did you mean {_nearest(wanted, known)}?")
    print(_story(known[wanted]))


def catalogue() -> "dict[str, Entry]":
    """Every mistake by its code, sorted."""
    from llmc_grammar.catalogue import entries

    found = [entry for package, page in PAGES for entry in entries(package, page)]
    return {entry.code: entry for entry in sorted(found, key=lambda entry: entry.code)}


def _nearest(code: str, known: "dict[str, Entry]") -> str:
    """The code that is nearest: of the same letter if there is one of its hundred, else by its number."""
    return min(known, key=lambda other: (other[1] != code[1], abs(int(other[1:]) - int(code[1:])), other[0] != code[0]))


def _story(entry: "Entry") -> str:
    """All that there is to say about a mistake."""
    reading = f", read with {', '.join(entry.reading)}" if entry.reading else ""
    parts = (
        f"{entry.code} {entry.name}: {entry.what}",
        fill(entry.why, _WIDTH, break_long_words=False, break_on_hyphens=False),
        f"For example{reading}:",
        indent(entry.plan, "    "),
        entry.report,
        "Instead:",
        indent(entry.instead, "    "),
    )
    return "\n\n".join(parts)
