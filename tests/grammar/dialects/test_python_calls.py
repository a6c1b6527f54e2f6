"""Calls as Python writes them, read as plans; and Python that is no plan."""

from collections.abc import Iterator
from typing import Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from llmc_grammar import parse
from llmc_grammar.ast import Call, children
from llmc_grammar.dialects.form import Rewritten, Target
from llmc_grammar.dialects.python_calls import rewrite
from llmc_grammar.source import Span
from tests.grammar.dialects.python_programs import TOOLS, programs
from tests.growth import is_linear

TARGET: Final = Target(frozenset(TOOLS))


def read(text: str) -> list[str] | None:
    """The statements of a text, None where it is no plan."""
    found = rewrite(text, TARGET)
    return None if found is None else [written.text for written in found.statements]


def calls(node: object) -> Iterator[Call]:
    """The calls in a part of a plan, from left to right."""
    if isinstance(node, Call):
        yield node
    for child in children(node):
        yield from calls(child)


def tools(found: Rewritten | None) -> list[str]:
    """The tools that a text calls."""
    plan = parse("\n".join(written.text for written in found.statements) if found else "").plan
    return sorted(call.tool for call in calls(plan.statements))


@settings(max_examples=200)
@given(programs(), st.data())
def test_every_construct_means_its_plan(program: tuple[str, int, list[str]], data: st.DataObject) -> None:
    """The statements are those that the program means, each name of a tool is at its place, and no cut adds a call."""
    text, first, expected = program
    found = rewrite(text, Target(TARGET.tools, first))
    assert found is not None, text
    plan, meant = parse("\n".join(each.text for each in found.statements)), parse("\n".join(expected))
    assert meant.ok, meant.diagnostics
    assert plan.plan == meant.plan
    for written, statement in zip(found.statements, plan.plan.statements, strict=True):
        for call in calls(statement):
            start, end = (offset - statement.span.start for offset in call.name_span)
            assert text[slice(*written.span(Span(start, end)))] == call.tool
    cut = rewrite(text[: data.draw(st.integers(0, len(text) - 1))], TARGET)
    assert not set(tools(cut)) - set(tools(found))


