"""Formatting keeps what a plan says, and what people wrote between."""

from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from llmc_grammar import Bounds, parse, print_plan, print_statement
from llmc_grammar.ast import Plan, Thought
from llmc_grammar.format import FormatError, format_plan
from llmc_grammar.terminals import quiet
from tests.grammar.samples import BAD, GOOD
from tests.grammar.strategies import plans

EXAMPLES = Path(__file__).parent.parent.parent / "examples"

remarks = st.text(st.characters(exclude_categories=["Cc", "Cs", "Zl", "Zp", "Cf"]), max_size=8).map(
    lambda text: f"#{text}".rstrip()
)
blank_lines = st.sampled_from(("", " ", "\t"))


@st.composite
def written(draw: st.DrawFn) -> tuple[str, Plan]:
    """A plan as people write it, with comments, blank lines, indents and breaks, and what it says."""
    plan = draw(plans())
    lines: list[str] = []
    for statement in plan.statements:
        lines += draw(st.lists(remarks | blank_lines, max_size=3))
        text = print_statement(statement)
        if not isinstance(statement, Thought):
            text = _broken(draw, text) + draw(st.just("") | remarks.map(lambda remark: f" {remark}"))
        lines.append(draw(st.sampled_from(("", " ", "\t"))) + text)
    lines += draw(st.lists(remarks | blank_lines, max_size=3))
    end = draw(st.sampled_from(("\n", "\r\n")))
    return end.join(lines) + draw(st.sampled_from(("", end))), plan


def _broken(draw: st.DrawFn, text: str) -> str:
    """A statement with breaks and comments behind some of its opening brackets."""
    pieces, done = [], 0
    for match in quiet().finditer(text):
        pieces += [_opened(draw, text[done : match.start()]), match[0]]
        done = match.end()
    return "".join([*pieces, _opened(draw, text[done:])])


def _opened(draw: st.DrawFn, code: str) -> str:
    """Code in which a break follows some calls' brackets."""
    parts = code.split("(")
    breaks = [draw(st.sampled_from(("(", "(", "(\n  ", "( # why\n", "(\n# why\n\n"))) for _ in parts[1:]]
    return parts[0] + "".join(map("".join, zip(breaks, parts[1:], strict=True)))


def comments(text: str) -> list[str]:
    """The comments of a plan, in order."""
    thoughts = [slice(*one.span) for one in parse(text).plan.statements if isinstance(one, Thought)]
    for place in reversed(thoughts):
        text = text[: place.start] + text[place.stop :]
    return [match[0].rstrip(" \t\r") for match in quiet().finditer(text) if match["comment"]]


def formatted(text: str) -> str:
    """The formatted text of a plan."""
    return format_plan(parse(text))


@pytest.mark.no_cover
@given(written())
def test_formatting_keeps_the_plan_and_its_comments(given_: tuple[str, Plan]) -> None:
    """The tree is equal, every comment is there in its order, and formatting again changes nothing."""
    text, plan = given_
    parsed = parse(text)
    assert parsed.ok
    assert parsed.plan == plan
    after = format_plan(parsed)
    assert parse(after).plan == plan
    assert comments(after) == comments(text)
    assert formatted(after) == after


@pytest.mark.no_cover
@given(plans())
def test_what_is_printed_is_formatted(plan: Plan) -> None:
    """The canonical text of a plan stays as it is."""
    text = print_plan(plan)
    assert formatted(text) == text


@pytest.mark.parametrize("text", GOOD.values(), ids=GOOD)
def test_every_good_sample_is_formatted_once(text: str) -> None:
    """Formatting twice is formatting once, and leaves no carriage return or blank at a line's end outside strings."""
    after = formatted(text)
    assert formatted(after) == after
    assert "\r" not in after
    assert comments(after) == comments(text)


@pytest.mark.parametrize("path", sorted(EXAMPLES.glob("*.llmc")), ids=lambda path: path.stem)
def test_the_examples_are_formatted(path: Path) -> None:
    """A plan that we show stays as it is."""
    text = path.read_text("utf-8")
    assert formatted(text) == text


@pytest.mark.parametrize(
    ("text", "after"),
    [
        ("", ""),
        ("\n \n", ""),
        ("1.f()", "1. f()\n"),
        ("f()\n\n\n\ng()\n\n", "f()\n\ng()\n"),
        ("\n\n  # one\n\t# two   \nf()", "# one\n# two\nf()\n"),
        ("f()# tail", "f()  # tail\n"),
        ("f()        # one\njoin() # two\n# end", "f()  # one\njoin()  # two\n# end\n"),
        ('use "a.py"\ninput x\nf($x)', 'use "a.py"\ninput x\n\nf($x)\n'),
        ('use "a.py" # tools\n# first\nf()', 'use "a.py"  # tools\n\n# first\nf()\n'),
        ('use "a.py"\n# nothing follows', 'use "a.py"\n# nothing follows\n'),
        ("Thought:  one # two  \nf()", "Thought: one # two\nf()\n"),
        ("f(\r\n  1,\r\n)\r\n# x\r\n", "f(1)\n# x\n"),
        ("\ufefff()", "f()\n"),
        ("f('#', $a['#'] )#'", 'f("#", $a["#"])  #\'\n'),
        ("join()<END_OF_PLAN> # end", "join()  # end\n"),
        ("  f(  # why\n  1 , \n\n   2)  # tail", "f(  # why\n  1 ,\n\n   2)  # tail\n"),
        ('f("""one  \n\n\n# two\n""",\n  \'x\')', 'f("""one  \n\n\n# two\n""",\n  \'x\')\n'),
        ('f("""one\r\ntwo""", \r\n 1)\r\n', 'f("""one\ntwo""",\n 1)\n'),
        ('f("one\\\n two")', 'f("one\\\n two")\n'),
        (f"f(\n  {'1' * 17},\n  '{'x' * 110}'\n)", f"f(\n  {'1' * 17},\n  '{'x' * 110}'\n)\n"),
        (f"f({'1' * 17},'{'x' * 110}')", f'f({"1" * 17}, "{"x" * 110}")\n'),
    ],
)
def test_the_form(text: str, after: str) -> None:
    """Each text has its one form, which is a fixed point."""
    assert formatted(text) == after
    assert formatted(after) == after


@pytest.mark.parametrize("text", BAD.values(), ids=BAD)
def test_a_plan_with_errors_is_refused(text: str) -> None:
    """Where it is not known what a text says, nothing is changed."""
    with pytest.raises(FormatError, match="the plan has errors"):
        formatted(text)


def test_a_result_that_says_something_else_is_refused() -> None:
    """Escapes can make a text longer than its bounds; then it stays as it was."""
    text = "f('" + '"' * 8 + "')\n"
    bounds = Bounds(text=len(text))
    with pytest.raises(FormatError, match="would change the meaning"):
        format_plan(parse(text, bounds=bounds), bounds)


@pytest.mark.no_cover
def test_the_written_plans_hold_what_is_hard() -> None:
    """The plans of the property have comments inside statements, strings with breaks, and comments at line ends."""
    seen: set[str] = set()

    @given(written())
    @settings(max_examples=40, phases=[Phase.generate], suppress_health_check=list(HealthCheck), database=None)
    def draw(given_: tuple[str, Plan]) -> None:
        text, _ = given_
        seen.update(sign for sign in ("( # why\n", "(\n# why\n\n", "\r\n", ") #") if sign in text)

    draw()
    assert len(seen) == 4
