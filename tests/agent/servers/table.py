"""The table of expectations, as it is written in table.md."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

PAGE: Final = Path(__file__).parent / "table.md"
NOT_THERE: Final = "\N{EN DASH}"
_WORDS: Final = re.compile(r'"([^"]+)"')
_REASON: Final = re.compile(r"^- `([\w-]+)`, ([\w-]+(?:, [\w-]+)*): \S", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Expected:
    """How a cell ends: with an answer of this value, else with an error that has these words."""

    value: str
    words: tuple[str, ...] = ()

    @property
    def is_answer(self) -> bool:
        """Whether it is an answer."""
        return not self.words


def rows(text: str) -> dict[str, dict[str, str]]:
    """The rows of the tables on a page by their first cells: the other cells by the names of their columns."""
    made: dict[str, dict[str, str]] = {}
    names: list[str] = []
    for line in text.splitlines():
        if not line.startswith("|"):
            names = []
            continue
        cells = [cell.strip().replace("\\|", "|") for cell in re.split(r"(?<!\\)\|", line)[1:-1]]
        if not names:
            names = cells
        elif not set(cells[0]) <= set("- :"):
            made.setdefault(cells[0].strip("`"), {}).update(zip(names[1:], cells[1:], strict=True))
    return made


def expected(text: str) -> Mapping[tuple[str, str], Expected | None]:
    """What is expected by shape and server; None where a shape cannot exist."""
    made: dict[tuple[str, str], Expected | None] = {}
    for shape, cells in rows(text).items():
        value = cells["answer is"]
        for server, cell in cells.items():
            if server == "answer is":
                continue
            if cell == NOT_THERE:
                made[shape, server] = None
            elif cell == "answer":
                made[shape, server] = Expected(value)
            else:
                words = tuple(_WORDS.findall(cell))
                assert words, f"{shape}, {server}: {cell} is neither `answer` nor words nor {NOT_THERE}"
                made[shape, server] = Expected("", words)
    return made


def reasons(text: str) -> set[tuple[str, str]]:
    """The cells for which the page says why they cannot exist."""
    return {(shape, server) for shape, servers in _REASON.findall(text) for server in servers.split(", ")}
