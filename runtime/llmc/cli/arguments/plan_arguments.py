"""Reads, checks and compiles the plans named on the command line."""

import sys
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path, PurePath
from typing import TYPE_CHECKING, Final, NamedTuple

import typer

from llmc.cli.terminal.output import FOUND, fail, note, reason, say, tell
from llmc.cli.terminal.screen import aside

if TYPE_CHECKING:
    from llmc import Bounds, Budget, Limits, Program, Toolbox
    from llmc_compiler.passes.stages import Pass
    from llmc_grammar import Parsed
    from llmc_grammar.diagnostic import Diagnostic
    from llmc_grammar.source import Source
    from llmc_grammar.stream import Mode
from llmc.cli.terminal.diagnostic_output import DiagnosticReport, drawn

STDIN: Final = "-"


_OTHERS: Final = {
    **dict.fromkeys((".py", ".pyi", ".pyw"), "Python"),
    **dict.fromkeys((".json", ".jsonl"), "JSON"),
    **dict.fromkeys((".yaml", ".yml"), "YAML"),
    ".toml": "TOML",
    ".ipynb": "notebook",
    ".js": "JavaScript",
    ".ts": "TypeScript",
    ".sh": "shell",
}
"""File extensions that are never plans."""


class UnreadablePlanError(Exception):
    """A plan cannot be read."""


class PlanText(NamedTuple):
    """A plan's bytes, its name in reports, and the folder to which its `use` lines are relative."""

    name: str
    data: bytes
    folder: Path


def bounds(max_tasks: int | None, max_text: int | None, *, mode: "Mode" = "strict") -> "Bounds":
    """Return the default bounds of plan files or model texts, with the given ones replaced."""
    from llmc_grammar.bounds import Bounds

    usual = Bounds.MODEL if mode == "lenient" else Bounds.FILE
    return replace(usual, tasks=max_tasks or usual.tasks, text=max_text or usual.text)


def read_plan(file: str, limit: int) -> PlanText:
    """Read the text of a plan, at most one byte more than the limit; raises UnreadablePlanError."""
    from llmc_runtime.input_files import folder_of, read_start, read_stdin

    name = "<stdin>" if file == STDIN else file
    try:
        data = read_stdin(limit + 1) if file == STDIN else read_start(file, limit + 1)
    except IsADirectoryError as error:
        raise UnreadablePlanError(f"{name}: {reason(error)}; name the plans in it") from error
    except OSError as error:
        raise UnreadablePlanError(f"{name}: {reason(error)}") from error
    return PlanText(name, data, Path() if file == STDIN else folder_of(file))


def require_plan(text: PlanText, mode: "Mode" = "strict") -> PlanText:
    """Return the text; raises UnreadablePlanError for the extension of another kind of file, unless it is lenient."""
    path = PurePath(text.name)
    kind = _OTHERS.get(path.suffix.lower()) if mode == "strict" else None
    if kind == "Python":
        advice = f'write a plan with the line `use "{path.name}"`, or list its tools with `llmc tools {text.name}`'
        raise UnreadablePlanError(f"{text.name}: a Python file is not a plan; {advice}")
    if kind is not None:
        raise UnreadablePlanError(f"{text.name}: a {kind} file is not a plan; `llmc new NAME` writes one to start from")
    return text


def named_tools(targets: Sequence[str]) -> "Toolbox":
    """Return the tools of files, modules and plans, or exit with a message."""
    from llmc import CompileError, Toolbox, ToolboxError

    tools = Toolbox()
    if not targets:
        return tools
    from llmc.config.tool_files import MissingToolsError, load_tools

    try:
        with aside():
            for target in targets:
                tools |= _plan_tool(target) if target.endswith(".llmc") else load_tools(target, Path())
    except CompileError as error:
        tell(drawn(error.diagnostics, error.source, sys.stderr) if error.source else str(error))
        raise typer.Exit(FOUND) from error
    except (MissingToolsError, OSError) as error:
        fail(str(error))
    except ToolboxError as error:
        say(str(error))
        raise typer.Exit(FOUND) from error
    return tools


