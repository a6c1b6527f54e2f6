"""The tools as a planner is told of them: signature, types, description, effect."""

import json
import textwrap
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from llmc_compiler import types
from llmc_compiler.effects import Kind
from llmc_compiler.tools import Tool, Toolbox

_LONGEST: Final = 600
"""Characters of a description: whatever a server tells of its tools, the prompt stays readable."""

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
    return f"{tool.name}({', '.join(_parameters(tool))}) -> {types.describe(tool.signature.gives)}"


def _parameters(tool: Tool) -> Iterator[str]:
    """The parameters with their types and defaults; a tool that takes anything has none."""
    shape = tool.signature.shape
    schema: Mapping[str, Any] = tool.signature.parameters
    properties: Mapping[str, Any] = schema.get("properties", {})
    for name, part in properties.items():
        found = types.describe(tool.signature.wants(name).at_most)
        default = part.get("default") if isinstance(part, dict) else None
        yield f"{name}: {found}" if name in shape.required else f"{name}: {found} = {json.dumps(default)}"
    if shape.more_positional or shape.more_named:
        yield "…"


def _description(tool: Tool) -> str:
    """The description in lines that stand below the signature."""
    text = textwrap.dedent(tool.description).strip()
    text = text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"
    return "\n    ".join(line.strip() for line in text.splitlines())
