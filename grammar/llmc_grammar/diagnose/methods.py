"""Methods of other languages: the standard function or the operator that does the same.

    $x.upper()         upper($x)
    ", ".join($xs)     join_text($xs, by=", ")
    $xs.append(1)      $xs + [1]
    f($x).strip().lower()
                       lower(strip(f($x)))

The edit translates methods in a row as long as each has an equivalent with these arguments.
"""

import re
from itertools import pairwise
from typing import Final, NamedTuple

from lark import Token

from llmc_grammar.diagnose.stop import Stop
from llmc_grammar.diagnostic import Diagnostic
from llmc_grammar.errors.foreign import MethodCall
from llmc_grammar.lazy_pattern import lazy_pattern
from llmc_grammar.mistake import Edit
from llmc_grammar.source import Span
from llmc_grammar.terminals import quiet

_NAME: Final = r"[A-Za-z_][A-Za-z0-9_]*"
_KEYWORD: Final = lazy_pattern(rf"{_NAME}[ \t]*=(?!=)|\*|lambda\b")
_LOOP: Final = lazy_pattern(rf"\A[^\[{{].*\bfor[ \t]+{_NAME}[ \t]+in\b", re.DOTALL)
_NEXT: Final = lazy_pattern(rf"\.({_NAME})\(")
_DIGITS: Final = lazy_pattern(r"[0-9]{1,2}\Z")
_SHOWN: Final = 30
_LONGEST: Final = 400

_FORMS: Final[dict[str, tuple[str, ...]]] = {
    **dict.fromkeys(("upper", "toUpperCase"), ("upper({v})",)),
    **dict.fromkeys(("lower", "toLowerCase", "casefold"), ("lower({v})",)),
    "title": ("title({v})",),
    **dict.fromkeys(("strip", "trim"), ("strip({v})", "strip({v}, chars={0})")),
    "split": ("split({v})", "split({v}, by={0})"),
    "splitlines": ("lines({v})",),
    **dict.fromkeys(("replace", "replaceAll"), ("", "", "replace({v}, {0}, {1})")),
    **dict.fromkeys(("startswith", "startsWith"), ("", "starts_with({v}, {0})")),
    **dict.fromkeys(("endswith", "endsWith"), ("", "ends_with({v}, {0})")),
    **dict.fromkeys(("append", "push"), ("", "{v} + [{0}]")),
    **dict.fromkeys(("extend", "concat"), ("", "{v} + {0}")),
    "get": ("", "get({v}, {0})", "get({v}, {0}, {1})"),
    **dict.fromkeys(("items", "entries"), ("items({v})",)),
    "keys": ("keys({v})",),
    "values": ("values({v})",),
    "update": ("", "merge({v}, {0})"),
    **dict.fromkeys(("sort", "sorted"), ("sorted({v})",)),
    **dict.fromkeys(("reverse", "reversed"), ("reversed({v})",)),
    **dict.fromkeys(("unique", "distinct"), ("unique({v})",)),
    **dict.fromkeys(("flat", "flatten"), ("flatten({v})",)),
    **dict.fromkeys(("size", "len", "length", "count"), ("len({v})", "len([x for x in {v} if $x == {0}])")),
    **dict.fromkeys(("sum", "min", "max", "mean", "any", "all"), ()),
    "round": ("round({v})", "round({v}, {0})"),
    "abs": ("abs({v})",),
    **dict.fromkeys(("includes", "contains", "has", "has_key"), ("", "{0} in {v}")),
    "equals": ("", "{v} == {0}"),
    **dict.fromkeys(("toString", "to_string"), ("str({v})",)),
    **dict.fromkeys(("copy", "toList", "tolist", "to_list"), ("{v}",)),
    **dict.fromkeys(("slice", "substring"), ("", "{v}[{0}:]", "{v}[{0}:{1}]")),
    "__len__": ("len({v})",),
}
"""The forms of a method by the number of its arguments; `{v}` is the value, `{0}` the first argument."""

_OPERATIONS: Final = ("append", "push", "extend", "concat", "includes", "contains", "has", "has_key", "equals")
_ADVICE: Final = {
    "append": "write `$xs + [1]` for a longer list",
    "push": "write `$xs + [1]` for a longer list",
    "extend": "write `$xs + $ys` for a longer list",
    "concat": "write `+` between two lists, or two strings",
    "format": 'refer to values inside the string: `"… $name …"`',
    "get": 'write `get($d, "key")`',
    "includes": "write `value in $xs`",
    "contains": "write `value in $xs`",
    "equals": "write `==` between the values",
    "then": "refer to the value in a later task",
    "join": 'write `join_text($xs, by=", ")`',
    "replace": 'write `replace($s, "old", "new")`',
    "sort": 'write `sorted($xs)`, or `sorted($xs, by="key")`',
    "toFixed": 'write `"${x:.2f}"`, or `format($x, ".2f")`',
    **dict.fromkeys(("lstrip", "rstrip", "trimStart", "trimEnd"), "write `strip($s)`, which strips both ends"),
    **dict.fromkeys(("map", "forEach", "flatMap", "apply"), "write `[f($x) for x in $xs]`"),
    **dict.fromkeys(("filter", "find"), "write `[$x for x in $xs if $x > 1]`"),
    **dict.fromkeys(
        ("pop", "remove", "insert", "add", "clear", "delete", "discard"), "a value never changes: write another one"
    ),
}


