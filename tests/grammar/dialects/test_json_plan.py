"""JSON plans become statements in an order that fits their references; lists of things do not."""

import json
import re
from dataclasses import dataclass
from typing import Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from llmc_grammar.ast import Argument, Call, Expr, Ref, Slot, Task, Text
from llmc_grammar.dialects import tool_calls
from llmc_grammar.dialects.form import Target
from llmc_grammar.dialects.json_plan import rewrite
from tests.grammar.dialects.plan_samples import MEANT, ORDERS, PLAN, PLANS, SPELLINGS, TWINS
from tests.grammar.dialects.plans import (
    KNOWN,
    TOOLS,
    UNKNOWN,
    Json,
    codes,
    lines,
    name_in,
    names,
    node,
    scalars,
    statements,
    texts,
)

Steps = tuple[str | int, ...]
WHOLE: Final = (
    "${id}",
    "${{{id}}}",
    "{{{{{id}}}}}",
    "{{{{ {id}.output }}}}",
    "{id}.output",
    "{{{{tasks.{id}.result}}}}",
)
"""Texts that are one reference, for ids that are words."""

INSIDE: Final = ("${{{id}}}", "{{{{{id}}}}}", "${id}")
PATHS: Final[tuple[tuple[str, Steps], ...]] = (
    (".name", ("name",)),
    ("[0]", (0,)),
    (".rows[2].km", ("rows", 2, "km")),
    ('["a b"]', ("a b",)),
)
KEYS: Final = (
    ("id", "tool", "args", "depends_on"),
    ("id", "name", "arguments", "dependencies"),
    ("task_id", "function", "parameters", "deps"),
    ("step", "action", "inputs", "after"),
    ("id", "tool_name", "input", "requires"),
    ("id", "task", "args", "dep"),
)
CONTAINERS: Final = ("tasks", "plan", "steps", "nodes", "calls", "")


@dataclass(frozen=True, slots=True)
class Use:
    """A reference to a task, alone or inside a text."""

    task: int
    steps: Steps = ()
    is_part: bool = False


@dataclass(frozen=True, slots=True)
class Planned:
    """A task: its tool, its arguments as they are written and as they are meant."""

    tool: str
    written: dict[str, Json]
    meant: dict[str, Expr | Use]

    @property
    def uses(self) -> set[int]:
        """The tasks that its arguments refer to."""
        return {value.task for value in self.meant.values() if isinstance(value, Use)}


@st.composite
def uses(draw: st.DrawFn, ids: list[str], index: int) -> tuple[Json, Use]:
    """A reference to an earlier task in any spelling, and what it means."""
    other = draw(st.integers(0, index - 1))
    match draw(st.sampled_from(["whole", "path", "object", "part"])):
        case "whole":
            return draw(st.sampled_from(WHOLE)).format(id=ids[other]), Use(other)
        case "part":
            return f"so {draw(st.sampled_from(INSIDE)).format(id=ids[other])}, é", Use(other, is_part=True)
        case "path":
            path, steps = draw(st.sampled_from(PATHS))
            return f"${{{ids[other]}{path}}}", Use(other, steps)
        case _:
            path, steps = draw(st.sampled_from(PATHS))
            return {draw(st.sampled_from(["ref", "$ref"])): ids[other] + path}, Use(other, steps)


@st.composite
def tasks_of(draw: st.DrawFn, ids: list[str], index: int) -> Planned:
    """A task with values and with references to those above it."""
    written: dict[str, Json] = {}
    meant: dict[str, Expr | Use] = {}
    for name in draw(st.lists(names, max_size=3, unique=True)):
        if index and draw(st.booleans()):
            written[name], meant[name] = draw(uses(ids, index))
        else:
            value = draw(st.lists(scalars, max_size=2) | st.dictionaries(texts, scalars, max_size=2) | scalars)
            written[name], meant[name] = value, node(value)
    return Planned(draw(st.sampled_from(TOOLS[:3])), written, meant)


def ordered(needs: list[set[int]], places: list[int]) -> list[int]:
    """The tasks in their order: again and again the first one as written that needs none of those left."""
    left, order = list(places), list[int]()
    while left:
        first = next(task for task in left if not needs[task] & set(left))
        left.remove(first)
        order.append(first)
    return order


def meaning(value: Expr | Use, numbers: dict[int, int]) -> Expr:
    """An argument with the numbers of the tasks that it refers to."""
    if not isinstance(value, Use):
        return value
    slot = Slot(Ref(str(numbers[value.task]), value.steps), "")
    return Text(("so ", slot, ", é") if value.is_part else (slot,))


