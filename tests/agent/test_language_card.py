"""The card of a planner: what it teaches for some tools and a level, in how many characters, in plans that compile."""

import re
from collections.abc import Callable, Iterator
from dataclasses import asdict
from datetime import date
from typing import Any, Literal

import pytest
from pydantic import BaseModel

import llmc
from llmc import Tool, Toolbox, nondet, pure, read, write
from llmc_compiler.compiler import check
from llmc_compiler.decoder.decoder_grammar import Level, decoder_grammar
from llmc_compiler.expressions.functions.table import FUNCTIONS as STANDARD
from llmc_compiler.expressions.types import describe
from llmc_grammar import ast, parse
from llmc_grammar.check import loop_parts, parts
from llmc_runtime.agent.prompting.examples import card_samples
from llmc_runtime.agent.prompting.language_card import FUNCTIONS, LARGE, SAID, SMALL, SPARED, Card, card
from llmc_runtime.agent.prompting.templates import Prompts
from llmc_runtime.agent.prompting.tool_docs.prompt_texts import END
from tests.agent.fakes import World
from tests.decoder.toolboxes import HANDMADE, TOOLBOXES, random_toolbox
from tests.decoder.walker import Walker

LEVELS: tuple[Level | None, ...] = ("full", "sound", "tools", "plain", None)
PROMPTS = Prompts()
BEFORE = 886
"""Characters of the card before it taught loops and the like, without its plans."""


class Item(BaseModel):
    """An item of a shop."""

    id: int
    name: str
    price: float
    tags: list[str] = []


class Page(BaseModel):
    """A page of items."""

    items: list[Item]
    more: bool


def tool(name: str, takes: object, gives: dict[str, Any] | None = None, effect: str = "read(a)") -> Tool:
    """A tool of a schema."""
    schema = takes if isinstance(takes, dict) else {}
    return Tool.from_schema(name, "A tool.", schema, effect, print, returns=gives)


def of(properties: dict[str, Any], *required: str) -> dict[str, Any]:
    """The schema of an object."""
    return {"type": "object", "properties": properties, "required": list(required or properties)}


TEXT = {"type": "string"}
ONE_OF = {
    "oneOf": [of({"kind": {"const": "a"}, "name": TEXT}), of({"kind": {"const": "b"}, "id": {"type": "integer"}})]
}


@read("shop")
def page(number: int) -> Page:
    """A page."""
    return Page(items=[], more=False)


@read("shop")
def items(kind: Literal["new", "old"] = "new") -> list[Item]:
    """All items."""
    return []


@pure
def mean(values: list[float]) -> float:
    """The mean."""
    return sum(values)


@nondet
def price(name: str) -> float:
    """A price."""
    return 1.0


@write("orders")
def order(name: str, count: int = 1) -> str:
    """Order it."""
    return name


@read("shop")
def in_stock(name: str) -> bool:
    """Whether it is there."""
    return bool(name)


@read("shop")
def find(name: str) -> str | None:
    """Find it, if it is there."""
    return name


@read("days")
def on(day: date) -> list[str]:
    """What happened."""
    return []


def long(name: str) -> str:
    """Take a name."""
    return name


