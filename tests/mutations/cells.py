"""The cells of the effect table, and how one of them is made wrong while a test runs."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, fields, replace
from typing import Final

from llmc_compiler.effects.effects import RULES, Kind, Rule, When

ANSWERS: Final[dict[str, tuple[When, ...]]] = {
    "merge": (When.NO, When.UNWRITTEN, When.YES),
    "prune": (When.NO, When.YES),
    "early": (When.NO, When.UNWRITTEN, When.YES),
    "hoist": (When.NO, When.INVARIANT, When.YES),
    "retry": (When.NO, When.SURE, When.YES),
    "rerun": (When.NO, When.KEYED, When.YES),
}
"""What may stand in each column but `after`, from the strictest to the freest."""


@dataclass(frozen=True, slots=True)
class Cell:
    """A kind's answer in a column, replaced by what it `becomes`: in `after` a kind that is put in, or taken out."""

    column: str
    kind: Kind
    becomes: When | Kind

    def __str__(self) -> str:
        """The cell, and what it becomes."""
        return f"{self.column} of {self.kind.value} → {self.becomes.name.lower()}"

    @contextmanager
    def applied(self) -> Iterator[None]:
        """While this lasts, the table is wrong."""
        right = RULES[self.kind]
        RULES[self.kind] = _changed(right, self.column, self.becomes)
        try:
            yield
        finally:
            RULES[self.kind] = right


def _changed(rule: Rule, column: str, becomes: When | Kind) -> Rule:
    if isinstance(becomes, Kind):
        return replace(rule, after=rule.after ^ {becomes})
    return replace(rule, **{column: becomes})  # type: ignore[arg-type]  # every column but `after` has such answers


def cells() -> Iterator[Cell]:
    """Every other answer in every cell of the table; raises KeyError for a column without known answers."""
    for column in (field.name for field in fields(Rule)):
        for kind, rule in RULES.items():
            others = Kind if column == "after" else ANSWERS[column]
            yield from (Cell(column, kind, other) for other in others if other is not getattr(rule, column))