MEANT: Final = {
    'search(query="a")\nfetch("b")': ['1. search(query="a")', '2. fetch("b")'],
    '[search(query="a"), fetch("b")]': ['1. search(query="a")', '2. fetch("b")'],
    "(search(), fetch(),)": ["1. search()", "2. fetch()"],
    "search(), fetch()": ["1. search()", "2. fetch()"],
    "r = search(1); fetch(r)": ["1. search(1)", "2. fetch($1)"],
    "search(1)\nfinish()": ["1. search(1)", "join()"],
    "r = search(1)\njoin(r, r[0])": ["1. search(1)", "join($1, $1[0])"],
    "r = search(1)\njoin(r)<END_OF_PLAN>\n": ["1. search(1)", "join($1)"],
    "print(search(1), 'is', fetch(2))": ["1. search(1)", "2. fetch(2)"],
    "r = search(1)\nprint(r)\nr": ["1. search(1)"],
    "r = search(1)\nprint(f'It is {r}', r + 1)": ["1. search(1)", '2. "It is ${1}"', "3. $1 + 1"],
    "print(default_api.search(q='a'))": ["1. search(q=\"a\")"],
    "functions.search(1)\nfunctions.fetch(2)": ["1. search(1)", "2. fetch(2)"],
    "both = [search(1), fetch(2)]\nnote(both, both[-1])": ["1. search(1)", "2. fetch(2)", "3. note([$1, $2], $2)"],
    "a = search(1)\na = fetch(a)\nnote(a)": ["1. search(1)", "2. fetch($1)", "3. note($2)"],
    "a, b = search(1), fetch(2)\na, b = b, a\nnote(a, b)": ["1. search(1)", "2. fetch(2)", "3. note($2, $1)"],
    "city = 'Rome'; n = -3\nweather(city, n ** 2, f'in {city}')": ['1. weather("Rome", (-3) ** 2, "in Rome")'],
    f"long = '{'x' * 201}'\nnote(long, long)": [f'1. "{"x" * 201}"', "2. note($1, $1)"],
    "total = search(1) + fetch(2)\nnote(total)": ["1. search(1) + fetch(2)", "2. note($1)"],
    "note(search(1), fetch(2)[0])": ["1. search(1)", "2. fetch(2)", "3. note($1, $2[0])"],
    "note(f'{search(1)} and ${fetch(2).price}')": ["1. search(1)", "2. fetch(2)", '3. note("${1} and $$${2.price}")'],
    "note((await search(1))['a b'])": ["1. search(1)", '2. note($1["a b"])'],
    "r = search(1)\nnote(r[0] if r else None)": ["1. search(1)", "2. note($1[0] if $1 else null)"],
    "note(1 if search(1) else fetch(2))": ["1. note(1 if search(1) else fetch(2))"],
    "search('$1', \"${1.a}\", '${x', '$$', 'US$')": ['1. search("$1", "${1.a}", "$${x", "$$", "US$")'],
    "search('a' 'b', \"\"\"c\nd\"\"\", '\\u00e9\\x41')": ['1. search("ab", "c\\nd", "éA")'],
    "search('C:\\temp\\Users', 'a\\tb', r'\\w')": ['1. search("C:\\\\temp\\\\Users", "a\\tb", "\\\\w")'],
    "search({'a': {'b': [1, None]}}, (), [])": ['1. search({"a": {"b": [1, null]}}, [], [])'],
    "  search(1)\n  fetch(2)": ["1. search(1)", "2. fetch(2)"],
    " search(1)\nfetch(2)": ["1. search(1)", "2. fetch(2)"],
    "```\nsearch(1)\n```\n\n```py\nfetch(2)\n```": ["1. search(1)", "2. fetch(2)"],
    "<|python_start|>[search(1)]<|python_end|>": ["1. search(1)"],
    "<|tool_call_start|>[search(1)]<|tool_call_end|>I look it up.": ["1. search(1)"],
    "<|python_tag|>search(1)\r\nfetch(2)<|eom_id|>": ["1. search(1)", "2. fetch(2)"],
    "search(\r\n  1,\r\n)\r\nfetch(2)\r\n": ["1. search(1)", "2. fetch(2)"],
    "search(1)\ncompute(2)": ["1. search(1)", "2. compute(2)"],
    "r = search(1)\nnote(r[r], r[1:-1], r[:], r[:2][0].a)": [
        "1. search(1)",
        "2. note($1[$1], $1[1:-1], $1[0:], $1[:2][0].a)",
    ],
    "r = search(1)\nx = r[r['i'] + 1].name\nnote(x)": ["1. search(1)", "2. $1[$1.i + 1]", "3. note($2.name)"],
    "r = search(1)\nnote([fetch(x.a)[0] for x in r if x if x > 1 or r])": [
        "1. search(1)",
        "2. note([fetch($x.a)[0] for x in $1 if $x and ($x > 1 or $1)])",
    ],
    "r = search(1)\nr = [[y, x] for x in r for y in x[:2]]\nnote(r)": [
        "1. search(1)",
        "2. [[$y, $x] for x in $1 for y in $x[:2]]",
        "3. note($2)",
    ],
    "x = search(1)\nnote(sum(x for x in x if x), x)": ["1. search(1)", "2. note(sum([$x for x in $1 if $x]), $1)"],
    "r = search(1)\nnote(f'{r:,.2f} {r.a: >8s} {r:>5}')": ["1. search(1)", '2. note("${1:,.2f} ${1.a:>8} ${1:>5}")'],
    "r = search(1)\nnote([f'{x.a:.0%} of {x}' for x in r])": [
        "1. search(1)",
        '2. note(["${x.a:.0%} of ${x}" for x in $1])',
    ],
    "r = search(1)\nnote(r.get('a', 0), ', '.join(r), len(r))": [
        "1. search(1)",
        '2. note(get($1, "a", 0), join_text($1, by=", "), len($1))',
    ],
    "r = search(1)\nnote(r.a.split(), r.replace('a', 'b'), r.items())": [
        "1. search(1)",
        '2. note(split($1.a), replace($1, "a", "b"), items($1))',
    ],
}  # fmt: skip


@pytest.mark.parametrize("text", MEANT)
def test_a_program_means_a_plan(text: str) -> None:
    """Calls in the order of Python, values by reference, constants in their place."""
    assert read(text) == MEANT[text]
    assert all(parse(line).ok for line in MEANT[text])


