"""Lark's parser for plan.lark, built on first use; its tables are kept in the user's cache folder."""

import os
import platform
import sys
from collections.abc import Iterator
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any, Final

from lark import Lark, Token
from lark import __version__ as lark_version

from llmc_grammar.build import Builder

STARTS: Final = ("numbered", "named", "bare", "use", "input")
"""The start symbols of plan.lark."""


class WholeWords:
    """Makes Lark accept NAME everywhere, so that `nottrue` is one wrong word and never `not true`."""

    always_accept = ("NAME",)

    @staticmethod
    def process(tokens: Iterator[Token]) -> Iterator[Token]:
        """Return the tokens unchanged."""
        return tokens


@cache
def grammar() -> str:
    """Return the text of plan.lark."""
    return resources.files("llmc_grammar").joinpath("plan.lark").read_text("utf-8")


@cache
def parser() -> tuple[Lark, Builder]:
    """Return the parser, and the builder that it calls."""
    builder = Builder()
    options: dict[str, Any] = {
        "parser": "lalr",
        "start": list(STARTS),
        "maybe_placeholders": True,
        "transformer": builder,
        "postlex": WholeWords(),
    }
    folder = _cache_folder()
    if folder is not None:
        version = ".".join(map(str, sys.version_info[:2]))
        file = folder / f"plan-{platform.python_implementation()}-{version}-lark-{lark_version}.tables"
        try:
            return Lark(grammar(), cache=str(file), **options), builder
        except OSError:
            pass
    return Lark(grammar(), **options), builder


def _cache_folder() -> Path | None:
    """Return the cache folder, created if missing; None unless it is private, since its files are unpickled."""
    try:
        root = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
        if not root.is_absolute():
            return None
        folder = root / "llmc"
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        status = folder.stat()
        private = not status.st_mode & 0o022 and (not hasattr(os, "getuid") or status.st_uid == os.getuid())
        return folder if private and os.access(folder, os.R_OK | os.W_OK) else None
    except (OSError, RuntimeError):
        return None
