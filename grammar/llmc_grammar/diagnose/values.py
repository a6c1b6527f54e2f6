"""Mistakes in values: words, operators, strings side by side, steps, commas."""

import re
from typing import Final

from lark import Token

from llmc_grammar.ast import Call, List, Literal, Map, Text
from llmc_grammar.diagnose.stop import Stop
from llmc_grammar.diagnostic import Diagnostic, Edit
from llmc_grammar.errors.expressions import (
    AdjacentStrings,
    BadNumber,
    BadReference,
    BadStep,
    CallBracket,
    ColonArgument,
    ForeignOperator,
    KeyNotString,
    LooseStep,
    MissingComma,
    MissingOperand,
    NotANumber,
    Placeholder,
    StepOnValue,
    UnquotedWord,
)
from llmc_grammar.source import Span

_NAME: Final = r"[A-Za-z_][A-Za-z0-9_]*"
_FOREIGN: Final = re.compile(
    r"&&|\|\||===|!==|<>|=>|->|:=|\+\+|--|!(?!=)|=(?!=)|&|\||\^|~|\?|is not\b|is\b|AND\b|OR\b|NOT\b|IN\b|xor\b"
)
_REPLACEMENTS: Final = {
    "&&": "and", "||": "or", "===": "==", "!==": "!=", "<>": "!=", "!": "not", "=": "==", "is": "==", "is not": "!=",
    "&": "and", "|": "or", "AND": "and", "OR": "or", "NOT": "not", "IN": "in", "^": "**",
}  # fmt: skip
_IN_TWO: Final = frozenset({"===", "!==", "->", "=>", "<>"})
"""Operators of which Lark takes the first half for one of ours."""

_NO_NUMBERS: Final = {"nan", "inf", "infinity"}
_PLACEHOLDER: Final = re.compile(r"<[A-Za-z_][^<>\n]{0,80}>")
_STEP: Final = re.compile(rf"\.{_NAME}|\[-?[0-9]+\]|\[\"[^\"\n]*\"\]|\['[^'\n]*'\]")
_WORDS: Final = re.compile(r"[A-Za-z_][^,()\[\]{}\"'=:#\n]*")
_LOOSE_NUMBER: Final = re.compile(r"[0-9][A-Za-z0-9_.]*|\.[0-9]+")
_BRACED: Final = re.compile(rf"\$\{{({_NAME}|[1-9][0-9]{{0,3}})\}}")
_OPERAND: Final = re.compile(r"[A-Za-z0-9_$\"'(\[{]")
_OPERATOR_WORDS: Final = frozenset({"and", "or", "not", "in", "if", "else", "for"})


def adjacent_strings(stop: Stop) -> Diagnostic | None:
    """`"a" "b"`."""
    top = stop.top
    is_text = isinstance(top, Text) or (isinstance(top, Token) and top.type == "STRING")
    if not is_text or stop.found not in {'"', "'"}:
        return None
    edit = Edit(stop.span(stop.before, stop.at), " + ")
    if stop.is_apart:
        edit = Edit(stop.span(stop.before, stop.before), " +")
    return AdjacentStrings(span=stop.here, edit=edit)


def steps(stop: Stop) -> Diagnostic | None:
    """A step where none can stand."""
    if not stop.has_value or stop.found not in {".", "["}:
        return None
    if isinstance(stop.top, Token) and stop.top.type == "REF":
        return _step_on_reference(stop)
    match = _STEP.match(stop.text, stop.at)
    if not match or _is_number(stop.top):
        return None
    return StepOnValue(span=stop.span(*match.span()), what=_what(stop), step=match[0])


def _step_on_reference(stop: Stop) -> Diagnostic:
    """Something behind a reference that is no step, or a step behind a blank."""
    match = _STEP.match(stop.text, stop.at)
    if match and stop.before < stop.at:
        edit = None if stop.is_apart else Edit(stop.span(stop.before, stop.at), "")
        return LooseStep(span=stop.span(*match.span()), edit=edit)
    end = stop.text.find("]", stop.at, stop.at + 80) + 1 if stop.found == "[" else 0
    content = stop.text[stop.at + 1 : end - 1] if end else ""
    if re.fullmatch(_NAME, content):
        span = stop.span(stop.at, end)
        return BadStep(span=span, suggestion=f"write `.{content}` for the key", edit=Edit(span, f".{content}"))
    return BadStep(span=stop.span(stop.at, end or stop.at + 1))


