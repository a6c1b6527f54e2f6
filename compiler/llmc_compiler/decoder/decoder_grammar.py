"""Grammars of toolboxes, at a level, in a syntax and within a limit of size."""

import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import replace
from functools import lru_cache
from typing import Final, Literal, get_args
from weakref import WeakKeyDictionary

from llmc_compiler.decoder.full_rules import full_rules
from llmc_compiler.decoder.grammar_rules import GrammarRule, LineRules
from llmc_compiler.decoder.plan_rules import language_rules
from llmc_compiler.decoder.sound_rules import sound_rules
from llmc_compiler.decoder.syntaxes import GrammarTooLargeError, Syntax, written
from llmc_compiler.decoder.values.call_rules import Callee
from llmc_compiler.tools.signature import Signature
from llmc_compiler.tools.tool import Tool
from llmc_compiler.tools.toolbox import Toolbox, Usable, toolbox_of
from llmc_grammar.ast import KEYWORDS
from llmc_grammar.bounds import Bounds
from llmc_grammar.references import is_task_number

Level = Literal["full", "sound", "tools", "plain"]
"""The guarantee of a grammar: plans that compile, with loops and guards or without (`full`, `sound`); the names of the
tools (`tools`); or the syntax of the language (`plain`)."""

TASKS: Final = 16
"""Maximum number of tasks of a plan by default."""

LARGEST: Final = 256 * 1024
"""Maximum number of characters by default: about half as many as llguidance, with 2**16 symbols, can read."""

_HIGHEST_NUMBER: Final = 9999

_KEPT: Final = 64
"""Maximum number of grammars that are kept, by all that they depend on."""

_callees: Final[WeakKeyDictionary[Signature, Callee]] = WeakKeyDictionary()
"""The callees of tools that are in use."""

_NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\Z")


def decoder_grammar(
    tools: Toolbox | Iterable[Usable],
    *,
    syntax: Syntax = "lark",
    level: Level = "sound",
    tasks: int = TASKS,
    first: int = 1,
    known: Collection[str] = (),
    largest: int = LARGEST,
) -> str:
    """Return the grammar of plans that call these tools, for a server with constrained decoding.

    Plans have at most `tasks` tasks. At the levels `full` and `sound`, tasks are numbered from `first` on and may also
    refer to the `known` numbers and names of earlier plans. Raises GrammarTooLargeError, a ValueError, for a grammar of
    more than `largest` characters, and ValueError for an unknown syntax or level, or an invalid number of tasks.
    """
    _check(syntax, level, tasks, first, known)
    box = toolbox_of(tools)
    secret = tuple(tool.name for tool in box if tool.marks.returns_secret)
    called = tuple(map(_callee, box))
    text = _made(
        called, secret, syntax=syntax, level=level, tasks=tasks, first=first, known=tuple(known), largest=largest
    )
    if text is None:
        raise GrammarTooLargeError(level, largest)
    return text


def fitting_grammar(
    tools: Toolbox | Iterable[Usable],
    *,
    syntax: Syntax = "lark",
    tasks: int = TASKS,
    first: int = 1,
    known: Collection[str] = (),
    largest: int = LARGEST,
) -> tuple[Level, str]:
    """Return the strictest level whose grammar fits into `largest` characters, and that grammar.

    Levels are tried in the order full, sound, tools, plain. Raises the errors of `decoder_grammar`, and
    GrammarTooLargeError if no level fits.
    """
    box = toolbox_of(tools)
    levels: tuple[Level, ...] = get_args(Level)
    too_large: GrammarTooLargeError | None = None
    for level in levels:
        try:
            return level, decoder_grammar(
                box, syntax=syntax, level=level, tasks=tasks, first=first, known=known, largest=largest
            )
        except GrammarTooLargeError as error:
            too_large = error
    assert too_large is not None  # noqa: S101 (there are levels)
    raise too_large


def _callee(tool: Tool) -> Callee:
    """Return the callee of a tool, read once for each signature."""
    try:
        callee = _callees.get(tool.signature)
        if callee is None:
            callee = _callees[tool.signature] = Callee.of(tool)
    except TypeError:  # a signature that cannot be hashed, or has no weak references
        return Callee.of(tool)
    return callee if callee.name == tool.name else replace(callee, name=tool.name)


@lru_cache(maxsize=_KEPT)
def _made(
    called: tuple[Callee, ...],
    secret: tuple[str, ...],
    *,
    syntax: Syntax,
    level: Level,
    tasks: int,
    first: int,
    known: tuple[str, ...],
    largest: int,
) -> str | None:
    """Return the grammar of these tools, or None if it is too large."""
    try:
        return written(_rules(called, secret, level, tasks=tasks, first=first, known=known), syntax, level, largest)
    except GrammarTooLargeError:
        return None


def _rules(
    called: Sequence[Callee], secret: Collection[str], level: Level, *, tasks: int, first: int, known: Collection[str]
) -> Iterator[GrammarRule | LineRules]:
    """Return the rules of a level."""
    if level == "full":
        return full_rules(called, first, tasks, known, secret)
    if level == "sound":
        return sound_rules(called, first, tasks, known)
    return language_rules(called, tasks, names_tools=level == "tools")


def _check(syntax: str, level: str, tasks: int, first: int, known: Collection[str]) -> None:
    """Check the settings of a grammar; raises ValueError."""
    for what, given, allowed in (("syntax", syntax, get_args(Syntax)), ("level", level, get_args(Level))):
        if given not in allowed:
            message = f"a {what} is one of {', '.join(map(repr, allowed))}, not {given!r}"
            raise ValueError(message)
    if not 1 <= tasks <= Bounds.MODEL.tasks or not 1 <= first <= _HIGHEST_NUMBER - tasks:
        message = (
            f"a model's plan has 1 to {Bounds.MODEL.tasks} tasks, with numbers up to {_HIGHEST_NUMBER}, not "
            f"{tasks} tasks from number {first} on"
        )
        raise ValueError(message)
    for name in known:
        if int(name) >= first if is_task_number(name) else name in KEYWORDS or not _NAME.match(name):
            message = f"`{name}` in `known` is not a task before {first}: give numbers below {first}, or names"
            raise ValueError(message)


LEVELS: Final[tuple[Level, ...]] = get_args(Level)
"""Levels from the most to the least restrictive."""
