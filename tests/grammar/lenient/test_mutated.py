"""Whatever a model writes: no exception, edits that mean what they say, and work that grows with the text."""

import sys
from collections.abc import Callable
from types import FrameType

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llmc_grammar import parse, print_plan
from llmc_grammar.ast import Plan
from tests.grammar.lenient.samples import MENDED, REFUSED, edited, lenient
from tests.grammar.strategies import plans
from tests.growth import is_linear

SIZE = 16 * 1024
BITS = (*"\"'()[]{},:#\\$<>`.=@-\n 1f", "${", "\u201c", "\u2019", "```\n", "1. ", "\n2. g(", "join(", "Thought: x\n")
TEXTS = [text for text, _ in (*MENDED.values(), *REFUSED.values())]

HOSTILE = {
    "double quotes": '"',
    "single quotes": "'",
    "both quotes": "'\"",
    "long quotes": '"""',
    "openers": "[{(",
    "closers": ")",
    "open calls": "f(",
    "open calls on lines": "f(\n",
    "open calls with quotes on lines": "f('\n",
    "open numbered calls": "1. f(\n",
    "open numbered strings": '1. f("\n',
    "open strings that ask for more": '1. f(",\n',
    "open lists of words": "1. f(a,\n",
    "prose": "hello (world)\n",
    "prose that begins like a value": "1 a\n",
    "prose that opens a bracket": "(a\n",
    "fences": "```\n",
    "marks": "<END_OF_PLAN>",
    "tasks on one line": "1. f('a's') ",
    "bullets": "- - ",
    "stars": "****",
    "damaged tasks": "**2.** `f('a's')`\n",
    "mistaken tasks": "f(:)\n",
    "blanks": " \t",
    "letters": "a",
    "names": "a.",
    "line ends": "\r\n",
    "prose with calls": "use f() now\n",
    "prose without calls": "use g() now\n",
    "numbers and calls": "(2) f()\n",
    "labels": "1. a: ",
    "full width": "f\uff08'a'\uff0c",
    "lines of full width": "f\uff08'a'\uff0c\uff11\uff09\n",
    "calls in texts": "f(a f(b) c)\n",
    "arrows and calls": "1. f(1) -> f(2)\n",
}
INSIDE = {
    "quotes and blanks": "'      ",
    "quotes and commas": "',",
    "strings": "'a',",
    "half strings": "'a, ",
    "quotes and brackets": "'), (",
    "quotes and closers": "')",
    "quotes and comments": "' #",
    "quotes and operators": "'+'",
    "quotes and words": "' if '",
    "adjacent": "'a' ",
    "curly": "\u201ca\u201d, ",
    "words": "a, ",
    "words and operators": "a + , ",
    "references and operators": "$1 + , ",
    "placeholders": "<a ",
    "brackets in words": "a (b), ",
    "colons": "a: b, ",
    "keywords": "k='a's', ",
    "tuples": "(1, 2), ",
    "thousands": "1,000,",
    "nested": "f('a's', ",
    "lines with closers": "b' x)\n",
    "lines with words": "it's (b)\n",
    "escaped quotes": "\\', ",
    "escaped quotes and strings": "\\', 'x",
    "escaped quotes and closers": "\\')",
    "escaped quotes and operators": "\\' + 'x",
    "escaped long quotes": '"""a\\"""), ',
}
IN_A_STRING = {
    "escapes": "\\q",
    "escapes and lines": "\\q\\\n",
    "backslashes": "\\",
    "braces": "${",
    "keys": '${a["',
    "line breaks": "\n",
}


def hostile() -> dict[str, str]:
    """Hostile texts by name."""

    def fill(start: str, unit: str, end: str) -> str:
        return start + unit * ((SIZE - len(start) - len(end)) // len(unit)) + end

    return {
        **{name: fill("", unit, "") for name, unit in HOSTILE.items()},
        **{f"in a call: {name}": fill("f(", unit, ")") for name, unit in INSIDE.items()},
        **{f"in a named string: {name}": fill("f(x='a", unit, "") for name, unit in INSIDE.items()},
        **{f"in a string: {name}": fill("f('", unit, "')") for name, unit in IN_A_STRING.items()},
    }


def work(do: Callable[[], object]) -> int:
    """How many functions, of Python or of C, are called."""
    calls = 0

    def count(frame: FrameType, event: str, argument: object) -> None:
        nonlocal calls
        calls += 1

    before = sys.getprofile()
    sys.setprofile(count)
    try:
        do()
    finally:
        sys.setprofile(before)
    return calls


@pytest.fixture(scope="module")
def ordinary() -> int:
    """The work of reading an ordinary plan of the same size, of two hundred tasks."""
    lines = [
        f'{at}. search("Mount Everest, height in metres", context=["$1", "$2"], limit={at})\n' for at in range(1, 200)
    ]
    text = "".join(lines)[:SIZE]
    text = text[: text.rindex("\n") + 1]
    lenient(text)
    assert lenient(text).ok
    return work(lambda: lenient(text))


@pytest.mark.parametrize("text", hostile().values(), ids=hostile())
def test_hostile_texts_cost_little(text: str, ordinary: int) -> None:
    """A text made to be hard takes less than four times the work of an ordinary plan of its size.

    One that is a plan in another form is read twice, and takes less than eight times.
    """
    times = 4 if parse(text, mode="lenient", tools=("f",)).dialect is None else 8
    assert work(lambda: parse(text, mode="lenient", tools=("f",))) < times * ordinary


@pytest.mark.parametrize("before", ["", "x", "x =", "1. f(1)", "1. f('a')", "1. f(1)*", "**", "-", "1. a:"])
def test_long_blanks_cost_little(before: str) -> None:
    """Blanks may stand at many places side by side; no pattern tries all ways to part them."""
    small, large = (f"{before}{' ' * blanks}(f()" for blanks in (2_000, 16_000))
    assert is_linear(lambda text: parse(text, mode="lenient", tools=("f",)), small, large)


def lawful(text: str) -> None:
    """Reading a text raises nothing; what it means is what the strict parser says of the edited text."""
    parsed = lenient(text)
    for found in parsed.diagnostics:
        assert 0 <= found.span.start <= found.span.end <= len(parsed.source.text)
    assert not (parsed.lost and parsed.ok)
    if parsed.ok:
        assert parse(edited(parsed), header=False).plan == parsed.plan


@st.composite
def mutated(draw: st.DrawFn, texts: st.SearchStrategy[str]) -> str:
    """A text with some of its characters left out, doubled, or others put in."""
    text = draw(texts)
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.integers(0, len(text)))
        size = draw(st.integers(0, 3))
        text = text[:at] + draw(st.sampled_from(("", text[max(0, at - 9) : at], *BITS))) + text[at + size :]
    return text


@given(mutated(st.sampled_from(TEXTS)))
def test_mutated_samples_are_lawful(text: str) -> None:
    """A sample with a few more mistakes raises nothing, and its edits mean what they say."""
    lawful(text)


@given(mutated(plans(header=False).map(print_plan)))
def test_mutated_plans_are_lawful(text: str) -> None:
    """A printed plan with a few mistakes raises nothing, and its edits mean what they say."""
    lawful(text)


@given(plans(header=False))
def test_plans_in_a_frame_of_prose_are_read(plan: Plan) -> None:
    """Prose and fences around a plan change nothing of it."""
    text = print_plan(plan)
    framed = lenient(f"Sure, here it is:\n```\n{text}```\n")
    assert framed.plan == lenient(text).plan
