"""Diagnostics as data: one frozen class per mistake, whose texts are class constants with `{field}` placeholders.

    @mistake
    class UnknownTool(Diagnostic):
        code = "E201"
        title = "no tool is called `{name}`"
        label = "not in the toolbox"
        help = "did you mean `{suggestion}`?"

        name: str
        suggestion: str | None = None

A text with a placeholder that is None is omitted. Checks only fill in the fields; `render.py` does the formatting. A
diagnostic receives its source when it leaves the compiler (`located`); `line`, `column` and `to_json()` need it.
"""

from collections.abc import Callable, Iterable
from typing import Any, TypeVar

from llmc_grammar.mistake import Edit, Mistake, Note
from llmc_grammar.render import render
from llmc_grammar.render import to_json as diagnostic_json
from llmc_grammar.source import Source, Span

D = TypeVar("D", bound="Diagnostic")


class Diagnostic(Mistake):
    """A mistake or warning at a span; subclasses define its texts."""

    def __str__(self) -> str:
        """Draw the diagnostic without colour; if its source is unknown, return only its title."""
        if self.source is None:
            return f"{self.severity}[{self.code}]: {self.message}"
        return render(self, self.source)

    def to_json(self) -> dict[str, Any]:
        """Return the diagnostic as JSON data, in the form of `llmc check --json`."""
        return diagnostic_json(self, self.source)


def without_edit(found: Diagnostic) -> Diagnostic:
    """Return a copy of a diagnostic without its edit."""
    fields = {name: getattr(found, name) for name in found.fields}
    return type(found)(**{**fields, "edit": None})


def located(found: Iterable[D], source: Source | None) -> tuple[D, ...]:
    """Return diagnostics that know their source."""
    return tuple(found) if source is None else tuple(_in_source(each, source) for each in found)


def relocated(found: D, move: Callable[[Span], Span]) -> D:
    """Return a diagnostic whose spans are moved, without its source."""
    new = object.__new__(type(found))
    new.__dict__.update({name: _relocated(found.__dict__[name], move) for name in found.fields})
    return new


def _relocated(value: object, move: Callable[[Span], Span]) -> object:
    """Move the spans in the value of a field."""
    match value:
        case Span():
            return move(value)
        case tuple():
            return tuple(_relocated(each, move) for each in value)
        case Edit(span, text):
            return Edit(move(span), text)
        case Note(span, label):
            return Note(move(span), label)
        case _:
            return value


def masked(found: D, mask: Callable[[str], str], source: Source | None) -> D:
    """Return a diagnostic with masked texts, for a masked source of the same length."""
    new = object.__new__(type(found))
    new.__dict__.update({name: _masked(value, mask) for name, value in found.__dict__.items()}, source=source)
    return new


def _masked(value: object, mask: Callable[[str], str]) -> object:
    """Mask the texts in the value of a field."""
    match value:
        case str():
            return mask(value)
        case tuple() if not isinstance(value, Span):
            return tuple(_masked(each, mask) for each in value)
        case Edit(span, text):
            return Edit(span, mask(text))
        case Note(span, label):
            return Note(span, mask(label))
        case _:
            return value


def _in_source(diagnostic: D, source: Source) -> D:
    """Return a diagnostic that knows its source."""
    if diagnostic.source is source:
        return diagnostic
    new = object.__new__(type(diagnostic))
    new.__dict__.update(diagnostic.__dict__, source=source)
    return new
