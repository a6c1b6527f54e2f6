"""The plans in folders that the command line names."""

import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from llmc.cli.arguments.plans import STDIN
from llmc.cli.terminal.output import reason, say

_ENDING: Final = ".llmc"
_MOST_PLANS: Final = 10_000
_ADVICE: Final = "name folders in it"
_MOST_MIB: Final = 256
_MOST_NAMES: Final = 1_000_000
"""Names of files and folders that are looked at."""


class _FolderError(Exception):
    """The plans of a folder cannot be had."""


def plan_files(named: Sequence[str]) -> Iterator[str | None]:
    """Yield the named plans, for a folder all regular `*.llmc` in and below it, sorted.

    Hidden folders and links to folders are passed over. Yields None for a folder without plans, or with too many, and
    reports it.
    """
    for name in named:
        if name == STDIN or not os.path.isdir(name):  # noqa: PTH112 — false, and no error, where a name is too long
            yield name
            continue
        try:
            found = _plans_in(name)
        except _FolderError as error:
            say(f"{name}: {error}")
            yield None
        else:
            yield from found


def _plans_in(folder: str) -> list[str]:
    """The plans below a folder; raises _FolderError."""
    found: list[Path] = []
    size = 0
    for path in _files(folder):
        if path.suffix == _ENDING:
            found.append(path)
            size += path.stat().st_size
        if len(found) > _MOST_PLANS or size > _MOST_MIB * 1024**2:
            raise _FolderError(f"the folder has more than {_MOST_PLANS:,} plans, or {_MOST_MIB} MiB of them: {_ADVICE}")
    if not found:
        raise _FolderError(f"the folder has no plan: no file in it or below it ends in {_ENDING}")
    return [str(path) for path in sorted(found, key=lambda path: path.parts)]


def _files(folder: str) -> Iterator[Path]:
    """The files below a folder; raises _FolderError. A stack, since folders nest deeper than Python calls."""
    waiting, seen = [Path(folder)], 0
    while waiting:
        here = waiting.pop()
        try:
            with os.scandir(here) as entries:
                for entry in entries:
                    seen += 1
                    if seen > _MOST_NAMES:
                        raise _FolderError(f"the folder has more than {_MOST_NAMES:,} files: {_ADVICE}")
                    if os.path.isfile(entry):  # noqa: PTH113 — false, and no error, for a circle of links
                        yield here / entry.name
                    elif entry.is_dir(follow_symlinks=False) and not entry.name.startswith("."):
                        waiting.append(here / entry.name)
        except OSError as error:
            raise _FolderError(f"{here} cannot be read: {reason(error)}") from error
