"""`llmc tools`: what a tools file or module offers to plans."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from llmc.cli.plans import named_tools
from llmc.cli.screen import INDENT, Painted

if TYPE_CHECKING:
    from llmc import Tool

_TYPES: Final = {"string": "str", "integer": "int", "number": "float", "boolean": "bool", "null": "null"}


def tools(
    target: Annotated[str, typer.Argument(metavar="FILE|MODULE", help="A Python file or an importable module.")],
    *,
    json_: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """List the tools of a Python file or module."""
    from llmc_grammar.terminal_text import json_text, marked

    found = list(named_tools([target]))
    if json_:
        print(json_text([_as_json(tool) for tool in found]))
        return

    for tool in found:
        lines = _heading(tool), tool.description.partition("\n")[0], *tool.notes
        print(Painted(f"\n{INDENT}".join(marked(line) for line in lines if line)))


def _as_json(tool: "Tool") -> dict[str, Any]:
    """A tool as JSON data."""
    return {
        "name": tool.name,
        "description": tool.description,
        "effect": str(tool.effect),
        "latency": tool.latency,
        "cost": tool.cost,
        "approve": tool.approve,
        "secrets": sorted(tool.marks.secrets),
        "notes": list(tool.notes),
        "parameters": tool.signature.parameters,
        "returns": tool.signature.returns,
    }


def _heading(tool: "Tool") -> str:
    """Name, signature and effect in one line."""
    latency = "" if tool.latency is None else f", about {tool.latency:g} s"
    given = ", ".join(_parameters(tool.signature.parameters))
    asks = ", asks first" if tool.approve else ""
    return f"{tool.name}({given}) -> {type_text(tool.signature.returns)}  [{tool.effect}{latency}{asks}]"


def _parameters(schema: Mapping[str, Any]) -> list[str]:
    """The parameters as they are declared; a schema without them takes anything."""
    if "properties" not in schema:
        return ["…"]
    required = schema.get("required", ())
    return [_parameter(name, part, required=name in required) for name, part in schema["properties"].items()]


def _parameter(name: str, schema: object, *, required: bool) -> str:
    """A parameter with its type, and what it is without an argument."""
    from llmc_runtime.agent.tool_list import default_text

    text = f"{name}: {type_text(schema)}"
    return text if required else f"{text} = {default_text(schema)}"


def type_text(schema: object) -> str:
    """A JSON schema as a type of the plan language, `any` where that has no word for it."""
    match schema:
        case {"type": "array", **rest}:
            return f"list[{type_text(rest.get('items'))}]"
        case {"type": "object", **rest}:
            return f"dict[str, {type_text(rest.get('additionalProperties'))}]"
        case {"type": str(name)}:
            return _TYPES.get(name, "any")
        case {"anyOf": [one, {"type": "null"}] | [{"type": "null"}, one]}:
            return f"{type_text(one)}?"
        case _:
            return "any"
