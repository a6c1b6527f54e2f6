"""Examples with separate tools, for models that only continue a text.

Such a model follows the examples above the question more than instructions. Each plan is compiled before a model sees
it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Final

from llmc_compiler.tools.tool import Tool
from llmc_compiler.tools.toolbox import Toolbox
from llmc_runtime.agent.prompting.examples import Example, checked
from llmc_runtime.agent.prompting.tool_docs.tool_entry import ListedTool
from llmc_runtime.agent.prompting.tool_docs.tool_list import listed

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
    Example("How deep is Lake Saimaa?", '1. depth("Lake Saimaa")\n2. join("It is $1 metres deep.")'),
    Example("What was the Fram built for?", '1. article("Fram")\n2. join()'),
    Example(
        "Were Giacomo Leopardi and Alphonse de Lamartine of the same nationality?",
        '1. article("Giacomo Leopardi")\n2. article("Alphonse de Lamartine")\n3. join()',
    ),
    Example(
        "How deep are Lake Como and Lake Garda together?",
        '1. depth("Lake Como")\n2. depth("Lake Garda")\n3. add($1, $2)\n4. join($3)',
    ),
    Example(
        "In which country are both Bergen Airport, Flesland and Tromsø Airport?",
        '1. article("Bergen Airport, Flesland")\n2. article("Tromsø Airport")\n3. join()',
    ),
    Example(
        "Which river flows through Dresden, the Elbe or the Moselle?",
        '1. article("Elbe")\n2. article("Moselle")\n3. join()',
    ),
    Example(
        "Which is older, the University of Uppsala or the Technical University of Munich?",
        '1. article("University of Uppsala")\n2. article("Technical University of Munich")\n3. join()',
    ),
)
"""Models follow the last examples most; those copy names in full from their questions."""


@dataclass(frozen=True, slots=True)
class FewShot:
    """The tools of the examples as prompts list them, and the examples."""

    tools: list[ListedTool]
    examples: list[Example]


@cache
def worked() -> FewShot:
    """Return the examples and their tools."""
    tools = Toolbox(_tool(*fields) for fields in _TOOLS)
    return FewShot(listed(tools), [checked(example, tools) for example in _EXAMPLES])


def _tool(name: str, description: str, arguments: Mapping[str, str], gives: str) -> Tool:
    """Build a tool that prompts list and nothing calls."""
    schema = {
        "type": "object",
        "properties": {argument: {"type": kind} for argument, kind in arguments.items()},
        "required": list(arguments),
    }
    return Tool.from_schema(name, description, schema, "pure", call=print, returns={"type": gives})
