"""The terminals of plan.lark as regular expressions, for those who look at a text without parsing it."""

import re
from collections.abc import Mapping
from functools import cache
from importlib import resources

_DEFINITION = re.compile(r"^([A-Z]+): /(.*)/$", re.MULTILINE)


@cache
def terminals() -> Mapping[str, str]:
    """The regular expression of each terminal by its name."""
    text = resources.files("llmc_grammar").joinpath("plan.lark").read_text("utf-8")
    return dict(_DEFINITION.findall(text))


@cache
def quiet() -> re.Pattern[str]:
    """Finds strings and comments, the groups `string` and `comment`: nothing in them is syntax."""
    known = terminals()
    return re.compile(f"(?P<string>{known['STRING']})|(?P<comment>{known['COMMENT']})")
