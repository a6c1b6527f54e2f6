"""The laws of the list of tools in a prompt: whatever the budget is, it has all names, types and required marks."""

import logging
import random
import re
from collections.abc import Iterator
from dataclasses import fields, replace
from itertools import pairwise
from typing import Any, Final

import pytest

import llmc
from llmc_runtime.agent.agent import Agent
from llmc_runtime.agent.prompting.templates import Prompts
from llmc_runtime.agent.prompting.tool_docs.cut import ALL, WHOLE, ListCut
from llmc_runtime.agent.prompting.tool_docs.prompt_texts import lines_text, shortened
from llmc_runtime.agent.prompting.tool_docs.tool_entry import ListedTool, ToolText
from llmc_runtime.agent.prompting.tool_docs.tool_list import PROMPT_BUDGET, ToolList, listed, tool_list
from llmc_runtime.agent.prompting.tool_docs.type_texts import type_text
from tests.agent.fakes import Script, World
from tests.decoder.odd_toolboxes import odd_toolbox

_WORDS: Final = [
    "the",
    "a",
    "number",
    "of",
    "pages",
    "results",
    "repository",
    "to",
    "look",
    "for",
    "list",
    "name",
    "sorted",
    "by",
    "date",
    "owner.",
    "Which",
]
_TYPES: Final[tuple[tuple[dict[str, Any], str], ...]] = (
    ({"type": "string", "minLength": 1, "maxLength": 64}, "str"),
    ({"type": "string", "format": "date-time"}, "str"),
    ({"type": "integer", "minimum": 1, "maximum": 100}, "int"),
    ({"type": "array", "items": {"type": "string", "pattern": "^a"}, "maxItems": 3}, "list[str"),
    ({"type": "object", "properties": {"id": {"type": "integer", "description": "Its number"}}}, '{"id"?: int'),
    ({"enum": [f"value {i}" for i in range(30)]}, '"value 0" | "value 1"'),
    ({"type": ["boolean", "null"]}, "bool?"),
)
"""Schemas, and what a signature has of each at least."""

BUDGETS: Final = (0, 400, 1_000, 2_500, 4_000, 7_000, 100_000)


def _text(rng: random.Random, most: int) -> str:
    """Some sentences."""
    return " ".join(rng.choice(_WORDS) for _ in range(rng.randrange(most)))


def made(seed: int) -> llmc.Toolbox:
    """Return a toolbox with parameters of all kinds."""
    rng = random.Random(seed)
    return llmc.Toolbox(_tool(rng, f"tool_{number}") for number in range(rng.randint(1, 12)))


def _tool(rng: random.Random, name: str) -> llmc.Tool:
    """Return a tool with a few parameters."""
    properties: dict[str, Any] = {}
    for number in range(rng.randrange(7)):
        schema, _ = rng.choice(_TYPES)
        properties[f"p{number}"] = {**schema, "description": _text(rng, 30), "examples": ["x"] * rng.randrange(3)}
    required = [each for each in properties if rng.random() < 0.5]
    schema = {"type": "object", "properties": properties, "required": required}
    return llmc.Tool.from_schema(name, _text(rng, 60), schema, rng.choice(["pure", "write(x)"]), call=print)


def lost(tools: llmc.Toolbox, shown: ToolList) -> Iterator[str]:
    """Yield the names, types and required marks that a list does not have."""
    signatures = {tool.name: tool.signature for tool in shown.tools}
    for tool in tools:
        text = signatures.get(tool.name, "")
        for each in tool.signature.takes:
            assert isinstance(each.schema, dict)
            base = next(word for schema, word in _TYPES if schema.items() <= each.schema.items())
            if f"{each.name}{'' if each.required else '?'}: {base}" not in text:
                yield f"{tool.name}.{each.name}"


@pytest.mark.parametrize("seed", range(5))
def test_names_types_and_required_marks_are_never_lost(seed: int) -> None:
    """Whatever the budget is."""
    tools = made(seed)
    assert [name for budget in BUDGETS for name in lost(tools, tool_list(tools, budget))] == []


def test_a_list_that_is_cut_anywhere_loses_names() -> None:
    """The law above sees it: a control."""
    tools = made(1)
    whole = tool_list(tools)
    cut = replace(whole, tools=tuple(replace(tool, signature=tool.signature[:40]) for tool in whole.tools))
    assert list(lost(tools, whole)) == []
    assert len(list(lost(tools, cut))) > 5


@pytest.mark.parametrize("seed", range(5))
def test_the_list_is_within_its_budget_if_names_and_types_are(seed: int) -> None:
    """Else it is as short as it can be, and that is said."""
    tools = made(seed)
    least = tool_list(tools, 0).characters
    for budget in (*BUDGETS, least - 1, least, least + 1):
        shown = tool_list(tools, budget)
        assert shown.characters <= max(budget, least)
        assert ("are never left out" in " ".join(shown.left_out)) == (shown.characters > budget)


