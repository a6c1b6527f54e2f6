"""Strings of other languages: `f"…"`, `r"…"`, backticks, three single quotes."""

import re
from typing import Final

from llmc_grammar.diagnose.stop import Stop
from llmc_grammar.diagnostic import Diagnostic
from llmc_grammar.errors.foreign import ForeignString
from llmc_grammar.format_specs import format_mistake, from_python
from llmc_grammar.mistake import Edit
from llmc_grammar.terminals import quiet

_NAME: Final = r"[A-Za-z_][A-Za-z0-9_]*"
_PREFIX: Final = re.compile(r"(?i)(?:f|r|b|u|rf|fr|br|rb|\$@?|@)(?=[\"'])")
_INSERTED: Final = re.compile(
    rf"\{{\{{|\}}\}}|\{{[ ]*({_NAME}(?:\.{_NAME}|\[[0-9]+\])*)[ ]*(?::([^{{}}\"'\n]{{1,40}}))?\}}|[{{}}$]"
)
_TICKS: Final = re.compile(r"`([^`\"\\\n]{0,200})`")
_THREE: Final = re.compile(r"'''((?:(?!''')[^\"]){0,400})'''")


def string(stop: Stop) -> Diagnostic | None:
    """Strings with prefixes, in backticks or in three single quotes."""
    return _prefixed(stop) or _ticked(stop) or _tripled(stop)


def _prefixed(stop: Stop) -> Diagnostic | None:
    """`f"…"`, `r"…"`, `b"…"`."""
    start = stop.before - len(stop.top_word) if stop.top_word else stop.at
    match = _PREFIX.match(stop.text, start)
    if not match or (start and stop.text[start - 1].isalnum()):
        return None
    written = quiet().match(stop.text, match.end())
    text = written["string"] if written and written["string"] else ""
    span = stop.span(start, match.end() + 1)
    kind = match[0].lower().replace("$", "f").replace("@", "r")
    literal, suggestion = _without(kind, match[0], text)
    edit = Edit(stop.span(start, match.end() + len(text)), literal) if text and literal else None
    return ForeignString(span=span, found=f"`{match[0]}{stop.text[match.end()]}`", suggestion=suggestion, edit=edit)


def _without(kind: str, prefix: str, text: str) -> tuple[str | None, str]:
    """Return a string without its prefix, and the suggestion."""
    literal: str | None = text
    suggestion = f"delete `{prefix}`"
    if "r" in kind:
        quote = '"""' if text.startswith('"""') else text[:1]
        inner = text[len(quote) : -len(quote)].replace("\\", "\\\\")
        literal = f"{quote}{inner}{quote}" if text else None
        suggestion = f"delete `{prefix}`, and write `\\\\` for each backslash"
    if "f" in kind:
        places = list(_INSERTED.finditer(text))
        first = next((place for place in places if place[1] and _inserted(place)), None)
        shown = "`${name}` for `{name}`" if first is None else f"`{_inserted(first)}` for `{first[0]}`"
        suggestion = f"delete `{prefix}`, and write {shown}"
        is_plain = "r" not in kind and all(_inserted(place) for place in places)
        literal = _INSERTED.sub(_inserted, text) if is_plain else None
    return literal, suggestion


def _inserted(place: re.Match[str]) -> str:
    """Return the text of a plan for a reference or a doubled brace in an f-string, or an empty text."""
    if not place[1]:
        return place[0][0] if len(place[0]) > 1 else ""
    if place[2] is None:
        return f"${{{place[1]}}}"
    spec = from_python(place[2])
    return "" if format_mistake(spec) else f"${{{place[1]}:{spec}}}"


def _ticked(stop: Stop) -> Diagnostic | None:
    """A string in backticks."""
    if stop.found != "`" or not stop.wants_value:
        return None
    match = _TICKS.match(stop.text, stop.at)
    edit = Edit(stop.span(*match.span()), f'"{match[1]}"') if match else None
    return ForeignString(span=stop.here, found="a backtick", suggestion='write `"`', edit=edit)


def _tripled(stop: Stop) -> Diagnostic | None:
    """A string in three single quotes."""
    start = stop.at - 2
    if stop.found != "'" or start < 0 or not stop.text.startswith("'''", start):
        return None
    match = _THREE.match(stop.text, start)
    edit = Edit(stop.span(*match.span()), f'"""{match[1]}"""') if match else None
    return ForeignString(span=stop.span(start, start + 3), found="`'''`", suggestion='write `"""`', edit=edit)