NO_PLANS: Final = {
    "another statement": ["import os", "for x in r: note(x)", "if r: note(r)", "def f(): pass", "with r: pass"],
    "and another": ["del r", "pass", "x += 1", "assert r", "return r", "global r", "r.x = 1", "while r: pass"],
    "a value without a call": ["5", "'text'", "[1, 2]", "{'name': 'search'}", "...", "None"],
    "an unknown name": ["note(y)", "y", "note(y.z)", "note(x=y[0])", "y = z", "search"],
    "an argument that is no value": ["note(*r)", "note(**r)", "note(lambda: 1)", "note({x for x in r})", "(a := 1)"],
    "a constant that the language lacks": ["note(b'x')", "note(1j)", "note(1e999)", "note(1,000)", f"note({10**18})"],
    "an operator that the language lacks": ["note(1 << 2)", "note(~1)", "note(r @ r)", "note(r is r)", "note({1, 2})"],
    "a method": ["note(r.title(1))", "r.append(1)", "note(r.sort(key=r))", "note(search(1).pop('a'))", "r()"],
    "a key that no value has": ["note(r[::2])", "note(r[True])", "note(r[.5])", "note({1: 2})"],
    "an f-string with another format": ["note(f'{r:%Y}')", "note(f'{r!r}')", "note(f'{r=}')", "note(f'{r:{r}}')"],
    "a loop that is no list": ["note([x for x, y in r])", "note([x async for x in r])", "note({x: 1 for x in r})"],
    "names of loops": ["note([x for y in r])", "note([[x for x in x] for x in r])", "note([1 for null in r])"],
    "more loops than three": ["note([d for a in r for b in a for c in b for d in c])"],
    "a call before a loop that calls": ["note(f'{search(1)}', [search(x) for x in r])"],
    "a computed value in a text in a loop": ["note([f'{r[x]}' for x in r])", "note([f'{search(x)}' for x in r])"],
    "an index outside": ["l = [1, 2]\nnote(l[2])", "a, b = [1]", "a, b = search(1)"],
    "a condition on a task": ["search(1) if r else fetch(2)", "x = search(1) if r else 2", "note(r or search(1)[0])"],
    "prose that reads as an annotation": ["Thought: answer = search(1)", "note: x = search(1)", "x: search(1) = 5"],
    "a join that is not the last": ["join(r)\nnote(r)"],
    "an option of print": ["print(r, file=r)", "print(*r)"],
    "gather with an option": ["asyncio.gather(search(1), return_exceptions=True)", "asyncio.gather(*r)"],
    "damage": ["note(1", "note('a)", "note(1))", "note(a b)", "Done.", "r\x00", "r\r r", "note(é\ud800)"],
    "a reserved word": ["input('?')", "use(1)", "x = join(r)"],
}  # fmt: skip


@pytest.mark.parametrize("kind", NO_PLANS)
def test_a_text_is_taken_whole_or_not_at_all(kind: str) -> None:
    """One statement of another kind, and none of its calls is made; without it they are."""
    assert read("r = search(1)\nnote(r)\n") == ["1. search(1)", "2. note($1)"]
    for text in NO_PLANS[kind]:
        assert read(f"r = search(1)\n{text}\nnote(r)\n") is None, text
        assert read(f"r = search(1)\nnote(r)\n{text}") is None or "join" in text, text


TWINS: Final = {
    "an answer about Python": ("x = compute(3)\nprint(x)", "x = search(3)\nprint(x)"),
    "code in an argument": ("note('''\nsearch(1)\n'''", "note('''\nsearch(1)\n''')\nsearch(2)"),
    "code in a comment": ("# search(1)\n# fetch(2)", "# search(1)\nfetch(2)"),
    "code behind prose": ("So:\nsearch(1)\nfetch(2)", "search(1)\nfetch(2)"),
    "code in a fence behind prose": ("So:\n```python\nsearch(1)\n```", "```python\nsearch(1)\n```"),
    "prose behind a fence": ("```python\nsearch(1)\n```\nDone.", "```python\nsearch(1)\n```\n"),
    "another language": ("```bash\nsearch(1)\n```", "```python3\nsearch(1)\n```"),
    "a fence that is open": ("```python\nsearch(1)\n", "```python\nsearch(1)\n```"),
    "marks that are open": ("<tool_call>search(1)", "<tool_call>search(1)</tool_call>"),
    "marks in a line": ("Use <tool_call>search(1)</tool_call>.", "<tool_call>search(1)</tool_call>."),
    "a call beside marks": ("<tool_call>search(1)</tool_call>\nfetch(2)", "<tool_call>search(1)</tool_call>\nfetch 2"),
    "JSON": ('[{"name": "search", "arguments": {}}]', '[{"name": search("a"), "arguments": {}}]'),
    "a list": ("- search(1) or 2\n- fetch(2) or 3", "search(1) or 2\nfetch(2) or 3"),
    "only text": ("print('search(1)')", "print(search(1))"),
}  # fmt: skip


