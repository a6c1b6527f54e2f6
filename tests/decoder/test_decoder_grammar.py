"""What grammars let through, how large they are, and what is no grammar."""

import gc
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise, product
from typing import Any, Literal, get_args
from weakref import ref

import pytest

import llmc
from llmc import GrammarTooLargeError, Tool, Toolbox, decoder_grammar, pure
from llmc_compiler.decoder import decoder_grammar as grammars
from llmc_compiler.decoder.decoder_grammar import Level, fitting_grammar
from llmc_compiler.decoder.syntaxes import Syntax, written
from llmc_compiler.decoder.values.schema_shapes import shape_of
from llmc_compiler.decoder.values.shapes import Whole
from llmc_grammar import ast, parse
from tests.decoder.toolboxes import HANDMADE, random_toolbox
from tests.decoder.walker import Walker

ROOM = 1 << 24
SYNTAXES: tuple[Syntax, ...] = ("lark", "gbnf")


@pure
def find(text: str, limit: int = 3, exact: bool = False) -> list[str]:
    """Find something."""
    return [text] * limit if exact else []


FIND = Toolbox([find])


def accepted(
    texts: Sequence[str],
    tools: Toolbox,
    level: Level = "sound",
    *,
    tasks: int = 8,
    first: int = 1,
    known: Sequence[str] = (),
) -> list[str]:
    """Those of the texts that a grammar has, in both syntaxes."""
    options: dict[str, Any] = {"level": level, "tasks": tasks, "first": first, "known": known}
    lark_, gbnf = (Walker.of(decoder_grammar(tools, syntax=each, **options), each) for each in SYNTAXES)
    found = [text for text in texts if lark_.accepts(text)]
    assert found == [text for text in texts if gbnf.accepts(text)]
    return found


def by_schema(schema: dict[str, Any]) -> Toolbox:
    """A tool `f` of one parameter `x`."""
    parameters = {"type": "object", "properties": {"x": schema}, "required": ["x"]}
    return Toolbox([Tool.from_schema("f", "", parameters, "pure", lambda x: x)])


GOOD = [
    "join()",
    '1. find("a")\n2. find("$1", 2)\njoin($2)',
    '1. find("a")\njoin()',
    '1. find("a", 5, true)\n2. join($1, "$1")',
    '1. find(text="a", exact=false)\njoin(found=$1)',
    '1. find("a")\njoin("${1[0]:>8} and ${1:,.2f}")',
    'Thought: first\n1. find("a", limit=2)\nThought: then\njoin("it is ${1[0]}, $1.")',
    '1. find("a")\n2. find($1[0], $1[-1])\njoin()',
    '1. find("a")\n2. find("$1[0]")\njoin()',
    '1. find("costs $$5 or $$")\njoin()',
    'join("nothing to do")',
]
BAD = [
    "",
    '1. find("a")\n2. find($1.name)\njoin()',
    '1. find("a")\n2. find("$1.name")\njoin()',
    '1. find("a")\njoin("${1[0].name}")',
    '1. find("a")\njoin($1[0][0])',
    "1. find()\njoin()",
    '1. find("a")',
    '2. find("a")\njoin()',
    '1. find("a")\n3. find("b")\njoin()',
    '1. find("$1")\njoin()',
    '1. find("a")\n2. find("$2")\njoin()',
    '1. find("a")\n2. find("$12")\njoin()',
    '1. find("a")\n2. find($3)\njoin()',
    '1. find("a")\njoin($2)',
    "1. find(3)\njoin()",
    '1. find("a", "b")\njoin()',
    '1. find("a", 1.5)\njoin()',
    '1. find("a", limit=2, 3)\njoin()',
    '1. find("a", exact=true, limit=2)\njoin()',
    '1. find("a", text="b")\njoin()',
    '1. find("a", where="b")\njoin()',
    '1. seek("a")\njoin()',
    '1. find("costs $5")\njoin()',
    '1. find("a")\njoin("$1st")',
    '1. find("a")\njoin("$1.50")',
    '1. find("a")\njoin("$1[01]")',
    '1. find(find("a"))\njoin()',
    '1. find("a")\njoin()\n',
    '1. find("a")\njoin()\njoin()',
    '1. find("a") if true\njoin()',
    '1. find("a")\njoin($1[1:])',
    '1. find("a")\njoin($1[$1])',
    '1. find("a")\njoin(len($1))',
    '1. find("a")\njoin([$x for x in $1])',
    '1. find("a")\n2. find("b")\n3. find("c")\n4. find("d")\njoin()',
    "Thought: a\nThought: b\njoin()",
    '1. find("a\u202eb")\njoin()',
]


