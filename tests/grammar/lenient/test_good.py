"""A text that parses is never repaired, but for one form: a dash and a blank before a call at the start of a line."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llmc_grammar import parse, print_plan
from llmc_grammar.ast import KEYWORDS, Plan
from tests.grammar.lenient.samples import MENDED, lenient
from tests.grammar.samples import GOOD
from tests.grammar.strategies import plans

MODEL = {name: text for name, text in GOOD.items() if not parse(text, header=False).diagnostics}
FORMS = {
    "arguments on lines of their own": "a = f(  # the first\n\n  x = g(1),\n  y = h(2) # the last\n)\n",
    "a date as a difference": "f(2023-10-12)\n",
    "two numbers": "f(1,234)\n",
    "a value over lines": 'a = [ # values\n  "it\'s",\n  1]\nb = {\n "k": $a}\nc = """x\n1. f(\n"""\nd = \'x\\\n)\'\n',
    "operators over lines": '1. f("a" +\n  g("b")\n  + "c")\n2. h("a" "b"[0] if 1 else 2)\n'.replace(
        '"b"[0] ', "+ 'b' "
    ),
    "strings and operators": 'f("a" in "b", "c" if $a == "d" else "e", not("x"), -1)\n',
    "a mark in a string and a comment": 'f("<END_OF_PLAN>") # <END_OF_PLAN>\nThought: <END_OF_PLAN>\ng()\n',
    "quotes in quotes": 'f(\'say "hi"\', "it\'s", \'\', "", \'\\\'\', """it\'s "so" """)\n',
    "steps": "f($a[\"it's\"], $b['x'].y[0])\n",
    "brackets in strings": 'f("(", ")", "[", [")"], {"{": "}"})\n',
    "values alone": '"text"\n3. 1\ntrue\n$a\n[1]\n{"a": 1}\nnot $a\n-$a\n(1)\n',
}

BULLET = re.compile(rf"[ \t]*-[ \t]+(?!(?:{'|'.join(KEYWORDS)})\b)(?:[A-Za-z_]\w*\.)*[A-Za-z_]\w*\(", re.ASCII)
"""The one form: strictly an operator, in a model's text a bullet."""

PARTS = (
    "-",
    "- ",
    " - ",
    "f(",
    "g.h(",
    "not(",
    ")",
    "1",
    "1. ",
    "a = ",
    "$1",
    '"- f()"',
    "(",
    "[",
    "]",
    " + ",
    ", ",
    " if ",
)


def unchanged(text: str) -> None:
    """Both ways of reading agree on a text, and the lenient one reports nothing of its own."""
    strict, model = parse(text, header=False), lenient(text)
    assert model.plan == strict.plan
    assert model.diagnostics == strict.diagnostics
    assert not model.moved
    spans = [statement.span for statement in strict.plan.statements]
    assert [statement.span for statement in model.plan.statements] == spans


@pytest.mark.parametrize("text", [*MODEL.values(), *FORMS.values()], ids=[*MODEL, *FORMS])
def test_good_samples_stay_as_they_are(text: str) -> None:
    """No text without a mistake is repaired, however it is laid out."""
    assert parse(text, header=False).ok
    unchanged(text)


@pytest.mark.parametrize("text", [mended for _, mended in MENDED.values()], ids=MENDED)
def test_mended_texts_stay_as_they_are(text: str) -> None:
    """What was mended once is not mended again."""
    unchanged(text)


@given(plans(header=False))
def test_printed_plans_stay_as_they_are(plan: Plan) -> None:
    """No plan as it is printed is repaired."""
    unchanged(print_plan(plan))


@given(st.lists(st.sampled_from(PARTS), max_size=8).map("".join))
def test_only_a_bullet_is_no_operator(line: str) -> None:
    """A line that parses is read as it stands, or without its bullet, with a warning."""
    strict = parse(f"{line}\n", header=False)
    if not strict.ok:
        return
    if not BULLET.match(line):
        unchanged(f"{line}\n")
        return
    model = lenient(f"{line}\n")
    assert [found.code for found in model.diagnostics][:1] == ["W113"]
    assert model.plan == lenient(line.lstrip(" \t-") + "\n").plan != strict.plan


@pytest.mark.parametrize(
    "line", ["-f()", "2. -f()", "2. - f()", "a = - f()", "- $1", "- 3", "- (f())", "- not(f())", "f(- g(),\n- h())"]
)
def test_other_dashes_are_operators(line: str) -> None:
    """Glued to the call, behind a binder, before anything else, or inside brackets, a dash is an operator."""
    unchanged(f"a = 1\n{line}\n")


@pytest.mark.parametrize("line", ["- f()", "  -\tg.h(1) if $a", "- f(\n- g())", "- f() - f()"])
def test_a_bullet_is_one(line: str) -> None:
    """The strict reading takes such a line for something else, so that it is no proof of the law above."""
    strict, model = parse(f"a = 1\n{line}\n", header=False), lenient(f"a = 1\n{line}\n")
    assert strict.ok
    assert strict.plan != model.plan
    assert [found.code for found in model.diagnostics] == ["W113"]
