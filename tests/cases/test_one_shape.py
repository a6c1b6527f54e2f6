"""An object schema has one list of parameters, whatever its form: for prompts, binding, checks and grammars."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from random import Random
from typing import Any, Final

import pytest

import llmc
from llmc import CompileError, Tool, Toolbox, decoder_grammar
from llmc_compiler.tools.outside_names import argument_names
from tests.cases.test_tools import _shown
from tests.decoder.walker import Walker

_SCHEMAS: Final = 24
_NAMES: Final = ("a", "b", "$filter", "created[gte]", "X-Id", "X_Id", "in", "2nd", "城市", "metadata.name", "class", "")
_TYPES: Final[Mapping[str, tuple[str, str]]] = {
    "string": ('"x"', "3"),
    "integer": ("3", '"x"'),
    "boolean": ("true", "3"),
}
"""Values that a type takes, and others that it does not."""


@dataclass(frozen=True, slots=True)
class _Made:
    """A schema with the truth about it: its parameters with their types, and the required ones, by their own names."""

    schema: dict[str, Any]
    types: Mapping[str, str]
    required: tuple[str, ...]

    @property
    def spelled(self) -> dict[str, str]:
        """The names that plans write, required ones first."""
        spelled = argument_names(self.types)
        return {own: spelled[own] for own in (*self.required, *(own for own in self.types if own not in self.required))}


def _made(random: Random) -> _Made:
    """Make a schema of random parameters in a random form."""
    names = random.sample(_NAMES, random.randint(1, 5))
    types = {name: random.choice(list(_TYPES)) for name in names}
    required = [name for name in names if random.random() < 0.5]
    listed = random.sample(required, len(required))
    body = {
        "type": "object",
        "properties": {name: {"type": kind} for name, kind in types.items()},
        "required": listed,
        "additionalProperties": False,
    }
    return _Made(_in_a_form(random, body), types, tuple(required))


def _in_a_form(random: Random, body: dict[str, Any]) -> dict[str, Any]:
    """Write a schema in another way that means the same."""
    split = dict(body)
    needed = {"required": split.pop("required")}
    refs = {name: {"$ref": f"#/$defs/{number}"} for number, name in enumerate(body["properties"])}
    parts = {str(number): schema for number, schema in enumerate(body["properties"].values())}
    return random.choice(
        [
            body,
            {"$ref": "#/$defs/Args%20of%20it", "$defs": {"Args of it": body}},
            {"$ref": "#args", "definitions": {"x": {"$anchor": "args", **body}}},
            {"allOf": [split, needed]},
            {"type": ["object", "null"], "allOf": [body]},
            {"anyOf": [{"type": "null"}, body]},
            {**needed, "oneOf": [split]},
            {**body, "properties": refs, "$defs": parts},
        ]
    )


def _tools(made: _Made) -> Toolbox:
    """Return a tool `f` that gives back its arguments."""
    return Toolbox([Tool.from_schema("f", "", made.schema, "pure", lambda **arguments: arguments)])


def _call(made: _Made, names: list[str], wrong: str | None = None) -> str:
    """Write a call with these parameters by name, of which one has a wrong value."""
    given = (f"{made.spelled[own]}={_TYPES[made.types[own]][own == wrong]}" for own in names)
    return f"f({', '.join(given)})"


def _calls(made: _Made) -> Iterator[tuple[str, bool]]:
    """Yield calls, each with whether it is right."""
    every, required = list(made.spelled), list(made.required)
    yield _call(made, every), True
    yield _call(made, required), True
    yield f"f({', '.join(_TYPES[made.types[own]][0] for own in every)})", True
    for own in required:
        yield _call(made, [other for other in every if other != own]), False
    for own in every:
        yield _call(made, every, wrong=own), False
    yield f"{_call(made, every).removesuffix(')')}, others=1)", False


def _compiles(call: str, tools: Toolbox) -> bool:
    """Whether a plan of one call compiles."""
    try:
        llmc.compile(f"{call}\n", tools)
    except CompileError:
        return False
    return True


@pytest.mark.no_cover
def test_prompt_binding_check_and_grammar_agree() -> None:
    """They have the same names, of which the same are required, and take the same values."""
    for seed in range(_SCHEMAS):
        made = _made(Random(seed))
        tools = _tools(made)
        shape = tools["f"].signature.shape
        names = tuple(made.spelled.values())
        assert (shape.positional, shape.named, shape.more_named) == (names, frozenset(names), False)
        assert shape.required == names[: len(made.required)]
        (line,) = (line for line in _shown("prompt", tools) if line.startswith("- f("))
        assert tuple(re.findall(r"[(,] ?(\w+)\??:", line)) == names
        walker = Walker.of(decoder_grammar(tools), "lark")
        for call, is_right in _calls(made):
            assert _compiles(call, tools) == is_right, (made.schema, call)
            assert walker.accepts(f"1. {call}\njoin()") == is_right, (made.schema, call)


def test_the_tool_gets_its_own_names() -> None:
    """What a plan writes by position and what it writes by name is the same call."""
    for seed in range(_SCHEMAS):
        made = _made(Random(seed))
        every = list(made.spelled)
        values = [_TYPES[made.types[own]][0] for own in every]
        plan = f"1. f({', '.join(values)})\n2. {_call(made, every)}\njoin($1, $2)\n"
        run = llmc.compile(plan, _tools(made)).run_sync()
        expected = {own: {"string": "x", "integer": 3, "boolean": True}[made.types[own]] for own in every}
        assert run.value == [expected, expected]
