"""`llmc check`: all mistakes of plans, before anything runs."""

from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from llmc.cli.options import Lenient, MaxTasks, MaxText, PlanFiles, Tools
from llmc.cli.outcome import FOUND, USAGE, fail, reason, say, tell
from llmc.cli.plans import STDIN, PlanText, UnreadablePlanError, bounds, check_plan, named_tools, read_plan
from llmc.cli.reports import Format, has_errors, print_reports, summary
from llmc.cli.screen import put_out
from llmc.cli.writing import difference, replace_file

if TYPE_CHECKING:
    from collections.abc import Container

    from llmc import Bounds
    from llmc_grammar.stream import Mode


def check(
    files: PlanFiles,
    *,
    format_: Annotated[Format, typer.Option("--format", help="How mistakes are written.")] = Format.TEXT,
    lenient: Lenient = False,
    fix: Annotated[bool, typer.Option("--fix", help="Make the edits that mistakes offer, and check again.")] = False,
    diff: Annotated[bool, typer.Option("--diff", help="Show what --fix would change; write nothing.")] = False,
    tools: Tools = None,
    no_tools: Annotated[bool, typer.Option("--no-tools", help="Check without tools: import no Python file.")] = False,
    max_tasks: MaxTasks = None,
    max_text: MaxText = None,
) -> None:
    """Report all mistakes of plans; nothing of them runs."""
    if fix and not diff and STDIN in files:
        fail("standard input cannot be fixed in place; `--diff` shows what would change")
    mode: Mode = "lenient" if lenient else "strict"
    limits = bounds(max_tasks, max_text, mode=mode)
    given = None if no_tools else named_tools(tools or ())
    texts = [_text(file, limits.text) for file in files]
    readable = [text for text in texts if text is not None]
    if fix or diff:
        readable = [_fixed(text, given or (), limits, mode, write=not diff) for text in readable]
    reports = [check_plan(text, given, limits, mode) for text in readable]
    if diff:
        tell(summary(reports))
    else:
        print_reports(reports, format_)
    raise typer.Exit(USAGE if None in texts else FOUND if has_errors(reports) else 0)


def _text(file: str, limit: int) -> PlanText | None:
    """A plan's text; None, and said, if it cannot be had."""
    try:
        return read_plan(file, limit)
    except UnreadablePlanError as error:
        say(str(error))
        return None


def _fixed(text: PlanText, tools: "Container[str]", limits: "Bounds", mode: "Mode", *, write: bool) -> PlanText:
    """A plan after the edits that its mistakes offer, written to its file; or as it was, and the difference shown."""
    from llmc_grammar.fix import fix
    from llmc_grammar.terminal_text import visible

    fixed = fix(text.data, mode=mode, bounds=limits, tools=tools)
    if not fixed.mended:
        return text
    codes = Counter(mistake.code for mistake in fixed.mended)
    words = ", ".join(f"{code} ({count})" if count > 1 else code for code, count in codes.items())
    after = replace(text, data=fixed.text.encode("utf-8", "surrogateescape"))
    if not write:
        tell(f"{visible(text.name)}: would mend {words}")
        put_out(difference(text.name, *(_shown(one.data) for one in (text, after))))
        return text
    try:
        replace_file(Path(text.name), after.data)
    except OSError as error:
        fail(f"{text.name}: {reason(error)}")
    tell(f"{visible(text.name)}: mended {words}")
    return after


def _shown(data: bytes) -> str:
    """The text of a plan, with `�` for bytes that are none."""
    return data.decode("utf-8", "replace")
