"""The full level: loops over known lists, guards on known results, and what these leave as it was."""

from random import Random
from typing import Literal

import pytest
from pydantic import BaseModel

from llmc import Secret, Tool, Toolbox, decoder_grammar, pure, read, write
from llmc_compiler.decoder.values.path_rules import steps_to
from llmc_compiler.expressions.types import ANY, FLOAT, STR, Field, list_of, map_of, record
from tests.decoder.judge import judge, refers
from tests.decoder.test_decoder_grammar import FIND, GOOD, accepted
from tests.decoder.toolboxes import HANDMADE
from tests.decoder.walker import Walker


class Offer(BaseModel):
    """An offer."""

    name: str
    price: float
    open: bool
    kind: Literal["new", "old"]


@read("shop")
def offers(kind: str) -> list[Offer]:
    """All offers."""
    return []


@read("shop")
def cheapest(kind: str) -> Offer:
    """The cheapest offer."""
    return Offer(name=kind, price=1.0, open=True, kind="new")


@write("orders")
def order(name: str) -> str:
    """Order it."""
    return name


SHOP = Toolbox([offers, cheapest, order])


def lines(*tasks: str) -> str:
    """A plan of numbered tasks."""
    return "\n".join([*(f"{number}. {task}" for number, task in enumerate(tasks, 1)), "join()"])


LOOPS = [
    lines('offers("a")', "order($x.name) for x in $1"),
    lines('offers("a")', "order($x.name) for x in $1 if $x.price < 3"),
    lines('offers("a")', 'order($x.name) for x in $1 if $x.open and $x.kind == "old"'),
    lines('offers($x) for x in ["a", "b"]', "order($x[0].name) for x in $1"),
    lines('order("the $x") for x in ["a"]'),
    lines('order("a")', 'order("$x for ${1}") for x in [$1, "b"]'),
    lines('cheapest("a")', 'order("a") for x in [1, 2.5] if $x > $1.price'),
]
NO_LOOPS = [
    lines('order("a") for y in ["a"]'),
    lines('offers("a")', 'order("a") for x in $1 if not $x.kind == "old"'),
    lines('order("a") for x in "a"'),
    lines('order("a") for x in []'),
    lines('order("a") for x in [["a"]]'),
    lines("order($x)"),
    lines('order("a") for x in $1'),
    lines('cheapest("a")', "order($x) for x in $1.price"),
    lines('offers("a")', 'order("a") if $x.price > 3'),
    lines('order("a") for x in ["a"] for x in ["b"]'),
    lines('[order($x) for x in ["a"]]'),
    lines('order("a") for x in offers("a")'),
    'join("a") for x in ["a"]',
    "a = " + lines('order("a")')[3:],
]


def test_a_loop_goes_through_a_known_list() -> None:
    """Of constants and references, or a part of a result that may be a list; `$x` is known in it alone."""
    assert accepted([*LOOPS, *NO_LOOPS], SHOP, "full", tasks=3) == LOOPS


@pure
def total(numbers: list[float], rounded: bool = False) -> float:
    """The sum of numbers."""
    return sum(numbers)


TOTALS = Toolbox([offers, total])
MADE = [
    lines('offers("a")', "total([$item.price for item in $1])"),
    lines('offers("a")', 'total([$item.price for item in $1 if $item.open and $item.name != "a"], true)'),
    lines('offers($x) for x in ["a", "b"]', "total([$item.price for item in $x]) for x in $1"),
]
NOT_MADE = [
    lines("total([$item.price for item in $1])"),
    lines('offers("a")', "total([$1[0].price for item in $1])"),
    lines('offers("a")', "total([$item.price for item in [1, 2]])"),
    lines('offers("a")', "total([$x.price for x in $1])"),
    lines('offers("a")', "total([$item.price for item in $1], $item)"),
    lines('offers("a")', "offers([$item.name for item in $1])"),
    lines('offers("a")', "total([$item.price for item in $1 if $item.price > $1[0].price])"),
    lines('offers("a")', "total([total($item.price) for item in $1])"),
]


def test_a_list_is_made_of_another_where_a_tool_takes_one() -> None:
    """Of parts of its elements, with a condition on them; the name is known in it alone."""
    assert accepted([*MADE, *NOT_MADE], TOTALS, "full", tasks=3) == MADE
    assert accepted([*MADE, *NOT_MADE], TOTALS, "sound", tasks=3) == []
    for text in MADE:
        assert not judge(text, TOTALS).own, text
    taken = lines('offers("a")', "total([$element.price for element in $1])")
    assert accepted([taken], TOTALS, "full", tasks=3) == []


CONDITIONS = [
    "$1.price > 3",
    "$1.price <= -2.5",
    "$1.price == $2.price",
    "$1.open",
    "not $1.open",
    "$1.open == false",
    '$1.kind == "new"',
    '$2.name != "a"',
    '"a" in $1.name',
    '"a" not in $1.name',
    "$1 == null",
    "$1.price > 3 and $2.open",
    "$1.open or not $2.open",
    '"costs $$5" in $1.name',
]
NO_CONDITIONS = [
    "$3.open",
    "$1.name > 3",
    '$1.price > "a"',
    "$1.price > 3 > 2",
    "$1.size > 3",
    "true",
    "3 > 2",
    "$1.price + 1 > 3",
    '$1.open if $1.price > 3 else "a"',
    "offers($1)",
    '"$1" in $1.name',
]


def test_a_guard_reads_what_results_may_have() -> None:
    """Numbers are compared with numbers, texts with texts; any value is one that holds or does not."""
    texts = [lines('cheapest("a")', 'cheapest("b")', f'order("c") if {each}') for each in CONDITIONS + NO_CONDITIONS]
    assert accepted(texts, SHOP, "full", tasks=3) == texts[: len(CONDITIONS)]
    for text in texts[: len(CONDITIONS)]:
        verdict = judge(text, SHOP)
        assert not verdict.own
        assert not verdict.by_type


