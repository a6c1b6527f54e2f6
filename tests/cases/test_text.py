"""Texts as models and beginners write them, and what becomes of them; one page a kind in `text/`.

A case is a heading of the second level, prose that says why, a block with a text, and a block `result`. The text is a
model's reply (`text`) or a plan file (`llmc`). Words behind the kind are options: `cut` breaks the reply off, `open`
leaves out the newline at its end, `bare` reads it without any tools. The result has each mistake with its help, the
plan as it is read, and the holds on its writes. `make bless` writes it.
"""

from pathlib import Path
from typing import Final

import pytest

from llmc import Toolbox
from llmc_compiler.compiler import check
from llmc_grammar import Diagnostic, Parsed, Source, parse, print_statement
from llmc_grammar.stream import Mode
from tests.cases.pages import Section, sections
from tests.cases.world import TOOLS

PAGES: Final = Path(__file__).with_name("text")
CASES: Final = sections(PAGES)


@pytest.mark.golden
@pytest.mark.parametrize("case", CASES, ids=str)
def test_a_text_becomes_what_its_page_says(case: Section) -> None:
    """The mistakes found, the plan read, and the holds on its writes."""
    case.settle(_result(case))


def _result(case: Section) -> str:
    """Return what is found in a text and how it is read."""
    (given,) = case.blocks
    tools = Toolbox([]) if "bare" in given.options else TOOLS
    text, mode = written(case)
    parsed = parse(text, mode=mode, tools=tools, complete="cut" not in given.options)
    lines: list[str] = []
    for each in check(parsed, tools, lenient=mode == "lenient"):
        lines += _mistake(each, parsed.source)
    lines += [f"> {line}" for each in parsed.plan.statements for line in print_statement(each).split("\n")]
    return "".join(f"{line}\n" for line in [*lines, *_holds(parsed)])


def written(case: Section) -> tuple[str, Mode]:
    """Return the text of a case, and how it is read."""
    (given,) = case.blocks
    text = given.text.removesuffix("\n") if "open" in given.options else given.text
    return text, "lenient" if given.kind == "text" else "strict"


def _mistake(found: Diagnostic, source: Source) -> list[str]:
    """Return the lines of a mistake."""
    line, column = source.position(found.span.start)
    help_ = found.words("help")
    return [f"{found.code} {line}:{column} {found.words('title')}", *([f"    {help_}"] if help_ else [])]


def _holds(parsed: Parsed) -> list[str]:
    """Return why writes wait for approval."""
    moved = ["held: a repair decided a boundary, or the plan is in another form"] if parsed.moved else []
    return [*moved, *(["held: the last task may go on"] if parsed.unended is not None else [])]


def test_every_case_says_why() -> None:
    """A case without a reason is only a record of what the code does."""
    assert [str(case) for case in CASES if not case.why] == []


def test_no_two_cases_of_a_page_have_one_title() -> None:
    """The title is the name of a case."""
    names = [str(case) for case in CASES]
    assert len(names) == len(set(names))
