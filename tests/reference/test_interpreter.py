"""The reference against small plans whose outcome can be told by hand."""

from dataclasses import dataclass, field

import pytest

from llmc_grammar import parse
from llmc_grammar.ast import (
    Argument,
    Call,
    Fallback,
    List,
    Literal,
    Plan,
    Ref,
    Retry,
    Slice,
    Slot,
    Subscript,
    Task,
    Text,
)
from tests.reference.interpreter import interpret
from tests.reference.operators import Json
from tests.reference.outcome import Outcome, RefTool, State, ToolError


def _log(state: State, item: Json) -> Json:
    state.effects["log"].append(item)
    return len(state.effects["log"])


def _fail(_: State, item: Json = None) -> Json:
    raise ToolError(str(item))


def _flaky(state: State, failures: int) -> Json:
    state.attempts["flaky"] += 1
    if state.attempts["flaky"] <= failures:
        raise ToolError("not yet")
    return state.attempts["flaky"]


def _add(_: State, a: int, b: int) -> Json:
    return a + b


def _keywords(_: State, **items: Json) -> Json:
    return items


TOOLS = {
    tool.name: tool
    for tool in (
        RefTool("echo", "pure", lambda _, item: item),
        RefTool("add", "pure", _add),
        RefTool("fail", "pure", _fail),
        RefTool("items", "pure", lambda _, count: list(range(count))),
        RefTool("record", "pure", lambda _: {"name": "Ada", "tags": ["x", "y"]}),
        RefTool("keywords", "pure", _keywords),
        RefTool("flaky", "nondet", _flaky),
        RefTool("log", "write(log)", _log),
        RefTool("fail_log", "write(log)", _fail),
        RefTool("read_log", "read(log)", lambda state: list(state.effects["log"])),
        RefTool("fail_read", "read(log)", _fail),
        RefTool("note", "write(log:a, idempotent)", lambda state, item: state.effects["note"].append(item)),
        RefTool("other", "write(other)", lambda state, item: state.effects["other"].append(item)),
        RefTool("act", "opaque", lambda state, item: state.effects["act"].append(item)),
        RefTool("fail_act", "opaque", _fail),
    )
}


PLANS = {
    "double": "input n: any\nd = add($n, $n)\njoin($d)\n",
    "noted": "input item: any\ninput well: any = true\nlog($item)\na = fail() if not $well\njoin($a)\n",
    "twice": "input n: any\nx = double(double($n))\nlog($x) if $x > 100\njoin(x=$x, skipped=$1)\n",
    "logged": "input item: any\nlog($item)\n",
}


def read(text: str) -> Plan:
    """A plan given as text."""
    found = parse(text)
    assert not [each for each in found.diagnostics if each.severity == "error"], found.diagnostics
    return found.plan


def run(text: str, **inputs: Json) -> Outcome:
    """What becomes of a plan given as text, which may call some others."""
    return interpret(read(text), TOOLS, inputs, plans={name: read(other) for name, other in PLANS.items()})


@dataclass(frozen=True)
class Case:
    """A plan, and what is expected of it."""

    text: str
    value: Json = None
    errors: set[str] = field(default_factory=set)
    skipped: set[str] = field(default_factory=set)
    log: tuple[Json, ...] = ()


def check(case: Case) -> None:
    """The outcome is the expected one."""
    found = run(case.text)
    expected = (case.value, case.errors, case.skipped, list(case.log))
    assert (found.value, found.errors, found.skipped, found.effects.get("log", [])) == expected


