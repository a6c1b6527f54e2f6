"""Every mistake of syntax, its program and the exact report: golden/*.md.

`LLMC_GOLDEN=write` writes the reports anew; read the difference before keeping it.
"""

import os
import re
from dataclasses import dataclass
from pathlib import Path

import pytest

from llmc_grammar import Bounds, Parsed, parse, render
from llmc_grammar.errors import CATALOGUE

FOLDER = Path(__file__).parent / "golden"
SECTION = re.compile(
    r"## (?P<code>[A-Z][0-9]+): (?P<name>\w+)\n\n[^\n]*\n\n```llmc(?P<info>[^\n]*)\n(?P<program>.*?)\n```\n\n"
    r"```text\n(?P<report>.*?)```\n",
    re.DOTALL,
)


@dataclass(frozen=True)
class Golden:
    """One section: a mistake, how its program is read, and the report."""

    code: str
    name: str
    info: str
    program: str
    report: str

    @property
    def text(self) -> str | bytes:
        """The program; with `escaped` its escapes stand for bytes or characters."""
        if "escaped" not in self.info:
            return self.program
        plain = self.program.encode().decode("unicode_escape")
        return plain.encode("latin-1") if plain.isascii() or max(plain) < "\u0100" else plain

    @property
    def parsed(self) -> Parsed:
        """The program, read as its section says."""
        words = dict(word.split("=") for word in self.info.split() if "=" in word)
        header = words.pop("header", "yes") == "yes"
        bounds = Bounds(**{name: int(value) for name, value in words.items()})
        return parse(self.text, name="plan.llmc", bounds=bounds, header=header)

    @property
    def drawn(self) -> str:
        """All reports of the program, as they are drawn."""
        parsed = self.parsed
        return "".join(f"{render(found, parsed.source)}\n\n" for found in parsed.diagnostics)[:-1]


def sections() -> list[Golden]:
    """The sections of all files."""
    return [
        Golden(found["code"], found["name"], found["info"], found["program"], found["report"])
        for path in sorted(FOLDER.glob("*.md"))
        for found in SECTION.finditer(path.read_text("utf-8"))
    ]


def write() -> None:
    """Write every report anew."""
    for path in FOLDER.glob("*.md"):
        text = path.read_text("utf-8")
        for found in SECTION.finditer(text):
            golden = Golden(found["code"], found["name"], found["info"], found["program"], found["report"])
            old = found[0]
            text = text.replace(old, old.removesuffix(f"{found['report']}```\n") + f"{golden.drawn}```\n")
        path.write_text(text, "utf-8")


if os.environ.get("LLMC_GOLDEN") == "write":
    write()


@pytest.mark.parametrize("golden", sections(), ids=lambda golden: golden.code)
def test_the_report_is_exact(golden: Golden) -> None:
    """The program is reported in exactly these words, at these places, and for this mistake first of all."""
    assert golden.drawn == golden.report
    assert golden.code in {found.code for found in golden.parsed.diagnostics}


@pytest.mark.parametrize("golden", sections(), ids=lambda golden: golden.code)
def test_an_edit_mends_its_mistake(golden: Golden) -> None:
    """Where a mistake offers an edit, making it leaves no mistake of that kind at that place."""
    parsed = golden.parsed
    for found in parsed.diagnostics:
        if found.edit is None:
            continue
        text = parsed.source.text
        mended = parse(text[: found.edit.span.start] + found.edit.text + text[found.edit.span.end :])
        same = [other for other in mended.diagnostics if other.code == found.code and other.span == found.span]
        assert not same


def test_every_mistake_has_its_section() -> None:
    """The catalogue and the golden files hold the same mistakes, under the same names."""
    assert {golden.code: golden.name for golden in sections()} == {
        code: mistake.__name__ for code, mistake in CATALOGUE.items()
    }


@pytest.mark.parametrize("mistake", CATALOGUE.values(), ids=lambda mistake: mistake.__name__)
def test_the_words_are_words_of_the_language(mistake: type) -> None:
    """Titles begin small and end without a full stop, and no line speaks of tokens or parsers."""
    title, label, hint = (getattr(mistake, line) for line in ("title", "label", "help"))
    assert title[0] in "`'${" or title[0].islower() or title.startswith("X ")
    assert not title.endswith(".")
    for line in (title, label, hint):
        assert not re.search(
            r"\b(token|parser?|lexer|syntax|invalid|illegal|please|you)\b", line.replace("did you", "")
        )
