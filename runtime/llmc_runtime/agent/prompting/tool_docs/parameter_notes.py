"""The lines below a tool that describe its parameters, and the keys of their records."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from llmc_compiler.json_schema.schema_keywords import listed
from llmc_compiler.tools.signature import ToolParameter
from llmc_runtime.agent.prompting.tool_docs.cut import ListCut
from llmc_runtime.agent.prompting.tool_docs.flat_schema import FlatSchema
from llmc_runtime.agent.prompting.tool_docs.prompt_texts import PromptText, json_piece, key_text, line_text

_LONGEST: Final = 1_000
"""Maximum number of characters in a parameter's description."""

_LONGEST_NAME: Final = 80
_LONGEST_EXAMPLE: Final = 60
_MOST_EXAMPLES: Final = 3
_MOST_OPTIONS: Final = 5
"""Maximum number of alternatives of a schema whose descriptions are used."""

_MOST_KEYS: Final = 30
_DEEPEST: Final = 4
"""Maximum number of lists and unions around a record."""


@dataclass(frozen=True, slots=True)
class ParameterNote:
    """A parameter and its description; its line is never cut if it shows the tool's own name for the parameter.

    Of the notes that tools share, the first may stand for all; `required` then means required by any of the tools.
    """

    name: str
    own_name: str
    text: PromptText
    examples: str
    required: bool
    is_shared: bool = False
    is_first: bool = True

    def line(self, cut: ListCut) -> str:
        """Return the line after the cut, or an empty text."""
        once = self._is_told_once(cut)
        text = self.described(cut) if self.is_first or not once else ""
        examples = self.shown_examples(cut)
        head = f"{self.name} ({self.own_name})" if self.own_name else self.name
        head = f"{head}, here and below" if text and once else head
        rest = " ".join(filter(None, (text, f"(e.g. {examples})" if examples else "")))
        return f"{head}: {rest}" if rest else head if self.own_name else ""

    def described(self, cut: ListCut) -> str:
        """Return the description after the cut, here or in the first of the shared notes."""
        required = cut.shared if self._is_told_once(cut) else cut.required
        return self.text.cut(required if self.required else cut.optional)

    def _is_told_once(self, cut: ListCut) -> bool:
        """Whether the first of equal notes stands for all."""
        return self.is_shared and len(self.text.text) > cut.repeated

    def shown_examples(self, cut: ListCut) -> str:
        """Return the examples, unless they are cut."""
        return self.examples if len(self.examples) <= cut.examples else ""


def notes_of(parameter: ToolParameter, whole: object) -> Iterator[ParameterNote]:
    """Yield the notes on a parameter and on the keys of its records."""
    flat = FlatSchema(whole).take(parameter.schema).schema
    own = "" if parameter.own_name == parameter.name else line_text(parameter.own_name, _LONGEST_NAME).text
    yield ParameterNote(parameter.name, own, _description(flat, whole), _examples(flat), parameter.required)
    for path, part, needed in list(_keys(flat, whole, parameter.name, _DEEPEST))[:_MOST_KEYS]:
        yield ParameterNote(path, "", _description(part, whole), _examples(part), parameter.required and needed)


def joined(notes: Sequence[Sequence[ParameterNote]]) -> list[list[ParameterNote]]:
    """Mark the notes that several tools share, and the first of each."""
    keys = [{(note.name, note.own_name, note.text) for note in tool if note.text.text} for tool in notes]
    times = Counter(key for tool in keys for key in tool)
    required = {(note.name, note.own_name, note.text) for tool in notes for note in tool if note.required}
    seen: set[tuple[str, str, PromptText]] = set()
    marked: list[list[ParameterNote]] = []
    for tool in notes:
        marked.append([])
        for note in tool:
            key = (note.name, note.own_name, note.text)
            is_first = key not in seen
            seen.add(key)
            shared = replace(note, required=key in required, is_shared=True, is_first=is_first)
            marked[-1].append(shared if times[key] > 1 else note)
    return marked


def _description(flat: Mapping[str, Any], whole: object) -> PromptText:
    """Return the description of a schema, or those of its alternatives."""
    own = flat.get("description")
    if not isinstance(own, str) or not own.strip():
        inside = (FlatSchema(whole).take(option).schema.get("description") for option in _options(flat))
        own = "; or: ".join(dict.fromkeys(text.strip() for text in inside if isinstance(text, str)))
    description = line_text(own, _LONGEST)
    if flat.get("deprecated") is True:
        return PromptText(f"(deprecated) {description.text}".strip(), description.length)
    return description


def _options(flat: Mapping[str, Any]) -> list[object]:
    """Return the alternatives of a schema."""
    return listed(flat, "anyOf" if "anyOf" in flat else "oneOf")[:_MOST_OPTIONS]


def _examples(flat: Mapping[str, Any]) -> str:
    """Return the first examples of a schema."""
    several = listed(flat, "examples") if "examples" in flat or "example" not in flat else [flat["example"]]
    return ", ".join(filter(None, (json_piece(value, _LONGEST_EXAMPLE) for value in several[:_MOST_EXAMPLES])))


def _keys(
    flat: Mapping[str, Any], whole: object, path: str, depth: int
) -> Iterator[tuple[str, Mapping[str, Any], bool]]:
    """Yield the keys of the records that a schema allows: path, schema, and whether the key is required."""
    properties = flat.get("properties")
    if isinstance(properties, Mapping):
        required = listed(flat, "required")
        for name, part in list(properties.items())[:_MOST_KEYS]:
            place = f"{path}.{name}" if name.isidentifier() else f"{path}[{key_text(name, _LONGEST_NAME)}]"
            yield place, FlatSchema(whole).take(part).schema, name in required
    elif depth > 0:
        inside = [(path, option) for option in _options(flat)]
        if isinstance(flat.get("items"), Mapping):
            inside.append((f"{path}[]", flat["items"]))
        for place, part in inside:
            yield from _keys(FlatSchema(whole).take(part).schema, whole, place, depth - 1)
