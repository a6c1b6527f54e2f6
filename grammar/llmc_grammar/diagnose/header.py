"""`use` and `input` lines in the forms of other languages."""

import re
from typing import Final

from llmc_grammar.diagnose.foreign_types import translated, whole_type
from llmc_grammar.diagnose.stop import Stop
from llmc_grammar.diagnostic import Diagnostic
from llmc_grammar.errors.foreign import InputForm, UseForm
from llmc_grammar.errors.statements import UnknownType
from llmc_grammar.mistake import Edit

_NAME: Final = r"[A-Za-z_][A-Za-z0-9_]*"
_PATH: Final = re.compile(r"[ \t]*use[ \t]+([^\s\"',;#]+)[ \t\r]*(?:#.*)?$")
_CAPITAL: Final = re.compile(r"(?i)[ \t]*(use|input)[ \t]+(?=[\"'A-Za-z_])(?![A-Za-z_]+[ \t]*\()")
_AS: Final = re.compile(rf"[ \t]*input[ \t]+{_NAME}(?P<both>[ \t]*(?:as|->)[ \t]*(?P<type>[^=#\n\"']{{1,80}}))")
_FILE: Final = re.compile(r"[ \t]*use[ \t]+(?:\"[^\"\n]*\"|'[^'\n]*'|[A-Za-z_]\w*)")
_MORE: Final = re.compile(r"[ \t]*,[ \t]*(?=[\"'A-Za-z_])")
_ALIAS: Final = re.compile(rf"[ \t]+as[ \t]+{_NAME}[ \t\r]*(?:#.*)?$")
_SWAPPED: Final = re.compile(
    rf"[ \t]*input[ \t]+(?P<both>(?P<type>[A-Za-z_][\w.]*)[ \t]+(?P<name>{_NAME}))[ \t]*(?:=|#|\r?$)"
)
_DOLLAR: Final = re.compile(rf"[ \t]*input[ \t]+(\$)({_NAME})")
_LIST: Final = re.compile(rf"[ \t]*input[ \t]+\$?{_NAME}(?![A-Za-z0-9_])[^,\n\"'\[{{]*(,)")


def _capital(stop: Stop) -> Diagnostic | None:
    """`Use "t.py"`, `INPUT x: str`."""
    match = _CAPITAL.match(stop.text)
    if not match or match[1].islower() or stop.kind != "bare":
        return None
    span, word = stop.span(*match.span(1)), match[1].lower()
    mistake = UseForm if word == "use" else InputForm
    return mistake(span=span, what="a capital letter", suggestion=f"write `{word}`", edit=Edit(span, word))


def _is_file(name: str) -> bool:
    """Whether a word without quotes names a file."""
    return "/" in name or "\\" in name or name.endswith((".py", ".llmc"))


def use(stop: Stop) -> Diagnostic | None:
    """`use tools.py`, `use "t.py" as t`, `use "a.py", "b.py"`."""
    if stop.kind != "use":
        return _capital(stop)
    path = _PATH.match(stop.text)
    if path and _is_file(path[1]):
        span = stop.span(*path.span(1))
        quoted = f'"{path[1].replace(chr(92), "/")}"'
        return UseForm(span=span, what="no quotes", suggestion=f"write `use {quoted}`", edit=Edit(span, quoted))
    file = _FILE.match(stop.text)
    end = file.end() if file else 0
    alias = _ALIAS.match(stop.text, end)
    if alias:
        gap = stop.span(end, end + len(alias[0].split("#")[0].rstrip()))
        suggestion = "delete it; tools keep the names from their file"
        return UseForm(span=stop.here, what="renames the tools", suggestion=suggestion, edit=Edit(gap, ""))
    more = _MORE.match(stop.text, end)
    if more:
        edit = Edit(stop.span(*more.span()), "\nuse ")
        return UseForm(span=stop.here, what="a second file", suggestion="write one `use` line per file", edit=edit)
    return UseForm(span=stop.here, what="neither a file nor a name")


def input_(stop: Stop) -> Diagnostic | None:
    """`input str x`, `input $x`, `input x, y`, `input x: str | None`."""
    if stop.kind != "input":
        return None
    dollar, swapped, several = (form.match(stop.text) for form in (_DOLLAR, _SWAPPED, _LIST))
    if dollar:
        suggestion = f"write `input {dollar[2]}`; a task refers to it as `${dollar[2]}`"
        span = stop.span(*dollar.span(1))
        return InputForm(span=span, what="refers to a value", suggestion=suggestion, edit=Edit(span, ""))
    typed = _AS.match(stop.text)
    meant = translated(typed["type"].strip()) if typed else None
    if typed and meant:
        name, end = re.findall(_NAME, stop.text)[1], typed.start("both") + len(typed["both"].rstrip())
        span = stop.span(typed.start("both"), end)
        suggestion = f"write `input {name}: {meant}`"
        return InputForm(span=span, what="expected a colon", suggestion=suggestion, edit=Edit(span, f": {meant}"))
    kind = translated(swapped["type"]) if swapped else None
    if swapped and kind:
        span, words = stop.span(*swapped.span("both")), f"{swapped['name']}: {kind}"
        return InputForm(
            span=span, what="the type comes first", suggestion=f"write `input {words}`", edit=Edit(span, words)
        )
    mistake = whole_type(stop.reading) if ":" in [*map(str, stop.stack)] else None
    if several and not mistake:
        return InputForm(span=stop.span(*several.span(1)), what="a second input")
    if mistake or stop.wants_value or "=" in [*map(str, stop.stack)]:
        return mistake
    if stop.top == ":" and "NAME" in stop.expected:
        return UnknownType(span=stop.here, name=stop.found or "nothing")
    return InputForm(span=stop.here, what="not expected here")
