"""Grammar of calls in one line of a plan: each tool with its arguments, in the order of its parameters."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

from llmc_compiler.decoder.grammar_rules import Part, choice, maybe, repeat, seq
from llmc_compiler.decoder.values.lexical_rules import LONGEST_NAME, NAME, name_but
from llmc_compiler.decoder.values.path_rules import is_word
from llmc_compiler.decoder.values.schema_shapes import shape_of
from llmc_compiler.decoder.values.shapes import NOTHING, Shape, shape_of_type
from llmc_compiler.decoder.values.value_rules import ReadableField, ValueRules
from llmc_compiler.expressions.types import NEVER, Type
from llmc_compiler.tools.signature import ToolParameter
from llmc_compiler.tools.tool import Tool
from llmc_grammar.bounds import Bounds
from llmc_grammar.frozen_data import frozen

_MOST_MORE: Final = 8
"""Maximum number of arguments after those for named parameters."""


@frozen
class CallParameter:
    """A parameter; without a `name`, it can only be given by position."""

    name: str | None
    shape: Shape
    required: bool


@frozen
class Callee:
    """A tool as a grammar sees it: its parameters, the number of positional ones, and the type of its result.

    `more` is the shape of further positional arguments, `others` that of an argument with any name. If there are
    `forms`, a call has the arguments of one of them, by name.
    """

    name: str
    parameters: tuple[CallParameter, ...]
    positional: int
    more: Shape
    gives: Type
    others: Shape = NOTHING
    forms: tuple[tuple[CallParameter, ...], ...] = ()
    reserved: frozenset[str] = frozenset()

    @staticmethod
    def of(tool: Tool) -> "Callee":
        """Return the callee of a tool."""
        signature, shape = tool.signature, tool.signature.shape
        reader = _Reader(signature.parameters, shape.named, {})
        every = shape.named.union(shape.positional)
        other = next((parameter for parameter in signature.takes if parameter.many == "**" and not every), None)
        wanted = signature.wants(None).at_least if shape.more_positional else NEVER
        return Callee(
            tool.name,
            reader.read(parameter for parameter in signature.takes if not parameter.many),
            len(shape.positional),
            shape_of_type(wanted),
            signature.gives,
            NOTHING if other is None else reader.other(other, signature.wants(other.name).at_least),
            tuple(map(reader.read, _apart(signature.forms, signature.parameters))),
            shape.reserved,
        )

    def names(self) -> Iterator[str]:
        """Yield the names by which arguments may be given."""
        return (each.name for each in self.parameters if each.name is not None)


@frozen
class _Reader:
    """Reads the parameters of one tool, each schema once; only `named` ones may be given by name."""

    whole: Mapping[str, Any]
    named: frozenset[str]
    known: dict[int, Shape]

    def read(self, parameters: Iterable[ToolParameter]) -> tuple[CallParameter, ...]:
        """Return the parameters as a grammar sees them."""
        return tuple(
            CallParameter(
                parameter.name if parameter.name in self.named and is_word(parameter.name) else None,
                self.shape(parameter.schema),
                parameter.required,
            )
            for parameter in parameters
        )

    def shape(self, schema: object) -> Shape:
        """Return the shape of a schema, which the signature keeps alive."""
        if id(schema) not in self.known:
            self.known[id(schema)] = shape_of(schema, self.whole)
        return self.known[id(schema)]

    def other(self, parameter: ToolParameter, wanted: Type) -> Shape:
        """Return the shape of an argument with any name, by its type if its schema is empty."""
        return shape_of_type(wanted) if parameter.schema is True else self.shape(parameter.schema)


def _apart(forms: Sequence[tuple[ToolParameter, ...]], whole: Mapping[str, Any]) -> Iterator[tuple[ToolParameter, ...]]:
    """Yield the forms; in a `oneOf`, without arguments that would make a call fit two forms."""
    options = whole.get("oneOf")
    is_exclusive = (
        isinstance(options, list) and len(options) == len(forms) and not {"anyOf", "allOf", "$ref"} & whole.keys()
    )
    for form in forms:
        rivals = [other for other in forms if other is not form and _schemas(other) == _schemas(form)]
        wanted = _required(form)
        excluded = {name for other in rivals if len(only := _required(other) - wanted) == 1 for name in only}
        yield tuple(each for each in form if not is_exclusive or each.name not in excluded)


def _schemas(form: tuple[ToolParameter, ...]) -> dict[str, object]:
    """Return the schemas of a form by name."""
    return {each.name: each.schema for each in form}


def _required(form: tuple[ToolParameter, ...]) -> set[str]:
    """Return the names that a form requires."""
    return {each.name for each in form if each.required}


def call(tool: Callee, number: int, values: ValueRules, references: int = Bounds.MODEL.references) -> Part | None:
    """Return a call of a tool, with at most so many references; `number` is the tool's index in the toolbox."""
    head, name = f"{tool.name}(", f"f{number}"
    if tool.forms:
        forms = (_form(f"{name}o{at}", form, values, references) for at, form in enumerate(tool.forms))
        return seq(head, choice(*forms))
    places = len(tool.parameters) + (0 if tool.more == NOTHING else _MOST_MORE)
    budget = references // max(places, 1)
    fields = _fields(tool.parameters, budget, values)
    more = None if tool.more == NOTHING else values.of(tool.more, budget)
    reserved = [word for word in tool.reserved if word.isascii() and len(word) <= LONGEST_NAME]
    free = values.rule(f"{name}n", name_but(reserved)) if reserved else NAME.use
    other = None if tool.others == NOTHING else seq(free, "=", values.of(tool.others, budget), ")")
    return seq(head, choice(_arguments(name, fields, tool.positional, more, values), other))


def _fields(parameters: tuple[CallParameter, ...], budget: int, values: ValueRules) -> list[ReadableField]:
    """Return arguments by name, each with at most so many references."""
    return [
        ReadableField(None if each.name is None else f"{each.name}=", values.of(each.shape, budget), each.required)
        for each in parameters
    ]


def _form(name: str, parameters: tuple[CallParameter, ...], values: ValueRules, references: int) -> Part | None:
    """Return the arguments of a form by name, and the closing bracket."""
    budget = references // max(len(parameters), 1)
    return values.chain(f"{name}k", _fields(parameters, budget, values), ")", is_shared=len(parameters) > 1)[0]


def _arguments(
    name: str, fields: list[ReadableField], positional: int, more: Part | None, values: ValueRules
) -> Part | None:
    """Return arguments by position, then by name, and the closing bracket."""
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
