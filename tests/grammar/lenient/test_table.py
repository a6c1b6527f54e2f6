"""What is mended, and to what; what must be refused."""

import pytest

from llmc_grammar import parse, print_plan
from llmc_grammar.ast import Call, Task
from tests.grammar.lenient.samples import MENDED, MOVED, REFUSED, edited, lenient


@pytest.mark.parametrize(("text", "mended"), MENDED.values(), ids=MENDED)
def test_the_edits_are_these(text: str, mended: str) -> None:
    """Making the edits of all warnings gives this text, which has no mistakes and means what the damaged one does."""
    parsed = lenient(text)
    assert parsed.ok
    assert parsed.diagnostics
    assert edited(parsed) == mended
    strict = parse(mended, header=False)
    assert not strict.diagnostics
    assert parsed.plan == strict.plan


@pytest.mark.parametrize(("text", "code"), REFUSED.values(), ids=REFUSED)
def test_harm_is_refused(text: str, code: str) -> None:
    """A text with more than one reading, or none, is an error, and its task does not come out."""
    parsed = lenient(text)
    assert code in {found.code for found in parsed.diagnostics}
    strict = [line for line in text.split("\n") if parse(line, header=False).ok]
    assert parsed.plan == parse("\n".join(strict), header=False).plan


@pytest.mark.parametrize("text", [text for text, _ in REFUSED.values()], ids=REFUSED)
def test_what_is_refused_is_known(text: str) -> None:
    """A refused task is among the lost ones, so that references to it are no further mistakes."""
    parsed = lenient(text)
    assert parsed.lost or text.startswith("use")


@pytest.mark.parametrize("name", MENDED)
def test_moved_boundaries_are_told(name: str) -> None:
    """A plan says whether a repair decided where a statement begins or ends, and which."""
    parsed = lenient(MENDED[name][0])
    assert bool(parsed.moved) == (name in MOVED)
    ends = {statement.span.start for statement in parsed.plan.statements}
    assert all(any(span.start <= end <= span.end for end in ends) for span in parsed.moved)


def test_places_are_those_of_the_text_as_it_came() -> None:
    """Spans of nodes point into the damaged text, whatever was added or left out before them."""
    text = "Step 2: f('it's', Oslo, \u201cBern\u201d)\n3. g($2"
    parsed = lenient(f"{text}\njoin()")
    (first, second, _) = parsed.plan.statements
    assert isinstance(first, Task)
    assert text[first.span.start : first.span.end] == text.split("\n", maxsplit=1)[0]
    assert isinstance(first.expr, Call)
    arguments = first.expr.arguments
    assert [text[one.span.start : one.span.end] for one in arguments] == ["'it's'", "Oslo", "\u201cBern\u201d"]
    assert text[second.span.start : second.span.end] == "3. g($2"


def test_a_tool_may_be_called_finish() -> None:
    """`finish` is a join only where no tool has that name."""
    text = "1. finish(1)\n2. f()"
    assert print_plan(parse(text, mode="lenient", tools={"finish"}).plan) == f"{text}\n"
    assert print_plan(parse(text, mode="lenient").plan) == "1. join(1)\n"


def test_one_note_for_each_run_of_lines() -> None:
    """Lines that are left out are reported once for each run, also over blank lines and fences."""
    parsed = lenient("Sure!\n\nHere it is:\n```\n1. f()\n```\nbye\n2. g()\n")
    assert [(found.code, found.span) for found in parsed.diagnostics] == [("W110", (0, 22)), ("W110", (30, 37))]


def test_what_stands_below_the_plan_is_no_mistake() -> None:
    """Below the end of a plan even characters that stand nowhere are only left out."""
    parsed = lenient("join()\n\x00\n")
    assert [found.code for found in parsed.diagnostics] == ["W111"]
    assert [found.code for found in lenient("\x00\njoin()").diagnostics] == ["E102", "W110"]


def test_mistakes_of_a_mended_text_stay() -> None:
    """A repair mends the writing, never the meaning: what is wrong besides is reported at its place."""
    parsed = lenient("1. f('it's', x=1, x=2)")
    assert [(found.code, found.span.start) for found in parsed.diagnostics] == [("W120", 5), ("E171", 18)]


def test_a_warning_inside_a_repair_offers_no_edit() -> None:
    """Two edits of one place would contradict each other."""
    parsed = lenient("f($5M offer, '$5M')")
    assert [(found.code, found.edit is None) for found in parsed.diagnostics] == [
        ("W127", False),
        ("W101", True),
        ("W101", False),
    ]


def test_a_string_closed_too_early_is_in_doubt() -> None:
    """A line left out right below a mended string that looks like its end puts the statement's boundary in doubt."""
    early = "1. send('Joe's (the 'boss')\n"
    assert lenient(f"{early}and me')\n2. f()").moved
    assert not lenient(f"{early}and me\n2. f()").moved
    assert not lenient(f"{early}2. f()\nand me')").moved


def test_joined_strings_keep_their_quotes() -> None:
    """A quote of the first string's kind inside a later one is text."""
    (task,) = lenient("f('a' \"b'c\")").plan.statements
    (same,) = parse('f("ab\'c")').plan.statements
    assert task == same


def test_as_many_brackets_as_may_be_are_no_mistake() -> None:
    """The bound on brackets inside each other is that of plan files; those in texts and comments are none."""
    text = f"1. f({'[' * 31}{']' * 31}, '{'[' * 99}') # {'(' * 99}"
    assert not lenient(text).diagnostics
    assert parse(text, header=False).plan == lenient(text).plan
