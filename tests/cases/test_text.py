"""Texts as models and beginners write them, and what becomes of them; one page a kind in `text/`.

A case is a heading of the second level, prose that says why, a block with a text, and a block `result`. The text is a
model's reply (`text`) or a plan file (`llmc`). Words behind the kind are options: `cut` breaks the reply off, `open`
leaves out the newline at its end, `bare` reads it without any tools. The result has each mistake with its help, the
plan as it is read, and the holds on its writes. `make bless` writes it.
"""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pytest

from llmc import Toolbox
from llmc_compiler.front import check
from llmc_grammar import Diagnostic, Parsed, Source, parse, print_statement
from llmc_grammar.stream import Mode
from tests.cases.world import TOOLS
from tests.golden import settle

PAGES: Final = Path(__file__).with_name("text")
_CASE: Final = re.compile(r"^## (?P<title>.+?)$(?P<body>.*?)(?=^## |\Z)", re.MULTILINE | re.DOTALL)
_BLOCK: Final = re.compile(
    r"^(?P<fence>```+|~~~+)(?P<kind>\w+)(?P<options>[ \w]*)\n(?P<text>.*?)^(?P=fence)$", re.MULTILINE | re.DOTALL
)


@dataclass(frozen=True, slots=True)
class Case:
    """A text and its expected result, None if that is not written yet."""

    path: Path
    title: str
    mode: Mode
    options: frozenset[str]
    text: str
    result: str | None
    why: str


def cases() -> list[Case]:
    """Return the cases of all pages."""
    return [case for path in sorted(PAGES.glob("*.md")) for case in _cases(path)]


def _cases(path: Path) -> list[Case]:
    """Return the cases of a page."""
    found = []
    for section in _CASE.finditer(path.read_text("utf-8")):
        blocks = list(_BLOCK.finditer(section["body"]))
        given = next(block for block in blocks if block["kind"] in {"text", "llmc"})
        result = next((block["text"] for block in blocks if block["kind"] == "result"), None)
        mode: Mode = "lenient" if given["kind"] == "text" else "strict"
        options = frozenset(given["options"].split())
        why = _BLOCK.sub("", section["body"]).strip()
        text = given["text"].removesuffix("\n") if "open" in options else given["text"]
        found.append(Case(path, section["title"], mode, options, text, result, why))
    return found


CASES: Final = cases()


@pytest.mark.golden
@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.path.stem}: {case.title}")
def test_a_text_becomes_what_its_page_says(case: Case) -> None:
    """The mistakes found, the plan read, and the holds on its writes."""
    found = _result(case)
    settle(found, "" if case.result is None else case.result, lambda: _write(case, found))


def _result(case: Case) -> str:
    """Return what is found in a text and how it is read."""
    tools = Toolbox([]) if "bare" in case.options else TOOLS
    parsed = parse(case.text, mode=case.mode, tools=tools, complete="cut" not in case.options)
    lines: list[str] = []
    for each in check(parsed, tools, lenient=case.mode == "lenient"):
        lines += _mistake(each, parsed.source)
    lines += [f"> {line}" for each in parsed.plan.statements for line in print_statement(each).split("\n")]
    return "".join(f"{line}\n" for line in [*lines, *_holds(parsed)])


def _mistake(found: Diagnostic, source: Source) -> list[str]:
    """Return the lines of a mistake."""
    line, column = source.position(found.span.start)
    help_ = found.words("help")
    return [f"{found.code} {line}:{column} {found.words('title')}", *([f"    {help_}"] if help_ else [])]


def _holds(parsed: Parsed) -> list[str]:
    """Return why writes wait for approval."""
    moved = ["held: a repair decided a boundary, or the plan is in another form"] if parsed.moved else []
    return [*moved, *(["held: the last task may go on"] if parsed.unended is not None else [])]


def _write(case: Case, found: str) -> None:
    """Write the result of a case into its page."""
    text = case.path.read_text("utf-8")
    section = next(each for each in _CASE.finditer(text) if each["title"] == case.title)
    blocks = {block["kind"]: block for block in _BLOCK.finditer(section["body"])}
    given = blocks.get("text") or blocks["llmc"]
    start, end = blocks["result"].span("text") if "result" in blocks else (given.end(), given.end())
    written = found if "result" in blocks else f"\n\n```result\n{found}```"
    at = section.start("body")
    case.path.write_text(text[: at + start] + written + text[at + end :], "utf-8")


def test_every_case_says_why() -> None:
    """A case without a reason is only a record of what the code does."""
    assert [f"{case.path.stem}: {case.title}" for case in CASES if not case.why] == []


def test_no_two_cases_of_a_page_have_one_title() -> None:
    """The title is the name of a case."""
    names = [(case.path, case.title) for case in CASES]
    assert len(names) == len(set(names))