def test_what_is_sound_is_full_and_loops_are_not_sound() -> None:
    """The level adds lines, and takes none away."""
    assert accepted(GOOD, FIND, "full", tasks=3) == GOOD
    assert accepted([*GOOD, *LOOPS], FIND, "sound", tasks=3) == GOOD


def test_without_a_number_none_is_compared() -> None:
    """Where no tool gives a number, `$1 > 3` would always be a mistake."""
    texts = [lines('search("a")', f'search("b") if {each}') for each in ("$1 > 3", '"a" in $1', "$1.ok", "$1 == true")]
    assert accepted(texts, HANDMADE["one"], "full") == texts[1:2]


def test_nothing_is_known_of_results_without_a_schema() -> None:
    """So each may be a list, a number, or a mapping."""
    anything = Toolbox([Tool.from_schema("get", "", {"type": "object", "properties": {"id": {}}}, "pure", print)])
    texts = [
        lines('get("a")', "get($x.id) for x in $1.items if $x.n > 3"),
        lines('get("a")', 'get("b") if $1[0].n > 3'),
        lines('get("a")', 'get("b") if $1.items[0].kind == "c"'),
    ]
    assert accepted(texts, anything, "full") == texts


def test_a_secret_is_neither_compared_nor_looped_over() -> None:
    """No other tool gives a text, so none is looked into."""

    @pure
    def pin(name: str) -> Secret[str]:
        """The pin."""
        return name

    @pure
    def spend(name: str) -> float:
        """Use it."""
        return float(len(name))

    texts = [lines('pin("a")', 'spend("b") if $1 > 3'), lines('pin("a")', 'spend("b") if "a" in $1')]
    assert accepted(texts, Toolbox([pin, spend]), "full") == texts[:1]


def test_the_element_has_no_name_that_is_taken() -> None:
    """Of the tasks of earlier plans."""
    good = ['2. find("$item $x") for item in $x\njoin()', '2. find("a") if $x.n > 3\njoin()']
    bad = ['2. find("a") for x in $1\njoin()']
    assert accepted([*good, *bad], FIND, "full", first=2, known=["x", "1"]) == good
    plain = ['2. find("a") for x in $1\njoin()']
    assert accepted(plain, FIND, "full", first=2, known=["1"]) == plain
    taken = ["x", "item", "element", "entry"]
    assert accepted([*good, *bad], FIND, "full", first=2, known=[*taken, "1"]) == good[1:]


def test_a_tool_without_parameters_is_not_looped() -> None:
    """It would do the same each time."""
    texts = [lines('now() for x in ["a"]'), lines("now()", "now() if $1")]
    assert accepted(texts, Toolbox([HANDMADE["days"].get("now")]), "full") == texts[1:]  # type: ignore[list-item]  # it is there


def test_a_task_has_no_more_references_than_it_may() -> None:
    """With a call, a list of constants and two comparisons that are full of them."""

    @pure
    def many(texts: list[str]) -> float:
        """Take many."""
        return float(len(texts))

    def task(items: int, constants: int) -> str:
        texts = ", ".join(['"$a$a$a"'] * items)
        source = ", ".join(["$a"] * constants)
        return f"1. many([{texts}]) for x in [{source}] if $x < $a and $x < $a\njoin()"

    tools = Toolbox([many])
    texts = [task(16, 8), task(17, 8), task(16, 9), task(16, 8).replace("\njoin", " and $a\njoin")]
    assert accepted(texts, tools, "full", tasks=1, known=["a"]) == texts[:1]
    assert not judge(f"a = many([])\n{texts[0]}", tools).own


@pytest.mark.parametrize(
    ("result", "found"),
    [
        (FLOAT, {()}),
        (STR, set()),
        (list_of(FLOAT), {(None,)}),
        (map_of(FLOAT), {("",)}),
        (record([Field("a", FLOAT), Field("b c", FLOAT)], ANY), {("a",)}),
        (ANY, None),
        (record([Field(f"k{number}", FLOAT) for number in range(70)]), None),
        (list_of(list_of(list_of(list_of(FLOAT)))), set()),
    ],
)
def test_the_steps_to_a_kind_of_value(result: object, found: object) -> None:
    """Known keys, any key of a mapping, places in lists; None where any steps may lead there."""
    assert steps_to([result], lambda part: part == FLOAT) == found  # type: ignore[list-item]  # a type


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        (" for x in ", " for y in ", "E202"),
        ("condition_2x)?", "condition_2x)? condition_2", "E1"),
        ('(" if " condition_2)', '(" if " condition_2x)', "E202"),
        ('" not in "', '" not "', "E1"),
    ],
)
def test_a_broken_grammar_is_caught(old: str, new: str, code: str) -> None:
    """The walks see one wrong rule."""
    good = decoder_grammar(HANDMADE["look up"], level="full", tasks=3)
    assert old in good
    broken = Walker.of(good.replace(old, new), "lark")
    random = Random(old)
    walks = (broken.walk(random) for _ in range(300))
    found = (one.code for text in walks for one in judge(text, HANDMADE["look up"]).own)
    assert any(each.startswith(code) for each in found)


def test_a_judge_tells_types_from_other_mistakes() -> None:
    """A constant of a wrong type is the grammar's own mistake."""
    assert refers("$1 > 3")
    assert not refers('"a" > 3')
    assert judge(lines('order("a")', 'order("b") if "c" > 3'), SHOP).own
    assert judge(lines('order("a")', 'order("b") if $1 > 3'), SHOP).by_type
