"""Toolboxes as large and odd as real ones: references, unions at the root, long descriptions, names from outside."""

from collections.abc import Callable
from random import Random
from typing import Any, Final

from llmc import Json, Tool, Toolbox

_TOOLS: Final = ("create issue", "list-issues", "获取天气", "search.code", "in", "2fa", "notion/pages", "$batch")
_NAMES: Final = ("owner", "cik-A", "$filter", "created[gte]", "城市", "if", "page", "per_page", "2nd", "a.b", "q")
_OTHERS: Final = ("repo", "日期")
_WORDS: Final = (
    "the",
    "repository",
    "issue",
    "when",
    "given",
    "an",
    "identifier",
    "that",
    "sorts",
    "to",
    "€",
    "`page`",
)

_DEFINITIONS: Final[dict[str, Any]] = {
    "Id": {"$anchor": "id", "type": "string", "minLength": 1, "description": "An identifier."},
    "Colour/of text": {"enum": [f"colour_{number}" for number in range(40)]},
    "Person": {
        "type": "object",
        "properties": {"name": {"type": "string"}, "mail": {"type": "string", "format": "email"}},
    },
    "Filter": {
        "anyOf": [
            {"type": "object", "properties": {"and": {"type": "array", "items": {"$ref": "#/$defs/Filter"}}}},
            {
                "type": "object",
                "properties": {"property": {"type": "string"}, "equals": {"type": ["string", "number", "boolean"]}},
                "required": ["property"],
            },
        ]
    },
    "Block": {
        "oneOf": [
            {
                "type": "object",
                "properties": {
                    "type": {"const": kind},
                    kind: {"type": "object", "properties": {"text": {"$ref": "#id"}}},
                },
                "required": ["type", kind],
                "additionalProperties": False,
            }
            for kind in ("paragraph", "heading", "quote", "code")
        ]
    },
}


def odd_toolbox(seed: int, size: int) -> Toolbox:
    """A toolbox of odd tools."""
    random = Random(seed)
    tools = [_tool(random, f"{random.choice(_TOOLS)} {number}") for number in range(size)]
    return Toolbox(tools)


def _tool(random: Random, name: str) -> Tool:
    """An odd tool."""
    effect = random.choice(["pure", "read(web)", "write(web)"])
    returns = random.choice([None, {**_value(random, 1), "$defs": _DEFINITIONS, "definitions": {"a b": True}}])
    return Tool.from_schema(name, _text(random, 400), _root(random), effect, _call, returns=returns)


def _call(**arguments: Json) -> Json:
    """Stand for a call, which never comes."""
    return arguments


def _root(random: Random) -> dict[str, Any]:
    """The schema of the arguments."""
    plain = _object(random, 2, _NAMES, random.randint(0, 8))
    actions = [
        {
            "type": "object",
            "properties": {"action": {"const": word}, **_object(random, 1, _NAMES, 2)["properties"]},
            "required": ["action"],
        }
        for word in ("create", "update", "delete")
    ]
    roots: list[dict[str, Any]] = [
        plain,
        plain,
        {"oneOf": actions},
        {"$ref": "#/$defs/Args", "$defs": {"Args": plain}},
        {"allOf": [plain, _object(random, 1, _OTHERS, 2)]},
        {**plain, "anyOf": [{"required": [name]} for name in [*plain["properties"]][:2]] or [{}]},
    ]
    found = random.choice(roots)
    return {**found, "$defs": {**_DEFINITIONS, **found.get("$defs", {})}, "definitions": {"a b": _value(random, 1)}}


def _object(random: Random, depth: int, known: tuple[str, ...], keys: int) -> dict[str, Any]:
    """A schema of mappings."""
    names = random.sample(known, keys)
    properties = {name: {"description": _text(random, 120), **_value(random, depth)} for name in names}
    return {"type": "object", "properties": properties, "required": [name for name in names if random.random() < 0.4]}


def _value(random: Random, depth: int) -> dict[str, Any]:
    """A schema of a value."""
    makers: list[Callable[[], dict[str, Any]]] = [
        lambda: {"type": "string"},
        lambda: {"type": "string", "format": random.choice(["uri", "email", "date", "date-time", "uuid", "hostname"])},
        lambda: {"type": "string", "minLength": 1, "maxLength": random.choice([20, 255, 65536])},
        lambda: {"type": "string", "pattern": "^[a-z]+(-[a-z]+)*$"},
        lambda: {"type": "integer", "minimum": 1, "maximum": random.choice([100, 10**6])},
        lambda: {"type": "number", "exclusiveMinimum": 0.05, "maximum": 0.95},
        lambda: {"type": "integer", "minimum": 0, "maximum": 60, "multipleOf": 15},
        lambda: {"enum": random.sample(["open", "closed", "all", "€", None, 3, "with $"], 4)},
        lambda: {"anyOf": [{"type": "string", "format": "uri"}, {"type": "null"}]},
        lambda: {"type": "string", "nullable": True},
        lambda: {"$ref": random.choice(["#/$defs/Id", "#id", "#/$defs/Colour~1of%20text", "#/$defs/Person"])},
        lambda: {"allOf": [{"type": "integer", "minimum": 3}, {"minimum": 5, "maximum": 9}]},
    ]
    if depth:
        makers += [
            lambda: {"$ref": random.choice(["#/$defs/Filter", "#/$defs/Block", "#/definitions/a%20b"])},
            lambda: {"type": ["array", "null"], "items": _value(random, depth - 1)},
            lambda: {"type": "array", "prefixItems": [_value(random, 0), _value(random, 0)], "items": False},
            lambda: _object(random, depth - 1, _NAMES, random.randint(1, 4)),
            lambda: {"type": "object", "additionalProperties": _value(random, depth - 1)},
        ]
    return random.choice(makers)()


def _text(random: Random, length: int) -> str:
    """A description."""
    return " ".join(random.choices(_WORDS, k=random.randint(3, length // 6))).capitalize() + "."
