"""JSON that is no graph is refused, with its place, and whatever is read is sound."""

import json
from collections.abc import Callable, Iterator
from copy import deepcopy
from functools import cache
from typing import Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from llmc_compiler.expressions.terms import NodeId
from llmc_compiler.ir.graph import JOIN, TaskId
from llmc_compiler.ir.printer import print_graph
from llmc_compiler.serialization import form_errors
from llmc_compiler.serialization.form_errors import FormError
from llmc_compiler.serialization.graph_json import from_json, schema, to_json
from llmc_compiler.tools.decorators import pure, read, write
from llmc_compiler.tools.toolbox import Toolbox
from llmc_grammar import Bounds
from tests.compiler.compiling import compiled
from tests.compiler.test_graph_json import TOOLS, VALIDATOR, form

GOOD: Final = '1. rows()\nb = send($1)\n3. [f($x, $1), send($x)] for x in $1 if $x\n4. f({"a": $3}, "$1!")\njoin($4)'


@cache
def good() -> str:
    """A form, as text."""
    return json.dumps(to_json(compiled(GOOD, TOOLS)))


def changed(way: str, value: object) -> Any:  # noqa: ANN401 — JSON data
    """The form with a value in another place; `...` takes it away."""
    data = inside = json.loads(good())
    *steps, last = way.split(".")
    for step in steps:
        inside = inside[int(step) if isinstance(inside, list) else step]
    if value is ...:
        del inside[last]
    else:
        inside[int(last) if isinstance(inside, list) else last] = value
    return data


