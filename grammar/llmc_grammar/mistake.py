"""The data of a diagnostic: its fields, words, edit and notes."""

from collections.abc import Mapping
from dataclasses import FrozenInstanceError
from inspect import get_annotations
from string import Formatter
from typing import TYPE_CHECKING, ClassVar, Final, Literal, TypeVar, dataclass_transform

from llmc_grammar.frozen_data import frozen
from llmc_grammar.source import Source, Span
from llmc_grammar.terminal_text import safe_words

T = TypeVar("T")


@frozen
class Edit:
    """A change that repairs a mistake: `text` replaces `span`."""

    span: Span
    """The part of the text to replace."""
    text: str
    """The text to put there."""


@frozen
class Note:
    """A related span and its label."""

    span: Span
    """The place in the text."""
    label: str
    """The words below the place."""


_REQUIRED: Final = object()


@dataclass_transform(frozen_default=True, kw_only_default=True)
def mistake(cls: type[T]) -> type[T]:
    """Turn a class into a frozen dataclass with keyword arguments and comparison by value.

    Two hundred real dataclasses would add 90 ms to each start of the command line.
    """
    own = {
        name: cls.__dict__.get(name, _REQUIRED)
        for name, annotation in get_annotations(cls).items()
        if getattr(annotation, "__origin__", None) is not ClassVar
    }
    cls.fields = {**getattr(cls, "fields", {}), **own}  # type: ignore[attr-defined]  # declared by Diagnostic
    return cls


@mistake
class Mistake:
    """A mistake or warning at a span; subclasses define its texts.

    An edit is safe only if the class sets `is_safe`, the edit is not a guess, and it keeps the author's words
    (`safety.py`). `source` is the text of the plan, or None if it is unknown.
    """

    code: ClassVar[str]
    """The code, such as `E201`."""
    title: ClassVar[str]
    """The template of the message."""
    label: ClassVar[str] = ""
    """The template of the words below the span."""
    help: ClassVar[str] = ""
    """The template of the help."""
    is_safe: ClassVar[bool] = False
    """Whether edits of this class may be made without asking."""
    renames: ClassVar[bool] = False
    """Whether an edit of this class may correct a name and still be safe."""
    fields: ClassVar[Mapping[str, object]]
    """The fields of the class with their defaults."""

    span: Span
    """The place of the mistake in the text."""
    notes: tuple[Note, ...] = ()
    """Other places that explain the mistake."""
    edit: Edit | None = None
    """A change of the text that removes the mistake, None without one."""
    is_guess: bool = False
    """True if the edit may be wrong."""

    source: ClassVar[Source | None] = None
    """The text of the plan, None if it is unknown."""

    if not TYPE_CHECKING:

        def __init__(self, **given: object) -> None:
            values = {**self.fields, **given}
            missing = [name for name, value in values.items() if value is _REQUIRED]
            if missing or len(values) != len(self.fields):
                wrong = missing or sorted(values.keys() - self.fields.keys())
                message = f"{type(self).__name__} has wrong fields: {', '.join(wrong)}"
                raise TypeError(message)
            self.__dict__.update(values)

        def __setattr__(self, name: str, value: object) -> None:
            """Raise FrozenInstanceError: a diagnostic never changes."""
            message = f"cannot assign to field {name!r}"
            raise FrozenInstanceError(message)

    def __eq__(self, other: object) -> bool:
        """Compare class and fields, but not the source."""
        return type(self) is type(other) and self._values() == other._values()

    def __hash__(self) -> int:
        """Hash of the values."""
        return hash((type(self), *self._values().values()))

    def __repr__(self) -> str:
        """Return the call that would make the diagnostic."""
        values = ", ".join(f"{name}={value!r}" for name, value in self._values().items())
        return f"{type(self).__name__}({values})"

    def _values(self) -> dict[str, object]:
        """Return the values of the fields."""
        return {name: self.__dict__[name] for name in self.fields}

    @property
    def severity(self) -> Literal["error", "warning"]:
        """`warning` for codes that begin with W."""
        return "warning" if self.code.startswith("W") else "error"

    @property
    def message(self) -> str:
        """The title with its fields filled in, on one line and without terminal control characters."""
        return safe_words(self.words("title"))

    @property
    def line(self) -> int | None:
        """The line on which it begins, counted from 1; None if its source is unknown."""
        return None if self.source is None else self.source.position(self.span.start)[0]

    @property
    def column(self) -> int | None:
        """The column in which it begins, in characters counted from 1; None if its source is unknown."""
        return None if self.source is None else self.source.position(self.span.start)[1]

    def words(self, line: Literal["title", "label", "help"]) -> str:
        """Return one of the three texts with its fields filled in; empty if one of these fields is None."""
        template: str = getattr(self, line)
        fields = {name: getattr(self, name) for _, name, _, _ in Formatter().parse(template) if name}
        return "" if None in fields.values() else template.format(**fields)
