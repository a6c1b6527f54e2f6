"""Steps, slices and lists in place: what they mean, and what the messages about their mistakes write."""

import pytest

from llmc_grammar import parse, print_plan
from llmc_grammar.ast import Ref, Slice, Slot, Subscript, Task, Text
from llmc_grammar.fix import fix


def printed(text: str) -> str:
    """The canonical text of a good line."""
    parsed = parse(text)
    assert not parsed.diagnostics, parsed.diagnostics
    assert parse(print_plan(parsed.plan)).plan == parsed.plan
    return print_plan(parsed.plan).removesuffix("\n")


@pytest.mark.parametrize(
    ("text", "after"),
    [
        ('$x[ "a$b" ]', '$x["a$b"]'),
        ('f($x)[ "a$$b${" ]', 'f($x)["a$$b${"]'),
        ('$x[("a$b")]', '$x[("a$b")]'),
        ('$x[("a")][ -1 ][(2)]', "$x.a[-1][2]"),
        ("($x).a", "$x.a"),
        ("(1)[0]", "(1)[0]"),
        ("(-$x)[0]", "(-$x)[0]"),
        ("$x[$i if $j else 0]", "$x[$i if $j else 0]"),
        ("$x[ : $n][1 : ]", "$x[:$n][1:]"),
        ("[$x if $y else 1 for x in ($a if $b else $c)]", "[$x if $y else 1 for x in ($a if $b else $c)]"),
        ("[[$x, $y] for x in $a if $x for y in $x]", "[[$x, $y] for x in $a if $x for y in $x]"),
        ("f($x).a[0] @retry(1) @timeout(5s)", "f($x).a[0] @retry(1) @timeout(5s)"),
    ],
)
def test_a_line_prints_like_this(text: str, after: str) -> None:
    """Keys that are one string are plain, and constant steps of references become a part of them."""
    assert printed(text) == after


def test_a_computed_key_of_a_string_stands_in_round_brackets() -> None:
    """A string as a key has references only there."""
    (task,) = parse('$x[("$k")][1:]\n').plan.statements
    assert isinstance(task, Task)
    key = Text((Slot(Ref("k"), "$k"),))
    assert isinstance(task.expr, Slice)
    assert task.expr.value == Subscript(Ref("x"), key)


@pytest.mark.parametrize(("steps", "count"), [("[0]" * 9, 9), ("[$i]" * 12, 9), ("[0]" * 8 + "[1:]", 9)])
@pytest.mark.parametrize("value", ["f()", "$x"])
def test_too_many_steps_are_reported_once(value: str, steps: str, count: int) -> None:
    """Constant ones, computed ones and slices count alike; eight are fine."""
    (found,) = parse(f"{value}{steps}\n").diagnostics
    assert (found.code, found.message) == ("E113", f"this value has {count} steps; at most 8 are allowed")
    assert not parse(f"{value}{'[$i]' * 8}\n").diagnostics


@pytest.mark.parametrize(
    ("text", "after"),
    [
        ("$x.upper()", "upper($x)"),
        ("f($x).strip().lower()[0]", "lower(strip(f($x)))[0]"),
        ('", ".join($xs)', 'join_text($xs, by=", ")'),
        ('$xs.join(", ")', 'join_text($xs, by=", ")'),
        ('"".join($x.a for x in $xs)', 'join_text([$x.a for x in $xs], by="")'),
        ('$s.split(",")', 'split($s, by=",")'),
        ('$d.get("k", 0)', 'get($d, "k", 0)'),
        ("$d.items()", "items($d)"),
        ("$xs.append(1)", "$xs + [1]"),
        ("[1, 2].sort()", "sorted([1, 2])"),
        ("$x.toFixed(2)", 'format($x, ".2f")'),
        ("sum($x for x in $xs)", "sum([$x for x in $xs])"),
        ("f(y=$x for x in $xs, z=1)", "f(y=[$x for x in $xs], z=1)"),
        ("f(($x for x in $xs))", "f([$x for x in $xs])"),
        ("{$k: f($k) for k in $ks}", "pairs([[$k, f($k)] for k in $ks])"),
        ("{$x for x in $xs}", "unique([$x for x in $xs])"),
        ("[1, $x for x in $xs]", "[1] + [$x for x in $xs]"),
        ("[$x for x in $xs, 1]", "[$x for x in $xs] + [1]"),
        ("a = [1]\nb = sum(x * 2 for x in a)", "a = [1]\nb = sum([$x * 2 for x in $a])"),
        ("$x[name]", "$x.name"),
        ("$x[:]", "$x[0:]"),
        ("$x[1:2:]", "$x[1:2]"),
        ('f(f"{x:.2f} of {y.z:>8s}")', 'f("${x:.2f} of ${y.z:>8}")'),
        ('"${x: >8s}"', '"${x:>8}"'),
    ],
)
def test_an_edit_writes_what_was_meant(text: str, after: str) -> None:
    """Each of these is one mistake, or a few that one edit mends."""
    assert fix(f"{text}\n", unsafe=True).text == f"{after}\n"
    printed(after)


@pytest.mark.parametrize(
    "text",
    ["$xs.sort(key=$k)", "$xs.map($f)", "$x.strip($a, $b)", "{$k: $v for k, v in $d}", "$x[::-1]", "$xs.index(1)"],
)
def test_an_unclear_line_has_no_edit(text: str) -> None:
    """The message says what to write."""
    (found,) = parse(f"{text}\n").diagnostics
    assert found.edit is None
    assert found.words("help")


@pytest.mark.parametrize(
    ("text", "after"),
    [
        ("${x: >8s}", "${x:>8}"),
        ("${x:-,.2F}", "${x:,.2f}"),
        ("${x:,}", "${x:,}"),
        ("${x!r}", "$${x!r}"),
        ("${x:%Y}", "$${x:%Y}"),
        ("${x:101}", "$${x:101}"),
        ("${x:.2d}", "$${x:.2d}"),
    ],
)
def test_a_model_may_write_formats_of_python(text: str, after: str) -> None:
    """Those that mean the same are read, and all others are text, with a warning."""
    parsed = parse(f'f("{text} ")\n', mode="lenient")
    assert print_plan(parsed.plan) == f'f("{after} ")\n'
    assert [found.code for found in parsed.diagnostics] == (["W134"] if after.startswith("$$") else [])
