"""Values of other languages: methods, filters, ternaries, tuples, `*args`, `await f()`, lambdas."""

import re
from typing import Final

from lark import Token

from llmc_grammar.diagnose.stop import Stop
from llmc_grammar.diagnostic import Diagnostic
from llmc_grammar.errors.expressions import BadReference, Placeholder
from llmc_grammar.errors.foreign import (
    CallWord,
    Filter,
    ForeignChoice,
    ForeignList,
    ForeignStatement,
    Spread,
)
from llmc_grammar.mistake import Edit
from llmc_grammar.terminals import quiet

_NAME: Final = r"[A-Za-z_][A-Za-z0-9_]*"
_TASK: Final = rf"[ \t]*(?:[0-9]+\.|{_NAME}[ \t]*=)?[ \t]*"
_CALL_WORD: Final = re.compile(
    rf"(await|call|run|do|new|exec|execute|invoke|perform|yield|async|spawn|go|then|eval|parallel)"
    rf"[ \t]+(?={_NAME}(?:\.{_NAME})*\()"
)
_BULLET: Final = re.compile(rf"[ \t]*([*+$>]|>>>|-(?=[ \t]+(?:{_NAME}[ \t]*=|[0-9]+\.)))[ \t]+(?=[A-Za-z0-9_$])")
_FILTER: Final = re.compile(rf"(\|>?)[ \t]*({_NAME}(?:\.{_NAME})*)(\(?)")
_VALUES: Final = frozenset({"true", "false", "null", "True", "False", "None", "not"})
_TERNARY: Final = re.compile(
    rf"{_TASK}([^?:\n]{{1,80}}?)[ \t]{{0,9}}\?[ \t]*([^?:\n]{{1,80}}?)[ \t]{{0,9}}:[ \t]*([^?:\n]{{1,80}})$"
)
_THEN: Final = re.compile(r"(?:[A-Za-z_][^\n()\[\]{}\"']{0,80}[ \t])?then\b")
_IF_THEN: Final = re.compile(r"if[ \t]+([^\n]{1,80}?)[ \t]+then[ \t]+([^\n]{1,80}?)[ \t]+else[ \t]+([^\n(\[{]{1,80})$")
_BEFORE_ELSE: Final = re.compile(rf"{_NAME}[ \t]*\?[^:\n]*:")
_LAMBDA: Final = re.compile(r"(lambda)\b|(fn|function|func)\b[ \t]*\(")
_PARAMETERS: Final = re.compile(rf"(?:\([^()\n]{{0,60}}\)|{_NAME})[ \t]*$")
_SORTING: Final = frozenset({"sorted(", "min(", "max("})
_SPREAD: Final = re.compile(rf"(\*\*?|\.\.\.)(\$?{_NAME}|\$[0-9]+|[\[{{(])")
_DOTS: Final = re.compile(r"\.\.\.")
_BRACED: Final = re.compile(rf"(\{{\{{?|\{{%)[ \t]*({_NAME}(?:\.{_NAME}|\[[0-9]+\])*)[ \t]*(?:\|[^}}\n]*)?[%}}]\}}?")
_ELEMENT: Final = re.compile(r"[$A-Za-z0-9_.]{1,80}[ \t]*[,}]")


def call_word(stop: Stop) -> Diagnostic | None:
    """`await f()`, `call f()`, `new F()`."""
    bullet = _BULLET.match(stop.text)
    if bullet and stop.kind == "bare":
        edit = Edit(stop.span(*bullet.span()), "")
        return CallWord(span=stop.span(*bullet.span(1)), word=bullet[1], edit=edit)
    for start in (stop.at, stop.before - len(stop.top_word)):
        match = _CALL_WORD.match(stop.text, start)
        if match and (stop.wants_value or stop.top_word):
            edit = Edit(stop.span(*match.span()), "")
            return CallWord(span=stop.span(*match.span(1)), word=match[1], edit=edit)
    return None


def pipe(stop: Stop) -> Diagnostic | None:
    """`f() | length`, `$a |> f()`."""
    match = _FILTER.match(stop.text, stop.at)
    if not stop.has_value or not match or (match[2] in _VALUES and match[1] == "|"):
        return None
    top = str(stop.top) if isinstance(stop.top, Token) and stop.top.type == "REF" else "…"
    suggestion = f"{match[2][:40]}({top if len(top) <= 30 else '…'})"  # noqa: PLR2004 (fits a message)
    return Filter(span=stop.span(match.start(1), match.end(2)), found=match[1], suggestion=suggestion)


def choice(stop: Stop) -> Diagnostic | None:
    """`C ? X : Y`, `if C then X else Y`."""
    is_question = stop.found == "?" and stop.text[stop.at : stop.at + 2] not in {"?.", "??"} and stop.has_value
    start = stop.before - len(stop.top_word) if stop.top_word else stop.at
    if is_question or ((stop.word or stop.top_word) and _BEFORE_ELSE.match(stop.text, start)):
        span = stop.here if is_question else stop.span(start, stop.text.find("?", start) + 1)
        whole = None if stop.opener else _TERNARY.match(stop.text)
        suggestion = f"{whole[2]} if {_condition(whole[1], stop)} else {whole[3].strip()}" if whole else "X if C else Y"
        return ForeignChoice(span=span, suggestion=suggestion)
    if stop.word == "if" and stop.wants_value and stop.at > stop.first:
        parts = _IF_THEN.match(stop.text, stop.at)
        suggestion = f"{parts[2]} if {_condition(parts[1], stop)} else {parts[3].strip()}" if parts else "X if C else Y"
        return ForeignChoice(span=stop.here, suggestion=suggestion)
    if stop.words[-1:] == ["if"] and _THEN.match(stop.text, start):
        return ForeignChoice(span=stop.here, suggestion="X if C else Y")
    return None


