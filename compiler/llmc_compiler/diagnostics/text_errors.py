"""Warnings about references in texts: W202 to W206."""

from llmc_grammar.diagnostic import Diagnostic
from llmc_grammar.mistake import mistake


@mistake
class PathAsText(Diagnostic):
    """A path without braces inside a longer text, which stays text."""

    code = "W202"
    title = "`{steps}` is text here, and `${name}` is the whole value"
    label = "a path inside a longer text needs braces"
    help = "write `${{{name}{steps}}}` for the part, or `${{{name}}}{steps}` for this text"

    name: str
    steps: str


@mistake
class PathRead(Diagnostic):
    """A path without braces inside a longer text of a model, which is read as a reference to the part."""

    code = "W203"
    title = "`${name}{steps}` is read as a part of `${name}`"
    label = "the value has this part"
    help = "write `${{{name}{steps}}}`"
    is_safe = True

    name: str
    steps: str


@mistake
class DoubtfulSlot(Diagnostic):
    """A reference in a model's text that may be meant as a price or as a variable of another language."""

    code = "W205"
    title = "`${name}` is replaced by a value in this text"
    label = "{sign}"
    help = "write `$${name}` for a dollar sign, or `${{{name}}}` for the value"

    name: str
    sign: str


@mistake
class HalvedDollars(Diagnostic):
    """Two dollar signs before a word in a model's text, which become one."""

    code = "W206"
    title = "`$${name}` is the text `${name}`"
    label = "two dollar signs stand for one"
    help = "write `$$$${name}` for two"

    name: str