def shown(task: object) -> str:
    """A statement without the spelling of its references."""
    return re.sub(r"raw='[^']*'", "", repr(task))


@given(st.data(), st.integers(1, 4), st.sampled_from(KEYS), st.sampled_from(CONTAINERS), st.sampled_from([1, 7]))
@settings(max_examples=200)
def test_a_plan_is_its_tasks(
    data: st.DataObject, count: int, keys: tuple[str, str, str, str], container: str, first: int
) -> None:
    """In any order, with dependencies besides the references, each with the numbers of those it refers to."""
    ids = data.draw(st.sampled_from([["t1", "t2", "t3", "t4"], ["a", "b_2", "c", "d"], ["E1", "E2", "E3", "E4"]]))
    tasks = [data.draw(tasks_of(ids, index)) for index in range(count)]
    after = [data.draw(st.sets(st.integers(0, index - 1), max_size=1)) if index else set() for index in range(count)]
    places = data.draw(st.permutations(range(count)))
    rows = [(ids[at], tasks[at].tool, tasks[at].written, [ids[other] for other in after[at]]) for at in places]
    objects = [dict(zip(keys, row, strict=True)) for row in rows]
    text = json.dumps({container: objects, "goal": "so"} if container else objects)
    order = ordered([task.uses | others for task, others in zip(tasks, after, strict=True)], places)
    numbers = {task: first + place for place, task in enumerate(order)}
    rewritten = rewrite(text, Target(KNOWN.tools, first))
    expected = []
    for at in order:
        arguments = tuple(Argument(name, meaning(value, numbers)) for name, value in tasks[at].meant.items())
        expected.append(Task(str(numbers[at]), Call(tasks[at].tool, arguments), (), None, ()))
    assert list(map(shown, statements(rewritten))) == list(map(shown, expected))
    assert rewritten is not None
    assert [name_in(text, written) for written in rewritten.statements] == [tasks[at].tool for at in order]


def test_a_plan_reads_in_the_order_of_its_references() -> None:
    """The lines go where their values are known; `first` is the number of the first one."""
    plan = json.loads(PLAN)
    plan["tasks"].reverse()
    assert lines(rewrite(PLAN, KNOWN)) == lines(rewrite(json.dumps(plan), KNOWN)) == MEANT
    assert lines(rewrite(PLAN, Target(KNOWN.tools, 7)))[1] == '8. search(query="It costs $7")'


def two(query: Json, **others: Json) -> str:
    """A plan of two tasks, of which the second has a query."""
    first = {"id": "t1", "tool": "price", "args": {"item": "tea"}}
    return json.dumps({"tasks": [first, {"id": "t2", "tool": "search", "args": {"query": query}, **others}]})


@pytest.mark.parametrize(("value", "expected"), SPELLINGS.values(), ids=list(SPELLINGS))
def test_references_are_known_by_their_ids(value: Json, expected: str) -> None:
    """In each usual spelling; what only looks like one stays as it is written."""
    rewritten = rewrite(two(value), KNOWN)
    assert lines(rewritten)[1] == f"2. search(query={expected})"
    statements(rewritten)


def test_a_number_that_a_line_gets_is_not_a_reference() -> None:
    """Ids are not the numbers of lines: `$2` names no task of this plan, so it does not become one."""
    text = json.dumps({"tasks": [{"id": 10, "tool": "price", "args": {"item": "$2 $10"}}] * 1 + [
        {"id": 20, "tool": "price", "args": {"item": "$10 $1"}}]})  # fmt: skip
    assert lines(rewrite(text, KNOWN))[1] == '2. price(item="$1 $$1")'


@pytest.mark.parametrize(("plan", "expected"), PLANS.values(), ids=list(PLANS))
def test_plans_of_other_systems_are_plans(plan: Json, expected: list[str]) -> None:
    """Their keys, their references and their containers."""
    rewritten = rewrite(json.dumps(plan, indent=1), KNOWN)
    assert lines(rewritten) == expected
    statements(rewritten)


@pytest.mark.parametrize(("value", "expected"), ORDERS.values(), ids=list(ORDERS))
def test_dependencies_that_no_reference_expresses_are_reported(value: Json, expected: list[list[str]]) -> None:
    """At their place, since the order of lines alone holds nothing back."""
    text = two("$t1" if value == ["t1"] else "x", depends_on=value)
    rewritten = rewrite(text, KNOWN)
    assert codes(rewritten) == expected
    assert rewritten is not None
    places = [text[slice(*each.span)] for written in rewritten.statements for each in written.found]
    assert all(place in json.dumps(value) for place in places)