def test_sound_plans_are_let_through_and_others_are_not() -> None:
    """Three tasks at most, each with what `find` takes, references to earlier ones, and a join."""
    assert accepted([*GOOD, *BAD], FIND, tasks=3) == GOOD


def test_an_amount_is_never_half_a_reference() -> None:
    """Behind a task 1, `$1` does not go on with a digit or a letter; two dollar signs write any amount."""
    amounts = ["10", "150", "1999", "1.50", "1,000", "1k", "1_", "1st"]
    plan = '1. find("a")\n2. find("under {}")\njoin()'
    good = [plan.format(f"$${amount}") for amount in amounts]
    bad = [plan.format(f"${amount}") for amount in amounts]
    assert accepted([*good, *bad, plan.format("$1")], FIND, tasks=3) == [*good, plan.format("$1")]
    for text, amount in zip(good, amounts, strict=True):
        (_, task, _) = parse(text).plan.statements
        assert isinstance(task, ast.Task)
        assert isinstance(task.expr, ast.Call)
        assert task.expr.arguments[0].value == ast.Text((f"under ${amount}",))


def test_references_beside_each_other_are_each_looked_for_once() -> None:
    """Any number of them may hold for one value."""
    parts = {f"a{number}": {"type": "integer", "minimum": number} for number in range(1_000)}
    whole = {"$defs": parts, "allOf": [{"$ref": f"#/$defs/{name}"} for name in parts]}
    assert shape_of(whole, whole) == Whole(least=999)


