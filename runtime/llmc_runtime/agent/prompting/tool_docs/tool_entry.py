"""A tool in the list of tools, with parts left out according to a cut."""

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
"""Number of values of an enumeration that a cut never removes."""

_LONGEST: Final = 2_000
"""Maximum number of characters in a tool's description."""

_LONGEST_NAME: Final = 80
_LONGEST_DEFAULT: Final = 100
_MOST_IN_FORMS: Final = 400
"""Maximum number of parameters that are written for all forms together."""

_UNNAMED: Final = frozenset({"others"})
"""The names given to parameters that a schema does not name."""

_RECORDS_OF_RESULTS: Final = 2
"""Levels of nested records that are written for a result: the result itself, and the records in it."""

_NAMED_EFFECTS: Final = frozenset({Kind.IDEMPOTENT, Kind.WRITE, Kind.OPAQUE, Kind.BARE})


@dataclass(frozen=True, slots=True)
class ListedTool:
    """A tool in a prompt: a `signature` such as `search(entity: str) -> str`, and a `description` of a few lines.

    `parameters` are lines that describe parameters. `writes`: the tool changes something; `changes`: its results may
    change between plans.
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
        """Write `name: type`, with `= default`, or `name?: type` if the default is unknown."""
        name, many = self.parameter.name, self.parameter.many
        shown = self._type(bounds=self.bounds <= cut.bounds, values=self.values <= cut.values)
        shown = f"Secret[{shown}]" if self.is_secret else shown
        if self.parameter.required or many:
            return f"{many}{name}: {shown}"
        return f"{name}?: {shown}" if self._default is None else f"{name}: {shown} = {self._default}"

    @cached_property
    def bounds(self) -> int:
        """The number of characters of bounds, formats and patterns."""
        return len(self._type()) - len(self._type(bounds=False))

    @cached_property
    def values(self) -> int:
        """The number of characters of the values of long enumerations."""
        return len(self._type()) - len(self._type(values=False))

    @cached_property
    def _default(self) -> str | None:
        """The default as JSON, if it is known and short."""
        flat = FlatSchema(self.whole).take(self.parameter.schema).schema
        return json_piece(flat["default"], _LONGEST_DEFAULT) if "default" in flat else None

    @cached_property
    def _types(self) -> dict[tuple[bool, bool], str]:
        """A cache of the types that were written."""
        return {}

    def _type(self, *, bounds: bool = True, values: bool = True) -> str:
        """Return the type, with or without bounds, with most values or a few."""
        if (bounds, values) not in self._types:
            most = MOST_VALUES if values else _FEW_VALUES
            self._types[bounds, values] = type_text(self.parameter.schema, self.whole, bounds=bounds, values=most)
        return self._types[bounds, values]


class ToolText:
    """A tool with all parts of its entry in the list of tools."""

    def __init__(self, tool: Tool) -> None:
        self.tool = tool
        self._whole = tool.signature.parameters
        own = getattr(tool, "own_name", tool.name)
        self._own_name = "" if own.isascii() else line_text(own, _LONGEST_NAME).text
        self._description: PromptText = lines_text(tool.description, _LONGEST)
        self._result = _result(tool)
        self._forms = [[self._argument(parameter) for parameter in form] for form in _forms(tool)]
        takes = tool.signature.takes
        self.notes: list[ParameterNote] = [note for parameter in takes for note in notes_of(parameter, self._whole)]

    def _argument(self, parameter: ToolParameter) -> EntryArgument:
        """Build the argument for a parameter of the tool."""
        return EntryArgument(parameter, self._whole, parameter.name in self.tool.marks.secrets)

    def listed(self, cut: ListCut = WHOLE) -> ListedTool:
        """Return the tool as a planner sees it."""
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
        """Write name, parameters and result with their types, one line for each form of a call."""
        first, *others = [f"{self.tool.name}({', '.join(self._parameters(form, cut))})" for form in self._forms]
        return "\n  or ".join([f"{first} -> {self._result}", *others])

    def _parameters(self, form: Sequence[EntryArgument], cut: ListCut) -> Iterator[str]:
        """Yield parameters; `/` ends the positional-only ones, `*` begins the keyword-only ones, `…` is anything."""
        shape = self.tool.signature.shape
        if shape == ANYTHING and {argument.parameter.name for argument in form} <= _UNNAMED:
            yield "…"
            return
        unnamed = [argument.parameter.name for argument in form if not argument.parameter.many]
        unnamed = [name for name in unnamed if name not in shape.named]
        by_name = False
        for index, argument in enumerate(form):
            name, many = argument.parameter.name, argument.parameter.many
            if not (many or by_name or shape.positional[index : index + 1] == (name,)):
                by_name = True
                yield "*"
            by_name = by_name or bool(many)
            yield argument.text(cut)
            if unnamed and name == unnamed[-1] and not many:
                yield "/"

    def _described(self, cut: ListCut) -> str:
        """Return the tool's description after the cut."""
        text = self._description.text
        if len(text) > cut.sentences:
            text = shortened(text, max(cut.sentences, len(self._description.sentence)))
        return shortened(text, cut.descriptions)

    def left_out(self, cut: ListCut) -> dict[str, tuple[int, int]]:
        """Return the missing and the total characters for each kind of part, in the order in which they are cut."""
        arguments = [argument for form in self._forms for argument in form]
        bounds = sum(argument.bounds for argument in arguments if argument.bounds > cut.bounds)
        values = sum(argument.values for argument in arguments if argument.values > cut.values)
        return {
            "examples": _missing((len(note.examples), len(note.shown_examples(cut))) for note in self.notes),
            "bounds and formats": (bounds, sum(argument.bounds for argument in arguments) if bounds else 0),
            **{
                f"descriptions of {'required' if is_required else 'optional'} parameters": _missing(
                    (note.text.length, len(note.described(cut))) for note in self.notes if note.required is is_required
                )
                for is_required in (False, True)
            },
            "values of enumerations": (values, sum(argument.values for argument in arguments) if values else 0),
            "descriptions": _missing([(self._description.length, len(self._described(cut)))]),
        }


def _missing(lengths: Sequence[tuple[int, int]] | Iterator[tuple[int, int]]) -> tuple[int, int]:
    """Return the missing and the total characters, from the lengths of originals and of their cut texts."""
    missing = total = 0
    for length, left in lengths:
        missing += max(length - left, 0)
        total += length
    return missing, total


def _result(tool: Tool) -> str:
    """Write the type of the result."""
    gives = type_text(tool.signature.returns, records=_RECORDS_OF_RESULTS, bounds=False, values=_FEW_VALUES)
    return f"Secret[{gives}]" if tool.marks.returns_secret else gives


def _forms(tool: Tool) -> Sequence[Sequence[ToolParameter]]:
    """Return the sets of parameters that a call may have, or one set of all parameters if the sets are too large."""
    takes, forms = tool.signature.takes, tool.signature.forms
    named = {parameter.name for form in forms for parameter in form}
    beside = tuple(parameter for parameter in takes if parameter.name not in named)
    if not forms or sum(len(form) + len(beside) for form in forms) > _MOST_IN_FORMS:
        return [takes]
    return [(*form, *beside) for form in forms]