@pytest.mark.parametrize("kind", TWINS)
def test_text_that_mentions_calls_is_no_plan(kind: str) -> None:
    """The twin that is a plan differs in little."""
    harmless, plan = TWINS[kind]
    assert read(harmless) is None
    assert read(plan) is not None


def test_names_are_tools_where_the_toolbox_has_them() -> None:
    """`print` and `finish` are then called like any other."""
    target = Target(frozenset(["print", "finish", "asyncio.gather"]))
    found = rewrite("r = print(1)\nasyncio.gather(r)\nfinish(r)", target)
    assert found is not None
    assert [each.text for each in found.statements] == ["1. print(1)", "2. asyncio.gather($1)", "3. finish($1)"]


def test_without_a_toolbox_every_call_is_one_of_a_tool() -> None:
    """A text without a call is still none, and `print` prints."""
    assert rewrite("x = compute(3)\nnote(x)", Target()) is not None
    assert rewrite("print('a')", Target()) is None


def test_a_backslash_that_is_text_is_reported() -> None:
    """Once a string, at its place; a string whose escapes exist is not."""
    text = "note('C:\\temp\\Users', 'a\\tb')\nsearch('\\d')"
    found = rewrite(text, TARGET)
    assert found is not None
    reports = [(each.code, text[slice(*each.span)]) for each in found.statements[0].found]
    assert reports == [("W124", "'C:\\temp\\Users'"), ("W124", "'\\d'")]


@pytest.mark.parametrize("text", [*MEANT, *(plan for _, plan in TWINS.values())])
def test_no_beginning_of_a_text_calls_another_tool(text: str) -> None:
    """A text that a limit cut makes calls of the whole one, or none."""
    whole = tools(rewrite(text, TARGET))
    for end in range(len(text)):
        for tool in tools(rewrite(text[:end], TARGET)):
            assert tool in whole, text[:end]


@pytest.mark.parametrize(
    "piece",
    ["f(", "(", "-", "1+", "a.b.", "not ", "f().a.", "{'a': ", "await f(", "f'{", "lambda: ", "2**", "1 if 2 else "],
)
def test_deep_texts_are_refused(piece: str) -> None:
    """Neither Python's parser nor this one recurses on them."""
    for text in (piece * (60_000 // len(piece)), f"search({piece * 200}1{')' * 200})"):
        assert read(text) is None


@pytest.mark.parametrize(
    "piece", ["note(-1)\n", "r = [search(), r]\n", "é = search('é')\n", "f'{search(1)}'\n", "<tool_call>\n"]
)
def test_a_text_costs_what_its_length_says(piece: str) -> None:
    """Eight times the text costs at most 24 times the time: a square would cost 64 times."""
    small, large = (f"r = 1\n{piece * (length // len(piece))}" for length in (800, 6_400))
    assert is_linear(lambda text: rewrite(text, TARGET), small, large)


def test_a_long_string_costs_what_its_length_says() -> None:
    """No brace in it is looked for to its end."""
    brace = '${1["'
    small, large = (f"search('{brace * count}')" for count in (500, 4_000))
    assert is_linear(lambda text: rewrite(text, TARGET), small, large)


def test_what_variables_stand_for_does_not_multiply() -> None:
    """A list that is used often, or that holds itself twice again and again, is not written out without end."""
    doubled = "a = [search(1)]\n" + "a = [a, a]\n" * 40
    assert read(f"{doubled}note(a)") is None
    assert read("a = [search(1), fetch(2)]\n" + "note(a)\n" * 100) is not None


@given(st.text(st.sampled_from("search(1)fetch=r.[]{}'\"\\\n:,*#$`é f"), max_size=60))
def test_no_text_is_an_error_of_the_reader(text: str) -> None:
    """Whatever a text is, it is a plan or none."""
    found = rewrite(text, Target())
    assert found is None or all(written.text for written in found.statements)
