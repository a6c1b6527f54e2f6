"""Plans of ReWOO, read as plans; and text that only looks like one."""

from typing import Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from llmc_grammar import parse
from llmc_grammar.ast import Call, Task
from llmc_grammar.dialects.form import Target
from llmc_grammar.dialects.rewoo import rewrite
from llmc_grammar.source import Span
from tests.grammar.dialects.rewoo_plans import TOOLS, plans

TARGET: Final = Target(TOOLS)


def read(text: str) -> list[str] | None:
    """The statements of a text, None where it is no plan."""
    found = rewrite(text, TARGET)
    return None if found is None else [written.text for written in found.statements]


def refusals(text: str) -> list[tuple[str, str]]:
    """The reasons for which calls of a text are refused, with their places."""
    found = rewrite(text, TARGET)
    assert found is not None
    each = [mistake for written in found.statements for mistake in written.found]
    return [(mistake.words("label"), text[slice(*mistake.span)]) for mistake in each]


@settings(max_examples=200)
@given(plans(), st.data())
def test_every_construct_means_its_plan(plan: tuple[str, int, list[str], list[str]], data: st.DataObject) -> None:
    """The statements are those that the text means, each tool is at its place, and no cut adds or changes a call."""
    text, first, expected, tools = plan
    found = rewrite(text, Target(TOOLS, first))
    assert found is not None, text
    assert [mistake for written in found.statements for mistake in written.found] == []
    got, meant = parse("\n".join(each.text for each in found.statements)), parse("\n".join(expected))
    assert meant.ok, meant.diagnostics
    assert got.plan == meant.plan
    places = []
    for written, statement in zip(found.statements, got.plan.statements, strict=True):
        if isinstance(statement, Task) and isinstance(statement.expr, Call):
            start, end = (offset - statement.span.start for offset in statement.expr.name_span)
            places.append(text[slice(*written.span(Span(start, end)))])
    assert places == tools
    cut = rewrite(text[: data.draw(st.integers(0, len(text) - 1))], Target(TOOLS, first))
    calls = [each.text for each in cut.statements if not each.text.startswith("Thought:")] if cut else []
    assert calls == [each.text for each in found.statements if not each.text.startswith("Thought:")][: len(calls)]


PAPER: Final = """Plan: Search for more information about Milhouse.
#E1 = wiki[Milhouse]
Plan: Find out who Matt Groening named Milhouse after.
#E2 = LLM[Who did Matt Groening name Milhouse after? Given context: #E1]
"""

MEANT: Final = {
    PAPER: [
        "Thought: Search for more information about Milhouse.",
        '1. wiki("Milhouse")',
        "Thought: Find out who Matt Groening named Milhouse after.",
        '2. LLM(prompt="Who did Matt Groening name Milhouse after? Given context: ${1}")',
    ],
    "#E1 = Search[a [b] c]\n#E2 = LLM[#E1]": ['1. search(query="a [b] c")', '2. LLM(prompt="$1")'],
    "# E1 = Search[x] #E2 = LLM['#E1']": ['1. search(query="x")', '2. LLM(prompt="$1")'],
    "E1 = Search[x]\nE2 = LLM[E1, E3 and VE1]": ['1. search(query="x")', '2. LLM(prompt="${1}, E3 and VE1")'],
    "#E1 = Search[x]\n#E2 = LLM[E1 of #E1]": ['1. search(query="x")', '2. LLM(prompt="E1 of ${1}")'],
    "Plan: a #E1 = Search[x] Plan: b #E2 = LLM[#E1]": [
        "Thought: a",
        '1. search(query="x")',
        "Thought: b",
        '2. LLM(prompt="$1")',
    ],
    "#E1 = Search[$5, $1, ${1}, $$]": ['1. search(query="$$5, $$1, $${1}, $$$$")'],
    "#E1 = Search[x]\n#E10 = LLM[#E1]\n#E2 = LLM[#E10#E1]": [
        '1. search(query="x")',
        '2. LLM(prompt="$1")',
        '3. LLM(prompt="${2}${1}")',
    ],
    "#E1 = now[]": ["1. now()"],
    "#E1 = Search[]": ['1. search(query="")'],
    "#E1 = Web Search[\u201cx\u201d]": ['1. web_search(q="x")'],
    "#E1 = Search['a' or 'b']": ["1. search(query=\"'a' or 'b'\")"],
    "#E1 = Search[colour #E74C3C, page#E7]": ['1. search(query="colour #E74C3C, page#E7")'],
    "#E1 = Search[x]\n#E2 = Lookup[y]": ['1. search(query="x")', '2. Lookup("y")'],
    '#E1 = search(query="a #x")\n#E2 = add(#E1, 2)\n#E3 = LLM(what is #E2?)': [
        '1. search(query="a #x")',
        "2. add($1, 2)",
        '3. LLM(prompt="what is ${2}?")',
    ],
    "#E1 = now()": ["1. now()"],
    "Thought: I need K2.\nAction 1: Search[K2]": ["Thought: I need K2.", '1. search(query="K2")'],
    "Task: compare.\n#e1 = Search[x] # first\n#e2 = LLM[#E1]\nSolve: use #E2.\n<END_OF_PLAN>": [
        "Thought: Task: compare.",
        '1. search(query="x")',
        '2. LLM(prompt="$1")',
        "Thought: Solve: use #E2.",
    ],
    "Action: Search[K2]": ['1. search(query="K2")'],
}  # fmt: skip


@pytest.mark.parametrize("text", MEANT)
def test_a_text_means_a_plan(text: str) -> None:
    """Each text goes to the one required parameter; nothing in it is an expression."""
    assert read(text) == MEANT[text]
    assert refusals(text) == []
    assert all(parse(line).ok for line in MEANT[text])


