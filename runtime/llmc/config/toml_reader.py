"""Reads TOML from outside in time linear in its size.

`tomllib` walks all parts of a table's name for each key in the table, and all earlier parts for each part of a dotted
key. The number of parts of a name is therefore bounded by a scan of the text before parsing.
"""

import re
import tomllib
from typing import Any, Final

from llmc_grammar.portable import Portable

PARTS: Final = 32
"""The maximum number of parts of a dotted name."""

# Strings and comments. An unclosed one ends with its line or the text, so that nothing is scanned twice.
_QUOTED: Final = re.compile(
    r'"""(?:[^"\\]|\\.|"(?!""))*+(?:"{3,5}|\Z)'
    r"|'''(?:[^']|'(?!''))*+(?:'{3,5}|\Z)"
    r'|"(?:[^"\\\n]|\\[^\n])*+"?'
    r"|'[^'\n]*+'?"
    r"|\#[^\n]*",
    re.DOTALL,
)
_BETWEEN: Final = re.compile(r"[=,\[\]{}\n]")


class TomlError(Portable, ValueError):
    """A text is not TOML, or exceeds a bound."""


def read_toml(data: bytes) -> dict[str, Any]:
    """Return the table in UTF-8 bytes; raises TomlError and UnicodeDecodeError."""
    text = data.decode("utf-8")
    bare = _QUOTED.sub("", text)
    if max(piece.count(".") for piece in _BETWEEN.split(bare)) >= PARTS:
        message = f"a name in it has more than {PARTS} parts"
        raise TomlError(message)
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise TomlError(str(error)) from error
    except ValueError as error:  # above 4,300 digits
        message = "a number in it has too many digits"
        raise TomlError(message) from error
    except RecursionError as error:
        message = "its lists or tables are nested too deeply"
        raise TomlError(message) from error
