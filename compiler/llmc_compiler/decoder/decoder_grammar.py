"""The grammar of a toolbox, at a level and in a dialect, never larger than it may be."""

import re
from collections.abc import Collection, Iterable, Iterator
from typing import Final, Literal, get_args

from llmc_compiler.decoder.full_rules import full_rules
from llmc_compiler.decoder.grammar_rules import GrammarRule
from llmc_compiler.decoder.plan_rules import language_rules
from llmc_compiler.decoder.sound_rules import sound_rules
from llmc_compiler.decoder.syntaxes import Dialect, GrammarTooLargeError, written
from llmc_compiler.decoder.values.call_rules import Callee
from llmc_compiler.tools.tool import Function, Tool
from llmc_compiler.tools.toolbox import Toolbox, toolbox_of
from llmc_grammar.ast import KEYWORDS
from llmc_grammar.bounds import Bounds
from llmc_grammar.references import is_task_number

Level = Literal["full", "sound", "tools", "plain"]
"""How much a grammar says: only good plans for a toolbox, with loops and guards or without; only its names; only the
language."""


TASKS: Final = 16
"""How many tasks a plan may have by default."""


LARGEST: Final = 256 * 1024
"""How many characters a grammar may have by default: about half of what llguidance, with 2**16 symbols, can read."""


_HIGHEST_NUMBER: Final = 9999


_NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\Z")


def decoder_grammar(
    tools: Toolbox | Iterable[Tool | Function],
    *,
    dialect: Dialect = "lark",
    level: Level = "sound",
    tasks: int = TASKS,
    first: int = 1,
    known: Collection[str] = (),
    largest: int = LARGEST,
) -> str:
    """A grammar of the plans that call these tools, for a server that lets a model write nothing else.

    Plans have at most so many `tasks`. In full and sound ones these are numbered from `first` on, and references may
    also be to the `known` numbers and names of earlier plans. Raises GrammarTooLargeError, a ValueError, for
    one of more than `largest` characters, and ValueError for what is no dialect, level or number of tasks.
    """
    _check(dialect, level, tasks, first, known)
    return written(_rules(toolbox_of(tools), level, tasks, first, known), dialect, level, largest)


def fitting_grammar(
    tools: Toolbox | Iterable[Tool | Function],
    *,
    dialect: Dialect = "lark",
    tasks: int = TASKS,
    first: int = 1,
    known: Collection[str] = (),
    largest: int = LARGEST,
) -> tuple[Level, str]:
    """The grammar that says most within `largest` characters, and its level: full, else sound, tools or plain.

    Raises as `decoder_grammar`, GrammarTooLargeError where no level fits.
    """
    box = toolbox_of(tools)
    levels: tuple[Level, ...] = get_args(Level)
    too_large: GrammarTooLargeError | None = None
    for level in levels:
        try:
            return level, decoder_grammar(
                box, dialect=dialect, level=level, tasks=tasks, first=first, known=known, largest=largest
            )
        except GrammarTooLargeError as error:
            too_large = error
    assert too_large is not None  # noqa: S101 (there are levels)
    raise too_large


def _rules(tools: Toolbox, level: Level, tasks: int, first: int, known: Collection[str]) -> Iterator[GrammarRule]:
    """The rules of a level."""
    called = [Callee.of(tool) for tool in tools]
    if level == "full":
        secret = [tool.name for tool in tools if tool.marks.returns_secret]
        return full_rules(called, first, tasks, known, secret)
    if level == "sound":
        return sound_rules(called, first, tasks, known)
    return language_rules(called, tasks, names_tools=level == "tools")


def _check(dialect: str, level: str, tasks: int, first: int, known: Collection[str]) -> None:
    """Refuse what makes no grammar; raises ValueError."""
    for what, given, allowed in (("dialect", dialect, get_args(Dialect)), ("level", level, get_args(Level))):
        if given not in allowed:
            message = f"a {what} is one of {', '.join(map(repr, allowed))}, not {given!r}"
            raise ValueError(message)
    if not 1 <= tasks <= Bounds.MODEL.tasks or not 1 <= first <= _HIGHEST_NUMBER - tasks:
        message = (
            f"a model's plan has 1 to {Bounds.MODEL.tasks} tasks, with numbers up to {_HIGHEST_NUMBER}: "
            f"{tasks} from {first} on are none"
        )
        raise ValueError(message)
    for name in known:
        if int(name) >= first if is_task_number(name) else name in KEYWORDS or not _NAME.match(name):
            message = f"`{name}` is no task above {first}"
            raise ValueError(message)


LEVELS: Final[tuple[Level, ...]] = get_args(Level)
"""From the one that says most to the one that says least."""
