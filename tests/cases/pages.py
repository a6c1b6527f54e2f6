"""Pages of cases in Markdown: a heading of the second level, prose that says why, and blocks of code.

The words behind the kind of a block are its options. A block `result` has what is expected; `make bless` writes it.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tests.golden import settle

_CASE: Final = re.compile(r"^## (?P<title>.+?)$(?P<body>.*?)(?=^## |\Z)", re.MULTILINE | re.DOTALL)
_BLOCK: Final = re.compile(
    r"^(?P<fence>```+|~~~+)(?P<kind>\w+)(?P<options>[ \w]*)\n(?P<text>.*?)^(?P=fence)$", re.MULTILINE | re.DOTALL
)


@dataclass(frozen=True, slots=True)
class Block:
    """A block of code; `end` is its place in the page."""

    kind: str
    options: frozenset[str]
    text: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Section:
    """A case as it is written: all its blocks but the result, which is None if it is not written yet."""

    path: Path
    title: str
    why: str
    blocks: tuple[Block, ...]
    result: str | None

    def __str__(self) -> str:
        """The page and the title."""
        return f"{self.path.stem}: {self.title}"

    def settle(self, found: str) -> None:
        """Compare with the result, or write it."""
        settle(found, self.result or "", lambda: self._write(found))

    def _write(self, found: str) -> None:
        """Write the result into the page."""
        text = self.path.read_text("utf-8")
        section = next(each for each in _CASE.finditer(text) if each["title"] == self.title)
        blocks = list(_blocks(section["body"], section.start("body")))
        result = next((block for block in blocks if block.kind == "result"), None)
        start, end = (blocks[-1].end, blocks[-1].end) if result is None else (result.start, result.end)
        written = f"\n\n```result\n{found}```" if result is None else f"```result\n{found}```"
        self.path.write_text(text[:start] + written + text[end:], "utf-8")


def sections(folder: Path) -> list[Section]:
    """The cases of all pages in a folder."""
    return [found for path in sorted(folder.glob("*.md")) for found in _sections(path)]


def _sections(path: Path) -> Iterator[Section]:
    """The cases of a page."""
    for section in _CASE.finditer(path.read_text("utf-8")):
        blocks = tuple(_blocks(section["body"], section.start("body")))
        result = next((block.text for block in blocks if block.kind == "result"), None)
        why = _BLOCK.sub("", section["body"]).strip()
        yield Section(path, section["title"], why, tuple(each for each in blocks if each.kind != "result"), result)


def _blocks(body: str, at: int) -> Iterator[Block]:
    """The blocks of a section, which begins at a place of the page."""
    for found in _BLOCK.finditer(body):
        options = frozenset(found["options"].split())
        yield Block(found["kind"], options, found["text"], at + found.start(), at + found.end())
