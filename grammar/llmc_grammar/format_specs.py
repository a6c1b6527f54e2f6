"""Formats of values in texts, as in `${total:,.2f}`: a part of the formats of Python.

    [< > ^] [+] [0] [WIDTH] [, or _] [.DIGITS] [d f e g %]

At least one part is written. WIDTH and DIGITS are at most 100. Numbers take all parts, texts only the alignment and
the width.
"""

from typing import Final

from llmc_grammar.lazy_pattern import lazy_pattern

MOST: Final = 100
"""The largest width, and the largest number of digits."""

FORMAT: Final = lazy_pattern(
    r"(?P<align>[<>^])?(?P<sign>\+)?(?P<zero>0)?(?P<width>[1-9][0-9]*)?(?P<group>[,_])?"
    r"(?:\.(?P<digits>0|[1-9][0-9]*))?(?P<letter>[dfeg%])?"
)
"""The shape of a format, to be matched as a whole; `format_mistake` refuses the empty one and checks the bounds."""

_PYTHON: Final = lazy_pattern(r"(?: (?=[<>^]))?([<>^]?)-?(.*?)(F)?")
"""A blank to fill with, and a sign for negative numbers alone, are what Python does anyway; `F` is `f`."""

_FOR_TEXTS: Final = lazy_pattern(r"([<>^]?[1-9][0-9]*)s")
_SHAPE: Final = "[< > ^] [+] [0] [WIDTH] [, or _] [.DIGITS] [d f e g %]"
_BOUND: Final = len(str(MOST))


def format_mistake(spec: str) -> str | None:
    """Return the reason why a text is not a format, with a suggestion; None for a format."""
    match = FORMAT.fullmatch(spec)
    if not spec:
        return "the format is empty: leave it out, or write for example `,.2f`"
    if match is None:
        return f"the format does not have the form `{_SHAPE}`: write for example `,.2f` or `>8`"
    for name, verb in (("width", "is"), ("digits", "are")):
        number = match[name] or "0"
        if len(number) > _BOUND or int(number) > MOST:
            return f"the {name} of the format {verb} more than {MOST}: use a smaller number"
    if match["letter"] == "d" and match["digits"]:
        return "`d` writes integers and takes no digits: write `f` in its place"
    return None


def from_python(spec: str) -> str:
    """Return a format of Python without the parts that change nothing: `: >8s` is `:>8`."""
    for_texts = _FOR_TEXTS.fullmatch(spec.removeprefix(" ") if spec[1:2] in {"<", ">", "^"} else spec)
    match = _PYTHON.fullmatch(spec)
    if for_texts or match is None:
        return for_texts[1] if for_texts else spec
    return f"{match[1]}{match[2]}{'f' if match[3] else ''}"


def is_for_numbers(spec: str) -> bool:
    """Whether a format has a part that only numbers take."""
    match = FORMAT.fullmatch(spec)
    return match is not None and any(match.group("sign", "zero", "group", "digits", "letter"))