BOXES: dict[str, Toolbox] = {
    **HANDMADE,
    **{name: tools for name, tools in TOOLBOXES.items() if len(tools) <= 8},
    "world": World().toolbox(),
    "page": Toolbox([page]),
    "items": Toolbox([items, order]),
    "mean": Toolbox([mean]),
    "price, mean": Toolbox([price, mean]),
    "stock": Toolbox([in_stock, order]),
    "maybe found": Toolbox([find]),
    "a day": Toolbox([on]),
    "writes": Toolbox([order]),
    "a long name": Toolbox([pure(name="x" * 60)(long)]),
    "long names": Toolbox([pure(name=f"{letter * 50}.get")(long) for letter in "abc"] + [items]),
    "forms": Toolbox([tool("create", ONE_OF)]),
    "forms and a search": Toolbox([tool("create", ONE_OF), HANDMADE["one"].get("search")]),  # type: ignore[list-item]  # it is there
    "a format": Toolbox([tool("at", of({"when": {"type": "string", "format": "date-time"}}), TEXT)]),
    "odd names": Toolbox(
        [tool("get-it", of({"$filter": TEXT, "created[gte]": {"type": "number"}}), {"type": "boolean"})]
    ),
    "a pattern": Toolbox([tool("zip", of({"code": {**TEXT, "pattern": "^[0-9]{5}$"}}))]),
    "a pattern with an example": Toolbox(
        [tool("zip", of({"code": {**TEXT, "pattern": "^[0-9]$", "examples": ["7"]}}), TEXT)]
    ),
    "anything": Toolbox([tool("any", {})]),
    "words": Toolbox([tool("state", of({"of": TEXT}), {"enum": ["on", 'o"ff$1']})]),
    "numbers with bounds": Toolbox(
        [tool("roll", of({"sides": {"type": "integer", "minimum": 6}}), {"type": "integer"})]
    ),
    "a list of anything": Toolbox([tool("all", of({}), {"type": "array"}), tool("one", of({"id": {}}))]),
    "a day and an identifier": Toolbox(
        [tool("get", of({"day": {**TEXT, "format": "date"}, "id": {**TEXT, "format": "uuid"}}), TEXT)]
    ),
    "a day of a definition": Toolbox(
        [
            tool(
                "get",
                {
                    **of(
                        {
                            "day": {"$ref": "#/$defs/Day"},
                            "id": {"anyOf": [{**TEXT, "format": "uuid"}, {"type": "null"}]},
                        }
                    ),
                    "$defs": {"Day": {**TEXT, "format": "date"}},
                },
            )
        ]
    ),
    "numbers of forms": Toolbox(
        [tool("get", {"anyOf": [of({"v": {"const": 1}}), of({"v": {"const": 2}, "b": TEXT})]})]
    ),
    "records": Toolbox([tool("draw", of({"from": of({"x": {"type": "number"}, "y": {"type": "number"}})}))]),
    "a list of lists": Toolbox([tool("grid", of({"rows": {"type": "array", "items": {"type": "array"}}}))]),
    "many": random_toolbox(5, 40),
}


def shown(tools: Toolbox, level: Level | None) -> str:
    """The card as a planner reads it."""
    return PROMPTS.render("card", **asdict(card(tools, level)))


def test_the_budget_counts_what_the_template_says() -> None:
    """For each form, and without any."""
    nothing: dict[str, Any] = {"samples": [], **dict.fromkeys(SAID, False)}
    without = len(PROMPTS.render("card", **nothing))
    assert without == BEFORE - SPARED
    given = {**dict.fromkeys(SAID, True), "functions": FUNCTIONS}
    assert {form: len(PROMPTS.render("card", **nothing | {form: given[form]})) - without for form in SAID} == SAID


def test_there_are_toolboxes_of_many_kinds() -> None:
    """At least forty."""
    assert len(BOXES) >= 40


@pytest.mark.parametrize("name", BOXES)
def test_a_card_keeps_its_budget_and_its_plans_compile(name: str) -> None:
    """Without a warning, and whatever the level; where there is nothing new to teach, the card is no longer."""
    tools = BOXES[name]
    is_large = any(each.effect.may_write or re.match(r"list|\{|dict|list.*\?", llmc_type(each)) for each in tools)
    before = BEFORE + sum(len(plan) + 2 for plan in card_samples(tools))
    for level in ("full", "sound", None):
        made = card(tools, level)
        assert len(shown(tools, level)) <= before + (LARGE if is_large else SMALL)
        for plan in made.samples:
            assert plan.endswith(END)
            assert not mistakes(plan, tools), plan
            assert not [each for each in calls(plan) if tools.get(each) is None or tools.get(each).effect.may_write]  # type: ignore[union-attr]  # told
    assert card(tools, "tools") == card(tools, "plain") == card(tools, None)


def llmc_type(tool: Tool) -> str:
    """The type that a tool gives, as text."""
    return describe(tool.signature.gives)


def mistakes(plan: str, tools: Toolbox) -> tuple[llmc.Diagnostic, ...]:
    """The mistakes of a plan, warnings among them."""
    return check(parse(plan, header=False), tools)


