"""The surroundings of a bare reference in a text, which may give it another meaning.

In `"$one.name!"` it may mean the part `name`, in `"under $1"` a price, in `"awk '{print $1}'"` a variable of awk.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from typing import Final, NamedTuple

from llmc_compiler.diagnostics.text_errors import DoubtfulSlot, HalvedDollars, PathAsText, PathRead
from llmc_compiler.expressions import types
from llmc_compiler.expressions.terms import Path
from llmc_compiler.expressions.types import NEVER, Type
from llmc_grammar.ast import Ref, Slot
from llmc_grammar.bounds import Bounds
from llmc_grammar.lazy_pattern import lazy_pattern
from llmc_grammar.mistake import Edit
from llmc_grammar.references import steps_behind
from llmc_grammar.source import Span

_UNITS: Final = "day week month year night hour minute person piece unit item share gallon pound kg ton mile"
AMOUNTS: Final = {
    "before": (
        *("under", "over", "below", "above", "less than", "more than", "fewer than", "cheaper than", "up to"),
        *("at least", "at most", "exceeds", "exceeding", "cost", "costs", "costing", "pay", "pays", "paid", "paying"),
        *("spend", "spends", "spent", "spending", "charge", "charges", "charged", "earn", "earns", "earned"),
        *("worth", "budget", "budget of", "budget is", "priced at", "starts at", "starting at", "sold for"),
        *("sells for", "usd", "cad", "aud"),
    ),
    "behind": (
        *("hundred", "thousand", "million", "mio", "mn", "billion", "bn", "trillion"),
        *("usd", "cad", "aud", "dollar", "dollars", "buck", "bucks", "cent", "cents"),
        *("per", "each", "apiece", "off", "or less", "or more", "and up", "and under", "worth of"),
        *(f"{word} {unit}" for unit in _UNITS.split() for word in ("a", "an")),
        *(f"/{unit}" for unit in (*_UNITS.split(), "mo", "yr", "hr", "h")),
    ),
}
"""Words about money and amounts that come before and after a price."""

_BEFORE: Final = lazy_pattern(
    rf"(?<!\w)((?:{'|'.join(AMOUNTS['before'])})[ \t]*|(?-i:US|CA|AU|NZ|HK))\Z", re.IGNORECASE
)
_BEHIND: Final = lazy_pattern(rf"[ \t]*({'|'.join(AMOUNTS['behind'])})(?!\w)", re.IGNORECASE)
_WINDOW: Final = 40
_SHARING: Final = frozenset({"", ",", "-", "\u2013", "to", "and", "or"})
_OPENING: Final = lazy_pattern(
    "(?P<quote>(?:(?<!\\w)['\u2018\u2019]|[\"`\u201c\u201d]))\\Z|(?P<brace>[{}])[ \t]*\\Z|(?P<backslash>\\\\)\\Z"
)
_CLOSING: Final = lazy_pattern(
    "(?P<quote>['\u2018\u2019](?!\\w)|[\"`\u201c\u201d])|[ \t]*(?P<brace>[{}])|(?P<backslash>\\\\)"
)
_HALVED: Final = lazy_pattern(r"(?<!\$)\$\$([A-Za-z_][A-Za-z0-9_]*)")


class Part(NamedTuple):
    """The steps after a reference, as a path and as written; `certain` if the value certainly has that part."""

    path: Path
    text: str
    certain: bool


def part_behind(found: Type, text: str) -> Part | None:
    """Return the part that the steps at the start of a text lead to, if a value of this type may have it."""
    path: list[str | int] = []
    end, is_certain = 0, True
    for step, stop in steps_behind(text, Bounds.MODEL):
        inside = types.part(found, step)
        if inside == NEVER:
            break
        is_certain = is_certain and types.has(found, step)
        path.append(step)
        found, end = inside, stop
    return Part(tuple(path), text[:end], is_certain) if path else None


def path_mistake(
    ref: Ref, part: Part, written: Callable[[Span], str] | None, *, is_read: bool
) -> PathRead | PathAsText:
    """Return the warning on steps after a reference; `written` returns the text of a span."""
    report = PathRead if is_read else PathAsText
    start, end = ref.span
    for steps in (part.text, part.text.replace('"', '\\"'), part.text.replace("'", "\\'")):
        span = Span(start, end + len(steps))
        if written is not None and written(Span(end, span.end)) == steps:
            return report(span=span, name=ref.name, steps=part.text, edit=Edit(span, f"${{{ref.name}{steps}}}"))
    return report(span=ref.span, name=ref.name, steps=part.text)


def is_bare(part: str | Slot) -> bool:
    """Whether a part of a text is a reference without braces."""
    return isinstance(part, Slot) and part.raw == f"${part.ref.name}"


def text_at(parts: Sequence[str | Slot], at: int) -> str:
    """Return the text at an index among the parts of a string; empty for a reference, and beyond the ends."""
    part = parts[at] if 0 <= at < len(parts) else ""
    return part if isinstance(part, str) else ""


def signs_beside(parts: Sequence[str | Slot]) -> dict[int, str]:
    """Map the indices of bare references that may be meant as text to the sign of it, in words.

    References separated by a comma or a word such as `to` share a sign: `{print $1, $2}`, `$1 to $2 million`.
    """
    signs: dict[int, str] = {}
    if len(parts) == 1:
        return signs
    for index, part in enumerate(parts):
        if isinstance(part, Slot) and is_bare(part):
            sign = _sign(text_at(parts, index - 1), text_at(parts, index + 1), is_number=part.ref.name.isdigit())
            if sign:
                signs[index] = sign
    for step in (2, -2):
        for index in [*signs][:: step // 2]:
            _share(signs, parts, index, step)
    return signs


def _share(signs: dict[int, str], parts: Sequence[str | Slot], index: int, step: int) -> None:
    """Copy the sign at an index to its neighbours in one direction."""
    while 0 <= index + step < len(parts) and index + step not in signs:
        between, part = parts[index + step // 2], parts[index + step]
        if not isinstance(between, str) or between.strip() not in _SHARING:
            return
        if not isinstance(part, Slot) or not is_bare(part) or not part.ref.name.isdigit():
            return
        signs[index + step] = signs[index]
        index += step


def _sign(before: str, behind: str, *, is_number: bool) -> str | None:
    """Return the sign, in words, that a bare reference may be meant as text."""
    before, behind = before[-_WINDOW:], behind[:_WINDOW]
    for sign in (_OPENING.search(before), _CLOSING.match(behind)):
        if sign and (is_number or sign.lastgroup == "backslash"):
            return f"a {sign.lastgroup} is next to it"
    word = (_BEFORE.search(before) or _BEHIND.match(behind)) if is_number else None
    return f"`{word[1].strip()}` is next to it" if word else None


def doubtful(ref: Ref, sign: str) -> DoubtfulSlot:
    """Return the warning on a reference next to such a sign."""
    return DoubtfulSlot(span=ref.span, name=ref.name, sign=sign, edit=Edit(ref.span, f"${{{ref.name}}}"))


def halved_dollars(string: str, start: int) -> Iterator[HalvedDollars]:
    """Yield the warnings on two dollar signs before a word in a string as written, which starts at offset `start`."""
    for match in _HALVED.finditer(string):
        yield HalvedDollars(span=Span(start + match.start(), start + match.end()), name=match[1])
