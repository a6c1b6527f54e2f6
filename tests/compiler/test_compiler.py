"""Text in pieces, steps out: the same for every way of cutting."""

from contextlib import suppress
from itertools import pairwise
from random import Random

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from llmc_compiler.compiler import IncrementalCompiler
from llmc_compiler.diagnostics.plan_errors import CompileError
from llmc_compiler.steps import Step
from llmc_grammar import Bounds, Diagnostic, Parsed, parse, print_plan
from llmc_grammar.stream import Mode
from tests.compiler.compiling import toolbox
from tests.compiler.test_session import WORLD, told
from tests.grammar import samples
from tests.grammar.dialects import call_samples
from tests.grammar.lenient.samples import MENDED, REFUSED
from tests.semantics.generator import random_plan

BAD = [
    "a = f($b)",
    'b = f("$c and $a")',
    "c = f(,)",
    "f(,)",
    "a = f(1",
    "2. nope($1)",
    "3. f($3)",
    '4. f("$9")',
    "f(1)",
    "join($a, $1)",
    "Thought: $b",
    "input n: int = 1",
]
"""Lines of plans with mistakes."""

TEXTS = [
    *samples.GOOD.values(),
    *samples.BAD.values(),
    *(text for text, _ in (*MENDED.values(), *REFUSED.values())),
    *(text for text, _ in (*call_samples.READ.values(), *call_samples.REFUSED.values())),
]
"""Plans, good and bad, and plans in other forms."""

DRAFT = "1. f(1)\n</think>\n2. f(2)\njoin($2)"
"""A plan whose beginning turns out to be reasoning."""


def pieces(text: str, cuts: list[int]) -> list[str]:
    """The text, cut at these places."""
    places = sorted({0, len(text), *(cut % (len(text) + 1) for cut in cuts)})
    return [text[start:end] for start, end in pairwise(places)]


def read(front: IncrementalCompiler, parts: list[str]) -> tuple[list[Step], tuple[Diagnostic, ...]]:
    """All steps, and everything found; a plan with mistakes has no steps at its end."""
    steps = [step for part in parts for step in front.feed(part)]
    with suppress(CompileError):
        steps += front.close()
    return steps, front.diagnostics


@given(st.integers(0, 10_000), st.lists(st.integers(0, 10_000), max_size=20))
def test_the_steps_of_a_good_plan_do_not_depend_on_the_cuts(seed: int, cuts: list[int]) -> None:
    """Nor does the graph."""
    text = print_plan(random_plan(Random(seed)))
    one, other = IncrementalCompiler(WORLD, header=True), IncrementalCompiler(WORLD, header=True)
    assert read(one, [text]) == read(other, pieces(text, cuts))
    assert one.graph == other.graph


@given(st.lists(st.sampled_from(BAD), max_size=7), st.lists(st.integers(0, 1000), max_size=20))
def test_mistakes_do_not_depend_on_the_cuts(lines: list[str], cuts: list[int]) -> None:
    """They are the same, in the same order, and so are the steps before them."""
    text = "\n".join(lines)
    one, other = (IncrementalCompiler(toolbox(), header=True) for _ in range(2))
    whole, cut = read(one, [text]), read(other, pieces(text, cuts))
    assert told(whole[0]) == told(cut[0])
    assert whole[1] == cut[1]


def judged(parsed: Parsed) -> tuple[Parsed, str]:
    """All of a parsed text, with the places of everything in it, which take no part in equality."""
    return parsed, repr(parsed)


@example(text=DRAFT, mode="lenient", complete=True, cuts=[8])
@given(
    text=st.sampled_from(TEXTS),
    mode=st.sampled_from(("strict", "lenient")),
    complete=st.booleans(),
    cuts=st.lists(st.integers(0, 10_000), max_size=9),
)
def test_a_compiler_has_parsed_its_text(text: str, mode: Mode, *, complete: bool, cuts: list[int]) -> None:
    """However the text is cut, the compiler's result is that of parsing the whole text once more."""
    front = IncrementalCompiler(WORLD, mode=mode, name="a")
    for piece in pieces(text, cuts):
        front.feed(piece)
    with suppress(CompileError):
        front.close(complete=complete)
    whole = parse(text, name="a", mode=mode, bounds=Bounds.MODEL, header=False, tools=WORLD, complete=complete)
    assert judged(front.parsed) == judged(whole)


def test_what_may_start_is_handed_over_as_soon_as_its_line_ends() -> None:
    """Not before."""
    front = IncrementalCompiler(toolbox(), header=True)
    answers = [told(front.feed(piece)) for piece in ("1. f(", "1)", "\n2. rows()\n3. se", "nd($2)\njoin($1)")]
    assert answers == [[], [], ["add 1", "add 2"], []]
    assert told(front.close()) == ["add join", "add 3"]
    assert list(front.graph.tasks) == ["1", "2", "3"]


def test_a_plan_with_mistakes_is_refused_with_all_of_them() -> None:
    """Those of reading and those of compiling, by place, with the text to draw them."""
    front = IncrementalCompiler(toolbox(), name="trip.llmc")
    front.feed("1. f(,)\n2. serach(1)\n3. f($1)\njoin($4)\n")
    with pytest.raises(CompileError) as caught:
        front.close()
    lines = [front.source.position(found.span.start)[0] for found in caught.value.diagnostics]
    assert lines == [1, 2, 4]
    assert str(caught.value).count(" --> trip.llmc:") == 3
    with pytest.raises(ValueError, match="the plan is not closed"):
        _ = front.graph


def test_a_plan_that_breaks_off_is_refused() -> None:
    """Its open statement is no part of it, closed brackets or not, and nothing more is handed over."""
    front = IncrementalCompiler(toolbox(), name="trip.llmc")
    front.feed("1. f(1)\n2. send(10)")
    with pytest.raises(CompileError, match="the plan breaks off") as caught:
        front.close(complete=False)
    assert " --> trip.llmc:2:12" in str(caught.value)
    assert [found.code for found in caught.value.diagnostics] == ["E216"]


def test_a_model_may_not_write_a_header() -> None:
    """`header=False` refuses `use` and `input`."""
    for text in ("input n: int\n", 'use "tools.py"\n'):
        assert read(IncrementalCompiler(toolbox(), header=True), [text])[1] == ()
        assert len(read(IncrementalCompiler(toolbox()), [text])[1]) == 1