VALUES = [
    Case("1. add(1, 1)\ntwo = add($1, $1)\nadd($two, 1)\njoin($2)\n", 5),
    Case("a = 2 + 3 * 4 - 10 // 3\nb = -2 ** 2\njoin($a, $b)\n", [11, -4]),
    Case("a = echo(1) == echo(true)\nb = echo(1) == echo(1.0)\njoin($a, $b)\n", [False, True]),
    Case("r = record()\na = $r.name\nb = $r.tags[-1]\njoin(a=$a, b=$b)\n", {"a": "Ada", "b": "y"}),
    Case('r = record()\ns = "${r.name}: ${r.tags}, $who, $$1"\njoin($s)\n', 'Ada: ["x","y"], $who, $1'),
    Case('a = "$$b"\nb = "$a"\njoin($b)\n', "$b"),
    Case('a = "$a"\njoin($a)\n', "$a"),
    Case("a = keywords(if=1, x=[2])\njoin($a)\n", {"if": 1, "x": [2]}),
    Case('a = echo(0) and log("no")\nb = $a or "yes"\njoin($a, $b)\n', [0, "yes"]),
    Case('a = 1 if echo(true) else log("no")\njoin($a)\n', 1),
    Case('a = log("yes") if echo(true) and true else 1 / 0\njoin($a)\n', 1, log=("yes",)),
    Case("a = flaky(2) @retry(2)\njoin($a)\n", 3),
    Case("a = flaky(2) @retry(1)\njoin(1)\n", 1, errors={"a"}),
]

JOINS = [
    Case("a = echo(1)\njoin()\n", {"a": 1}),
    Case("a = echo(1)\nb = echo(2) if $a > 1\njoin()\n", {"a": 1, "b": None}, skipped={"b"}),
    Case("a = echo(1)\nb = fail()\njoin()\n", errors={"b"}),
    Case("a = echo(1)\nb = fail()\njoin($a)\n", 1, errors={"b"}),
    Case("a = echo(1)\nb = fail()\njoin($a or $b)\n", errors={"b"}),
    Case("a = echo(1) if false\njoin($a, 1)\n", [None, 1], skipped={"a"}),
    Case('a = echo(1) if false\njoin("is $a")\n', "is null", skipped={"a"}),
    Case("a = echo(1) if false\njoin($a.name)\n", skipped={"a"}),
    Case("a = echo(1)\njoin($a.name)\n"),
    Case("a = echo(1)\nb = echo($a)\nc = echo(2)\n", {"b": 1, "c": 2}),
    Case('a = echo(1)\nb = echo("$a")\nc = echo(2) if false\n', {"b": "1", "c": None}, skipped={"c"}),
    Case("a = echo(1)\nb = fail() @fallback($a)\n", {"b": 1}),
]

SKIPS = [
    Case('a = log("no") if false\nb = add($a, 1)\njoin($b == null)\n', True, skipped={"a", "b"}),
    Case('a = echo(1) if false\nb = null != $a\nc = $a or "none"\njoin($b, $c)\n', [False, "none"], skipped={"a"}),
    Case("a = echo(1) if false\nb = $a == 0\njoin($b)\n", skipped={"a", "b"}),
    Case("a = echo(1) if false\nb = ($a + 1) == null\njoin($b)\n", True, skipped={"a"}),
    Case("a = echo(1) if false\nb = true or $a\nc = 1 or echo($a)\njoin($b, $c)\n", [True, 1], skipped={"a"}),
    Case("a = echo(1) if false\nb = 1 if true else $a\njoin($b)\n", 1, skipped={"a"}),
    Case('a = echo(1) if false\nb = $a or log("yes")\njoin($b)\n', 1, skipped={"a"}, log=("yes",)),
    Case('a = echo(1) if false\nb = $a and log("no")\njoin($b)\n', skipped={"a", "b"}),
    Case('a = echo(1) if false\nb = log("yes") if $a == null\njoin($b)\n', 1, skipped={"a"}, log=("yes",)),
    Case('a = echo(1) if false\nb = log("no") if $a\njoin($b)\n', skipped={"a", "b"}),
    Case('a = echo(1) if false\nb = add($a, log("yes"))\njoin(1)\n', 1, skipped={"a", "b"}, log=("yes",)),
    Case("a = echo(1) if false\nb = fail() @fallback($a)\njoin($b == null)\n", True, skipped={"a"}),
    Case("a = echo(1) if false\nb = echo($a) @fallback(2)\njoin($b)\n", skipped={"a", "b"}),
    Case("n = echo(1)\na = echo(fail()) if $n > 3\njoin($n)\n", 1, skipped={"a"}),
    Case("a = fail() if false\nb = echo(1) if $a == null\njoin($b)\n", 1, skipped={"a"}),
]

