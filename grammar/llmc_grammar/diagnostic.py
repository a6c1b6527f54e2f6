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

from dataclasses import dataclass
from string import Formatter
from typing import ClassVar, Literal, TypeVar, dataclass_transform

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


@dataclass(frozen=True, slots=True, kw_only=True)
class Diagnostic:
    """A mistake at a place; subclasses hold the words."""

    code: ClassVar[str]
    title: ClassVar[str]
    label: ClassVar[str] = ""
    help: ClassVar[str] = ""

    span: Span
    notes: tuple[Note, ...] = ()
    edit: Edit | None = None

    @property
    def severity(self) -> Literal["error", "warning"]:
        """`warning` for codes that begin with W."""
        return "warning" if self.code.startswith("W") else "error"

    def words(self, line: Literal["title", "label", "help"]) -> str:
        """One of the three lines with its holes filled, or nothing where a hole is None."""
        template: str = getattr(self, line)
        fields = {name: getattr(self, name) for _, name, _, _ in Formatter().parse(template) if name}
        return "" if None in fields.values() else template.format(**fields)


@dataclass_transform(frozen_default=True, kw_only_default=True)
def mistake(cls: type[T]) -> type[T]:
    """Make a frozen, slotted, keyword-only dataclass of the class."""
    return dataclass(frozen=True, slots=True, kw_only=True)(cls)
