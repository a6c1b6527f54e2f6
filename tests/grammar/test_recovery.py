"""One broken statement hides no other, and reports only itself."""

import pytest

from llmc_grammar import parse, print_statement


def outcome(text: str) -> tuple[list[str], list[str]]:
    """The statements that were read and the codes with their lines."""
    parsed = parse(text)
    statements = [print_statement(statement) for statement in parsed.plan.statements]
    return statements, [f"{found.code}:{parsed.source.position(found.span.start)[0]}" for found in parsed.diagnostics]


@pytest.mark.parametrize(
    ("text", "statements", "found"),
    [
        ("1. f(\n2. g()\n3. h(\n4. k()\n", ["2. g()", "4. k()"], ["E120:1", "E120:3"]),
        ("a = f(1\nb = g()\n", ["b = g()"], ["E120:1"]),
        ("a = f(1,\nb = g()\nc = h()\n", ["b = g()", "c = h()"], ["E120:1"]),
        ("a = [1,\nb = g()\n", ["b = g()"], ["E120:1"]),
        ("a = f(1,\nThought: x\nb = g()\n", ["Thought: x", "b = g()"], ["E120:1"]),
        ("a = f(1,\njoin()\n", ["join()"], ["E120:1"]),
        ("a = f(\n  join()\n)\nb = 1\n", ["b = 1"], ["E141:2"]),
        ("a = f(1,\nb = 2\n", ["b = 2"], ["E120:1"]),
        ('a = f("x\n  y=1)\n  g(2)\nb = g()\n', ["b = g()"], ["E121:1"]),
        ('a = f("x\ng(2)\n', ["g(2)"], ["E121:1"]),
        ('a = """x\nb = g()\nc = """ + d\n', [], ["E175:3"]),
        ('a = f("""x\nb = g()\nc = h()\n', ["b = g()", "c = h()"], ["E121:1"]),
        ('a = f(1,\nb = g("""\nc = h()\n""")\nd = 1\n', ['b = g("\\nc = h()\\n")', "d = 1"], ["E120:1"]),
        ('a = f("""\nb = c(1)\n""",\nd = g(2)\ne = h(3)\n', ["d = g(2)", "e = h(3)"], ["E120:1"]),
        ("a = f(1]\nb = 1\n", ["b = 1"], ["E122:1"]),
        ("a = f([1)\n  , 2\n  )\nb = 1\n", ["b = 1"], ["E122:1"]),
        ("a = 1)\nb = 1\n", ["b = 1"], ["E123:1"]),
        ("a = f(\n b = g(),\n  c = h(\n1)\n)\n", ["a = f(b=g(), c=h(1))"], []),
        ("a = f(\nb = g()\n)\n", ["a = f(b=g())"], []),
        ("a = f(1,\n", [], ["E120:1"]),
        ("a = f(1 # )\n", [], ["E120:1"]),
        ("a = f('x\\", [], ["E121:1"]),
        ("a = “x”\nb = 1\n", ["b = 1"], ["E104:1", "E104:1"]),
        ("a = f(é, ü)\nb = 1\n", ["b = 1"], ["E103:1", "E103:1"]),
        ("a = f(\x00\x01\x00)\nb = 1\n", ["b = 1"], ["E102:1"]),
        ("# \x00\nb = 1\n", ["b = 1"], ["E102:1"]),
        ("a = 1\rb = 2\nc = 3\n", ["c = 3"], ["E102:1"]),
        ("a = f(1\u00a0, 2)\nb = 1\n", ["b = 1"], ["E103:1"]),
    ],
)
def test_recovery(text: str, statements: list[str], found: list[str]) -> None:
    """These statements are read, and just these mistakes reported."""
    assert outcome(text) == (statements, found)


def test_an_unclosed_bracket_offers_all_that_is_missing() -> None:
    """The edit closes every bracket, in front of a comment, and the statement is read."""
    text = "a = f([{'k': (1, 2 # why\nb = g()\n"
    (found,) = parse(text).diagnostics
    assert found.edit is not None
    mended = text[: found.edit.span.start] + found.edit.text + text[found.edit.span.end :]
    assert outcome(mended) == (["b = g()"], ["E199:1"])
    assert found.edit.text == ")}])"


def test_a_deep_bracket_of_swallowed_lines_is_no_mistake_of_its_own() -> None:
    """Lines that an unclosed bracket swallowed count anew."""
    text = "".join(f"a{at} = f(\n" for at in range(50))
    statements, found = outcome(text)
    assert statements == []
    assert found == [f"E120:{at + 1}" for at in range(50)]


HEADS = ("for x in xs:", "if x > 1:", "while x:", "def f(x):", "class A:", "try:", "with f() as x:")


@pytest.mark.parametrize("head", HEADS)
@pytest.mark.parametrize("body", ["a b", "$x = 1", "if y:\n        g(y)", "Thought: x", "@", "f($q)"])
def test_a_block_of_another_language_is_one_mistake(head: str, body: str) -> None:
    """Its lines are no statements, whatever is wrong with them, and the line below it is read."""
    statements, found = outcome(f"{head}\n    {body}\n\n    z = g(1)\nk()\n")
    assert (statements, found) == (["k()"], [found[0]])
    assert "z = g(1)" in outcome(f"{body}\nz = g(1)\n")[0]


def test_what_closes_a_block_is_one_with_it() -> None:
    """`else`, `except` and `end` are not reported again, and the next line is read."""
    text = "if x:\n  f()\nelif y:\n  g()\nelse:\n  h()\nend\nk()\n"
    assert outcome(text) == (["k()"], ["E118:1"])


def test_a_comment_over_lines_is_one_mistake() -> None:
    """Up to its end; one that never ends takes the rest of the text with it."""
    assert outcome("/* a\n b\n c */\nk()\n") == (["k()"], ["E115:1"])
    assert outcome("/* a\nk()\n") == ([], ["E115:1"])


def test_names_of_refused_lines_are_kept() -> None:
    """Each, in whatever form it is written."""
    text = "let a = 5; b = 6\n$c = f()\nd, e = g()\nh: f(1)\ninput str i\n"
    assert {one.binder for one in parse(text).lost} == {*"abcdehi", "str"}


def test_a_block_begins_below_a_mistake_of_that_kind_alone() -> None:
    """A tool may be called `match`, and lines may be indented."""
    statements, found = outcome('match({"a": 1}, "$5M")\n  k()\nmatch({"a": 1} 2)\n  k()\n')
    assert (statements.count("k()"), found) == (2, ["W101:1", "E178:3"])