TERM: Final = {"kind": "const", "value": 1}
BROKEN: Final[dict[str, tuple[str, object, str, str]]] = {
    "another version": ("version", 1, "WrongVersion", "version: this is version 1, and llmc reads 2 and 3"),
    "another language": ("language", 2, "WrongVersion", "language: this is version 2, and llmc reads 1"),
    "a version that is true": ("version", True, "WrongVersion", "version: this is version True, and llmc reads 2"),
    "no nodes": ("nodes", ..., "Missing", "the graph: `nodes` is missing"),
    "no version": ("version", ..., "Missing", "the graph: `version` is missing"),
    "a key too many": ("taks", {}, "Surplus", "the graph: `taks` is not a known key: did you mean `tasks`?"),
    "a key like no other": ("nodes.0.colour", 1, "Surplus", "nodes[0]: `colour` is not a known key: compile"),
    "nodes that are no list": ("nodes", {}, "Malformed", "nodes: expected a list, not a mapping"),
    "a node that is no mapping": ("nodes.0", "rows()", "Malformed", "nodes[0]: expected a mapping, not `rows()`"),
    "tasks that are no mapping": ("tasks", [], "Malformed", "tasks: expected a mapping, not a list"),
    "a task that is no name": ("tasks.a b", "4", "Malformed", "tasks.a b: expected the number or name of a task"),
    "a task that is a keyword": ("tasks.for", "4", "Malformed", "tasks.for: expected the number or name of a task"),
    "a task of nothing": ("tasks.5", "9", "BrokenReference", "nodes: task 5 gets its value from 9"),
    "an unknown tool": (
        "nodes.0.operation.tool",
        "sotre",
        "NoSuchTool",
        "nodes[0].operation.tool: no tool is called `sotre`: did you mean `store`?",
    ),
    "a tool like no other": ("nodes.0.operation.tool", "xyzzy", "NoSuchTool", "no tool is called `xyzzy`: compile"),
    "other effects": (
        "nodes.1.effects",
        ["read(mail)"],
        "WrongEffects",
        "nodes[1].effects: the effects are now write(mail), not read(mail)",
    ),
    "effects that are no texts": ("nodes.1.effects", [1], "Malformed", "nodes[1].effects[0]: expected a text"),
    "no effects": ("nodes.1.effects", [], "WrongEffects", "the effects are now write(mail), not none"),
    "order taken away": ("nodes.2.after", [], "WrongOrder", "the order edges of `3` do not match its effects"),
    "order in a loop taken away": ("nodes.2.operation.carry", [], "WrongOrder", "the order edges of `3` do not match"),
    "a pair of three": ("nodes.2.operation.carry.0", ["a", "b", "c"], "Malformed", "a list of two nodes"),
    "needs of nothing": ("nodes.1.needs", ["7"], "BrokenReference", "nodes: needs of b differ from its reads"),
    "a node twice": ("nodes.1.id", "1", "Malformed", "nodes[1].id: expected `b`, or an id below it such as `b/a0`"),
    "an id of no form": ("nodes.1.id", "b/A b", "Malformed", "nodes[1].id: expected `b`, or an id below"),
    "no join": ("nodes.4.operation", {"kind": "evaluate", "term": TERM, "fallback": None}, "Malformed", "the join"),
    "two joins": ("nodes.3.operation", {"kind": "join", "term": TERM, "everything": False}, "Malformed", "the join"),
    "no nodes at all": ("nodes", [], "BrokenReference", "nodes: the join is missing"),
    "no kind": ("nodes.0.operation.kind", ..., "Malformed", "nodes[0].operation: expected an operation whose `kind`"),
    "an operation of no kind": ("nodes.0.operation.kind", "exec", "Malformed", "expected an operation whose `kind`"),
    "a loop in a loop, with its name": (
        "nodes.2.operation.body.0.operation",
        {
            "kind": "loop",
            "item": "x",
            "source": TERM,
            "body": [],
            "result": "",
            "carry": [],
            "flat": False,
            "calls": True,
        },
        "BrokenReference",
        "nodes[2].operation.body[0].operation: two things have the name `x`",
    ),
    "a result outside": ("nodes.2.operation.result", "1", "BrokenReference", "the loop's result 1 is not in its body"),
    "an element of no name": ("nodes.2.operation.item", "a b", "Malformed", "expected a name, not `a b`"),
    "a term of no kind": ("nodes.4.operation.term.kind", "eval", "Malformed", "expected a term whose `kind`"),
    "a term of a kind that is no text": ("nodes.4.operation.term.kind", [1], "Malformed", "expected a term whose"),
    "a term that is no mapping": ("nodes.4.operation.term", 1, "Malformed", "expected a term whose `kind`"),
    "an input that is not there": (
        "nodes.4.operation.term",
        {"kind": "param", "name": "n", "path": []},
        "BrokenReference",
        "nodes[4]: the graph has no input `n`",
    ),
    "an element outside": (
        "nodes.4.operation.term",
        {"kind": "item", "path": []},
        "BrokenReference",
        "nodes[4]: a loop's element is read outside of a loop",
    ),
    "an operator that is none": (
        "nodes.4.operation.term",
        {"kind": "binary", "op": "is", "left": TERM, "right": TERM},
        "Malformed",
        "nodes[4].operation.term.op: expected one of and or ==",
    ),
    "keys that are the same": (
        "nodes.4.operation.term",
        {"kind": "map", "entries": [{"key": "a", "value": TERM}, {"key": "a", "value": TERM}]},
        "Malformed",
        "nodes[4].operation.term.entries: expected a list of entries whose keys are all different",
    ),
    "too many steps": ("nodes.4.operation.term.path", [0] * 9, "Malformed", "expected a list of at most 8 steps"),
    "a step that is true": ("nodes.4.operation.term.path", [True], "Malformed", "expected a text, not `True`"),
    "no number": (
        "nodes.4.operation.term",
        {"kind": "const", "value": float("nan")},
        "Malformed",
        "nodes[4].operation.term.value: expected JSON data, not `nan`",
    ),
    "half a character": (
        "nodes.4.operation.term",
        {"kind": "const", "value": ["\ud83d"]},
        "Malformed",
        "nodes[4].operation.term.value[0]: expected a text without unpaired surrogates",
    ),
    "a key that is no text": (
        "nodes.4.operation.term",
        {"kind": "const", "value": {1: 2}},
        "Malformed",
        "nodes[4].operation.term.value: expected a mapping whose keys are texts, not a mapping",
    ),
    "a span of one": ("nodes.0.span", [1], "Malformed", "nodes[0].span: expected a list of two offsets"),
    "a span backwards": ("nodes.0.span", [2, 1], "Malformed", "nodes[0].span: expected a list of two offsets"),
    "a span before the text": (
        "nodes.0.span",
        [-1, 1],
        "Malformed",
        "nodes[0].span[0]: expected an integer of at least 0",
    ),
    "a time before now": ("nodes.0.operation.timeout", -1, "Malformed", "expected a time in seconds, or null,"),
    "retries that are true": ("nodes.0.operation.retries", True, "Malformed", "expected an integer of at least 0"),
    "a truth value that is none": ("nodes.4.operation.everything", 1, "Malformed", "expected a truth value"),
    "an input twice": (
        "inputs",
        2 * [{"name": "n", "type": "int", "required": True, "default": None}],
        "BrokenReference",
        "inputs: two inputs have the same name",
    ),
    "a type that is none": (
        "inputs",
        [{"name": "n", "type": "int\n1. act()", "required": True, "default": None}],
        "Malformed",
        "inputs[0].type: expected a type of the plan language",
    ),
    "a default of another type": (
        "inputs",
        [{"name": "n", "type": "int", "required": False, "default": "1"}],
        "Malformed",
        "inputs[0].default: expected a value of type int, not `1`",
    ),
    "a default that is not used": (
        "inputs",
        [{"name": "n", "type": "int", "required": True, "default": 1}],
        "Malformed",
        "inputs[0].default: expected null, not `1`",
    ),
    "an input with the name of a task": (
        "inputs",
        [{"name": "b", "type": "int", "required": True, "default": None}],
        "BrokenReference",
        "nodes: two things have the name `b`",
    ),
    "a task with the value of another": (
        "tasks.b",
        "1",
        "BrokenReference",
        "tasks: tasks with a separate node must be those of `nodes`, in the same order",
    ),
    "a task taken away": ("tasks.1", ..., "BrokenReference", "tasks: tasks with a separate node must be"),
    "an input of no name": (
        "inputs",
        [{"name": "for", "type": "int", "required": True, "default": None}],
        "Malformed",
        "inputs[0].name: expected a name, not `for`",
    ),
}
"""What is changed in a good form, and what is said of it."""