class _Method(NamedTuple):
    """A method as written: its name, its arguments, and the end of its closing bracket, -1 if it is far away."""

    name: str
    arguments: tuple[str, ...]
    end: int


def method(stop: Stop) -> Diagnostic | None:
    """`$a.upper()`, `"x".join(…)`, `f().get(1)`."""
    top = stop.top
    if stop.at_end or stop.found != "(" or stop.before != stop.at or not isinstance(top, Token):
        return None
    if top.type not in {"REF", "STEPS"} or "." not in top:
        return None
    name = top.rsplit(".", 1)[1]
    if not name.isidentifier():
        return None
    dot = stop.at - len(name) - 1
    start = dot + 1 + len(name) - len(top)
    if top.type == "STEPS":
        value_span = getattr(stop.stack[-2], "span", None)
        start = value_span.start - stop.reading.base if isinstance(value_span, Span) else dot
    return _method(stop, start, dot)


def _method(stop: Stop, start: int, dot: int) -> Diagnostic:
    """Return the diagnostic of the method behind the full stop at `dot`, with those that follow it."""
    first = _read(stop.text, dot)
    value, end, written = stop.text[start:dot], dot, None
    called: _Method | None = first
    while called is not None and (value_now := _written(called, value)):
        value, end, written = value_now, called.end, value_now
        called = _read(stop.text, end) if _NEXT.match(stop.text, end) else None
    span = stop.span(dot + 1, dot + 1 + len(first.name))
    if written is None or start == dot:
        return method_call(first.name, stop.text[start:dot] or "…", span)
    is_short = len(written) <= 2 * _SHOWN and "\n" not in written
    suggestion = f"write `{written}`" if is_short else _advice(first.name, "…")
    return MethodCall(span=span, name=first.name, suggestion=suggestion, edit=Edit(stop.span(start, end), written))


def _read(text: str, dot: int) -> _Method:
    """Read the method behind a full stop, with its arguments as written."""
    match = _NEXT.match(text, dot)
    assert match is not None  # noqa: S101 (a bracket follows the name)
    first = match.end()
    masked = quiet().sub(lambda found: "_" * len(found[0]), text[first : first + _LONGEST])
    depth, cuts = 0, [0]
    for index, character in enumerate(masked):
        if character in ")]}" and not depth:
            cuts.append(index + 1)
            pieces = [text[first + left : first + right - 1].strip() for left, right in pairwise(cuts)]
            return _Method(match[1], tuple(piece for piece in pieces if piece), first + index + 1)
        depth += (character in "([{") - (character in ")]}")
        if character == "," and not depth:
            cuts.append(index + 1)
    return _Method(match[1], (), -1)


def _written(called: _Method, value: str) -> str | None:
    """Return the plan text that means the same as a method of a value, None if that is not certain."""
    arguments = tuple(f"[{each}]" if _LOOP.search(each) else each for each in called.arguments)
    if called.end < 0 or any(_KEYWORD.match(argument) for argument in arguments):
        return None
    if called.name == "join" and len(arguments) == 1:
        is_text = value[-1:] in {'"', "'"} or arguments[0][:1] not in {'"', "'"}
        separator, values = (value, arguments[0]) if is_text else (arguments[0], value)
        return f"join_text({values}, by={separator})"
    if called.name == "toFixed" and len(arguments) == 1 and _DIGITS.match(arguments[0]):
        return f'format({value}, ".{arguments[0]}f")'
    forms = _FORMS.get(called.name, ()) or (f"{called.name}({{v}})",) * (called.name in _FORMS)
    form = forms[len(arguments)] if len(arguments) < len(forms) else ""
    if not form or (called.name in _OPERATIONS and any(" " in part for part in (value, *arguments))):
        return None
    return form.format(*arguments, v=value)


def method_call(name: str, value: str, span: Span) -> Diagnostic:
    """Return the diagnostic of a method call; `value` is the text before the dot."""
    return MethodCall(span=span, name=name, suggestion=_advice(name, value))


def _advice(name: str, value: str) -> str:
    """Return the instruction for a method with unknown arguments."""
    shown = value if len(value) <= _SHOWN and "\n" not in value else "…"
    forms = _FORMS.get(name)
    if name in _ADVICE:
        return _ADVICE[name]
    if forms is not None:
        form = next((form for form in forms if form), f"{name}({{v}})")
        return f"write `{form.format('…', '…', v=shown)}`"
    return f"pass the value to a tool, as in `{name}({shown})`"