def test_an_id_alone_is_a_reference_where_the_task_depends_on_it() -> None:
    """If it has letters and digits; `tea` may be a word, and without the dependency `t1` may be one."""
    rewritten = rewrite(two("t1", depends_on=["t1"]), KNOWN)
    assert (lines(rewritten)[1], codes(rewritten)) == ('2. search(query="$1")', [[], []])
    renamed = two("t1", depends_on=["t1"]).replace('"t1"', '"tea"')
    assert (lines(rewrite(renamed, KNOWN))[1], codes(rewrite(renamed, KNOWN))[1]) == (
        '2. search(query="tea")',
        ["W132"],
    )


def test_a_chain_of_references_expresses_an_order() -> None:
    """The third task uses the second, which uses the first."""
    tasks = [("a", "x", []), ("b", "$a", ["a"]), ("c", "$b", ["a", "b"])]
    rows = [{"id": name, "tool": "search", "args": {"query": value}, "needs": needs} for name, value, needs in tasks]
    assert codes(rewrite(json.dumps(rows), KNOWN)) == [[], [], []]
    rows[2]["args"] = {"query": "x"}
    assert codes(rewrite(json.dumps(rows), KNOWN)) == [[], [], ["W132", "W132"]]


def test_edges_are_dependencies() -> None:
    """Pairs, or objects with two ids."""
    nodes = [
        {"id": "b", "tool": "search", "args": {"query": "x"}},
        {"id": "a", "tool": "price", "args": {"item": "tea"}},
    ]
    for edge in (["a", "b"], {"from": "a", "to": "b"}, {"id": "e", "to": "b", "from": "a"}):
        rewritten = rewrite(json.dumps({"nodes": nodes, "edges": [edge]}), KNOWN)
        assert lines(rewritten) == ['1. price(item="tea")', '2. search(query="x")']
        assert codes(rewritten) == [[], ["W132"]]
    assert rewrite(json.dumps({"nodes": nodes, "edges": [["a", "z"]]}), KNOWN) is None


def test_a_circle_is_a_mistake() -> None:
    """The tasks stay as they are written, and the one that waits for a later one is refused; so is one for itself."""
    row = {"id": 1, "tool": "search", "args": {"query": "$2"}, "deps": []}
    other = {"id": 2, "tool": "search", "args": {"query": "x"}, "deps": [1]}
    rewritten = rewrite(json.dumps([row, other]), KNOWN)
    assert lines(rewritten) == ['1. search(query="$2")', '2. search(query="x")']
    assert codes(rewritten) == codes(rewrite(json.dumps([other, row]), KNOWN)) == [["E126"], []]
    assert codes(rewrite(two("$t2"), KNOWN)) == [[], ["E126"]]


def test_an_id_names_one_task() -> None:
    """The second task of an id is refused."""
    row = {"id": 1, "tool": "price", "args": {"item": "tea"}}
    assert codes(rewrite(json.dumps({"tasks": [row, row]}), KNOWN)) == [[], ["E126"]]


@pytest.mark.parametrize("text", TWINS.values(), ids=list(TWINS))
def test_harmless_text_stays_text(text: str) -> None:
    """Lists of things, plans in other data, prose."""
    assert (rewrite(text, KNOWN), rewrite(text, UNKNOWN)) == (None, None)
    assert lines(rewrite(PLAN, KNOWN)) == lines(rewrite(PLAN, UNKNOWN)) == MEANT


@given(st.integers(0, len(PLAN) - 1))
@settings(max_examples=30)
def test_half_a_plan_is_not_a_plan(cut: int) -> None:
    """Each proper beginning is not of the form, neither of this one nor of calls."""
    assert (rewrite(PLAN[:cut], KNOWN), tool_calls.rewrite(PLAN[:cut], KNOWN)) == (None, None)


def test_calls_without_order_are_no_plan() -> None:
    """A list of calls is of the other form, as long as nothing in it names an order."""
    second = {"name": "search", "arguments": {"query": "x"}}
    text = json.dumps([{"name": "price", "arguments": {"item": "tea"}, "id": "a"}, second])
    assert rewrite(text, KNOWN) is None
    assert lines(tool_calls.rewrite(text, KNOWN)) == ['1. price(item="tea")', '2. search(query="x")']
    assert lines(rewrite(text.replace('"x"', '"$a"'), KNOWN)) == ['1. price(item="tea")', '2. search(query="$1")']
