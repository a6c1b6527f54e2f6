"""Finds the plans in folders on the command line."""

import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from llmc.cli.arguments.plan_arguments import STDIN
from llmc.cli.terminal.output import reason, say

_ENDING: Final = ".llmc"
_MOST_PLANS: Final = 10_000
_ADVICE: Final = "name some of its folders"
_MOST_MIB: Final = 256
_MOST_NAMES: Final = 1_000_000
"""The maximum number of files and folders to search."""


class _FolderError(Exception):
    """The plans of a folder cannot be listed."""


def plan_files(named: Sequence[str]) -> Iterator[str | None]:
    """Yield the named plans; for a folder, all regular `*.llmc` files in and below it, sorted.

    Hidden folders and links to folders are skipped. A folder without plans, or with too many, is reported and yields
    None.
    """
    for name in named:
        if name == STDIN or not os.path.isdir(name):  # noqa: PTH112 — returns False instead of raising for a name that is too long
            yield name
            continue
        try:
            plans = _plans_in(name)
        except _FolderError as error:
            say(f"{name}: {error}")
            yield None
        else:
            yield from plans


def _plans_in(folder: str) -> list[str]:
    """Return the plans below a folder, sorted; raises _FolderError."""
    plans: list[Path] = []
    size = 0
    for path in _files(folder):
        if path.suffix == _ENDING:
            plans.append(path)
            size += path.stat().st_size
        if len(plans) > _MOST_PLANS or size > _MOST_MIB * 1024**2:
            raise _FolderError(f"the folder has more than {_MOST_PLANS:,} plans, or {_MOST_MIB} MiB of them: {_ADVICE}")
    if not plans:
        raise _FolderError(f"the folder contains no plans: no file in it or below it ends in {_ENDING}")
    return [str(path) for path in sorted(plans, key=lambda path: path.parts)]


def _files(folder: str) -> Iterator[Path]:
    """Yield the files below a folder; raises _FolderError. Iterative, since folders nest deeper than Python calls."""
    waiting, seen = [Path(folder)], 0
    while waiting:
        here = waiting.pop()
        try:
            with os.scandir(here) as entries:
                for entry in entries:
                    seen += 1
                    if seen > _MOST_NAMES:
                        raise _FolderError(f"the folder has more than {_MOST_NAMES:,} files: {_ADVICE}")
                    if os.path.isfile(entry):  # noqa: PTH113 — returns False instead of raising for circular links
                        yield here / entry.name
                    elif entry.is_dir(follow_symlinks=False) and not entry.name.startswith("."):
                        waiting.append(here / entry.name)
        except OSError as error:
            raise _FolderError(f"{here} cannot be read: {reason(error)}") from error