def _plan_tool(file: str) -> "Toolbox":
    """Return a toolbox with a plan; raises CompileError and OSError."""
    from llmc import Toolbox, load

    return Toolbox([load(file)])


def check_plan(text: PlanText, tools: "Toolbox | None", limits: "Bounds", mode: "Mode" = "strict") -> DiagnosticReport:
    """Report the mistakes of a plan; if neither `tools` nor the plan names any tools, calls are not checked."""
    from llmc_grammar import parse

    parsed = parse(text.data, name=text.name, mode=mode, bounds=limits, tools=tools or ())
    return report_of(parsed, text.folder, tools, mode, limits)


def report_of(
    parsed: "Parsed", folder: Path, tools: "Toolbox | None", mode: "Mode", limits: "Bounds | None" = None
) -> DiagnosticReport:
    """Report the mistakes of a parsed plan, as `check_plan` does."""
    # Only the compiler: importing the runtime would double the time of a check.
    from llmc.config.any_toolbox import AnyTools
    from llmc_compiler.compiler import check
    from llmc_compiler.lowering.inlining.plan_tool import with_others
    from llmc_grammar import ast

    unusable: tuple[Diagnostic, ...] = ()
    others: tuple[Source, ...] = ()
    uses = [line for line in parsed.plan.statements if isinstance(line, ast.Use)]
    assumed = AnyTools()
    all_tools: Toolbox = assumed
    is_checked = True
    if (tools is not None and (uses or tools)) or any(use.is_plan for use in uses):
        from llmc.config.tool_files import UseError

        try:
            all_tools, is_checked = _all_tools(parsed, folder, tools, limits)
        except UseError as error:
            unusable, others = error.diagnostics, error.others
    all_mistakes = (*unusable, *check(parsed, all_tools, lenient=mode == "lenient", bounds=limits))
    mistakes = sorted(all_mistakes, key=lambda diagnostic: diagnostic.span)
    asked = isinstance(all_tools, AnyTools) and all_tools.was_asked
    source = replace(parsed.source, others=others) if unusable else with_others(parsed.source, all_tools)
    return DiagnosticReport(mistakes, source, tools_checked=is_checked and not asked)


def compile_plan(
    text: PlanText, tools: "Toolbox", limits: "Bounds", passes: "Sequence[Pass]", mode: "Mode" = "strict"
) -> "Program":
    """Compile a plan with the tools of its `use` lines and the given ones; raises CompileError with every mistake."""
    from llmc import CompileError, Program
    from llmc.config.tool_files import UseError
    from llmc_grammar import parse

    parsed = parse(text.data, name=text.name, mode=mode, bounds=limits, tools=tools)
    try:
        all_tools, _ = _all_tools(parsed, text.folder, tools, limits)
    except UseError as error:
        report = report_of(parsed, text.folder, tools, mode, limits)
        raise CompileError(report.diagnostics, report.source) from error
    return Program.of(parsed, all_tools, mode=mode, passes=passes, bounds=limits)


def _all_tools(
    parsed: "Parsed", folder: Path, given: "Toolbox | None", limits: "Bounds | None"
) -> "tuple[Toolbox, bool]":
    """Return the tools of the plan's `use` lines and the given ones, and whether all calls in used plans were checked.

    Without given tools only plans are loaded. Raises UseError, or exits if two tools clash.
    """
    from llmc_compiler.tools.signature import ToolboxError

    used, is_checked = _used_tools(parsed, folder, limits, loads_tools=given is not None)
    try:
        return (used if given is None else used | given), is_checked
    except ToolboxError as error:
        fail(f"{error} (the plan's `use` and `--tools` both bring it)")