def calls(plan: str) -> Iterator[str]:
    """The tools that a plan calls."""
    for each in expressions(plan):
        if isinstance(each, ast.Call):
            yield each.tool


def expressions(plan: str) -> Iterator[ast.Expr]:
    """All expressions of a plan."""
    for statement in parse(plan, header=False).plan.statements:
        match statement:
            case ast.Task(expr=expr, loops=loops, guard=guard):
                for each in (expr, guard, *(part for loop in loops for part in loop_parts(loop))):
                    yield from parts(each) if each else ()
            case ast.Join(arguments=arguments):
                for argument in arguments:
                    yield from parts(argument.value)
            case _:
                pass


def test_a_plan_of_a_card_that_does_not_compile_is_noticed() -> None:
    """A wrong name, and a task that nothing needs."""
    tools = HANDMADE["one"]
    assert mistakes(f'1. serch("…")\n2. join(){END}', tools)
    assert mistakes(f'1. search("…")\n2. join("a"){END}', tools)


def test_the_functions_of_a_card_are_those_of_the_language() -> None:
    """Each name is in the table, and each form that the line and its neighbour show is read."""
    names = [each.partition("(")[0] for each in re.split(r", (?!by)", FUNCTIONS)]
    assert len(names) == 13
    assert {*names} <= {*STANDARD}
    text = shown(BOXES["items"], None)
    for form in ("[$x.name for x in $1 if $x.ok]", "$1[:3]", 'sorted($1, by="key")'):
        assert form in text
        assert not parse(f"1. items()\n2. {form}\njoin($2)", header=False).diagnostics
    assert parse("1. [$x for x]\njoin()", header=False).diagnostics


def test_functions_are_named_where_lists_or_records_are() -> None:
    """And where the level has them; a small card has no room for them."""
    named = {name for name, tools in BOXES.items() if card(tools, None).functions}
    assert {"items", "page", "records", "world", "many"} <= named
    assert not named & {"one", "words", "forms", "stock", "writes", "mean"}
    own = Toolbox([*BOXES["items"], pure(name="len")(long)])
    assert card(own, None).functions == FUNCTIONS.removeprefix("len, ")
    for level in ("full", "sound"):
        assert not any(made.functions or made.lists for made in (card(tools, level) for tools in BOXES.values()))


def test_formats_are_shown_where_results_have_numbers() -> None:
    """At every level."""
    for level in LEVELS:
        assert "${1:,.2f}" in shown(BOXES["items"], level)
        assert "${1:,.2f}" not in shown(BOXES["one"], level)


FORMS: dict[str, Callable[[str], bool]] = {
    "a loop": lambda text: " for x in " in text,
    "a guard": lambda text: re.search(r"\) if ", text) is not None,
    "a choice": lambda text: " if C else " in text or re.search(r" if .* else ", text.partition("\n\n")[2]) is not None,
    "a name": lambda text: re.search(r"^a = ", text, re.MULTILINE) is not None or "a = tool()" in text,
    "a nested call": lambda text: re.search(r"^[^(]*\w\([^(]*\w\(", text, re.MULTILINE) is not None,
    "a dollar": lambda text: "$$" in text,
}


def taught(tools: Toolbox, level: Level | None) -> set[str]:
    """The forms that a card explains."""
    text = shown(tools, level).split("\n\n")[0]
    said = {"a nested call": "calls and A if C else B"}
    return {name for name, has in FORMS.items() if (said[name] in text if name in said else has(text))}


def test_a_card_teaches_what_the_tools_can_use() -> None:
    """Loops with lists, guards with writes and with conditions that can be read off."""
    free = {"a choice", "a name", "a nested call", "a dollar"}
    assert taught(BOXES["one"], None) == free
    assert taught(BOXES["look up"], None) == {*free, "a loop", "a guard"}
    assert taught(BOXES["mean"], None) == {*free, "a loop", "a guard"}
    assert taught(BOXES["a day"], None) == {*free, "a loop"}
    for name in ("stock", "maybe found", "writes", "words", "numbers with bounds"):
        assert taught(BOXES[name], None) == {*free, "a guard"}, name
    for name in ("anything", "a pattern", "forms"):
        assert taught(BOXES[name], None) == free, name


