"""A mistake, as data: one frozen class a mistake, its words as class constants with `{field}` holes.

    @mistake
    class UnknownTool(Diagnostic):
        code = "E201"
        title = "no tool is called `{name}`"
        label = "not in the toolbox"
        help = "did you mean `{suggestion}`?"

        name: str
        suggestion: str | None = None

A line with a hole that is None is left out. Who finds a mistake formats nothing; `render.py` draws. A mistake is given
its text when it leaves the compiler (`located`); `line`, `column` and `to_json()` are found in that.
"""

from collections.abc import Callable, Iterable
from typing import Any, TypeVar

from llmc_grammar.mistake import Edit, Mistake, Note
from llmc_grammar.render import render
from llmc_grammar.render import to_json as diagnostic_json
from llmc_grammar.source import Source, Span

D = TypeVar("D", bound="Diagnostic")


class Diagnostic(Mistake):
    """A mistake at a place; subclasses hold the words."""

    def __str__(self) -> str:
        """The mistake drawn without colour, or its title where its text is not known."""
        if self.source is None:
            return f"{self.severity}[{self.code}]: {self.message}"
        return render(self, self.source)

    def to_json(self) -> dict[str, Any]:
        """The mistake as JSON data, in the form of `llmc check --json`."""
        return diagnostic_json(self, self.source)


def without_edit(found: Diagnostic) -> Diagnostic:
    """Return a mistake without its edit."""
    fields = {name: getattr(found, name) for name in found.fields}
    return type(found)(**{**fields, "edit": None})


def located(found: Iterable[D], source: Source | None) -> tuple[D, ...]:
    """Return mistakes that know the text in which they are."""
    return tuple(found) if source is None else tuple(_in_source(each, source) for each in found)


def masked(found: D, mask: Callable[[str], str], source: Source | None) -> D:
    """Return a mistake of a source whose texts were masked, none of them longer or shorter than before."""
    new = object.__new__(type(found))
    new.__dict__.update({name: _masked(value, mask) for name, value in found.__dict__.items()}, source=source)
    return new


def _masked(value: object, mask: Callable[[str], str]) -> object:
    """The value of a field with its texts masked."""
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


def _in_source(found: D, source: Source) -> D:
    """Return a mistake that knows its text."""
    if found.source is source:
        return found
    new = object.__new__(type(found))
    new.__dict__.update(found.__dict__, source=source)
    return new
