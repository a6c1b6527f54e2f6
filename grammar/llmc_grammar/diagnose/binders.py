"""Names before `=` in the forms of other languages."""

import re
from collections.abc import Iterator
from typing import Final

from llmc_grammar.diagnose.stop import Stop
from llmc_grammar.diagnostic import Diagnostic
from llmc_grammar.errors.foreign import BinderForm, ChangedTask, DollarBinder, ForeignComment, Unpacking
from llmc_grammar.errors.statements import NumberMark
from llmc_grammar.lazy_pattern import lazy_pattern
from llmc_grammar.mistake import Edit

_NAME: Final = r"[A-Za-z_][A-Za-z0-9_]*"
_LEFT: Final = lazy_pattern(
    r"(?P<left>[^=\n\"'#;\s][^=\n\"'#;]{0,120}?)(?P<gap>[ \t]{0,20})"
    r"(?P<sign>:=|<-|(?:\*\*|//|\?\?|&&|\|\||[-+*/%&|^])=(?!=)|=(?![=>~]))(?P<after>[ \t]*)(?P<right>[^\n]*)"
)
_DOLLAR: Final = lazy_pattern(rf"\$({_NAME}|[1-9][0-9]{{0,3}})")
_PART: Final = lazy_pattern(rf"\$?({_NAME})[ \t]*[.\[].*")
_DECLARED: Final = lazy_pattern(
    rf"(?:(?i:let|const|var|val|set|dim|auto)|local|final|mut|str|string|int|float|double|bool|list|dict|any|object)"
    rf"[ \t]+(?:mut[ \t]+)?(\$?{_NAME})(?:[ \t]*:.*)?"
)
_TYPED: Final = lazy_pattern(rf"\$?({_NAME})[ \t]*:.*")
_SEVERAL: Final = lazy_pattern(rf"[(\[{{]?[ \t]*[$*]*{_NAME}[ \t]*(?:,[ \t]*[$*]*{_NAME}[ \t]*)*,?[ \t]*[)\]}}]?")
_WORDS: Final = lazy_pattern(r"[A-Za-z0-9_]+(?:[- .]+[A-Za-z0-9_]+){0,5}")
_STEPPED: Final = lazy_pattern(rf"[ \t]*(?:(\$?{_NAME})(?:\+\+|--)|(?:\+\+|--)(\$?{_NAME}))[ \t;]*(?:#.*)?\r?$")
_COLON: Final = lazy_pattern(rf"[ \t]*({_NAME})([ \t]*:[ \t]*)(?P<call>(?={_NAME}(?:\.{_NAME})*\(|[$\"'0-9\[{{]))?")
_NUMBER: Final = lazy_pattern(
    r"[ \t]*(?P<mark>(?:(?i:step|task|action|call|plan)[ \t]+)?[(\[]?(?P<number>[0-9]+)[)\]:.]?)[ \t]+"
    rf"(?={_NAME}(?:\.{_NAME})*\(|{_NAME}[ \t]*=)"
)
_SECOND: Final = lazy_pattern(rf"[ \t]*(?:(?P<name>{_NAME})[ \t]*=(?!=)|(?P<number>[0-9]+)\.[ \t]+{_NAME}\()")
_LATER: Final = lazy_pattern(rf"(?<=[ \t;)])(?:([0-9]{{1,4}})\.[ \t]+{_NAME}\(|({_NAME})[ \t]+=[ \t]+(?={_NAME}\())")
_FIRST: Final = lazy_pattern(rf"[ \t]*(?:[0-9]+\.|({_NAME})[ \t]*=)")


def binder(stop: Stop) -> Diagnostic | None:
    """`$a = f()`, `let a = f()`, `a: str = f()`, `a := f()`, `a += 1`, `a, b = f()`."""
    if stop.kind != "bare":
        return _second(stop) if stop.kind in {"numbered", "named"} else None
    match = _LEFT.match(stop.text, stop.first)
    stepped = _STEPPED.match(stop.text)
    if stepped:
        return _changed(stop, (stepped[1] or stepped[2]).removeprefix("$"), "+ 1", stepped.span())
    if match is None:
        return _colon(stop)
    diagnostic = _dollar(stop, match) or _change(stop, match) or _declared(stop, match) or _several(stop, match)
    return diagnostic or _words(stop, match) or _colon(stop)


def _dollar(stop: Stop, match: re.Match[str]) -> Diagnostic | None:
    """`$a = f()`, `$1 = f()`."""
    name = _DOLLAR.fullmatch(match["left"])
    if not name or match["sign"] != "=":
        return None
    start, end = match.span("left")
    if name[1].isdigit():
        edit = Edit(stop.span(start, match.start("right")), f"{name[1]}. ")
        return DollarBinder(span=stop.span(start, end), suggestion=f"{name[1]}. …", edit=edit)
    edit = Edit(stop.span(start, start + 1), "")
    return DollarBinder(span=stop.span(start, end), suggestion=f"{name[1]} = …", edit=edit)