REFUSED: Final = {
    "#E1 = add[1, 2]": ("`add` requires 2 arguments, but the brackets contain one text", "1, 2"),
    "#E1 = now[x]": ("`now` requires no arguments, but the brackets contain one text", "x"),
    "#E1 = Search[x]\n#E1 = Search[y]": ("`#E1` is the name of a call above", "E1"),
    "#E1 = Search[x]\n#E2 = LLM[#E3]": ("no call above is named `#E3`", "#E3"),
    "#E1 = LLM[#E1]": ("no call above is named `#E1`", "#E1"),
    "#E1 = Search[about #E2]\n#E2 = Search[x]": ("no call above is named `#E2`", "#E2"),
    "#E1 = Search[a [b]\n#E2 = Search[x]": ("its bracket is not closed", "#E1 = Search[a [b]\n"),
    "#E1 = Search[a] b]": ("more text with brackets follows it", "#E1 = Search[a]"),
}


@pytest.mark.parametrize("text", REFUSED)
def test_a_call_that_cannot_be_meant_is_refused(text: str) -> None:
    """A mistake at its place, in words; the same text without it has none."""
    assert refusals(text) == [REFUSED[text]]
    assert refusals("#E1 = Search[x]\n#E2 = LLM[#E1]") == []


TWINS: Final = {
    "prose about ReWOO": ("I write #E1 = Search[x] here.", "Plan: I write #E1 = Search[x]"),
    "prose behind a call": ("#E1 = Search[x] finds it.", "#E1 = Search[x]."),
    "prose below": ("#E1 = Search[x]\nThen I answer.", "#E1 = Search[x]\nPlan: Then I answer."),
    "prose above": ("I look it up.\n#E1 = Search[x]", "Plan: I look it up.\n#E1 = Search[x]"),
    "a formula": ("# E1 = mc^2", "# E1 = Search[mc^2]"),
    "an array": ("E1 = Array[5]\nE2 = E1[0]", "E1 = Search[5]\nE2 = LLM[E1]"),
    "headings": ("# E1\n# E2\n- a [b](c)", "#E1 = Search[a [b](c)]"),
    "only a plan": ("Plan: Search[x] and stop.", "Plan: Search.\n#E1 = Search[x]"),
    "an unknown tool": ("#E1 = Lookup[x]", "#E1 = LLM[x]"),
    "a call in a plan": ("Plan: a\nthen search(1)\n#E1 = Search[x]", "Plan: a\nthen search\n#E1 = Search[x]"),
    "an answer of ReAct": ("Thought: I know.\nAction: Finish[42]", "Thought: I know.\nAction: Search[42]"),
    "a talk of ReAct": ("Action: Search[x]\nObservation: y\nAction: Search[z]", "Action: Search[x]\nAction: LLM[z]"),
    "an open bracket": ("#E1 = Search[x]\n#E2 = Search[y", "#E1 = Search[x]\n#E2 = Search[y]"),
    "an open name": ("Plan: a\n#E1 = Search[x]\nPlan: b\n#E2 = Sea", "Plan: a\n#E1 = Search[x]\nPlan: b"),
    "an open name beside a plan": ("#E1 = Search[x]\nPlan: b #E2 = Sea", "#E1 = Search[x]\nPlan: b #E2"),
}  # fmt: skip


@pytest.mark.parametrize("kind", TWINS)
def test_text_that_looks_like_a_plan_is_none(kind: str) -> None:
    """The twin that is one differs in little."""
    harmless, plan = TWINS[kind]
    assert read(harmless) is None
    assert read(plan) is not None


@pytest.mark.parametrize("text", [*MEANT, *(plan for _, plan in TWINS.values())])
def test_every_beginning_of_a_text_makes_its_first_calls_or_none(text: str) -> None:
    """No cut changes the text of a call."""
    whole = [line for line in read(text) or () if not line.startswith("Thought:")]
    for end in range(len(text)):
        calls = [line for line in read(text[:end]) or () if not line.startswith("Thought:")]
        assert calls == whole[: len(calls)], text[:end]


def test_names_that_differ_in_case_alone_are_exact() -> None:
    """With two such tools, no other spelling is one of them."""
    target = Target(frozenset(["search", "SEARCH"]))
    for written, expected in (("search", "search"), ("SEARCH", "SEARCH"), ("Search", None)):
        found = rewrite(f"#E1 = {written}[x]", target)
        assert (found and found.statements[0].text) == (expected and f'1. {expected}("x")')


def test_without_a_toolbox_every_name_is_a_tool() -> None:
    """The text is then positional."""
    found = rewrite("#E1 = Search[x]", Target())
    assert found is not None
    assert found.statements[0].text == '1. Search("x")'


@pytest.mark.parametrize(
    "piece", ["#E1 = Search[", "#E1 = Search(", "[", "(", "#E1 ", "Plan: ", "- ", "*", "E1 = f[x] "]
)
def test_long_texts_are_no_trouble(piece: str) -> None:
    """Brackets inside each other need no recursion."""
    for text in (piece * 2000, f"#E1 = Search[{piece * 2000}", f"Plan: {piece * 2000}"):
        assert len(read(text) or ()) <= 2001


@given(st.text(st.sampled_from("#E12 =Search[](x)Plan:\n-*$\"'é"), max_size=60))
def test_no_text_is_an_error_of_the_reader(text: str) -> None:
    """Whatever a text is, it is a plan or none."""
    found = rewrite(text, Target())
    assert found is None or all(written.text for written in found.statements)
