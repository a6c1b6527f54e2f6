"""Loads plans from files, with the tools of their `use` lines."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path

from llmc.config.config import Config, find_config
from llmc.config.tool_files import UseError
from llmc.config.used_plans import UsedPlans
from llmc_compiler.diagnostics.plan_errors import CompileError
from llmc_compiler.passes.pipeline import PIPELINE
from llmc_compiler.passes.stages import Pass
from llmc_compiler.tools.toolbox import Toolbox, Usable, toolbox_of
from llmc_grammar import parse
from llmc_grammar.bounds import Bounds
from llmc_runtime.input_files import folder_of, read_start
from llmc_runtime.program.program import Program


def load(
    path: str | Path,
    tools: Toolbox | Iterable[Usable] | None = None,
    *,
    passes: Sequence[Pass] = PIPELINE,
    config: Config | None = None,
    bounds: Bounds = Bounds.FILE,
) -> Program:
    """Compile a plan file with the tools of its `use` lines and the given tools.

    Without a `config`, the configuration for the plan's folder is read. Raises OSError, CompileError, ConfigError.
    """
    given = None if tools is None else toolbox_of(tools)
    folder = folder_of(path)
    parsed = parse(read_start(path, bounds.text + 1), name=str(path), bounds=bounds)
    try:
        used = UsedPlans(config or find_config(folder), bounds).tools(parsed.plan, folder, Path(path))
    except UseError as error:
        raise CompileError(error.diagnostics, replace(parsed.source, others=error.others)) from error
    return Program.of(parsed, used | given if given else used, passes=passes, bounds=bounds)