def _condition(text: str, stop: Stop) -> str:
    """Return a condition, with a dollar sign before the name of a task or input."""
    match = re.match(_NAME, text)
    return f"${text}" if match and stop.knows(match[0]) else text


def function(stop: Stop) -> Diagnostic | None:
    """`lambda x: f(x)`, `x => f(x)`."""
    start = stop.before - len(stop.top_word) if stop.top_word else stop.at
    match = _LAMBDA.match(stop.text, start)
    if match:
        return _function(stop, start, match.end(), match[1] or match[2])
    arrow = stop.at - 1 if stop.found == ">" else stop.at
    if not stop.text.startswith("=>", arrow):
        return None
    before = max(0, arrow - 80)
    parameters = _PARAMETERS.search(stop.text[before:arrow])
    names = re.findall(_NAME, parameters[0]) if parameters else []
    if parameters is None or not set(names) & set(re.findall(_NAME, stop.text[arrow + 2 : arrow + 200])):
        return None
    return _function(stop, before + parameters.start(), arrow + 2, "=>")


def _function(stop: Stop, start: int, end: int, word: str) -> Diagnostic:
    """Make the diagnostic of an anonymous function between two offsets."""
    suggestion = "call a tool for each element of a list: `tool($x) for x in $xs`"
    if stop.opener in _SORTING:
        suggestion = 'name the part to compare: `by="key"`'
    return ForeignStatement(span=stop.span(start, end), word=word, suggestion=suggestion)


def spread(stop: Stop) -> Diagnostic | None:
    """`f(*args)`, `f(**kw)`, `[*a, 1]`, and `...` alone."""
    match = _SPREAD.match(stop.text, stop.at)
    dots = _DOTS.match(stop.text, stop.at)
    if not (match or dots) or not (stop.wants_value or stop.opener == "{") or not stop.opener:
        return None
    if not match:
        return Placeholder(span=stop.span(stop.at, stop.at + 3), found="...")
    suggestion = {"[": "write `+` between lists: `$a + [1]`", "{": "write each key with its value"}.get(stop.opener)
    return Spread(
        span=stop.span(*match.span()),
        found=match[1],
        suggestion=suggestion or "write each argument, as in `tool($x.a, name=$x.b)`",
    )


def braces(stop: Stop) -> Diagnostic | None:
    """`{{ x }}` as a value."""
    start = stop.at - 1 if stop.found == "{" and stop.opener == "{" else stop.at
    match = _BRACED.match(stop.text, start)
    if not match or match[1] == "{" or not match[0].endswith("}}" if match[1] == "{{" else "%}"):
        return None
    edit = Edit(stop.span(*match.span()), f"${match[2]}")
    return BadReference(span=stop.span(*match.span()), found=match[0][:40], suggestion=f"${match[2]}", edit=edit)


def sequence(stop: Stop) -> Diagnostic | None:
    """`(1, 2)`, `()`, `{"a", "b"}`, `1, 2`."""
    if stop.opener == "(" and (
        (stop.found == "," and not stop.wants_value) or (stop.found == ")" and stop.wants_value)
    ):
        return _sequence(stop, "in round brackets", ")")
    wants_key = stop.opener == "{" and "STRING" in stop.expected and "NUMBER" not in stop.expected
    is_element = wants_key and _ELEMENT.match(stop.text, stop.at) is not None
    if is_element or (stop.opener == "{" and stop.found in {",", "}"} and "COLON" in stop.expected):
        return _sequence(stop, "in braces", "}")
    if not stop.opener and stop.found == "," and not stop.wants_value and stop.kind in {"named", "numbered"}:
        return ForeignList(span=stop.here, what="a comma without brackets")
    return None


def _sequence(stop: Stop, what: str, closer: str) -> Diagnostic:
    """Make the diagnostic of values in the wrong brackets, with an edit if the closing bracket is near."""
    start = int(stop.level[0].start_pos or 0)
    text = quiet().sub(lambda match: "_" * len(match[0]), stop.text[start : start + 400])
    end = text.find(closer)
    inner = stop.text[start + 1 : start + end] if end > 0 else ""
    if end < 0 or any(sign in text[1:end] for sign in "()[]{}"):
        return ForeignList(span=stop.span(start, start + 1), what=what)
    span = stop.span(start, start + end + 1)
    shown = f"[{inner}]" if len(inner) <= 40 and "\n" not in inner else "[…]"  # noqa: PLR2004 (fits a message)
    return ForeignList(span=span, what=what, suggestion=shown, edit=Edit(span, f"[{inner}]"))
