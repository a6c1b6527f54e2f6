"""Grammars for plans, made for the tools that a plan may call and the tasks that it may read."""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Final

from llmc_compiler.decoder.decoder_grammar import LEVELS, Level, decoder_grammar
from llmc_compiler.decoder.syntaxes import GrammarTooLargeError, Syntax
from llmc_compiler.tools.toolbox import Toolbox
from llmc_runtime.models.messages import Grammar

GrammarFor = Callable[[Toolbox, int, tuple[str, ...]], Grammar | None]
"""Makes the grammar of a plan from its tools, the number of its first task, and the earlier tasks with results."""

_KEPT: Final = 64
"""Cached grammars: every question needs the grammar of its first plan again."""

_Written = Callable[[Toolbox, int, tuple[str, ...], Syntax, Level], str | GrammarTooLargeError]


@dataclass(frozen=True, slots=True)
class Following:
    """Makes grammars of this level, or of a less restrictive one if a server needs it."""

    level: Level
    _written: _Written = field(default_factory=lambda: lru_cache(maxsize=_KEPT)(_written), repr=False, compare=False)

    def __call__(self, tools: Toolbox, first: int, known: tuple[str, ...]) -> Grammar:
        """Return the grammar of a plan."""

        def grammar(syntax: Syntax, asked: Level) -> str:
            outcome = self._written(tools, first, known, syntax, lower(self.level, asked))
            if isinstance(outcome, GrammarTooLargeError):
                raise GrammarTooLargeError(outcome.level, outcome.largest)
            return outcome

        return grammar


def following(level: Level) -> Following:
    """Return the maker of grammars of a level; raises ValueError for an unknown level."""
    if level not in LEVELS:
        message = f"the level of a grammar is one of {', '.join(map(repr, LEVELS))}, not {level!r}"
        raise ValueError(message)
    return Following(level)


def lower(one: Level, other: Level) -> Level:
    """Return the less restrictive of two levels."""
    return max(one, other, key=LEVELS.index)


def level_of(grammar: GrammarFor | None) -> Level | None:
    """Return the level that plans follow: `sound` for a function without a `level`, since it may forbid the rest."""
    level: Level | None = None if grammar is None else getattr(grammar, "level", "sound")
    return level


def _written(
    tools: Toolbox, first: int, known: tuple[str, ...], syntax: Syntax, level: Level
) -> str | GrammarTooLargeError:
    """Make a grammar; return its error instead of raising it, so that the cache holds failures too."""
    try:
        return decoder_grammar(tools, syntax=syntax, level=level, first=first, known=known)
    except GrammarTooLargeError as error:
        return error