def test_a_card_teaches_what_the_level_lets_pass() -> None:
    """No loops and guards under sound, and neither names nor nested calls under full."""
    for name, tools in BOXES.items():
        everything = taught(tools, None)
        assert taught(tools, "full") == everything & {"a loop", "a guard", "a dollar"}, name
        assert taught(tools, "sound") == {"a dollar"}, name


@pytest.mark.parametrize(
    "name",
    [
        *("one", "look up", "items", "page", "price, mean", "days", "odd names", "world", "words"),
        *("forms", "forms and a search", "numbers of forms", "a format", "a day and an identifier", "records"),
        "a day of a definition",
    ],
)
def test_what_a_card_shows_the_grammar_of_its_level_has(name: str) -> None:
    """Each plan, but for the mark at its end, which a grammar of numbered tasks leaves out."""
    tools = BOXES[name]
    for level in LEVELS[:4]:
        assert level is not None
        walker = Walker.of(decoder_grammar(tools, level=level, tasks=6), "lark")
        for plan in card(tools, level).samples:
            assert walker.accepts(plan.removesuffix(END)), (level, plan)


def test_a_plan_that_a_level_forbids_is_noticed() -> None:
    """The plans of a higher level are not all in the grammar of a lower one."""
    tools = BOXES["look up"]
    full, sound = (Walker.of(decoder_grammar(tools, level=level, tasks=6), "lark") for level in ("full", "sound"))
    for level, walker in (("full", sound), ("tools", full)):
        assert not all(walker.accepts(plan.removesuffix(END)) for plan in card(tools, level).samples)  # type: ignore[arg-type]  # a level


@pytest.mark.parametrize(
    ("name", "level", "lines"),
    [
        ("items", "full", ["1. items()", "2. items() if $1[0].id > 3"]),
        ("page", "full", ["1. page(2)", "2. page($x.id) for x in $1.items", "4. page(2) if $3.more"]),
        ("price, mean", "full", ['1. price($x) for x in ["…", "…"]', "2. mean($1)"]),
        ("mean", "full", ["1. mean([$x]) for x in [2, 3]"]),
        ("stock", "full", ['1. in_stock("…")', '2. in_stock("…") if $1']),
        ("maybe found", "full", ['2. find("…") if $1 != null']),
        ("words", "full", ['2. state("…") if $1 == "o\\"ff$$1"']),
        ("a list of anything", "full", ["1. all()", "2. one($x) for x in $1"]),
        ("one", None, ['a = search(search("…"))', 'join($a if "…" in $a else "…")']),
        ("price, mean", None, ["2. mean($1)", "join($2 if $a > 3 else $3)"]),
        ("a pattern with an example", None, ['a = zip("7")']),
        ("numbers with bounds", None, ["1. roll(6) if $a > 3"]),
        ("forms", None, ['a = create(kind="a", name="…")']),
        ("a day of a definition", "full", ['1. get("2024-05-01", "6f1a0c9e-52d1-4c7b-9c1e-3a5d8e2b7f10")']),
        ("a day and an identifier", "sound", ['1. get("2024-05-01", "6f1a0c9e-52d1-4c7b-9c1e-3a5d8e2b7f10")']),
        ("forms and a search", None, ['a = search(search("…"))']),
    ],
)
def test_lines_are_made_of_the_tools(name: str, level: Level | None, lines: list[str]) -> None:
    """With what their results have, and with arguments that they take."""
    written = "\n".join(card(BOXES[name], level).samples).replace(END, "").splitlines()
    assert [line for line in lines if line not in written] == [], "\n".join(written)


def test_a_result_that_is_secret_is_neither_compared_nor_looped_over() -> None:
    """It cannot be."""

    @pure
    def token(name: str) -> llmc.Secret[str]:
        """A token."""
        return name

    made = card(Toolbox([token]), "full")
    assert made == Card(card_samples(Toolbox([token])), loops=False, guards=False, free=False)
