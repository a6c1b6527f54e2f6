"""Every bound is kept, checked before the work it bounds, and hostile texts cost what ordinary ones do."""

import pytest

from llmc_grammar import Bounds, PlanStream, parse, print_plan
from llmc_grammar.bounds import Bounds as Defined
from llmc_grammar.stream import Mode
from tests.growth import is_linear

pytestmark = pytest.mark.no_cover
"""The searches are long, and other tests reach the lines."""


def codes(text: str, bounds: Bounds = Bounds.FILE) -> list[str]:
    """The codes of what was found."""
    return [found.code for found in parse(text, bounds=bounds).diagnostics]


def test_the_defaults_are_the_languages() -> None:
    """Plan files and model text have the bounds of the language's table."""
    file, model = Bounds.FILE, Bounds.MODEL
    assert (file.text, file.tasks, file.string, file.references) == (4 << 20, 20_000, 1 << 20, 20_000)
    assert (model.text, model.tasks, model.string, model.references) == (64 << 10, 256, 8 << 10, 64)
    for bounds in (file, model):
        assert (bounds.nesting, bounds.name, bounds.digits, bounds.steps) == (32, 64, 18, 8)
    assert Defined() == file


@pytest.mark.parametrize(
    ("fits", "breaks", "code"),
    [
        ("[" * 32 + "]" * 32, "[" * 33 + "]" * 33, "E109"),
        (f"{'n' * 64} = 1", f"{'n' * 65} = 1", "E111"),
        (f"f({'n' * 64}=1)", f"f({'n' * 65}=1)", "E111"),
        (f"{'n' * 64}()", f"{'n' * 65}()", "E111"),
        (f"f() for {'n' * 64} in $a", f"f() for {'n' * 65} in $a", "E111"),
        (f"${'n' * 64}", f"${'n' * 65}", "E111"),
        ("9" * 18, "9" * 19, "E112"),
        (f"$a[{'9' * 18}]", f"$a[{'9' * 19}]", "E112"),
        (f"f() @retry({'9' * 18})", f"f() @retry({'9' * 19})", "E112"),
        (f"f() @timeout({'9' * 18}s)", f"f() @timeout({'9' * 19}s)", "E112"),
        ("$a" + ".b" * 8, "$a" + ".b" * 9, "E113"),
        ('"$a' + ".b" * 8 + '"', '"$a' + ".b" * 9 + '"', "E113"),
        ("9999. f()", "10000. f()", "E131"),
        ("1 + " * 127 + "1", "1 + " * 128 + "1", "E110"),
        ("-" * 126 + "$a", "-" * 130 + "$a", "E110"),
        ("not " * 120 + "$a", "not " * 130 + "$a", "E110"),
        ("2 ** " * 120 + "2", "2 ** " * 130 + "2", "E110"),
        ("1 if 2 else " * 120 + "3", "1 if 2 else " * 130 + "3", "E110"),
    ],
)
def test_each_bound_is_exact(fits: str, breaks: str, code: str) -> None:
    """What just fits is read and printed, what breaks the bound is reported once."""
    parsed = parse(fits)
    assert parsed.diagnostics == ()
    assert parse(print_plan(parsed.plan)).plan == parsed.plan
    assert codes(breaks) == [code]


def test_model_bounds() -> None:
    """The smaller bounds of model text hold too."""
    bounds = Bounds.MODEL
    assert codes("f()\n" * 256, bounds) == []
    assert codes("f()\n" * 257, bounds) == ["E106"]
    assert codes(f'f("{"x" * 8192}")', bounds) == []
    assert codes(f'f("{"x" * 8193}")', bounds) == ["E107"]
    assert codes(f"f({'$a, ' * 64})", bounds) == []
    assert codes(f"f({'$a, ' * 65})", bounds) == ["E108"]
    assert codes(f'f("{"$a " * 65}")', bounds) == ["E108"]
    assert codes(" " * 65537, bounds) == ["E105"]


def test_a_hundred_operators_side_by_side_are_not_deep() -> None:
    """The bound is on levels: many small expressions in one statement are fine."""
    assert codes(f"f([{'(1 + 2) * 3, ' * 2000}])") == []


HOSTILE = {
    "unclosed calls": "a=f(\n",
    "unclosed bare calls": "f(\n",
    "numbered and unclosed": "1. f(\n",
    "long strings in turns": '"""\n',
    "unclosed long strings": 'f("""\n',
    "unclosed strings": "a = '\n",
    "continued strings": 'a = "\\\n',
    "brackets": "[",
    "closers": "f)]}",
    "quotes": "'\"",
    "minus": "-",
    "not": "not ",
    "powers": "2**",
    "sums": "1+",
    "choices": "1 if 2 else ",
    "steps": "$1.a.a",
    "nested calls": "f(a ",
    "braces in text": "'${1[\"' ",
    "dollars": '"$$1 $5M $" + ',
    "half pairs": "'\\ud800\\ud800'\n",
    "letters": "x",
    "digits": "9",
    "not ASCII": "é ",
    "NUL": "\x00 ",
    "marks": "<END_OF_PLAN>",
    "placeholders": "<a <a ",
    "at signs": "f() @retry ",
    "assignments": "a=",
    "comments": "a # b",
    "carriage returns": "a\r",
    "filters": "a | b ",
    "ternaries": "a ? b : ",
    "types": "input x: List[a<b|\n",
    "declared names": "let a, b: ",
    "loops of other languages": "for x in x ",
    "arrows": "f(x => ",
    "blocks": "if x:\n",
    "comments of other languages": "/* a // b\n",
    "backslashes": "\\",
    "blanks": " (\n",
    "unclosed in brackets": '["\\',
}


def read(text: str) -> None:
    """Read a plan of any number of tasks."""
    parse(text, bounds=Bounds(tasks=10**6, references=10**6))


@pytest.mark.parametrize("piece", HOSTILE.values(), ids=HOSTILE)
def test_hostile_texts_cost_what_their_length_says(piece: str) -> None:
    """Eight times the text costs at most 24 times the time: a square would cost 64 times."""
    parse("f()")
    small, large = piece * (8_000 // len(piece)), piece * (64_000 // len(piece))
    assert is_linear(read, small, large)


def test_an_indented_open_statement_costs_what_its_length_says() -> None:
    """The indentation of an open statement is measured once, not for each line below it."""

    def text(length: int) -> str:
        return " " * length + "f(\n" + "x\n" * length

    parse("f()")
    assert is_linear(read, text(8_000), text(64_000))


@pytest.mark.parametrize("mode", ["strict", "lenient"])
def test_backslashes_in_an_open_long_string_cost_what_their_number_says(mode: Mode) -> None:
    """Each is read one way; with two ways for each, thirty of them took minutes."""
    parsed = parse('1. f("""x\n' + "\\a" * 4_000, mode=mode)
    assert "E121" in {found.code for found in parsed.diagnostics}


def test_many_small_pieces_cost_what_their_length_says() -> None:
    """A line that arrives character by character is put together once."""

    def feed(length: int) -> None:
        stream = PlanStream()
        for _ in range(length):
            stream.feed("# ")
        stream.close()

    feed(1000)
    assert is_linear(feed, 20_000, 160_000)


def test_a_large_plan() -> None:
    """Twenty thousand statements are read, and print as they were."""
    text = "".join(f"a{at} = f($a{at - 1}, {at})\n" for at in range(1, 20_001))
    parsed = parse(text)
    assert parsed.diagnostics == ()
    assert print_plan(parsed.plan) == text
