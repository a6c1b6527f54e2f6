"""Values as text in a format of Python's mini-language, of which plans have a part."""

from llmc_compiler.expressions.operators import TEXT_BYTES, OperandError, is_number, kind, too_much, utf8_bytes
from llmc_compiler.expressions.terms import Json
from llmc_grammar.format_specs import format_mistake, is_for_numbers

__all__ = ["format_mistake", "formatted"]


def formatted(value: Json, spec: str) -> str:
    """Return a number or a text in a format; raises OperandError."""
    if (mistake := format_mistake(spec)) is not None:
        raise OperandError(mistake)
    if isinstance(value, str):
        return _text(value, spec)
    if not is_number(value):
        raise OperandError(f"a format takes a number or a text, not {kind(value)}: {_mend(value)}")
    letter = spec[-1] if spec[-1] in "dfeg%" else ""
    if letter == "d" and isinstance(value, float):
        raise OperandError("`d` writes integers, not numbers with a fraction: write `.0f`, or `round($x)`")
    if not letter and "." in spec and isinstance(value, int):
        raise OperandError("a format with digits and without a letter does not take integers: add `f`, as in `.2f`")
    try:
        text = format(value, spec)
    except OverflowError:
        text = "inf"
    if "inf" in text:  # `%` multiplies by 100
        raise OperandError("the number is too large for the format: use `d`, or a smaller number")
    return text


def _text(value: str, spec: str) -> str:
    """Return a text with the width and the alignment of a format."""
    if is_for_numbers(spec):
        raise OperandError("a text takes only `<`, `>` or `^` and a width: make it a number first, `float($x)`")
    if utf8_bytes(value) > TEXT_BYTES:  # padding adds to short texts only
        raise too_much("format")
    return format(value, spec)


def _mend(value: Json) -> str:
    """Suggest a change where a value has no format."""
    match value:
        case None:
            return "test it first, `… if $x != null`"
        case list():
            return "take an element of it, `$x[0]`"
        case dict():
            return "take a part of it, `$x.name`"
        case _:
            return "make it a text, `str($x)`"
