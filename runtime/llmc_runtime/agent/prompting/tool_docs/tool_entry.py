"""A tool as it is told of, with parts of it left out as a cut says."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

from llmc_compiler.effects.effects import Kind
from llmc_compiler.tools.argument_binding import ANYTHING
from llmc_compiler.tools.signature import ToolParameter
from llmc_compiler.tools.tool import Tool
from llmc_runtime.agent.prompting.tool_docs.cut import WHOLE, ListCut
from llmc_runtime.agent.prompting.tool_docs.flat_schema import FlatSchema
from llmc_runtime.agent.prompting.tool_docs.parameter_notes import ParameterNote, notes_of
from llmc_runtime.agent.prompting.tool_docs.prompt_texts import PromptText, json_piece, line_text, lines_text, shortened
from llmc_runtime.agent.prompting.tool_docs.type_texts import MOST_VALUES, type_text

_FEW_VALUES: Final = 10
"""Values of an enumeration that a cut leaves."""

_LONGEST: Final = 2_000
"""Characters of a tool's description."""

_LONGEST_NAME: Final = 80
_LONGEST_DEFAULT: Final = 100
_MOST_IN_FORMS: Final = 400
"""Parameters of all forms together that are written."""

_UNNAMED: Final = frozenset({"others"})
"""The names of parameters that a schema does not name."""

_RECORDS_OF_RESULTS: Final = 2
"""A result is a record of its own, as arguments are, with records one level deep inside."""

_NAMED_EFFECTS: Final = frozenset({Kind.IDEMPOTENT, Kind.WRITE, Kind.OPAQUE, Kind.BARE})


@dataclass(frozen=True, slots=True)
class ListedTool:
    """A tool in a prompt: `signature` as `search(entity: str) -> str`, `description` in a few lines.

    `parameters` are lines that describe parameters. `writes`: it changes something; `changes`: its answers change.
    """

    name: str
    signature: str
    description: str
    effect: str
    writes: bool
    changes: bool = False
    parameters: tuple[str, ...] = ()


@dataclass(frozen=True)
class EntryArgument:
    """A parameter in a signature."""

    parameter: ToolParameter
    whole: Mapping[str, Any]
    is_secret: bool

    def text(self, cut: ListCut) -> str:
        """`name: type`, with `= default` or, where that is not known, as `name?: type`."""
        each = self.parameter
        shown = self._type(bounds=self.bounds <= cut.bounds, values=self.values <= cut.values)
        shown = f"Secret[{shown}]" if self.is_secret else shown
        if each.required or each.many:
            return f"{each.many}{each.name}: {shown}"
        return f"{each.name}?: {shown}" if self._default is None else f"{each.name}: {shown} = {self._default}"

    @cached_property
    def bounds(self) -> int:
        """Characters of bounds, formats and patterns."""
        return len(self._type()) - len(self._type(bounds=False))

    @cached_property
    def values(self) -> int:
        """Characters of values of long enumerations."""
        return len(self._type()) - len(self._type(values=False))

    @cached_property
    def _default(self) -> str | None:
        """The default, if it is known."""
        flat = FlatSchema(self.whole).take(self.parameter.schema).schema
        return json_piece(flat["default"], _LONGEST_DEFAULT) if "default" in flat else None

    @cached_property
    def _types(self) -> dict[tuple[bool, bool], str]:
        """The types that were written."""
        return {}

    def _type(self, *, bounds: bool = True, values: bool = True) -> str:
        """The type, with or without bounds, with most values or a few."""
        if (bounds, values) not in self._types:
            most = MOST_VALUES if values else _FEW_VALUES
            self._types[bounds, values] = type_text(self.parameter.schema, self.whole, bounds=bounds, values=most)
        return self._types[bounds, values]


