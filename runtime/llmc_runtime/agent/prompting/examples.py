"""Examples in a planner's prompt: those of users, and those that the language card makes from the tools.

Each is parsed strictly and compiled against the tools before a model sees it.
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from llmc_compiler.compiler import check, compile_parsed
from llmc_compiler.diagnostics.plan_errors import CompileError
from llmc_compiler.expressions import types
from llmc_compiler.expressions.types import Type
from llmc_compiler.tools.signature import ToolParameter
from llmc_compiler.tools.tool import Tool
from llmc_compiler.tools.toolbox import Toolbox
from llmc_grammar import parse
from llmc_grammar.print import quoted
from llmc_runtime.agent.agent_errors import ExampleError
from llmc_runtime.agent.prompting.tool_docs.flat_schema import FlatSchema
from llmc_runtime.agent.prompting.tool_docs.prompt_texts import END

_DEPTH: Final = 4

_LONGEST: Final = 24
"""Maximum number of characters in an argument that is taken from a schema's example or default."""

_FORMATS: Final = {
    "date": "2024-05-01",
    "time": "12:00:00",
    "date-time": "2024-05-01T12:00:00Z",
    "uuid": "6f1a0c9e-52d1-4c7b-9c1e-3a5d8e2b7f10",
    "email": "a@example.org",
    "uri": "https://example.org",
}


@dataclass(frozen=True, slots=True)
class Example:
    """A question and a plan for it, as a model for the planner; the plan may begin with a `thought`."""

    question: str
    """A question."""
    plan: str
    """A plan for it, which may begin with a `Thought:` line."""


def checked(example: Example, tools: Toolbox) -> Example:
    """Return the example with the end mark after its plan; raises ExampleError if the plan does not compile."""
    try:
        compile_parsed(parse(example.plan, name="example"), tools)
    except CompileError as error:
        raise ExampleError(example.question, str(error)) from error
    plan = example.plan.strip()
    return Example(example.question, plan if plan.endswith(END) else plan + END)


def card_samples(tools: Toolbox) -> list[str]:
    """Return small plans that compile for these tools: parallel calls, a reference to a result, a text as answer."""
    candidate_calls = (_call(tool) for tool in tools if not tool.effect.may_write)
    calls = [call for call in candidate_calls if call is not None and is_plan(f"1. {call}", tools)]
    if not calls:
        return []
    first, second = calls[0], calls[-1]
    candidates = [
        f"1. {first}\n2. {second}\n3. join(){END}",
        f"1. {first}\n2. join($1){END}",
        f'1. {first}\n2. join("It is $1."){END}',
    ]
    candidates[1:1] = list(_chains(tools, first))[:1]
    return [plan for plan in candidates if is_clean(plan, tools)]


def _chains(tools: Toolbox, first: str) -> Iterator[str]:
    """Yield plans whose second task uses the result of the first, if the types of both fit."""
    giver = tools.get(first.partition("(")[0])
    for tool in tools:
        if giver is None or tool.effect.may_write:
            continue
        required = _required(tool)
        if required and types.within(giver.signature.gives, tool.signature.wants(required[0].name).at_least):
            rest = "".join(f", {argument(tool, parameter)}" for parameter in required[1:])
            plan = f"1. {first}\n2. {tool.name}($1{rest})\n3. join($2){END}"
            if is_clean(plan, tools):
                yield plan


def _required(tool: Tool) -> Sequence[ToolParameter]:
    """Return the required parameters that can be given by position; empty if the signature has forms."""
    by_position = set() if tool.signature.forms else {*tool.signature.shape.positional}
    takes = tool.signature.takes
    return [parameter for parameter in takes if parameter.required and parameter.name in by_position]


def _call(tool: Tool) -> str | None:
    """Write a call with its required arguments; return None if some of them cannot be given by position."""
    required = _required(tool)
    if tool.signature.forms or len(required) < len(tool.signature.shape.required):
        return None
    return f"{tool.name}({', '.join(argument(tool, parameter) for parameter in required)})"


def argument(tool: Tool, parameter: ToolParameter) -> str:
    """Write a value for a parameter: its schema's example or default, else a value of its format or type."""
    schema = _said(parameter.schema, tool.signature.parameters)
    examples = schema.get("examples")
    for value in (*(examples[:1] if isinstance(examples, list) else ()), schema.get("example"), schema.get("default")):
        if isinstance(value, (str, int, float)) and len(text := constant(value)) <= _LONGEST:
            return text
    if schema.get("format") in _FORMATS:
        return constant(_FORMATS[schema["format"]])
    if isinstance(least := schema.get("minimum"), int) and schema.get("type") in {"integer", "number"}:
        return constant(max(least, 2) if _allows(schema, max(least, 2)) else least)
    return literal(tool.signature.wants(parameter.name).at_most)


def _said(schema: object, whole: object) -> dict[str, Any]:
    """Merge a schema with the first of its alternatives."""
    flat = FlatSchema(whole).take(schema).schema
    options = flat.get("anyOf", flat.get("oneOf"))
    first = FlatSchema(whole).take(options[0]).schema if isinstance(options, list) and options else {}
    return {**first, **flat}


def _allows(schema: dict[str, object], value: int) -> bool:
    """Whether a number is not too large."""
    most = schema.get("maximum")
    return not isinstance(most, (int, float)) or value <= most


def constant(value: float | str) -> str:
    """Write a scalar as in a plan."""
    return json.dumps(value.replace("$", "$$") if isinstance(value, str) else value, ensure_ascii=False)


def literal(found: Type, depth: int = 0) -> str:
    """Write a value of a type as in a plan."""
    match found:
        case types.Basic(name):
            return {"int": "2", "float": "2", "bool": "true", "null": "null"}.get(name, '"…"')
        case types.WordsType(texts):
            return quoted(min(texts).replace("$", "$$"))
        case types.ListOfType(item):
            return f"[{literal(item, depth + 1)}]" if depth < _DEPTH else "[]"
        case types.Record(fields):
            needed = (f'"{each.name}": {literal(each.type, depth + 1)}' for each in fields if each.required)
            return f"{{{', '.join(needed)}}}" if depth < _DEPTH else "{}"
        case types.Union(inside):
            return literal(inside[0], depth + 1) if inside and depth < _DEPTH else "null"


def is_plan(text: str, tools: Toolbox) -> bool:
    """Whether a text parses strictly and compiles."""
    try:
        compile_parsed(parse(text, name="card"), tools)
    except CompileError:
        return False
    return True


def is_clean(text: str, tools: Toolbox) -> bool:
    """Whether a text parses strictly and compiles without a warning."""
    return not check(parse(text, name="card"), tools)