@pytest.mark.parametrize(
    ("schema", "good", "bad"),
    [
        ({"enum": ["a$1", 4, None]}, ['"a$$1"', "4", "null"], ['"a"', "5"]),
        ({"enum": ["a", 1, True], "type": "integer"}, ["1"], ['"a"', "true"]),
        ({"const": {"k": [1.5, "$"]}}, ['{"k": [1.5, "$$"]}'], ["{}"]),
        ({"type": ["integer", "null"]}, ["1", "null"], ["1.5", '"a"']),
        ({"type": "string", "minLength": 2, "maxLength": 3}, ['"ab"', '"a$$b"', '"abc"'], ['"a"', '"abcd"']),
        ({"type": "integer", "exclusiveMinimum": 0, "exclusiveMaximum": 12}, ["1", "11"], ["0", "12", "-1"]),
        ({"type": "number", "exclusiveMinimum": 0, "maximum": 2}, ["0.5", "1", "2"], ["0", "2.5", "-0.5"]),
        (
            {"type": "array", "items": {"type": "integer"}, "minItems": 1, "maxItems": 2},
            ["[1]", "[1, 2]"],
            ["[]", "[1, 2, 3]"],
        ),
        (
            {"type": "array", "prefixItems": [{"type": "integer"}, {"type": "boolean"}], "items": False},
            ["[1, true]", "[1]", "[]"],
            ["[1, true, 2]", "[true]"],
        ),
        ({"type": "array", "maxItems": 0}, ["[]"], ["[1]"]),
        (
            {"type": "object", "additionalProperties": {"type": "integer"}},
            ["{}", '{"$a": 1}'],
            ['{"a": 1, "b": 2}', '{"a": true}'],
        ),
        (
            {"type": "object", "properties": {"a b": {"type": "integer"}, "c": {}}, "required": ["a b"]},
            ['{"a b": 1}', '{"a b": 1, "c": [null, 1]}'],
            ["{}", '{"c": 1, "a b": 1}', '{"a b": "x"}', '{"a b": 1, "d": 1}'],
        ),
        (
            {"properties": {"a": {"type": "integer"}, "b": {"type": "integer"}}},
            ["{}", '{"b": 1}', '{"a": 1, "b": 2}'],
            ["1"],
        ),
        (
            {"type": "object", "patternProperties": {"^a": {}}, "additionalProperties": False},
            ['{"a": 1}', '{"b": [1]}'],
            ["1"],
        ),
        ({"required": ["a"], "type": "object", "additionalProperties": {"type": "null"}}, ['{"a": null}'], ["{}"]),
        ({"items": {"type": "null"}}, ["[null]"], ["1"]),
        ({"anyOf": [{"type": "integer"}, {"type": "string", "pattern": "x"}]}, ["1", '"x"'], ["true"]),
        ({"oneOf": [{"type": "null"}, {}]}, ['"a"', "1", "[1]"], ["null"]),
        ({"oneOf": [{"type": "null"}, {"type": ["string", "null"]}]}, ['"a"'], ["null", "1"]),
        ({"oneOf": [{"type": "integer"}, {"type": "number"}]}, ["1.5"], ["1", '"a"']),
        (
            {
                "allOf": [{"properties": {"a": {"const": 1}}, "required": ["a"]}, {"properties": {"b": {"const": 2}}}],
                "type": "object",
            },
            ['{"a": 1}', '{"a": 1, "b": 2}'],
            ["{}"],
        ),
        ({"allOf": [{"type": "integer"}], "description": "a number"}, ["1"], ["true"]),
        ({"type": "string", "format": "date"}, ['"2024-02-29"'], ['"2024-02-30"', '"today"']),
        ({"enum": [1e999, [-1e999], "\ud800", 10**30, 1]}, ["1"], ["Infinity", "[-Infinity]", f"{10**30}"]),
        ({"type": "integer", "minimum": -1e999, "maximum": 1e999}, ["1"], ["1.5"]),
        (True, ["null", '"a"', "[[1]]"], []),
        ({}, ["null", '{"a": {"b": 1}}'], ['{"a": {"b": {}}}']),
    ],
)
def test_constants_are_what_the_schema_says(schema: Any, good: list[str], bad: list[str]) -> None:  # noqa: ANN401 — a schema
    """And what is let through, the compiler takes."""
    tools = by_schema(schema)
    plans = {value: f"1. f({value})\njoin()" for value in (*good, *bad)}
    assert accepted([*plans.values()], tools, tasks=1) == [plans[value] for value in good]
    for value in good:
        llmc.compile(plans[value], tools)


@pytest.mark.parametrize(
    "schema",
    [
        False,
        {"$ref": "#/nowhere"},
        {"$ref": "elsewhere.json"},
        {"enum": ["a"], "type": "integer"},
        {"$defs": {"a": {"$ref": "#/properties/x"}}, "allOf": [{"$ref": "#/properties/x"}, {"minLength": 1}]},
        {"type": "object", "properties": {"x": {"$ref": "#/properties/x"}}, "required": ["x"]},
    ],
)
def test_what_cannot_be_written_out_can_be_referred_to(schema: Any) -> None:  # noqa: ANN401 — a schema
    """A tool without a possible argument is called as soon as there is something to refer to."""
    tools = by_schema(schema) | Toolbox([pure(_nothing)])
    texts = ['1. f("a")\njoin()', "1. f(1)\njoin()", "1. _nothing()\n2. f($1)\njoin()"]
    assert accepted(texts, tools) == texts[-1:]


def _nothing() -> None:
    """Do nothing."""