@pytest.mark.parametrize("name", BROKEN)
def test_what_is_broken_is_refused(name: str) -> None:
    """With the place, the fact and one suggestion."""
    way, value, kind, words = BROKEN[name]
    with pytest.raises(FormError) as caught:
        from_json(changed(way, value), TOOLS)
    assert type(caught.value).__name__ == kind
    assert words in str(caught.value)
    assert str(caught.value) == f"{caught.value.path or 'the graph'}: {caught.value.fact}: {caught.value.help}"


def test_every_error_is_shown() -> None:
    """The table has each kind, but for bounds, arguments and secrets, which have tests of their own."""
    classes = [found for found in vars(form_errors).values() if isinstance(found, type)]
    known = {found.__name__ for found in classes if issubclass(found, FormError) and found is not FormError}
    shown = {kind for _, _, kind, _ in BROKEN.values()}
    assert known - shown == {"SecretLeak", "TooLarge", "TooDeep", "WrongParameter"}


@pytest.mark.parametrize("data", [None, 1, "x", [], [1], {}, {"version": 2}])
def test_what_is_no_form_is_refused(data: object) -> None:
    """Whatever it is."""
    with pytest.raises(FormError):
        from_json(data, TOOLS)


def test_a_circle_is_refused() -> None:
    """Nodes that wait for each other have no order in which each stands above its users."""
    data = form(compiled("1. f(1)\n2. f($1)\njoin($2)"))
    first, second = data["nodes"][:2]
    first["operation"], first["needs"] = deepcopy(second["operation"]), ["2"]
    first["operation"]["arguments"][0]["value"]["node"] = "2"
    with pytest.raises(FormError, match="1 waits for 2, which is not above it: compile the plan again"):
        from_json(data, TOOLS)


def test_two_nodes_of_one_id_are_refused() -> None:
    """Also where one of them is in a loop."""
    data = json.loads(good())
    data["nodes"].insert(3, deepcopy(data["nodes"][2]["operation"]["body"][0]))
    with pytest.raises(FormError, match=r"nodes\[3\].id: two nodes have the id `3/each/i0`"):
        from_json(data, TOOLS)


@read("web")
def search(query: str, limit: int = 10, /, *, deep: bool = False) -> list[str]:
    """Pages about something."""
    return [query] * limit


ARGUMENTS: Final[dict[str, tuple[list[tuple[str | None, object]], str]]] = {
    "no parameter": ([("query", "a"), ("limmit", 1)], "`search` has no parameter `limmit`: its parameters are: query"),
    "one more by position": ([("query", "a"), (None, 1)], "`search` takes no more arguments by position"),
    "twice": ([("query", "a"), ("query", "b")], "`search` is given `query` twice"),
    "missing": ([("limit", 1)], "`search` needs `query`"),
    "of another type": ([("query", 1)], "`search` does not accept this for `query`: input should be a valid string"),
}


