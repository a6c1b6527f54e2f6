"""TOML from outside, read in time linear in its size.

`tomllib` walks all parts of a table's name for each key below it, and all that come before for each part of a dotted
key. So the parts of a name are bounded, with a look at the text alone, before any of it is read.
"""

import re
import tomllib
from typing import Any, Final

from llmc_grammar.portable import Portable

PARTS: Final = 32
"""Parts that a dotted name may have."""

# Strings and comments. Each ends at the latest where the text or its line does, so that none is looked at twice.
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
    """A text is no TOML that can be read."""


def read_toml(data: bytes) -> dict[str, Any]:
    """The table that bytes in UTF-8 are; raises TomlError and UnicodeDecodeError."""
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