def _is_number(top: object) -> bool:
    """Whether a number was read last."""
    return isinstance(top, Literal) or (isinstance(top, Token) and top.type == "NUMBER")


def _what(stop: Stop) -> str:
    """The kind of value that was read last."""
    top = stop.top
    if isinstance(top, Token) and top[-1] == ")":
        return "an expression" if stop.closes in {"(", "not("} else "a call"
    kinds = {"]": "a list", "}": "a mapping", '"': "a text", "'": "a text"}
    words = {Call: "a call", List: "a list", Map: "a mapping", Text: "a text"}
    return kinds.get(top[-1], "a literal") if isinstance(top, Token) else words.get(type(top), "a value")


def references(stop: Stop) -> Diagnostic | None:
    """A `$` that begins no reference, or one with letters glued to it."""
    if stop.text[stop.at : stop.at + 1] == "$" and not stop.at_end:
        braced = _BRACED.match(stop.text, stop.at)
        if braced:
            span = stop.span(*braced.span())
            return BadReference(
                span=span, found=braced[0], suggestion=f"${braced[1]}", edit=Edit(span, f"${braced[1]}")
            )
        return None if not stop.wants_value else BadReference(span=stop.here, found=stop.found)
    top = stop.top
    if isinstance(top, Token) and top.type == "REF" and stop.word and stop.before == stop.at:
        found = f"{top}{stop.word}"
        return BadReference(span=stop.span(stop.at - len(top), stop.at + len(stop.word)), found=found)
    return None


def numbers(stop: Stop) -> Diagnostic | None:
    """`.5`, `5.`, `5m`, `1_000`, `0x1f`, `nan`."""
    if stop.word.lower() in _NO_NUMBERS and stop.wants_value:
        return NotANumber(span=stop.here, found=stop.word)
    if stop.top_word.lower() in _NO_NUMBERS:
        start = stop.before - len(stop.top_word)
        return NotANumber(span=stop.span(start, stop.before), found=stop.top_word)
    glued = _is_number(stop.top) and stop.before == stop.at and (stop.word or stop.found == ".")
    if not glued and not re.match(r"\.[0-9]", stop.text[stop.at : stop.at + 2]):
        return None
    start = stop.at
    while glued and start and (stop.text[start - 1].isalnum() or stop.text[start - 1] in "_."):
        start -= 1
    match = _LOOSE_NUMBER.match(stop.text, start)
    if not match:
        return None
    span, found = stop.span(*match.span()), match[0]
    mended = _mended(found)
    return BadNumber(span=span, found=found[:40], suggestion=mended, edit=Edit(span, mended) if mended else None)


def _mended(number: str) -> str | None:
    """The number that was meant, where that is plain."""
    if re.fullmatch(r"\.[0-9]{1,40}", number):
        return f"0{number}"
    if re.fullmatch(r"[0-9]{1,40}\.", number):
        return f"{number}0"
    if re.fullmatch(r"[1-9][0-9]{0,2}(_[0-9]{3}){1,5}", number):
        return number.replace("_", "")
    return None


def placeholder(stop: Stop) -> Diagnostic | None:
    """`<best flight>`."""
    match = _PLACEHOLDER.match(stop.text, stop.at)
    if not match or not stop.wants_value:
        return None
    return Placeholder(span=stop.span(*match.span()), found=match[0])


def colon(stop: Stop) -> Diagnostic | None:
    """`name: value` in a call."""
    if stop.found != ":" or not stop.top_word or not stop.in_call:
        return None
    end = stop.at + 1
    while stop.text[end : end + 1] in {" ", "\t"}:
        end += 1
    edit = None if stop.is_apart else Edit(stop.span(stop.before, end), "=")
    return ColonArgument(span=stop.here, name=stop.top_word, edit=edit)


def key(stop: Stop) -> Diagnostic | None:
    """`{name: value}`."""
    if stop.opener != "{" or "STRING" not in stop.expected or "NUMBER" in stop.expected or not stop.found.isalnum():
        return None
    suggestion = f'"{stop.found}"'
    return KeyNotString(span=stop.here, suggestion=suggestion, edit=Edit(stop.here, suggestion))