@pytest.mark.parametrize("name", ARGUMENTS)
def test_arguments_are_those_of_the_tool(name: str) -> None:
    """As where a plan is compiled."""
    tools = Toolbox([search])
    data = form(compiled('1. search("a", 2, deep=true)\njoin($1)', tools))
    assert from_json(data, tools).tasks == {TaskId("1"): NodeId("1")}
    bound, words = ARGUMENTS[name]
    data["nodes"][0]["operation"]["arguments"] = [
        {"parameter": parameter, "value": {"kind": "const", "value": value}} for parameter, value in bound
    ]
    with pytest.raises(form_errors.WrongParameter) as caught:
        from_json(data, tools)
    assert words in str(caught.value)


def test_a_tool_that_writes_by_now_is_noticed() -> None:
    """A saved graph is no way around the effects of today's tools."""

    def look() -> int:
        return 1

    data = form(compiled("1. look()\njoin($1)", Toolbox([read("db")(look)])))
    with pytest.raises(form_errors.WrongEffects, match=r"are now write\(db\), not read\(db\)"):
        from_json(data, Toolbox([write("db")(look)]))
    assert from_json(data, Toolbox([read("db")(look), pure(test_a_circle_is_refused)])).nodes.keys() == {"1", JOIN}


def deep(levels: int) -> object:
    """A list in a list in a list."""
    found: object = 1
    for _ in range(levels):
        found = [found]
    return found


def nested(levels: int) -> object:
    """An operator of an operator of an operator."""
    found: object = TERM
    for _ in range(levels):
        found = {"kind": "unary", "op": "-", "operand": found}
    return found


@pytest.mark.parametrize("value", [{"kind": "const", "value": deep(100_000)}, nested(100_000), nested(250)])
def test_depth_is_bounded(value: object) -> None:
    """Nothing is deeper than what can be written, and nothing is read to its end to find that out."""
    with pytest.raises(form_errors.TooDeep, match=r"the nesting is deeper than 224 levels: pass wider `bounds`"):
        from_json(changed("nodes.4.operation.term", value), TOOLS)


LARGE: Final = {"name": "n", "type": "list[int]", "required": False, "default": [0] * 500}


def test_size_is_bounded() -> None:
    """So are all values together, and tasks."""
    with pytest.raises(form_errors.TooLarge, match=r"there are more than 400 values: pass wider `bounds`"):
        from_json(changed("inputs", [LARGE]), TOOLS, bounds=Bounds(tasks=1))
    with pytest.raises(form_errors.TooLarge, match=r"tasks: there are more than 3 tasks"):
        from_json(json.loads(good()), TOOLS, bounds=Bounds(tasks=3))


def places(data: Any, way: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:  # noqa: ANN401 — JSON data
    """The way to every value."""
    yield way
    inside = data.items() if isinstance(data, dict) else enumerate(data) if isinstance(data, list) else ()
    for key, value in inside:
        yield from places(value, (*way, key))


WAYS: Final = [way for way in places(json.loads(good())) if way]
ITEM: Final = {"kind": "item", "path": []}
VALUES: Final = st.sampled_from([None, True, 0, -1, 1.5, "", "1", "4", "join", [], {}, ["1"], ITEM, TERM])


@given(st.sampled_from(WAYS), VALUES | st.just(...))
def test_no_change_of_a_form_does_harm(way: tuple[str | int, ...], value: object) -> None:
    """It is refused with its place, or is another graph that is sound; what the schema refuses is never read."""
    data = inside = json.loads(good())
    for step in way[:-1]:
        inside = inside[step]
    if value is ...:
        del inside[way[-1]]
    else:
        inside[way[-1]] = value
    try:
        graph = from_json(data, TOOLS)
    except FormError:
        return
    assert VALIDATOR.is_valid(data)
    assert from_json(form(graph), TOOLS) == graph
    assert print_graph(graph)


def test_the_schema_is_a_schema() -> None:
    """And refuses what is no form."""
    Draft202012Validator.check_schema(json.loads(schema()))
    refusals: list[Callable[[], object]] = [
        lambda: changed("version", 1),
        lambda: changed("nodes.0.operation.kind", "exec"),
        lambda: changed("nodes.4.operation.term.path", [1.5]),
        lambda: changed("nodes.0.colour", 1),
        lambda: changed("nodes.2.operation.body.0.text", ...),
    ]
    assert VALIDATOR.is_valid(json.loads(good()))
    assert [VALIDATOR.is_valid(refusal()) for refusal in refusals] == [False] * len(refusals)
