"""The grammar that a plan has to follow: for the tools that it may call, and the tasks that it may read."""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Final

from llmc_compiler.decoder.decoder_grammar import LEVELS, Level, decoder_grammar
from llmc_compiler.decoder.syntaxes import GrammarTooLargeError, Syntax
from llmc_compiler.tools.toolbox import Toolbox
from llmc_runtime.models.messages import Grammar

GrammarFor = Callable[[Toolbox, int, tuple[str, ...]], Grammar | None]
"""The grammar of a plan: for its tools, the number of its first task, and the earlier tasks that have values."""


_KEPT: Final = 64
"""How many grammars are kept: those of first plans are asked for again with every question."""


_Written = Callable[[Toolbox, int, tuple[str, ...], Syntax, Level], str | GrammarTooLargeError]


@dataclass(frozen=True, slots=True)
class Following:
    """Plans follow this level, or one that says less where a server asks for it."""

    level: Level
    _written: _Written = field(default_factory=lambda: lru_cache(maxsize=_KEPT)(_written), repr=False, compare=False)

    def __call__(self, tools: Toolbox, first: int, known: tuple[str, ...]) -> Grammar:
        """The grammar of a plan."""

        def grammar(syntax: Syntax, asked: Level) -> str:
            made = self._written(tools, first, known, syntax, lower(self.level, asked))
            if isinstance(made, GrammarTooLargeError):
                raise GrammarTooLargeError(made.level, made.largest)
            return made

        return grammar


def following(level: Level) -> Following:
    """Plans that follow this level; raises ValueError for no level."""
    if level not in LEVELS:
        message = f"the level of a grammar is one of {', '.join(map(repr, LEVELS))}, not {level!r}"
        raise ValueError(message)
    return Following(level)


def lower(one: Level, other: Level) -> Level:
    """The level of the two that says less."""
    return max(one, other, key=LEVELS.index)


def level_of(grammar: GrammarFor | None) -> Level | None:
    """The level that plans follow: `sound` for a function without a `level`, since it may forbid the rest."""
    found: Level | None = None if grammar is None else getattr(grammar, "level", "sound")
    return found


def _written(
    tools: Toolbox, first: int, known: tuple[str, ...], syntax: Syntax, level: Level
) -> str | GrammarTooLargeError:
    """A grammar, or the error in its place, so that each is tried once."""
    try:
        return decoder_grammar(tools, syntax=syntax, level=level, first=first, known=known)
    except GrammarTooLargeError as error:
        return error