def operator(stop: Stop) -> Diagnostic | None:
    """`&&`, `||`, `!`, `===`, `=` and others."""
    glued = isinstance(stop.top, Token) and stop.before == stop.at
    whole = f"{stop.top}{stop.found}" if glued else ""
    if whole in _IN_TWO:
        span, suggestion = stop.span(stop.at - len(stop.top), stop.at + len(stop.found)), _REPLACEMENTS.get(whole)
        edit = Edit(span, suggestion) if suggestion else None
        return ForeignOperator(span=span, found=whole, suggestion=suggestion, edit=edit)
    match = _FOREIGN.match(stop.text, stop.at)
    if not match or stop.at_end or (match[0] == "=" and stop.top_word):
        return None
    if not stop.has_value and match[0] not in {"!", "NOT", "~", "?", "++", "&", "|", "^"}:
        return None
    suggestion = _REPLACEMENTS.get(match[0])
    span = stop.span(*match.span())
    end = "" if stop.text[match.end() : match.end() + 1] in {" ", "\t"} or match[0] != "!" else " "
    return ForeignOperator(
        span=span, found=match[0], suggestion=suggestion, edit=Edit(span, suggestion + end) if suggestion else None
    )


def missing_operand(stop: Stop) -> Diagnostic | None:
    """`1 +` and nothing behind it."""
    top = stop.top
    if not isinstance(top, Token) or not stop.wants_value or not (stop.at_end or stop.found in {")", "]", "}", ","}):
        return None
    if top[-1] in "([{,:." or (top[-1] == "=" and top.type == "NAMED"):
        return None
    return MissingOperand(span=stop.span(stop.before - len(top), stop.before), op=str(top))


def call_bracket(stop: Stop) -> Diagnostic | None:
    """`search ("x")`, `1. search`."""
    word, start = stop.word, stop.at
    if stop.top_word and stop.found == "(":
        word, start = stop.top_word, stop.before - len(stop.top_word)
    if not word or word in _OPERATOR_WORDS or not (stop.wants_value or start != stop.at):
        return None
    end = start + len(word)
    dotted = re.compile(rf"(?:\.{_NAME})*").match(stop.text, end)
    end = dotted.end() if dotted else end
    rest = stop.text[end:].lstrip(" \t")
    name = stop.text[start:end]
    gap = Edit(stop.span(end, len(stop.text) - len(rest)), "")
    if rest.startswith("("):
        return CallBracket(span=stop.span(start, end), what="a blank behind it", suggestion=f"{name}(…)", edit=gap)
    if stop.opener or stop.kind == "named" or (rest and rest[0] not in "#\r\n\"'$[{0123456789"):
        return None
    add = Edit(stop.span(end, end), "()") if not rest or rest[0] in "#\r\n" else None
    suggestion = f"{name}()" if add else f"{name}(…)"
    return CallBracket(span=stop.span(start, end), what="no bracket", suggestion=suggestion, edit=add)


def unquoted_word(stop: Stop) -> Diagnostic | None:
    """A word, or several, where a value is due."""
    start = stop.at
    if stop.top_word and not stop.wants_value:
        start = stop.before - len(stop.top_word)
    elif not (stop.word and stop.wants_value) or stop.word in _OPERATOR_WORDS:
        return None
    match = _WORDS.match(stop.text, start)
    words = match[0].rstrip() if match else ""
    if not words:
        return None
    words = words if len(words) <= 200 else words.split()[0][:200]  # noqa: PLR2004 (what fits a message)
    span = stop.span(start, start + len(words))
    reference = f", or `${words}` for a value" if re.fullmatch(_NAME, words) else ""
    quoted = '"' + words.replace("\\", "\\\\") + '"'
    ends = stop.text[start + len(words) :].lstrip()[:1] in {"", ",", ")", "]", "}", "#"}
    return UnquotedWord(span=span, word=words, reference=reference, edit=Edit(span, quoted) if ends else None)


def missing_comma(stop: Stop) -> Diagnostic | None:
    """Two values side by side in brackets."""
    if not stop.has_value or "COMMA" not in stop.possible or stop.word in _OPERATOR_WORDS or stop.at_end:
        return None
    if not _OPERAND.match(stop.text, stop.at):
        return None
    place = Span(stop.reading.base + stop.before, stop.reading.base + stop.before)
    return MissingComma(span=stop.here, edit=Edit(place, ","))