def test_a_circle_of_schemas_ends() -> None:
    """A list of lists of lists is written out so deep, and no deeper."""
    tools = by_schema({"type": "array", "items": {"$ref": "#/properties/x"}})
    assert accepted(["1. f([[[]]])\njoin()", "1. f([[[[[]]]]])\njoin()"], tools) == ["1. f([[[]]])\njoin()"]
    chain = {f"n{number}": {"$ref": f"#/$defs/n{number + 1}"} for number in range(2000)}
    whole = {"type": "object", "properties": {"x": {"$ref": "#/$defs/n0"}}, "$defs": chain}
    assert decoder_grammar(Toolbox([Tool.from_schema("f", "", whole, "pure", print)]))


def test_more_arguments_than_have_names() -> None:
    """`*rest` takes more of its type, and a tool without a schema takes anything."""
    anything = Toolbox([Tool.from_schema("f", "", {}, "pure", print)])
    assert accepted(["1. f()\njoin()", '1. f(1, "a", [null])\njoin()'], anything) == [
        "1. f()\njoin()",
        '1. f(1, "a", [null])\njoin()',
    ]
    good = ["1. total(1, 2.5)\njoin()", '1. total(1, currency="US$$5")\njoin()', "1. larger(1, 2)\njoin()"]
    bad = ['1. total("a")\njoin()', "1. larger(a=1, b=2)\njoin()", "1. larger(1)\njoin()"]
    assert accepted([*good, *bad], HANDMADE["numbers"]) == good


def test_more_arguments_have_the_type_that_is_declared() -> None:
    """Whatever that is made of, where types say all of it."""

    def f(*rest: list[Literal["a$", "b"]] | dict[str, int] | None) -> None:
        """Take more."""

    good = ['1. f(["a$$", "b"], {"k": 1}, null)\njoin()', "1. f()\njoin()"]
    bad = ['1. f(["c"])\njoin()', '1. f({"k": "b"})\njoin()', "1. f(1)\njoin()"]
    assert accepted([*good, *bad], Toolbox([pure(f)])) == good


def test_known_names_may_be_referred_to() -> None:
    """Numbers go on, and what is known of earlier plans may be read."""
    good = ['4. find("$1 and $found")\njoin($4, $found.name)', '4. find($2)\n5. find("$4")\njoin()', "join($1)"]
    bad = ['1. find("a")\njoin()', '4. find("$3")\njoin()', '4. find("$foundling")\njoin()', '4. find("$12")\njoin()']
    assert accepted([*good, *bad], FIND, first=4, known=["1", "2", "found"]) == good


def test_without_tools_there_is_still_a_language() -> None:
    """At level `tools` no call is possible, at level `plain` any is."""
    texts = ["1. 1 + 2\njoin($1)", "1. seek(1, where=2)\njoin()"]
    assert accepted(texts, Toolbox(), "tools") == texts[:1]
    assert accepted(texts, Toolbox(), "plain") == texts
    assert accepted([*texts, "join()"], Toolbox()) == ["join()"]


@pytest.mark.parametrize(("level", "syntax"), [*product(["full", "sound", "tools", "plain"], SYNTAXES)])
def test_the_same_tools_have_the_same_grammar(level: Level, syntax: Syntax) -> None:
    """Letter by letter, every time."""
    one, other = (decoder_grammar(random_toolbox(3, 5), level=level, syntax=syntax) for _ in range(2))
    assert one == other


def test_size_is_linear_in_tasks_and_in_tools() -> None:
    """Twice as many tasks, or tools, make a grammar twice as large, and not more."""
    by_tasks = [len(decoder_grammar(HANDMADE["all"], tasks=tasks, largest=ROOM)) for tasks in (8, 16, 32, 64)]
    schema = {
        "type": "object",
        "properties": {"a": {"type": "string"}, "b": {"type": "object", "properties": {"c": {}}}},
    }
    toolboxes = [
        Toolbox([Tool.from_schema(f"tool{number}", "", schema, "pure", print) for number in range(size)])
        for size in (8, 16, 32, 64)
    ]
    by_tools = [len(decoder_grammar(tools, largest=ROOM)) for tools in toolboxes]
    for sizes in (by_tasks, by_tools):
        assert all(other < 2.1 * one for one, other in pairwise(sizes)), sizes


