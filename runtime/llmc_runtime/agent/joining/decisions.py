"""Decisions of a joiner."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

MARKS: Final = " \t*_`>#-"
"""Characters of Markdown around words."""


@dataclass(frozen=True, slots=True)
class Finish:
    """The answer is known: `text`.

    `is_unmarked`: the joiner wrote prose alone, in which nothing marks the answer.
    """

    text: str
    thought: str = ""
    is_unmarked: bool = False


@dataclass(frozen=True, slots=True)
class Replan:
    """Another plan is needed; `text` says why, and what it should find."""

    text: str
    thought: str = ""


Decision = Finish | Replan

KINDS: Final[Mapping[str, type[Decision]]] = {"finish": Finish, "replan": Replan}
