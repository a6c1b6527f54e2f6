"""What can be wrong with JSON data that is to be a graph.

FormError
Malformed          something else is wanted here
Missing  Surplus   a key that is not there, a key that is not known
WrongVersion       another version of the form, or of the language
NoSuchTool         a tool that is not in the toolbox
WrongParameter     an argument that the tool does not take, or lacks
WrongEffects       what is done to the world by now is not what was saved
BrokenReference    what is read or waited for is not there, or not above
WrongOrder         order edges that are not those of the effects
SecretLeak         a secret that goes where it may be seen
TooLarge           more than the bounds allow
TooDeep
"""

# ruff: noqa: N818 — they are caught by name, and `except WrongVersion` says it all

from typing import ClassVar, Final

from llmc_compiler.representation.short_repr import short_repr
from llmc_grammar.portable import Portable
from llmc_grammar.terminal_text import visible

_LONGEST: Final = 100
"""Characters of a key or a value that a message quotes."""


class FormError(Portable, ValueError):
    """JSON data that is no graph: `path` is the place in it, `fact` what is wrong there, `help` what to do.

    Each class has the words of the two, with holes.
    """

    fact_words: ClassVar[str]
    help_words: ClassVar[str] = "compile the plan again, and save its graph anew"

    def __init__(self, path: str, **values: object) -> None:
        """Fill the holes; without a suggestion there is the help of all."""
        found = {name: shown(_text(value)) for name, value in values.items()}
        self.path = path
        self.fact = self.fact_words.format(**found)
        words = self.help_words if values.get("suggestion", "") is not None else FormError.help_words
        self.help = words.format(**found)
        super().__init__(f"{path or 'the whole'}: {self.fact}: {self.help}")


class Malformed(FormError):
    """Something else is wanted here."""

    fact_words = "{wanted} is wanted here, not {found}"


class Missing(FormError):
    """A key is not there."""

    fact_words = "`{key}` is missing"


class Surplus(FormError):
    """A key is not known."""

    fact_words = "nothing is called `{key}` here"
    help_words = "did you mean `{suggestion}`?"


class WrongVersion(FormError):
    """Another version of the form, or of the language."""

    fact_words = "this is version {found}, and only {known} is read"


class NoSuchTool(FormError):
    """A tool that is not in the toolbox."""

    fact_words = "no tool is called `{name}`"
    help_words = "did you mean `{suggestion}`?"


class WrongParameter(FormError):
    """An argument that the tool does not take, or lacks."""

    fact_words = "`{tool}` {what}"
    help_words = "its parameters are: {known}"


class WrongEffects(FormError):
    """What is done to the world by now is not what was saved."""

    fact_words = "the effects are {found} by now, not {saved}"
    help_words = "compile the plan again with these tools"


class BrokenReference(FormError):
    """What is read or waited for is not there, or not above."""

    fact_words = "{what}"


class WrongOrder(FormError):
    """Order edges that are not those of the effects."""

    fact_words = "the order edges of `{node}` are not those that its effects ask for"
    help_words = "compile the plan again: what changes something must keep its order"


class SecretLeak(FormError):
    """A secret that goes where it may be seen."""

    fact_words = "{what}"
    help_words = "compile the plan again with these tools, and it says where"


class TooLarge(FormError):
    """More than the bounds allow."""

    fact_words = "this is more than {most} {what}"
    help_words = "give wider `bounds`"


class TooDeep(TooLarge):
    """Deeper than the bounds allow."""

    fact_words = "this is deeper than {most} levels"


def _text(value: object) -> str:
    """A value in a sentence: a text as it is."""
    return value if isinstance(value, str) else short_repr(value)


def shown(text: str) -> str:
    """A text from outside, not too long and without what controls a terminal."""
    short = text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"
    return visible(short)