def _change(stop: Stop, match: re.Match[str]) -> Diagnostic | None:
    """`a += 1`, `$a.b = 1`."""
    left, sign = match["left"], match["sign"]
    plain = re.fullmatch(rf"\$?({_NAME})", left)
    if plain and sign not in {"=", ":=", "<-"}:
        right = match["right"].split("#")[0].strip()
        return _changed(stop, plain[1], f"{sign[:-1]} {right if len(right) <= 40 else '…'}", match.span("left"))  # noqa: PLR2004
    part = _PART.fullmatch(left)
    if part and (left.startswith("$") or stop.knows(part[1]) or "[" in left):
        return ChangedTask(
            span=stop.span(*match.span("left")), name=f"${part[1]}", suggestion="make the new value a separate task"
        )
    return None


def _changed(stop: Stop, name: str, change: str, offsets: tuple[int, int]) -> Diagnostic:
    """Make the diagnostic of a value that is computed from itself."""
    suggestion = f"give the new value another name: `{name}_2 = ${name} {change}`"
    return ChangedTask(span=stop.span(*offsets), name=f"${name}", suggestion=suggestion)


def _declared(stop: Stop, match: re.Match[str]) -> Diagnostic | None:
    """`let a = …`, `a: str = …`, `a := …`, `a <- …`."""
    left, sign = match["left"], match["sign"]
    left_span = stop.span(*match.span("left"))
    declared, typed = _DECLARED.fullmatch(left), _TYPED.fullmatch(left)
    if re.fullmatch(_NAME, left) and sign in {":=", "<-"}:
        span = stop.span(*match.span("sign"))
        return BinderForm(span=span, what=f"`{sign}` here", suggestion=f"{left} = …", edit=Edit(span, "="))
    if not declared and not typed:
        return None
    name = ((declared or typed) or match)[1].removeprefix("$")
    what = f"a task needs no `{left.split()[0]}`" if declared else "a task has no declared type"
    return BinderForm(span=left_span, what=what, suggestion=f"{name} = …", edit=Edit(left_span, name))


def _several(stop: Stop, match: re.Match[str]) -> Diagnostic | None:
    """`a, b = f()`, `{a, b} = f()`."""
    left = match["left"]
    if match["sign"] not in {"=", ":="} or not _SEVERAL.fullmatch(left) or re.fullmatch(_NAME, left):
        return None
    first = re.search(_NAME, left)
    part = f"$parts.{first[0]}" if left.startswith("{") and first else "$parts[0]"
    return Unpacking(span=stop.span(*match.span("left")), part=part)


def _words(stop: Stop, match: re.Match[str]) -> Diagnostic | None:
    """`my task = …`, `a-b = …`, `2nd = …`."""
    left = match["left"]
    is_apart = bool(match["gap"]) == bool(match["after"]) == (" " in left)
    if match["sign"] != "=" or not _WORDS.fullmatch(left) or not (is_apart or " " not in left):
        return None
    name = re.sub(r"[- .]+", "_", left)
    name = f"_{name}" if name[0].isdigit() else name
    left_span = stop.span(*match.span("left"))
    what = "a name consists of letters, digits and `_`, and does not begin with a digit"
    return BinderForm(span=left_span, what=what, suggestion=f"{name} = …", edit=Edit(left_span, name))


def _colon(stop: Stop) -> Diagnostic | None:
    """`a: f()`, `Note: a comment`."""
    match = _COLON.match(stop.text)
    if not match or match[1] == "join":
        return None
    if match["call"] is None:
        start = stop.span(stop.first, stop.first)
        return ForeignComment(
            span=stop.span(stop.first, match.end(2)), found=f"{match[1]}:", edit=Edit(start, "# "), is_guess=True
        )
    edit = Edit(stop.span(*match.span(2)), " = ")
    return BinderForm(span=stop.span(*match.span(1)), what="a colon after it", suggestion=f"{match[1]} = …", edit=edit)


def _second(stop: Stop) -> Diagnostic | None:
    """`1. a = f()`, `a = b = f()`, `a = 1. f()`."""
    first = _FIRST.match(stop.text)
    second = first and _SECOND.match(stop.text, first.end())
    if not first or not second:
        return None
    name = first[1] or second["name"]
    span = stop.span(
        len(stop.text) - len(stop.text.lstrip()), second.end("name") if second["name"] else second.end("number")
    )
    if first[1] and second["name"]:
        return BinderForm(span=span, what="two names", suggestion=f"{second['name']} = …")
    return BinderForm(span=span, what="a number and a name", suggestion=f"{name} = …")


def number(stop: Stop) -> Diagnostic | None:
    """`1 f()`, `(1) f()`, `[1] f()`."""
    match = _NUMBER.match(stop.text)
    if not match or stop.kind != "bare":
        return None
    span = stop.span(*match.span("mark"))
    edit = Edit(span, f"{match['number']}.")
    return NumberMark(span=span, found=match["mark"], number=match["number"], edit=edit)


def names_of(text: str) -> Iterator[str]:
    """Yield the names and numbers that a refused statement would have defined, in any form."""
    yield from (match[1] or match[2] for match in _LATER.finditer(text))
    for part in text.split(";"):
        match = _LEFT.match(part, len(part) - len(part.lstrip()))
        colon = _COLON.match(part)
        if colon and colon["call"] is not None:
            yield colon[1]
        if match is None or "(" in match["left"].lstrip("("):
            continue
        declared = _DECLARED.fullmatch(match["left"]) or _TYPED.fullmatch(match["left"])
        names = declared[1] if declared else match["left"]
        yield from re.findall(rf"{_NAME}|[0-9]+", names)
