"""Where Lark stops: which mistake it is, in words for people. The first question that knows an answer gives it."""

from typing import Final

from lark.exceptions import UnexpectedInput

from llmc_grammar.diagnose import statements, values
from llmc_grammar.diagnose.stop import Stop
from llmc_grammar.diagnostic import Diagnostic
from llmc_grammar.errors.expressions import Unexpected
from llmc_grammar.reading import Reading

QUESTIONS: Final = (
    statements.thought_mark,
    statements.number_mark,
    statements.bare_join,
    statements.missing_value,
    statements.options,
    statements.types,
    statements.conditions,
    statements.two_statements,
    values.adjacent_strings,
    values.steps,
    values.references,
    values.numbers,
    values.placeholder,
    values.colon,
    values.key,
    values.operator,
    values.missing_operand,
    values.call_bracket,
    values.unquoted_word,
    values.missing_comma,
)
"""In the order they are asked."""

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
"""What a terminal is called, in the order of mention."""


def diagnose(mistake: UnexpectedInput, kind: str, reading: Reading) -> Diagnostic:
    """The mistake behind an unexpected token or character."""
    stop = Stop.of(mistake, kind, reading)
    answers = (question(stop) for question in QUESTIONS)
    found = next((answer for answer in answers if answer is not None), None)
    return found or Unexpected(span=stop.here, expected=_expected(stop.possible), found=stop.shown)


def _expected(terminals: frozenset[str]) -> str:
    """What may stand here, in words."""
    if "NUMBER" in terminals:
        terminals = terminals - {"STRING", "CALL", "REF", "NAME"}
    if "PLUS" in terminals:
        terminals = terminals - {"IN"}
    words = [word for terminal, word in _WORDS.items() if terminal in terminals] or ["something else"]
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} or {words[-1]}"
