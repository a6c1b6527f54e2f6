"""The tools as a planner is told of them: signature, types, description, effect."""

import json
import textwrap
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from llmc_compiler.effects import Kind
from llmc_compiler.tools import Tool, Toolbox

_LONGEST: Final = 600
"""Characters of a description: whatever a server tells of its tools, the prompt stays readable."""

_NAMES: Final = {"string": "str", "integer": "int", "number": "float", "boolean": "bool", "null": "null"}
_DEEPEST: Final = 6
_MOST_OPTIONS: Final = 20
_MOST_KEYS: Final = 20

_NAMED_EFFECTS: Final = frozenset({Kind.IDEMPOTENT, Kind.WRITE, Kind.OPAQUE, Kind.BARE})


@dataclass(frozen=True, slots=True)
class Listed:
    """A tool in a prompt: `signature` as `search(entity: str) -> str`, `description` in a few lines."""

    name: str
    signature: str
    description: str
    effect: str
    writes: bool


def listed(tools: Toolbox | Iterable[Tool]) -> list[Listed]:
    """The tools, as they were given."""
    return [
        Listed(tool.name, signature(tool), _description(tool), str(tool.effect), tool.effect.kind in _NAMED_EFFECTS)
        for tool in tools
    ]


def signature(tool: Tool) -> str:
    """Name, parameters and result with their types, in the words of the plan language."""
    schema = tool.signature.returns
    returns = type_text(schema, schema.get("$defs", {}))
    gives = f"Secret[{returns}]" if tool.marks.returns_secret else returns
    return f"{tool.name}({', '.join(_parameters(tool))}) -> {gives}"


def _parameters(tool: Tool) -> Iterator[str]:
    """The parameters with their types and defaults; `…` stands for any others."""
    shape = tool.signature.shape
    schema: Mapping[str, Any] = tool.signature.parameters
    properties: Mapping[str, Any] = schema.get("properties", {})
    for name, part in properties.items():
        found = type_text(part, schema.get("$defs", {}))
        if name in tool.marks.secrets:
            found = f"Secret[{found}]"
        if name in shape.required:
            yield f"{name}: {found}"
        else:
            yield f"{name}: {found} = {default_text(part)}"
    if shape.more_positional or shape.more_named:
        yield "…"


def default_text(schema: object) -> str:
    """What a parameter is without an argument, `…` where that is not known or no JSON, as an object of Python."""
    try:
        return json.dumps(schema["default"], ensure_ascii=False, allow_nan=False)  # type: ignore[index]  # else caught
    except (KeyError, TypeError, ValueError):
        return "…"


def type_text(schema: object, shared: Mapping[str, Any], depth: int = 0) -> str:
    """A JSON schema in the words of the plan language, `any` for what these do not say."""
    if depth > _DEEPEST:
        return "any"
    match schema:
        case {"$ref": str(ref)}:
            return type_text(shared.get(ref.rpartition("/")[2]), shared, depth + 1)
        case {"enum": [*values]}:
            return " | ".join(json.dumps(value, ensure_ascii=False) for value in values[:_MOST_OPTIONS])
        case {"const": value}:
            return json.dumps(value, ensure_ascii=False)
        case {"anyOf": [*options]} | {"oneOf": [*options]}:
            return _union([type_text(option, shared, depth + 1) for option in options[:_MOST_OPTIONS]])
        case {"type": [*names]}:
            return _union([_NAMES.get(str(name), "any") for name in names])
        case {"type": "array", **rest}:
            return f"list[{type_text(rest.get('items'), shared, depth + 1)}]"
        case dict() if schema.get("type") == "object":
            return _object(schema, shared, depth + 1)
        case {"type": str(name)}:
            return _NAMES.get(name, "any")
        case _:
            return "any"


def _union(options: Sequence[str]) -> str:
    """One of some types; `T?` is a T or null."""
    if "any" in options:
        return "any"
    others = [option for option in dict.fromkeys(options) if option != "null"]
    if len(others) == 1:
        return f"{others[0]}?" if "null" in options else others[0]
    return " | ".join(dict.fromkeys(options))


def _object(schema: Mapping[Any, Any], shared: Mapping[str, Any], depth: int) -> str:
    """A mapping with its keys, as far as they are known."""
    properties = schema.get("properties")
    if not isinstance(properties, dict) or not properties:
        return f"dict[str, {type_text(schema.get('additionalProperties'), shared, depth)}]"
    required = schema.get("required", ())
    named = [
        f"{json.dumps(name, ensure_ascii=False)}{'' if name in required else '?'}: {type_text(part, shared, depth)}"
        for name, part in list(properties.items())[:_MOST_KEYS]
    ]
    return f"{{{', '.join(named + ['…'] * (len(properties) > _MOST_KEYS))}}}"


def _description(tool: Tool) -> str:
    """The description in lines that stand below the signature."""
    text = textwrap.dedent(tool.description).strip()
    text = text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"
    return "\n    ".join(line.strip() for line in text.splitlines())