class ToolText:
    """All that can be told of a tool."""

    def __init__(self, tool: Tool) -> None:
        self.tool = tool
        self._whole = tool.signature.parameters
        own = getattr(tool, "own_name", tool.name)
        self._own_name = "" if own.isascii() else line_text(own, _LONGEST_NAME).text
        self._description: PromptText = lines_text(tool.description, _LONGEST)
        self._result = _result(tool)
        self._forms = [[self._argument(each) for each in form] for form in _forms(tool)]
        self.notes: list[ParameterNote] = [
            note for each in tool.signature.takes for note in notes_of(each, self._whole)
        ]

    def _argument(self, parameter: ToolParameter) -> EntryArgument:
        """A parameter of the tool."""
        return EntryArgument(parameter, self._whole, parameter.name in self.tool.marks.secrets)

    def listed(self, cut: ListCut = WHOLE) -> ListedTool:
        """The tool as a planner sees it."""
        effect, tool = self.tool.effect, self.tool
        own = f"({self._own_name}) " if self._own_name else ""
        description = f"{own}{self._described(cut)}".strip().replace("\n", "\n    ")
        lines = tuple(filter(None, (note.line(cut) for note in self.notes)))
        return ListedTool(
            name=tool.name,
            signature=self.signature(cut),
            description=description,
            effect=str(effect),
            writes=effect.kind in _NAMED_EFFECTS,
            changes=not tool.reuse,
            parameters=lines,
        )

    def signature(self, cut: ListCut = WHOLE) -> str:
        """Name, parameters and result with their types; a line for each form of a call."""
        first, *others = [f"{self.tool.name}({', '.join(self._parameters(form, cut))})" for form in self._forms]
        return "\n  or ".join([f"{first} -> {self._result}", *others])

    def _parameters(self, form: Sequence[EntryArgument], cut: ListCut) -> Iterator[str]:
        """Parameters; `/` ends those without a name, `*` begins those that go by name alone, `…` is anything."""
        shape = self.tool.signature.shape
        if shape == ANYTHING and {each.parameter.name for each in form} <= _UNNAMED:
            yield "…"
            return
        unnamed = [each.parameter.name for each in form if not each.parameter.many]
        unnamed = [name for name in unnamed if name not in shape.named]
        by_name = False
        for index, each in enumerate(form):
            name, many = each.parameter.name, each.parameter.many
            if not (many or by_name or shape.positional[index : index + 1] == (name,)):
                by_name = True
                yield "*"
            by_name = by_name or bool(many)
            yield each.text(cut)
            if unnamed and name == unnamed[-1] and not many:
                yield "/"

    def _described(self, cut: ListCut) -> str:
        """The tool's description after the cut."""
        text = self._description.text
        if len(text) > cut.sentences:
            text = shortened(text, max(cut.sentences, len(self._description.sentence)))
        return shortened(text, cut.descriptions)

    def left_out(self, cut: ListCut) -> dict[str, tuple[int, int]]:
        """How many characters of how many a cut leaves out, by kinds of parts, in the order in which they are cut."""
        arguments = [each for form in self._forms for each in form]
        bounds = sum(each.bounds for each in arguments if each.bounds > cut.bounds)
        values = sum(each.values for each in arguments if each.values > cut.values)
        return {
            "examples": _missing((len(each.examples), len(each.shown_examples(cut))) for each in self.notes),
            "bounds and formats": (bounds, sum(each.bounds for each in arguments) if bounds else 0),
            **{
                f"descriptions of {'required' if is_required else 'optional'} parameters": _missing(
                    (each.text.length, len(each.described(cut))) for each in self.notes if each.required is is_required
                )
                for is_required in (False, True)
            },
            "values of enumerations": (values, sum(each.values for each in arguments) if values else 0),
            "descriptions": _missing([(self._description.length, len(self._described(cut)))]),
        }


def _missing(lengths: Sequence[tuple[int, int]] | Iterator[tuple[int, int]]) -> tuple[int, int]:
    """How many characters are missing of how many, by lengths of originals and of what is left."""
    missing = total = 0
    for length, left in lengths:
        missing += max(length - left, 0)
        total += length
    return missing, total


def _result(tool: Tool) -> str:
    """The type of the result."""
    gives = type_text(tool.signature.returns, records=_RECORDS_OF_RESULTS, bounds=False, values=_FEW_VALUES)
    return f"Secret[{gives}]" if tool.marks.returns_secret else gives


def _forms(tool: Tool) -> Sequence[Sequence[ToolParameter]]:
    """The sets of parameters that a call may have; one set of all where there are too many to be told."""
    takes, forms = tool.signature.takes, tool.signature.forms
    named = {each.name for form in forms for each in form}
    beside = tuple(each for each in takes if each.name not in named)
    if not forms or sum(len(form) + len(beside) for form in forms) > _MOST_IN_FORMS:
        return [takes]
    return [(*form, *beside) for form in forms]