FAILURES = [
    Case("a = fail()\nb = echo($a)\nc = echo($b)\njoin(1)\n", 1, errors={"a", "b", "c"}),
    Case("a = fail()\nb = 1 or $a\njoin(1)\n", 1, errors={"a", "b"}),
    Case("a = fail()\nb = $a == null\njoin(1)\n", 1, errors={"a", "b"}),
    Case("a = fail()\nb = fail() @fallback($a)\njoin(1)\n", 1, errors={"a", "b"}),
    Case("a = fail()\nb = echo(1) @fallback($a)\njoin(1)\n", 1, errors={"a", "b"}),
    Case("a = fail()\nb = echo(1) if $a\njoin(1)\n", 1, errors={"a", "b"}),
    Case("a = fail()\nb = echo($a) if false\njoin(1)\n", 1, errors={"a"}, skipped={"b"}),
    Case("a = fail()\nb = 1 or echo($a)\njoin($b)\n", 1, errors={"a"}),
    Case('a = fail()\nb = $a + log("yes")\njoin(1)\n', 1, errors={"a", "b"}, log=("yes",)),
    Case('a = fail()\nb = log(add(log("yes"), $a))\njoin(1)\n', 1, errors={"a", "b"}, log=("yes",)),
    Case('a = fail()\nb = ($a or true) and log("no")\njoin(1)\n', 1, errors={"a", "b"}),
    Case("a = 1 or fail()\nb = 0 or fail()\njoin($a)\n", 1, errors={"b"}),
    Case("a = echo(fail() == null)\njoin(1)\n", 1, errors={"a"}),
    Case("a = echo(0)\nb = 1 / $a\nc = 1 / $a @fallback(9)\njoin($c)\n", 9, errors={"b"}),
    Case('a = echo(0)\nb = echo(1) if 1 / $a\nc = (1 / $a) and log("no")\njoin(1)\n', 1, errors={"b", "c"}),
    Case("r = record()\na = echo($r.nothing) @fallback(2)\njoin(1)\n", 1, errors={"a"}),
    Case("a = fail() @fallback(2)\nb = echo($a)\njoin($b)\n", 2),
    Case("n = echo(0)\na = fail() @fallback(1 / $n)\njoin(1)\n", 1, errors={"a"}),
    Case("n = echo(0)\na = 1 if 1 / $n else echo(2) @fallback(3)\njoin($a)\n", 3),
    Case("n = echo(1) if false\na = $n + ((1 / echo(0)) and echo(2))\njoin(1)\n", 1, skipped={"n", "a"}),
]

LOOPS = [
    Case("a = add($x, 10) for x in items(3)\njoin($a)\n", [10, 11, 12]),
    Case("a = log($x) for x in [3, 4]\njoin($a)\n", [1, 2], log=(3, 4)),
    Case('a = echo($x) for x in {"k": 1, "l": 2}\njoin($a)\n', ["k", "l"]),
    Case("a = echo($x) for x in 5 + echo(0)\njoin(1)\n", 1, errors={"a"}),
    Case("a = echo($x) for x in items(1000)\nb = echo($x) for x in items(1001)\njoin(1)\n", 1, errors={"b"}),
    Case("a = log($x) for x in items(4) if $x % 2 == 1\njoin($a)\n", [1, 2], log=(1, 3)),
    Case("a = log($x) for x in items(3) if add($x, 0) and log($x)\njoin($a)\n", [2, 4], log=(1, 1, 2, 2)),
    Case("a = fail($x) for x in []\njoin($a)\n", []),
    Case("a = fail()\nb = echo($a) for x in []\njoin(1)\n", 1, errors={"a", "b"}),
    Case("a = fail()\nb = echo(1) for x in [] if echo($a)\njoin(1)\n", 1, errors={"a", "b"}),
    Case('a = fail()\nb = add(log("no"), $a) for x in [1]\njoin(1)\n', 1, errors={"a", "b"}),
    Case("a = fail()\nb = echo($x) for x in $a\njoin(1)\n", 1, errors={"a", "b"}),
    Case("a = echo([]) if false\nb = echo($x) for x in $a\njoin(1)\n", 1, skipped={"a", "b"}),
    Case("a = echo(1) if false\nb = echo($a) for x in []\njoin($b)\n", [], skipped={"a"}),
    Case("a = echo(1) if false\nb = echo($a) for x in [1, 2]\njoin(1)\n", 1, skipped={"a", "b"}),
    Case("a = echo(1) if false\nb = echo($a) for x in [1, 2] if $x > 2\njoin($b)\n", [], skipped={"a"}),
    Case("a = echo(1) if false\nb = log(1 / $x or $a) for x in [0, 1]\njoin(1)\n", 1, {"b"}, {"a"}),
    Case("a = 6 // $x for x in [0, 2, 3]\njoin(1)\n", 1, errors={"a"}),
    Case("a = 6 // $x for x in [0, 2, 3] @fallback($x)\njoin($a)\n", [0, 3, 2]),
    Case("a = flaky(2) for x in [1, 2] @retry(2)\njoin($a)\n", [3, 4]),
    Case("a = log($x) + fail() for x in [1, 2]\njoin(1)\n", 1, errors={"a"}, log=(1, 2)),
]

