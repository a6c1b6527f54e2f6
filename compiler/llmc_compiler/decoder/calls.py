"""Calls in one line of a plan: each tool with its own arguments, in the order of its parameters."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from llmc_compiler.decoder.notation import Part, choice, maybe, repeat, seq
from llmc_compiler.decoder.shapes import NOTHING, Shape, shape_of, shape_of_type
from llmc_compiler.decoder.steps import is_word
from llmc_compiler.decoder.values import Field, Values
from llmc_compiler.tools import Tool
from llmc_compiler.types import NEVER, Type
from llmc_grammar.bounds import Bounds

_MOST_MORE: Final = 8
"""How many arguments there are behind those with a name."""


@dataclass(frozen=True, slots=True)
class Parameter:
    """A parameter: the name by which it may be given, None where it has none."""

    name: str | None
    shape: Shape
    required: bool


@dataclass(frozen=True, slots=True)
class Callee:
    """A tool as a grammar sees it: what it takes, the first so many by position and `more` behind them, and gives."""

    name: str
    parameters: tuple[Parameter, ...]
    positional: int
    more: Shape
    gives: Type

    @staticmethod
    def of(tool: Tool) -> "Callee":
        """What a tool takes."""
        whole, shape = tool.signature.parameters, tool.signature.shape
        parameters = tuple(
            Parameter(
                each.name if each.name in shape.named and is_word(each.name) else None,
                shape_of(each.schema, whole),
                each.required,
            )
            for each in tool.signature.takes
            if not each.many
        )
        wanted = tool.signature.wants(None).at_least if shape.more_positional else NEVER
        return Callee(tool.name, parameters, len(shape.positional), shape_of_type(wanted), tool.signature.gives)

    def names(self) -> Iterator[str]:
        """The names by which arguments may be given."""
        return (each.name for each in self.parameters if each.name is not None)


def call(tool: Callee, number: int, values: Values, references: int = Bounds.MODEL.references) -> Part | None:
    """A call of a tool in one line, with so many references; `number` is the tool's in the toolbox."""
    places = len(tool.parameters) + (0 if tool.more == NOTHING else _MOST_MORE)
    budget = references // max(places, 1)
    fields = [
        Field(None if each.name is None else f"{each.name}=", values.of(each.shape, budget), each.required)
        for each in tool.parameters
    ]
    more = None if tool.more == NOTHING else values.of(tool.more, budget)
    return seq(f"{tool.name}(", _arguments(f"f{number}", fields, tool.positional, more, values))


def _arguments(name: str, fields: list[Field], positional: int, more: Part | None, values: Values) -> Part | None:
    """Arguments by position, then by name, and the bracket that ends them."""
    if len(fields) == positional == 1 and more is None:
        given = seq(maybe(fields[0].head), fields[0].value, ")")
        return given if fields[0].required else choice(given, ")")
    by_name, after = values.chain(f"{name}k", fields, ")", is_shared=len(fields) > 1)
    behind = seq(repeat(seq(", ", more), 0, _MOST_MORE), after[positional])
    for at in reversed(range(1, positional)):
        by_position = seq(", ", fields[at].value, values.rule(f"{name}p{at + 1}", behind))
        behind = choice(by_position, after[at])
    if not positional:
        first = seq(more, repeat(seq(", ", more), 0, _MOST_MORE - 1), after[0])
    else:
        first = seq(fields[0].value, values.rule(f"{name}p1", behind))
    return choice(first, by_name)
