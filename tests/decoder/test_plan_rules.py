"""The levels `tools` and `plain`: the language that they let through, and mistakes of syntax that they do not."""

from typing import Any

import pytest

from llmc import Tool, Toolbox, decoder_grammar
from llmc_compiler.decoder.decoder_grammar import Level
from llmc_compiler.expressions.functions.table import FUNCTIONS
from tests.decoder.test_decoder_grammar import FIND, accepted, by_schema

LANGUAGE = [
    "1. $2 if $3 > 4 else not $5\njoin()",
    '1. find("a") @timeout(5s) @retry(2) @fallback(null)\njoin()',
    "names = find(-1.5 ** 2, limit=[1, 2]) for x in $1 if $x.y[0] in $z\njoin(a=$names)<END_OF_PLAN>",
    'find("$who and ${who.name}") if $1 == 2 or $2["a b"] not in [1]\n3. join($1 + 1 - -2 // 3, (1 if $a else 2))',
    '1. find("a")[0][:4] @retry(2)\njoin($1[1:], $1[$k].name, $1[$i + 1:-1], "$1"[:3])',
    '1. [1, 2][0] if {"a": 1}["a"] else ($1 or $2)[0]\njoin(($1 + $2)[1:3], ($1 if $2 else $3).name)',
    "1. [find($x)[0] for x in $1 if $x for y in $x.z[1:] for z in [$y for x in $2]]\njoin()",
    "1. find($x, $y) for x in $1 for y in $x.all if $y @retry(2)\n2. [$x if $y else 0 for x in $1][0]\njoin()",
    '1. find("${1:,.2f} of ${2.km:>8}, ${3:08_d}, ${4:+.0%}", "${5:^10}")\njoin()',
    '1. sorted($1, by="a.b", reverse=true)[0]\n2. round(sum($1), 2) + len($2)\njoin(get($1, "a", 0), len($1))',
]
NOT_LANGUAGE = [
    "1. $2 < 3 < 4\njoin()",
    "if = 3\njoin()",
    "1. not = 3\njoin()",
    "0. 3\njoin()",
    "1. find(if=1, if=2)\njoin()",
    '1. {"a": 1, "a": 2}\njoin()',
    "1. 3 @timeout(5s)\njoin()",
    '1. find("a") @fallback(find("b"))\njoin()',
    "1. $1 if $2 else $3 if $4\njoin(",
    "1. 007\njoin()",
    "1. join()\n2. 3",
    '1. "\\q"\njoin()',
    "1. 1 == not 2\njoin()",
    "1. $1[:]\njoin()",
    "1. $1[]\njoin()",
    "1. $1 .name\njoin()",
    "1. $1.a.b.c.d.e.f.g.h.i\njoin()",
    "1. [1 for x in $1 for y in $2 for z in $3 for w in $4]\njoin()",
    "1. [1, 2 for x in $1]\njoin()",
    "1. [1 for if in $1]\njoin()",
    '1. find("${1:}")\njoin()',
    '1. find("${1:.2d}")\njoin()',
    '1. find("${1:x}")\njoin()',
    '1. find("${1:101}")\njoin()',
    '1. find("${1 + 2}")\njoin()',
]


def test_the_language_is_let_through_and_mistakes_of_syntax_are_not() -> None:
    """With the tools' names, and with free ones."""
    assert accepted([*LANGUAGE, *NOT_LANGUAGE], FIND, "tools") == LANGUAGE
    assert accepted([*LANGUAGE, *NOT_LANGUAGE], FIND, "plain") == LANGUAGE
    other = ["1. seek(1, exact=true)\njoin()", "1. find(1, where=2)\njoin()", "1. find(exact=1, limit=2)\njoin()"]
    assert accepted(other, FIND, "tools") == []
    assert accepted(other, FIND, "plain") == other[:1]


def test_functions_are_called_by_their_names() -> None:
    """With as many arguments as each requires, and the optional ones by position or by name; a tool goes first."""
    good, bad = [], []
    for name, function in FUNCTIONS.items():
        named = [each for each in function.parameters if not each.many]
        needed = ["1" for each in named if each.required]
        optional = [each.name for each in named if not each.required]
        good += [
            f"{name}({', '.join([*needed, *optional_])})" for optional_ in ([], [f"{each}=2" for each in optional])
        ]
        good += [f"{name}({', '.join([*needed, *('2' for _ in optional)])})"]
        bad += [f"{name}()", f"{name}s(1)", f"{name}({', '.join([*needed, 'other=2'])})"]
    plans = {call: f"1. {call}\njoin()" for call in (*dict.fromkeys(good), *bad)}
    assert accepted([*plans.values()], FIND, "tools") == [plans[call] for call in dict.fromkeys(good)]
    assert accepted([*plans.values()], FIND, "sound") == []
    own = Toolbox([Tool.from_schema("len", "", {"type": "object", "properties": {"of": {}}}, "pure", print)])
    texts = ["1. len(of=1)\njoin()", "1. len(1, 2)\njoin()", "1. sum(1, 2)\njoin()"]
    assert accepted(texts, own, "tools") == texts[:2]


@pytest.mark.parametrize("level", ["tools", "plain"])
def test_mappings_have_one_key_or_those_of_a_record(level: Level) -> None:
    """Of a record that a tool takes, be it deep inside, in the order of its schema; free keys might be the same."""
    text = {"type": "string"}
    line = {"type": "object", "properties": {"path": text, "line": {"type": "integer"}, "body": text}}
    tools = by_schema({"anyOf": [{"type": "array", "items": {"type": "object", "properties": {"in": line}}}, text]})
    good = [
        '1. f([{"in": {"path": "a", "line": 1, "body": "$1"}}])\njoin()',
        '1. f({"path": "a", "body": "b"})\njoin({"line": 1, "body": $1})',
        '1. f({"other": {"path": "a", "line": 2}})\njoin({})',
    ]
    bad = [
        '1. f({"line": 1, "path": "a"})\njoin()',
        '1. f({"a": 1, "b": 2})\njoin()',
        '1. f({"in": 1, "path": 2})\njoin()',
    ]
    assert accepted([*good, *bad], tools, level) == good


def test_many_records_leave_room() -> None:
    """Five hundred keys of them are told."""
    records: list[dict[str, Any]] = [{f"k{number}_{at}": {} for at in range(30)} for number in range(40)]
    few, many = (
        len(decoder_grammar(by_schema({"anyOf": [{"properties": keys} for keys in records[:most]]}), level="tools"))
        for most in (16, 40)
    )
    assert many == few
    assert len(decoder_grammar(by_schema({"properties": records[0]}), level="tools")) < few
