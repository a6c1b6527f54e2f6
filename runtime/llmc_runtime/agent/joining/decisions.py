"""Decisions of a joiner."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

MARKS: Final = " \t*_`>#-"
"""Characters of Markdown around words."""


@dataclass(frozen=True, slots=True)
class Finish:
    """The question is answered; `text` is the answer.

    `is_unmarked` is True if the joiner wrote only prose, without marking the answer.
    """

    text: str
    """The answer."""
    thought: str = ""
    """The joiner's thought about the results."""
    is_unmarked: bool = False
    """True if the joiner wrote only prose, without marking the answer."""


@dataclass(frozen=True, slots=True)
class Replan:
    """Another plan is needed; `text` is the reason, and the missing information."""

    text: str
    """The reason for another plan, and the missing information."""
    thought: str = ""
    """The joiner's thought about the results."""


Decision = Finish | Replan
"""A decision of the joiner."""

KINDS: Final[Mapping[str, type[Decision]]] = {"finish": Finish, "replan": Replan}
