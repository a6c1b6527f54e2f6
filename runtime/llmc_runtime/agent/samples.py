"""Examples in a planner's prompt: users' own, and those of the language card, made of the tools themselves.

Each is read strictly and compiled against the tools before a model sees it.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from llmc_compiler import types
from llmc_compiler.errors import CompileError
from llmc_compiler.front import check, compile_parsed
from llmc_compiler.tools import Tool, Toolbox
from llmc_compiler.types import Type
from llmc_grammar import parse
from llmc_grammar.print import quoted
from llmc_runtime.agent.failures import ExampleError

END: Final = "<END_OF_PLAN>"

_DEPTH: Final = 4


@dataclass(frozen=True, slots=True)
class Example:
    """A question, and a plan for it that shows a planner how it is done; optionally the plan's `thought` first."""

    question: str
    plan: str


def checked(example: Example, tools: Toolbox) -> Example:
    """The example, its plan ended with the mark; raises ExampleError where it is no plan for these tools."""
    try:
        compile_parsed(parse(example.plan, name="example"), tools)
    except CompileError as error:
        raise ExampleError(example.question, str(error)) from error
    plan = example.plan.strip()
    return Example(example.question, plan if plan.endswith(END) else plan + END)


def card_samples(tools: Toolbox) -> list[str]:
    """Small plans for these tools, each of which compiles: calls that run together, a result used, a text made."""
    calls = (_call(tool) for tool in tools if not tool.effect.may_write)
    found = [call for call in calls if call is not None and is_plan(f"1. {call}", tools)]
    if not found:
        return []
    first, second = found[0], found[-1]
    candidates = [
        f"1. {first}\n2. {second}\n3. join(){END}",
        f"1. {first}\n2. join($1){END}",
        f'1. {first}\n2. join("It is $1."){END}',
    ]
    candidates[1:1] = list(_chains(tools, first))[:1]
    return [plan for plan in candidates if is_clean(plan, tools)]


def _chains(tools: Toolbox, first: str) -> Iterator[str]:
    """Plans whose second task uses the result of the first, as far as the types say that it fits."""
    giver = tools.get(first.partition("(")[0])
    for tool in tools:
        if giver is None or tool.effect.may_write:
            continue
        required = _required(tool)
        if required and types.within(giver.signature.gives, tool.signature.wants(required[0]).at_least):
            rest = "".join(f", {literal(tool.signature.wants(name).at_most)}" for name in required[1:])
            plan = f"1. {first}\n2. {tool.name}($1{rest})\n3. join($2){END}"
            if is_clean(plan, tools):
                yield plan


def _required(tool: Tool) -> Sequence[str]:
    """The parameters that must be given, as they are given by position."""
    shape = tool.signature.shape
    return [name for name in shape.positional if name in shape.required]


def _call(tool: Tool) -> str | None:
    """A call with what has to be given, None where that is more than positions say."""
    required = _required(tool)
    if len(required) < len(tool.signature.shape.required):
        return None
    return f"{tool.name}({', '.join(literal(tool.signature.wants(name).at_most) for name in required)})"


def literal(found: Type, depth: int = 0) -> str:
    """A value of a type as it is written in a plan."""
    match found:
        case types.Basic(name):
            return {"int": "2", "float": "2", "bool": "true", "null": "null"}.get(name, '"…"')
        case types.Words(texts):
            return quoted(min(texts).replace("$", "$$"))
        case types.List(item):
            return f"[{literal(item, depth + 1)}]" if depth < _DEPTH else "[]"
        case types.Record(fields):
            needed = (f'"{each.name}": {literal(each.type, depth + 1)}' for each in fields if each.required)
            return f"{{{', '.join(needed)}}}" if depth < _DEPTH else "{}"
        case types.Union(inside):
            return literal(inside[0], depth + 1) if inside and depth < _DEPTH else "null"


def is_plan(text: str, tools: Toolbox) -> bool:
    """Whether a text is read strictly and compiles."""
    try:
        compile_parsed(parse(text, name="card"), tools)
    except CompileError:
        return False
    return True


def is_clean(text: str, tools: Toolbox) -> bool:
    """Whether a text is read strictly and compiles without a warning."""
    return not check(parse(text, name="card"), tools)
