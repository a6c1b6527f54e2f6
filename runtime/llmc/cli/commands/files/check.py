"""`llmc check`: report all mistakes in plans, before anything runs."""

from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NamedTuple

import typer

from llmc.cli.arguments.options import AsJson, Lenient, MaxTasks, MaxText, PlanFiles, Quiet, Tools, one_form
from llmc.cli.arguments.plan_arguments import (
    STDIN,
    PlanText,
    UnreadablePlanError,
    bounds,
    check_plan,
    named_tools,
    read_plan,
    report_of,
    require_plan,
)
from llmc.cli.terminal.diagnostic_output import ReportFormat, has_errors, print_reports, summary
from llmc.cli.terminal.file_writer import difference, replace_file
from llmc.cli.terminal.output import FOUND, USAGE, counted, fail, note, reason, say, set_verbosity
from llmc.cli.terminal.screen import put_out

if TYPE_CHECKING:
    from collections.abc import Sequence

    from llmc import Bounds, Toolbox
    from llmc_grammar import Diagnostic, Parsed
    from llmc_grammar.stream import Mode


def check(
    files: PlanFiles,
    *,
    format_: Annotated[ReportFormat, typer.Option("--format", help="The output format.")] = ReportFormat.TEXT,
    lenient: Lenient = False,
    fix: Annotated[bool, typer.Option("--fix", help="Apply the safe edits of mistakes, then check again.")] = False,
    unsafe: Annotated[
        bool, typer.Option("--unsafe-fixes", help="With --fix or --diff, also apply edits that change words or guess.")
    ] = False,
    diff: Annotated[
        bool, typer.Option("--diff", help="Show the changes that --fix would make; write nothing.")
    ] = False,
    json_: AsJson = False,
    quiet: Quiet = False,
    tools: Tools = None,
    no_tools: Annotated[
        bool, typer.Option("--no-tools", help="Check without tools; do not import Python files.")
    ] = False,
    max_tasks: MaxTasks = None,
    max_text: MaxText = None,
) -> None:
    """Report all mistakes in plans, without running them."""
    from llmc.cli.arguments.plan_folders import plan_files

    set_verbosity(quiet=quiet)
    form = ReportFormat(one_form(format_, as_json=json_, option="--format"))
    if diff and form is ReportFormat.JSON:
        fail("`--diff` prints text, not JSON: use one of them")
    if fix and not diff and STDIN in files:
        fail("standard input cannot be fixed in place; `--diff` shows the changes")
    mode: Mode = "lenient" if lenient else "strict"
    limits = bounds(max_tasks, max_text, mode=mode)
    given = None if no_tools else named_tools(tools or ())
    texts = [None if file is None else _text(file, limits.text, mode) for file in plan_files(files)]
    readable = [text for text in texts if text is not None]
    if fix or diff:
        fixes = [_Fix(text, given, limits, mode, unsafe=unsafe).carry_out(write=not diff) for text in readable]
        readable = [text for text, _ in fixes]
        _tell_unsafe(sum(number for _, number in fixes), "--unsafe-fixes")
    reports = [check_plan(text, given, limits, mode) for text in readable]
    if unsafe and not (fix or diff):
        _tell_unsafe(sum(_edits(report.diagnostics, mode) for report in reports), "--fix --unsafe-fixes")
    if diff:
        note(summary(reports))
    elif readable or form is ReportFormat.JSON:
        print_reports(reports, form)
    raise typer.Exit(USAGE if None in texts else FOUND if has_errors(reports) else 0)


def _text(file: str, limit: int, mode: "Mode") -> PlanText | None:
    """Return a plan's text; report an unreadable plan and return None."""
    try:
        return require_plan(read_plan(file, limit), mode)
    except UnreadablePlanError as error:
        say(str(error))
        return None


def _edits(mistakes: "Sequence[Diagnostic]", mode: "Mode") -> int:
    """Return the number of mistakes with an edit that may be made."""
    from llmc_grammar.source import TEXT

    severity = "warning" if mode == "lenient" else "error"
    return sum(1 for one in mistakes if one.edit and one.severity == severity and one.span.start < TEXT)


def _tell_unsafe(number: int, options: str) -> None:
    """Report the number of edits that these options would make."""
    if number:
        note(f"{counted(number, 'more edit')} with `{options}`")


class _Fix(NamedTuple):
    """Applies the edits of a plan's mistakes; edits that change the author's words only if `unsafe`."""

    text: PlanText
    tools: "Toolbox | None"
    limits: "Bounds"
    mode: "Mode"
    unsafe: bool

    def carry_out(self, *, write: bool) -> tuple[PlanText, int]:
        """Write the edited plan, or print the difference; return the plan and the number of remaining edits."""
        from llmc_grammar.fix import fix
        from llmc_grammar.terminal_text import visible

        text = self.text
        fixed = fix(
            text.data,
            mode=self.mode,
            bounds=self.limits,
            tools=self.tools or (),
            unsafe=self.unsafe,
            find=self._mistakes,
        )
        if not fixed.mended:
            return text, len(fixed.unsafe)
        codes = Counter(mistake.code for mistake in fixed.mended)
        words = ", ".join(f"{code} ({count})" if count > 1 else code for code, count in codes.items())
        after = text._replace(data=fixed.text.encode("utf-8", "surrogateescape"))
        if write:
            _replace(text.name, after.data)
        note(f"{visible(text.name)}: {'fixed' if write else 'would fix'} {words}")
        if not write:
            put_out(difference(text.name, *(_shown(one.data) for one in (text, after))))
        return after if write else text, len(fixed.unsafe)

    def _mistakes(self, parsed: "Parsed") -> "Sequence[Diagnostic]":
        """Return all mistakes in a plan, including those of names and types."""
        return report_of(parsed, self.text.folder, self.tools, self.mode, self.limits).diagnostics


def _replace(name: str, data: bytes) -> None:
    """Write a plan, or exit with the reason why it cannot be written."""
    try:
        replace_file(Path(name), data)
    except OSError as error:
        fail(f"{name}: {reason(error)}")


def _shown(data: bytes) -> str:
    """Return the text of a plan, with `�` for bytes that are not UTF-8."""
    return data.decode("utf-8", "replace")
