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
    assert outcome(mended) == (["b = g()"], ["E160:1"])
    assert found.edit.text == ")}])"


def test_a_deep_bracket_of_swallowed_lines_is_no_mistake_of_its_own() -> None:
    """Lines that an unclosed bracket swallowed count anew."""
    text = "".join(f"a{at} = f(\n" for at in range(50))
    statements, found = outcome(text)
    assert statements == []
    assert found == [f"E120:{at + 1}" for at in range(50)]