ORDERS = [
    Case("a = read_log()\nlog(1)\nb = read_log()\njoin($a, $b)\n", [[], [1]], log=(1,)),
    Case("fail_log()\nb = read_log()\nc = log(1)\njoin(1)\n", 1, errors={"1", "b", "c"}),
    Case("fail_log()\na = note(1)\nother(1)\njoin(1)\n", 1, errors={"1", "a"}),
    Case("fail_log()\na = act(1)\nb = echo(1)\njoin($b)\n", 1, errors={"1", "a"}),
    Case("fail_act()\na = other(1)\nb = read_log()\njoin(1)\n", 1, errors={"1", "a", "b"}),
    Case("a = fail_log() @fallback(0)\nb = echo($a)\nc = log(1)\njoin($b)\n", 0, errors={"c"}),
    Case("fail_read()\na = log(1)\njoin($a)\n", 1, errors={"1"}, log=(1,)),
    Case("fail()\na = log($1)\nb = log(2)\njoin($b)\n", 1, errors={"1", "a"}, log=(2,)),
    Case("a = fail_log() if false\nb = log(2)\njoin($b)\n", 1, skipped={"a"}, log=(2,)),
    Case("a = echo(0)\nb = log(1 / $a)\nc = log(2)\njoin(1)\n", 1, errors={"b", "c"}),
    Case("a = echo(0)\nb = (1 / $a) and log(1)\nc = log(2)\njoin($c)\n", 1, errors={"b"}, log=(2,)),
    Case("a = fail_log() and echo(1)\nb = log(2)\njoin(1)\n", 1, errors={"a", "b"}),
    Case("a = log(6 // $x) for x in [3, 0, 2]\nb = read_log()\njoin(1)\n", 1, errors={"a", "b"}, log=(2,)),
    Case("a = log($x) for x in 0 + echo(1)\nb = log(2)\njoin(1)\n", 1, errors={"a", "b"}),
    Case("a = echo($x) for x in 0 + echo(1) if log($x)\nb = log(2)\njoin(1)\n", 1, errors={"a", "b"}),
    Case("a = log($x) + fail() for x in [1, 2]\nb = read_log()\njoin($b)\n", [1, 2], errors={"a"}, log=(1, 2)),
    Case("a = echo(0)\nb = log(1) if 1 / $a\nc = log(2)\njoin(1)\n", 1, errors={"b", "c"}),
    Case("a = echo(0)\nb = log(1) if 1 / $a or echo(1)\nc = log(2)\njoin(1)\n", 1, errors={"b", "c"}),
    Case("a = fail()\nb = log($a) for x in 0 + echo(1)\nc = log(2)\njoin(1)\n", 1, errors={"a", "b", "c"}),
    Case("a = fail()\nb = log($a) for x in [1]\nc = log(2)\njoin($c)\n", 1, errors={"a", "b"}, log=(2,)),
]

