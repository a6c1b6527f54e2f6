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
    fixed = fix(text, unsafe=True)
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
        ("a = f($b\n  .c)\n", "a = f($b.c)\n"),
        ("a = f(b # c\n  : 1)\n", "a = f(b # c\n  : 1)\n"),
    ],
)
def test_an_edit_does_not_end_up_in_a_comment(text: str, after: str) -> None:
    """It is made where the last value ends, or not at all; what stands in a comment is kept."""
    assert fix(text, unsafe=True).text == after


def test_the_repairs_of_a_models_text_are_made() -> None:
    """What is left is a plan that reads strictly, and says the same."""
    text = "Here is the plan:\n```\n**1.** search('Arthur's Magazine')\n2) f(name: $1)\n3. finish($2)\n```\n"
    fixed = fix(text, mode="lenient", unsafe=True)
    strict = parse(fixed.text)
    assert strict.diagnostics == ()
    assert strict.plan == parse(text, mode="lenient").plan
    assert {mistake.code[0] for mistake in fixed.mended} == {"W"}


def test_a_tool_of_that_name_is_no_join() -> None:
    """`finish` stays where the toolbox has it."""
    assert fix("1. f()\n2. finish($1)\n", mode="lenient", tools=("finish",)).mended == ()


@pytest.mark.parametrize(
    ("text", "after", "mended", "left"),
    [
        ("1) f(name: TRUE)\n", "1. f(name=true)\n", ["E130", "E176", "E175"], []),
        ("a = f() | length\n", "a = f() | length\n", [], []),
        ("a = f() | $b\n", "a = f() | $b\n", [], ["E177"]),
        ("a = f(“x” 007)\n", 'a = f("x" 007)\n', ["E104", "E104"], ["E178"]),
        ("a = 1\nb = f(a, c)\n", "a = 1\nb = f($a, c)\n", ["E175"], ["E175"]),
        ("input x: Str\ninput y: string\n", "input x: str\ninput y: string\n", ["E138"], ["E138"]),
        ("let a = f()\nb := f()\n", "let a = f()\nb = f()\n", ["E129"], ["E129"]),
        ("a = 5; b = 6;\n", "a = 5\nb = 6\n", ["E116", "E116"], []),
    ],
)
def test_edits_that_change_words_are_left_unless_wanted(
    text: str, after: str, mended: list[str], left: list[str]
) -> None:
    """They are counted; what loses, adds or changes a word, or is a guess, is one of them."""
    fixed = fix(text)
    assert fixed.text == after
    assert [mistake.code for mistake in fixed.mended] == mended
    assert [mistake.code for mistake in fixed.unsafe] == left


def test_repairs_that_keep_the_words_are_safe() -> None:
    """Quotes, closers and numbers are mended; prose stays where it is, and so does the word that ends a plan."""
    text = "Here is the plan:\n**1.** search('Arthur's Magazine')\n2) f(name: $1\n3. finish($2)\n"
    fixed = fix(text, mode="lenient")
    assert fixed.text == "Here is the plan:\n1. search('Arthur\\'s Magazine')\n2. f(name=$1)\n3. finish($2)\n"
    assert [mistake.code for mistake in fixed.unsafe] == ["W110", "W114"]


@pytest.mark.parametrize("unsafe", [False, True])
@pytest.mark.parametrize("mode", ["strict", "lenient"])
@pytest.mark.parametrize("text", [*GOOD.values(), *BAD.values()])
def test_what_is_fixed_offers_no_more(text: str, mode: Mode, unsafe: bool) -> None:
    """Fixing again changes nothing, and a good plan stays as it is."""
    fixed = fix(text, mode=mode, unsafe=unsafe)
    again = fix(fixed.text, mode=mode, unsafe=unsafe)
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
