"""The terminals of plan.lark as regular expressions, for code that scans a text without parsing it."""

import re
from collections.abc import Mapping
from functools import cache
from importlib import resources

_DEFINITION = re.compile(r"^([A-Z]+): /(.*)/$", re.MULTILINE)


@cache
def terminals() -> Mapping[str, str]:
    """Return the regular expression of each terminal by name."""
    text = resources.files("llmc_grammar").joinpath("plan.lark").read_text("utf-8")
    return dict(_DEFINITION.findall(text))


@cache
def quiet() -> re.Pattern[str]:
    """Return a pattern for strings and comments (groups `string` and `comment`), in which nothing is syntax."""
    known = terminals()
    return re.compile(f"(?P<string>{known['STRING']})|(?P<comment>{known['COMMENT']})")