PARTS = [
    Case('r = record()\nk = "na" + "me"\njoin($r[$k], record().tags[0], $r.tags[0 + 1])\n', ["Ada", "x", "y"]),
    Case("a = items(5)\njoin($a[1:3], $a[-2:], $a[:9], $a[7:])\n", [[1, 2], [3, 4], [0, 1, 2, 3, 4], []]),
    Case('a = echo("abc")\njoin($a[:1], "$a"[1:], ("x" + $a)[:-2])\n', ["a", "bc", "xa"]),
    Case('a = echo([1])\nb = $a[true and 0 < 1]\nc = $a["k"]\nd = $a[1 + 0]\njoin(1)\n', 1, errors={"b", "c", "d"}),
    Case('a = echo("abc")\nb = $a[0 + 0]\nc = $a[:1.0]\nd = $a[:echo(null)]\njoin(1)\n', 1, errors={"b", "c", "d"}),
    Case("a = echo([1]) if false\njoin($a[0 + 0], $a[1:][0], $a[1 / 0])\n", [None] * 3, skipped={"a"}),
    Case("a = echo([1]) if false\nb = $a[0 + 0] or 5\nc = $a[1:]\njoin($b)\n", 5, skipped={"a", "c"}),
    Case('a = log("a")\nb = [0, 1, 2][log("b")]\njoin($b)\n', 2, log=("a", "b")),
]

COMPREHENSIONS = [
    Case("a = [$x * $y for x in [1, 2] for y in [3, 4] if $y > $x + 1]\njoin($a)\n", [3, 4, 8]),
    Case("a = [$y for x in [[1], [], [2, 3]] for y in $x]\njoin(len($a), $a)\n", [3, [1, 2, 3]]),
    Case("a = [1 / $x for x in items(2)]\njoin(1)\n", 1, errors={"a"}),
    Case(
        "a = echo(1) if false\nb = [$a or $x for x in [1]]\nc = [$a for x in []]\njoin($b, $c)\n",
        [[1], []],
        skipped={"a"},
    ),
    Case("a = echo(1) if false\nb = [($a if $x else 1 / 0) for x in [1, 0]]\njoin(1)\n", 1, skipped={"a", "b"}),
    Case("a = echo(1) if false\nb = [echo($a) if $x else 1 / 0 for x in [1, 0]]\njoin(1)\n", 1, {"b"}, {"a"}),
    Case("a = fail()\nb = [$a for x in []]\nc = [echo($a) for x in []] or 1\njoin(1)\n", 1, errors={"a", "b", "c"}),
    Case("a = [log($x) for x in [5, 6]][1] + 1\njoin($a)\n", 3, log=(5, 6)),
    Case("a = false and [log($x) for x in [5, 6]]\njoin($a)\n", False),
    Case("a = log(10 * $x + $y) for x in [1, 2] for y in items($x)\njoin($a)\n", [1, 2, 3], log=(10, 20, 21)),
    Case("a = log($y) for x in [2, 1] if log($x) for y in items($x)\njoin($a)\n", [2, 3, 5], log=(2, 0, 1, 1, 0)),
    Case("a = [[log($y) for y in items($x)] for x in [1, 2]]\njoin($a)\n", [[1], [2, 3]], log=(0, 0, 1)),
    Case("a = echo($y) for x in [0, 1] for y in 6 // $x @fallback(0)\njoin(1)\n", 1, errors={"a"}),
    Case("a = log(6 // $y) for x in [0, 1] for y in [$x, 2]\nb = log(1)\njoin(1)\n", 1, {"a", "b"}),
    Case("a = log($y) for x in [[1], 2 + echo(0)] for y in $x\nb = log(1)\njoin(1)\n", 1, {"a", "b"}, log=(1,)),
    Case("a = items(3)\nb = sum([$x for x in $a if $x]) + len(items(2))\njoin($b)\n", 5),
    Case(
        "a = echo($y) for x in range(40) for y in range(30)\nb = len([$x for x in range(2000)])\njoin($b)\n",
        2000,
        {"a"},
    ),
]