@pytest.mark.parametrize("seed", range(3))
def test_a_larger_budget_never_shows_less(seed: int) -> None:
    """Of any tool, in any kind of part."""
    entries = [ToolText(tool) for tool in made(seed)]
    sizes = [[_size_of(each) for each in tool_list(made(seed), budget).tools] for budget in range(0, 7_000, 700)]
    for less, more in pairwise(sizes):
        assert all(one <= other for one, other in zip(less, more, strict=True))
    for kind in fields(ListCut):
        for most in (0, 10, 40, 200, ALL):
            cut = replace(WHOLE, **{kind.name: most})
            assert all(_size_of(each.listed(cut)) <= _size_of(each.listed()) for each in entries)


def _size_of(tool: ListedTool) -> int:
    """Return the characters of a tool."""
    return len(tool.signature) + len(tool.description) + sum(map(len, tool.parameters))


def test_a_hundred_odd_tools_are_within_the_budget_or_say_why() -> None:
    """With references, unions, long descriptions: the default, less than names and types take, and enough for all."""
    tools = odd_toolbox(0, 100)
    least = tool_list(tools, 0).characters
    assert PROMPT_BUDGET < least < 30_000
    for budget in (PROMPT_BUDGET, least, 40_000, 10**6):
        shown = tool_list(tools, budget)
        assert len(Prompts().render("tools", tools=shown.tools)) == shown.characters <= max(budget, least)
        assert ("are never left out" in " ".join(shown.left_out)) == (budget < least)
        assert [tool.name for tool in shown.tools] == [tool.name for tool in tools]
    assert tool_list(llmc.Toolbox([*tools][:80])).characters <= PROMPT_BUDGET


def test_the_remarks_are_in_the_order_of_the_cut() -> None:
    """Whatever the first tool has, and with nothing said of kinds that no tool has."""
    bounded = {"properties": {"n": {"type": "integer", "minimum": 3, "description": "Number"}}}
    tools = [
        llmc.Tool.from_schema("a", "Read.", {}, "pure", call=print),
        llmc.Tool.from_schema("b", "", bounded, "pure", call=print),
    ]
    assert [text.partition(" of 1 tool")[0] for text in tool_list(tools, 0).left_out[:-1]] == [
        "bounds and formats",
        "descriptions of optional parameters",
        "descriptions",
    ]


def test_the_same_tools_give_the_same_list() -> None:
    """Nothing depends on chance or on an earlier call."""
    for budget in BUDGETS:
        assert tool_list(made(3), budget) == tool_list(made(3), budget)
    assert tool_list(made(3)) != tool_list(made(4))


@pytest.mark.parametrize("seed", range(5))
def test_the_size_is_that_of_the_text_and_every_cut_is_said(seed: int) -> None:
    """The template writes as many characters as are counted; a list with all of it has no remarks."""
    tools = made(seed)
    whole = tool_list(tools)
    assert list(tool_list(tools, 10**6).tools) == listed(tools)
    for budget in BUDGETS:
        shown = tool_list(tools, budget)
        assert len(Prompts().render("tools", tools=shown.tools)) == shown.characters
        assert (shown.left_out == ()) == (shown.tools == whole.tools)


def test_parts_are_cut_in_their_order() -> None:
    """A kind is cut only when all of those before it are gone."""
    order = ["examples", "bounds", "optional parameters", "required parameters", "values", "descriptions of"]
    tools = made(5)
    for budget in range(0, 7_000, 350):
        remarks = [text for text in tool_list(tools, budget).left_out if " were left out" in text]
        for text in remarks[:-1]:
            left, total = re.findall(r"([\d,]+) of ([\d,]+) characters", text)[0]
            assert left == total, (budget, remarks)
        places = [next(i for i, kind in enumerate(order) if kind in text) for text in remarks]
        assert places == sorted(places)


def test_a_description_is_shortened_to_its_first_sentence_before_it_is_dropped() -> None:
    """The longest descriptions first."""
    tools = [
        llmc.Tool.from_schema("a", "Find pages. " + "More about how it is done. " * 20, {}, "pure", call=print),
        llmc.Tool.from_schema("b", "Read one page.", {}, "pure", call=print),
    ]
    for budget, shown in ((200, "Find pages. More about how it"), (95, "Find pages."), (45, "")):
        found = tool_list(tools, budget).tools
        assert found[0].description.startswith(shown)
        assert bool(found[1].description) == bool(shown)
    assert tool_list(tools, 74).tools[0].description == "Find pages.…"


def test_what_tools_have_in_common_is_told_once_where_room_is_short() -> None:
    """The first tool speaks for those below; of required parameters, this outlasts what is told of one tool alone."""
    schema = {
        "properties": {
            "owner": {"type": "string", "description": "Owner of the repository"},
            "page": {"type": "integer", "description": "Page of the results"},
        },
        "required": ["owner"],
    }
    own = {"properties": {"sha": {"description": "Hash of the commit to be read"}}, "required": ["sha"]}
    tools = [llmc.Tool.from_schema(name, "Read.", schema, "pure", call=print) for name in ("a", "b", "c")]
    tools.append(llmc.Tool.from_schema("d", "Read.", own, "pure", call=print))
    assert [len(tool.parameters) for tool in tool_list(tools).tools] == [2, 2, 2, 1]
    once = tool_list(tools, 320)
    shared = "owner, here and below: Owner of the repository"
    assert [tool.parameters for tool in once.tools[:2]] == [(shared, "page, here and below: Page of the results"), ()]
    assert once.left_out == ()
    assert [tool.parameters for tool in tool_list(tools, 190).tools] == [(shared,), (), (), ()]
    assert tool_list(tools, 0).tools[0].parameters == ()


