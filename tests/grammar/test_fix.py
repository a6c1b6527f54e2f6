"""Edits made in the text."""

import pytest

from llmc_grammar import Bounds, Edit, Span, parse
from llmc_grammar.errors.lines import StrayBracket
from llmc_grammar.fix import apart, fix
from llmc_grammar.stream import Mode
from tests.grammar.samples import BAD, GOOD


@pytest.mark.parametrize(
    ("text", "after", "codes"),
    [
        ("1) f(name: 1)\n", "1. f(name=1)\n", ["E130", "E176"]),
        ("a = f(1, [2\nb = g()\n", "a = f(1, [2])\nb = g()\n", ["E120"]),
        ("a = “x”\n", 'a = "x"\n', ["E104", "E104"]),
        ("a = f(1))\r\n", "a = f(1)\r\n", ["E123"]),
        ("\ufeff1) f(007)\n", "1. f(7)\n", ["E130", "E162"]),
        ('a = "$5M"\n', 'a = "$5M"\n', []),
        ("a = f(1 if $b)\n", "a = f(1 if $b)\n", []),
    ],
)
def test_the_edits_of_errors_are_made(text: str, after: str, codes: list[str]) -> None:
    """Also those that are found only after others were made; warnings of a person's file are left alone."""
    fixed = fix(text)
    assert fixed.text == after
    assert [mistake.code for mistake in fixed.mended] == codes


@pytest.mark.parametrize(
    ("text", "after"),
    [
        ("a = [\n  1  # one\n  2  # two\n]\n", "a = [\n  1,  # one\n  2  # two\n]\n"),
        ("a = f(1 # one\n  b=2)\n", "a = f(1, # one\n  b=2)\n"),
        ('a = {"x": 1 # "one"\n "y": 2}\n', 'a = {"x": 1, # "one"\n "y": 2}\n'),
        ('a = ["#x" # one\n  "y"]\n', 'a = ["#x" + # one\n  "y"]\n'),
        ("a = f($b # of b\n  .c)\n", "a = f($b # of b\n  .c)\n"),
        ("a = f(b # c\n  : 1)\n", "a = f(b # c\n  : 1)\n"),
    ],
)
def test_an_edit_does_not_end_up_in_a_comment(text: str, after: str) -> None:
    """It is made where the last value ends, or not at all; what stands in a comment is kept."""
    assert fix(text).text == after


def test_the_repairs_of_a_models_text_are_made() -> None:
    """What is left is a plan that reads strictly, and says the same."""
    text = "Here is the plan:\n```\n**1.** search('Arthur's Magazine')\n2) f(name: $1)\n3. finish($2)\n```\n"
    fixed = fix(text, mode="lenient")
    strict = parse(fixed.text)
    assert strict.diagnostics == ()
    assert strict.plan == parse(text, mode="lenient").plan
    assert {mistake.code[0] for mistake in fixed.mended} == {"W"}


def test_a_tool_of_that_name_is_no_join() -> None:
    """`finish` stays where the toolbox has it."""
    assert fix("1. f()\n2. finish($1)\n", mode="lenient", tools=("finish",)).mended == ()


@pytest.mark.parametrize("mode", ["strict", "lenient"])
@pytest.mark.parametrize("text", [*GOOD.values(), *BAD.values()])
def test_what_is_fixed_offers_no_more(text: str, mode: Mode) -> None:
    """Fixing again changes nothing, and a good plan stays as it is."""
    fixed = fix(text, mode=mode)
    again = fix(fixed.text, mode=mode)
    assert (again.text, again.mended) == (fixed.text, ())


def test_a_text_that_was_not_read_whole_is_left_alone() -> None:
    """What lies behind the bound must not be lost."""
    text = "1) f()\n2) g()\n"
    fixed = fix(text, bounds=Bounds(text=8))
    assert fixed.mended == ()


def test_bytes_that_are_no_text_are_kept() -> None:
    """They come back as they were when the text is written."""
    fixed = fix(b'1) f("\xff")\n')
    assert fixed.text.encode("utf-8", "surrogateescape") == b'1. f("\xff")\n'


@pytest.mark.parametrize(
    ("spans", "kept"),
    [
        ([(0, 2), (1, 3), (2, 4)], [(0, 2), (2, 4)]),
        ([(1, 1), (1, 1), (1, 2)], [(1, 1), (1, 2)]),
        ([(0, 4), (1, 2), (3, 3), (4, 4)], [(0, 4), (4, 4)]),
    ],
)
def test_of_edits_that_touch_the_same_text_the_first_is_made(
    spans: list[tuple[int, int]], kept: list[tuple[int, int]]
) -> None:
    """Those that only stand side by side are all made; two insertions at one place are not."""
    mistake = StrayBracket(span=Span(0, 0), found=")")
    assert [edit.span for _, edit in apart((mistake, Edit(Span(*span), "")) for span in spans)] == kept
