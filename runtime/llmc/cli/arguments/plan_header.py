"""Writes the `use` lines of a plan file for the tools of a command line."""

import os
import shlex
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from llmc.config.config import Config
    from llmc_grammar.ast import Use


class PlanHeader(NamedTuple):
    """The head of a plan file: its `use` lines, and command-line options for tools that it cannot name."""

    uses: tuple[str, ...]
    options: str

    @property
    def text(self) -> str:
        """The head, with a blank line after its `use` lines."""
        comment = f"# Run it with {self.options}\n" if self.options else ""
        return comment + "".join(f"{line}\n" for line in self.uses) + ("\n" if self.uses else "")


def header_for(targets: Sequence[str], output: Path) -> PlanHeader:
    """Return the head of the plan file `output` for the targets of `--tools`."""
    from llmc.config.config import Config, ConfigError, find_config
    from llmc_grammar.terminal_text import visible
    from llmc_runtime.input_files import folder_of

    folder, config = folder_of(output), Config()
    with suppress(ConfigError):
        config = find_config(folder)
    lines = {target: _line(target, folder, config) for target in targets}
    others = [word for target, line in lines.items() if line is None for word in ("--tools", target)]
    uses = dict.fromkeys(line for line in lines.values() if line is not None)
    return PlanHeader(tuple(uses), visible(shlex.join(others)))


def _line(target: str, folder: Path, config: "Config") -> str | None:
    """Return the `use` line for a target, None if no valid line names it."""
    from llmc_grammar import parse, print_statement

    for use in _uses(target, folder, config):
        line = print_statement(use)
        if parse(line).plan.statements == (use,):
            return line
    return None


def _uses(target: str, folder: Path, config: "Config") -> "Iterator[Use]":
    """Yield the `use` statements for a target: as a file in the plan's folder or below, or as a configuration entry."""
    from llmc_grammar.ast import Use

    is_file = target.endswith(".py") or "/" in target
    home, real = (Path(os.path.realpath(path)) for path in (folder, target))
    if is_file and real.is_relative_to(home):
        yield Use(real.relative_to(home).as_posix(), is_path=True)
    for name, entry in config.tools.items():
        is_same_file = is_file and isinstance(entry, Path) and Path(os.path.realpath(entry)) == real
        if entry == target or is_same_file:
            yield Use(name, is_path=False)
