"""A mistake, as data: one frozen class a mistake, its words as class constants with `{field}` holes.

    @mistake
    class UnknownTool(Diagnostic):
        code = "E201"
        title = "no tool is called `{name}`"
        label = "not in the toolbox"
        help = "did you mean `{suggestion}`?"

        name: str
        suggestion: str | None = None

A line with a hole that is None is left out. Who finds a mistake formats nothing; `render.py` draws.
"""

from collections.abc import Mapping
from dataclasses import FrozenInstanceError, dataclass
from inspect import get_annotations
from string import Formatter
from typing import TYPE_CHECKING, ClassVar, Final, Literal, TypeVar, dataclass_transform

from llmc_grammar.source import Span

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Edit:
    """A change of the text that mends a mistake: `span` is replaced by `text`."""

    span: Span
    text: str


@dataclass(frozen=True, slots=True)
class Note:
    """Another place that belongs to a mistake, and what is there."""

    span: Span
    label: str


_REQUIRED: Final = object()


@dataclass_transform(frozen_default=True, kw_only_default=True)
def mistake(cls: type[T]) -> type[T]:
    """Make a dataclass of the class: frozen, by keyword, equal by value.

    By hand: two hundred real ones would add 90 ms to each start of the command line.
    """
    own = {
        name: cls.__dict__.get(name, _REQUIRED)
        for name, annotation in get_annotations(cls).items()
        if getattr(annotation, "__origin__", None) is not ClassVar
    }
    cls.fields = {**getattr(cls, "fields", {}), **own}  # type: ignore[attr-defined]  # every mistake has them
    return cls


@mistake
class Diagnostic:
    """A mistake at a place; subclasses hold the words.

    An edit is safe only if its class says so, it is no guess, and it keeps the author's words (`safety.py`).
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
        """Same mistake, same values."""
        return type(self) is type(other) and self.__dict__ == other.__dict__

    def __hash__(self) -> int:
        """Hash of the values."""
        return hash((type(self), *self.__dict__.values()))

    def __repr__(self) -> str:
        """The mistake as it would be made."""
        values = ", ".join(f"{name}={value!r}" for name, value in self.__dict__.items())
        return f"{type(self).__name__}({values})"

    @property
    def severity(self) -> Literal["error", "warning"]:
        """`warning` for codes that begin with W."""
        return "warning" if self.code.startswith("W") else "error"

    def words(self, line: Literal["title", "label", "help"]) -> str:
        """One of the three lines with its holes filled, or nothing where a hole is None."""
        template: str = getattr(self, line)
        fields = {name: getattr(self, name) for _, name, _, _ in Formatter().parse(template) if name}
        return "" if None in fields.values() else template.format(**fields)


def without_edit(found: Diagnostic) -> Diagnostic:
    """Return a mistake without its edit."""
    fields = {name: getattr(found, name) for name in found.fields}
    return type(found)(**{**fields, "edit": None})
