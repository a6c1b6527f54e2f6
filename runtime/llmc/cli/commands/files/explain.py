"""`llmc explain`: explain a mistake and its correction, or the compilation of a plan."""

import os
import re
import shutil
import sys
from collections.abc import Iterator
from dataclasses import asdict
from enum import StrEnum
from textwrap import fill, indent
from typing import TYPE_CHECKING, Annotated, Final

import typer

from llmc.cli.arguments.options import AsJson, MaxTasks, MaxText, Optimize, Passes, Profiles, Quiet, Tools
from llmc.cli.arguments.plan_arguments import STDIN, program
from llmc.cli.arguments.recorded_profile import read_profile
from llmc.cli.arguments.shell_completion import Candidate, completion, matching_files
from llmc.cli.terminal.ansi import painted
from llmc.cli.terminal.diagnostic_output import has_color
from llmc.cli.terminal.output import fail, set_verbosity

if TYPE_CHECKING:
    from llmc import Profile, Program
    from llmc_grammar.error_pages import ErrorPage

PAGES: Final = (
    ("llmc_grammar", "errors/lines.md"),
    ("llmc_grammar", "errors/statements.md"),
    ("llmc_grammar", "errors/expressions.md"),
    ("llmc_grammar", "errors/foreign.md"),
    ("llmc_grammar", "errors/repairs.md"),
    ("llmc_compiler", "diagnostics/plan_errors.md"),
    ("llmc_compiler", "diagnostics/text_errors.md"),
    ("llmc_compiler", "diagnostics/secret_errors.md"),
    ("llmc_compiler", "diagnostics/inlining_errors.md"),
    ("llmc", "config/tool_files.md"),
    ("llmc", "config/used_plans.md"),
)
"""The pages of mistakes, with their packages."""

_CODE: Final = re.compile(r"[EW][0-9]{3}")
_START_OF_CODE: Final = re.compile(r"([EWew][0-9]{0,3})?")
_WIDTH: Final = 100


class ExplainFormat(StrEnum):
    """The format of an explanation."""

    TEXT = "text"
    JSON = "json"


@completion
def _codes_and_plans(_: typer.Context, incomplete: str) -> Iterator[Candidate]:
    """Yield plans and the codes of mistakes."""
    yield from matching_files((".llmc",), incomplete)
    if _START_OF_CODE.fullmatch(incomplete):
        for code, page in catalogue().items():
            yield code.lower() if incomplete.islower() else code, page.what


def explain(
    what: Annotated[
        str | None,
        typer.Argument(
            metavar="CODE|FILE", help="The code of a mistake, such as E201, or a plan.", autocompletion=_codes_and_plans
        ),
    ] = None,
    *,
    list_: Annotated[bool, typer.Option("--list", help="List all codes.")] = False,
    format_: Annotated[ExplainFormat, typer.Option("--format", help="The output format.")] = ExplainFormat.TEXT,
    json_: AsJson = False,
    quiet: Quiet = False,
    width: Annotated[
        int | None, typer.Option(metavar="N", min=1, help="For a plan: estimate its time with N concurrent calls.")
    ] = None,
    profile: Profiles = None,
    tools: Tools = None,
    optimize: Optimize = True,
    passes: Passes = None,
    max_tasks: MaxTasks = None,
    max_text: MaxText = None,
) -> None:
    """Explain a mistake by its code, or the compilation of a plan: the changes, the reasons, and the expected time."""
    set_verbosity(quiet=quiet)
    form = ExplainFormat.JSON if json_ else format_
    if list_ == (what is not None):
        fail("name one code or plan, as in `llmc explain E201`; `llmc explain --list` lists all codes")
    if what is None:
        _print_list(form)
    elif _CODE.fullmatch(what.upper()):
        _print_mistake(what.upper(), form)
    elif what == STDIN or what.endswith(".llmc") or os.path.lexists(what):
        compiled = program(what, tools, max_tasks, max_text, optimize=optimize, passes=passes)
        _print_plan(compiled, form, width, read_profile(profile or ()))
    else:
        fail(
            f"`{what}` is neither a code nor a file: codes look like E201 or W101, and `llmc explain --list` lists them"
        )


def _print_list(form: ExplainFormat) -> None:
    """Print every code with a summary."""
    mistakes = catalogue().values()
    if form is ExplainFormat.JSON:
        print(_json([{"code": entry.code, "name": entry.name, "what": entry.what} for entry in mistakes]))
    else:
        print("\n".join(f"{entry.code}  {entry.what}" for entry in mistakes))


def _print_mistake(code: str, form: ExplainFormat) -> None:
    """Print the explanation of a mistake, or exit with the nearest code."""
    mistakes = catalogue()
    if code not in mistakes:
        fail(f"no mistake has the code {code}; did you mean {_nearest(code, mistakes)}?")
    print(_json(asdict(mistakes[code])) if form is ExplainFormat.JSON else _story(mistakes[code]))


def _print_plan(compiled: "Program", form: ExplainFormat, width: int | None, profile: "Profile") -> None:
    """Print the explanation of a compiled plan."""
    from llmc_compiler.explain.story_json import story_json
    from llmc_compiler.explain.story_text import tell

    story = compiled.explain(width, profile)
    if form is ExplainFormat.JSON:
        print(_json(story_json(story)))
    else:
        print(painted(tell(story, shutil.get_terminal_size().columns), color=has_color(sys.stdout)))


def _json(data: object) -> str:
    """Return data as JSON text."""
    from llmc_grammar.terminal_text import json_text

    return json_text(data)


def catalogue() -> "dict[str, ErrorPage]":
    """Return every mistake by its code, sorted."""
    from llmc_grammar.error_pages import entries

    mistakes = [entry for package, page in PAGES for entry in entries(package, page)]
    return {entry.code: entry for entry in sorted(mistakes, key=lambda entry: entry.code)}


def _nearest(code: str, codes: "dict[str, ErrorPage]") -> str:
    """Return the nearest code: first by its hundreds digit, then by its number, then by its letter."""
    return min(codes, key=lambda other: (other[1] != code[1], abs(int(other[1:]) - int(code[1:])), other[0] != code[0]))


def _story(entry: "ErrorPage") -> str:
    """Return the explanation of a mistake as text."""
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
