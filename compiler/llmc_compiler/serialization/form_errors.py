"""Mistakes in JSON data that should be a graph.

FormError
    Malformed          a value of the wrong kind
    Missing  Surplus   a missing key, an unknown key
    WrongVersion       another version of the form, or of the language
    NoSuchTool         a tool that is not in the toolbox
    WrongParameter     an argument that the tool does not take, or lacks
    WrongEffects       effects of the tools that differ from the saved ones
    BrokenReference    a reference to a missing node or input, or to a node below
    WrongOrder         order edges that do not match the effects
    SecretLeak         a secret that is used where it may be seen
    TooLarge           data beyond the bounds
      TooDeep
"""

# ruff: noqa: N818 — they are caught by name, and `except WrongVersion` is clear

from typing import ClassVar, Final

from llmc_compiler.representation.short_repr import short_repr
from llmc_grammar.portable import Portable
from llmc_grammar.terminal_text import visible

_LONGEST: Final = 100
"""Longest key or value that a message quotes, in characters."""


class FormError(Portable, ValueError):
    """Raised for JSON data that is not a graph; each class has templates for `fact` and `help`."""

    fact_words: ClassVar[str]
    """The template of `fact`."""
    help_words: ClassVar[str] = "compile the plan again and save its graph"
    """The template of `help`."""
    path: str
    """The place in the data, such as `nodes[2].operation`."""
    fact: str
    """The mistake."""
    help: str
    """The instruction that corrects it."""

    def __init__(self, path: str, **values: object) -> None:
        """Fill the templates; if the suggestion is None, the default help is used."""
        fields = {name: shown(_text(value)) for name, value in values.items()}
        self.path = path
        self.fact = self.fact_words.format(**fields)
        words = self.help_words if values.get("suggestion", "") is not None else FormError.help_words
        self.help = words.format(**fields)
        super().__init__(f"{path or 'the graph'}: {self.fact}: {self.help}")


class Malformed(FormError):
    """A value of the wrong kind."""

    fact_words = "expected {wanted}, not {found}"


class Missing(FormError):
    """A missing key."""

    fact_words = "`{key}` is missing"


class Surplus(FormError):
    """An unknown key."""

    fact_words = "`{key}` is not a known key"
    help_words = "did you mean `{suggestion}`?"


class WrongVersion(FormError):
    """Another version of the form, or of the language."""

    fact_words = "this is version {found}, and llmc reads {known}"


class NoSuchTool(FormError):
    """A tool that is not in the toolbox."""

    fact_words = "no tool is called `{name}`"
    help_words = "did you mean `{suggestion}`?"


class WrongParameter(FormError):
    """An argument that the tool does not take, or lacks."""

    fact_words = "`{tool}` {what}"
    help_words = "its parameters are: {known}"


class WrongEffects(FormError):
    """Effects of the tools that differ from the saved ones."""

    fact_words = "the effects are now {found}, not {saved}"
    help_words = "compile the plan again with these tools"


class BrokenReference(FormError):
    """A reference to a missing node or input, or to a node below."""

    fact_words = "{what}"


class WrongOrder(FormError):
    """Order edges that do not match the effects."""

    fact_words = "the order edges of `{node}` do not match its effects"
    help_words = "compile the plan again: calls that write must keep their order"


class SecretLeak(FormError):
    """A secret that is used where it may be seen."""

    fact_words = "{what}"
    help_words = "compile the plan again with these tools to see where"


class TooLarge(FormError):
    """Data that exceeds the bounds."""

    fact_words = "there are more than {most} {what}"
    help_words = "pass wider `bounds`"


class TooDeep(TooLarge):
    """Data that is nested more deeply than the bounds allow."""

    fact_words = "the nesting is deeper than {most} levels"


def _text(value: object) -> str:
    """Return a value for a sentence: a text as it is, others as a short `repr`."""
    return value if isinstance(value, str) else short_repr(value)


def shown(text: str) -> str:
    """Shorten untrusted text and make its control characters visible."""
    short = text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"
    return visible(short)
