"""Formats of numbers and texts, as in `${total:,.2f}`."""

import re
from typing import Final

from tests.reference.operators import EvaluationError, Json

_FORMAT: Final = re.compile(
    r"[<>^]?(?P<sign>\+)?(?P<zero>0)?(?P<width>[1-9][0-9]*)?(?P<group>[,_])?(\.(?P<digits>[0-9]+))?(?P<letter>[dfeg%])?"
)

MOST: Final = 100
"""The largest width, and the largest number of digits."""


def formatted(value: Json, spec: str) -> str:
    """Python's format of a number or a text; raises EvaluationError for other values and other formats."""
    parts = _FORMAT.fullmatch(spec)
    if not spec or parts is None or any(int(parts[name] or 0) > MOST for name in ("width", "digits")):
        raise EvaluationError("no format")
    is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
    is_plain = not any(parts.group("sign", "zero", "group", "digits", "letter"))
    if not is_number and not (isinstance(value, str) and is_plain):
        raise EvaluationError("a value without such a format")
    try:
        text = format(value, spec)
    except (ValueError, OverflowError) as error:
        raise EvaluationError("a number without such a format") from error
    if is_number and "inf" in text:
        raise EvaluationError("not finite")
    return text
