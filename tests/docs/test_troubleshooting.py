"""Each mistake of a beginner has a way from its message to the page that explains it."""

import re
from typing import Final

import pytest

import llmc
from tests.docs.pages import DOCS, ROOT

TEXT: Final = ROOT / "tests" / "cases" / "text"
PAGE: Final = (DOCS / "start" / "troubleshooting.md").read_text("utf-8")
CASE: Final = re.compile(r"^## (.*)$", re.MULTILINE)
MESSAGE: Final = re.compile(r"^([EW]\d{3}) \d+:\d+ ", re.MULTILINE)
LINK: Final = re.compile(r"\[([EW]\d{3})\]\(\.\./reference/errors/([EW]\d{3})\.md\)")
ROW: Final = re.compile(r"^\| (`.*`) \| \[([EW]\d{3})\]", re.MULTILINE)


LINES: Final = [
    (line.replace("\\|", "|"), code)
    for lines, code in ROW.findall(PAGE.partition("| you wrote | message |")[2])
    for line in re.findall(r"`([^`]+)`", lines)
]
"""The lines of other languages on the page, each with its code."""


@llmc.pure
def price(item: str) -> float:
    """Return the price of an item."""
    return float(len(item))


def mistakes() -> list[tuple[str, frozenset[str]]]:
    """The beginners' mistakes that have messages, each with their codes."""
    found = []
    for path in sorted(TEXT.glob("beginners_*.md")):
        parts = CASE.split(path.read_text("utf-8"))[1:]
        found += [
            (title, frozenset(MESSAGE.findall(text))) for title, text in zip(parts[::2], parts[1::2], strict=True)
        ]
    return [(title, codes) for title, codes in found if codes]


def test_there_are_sixty_of_them() -> None:
    """The cases are read, and so are the lines of the page."""
    assert len(mistakes()) >= 60
    assert len(LINES) >= 60


@pytest.mark.parametrize(("title", "codes"), mistakes(), ids=lambda value: value if isinstance(value, str) else "")
def test_a_mistake_leads_to_its_page(title: str, codes: frozenset[str]) -> None:
    """The page by symptoms links each code to its page."""
    assert codes <= {code for code, page in LINK.findall(PAGE) if code == page}


@pytest.mark.parametrize(("line", "code"), LINES)
def test_a_line_of_another_language_has_this_code(line: str, code: str) -> None:
    """A line on the page is refused with the code that the page gives for it."""
    block = "\n  join(1)" if line.endswith(":") else ""
    with pytest.raises(llmc.CompileError) as caught:
        llmc.compile(f"{line}{block}", [price])
    assert code in {found.code for found in caught.value.diagnostics}
