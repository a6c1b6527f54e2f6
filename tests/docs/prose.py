"""The sentences of a page of Markdown, without its code."""

import re
from dataclasses import dataclass
from typing import Final

LONGEST: Final = 30
"""The most words of a sentence."""
MEAN: Final = 16.0
"""The most words of the sentences of a page, on average."""

_CODE: Final = re.compile(r"^(`{3,}|~{3,}).*?^\1\s*$|^<!--.*?-->\s*$", re.MULTILINE | re.DOTALL)
_INDENTED: Final = re.compile(r"(?:(?<=\n\n)|\A)(?:(?: {4}|\t).*\n|\n(?= {4}))+")
_INLINE: Final = re.compile(r"(`+)(?!`).*?(?<!`)\1(?!`)", re.DOTALL)
_IMAGE: Final = re.compile(r"!\[[^\]]*\]\([^)]*\)(?:\{[^}]*\})?")
_LINK: Final = re.compile(r"\[([^\]]*)\](?:\([^)]*\)|\[[^\]]*\])")
_ITEM: Final = re.compile(r"^\s*(?:[-*+]|\d+[.)]|>|!!!\s.*|\?\?\?\+?\s.*)(?:\s+|$)")
_END: Final = re.compile(r"(?<=[.!?])[)\"”*_]*\s+(?=[\"“(*_]*[A-Z0-9])")
_ABBREVIATION: Final = re.compile(r"\b(e\.g|i\.e|etc|vs|cf|al)\.")
_WORD: Final = re.compile(r"[^\W_][\w'.,-]*")


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence, and whether it stands in a cell of a table."""

    text: str
    is_cell: bool

    @property
    def words(self) -> int:
        """Its number of words; a piece of code is one."""
        return len(_WORD.findall(self.text))


def sentences(page: str) -> list[Sentence]:
    """The sentences of the paragraphs, lists and tables of a page; headings are left out."""
    return [
        Sentence(sentence.strip(), is_cell)
        for text, is_cell in _paragraphs(page)
        for sentence in _END.split(_ABBREVIATION.sub(r"\1", " ".join(text.split())))
        if _WORD.search(sentence)
    ]


def plain(page: str) -> str:
    """The words of a page, its code left out."""
    return "\n".join(text for text, _ in _paragraphs(page))


def mean(found: list[Sentence]) -> float:
    """The mean number of words of sentences outside of tables."""
    counts = [sentence.words for sentence in found if not sentence.is_cell]
    return sum(counts) / len(counts) if counts else 0.0


def _paragraphs(page: str) -> list[tuple[str, bool]]:
    """The texts that end where a sentence must end, each with whether it is a cell."""
    text = _INDENTED.sub("\n", _CODE.sub("\n", page)) if "!!!" not in page else _CODE.sub("\n", page)
    text = _LINK.sub(r"\1", _IMAGE.sub("", _INLINE.sub("Code", text)))
    found: list[tuple[str, bool]] = []
    paragraph: list[str] = []
    for line in [*text.splitlines(), ""]:
        is_row, is_heading = line.lstrip().startswith("|"), line.startswith("#")
        begins = _ITEM.match(line)
        if not line.strip() or is_row or is_heading or begins:
            found.append((" ".join(paragraph), False))
            paragraph = []
        if is_row:
            found += [(cell, True) for cell in re.split(r"(?<!\\)\|", line)]
        elif not is_heading:
            paragraph.append(line[begins.end() :] if begins else line)
    return found
