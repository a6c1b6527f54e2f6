"""Toolboxes of 1 to 40 tools: some as people write them, others of random schemas."""

from collections.abc import Callable, Mapping
from datetime import date, datetime, time
from enum import Enum
from random import Random
from typing import Annotated, Any, Final, Literal
from uuid import UUID

from pydantic import BaseModel, Field

from llmc import Json, Tool, Toolbox, nondet, pure, read, write


class Unit(Enum):
    """A unit of length."""

    METRE = "m"
    MILE = "mi"


class Place(BaseModel):
    """A place."""

    name: str
    height: float | None = None
    unit: Unit = Unit.METRE
    tags: list[str] = []


class Part(BaseModel):
    """A part that is made of others."""

    label: str
    parts: list["Part"] = []
    beside: "Part | None" = None


class Circle(BaseModel):
    """A shape."""

    kind: Literal["circle"]
    radius: Annotated[float, Field(gt=0, le=100)]


class Square(BaseModel):
    """A shape."""

    kind: Literal["square"]
    side: Annotated[int, Field(ge=1, lt=50)]


@read("web", latency=0.5)
async def search(entity: str) -> str:
    """The first paragraph of an article."""
    return entity


@nondet
def math(problem: str, context: list[str] | None = None) -> float:
    """The answer to a problem in words."""
    return float(len(problem))


@pure
def larger(a: float, b: float, /) -> float:
    """The larger of two numbers."""
    return max(a, b)


@pure
def total(*prices: float, currency: Literal["€", "$", "US$5"] = "€") -> dict[str, Any]:
    """The sum of prices."""
    return {"sum": sum(prices), "currency": currency}


@write("places")
def keep(place: Place, *, count: Annotated[int, Field(ge=-3, le=120)] = 1, note: str | None = None) -> int:
    """Keep a place."""
    return count


@pure
def build(part: Part, options: dict[str, int], anything: Any = None) -> Part:  # noqa: ANN401 — tested
    """Build a part."""
    return part


@pure
def draw(shape: Annotated[Circle | Square, Field(discriminator="kind")], colour: tuple[int, int, int]) -> str:
    """Draw a shape."""
    return "drawn"


@read
def entries(day: date, at: time | None = None, since: datetime | None = None, of: UUID | None = None) -> list[Place]:
    """The entries of a day."""
    return []


@pure
def code(word: Annotated[str, Field(min_length=2, max_length=5)], bits: list[bool], none: None = None) -> str:
    """The code of a word."""
    return word


@pure
def now() -> str:
    """The time."""
    return "12:00"


@pure
def maybe(first: str = "a", second: int = 2, third: bool = True) -> dict[str, int]:
    """Take what there is."""
    return {}


@pure
def grid(rows: list[list[int]], true: bool = False, not_: float = 0.0) -> list[list[int]]:
    """A grid."""
    return rows


HANDMADE: Final = {
    "one": Toolbox([search]),
    "none": Toolbox(),
    "look up": Toolbox([search, math]),
    "numbers": Toolbox([larger, total]),
    "places": Toolbox([keep, search, now]),
    "parts": Toolbox([build, maybe]),
    "shapes": Toolbox([draw, grid, code]),
    "days": Toolbox([entries, now]),
    "all": Toolbox([search, math, larger, total, keep, build, draw, entries, code, now, maybe, grid]),
}
"""Toolboxes of functions."""


def _scalar(random: Random) -> dict[str, Any]:
    """A schema of a simple value."""
    choices: list[Callable[[], dict[str, Any]]] = [
        lambda: {"type": "string"},
        lambda: {"type": "string", "maxLength": random.randint(1, 9)},
        lambda: {"type": "integer"},
        lambda: {"type": "integer", "minimum": random.randint(-50, 5), "exclusiveMaximum": random.randint(6, 3000)},
        lambda: {"type": "number"},
        lambda: {"type": "number", "exclusiveMinimum": 0, "maximum": random.randint(1, 99)},
        lambda: {"type": "boolean"},
        lambda: {"type": ["string", "null"]},
        lambda: {
            "enum": random.sample(["north", "so$th", 'e"ast', "west\n", "", 4, 2.5, None, True, [1], {"a": 1}], 3)
        },
        lambda: {"const": random.choice(["fixed", 7, False])},
        lambda: {"anyOf": [{"type": "integer"}, {"type": "string"}]},
        dict,
    ]
    return random.choice(choices)()


def _schema(random: Random, depth: int) -> dict[str, Any]:
    """A schema of a value, so deep at most."""
    kind = random.random()
    if depth == 0 or kind < 0.5:
        return _scalar(random)
    if kind < 0.7:
        most = {"maxItems": random.randint(1, 5)} if random.random() < 0.4 else {}
        return {"type": "array", "items": _schema(random, depth - 1), "minItems": random.randint(0, 1), **most}
    if kind < 0.75:
        return {"type": "object", "additionalProperties": _schema(random, depth - 1)}
    if kind < 0.8:
        return {"oneOf": [{"type": "null"}, _schema(random, depth - 1)]}
    return {**_object(random, depth - 1, random.randint(1, 4)), "additionalProperties": random.random() < 0.5}


def _object(random: Random, depth: int, keys: int) -> dict[str, Any]:
    """A schema of a mapping."""
    names = random.sample(["id", "name", "to", "x y", "limit", "true", "if", "$ref", 'q"t', "tags", "unit", "é"], keys)
    required = [name for name in names if random.random() < 0.6]
    return {"type": "object", "properties": {name: _schema(random, depth) for name in names}, "required": required}


def _tool(random: Random, name: str) -> Tool:
    """A tool of a random schema."""
    parameters: Mapping[str, Any] = _object(random, 3, random.randint(0, 6)) if random.random() < 0.95 else {}
    returns = _schema(random, 2) if random.random() < 0.7 else None
    return Tool.from_schema(
        name, "A tool.", parameters, random.choice(["pure", "read(a)", "write(b)"]), _call, returns=returns
    )


def _call(*args: Json, **kwargs: Json) -> Json:
    """Stands for what is never called."""
    return [*args, *kwargs]


def random_toolbox(seed: int, size: int) -> Toolbox:
    """A toolbox of random tools; names begin like each other, and like words of the language."""
    random = Random(seed)
    stems = ["search", "search_all", "get.item", "join_in", "Thoughtful", "t", "true_", "nota", "x"]
    return Toolbox([_tool(random, f"{random.choice(stems)}{number}") for number in range(size)])


SIZES: Final = (1, 1, 2, 3, 4, 5, 6, 8, 10, 12, 15, 18, 20, 25, 30, 40)
TOOLBOXES: Final = {
    **HANDMADE,
    **{f"random {seed} of {size}": random_toolbox(seed, size) for seed, size in enumerate(SIZES)},
}
"""Every toolbox, by its name."""
