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

from collections.abc import Callable, Iterable, Mapping
from dataclasses import FrozenInstanceError
from string import Formatter
from typing import TYPE_CHECKING, Any, ClassVar, Literal, TypeVar

from llmc_grammar.mistake import _REQUIRED, Edit, Note, mistake
from llmc_grammar.source import Source, Span

D = TypeVar("D", bound="Diagnostic")


@mistake
class Diagnostic:
    """A mistake at a place; subclasses hold the words.

    An edit is safe only if its class says so, it is no guess, and it keeps the author's words (`safety.py`). `source`
    is the text that the mistake is in, where that is known.
    """

    code: ClassVar[str]
    title: ClassVar[str]
    label: ClassVar[str] = ""
    help: ClassVar[str] = ""
    is_safe: ClassVar[bool] = False
    renames: ClassVar[bool] = False
    fields: ClassVar[Mapping[str, object]]

    span: Span
    notes: tuple[Note, ...] = ()
    edit: Edit | None = None
    is_guess: bool = False

    source: ClassVar[Source | None] = None

    if not TYPE_CHECKING:

        def __init__(self, **given: object) -> None:
            """Take the values of the fields; raises TypeError for a missing or an unknown one."""
            values = {**self.fields, **given}
            missing = [name for name, value in values.items() if value is _REQUIRED]
            if missing or len(values) != len(self.fields):
                wrong = missing or sorted(values.keys() - self.fields.keys())
                message = f"{type(self).__name__} has wrong fields: {', '.join(wrong)}"
                raise TypeError(message)
            self.__dict__.update(values)

        def __setattr__(self, name: str, value: object) -> None:
            """Refuse: a mistake never changes."""
            message = f"cannot assign to field {name!r}"
            raise FrozenInstanceError(message)

    def __eq__(self, other: object) -> bool:
        """Same mistake, same values, in whatever text."""
        return type(self) is type(other) and self._values() == other._values()

    def __hash__(self) -> int:
        """Hash of the values."""
        return hash((type(self), *self._values().values()))

    def __repr__(self) -> str:
        """The mistake as it would be made."""
        values = ", ".join(f"{name}={value!r}" for name, value in self._values().items())
        return f"{type(self).__name__}({values})"

    def __str__(self) -> str:
        """The mistake drawn without colour, or its title where its text is not known."""
        if self.source is None:
            return f"{self.severity}[{self.code}]: {self.message}"
        from llmc_grammar.render import render  # noqa: PLC0415 — it is about mistakes

        return render(self, self.source)

    def _values(self) -> dict[str, object]:
        """The values of the fields."""
        return {name: self.__dict__[name] for name in self.fields}

    @property
    def severity(self) -> Literal["error", "warning"]:
        """`warning` for codes that begin with W."""
        return "warning" if self.code.startswith("W") else "error"

    @property
    def message(self) -> str:
        """The title with its holes filled, in one line that controls no terminal."""
        from llmc_grammar.terminal_text import safe_words  # noqa: PLC0415 — it is about mistakes

        return safe_words(self.words("title"))

    @property
    def line(self) -> int | None:
        """The line on which it begins, from 1; None where its text is not known."""
        return None if self.source is None else self.source.position(self.span.start)[0]

    @property
    def column(self) -> int | None:
        """The column in which it begins, from 1, in characters; None where its text is not known."""
        return None if self.source is None else self.source.position(self.span.start)[1]

    def to_json(self) -> dict[str, Any]:
        """The mistake as JSON data, in the form of `llmc check --json`."""
        from llmc_grammar.render import to_json  # noqa: PLC0415 — it is about mistakes

        return to_json(self, self.source)

    def words(self, line: Literal["title", "label", "help"]) -> str:
        """One of the three lines with its holes filled, or nothing where a hole is None."""
        template: str = getattr(self, line)
        fields = {name: getattr(self, name) for _, name, _, _ in Formatter().parse(template) if name}
        return "" if None in fields.values() else template.format(**fields)


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
