"""Worked questions, with tools of their own, for models that only continue a text.

Such a model follows what stands above more than what it is told. Each plan is compiled before a model sees it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Final

from llmc_compiler.tools import Tool, Toolbox
from llmc_runtime.agent.samples import Example, checked
from llmc_runtime.agent.tool_list.entry import Listed
from llmc_runtime.agent.tool_list.listing import listed

_TOOLS: Final = (
    ("article", "An article about a person, a ship or a lake.", {"title": "string"}, "string"),
    ("depth", "Depth of a lake in metres.", {"lake": "string"}, "number"),
    ("add", "The sum of two numbers.", {"a": "number", "b": "number"}, "number"),
)
"""Names, descriptions, arguments and results."""

_EXAMPLES: Final = (
    Example(
        "Which of them is deeper, Lake Ladoga or Lake Onega?",
        '1. depth("Lake Ladoga")\n2. depth("Lake Onega")\n3. join()',
    ),
    Example(
        "How deep are Lake Como and Lake Garda together?",
        '1. depth("Lake Como")\n2. depth("Lake Garda")\n3. add($1, $2)\n4. join($3)',
    ),
    Example(
        "Were Emmy Noether and Niels Abel of the same nationality?",
        '1. article("Emmy Noether")\n2. article("Niels Abel")\n3. join()',
    ),
    Example("How deep is Lake Saimaa?", '1. depth("Lake Saimaa")\n2. join("It is $1 metres deep.")'),
    Example("What was the Fram built for?", '1. article("Fram")\n2. join()'),
)


@dataclass(frozen=True, slots=True)
class Worked:
    """Tools as a planner is told of them, and questions with plans that call these."""

    tools: list[Listed]
    examples: list[Example]


@cache
def worked() -> Worked:
    """The worked questions."""
    tools = Toolbox(_tool(*each) for each in _TOOLS)
    return Worked(listed(tools), [checked(example, tools) for example in _EXAMPLES])


def _tool(name: str, description: str, arguments: Mapping[str, str], gives: str) -> Tool:
    """A tool that is only told of."""
    schema = {
        "type": "object",
        "properties": {argument: {"type": kind} for argument, kind in arguments.items()},
        "required": list(arguments),
    }
    return Tool.from_schema(name, description, schema, "pure", call=print, returns={"type": gives})