def test_a_grammar_that_is_too_large_steps_down() -> None:
    """To the names of the tools, then to the language; at the end it is a ValueError."""
    tools = HANDMADE["all"]
    sizes = {level: len(decoder_grammar(tools, level=level)) for level in get_args(Level)}
    for level, size in sizes.items():
        assert fitting_grammar(tools, largest=size)[0] == level
        with pytest.raises(GrammarTooLargeError, match=f"level `{level}` would be larger than {size - 1} "):
            decoder_grammar(tools, level=level, largest=size - 1)
    with pytest.raises(ValueError, match="take a lower level"):
        fitting_grammar(tools, largest=1000)


@pytest.mark.parametrize(("level", "seed"), [*product(["full", "sound"], range(4))])
def test_no_grammar_that_fits_is_refused(level: Level, seed: int) -> None:
    """The size of later lines is never overestimated, also where their numbers get a digit more."""
    tools = random_toolbox(seed, 4)
    for first, known in ((1, ()), (95, ()), (95, ("1", "found"))):
        text = decoder_grammar(tools, level=level, tasks=7, first=first, known=known)
        assert decoder_grammar(tools, level=level, tasks=7, first=first, known=known, largest=len(text)) == text
        with pytest.raises(GrammarTooLargeError):
            decoder_grammar(tools, level=level, tasks=7, first=first, known=known, largest=len(text) - 1)


def search_tool(**words: object) -> Tool:
    """A tool with one parameter."""
    schema = {"type": "object", "properties": {"kept": {"type": "string", **words}}, "required": ["kept"]}
    return Tool.from_schema("kept", "", schema, "pure", print)


def test_a_grammar_is_made_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """For equal tools and options, and also if it is too large; the twin: others have another grammar."""
    made: list[str] = []

    def counted(*given: Any) -> str:
        """Count the grammars that are written."""
        made.append(given[2])
        return written(*given)

    monkeypatch.setattr(grammars, "written", counted)
    tool = search_tool()
    text = decoder_grammar([tool])
    assert decoder_grammar([tool]) is decoder_grammar([search_tool()]) is text
    for _ in range(2):
        with pytest.raises(GrammarTooLargeError, match="level `full` would be larger than 99 "):
            decoder_grammar([tool], level="full", largest=99)
    assert made == ["sound", "full"]
    others = [decoder_grammar([search_tool(enum=["a"])]), decoder_grammar([replace(tool, name="other")])]
    others += [decoder_grammar([tool], tasks=3), decoder_grammar([tool], first=3), decoder_grammar([tool], known=["a"])]
    assert len({text, *others}) == 6
    assert len(made) == 7


def test_tools_are_not_kept_with_their_grammar() -> None:
    """A signature may hold anything; that of a tool in use is there."""
    used, left = search_tool(minLength=1), search_tool(minLength=2)
    seen = [ref(tool.signature) for tool in (used, left)]
    assert decoder_grammar([used]) != decoder_grammar([left])
    del left
    gc.collect()
    assert [each() is not None for each in seen] == [True, False]
    assert used.signature is seen[0]()


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"syntax": "ebnf"}, "a syntax is one of 'lark', 'gbnf', not 'ebnf'"),
        ({"level": "best"}, "a level is one of 'full', 'sound', 'tools', 'plain', not 'best'"),
        ({"tasks": 0}, "a model's plan has 1 to 256 tasks"),
        ({"tasks": 257}, "not 257 tasks from number 1 on"),
        ({"first": 0}, "numbers up to 9999"),
        ({"first": 9990}, "not 16 tasks from number 9990 on"),
        ({"first": 3, "known": ["3"]}, "`3` in `known` is not a task before 3"),
        ({"known": ["if"]}, "`if` in `known` is not a task before 1"),
        ({"known": ["a b"]}, "`a b` in `known` is not a task before 1"),
    ],
)
def test_what_makes_no_grammar_is_refused(options: dict[str, Any], words: str) -> None:
    """A ValueError that says what would be right."""
    with pytest.raises(ValueError, match=words):
        decoder_grammar(FIND, **options)
