"""Grammar of formatted texts: dates, times and UUIDs (RFC 3339, RFC 9562)."""

from typing import Final

from llmc_compiler.decoder.grammar_rules import GrammarRule, Part, chars, choice, maybe, repeat, seq, sure
from llmc_compiler.decoder.values.lexical_rules import digits_from_to

_DIGIT: Final = chars("0-9")
_CENTURY: Final = seq(chars("1-9"), _DIGIT)
_FOURTH_YEAR: Final = choice(seq("0", chars("48")), seq(chars("2468"), chars("048")), seq(chars("13579"), chars("26")))
_YEAR: Final = seq(_CENTURY, _DIGIT, _DIGIT)
_DATE: Final = choice(
    seq(_YEAR, "-", digits_from_to("01", "12"), "-", digits_from_to("01", "28")),
    seq(_YEAR, "-", choice("01", digits_from_to("03", "12")), "-", choice("29", "30")),
    seq(_YEAR, "-", choice("01", "03", "05", "07", "08", "10", "12"), "-31"),
    seq(_CENTURY, _FOURTH_YEAR, "-02-29"),
)
_FRACTION: Final = maybe(".", repeat(_DIGIT, 1, 6))
_TIME: Final = seq(
    digits_from_to("00", "23"), ":", digits_from_to("00", "59"), ":", digits_from_to("00", "59"), _FRACTION
)
_ZONE: Final = choice("Z", seq(chars("+-"), digits_from_to("00", "23"), ":", digits_from_to("00", "59")))
_HEX: Final = chars("0-9A-Fa-f")


def _hex(digits: int) -> Part | None:
    """Return so many hexadecimal digits."""
    return repeat(_HEX, digits, digits)


_UUID: Final = seq(_hex(8), "-", _hex(4), "-", _hex(4), "-", _hex(4), "-", _hex(12))
_FORMS: Final = {
    "date": _DATE,
    "time": seq(_TIME, maybe(_ZONE)),
    "date-time": seq(_DATE, "T", _TIME, _ZONE),
    "uuid": _UUID,
}

FORMS: Final = {
    name: GrammarRule(name.replace("-", "_"), sure(seq('"', form, '"')), token=True) for name, form in _FORMS.items()
}
"""For each format, the rule of its texts, in quotes."""
