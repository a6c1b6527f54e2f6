"""The grammar that a plan has to follow: for the tools that it may call, and the tasks that it may read."""

from collections.abc import Callable
from functools import lru_cache
from typing import Final, get_args

from llmc_compiler.decoder.dialects import Dialect
from llmc_compiler.decoder.grammar import Level, decoder_grammar
from llmc_compiler.tools import Toolbox
from llmc_runtime.agent.dialogue import Grammar

GrammarFor = Callable[[Toolbox, int, tuple[str, ...]], Grammar | None]
"""The grammar of a plan: for its tools, the number of its first task, and the earlier tasks that have values."""

LEVELS: Final[tuple[Level, ...]] = get_args(Level)
"""From the one that says most to the one that says least."""

_KEPT: Final = 64
"""How many grammars are kept: those of first plans are asked for again with every question."""


def following(level: Level) -> GrammarFor:
    """Plans follow this level, or one that says less where a server asks for it; raises ValueError for no level."""
    if level not in LEVELS:
        message = f"the level of a grammar is one of {', '.join(map(repr, LEVELS))}, not {level!r}"
        raise ValueError(message)

    @lru_cache(maxsize=_KEPT)
    def written(tools: Toolbox, first: int, known: tuple[str, ...], dialect: Dialect, asked: Level) -> str:
        least = max(level, asked, key=LEVELS.index)
        return decoder_grammar(tools, dialect=dialect, level=least, first=first, known=known)

    def grammar_for(tools: Toolbox, first: int, known: tuple[str, ...]) -> Grammar:
        return lambda dialect, asked: written(tools, first, known, dialect, asked)

    return grammar_for