def test_long_descriptions_are_cut_whatever_the_budget_is() -> None:
    """A server cannot fill the prompt with one text: 2,000 characters of a tool, 1,000 of a parameter are the most."""
    schema = {"properties": {"a": {"description": "y" * 9_000}}}
    tool = llmc.Tool.from_schema("t", "x" * 10_000, schema, "pure", call=print)
    shown = tool_list([tool], 10**9)
    assert len(shown.tools[0].description) == 2_000
    assert len(shown.tools[0].parameters[0]) == len("a: ") + 1_000
    assert shown.left_out == (
        "descriptions of optional parameters of 1 tool were left out: 8,000 of 9,000 characters",
        "descriptions of 1 tool were left out: 8,000 of 10,000 characters",
    )


def test_a_text_is_shortened_between_words() -> None:
    """Its end says so; below sixteen characters nothing is left."""
    assert shortened("Repository owner", 16) == "Repository owner"
    assert shortened("Repository owner or organisation", 20) == "Repository owner or…"
    assert shortened("Repository owner or organisation", 18) == "Repository owner…"
    assert shortened("x" * 40, 20) == "x" * 19 + "…"
    assert shortened("Repository owner", 15) == ""


def nested(depth: int, word: str) -> dict[str, Any]:
    """Return a schema that has the one before it twice."""
    schema: dict[str, Any] = {"type": "string"}
    for number in range(depth):
        schema = {word: [schema, {"type": "integer", "minimum": number}, schema]}
    return schema


@pytest.mark.parametrize(
    "schema",
    [
        {"enum": [f"v{i}" for i in range(100_000)]},
        {"enum": ["x" * 1_000_000] * 60},
        {"type": "object", "properties": {f"k{i}": {"enum": ["x" * 150] * 60} for i in range(2_000)}},
        {"properties": {f"k{i}": {} for i in range(20_000)}, "anyOf": [{"required": [f"k{i}"]} for i in range(300)]},
        nested(300, "anyOf"),
        nested(300, "allOf"),
        {"$defs": {"a": {"allOf": [{"$ref": "#/$defs/a"}, {"$ref": "#/$defs/a"}]}}, "$ref": "#/$defs/a"},
        {"type": "integer", "minimum": -(10**5_000), "maximum": 10**5_000, "exclusiveMaximum": float("nan")},
        {"type": "string", "pattern": "a" * 10**6, "format": "b" * 10**6},
    ],
    ids=["values", "long values", "keys", "union of keys", "unions", "joined", "circle", "numbers", "texts"],
)
def test_hostile_schemas_have_short_types(schema: dict[str, Any]) -> None:
    """Types are written in bounded steps and have a bounded length."""
    assert len(type_text(schema)) < 5_000


def test_hostile_descriptions_are_read_to_their_bound() -> None:
    """Ten megabytes of blanks and controls give a short text."""
    assert lines_text("word " * 2_000_000, 100).length == 10**7 - 1
    assert len(lines_text("\u202e\n" * 5_000_000, 100).text) <= 100


def test_a_cut_is_said_once_for_an_agent(caplog: pytest.LogCaptureFixture) -> None:
    """As a warning of the logger `llmc`; a list that fits is not spoken of."""
    tools = World().toolbox()
    with caplog.at_level(logging.WARNING, "llmc"):
        Agent(tools, model=Script([]))
        assert caplog.messages == []
        agent = Agent(tools, model=Script([]), prompt_budget=150)
        agent.planner.messages("", list(agent.tools))
    assert [text for text in caplog.messages if "descriptions of" in text] == [caplog.messages[0]]
    assert caplog.messages[0].startswith("a prompt has room for 150 characters of tools: descriptions of ")


@pytest.mark.parametrize("api", ["chat", "completions"])
def test_both_prompts_keep_to_the_budget_of_the_agent(api: str) -> None:
    """The one for models that talk and the one for models that continue a text."""
    tools = World().toolbox()
    texts = [
        Agent(tools, model=Script([], api=api), prompt_budget=budget).planner.messages("", list(tools))[0].text
        for budget in (PROMPT_BUDGET, 0)
    ]
    assert "    What is known of an entity." in texts[0]
    assert "    What is known of an entity." not in texts[1]
    assert all("search(entity: str) -> str" in text for text in texts)


def test_a_budget_is_a_number_from_0() -> None:
    """Anything else is refused when the agent is made."""
    with pytest.raises(ValueError, match="`prompt_budget` is a number of characters from 0, not -1"):
        Agent(World().toolbox(), model=Script([]), prompt_budget=-1)
    with pytest.raises(TypeError, match="`prompt_budget` is a number of characters, not '8k'"):
        Agent(World().toolbox(), model=Script([]), prompt_budget="8k")  # type: ignore[arg-type]  # wrong on purpose
