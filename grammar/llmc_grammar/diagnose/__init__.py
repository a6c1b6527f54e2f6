"""Explains where Lark stops: turns an unexpected token into a diagnostic. The first question with an answer decides."""

from collections.abc import Callable
from functools import cache
from typing import Final

from lark.exceptions import UnexpectedInput

from llmc_grammar.diagnose.stop import Stop
from llmc_grammar.diagnostic import Diagnostic
from llmc_grammar.errors.expressions import Unexpected
from llmc_grammar.parse_state import ParseState

Question = Callable[[Stop], Diagnostic | None]

_WORDS: Final = {
    "NUMBER": "a value",
    "PLUS": "an operator",
    "STRING": "a string",
    "NAME": "a name",
    "CALL": "a call",
    "REF": "a reference",
    "IN": "`in`",
    "ELSE": "`else`",
    "EQUAL": "`=`",
    "COLON": "`:`",
    "COMMA": "`,`",
    "RPAR": "`)`",
    "RSQB": "`]`",
    "RBRACE": "`}`",
    "$END": "the end of the line",
}
"""Names of terminals in messages, in the order in which they are listed."""


@cache
def _questions() -> tuple[Question, ...]:
    """Return the functions that recognise a mistake, in the order in which they are asked."""
    # Slow to import, and needed only for a mistake.
    from llmc_grammar.diagnose import (  # noqa: PLC0415
        binders,
        foreign,
        foreign_strings,
        foreign_values,
        header,
        loops,
        methods,
        misplaced_values,
        statements,
    )

    return (
        foreign.comment,
        statements.thought_mark,
        foreign.statement,
        statements.number_mark,
        binders.number,
        binders.binder,
        foreign.semicolon,
        header.use,
        header.input_,
        statements.bare_join,
        statements.missing_value,
        foreign.option,
        statements.options,
        foreign_values.call_word,
        foreign_values.choice,
        loops.targets,
        loops.loop,
        loops.elements,
        statements.conditions,
        statements.two_statements,
        foreign_strings.string,
        misplaced_values.adjacent_strings,
        foreign_values.function,
        methods.method,
        foreign_values.pipe,
        foreign_values.spread,
        foreign_values.braces,
        misplaced_values.colon,
        misplaced_values.grouped,
        foreign_values.sequence,
        misplaced_values.steps,
        misplaced_values.references,
        misplaced_values.numbers,
        misplaced_values.placeholder,
        misplaced_values.key,
        misplaced_values.operator,
        misplaced_values.missing_operand,
        misplaced_values.call_bracket,
        misplaced_values.unquoted_word,
        misplaced_values.missing_comma,
    )


def diagnose(mistake: UnexpectedInput, kind: str, reading: ParseState) -> Diagnostic:
    """Return the diagnostic of an unexpected token or character."""
    stop = Stop.of(mistake, kind, reading)
    answers = (question(stop) for question in _questions())
    diagnostic = next((answer for answer in answers if answer is not None), None)
    return diagnostic or Unexpected(span=stop.here, expected=_expected(stop.possible), found=stop.shown)


def _expected(terminals: frozenset[str]) -> str:
    """Return the allowed terminals, in words."""
    if "NUMBER" in terminals:
        terminals = terminals - {"STRING", "CALL", "REF", "NAME"}
    if "PLUS" in terminals:
        terminals = terminals - {"IN"}
    words = [word for terminal, word in _WORDS.items() if terminal in terminals] or ["something else"]
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} or {words[-1]}"