def _used_tools(
    parsed: "Parsed", folder: Path, limits: "Bounds | None", *, loads_tools: bool
) -> "tuple[Toolbox, bool]":
    """Return the tools of the plan's `use` lines, and whether all calls in used plans were checked; raises UseError.

    The configuration is read only if a line may need it.
    """
    from llmc.config.config import Config, ConfigError, find_config
    from llmc.config.used_plans import UsedPlans
    from llmc_grammar.ast import Use
    from llmc_grammar.bounds import Bounds

    try:
        uses = [use for use in parsed.plan.statements if isinstance(use, Use)]
        needs_config = loads_tools and any(use.is_plan or not use.is_path for use in uses)
        plans = UsedPlans(find_config(folder) if needs_config else Config(), limits or Bounds.FILE, loads_tools)
        file = None if parsed.source.name.startswith("<") else Path(parsed.source.name)
        with aside():
            return plans.tools(parsed.plan, folder, file), not plans.unchecked
    except ConfigError as error:
        fail(str(error))


def _chosen(names: str | None, *, optimize: bool) -> "Sequence[Pass]":
    """Return the passes to run, or exit with a message."""
    from llmc_compiler.passes.pipeline import PIPELINE, UnknownPassError, named_passes

    if names is None:
        return PIPELINE if optimize else ()
    if not optimize:
        fail("`--no-optimize` runs no passes, but `--passes` names some: use one of them")
    try:
        return named_passes(name.strip() for name in names.split(",") if name.strip())
    except UnknownPassError as error:
        fail(str(error))


def given_limits(file: str, given: Sequence[str]) -> "Limits":
    """Return the limits of the command line over those of the plan's configuration, or exit with a message."""
    from llmc import Limits
    from llmc.config.config import ConfigError, find_config
    from llmc.config.limit_syntax import read_limits
    from llmc_runtime.input_files import folder_of
    from llmc_runtime.limits import LimitError

    pairs = list(_pairs("--limit", given))
    try:
        config = find_config(Path() if file == STDIN else folder_of(file))
        return read_limits(pairs, read_limits(config.limits, Limits()))
    except (ConfigError, LimitError) as error:
        fail(str(error))


def given_budget(given: Sequence[str]) -> "Budget":
    """Return the budget of the command line, or exit with a message."""
    from llmc import Budget

    amounts: dict[str, float] = {}
    kinds = {"tokens": int, "cost": float}
    for name, text in _pairs("--budget", given):
        if name not in kinds:
            fail(f"`--budget {name}` is not a budget: use `tokens` or `cost`")
        try:
            amounts[name] = kinds[name](text)
        except ValueError:
            fail(f"`--budget {name}={text}` is not a number")
    try:
        return Budget(**amounts)  # type: ignore[arg-type]  # tokens are an int
    except ValueError as error:
        fail(str(error))


def _pairs(option: str, given: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Yield names and values, or exit with a message."""
    for pair in given:
        name, equals, text = pair.partition("=")
        if not equals:
            fail(f"`{option} {pair}` has no value: write `{option} {pair}=…`")
        yield name.strip(), text


def program(
    file: str,
    tools: Sequence[str] | None,
    max_tasks: int | None,
    max_text: int | None,
    *,
    optimize: bool,
    passes: str | None = None,
    mode: "Mode" = "strict",
    shows_pruned: bool = True,
) -> "Program":
    """Compile a plan file and write its warnings to stderr, or exit with all its mistakes.

    A command whose output shows pruned tasks (`shows_pruned`) does not warn about them.
    """
    from llmc import CompileError
    from llmc_compiler.diagnostics.plan_errors import UnusedTask

    limits = bounds(max_tasks, max_text, mode=mode)
    chosen = _chosen(passes, optimize=optimize)
    try:
        text = require_plan(read_plan(file, limits.text), mode)
        compiled = compile_plan(text, named_tools(tools or ()), limits, chosen, mode)
    except UnreadablePlanError as error:
        fail(str(error))
    except CompileError as error:
        tell(drawn(error.diagnostics, error.source, sys.stderr) if error.source else str(error))
        raise typer.Exit(FOUND) from error
    warnings = [found for found in compiled.diagnostics if not (shows_pruned and isinstance(found, UnusedTask))]
    if warnings:
        note(drawn(warnings, compiled.source, sys.stderr))
    return compiled