OTHERS = [
    Case("a = double(2)\nb = double(n=$a) + 1\njoin($b)\n", 9),
    Case("a = twice(1)\njoin($a)\n", {"x": 4, "skipped": None}),
    Case("a = twice(30)\njoin($a.x)\n", 120, log=(120,)),
    Case("a = noted(7)\njoin(1)\n", 1, log=(7,)),
    Case("a = noted(7, well=false)\nb = log(8)\njoin($b)\n", 2, errors={"a"}, log=(7, 8)),
    Case("a = noted(7, false) @fallback(9)\njoin($a)\n", 9, log=(7,)),
    Case("a = echo(1) if false\nb = noted($a)\njoin($b)\n", skipped={"a", "b"}),
    Case("a = fail()\nb = noted($a) @fallback(1)\njoin(1)\n", 1, errors={"a", "b"}),
    Case("a = logged($x) for x in [3, 4] if $x > 3\njoin($a)\n", [{"1": 1}], log=(4,)),
    Case("fail_log()\na = logged(1)\njoin(1)\n", 1, errors={"1", "a"}),
    Case("a = logged(5) if false\njoin(1)\n", 1, skipped={"a"}),
]


@pytest.mark.parametrize("case", VALUES, ids=lambda case: case.text)
def test_values(case: Case) -> None:
    """A plan gives the value of its join."""
    check(case)


@pytest.mark.parametrize("case", JOINS, ids=lambda case: case.text)
def test_joins(case: Case) -> None:
    """A join has a value unless what it refers to has an error, and reads null where that is skipped."""
    check(case)


@pytest.mark.parametrize("case", SKIPS, ids=lambda case: case.text)
def test_skips(case: Case) -> None:
    """A task is skipped if it reaches a reference to what is skipped, but for the exceptions."""
    check(case)


@pytest.mark.parametrize("case", FAILURES, ids=lambda case: case.text)
def test_failures(case: Case) -> None:
    """A task is blocked if it refers to what has an error, reached or not; a call nested in it goes its own way."""
    check(case)


@pytest.mark.parametrize("case", LOOPS, ids=lambda case: case.text)
def test_loops(case: Case) -> None:
    """A loop runs once for each element, in order, and ends as its elements did."""
    check(case)


@pytest.mark.parametrize("case", ORDERS, ids=lambda case: case.text)
def test_orders(case: Case) -> None:
    """A write that failed blocks what conflicts with it later, and nothing else does."""
    check(case)


@pytest.mark.parametrize("case", PARTS, ids=lambda case: case.text)
def test_parts(case: Case) -> None:
    """A value has parts, computed ones and those from a bound to another; of what reads null they are null."""
    check(case)


def test_options_behind_steps() -> None:
    """The options of a call stand behind the steps into its value."""
    fail, number = Call("fail", ()), Call("flaky", (Argument(None, Literal(1)),))
    plan = Plan(
        (
            Task("a", Subscript(fail, Literal(0)), options=(Fallback(List((Literal(7.5),))),)),
            Task("b", Subscript(number, Literal(0)), options=(Retry(1), Fallback(Literal(2)))),
            Task("c", Slice(Text(("is ", Slot(Ref("a"), "${a:>6.2f}", ">6.2f"))), None, Literal(-1))),
        )
    )
    found = interpret(plan, TOOLS, {})
    assert (found.results, found.errors) == ({"a": 7.5, "c": "is   7.5"}, {"b"})


@pytest.mark.parametrize("case", COMPREHENSIONS, ids=lambda case: case.text)
def test_comprehensions(case: Case) -> None:
    """Without calls, a list ends at its first error or skip; with calls, every element is run."""
    check(case)


@pytest.mark.parametrize("case", OTHERS, ids=lambda case: case.text)
def test_other_plans(case: Case) -> None:
    """The call of a plan has the value of its join, and its tasks do what they do."""
    check(case)


def test_inputs() -> None:
    """An input has the value given, else its default."""
    text = 'input n: int = 4\ninput name = "K2"\na = add($n, 1)\njoin("$name $a")\n'
    assert run(text).value == "K2 5"
    assert run(text, n=1, name="Eiger").value == "Eiger 2"


def test_automatic_numbers() -> None:
    """A task without a name gets the highest number above plus one."""
    assert run("7. echo(1)\necho(2)\na = echo(3)\n2. echo(4)\necho(5)\n").results == {
        "7": 1,
        "8": 2,
        "a": 3,
        "2": 4,
        "9": 5,
    }
