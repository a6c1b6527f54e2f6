"""Plans as tools: the signature of a plan, and the tool whose calls are replaced by the plan's tasks."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, Final

from llmc_compiler.effects.effects import EVERYTHING, Effect, Kind, segments
from llmc_compiler.expressions import types
from llmc_compiler.expressions.input_types import fits, misfit
from llmc_compiler.expressions.terms import Json, thaw
from llmc_compiler.expressions.types import ANY, Type
from llmc_compiler.expressions.value_identity import digest, json_form
from llmc_compiler.ir.graph import Graph, Parameter, all_nodes
from llmc_compiler.json_schema.resource_segments import OPEN, ResourceSegment
from llmc_compiler.lowering.type_inference import value_type
from llmc_compiler.tools.argument_binding import Shape
from llmc_compiler.tools.signature import (
    BOUNDS,
    ArgumentError,
    Identified,
    Prepared,
    Received,
    ResultBounds,
    ToolParameter,
    Wanted,
)
from llmc_compiler.tools.tool import Tool
from llmc_grammar.frozen_data import frozen
from llmc_grammar.source import Source

DEEPEST: Final = 32
"""The most plans that may call one another in a chain."""

_NAMES: Final = {
    "null": "null",
    "bool": "boolean",
    "int": "integer",
    "float": "number",
    "str": "string",
}
"""Names of types in JSON schemas."""

_KINDS: Final = (Kind.PURE, Kind.NONDET, Kind.READ, Kind.BARE, Kind.IDEMPOTENT, Kind.WRITE, Kind.OPAQUE)
"""The kinds of effects, from the most harmless to the one about which the least is known."""


@frozen
class PlanBody:
    """A plan before the passes: its graph and its text."""

    graph: Graph
    source: Source

    @property
    def depth(self) -> int:
        """The number of plans that call one another in it, in the longest chain."""
        return 1 + max((len(node.inlined.calls) for node in all_nodes(self.graph) if node.inlined), default=0)

    @property
    def size(self) -> int:
        """The number of its tasks and nested calls, with those of the plans that it calls."""
        return sum(1 for _ in all_nodes(self.graph))


def _schema(found: Type) -> dict[str, Any]:
    """Return the JSON schema of a type."""
    match found:
        case types.Basic(name):
            return {} if name == "any" else {"type": _NAMES[name]}
        case types.WordsType(words):
            return {"enum": sorted(words)}
        case types.ListOfType(item):
            return {"type": "array", "items": _schema(item)}
        case types.Record(fields, rest):
            schema: dict[str, Any] = {"type": "object"}
            if fields:
                schema["properties"] = {each.name: _schema(each.type) for each in fields}
                schema["required"] = [each.name for each in fields if each.required]
            return schema | {"additionalProperties": False if rest is None else _schema(rest)}
        case types.Union(options):
            return {"anyOf": list(map(_schema, options))}


class PlanSignature:
    """The signature of a plan: its inputs are the parameters, and its value is the result."""

    converts: Final = False
    forms: Final[tuple[tuple[ToolParameter, ...], ...]] = ()

    def __init__(self, inputs: Sequence[Parameter], gives: Type = ANY) -> None:
        self.inputs: Mapping[str, Parameter] = {each.name: each for each in inputs}
        self.gives = gives
        names = tuple(self.inputs)
        self.shape = Shape(names, frozenset(names), tuple(each.name for each in inputs if each.required))

    @cached_property
    def parameters(self) -> dict[str, Any]:
        """The JSON schema of the arguments."""
        return {
            "type": "object",
            "properties": {
                name: _schema(types.declared(each.type)) | ({} if each.required else {"default": each.default})
                for name, each in self.inputs.items()
            },
            "required": list(self.shape.required),
            "additionalProperties": False,
        }

    @cached_property
    def returns(self) -> dict[str, Any]:
        """The JSON schema of the value."""
        return _schema(self.gives)

    @property
    def takes(self) -> tuple[ToolParameter, ...]:
        """The parameters in order."""
        schemas = self.parameters["properties"]
        return tuple(ToolParameter(name, name, schemas[name], each.required) for name, each in self.inputs.items())

    def wants(self, parameter: str | None) -> Wanted:
        """Return the accepted types of a parameter."""
        found = self.inputs.get(parameter or "")
        wanted = ANY if found is None else types.declared(found.type)
        return Wanted(wanted, wanted)

    def segment(self, parameter: str) -> ResourceSegment:  # noqa: ARG002 — the same for all
        """Return an open segment: the calls inside have effects, not the plan."""
        return OPEN

    def check(self, parameter: str | None, value: Json) -> None:
        """Check one argument; raises ArgumentError if it does not fit."""
        found = self.inputs.get(parameter or "")
        if found is not None and not fits(value, found.type):
            raise ArgumentError(parameter, misfit(value, found.type))

    def check_call(self, names: Sequence[str | None], known: Mapping[str, Json]) -> None:
        """Accept the arguments together: each is checked on its own."""

    def identify(self, bound: Sequence[tuple[str | None, Json]]) -> Identified:
        """Return the identity of the arguments, with defaults."""
        pairs = [(name, json_form(value)) for name, value in (self._defaults() | _named(bound)).items()]
        return Identified((digest("written", pairs),))

    def prepare(self, bound: Sequence[tuple[str | None, Json]]) -> Prepared:
        """Check the arguments and return copies; raises ArgumentError."""
        for name, value in bound:
            self.check(name, value)
        return [], {name: thaw(value) for name, value in _named(bound).items()}

    def received(self, bound: Sequence[tuple[str | None, Json]], prepared: Prepared) -> list[Received]:  # noqa: ARG002 — nothing is converted
        """Return the arguments as written, and the defaults."""
        given = [Received(name, value) for name, value in bound]
        names = _named(bound)
        rest = [(name, value) for name, value in self._defaults().items() if name not in names]
        return [*given, *(Received(name, value, is_default=True) for name, value in rest)]

    def accept(self, result: object, bounds: ResultBounds = BOUNDS) -> object:  # noqa: ARG002 — the plan's value was bounded
        """Return the value of the plan."""
        return result

    def _defaults(self) -> dict[str, Json]:
        """Return the defaults of the inputs that have one."""
        return {name: each.default for name, each in self.inputs.items() if not each.required}


def _named(bound: Sequence[tuple[str | None, Json]]) -> dict[str, Json]:
    """Return the arguments by name."""
    return {name: value for name, value in bound if name is not None}


@dataclass(frozen=True, slots=True)
class PlanTool(Tool):
    """A plan as a tool: a call of it is replaced by its tasks when the calling plan is compiled."""

    plan: PlanBody = field(kw_only=True, repr=False, compare=False)

    @staticmethod
    def of(name: str, description: str, plan: PlanBody, call: Callable[..., Any]) -> "PlanTool":
        """Make a tool of a plan; `call` runs it when Python code calls the tool."""
        return PlanTool(
            name=name,
            description=description,
            effect=effect_of(plan.graph),
            signature=PlanSignature(plan.graph.parameters, value_type(plan.graph)),
            call=call,
            is_async=True,
            plan=plan,
        )


def effect_of(graph: Graph) -> Effect:
    """Return one effect for all calls of a plan: the strongest kind, on the resource that contains all of theirs."""
    effects = [effect for node in graph.nodes.values() for effect in node.effects]
    kind = max((effect.kind for effect in effects), key=_KINDS.index, default=Kind.PURE)
    if kind in {Kind.PURE, Kind.NONDET}:
        return Effect(kind)
    resources = {effect.resource for effect in effects if effect.is_stateful}
    return Effect(kind, _containing(resources))


def _containing(resources: Iterable[str]) -> str:
    """Return the longest resource without braces that contains all of these."""
    paths = [segments(resource) for resource in resources]
    shared: list[str] = []
    for level in zip(*paths, strict=False):
        if len(set(level)) > 1 or "{" in level[0]:
            break
        shared.append(level[0])
    return ":".join(shared) or EVERYTHING


def plans_in(tools: Iterable[Tool]) -> Iterator[PlanBody]:
    """Yield the plans among tools."""
    return (tool.plan for tool in tools if isinstance(tool, PlanTool))


def with_others(source: Source, tools: Iterable[Tool]) -> Source:
    """Return the text of a plan with the texts of the plans that it may call."""
    others: dict[Source, None] = {}
    for plan in plans_in(tools):
        others.update(dict.fromkeys((replace(plan.source, others=()), *plan.source.others)))
    return replace(source, others=tuple(others)) if others else source
