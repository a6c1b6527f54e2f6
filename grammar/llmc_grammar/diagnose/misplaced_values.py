"""Mistakes in values: words, operators, strings side by side, steps, commas."""

import re
from typing import Final

from lark import Token

from llmc_grammar.ast import Literal, Text
from llmc_grammar.diagnose.stop import Stop
from llmc_grammar.diagnostic import Diagnostic
from llmc_grammar.errors.expressions import (
    AdjacentStrings,
    BadNumber,
    BadReference,
    BadSlice,
    BadStep,
    CallBracket,
    ColonArgument,
    ForeignOperator,
    KeyNotString,
    MissingComma,
    MissingOperand,
    NotANumber,
    Placeholder,
    UnquotedWord,
)
from llmc_grammar.mistake import Edit
from llmc_grammar.source import Span

_NAME: Final = r"[A-Za-z_][A-Za-z0-9_]*"
_FOREIGN: Final = re.compile(
    r"&&|\|\||===|!==|<>|=>|->|:=|\+\+|--|!(?!=)|=(?!=)|&|\||\^|~|\?\.|\?\?|\?"
    r"|(?:is not|is|AND|OR|NOT|IN|IF|ELSE|FOR)\b|(?:xor|div|mod|eq|ne|lt|gt|le|ge|equals|contains|when|where|unless)\b"
)
_REPLACEMENTS: Final = {
    "&&": "and", "||": "or", "===": "==", "!==": "!=", "<>": "!=", "!": "not", "=": "==", "is": "==", "is not": "!=",
    "&": "and", "|": "or", "AND": "and", "OR": "or", "NOT": "not", "IN": "in", "^": "**",
    "IF": "if", "ELSE": "else", "FOR": "for",
    "div": "//", "mod": "%", "eq": "==", "ne": "!=", "lt": "<", "gt": ">", "le": "<=", "ge": ">=", "equals": "==",
    "when": "if", "where": "if", "?.": ".",
}  # fmt: skip
_FORMS: Final = {
    "contains": "part in value", "unless": "if not …", "xor": "!=", "??": "X if X != null else Y",
    **dict.fromkeys(("=>", "->", ">>"), "name = …"),
}  # fmt: skip
"""Operators that no edit replaces, and their equivalents."""

_IN_TWO: Final = frozenset({"===", "!==", "->", "=>", "<>", ">>"})
"""Operators whose first half Lark reads as an operator of the language."""

_NO_NUMBERS: Final = {"nan", "inf", "infinity"}
_PLACEHOLDER: Final = re.compile(r"<[A-Za-z_][^<>\n]{0,80}>")
_WORDS: Final = re.compile(r"[A-Za-z_][^,()\[\]{}\"'=:#;\n]*")
_DOTTED: Final = re.compile(rf"{_NAME}(?:\.{_NAME})*(?=[ \t]*(?:$|[^ \tA-Za-z0-9_.]|(?:and|or|in|not|if|else|for)\b))")
_CONSTANTS: Final = {
    "true": "true", "false": "false", "null": "null", "none": "null", "nil": "null", "undefined": "null",
    "nullptr": "null", "nan": "null",
}  # fmt: skip
_KEY: Final = re.compile(r"([A-Za-z0-9_]+(?:[-. ][A-Za-z0-9_]+){0,8})[ \t]*(:?)")
_ARGUMENT_SIGNS: Final = frozenset({":=", "=>", "->"})
_ARGUMENT_NAME: Final = re.compile(rf"[(,][ \t]*({_NAME})[ \t]*$")
_LOOSE_NUMBER: Final = re.compile(r"[0-9][A-Za-z0-9_.]*|\.[0-9]+")
_GROUPED: Final = re.compile(r"[1-9][0-9]{0,2}(?:,[0-9]{3}){1,5}(?![0-9,])")
_BRACED: Final = re.compile(rf"\$\{{({_NAME}|[1-9][0-9]{{0,3}})\}}")
_ARGUMENT: Final = re.compile(r"[ \t]*(?:\"[^\"\n]*\"|'[^'\n]*'|\$[A-Za-z0-9_.]+|[0-9]+)")
_OPERAND: Final = re.compile(r"[A-Za-z0-9_$\"'(\[{]")
_OPERATION: Final = re.compile(r"[ \t]+(?:[-+*/%<>|&!?^~]|(?:if|else)\b)|[+*/%<>][A-Za-z0-9_$]")
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
    """A sign of a step that is followed by something else, a third bound, a bare word as a key."""
    if stop.in_step and stop.found == ":" and ":" in stop.level:
        return _third_bound(stop)
    if stop.in_step and (stop.found == "]" or (stop.word and not stop.knows(stop.word))) and stop.top == "[":
        return _bad_step(stop, stop.at if stop.found == "]" else stop.text.rfind("[", 0, stop.at))
    if not stop.has_value or stop.found not in {".", "["} or _is_number(stop.top):
        return None
    return _bad_step(stop, stop.at)


def _bad_step(stop: Stop, start: int) -> Diagnostic | None:
    """Something after a value that is not a step; `start` is the offset of its sign."""
    end = stop.text.find("]", start, start + 80) + 1
    content = stop.text[start + 1 : end - 1].strip() if end else ""
    if re.fullmatch(_NAME, content) and stop.text[start] == "[":
        span = stop.span(start, end)
        return BadStep(span=span, suggestion=f"write `.{content}` for the key", edit=Edit(span, f".{content}"))
    return None if stop.word else BadStep(span=stop.span(start, start + 1))


def _third_bound(stop: Stop) -> Diagnostic:
    """`$x[1:2:3]`, `$x[::-1]`."""
    opening = stop.text.rfind("[", 0, stop.at)
    end = stop.text.find("]", stop.at, stop.at + 80) + 1
    step, bounds = stop.text[stop.at + 1 : end - 1].strip(), stop.text[opening:end].replace(" ", "")
    if bounds == "[::-1]":
        suggestion, edit = "write `reversed($xs)` for the reverse order", None
    else:
        is_one = end and step in {"", "1"} and bounds[1:2] != ":"
        edit = Edit(stop.span(stop.at, end - 1), "") if is_one else None
        suggestion = "delete the third bound"
    span = stop.span(stop.at, end - 1 if end else stop.at + 1)
    return BadSlice(span=span, bounds="no third bound", suggestion=suggestion, edit=edit)


def _is_number(top: object) -> bool:
    """Whether a number was read last."""
    return isinstance(top, Literal) or (isinstance(top, Token) and top.type == "NUMBER")


def references(stop: Stop) -> Diagnostic | None:
    """A `$` that does not begin a reference, or a reference with letters directly after it."""
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
    number = _intended_number(found)
    return BadNumber(span=span, found=found[:40], suggestion=number, edit=Edit(span, number) if number else None)


def grouped(stop: Stop) -> Diagnostic | None:
    """`1,000`."""
    if stop.found != "," or not _is_number(stop.top) or stop.opener:
        return None
    start = len(stop.text[: stop.at].rstrip("0123456789"))
    match = _GROUPED.match(stop.text, start)
    if not match:
        return None
    span, number = stop.span(*match.span()), match[0].replace(",", "")
    return BadNumber(span=span, found=match[0], suggestion=number, edit=Edit(span, number))


def _intended_number(number: str) -> str | None:
    """Return the number that was meant, if it is clear."""
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
    """`name: value`, `"name": value`, `name => value` in a call."""
    if not stop.in_call or stop.at_end:
        return None
    offset = stop.at - 1 if stop.found == ">" else stop.at
    two = stop.text[offset : offset + 2]
    sign = two if two in _ARGUMENT_SIGNS else stop.found
    before = stop.text[:offset].rstrip()
    name, start = stop.top_word, len(before)
    if not name and isinstance(stop.top, Token) and stop.top.type == "STRING":
        name, start = str(stop.top)[1:-1], len(before) - len(str(stop.top))
    elif not name and isinstance(stop.top, Text) and before[-1:] in {'"', "'"}:
        start = stop.top.span.start - stop.reading.base
        name = before[start + 1 : -1]
    elif not name and sign in _ARGUMENT_SIGNS:
        name = _named_before(stop, offset)
    is_sign = sign in _ARGUMENT_SIGNS or sign == ":" or (sign == "=" and start < len(before))
    if not is_sign or not re.fullmatch(_NAME, name):
        return None
    end = offset + len(sign)
    end += len(stop.text[end:]) - len(stop.text[end:].lstrip(" \t"))
    edit = None if stop.is_apart else Edit(stop.span(start, end), "=" if start == len(before) else f"{name}=")
    return ColonArgument(span=stop.span(offset, offset + len(sign)), name=name, found=sign, edit=edit)


def _named_before(stop: Stop, end: int) -> str:
    """Return the bare word that ends before an offset, if it begins an argument."""
    match = _ARGUMENT_NAME.search(stop.text[max(0, end - 80) : end])
    return match[1] if match else ""


def key(stop: Stop) -> Diagnostic | None:
    """`{name: value}`."""
    if stop.opener != "{" or "STRING" not in stop.expected or "NUMBER" in stop.expected:
        return None
    if stop.found.startswith("$"):
        return KeyNotString(span=stop.here, suggestion='"name"')
    match = _KEY.match(stop.text, stop.at)
    if not match:
        return None
    span, suggestion = stop.span(*match.span(1)), f'"{match[1]}"'
    return KeyNotString(span=span, suggestion=suggestion, edit=Edit(span, suggestion) if match[2] else None)


def operator(stop: Stop) -> Diagnostic | None:
    """`&&`, `||`, `!`, `===`, `=` and others."""
    glued = isinstance(stop.top, Token) and stop.before == stop.at
    whole = f"{stop.top}{stop.found}" if glued else ""
    if whole in _IN_TWO:
        return _foreign(stop, stop.at - len(stop.top), whole)
    match = _FOREIGN.match(stop.text, stop.at)
    if not match or stop.at_end or (match[0] == "=" and stop.top_word):
        return None
    if not stop.has_value and match[0] not in {"!", "NOT", "~", "?", "++"}:
        return None
    return _foreign(stop, stop.at, match[0])


def _foreign(stop: Stop, start: int, symbol: str) -> Diagnostic:
    """Make the diagnostic of a foreign operator."""
    end = start + len(symbol)
    written = _REPLACEMENTS.get(symbol)
    if symbol == "&" and (isinstance(stop.top, Text) or str(stop.top)[-1:] in {'"', "'"}):
        written = "+"
    span = stop.span(start, end)
    is_glued = written is not None and written.isalpha() and stop.text[end : end + 1] not in {" ", "\t"}
    edit = Edit(span, f"{written} " if is_glued else written) if written else None
    return ForeignOperator(span=span, found=symbol, suggestion=written or _FORMS.get(symbol), edit=edit)


def missing_operand(stop: Stop) -> Diagnostic | None:
    """`1 +` without a right operand."""
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
    if stop.text[end : end + 1] == "[":
        return None
    if rest.startswith("("):
        return CallBracket(span=stop.span(start, end), what="a space after it", suggestion=f"{name}(…)", edit=gap)
    if stop.opener or stop.knows(name) or (stop.kind == "named" and rest[:1] not in {'"', "'", "$"}):
        return None
    if rest and rest[0] not in "#\r\n\"'$[{0123456789":
        return None
    return _without_bracket(stop, start, end)


def _without_bracket(stop: Stop, start: int, end: int) -> Diagnostic:
    """`1. search`, `search "x"`."""
    name, rest = stop.text[start:end], stop.text[end:]
    code = rest if "#" in rest or "\n" in rest else rest.rstrip(" \t\r;")
    argument = _ARGUMENT.fullmatch(code)
    edit = None
    if not rest.strip() or rest.lstrip()[0] == "#":
        edit = Edit(stop.span(end, end), "()")
    elif argument:
        edit = Edit(stop.span(end, end + len(code)), f"({code.lstrip()})")
    shown = "()" if edit and not argument else f"({code.strip()})" if argument and len(code) <= 40 else "(…)"  # noqa: PLR2004
    return CallBracket(span=stop.span(start, end), what="no bracket", suggestion=f"{name}{shown}", edit=edit)


def unquoted_word(stop: Stop) -> Diagnostic | None:
    """One or more bare words where a value is expected."""
    start = stop.at
    if _ends_string(stop):
        return UnquotedWord(span=stop.here, word=stop.word, suggestion='`\\"` for a quote inside a string')
    if stop.top_word and not stop.wants_value:
        start = stop.before - len(stop.top_word)
    elif not (stop.word and stop.wants_value) or stop.word in _OPERATOR_WORDS:
        return None
    match = _WORDS.match(stop.text, start)
    words = match[0].rstrip() if match else ""
    if not words:
        return None
    name = _DOTTED.match(stop.text, start)
    if name and stop.knows(name[0].split(".")[0]):
        return _missing_dollar(stop, start, name[0])
    if name and _OPERATION.match(words, len(name[0])):
        words = name[0]
    words = words if len(words) <= 200 else words.split()[0][:200]  # noqa: PLR2004 (fits a message)
    return _bare_words(stop, start, words)


def _ends_string(stop: Stop) -> bool:
    """Whether a word directly follows a string, which a quote has ended too early."""
    top = stop.top
    is_text = isinstance(top, Text) or (isinstance(top, Token) and top.type == "STRING")
    return is_text and bool(stop.word) and stop.before == stop.at


def _missing_dollar(stop: Stop, start: int, name: str) -> Diagnostic:
    """Make the diagnostic of the name of an input or task without its dollar sign."""
    span, short = stop.span(start, start + len(name)), name[:80]
    suggestion = f"`${short}` for its value"
    return UnquotedWord(span=span, word=short, suggestion=suggestion, edit=Edit(stop.span(start, start), "$"))


def _bare_words(stop: Stop, start: int, words: str) -> Diagnostic:
    """Words that are a text, a constant of another language, or a reference."""
    span = stop.span(start, start + len(words))
    ends = stop.text[start + len(words) :].lstrip()[:1] in {"", ",", ")", "]", "}", "#"}
    constant = _CONSTANTS.get(words.lower())
    if constant:
        return UnquotedWord(span=span, word=words, suggestion=f"`{constant}`", edit=Edit(span, constant))
    if start == stop.first and " " in words and stop.kind == "bare" and stop.text[start + len(words) :][:1] != "(":
        edit = Edit(stop.span(start, start), "# ")
        return UnquotedWord(span=span, word=words, suggestion="`#` before a comment", edit=edit, is_guess=True)
    if stop.text[start + len(words) :][:1] == "(" and re.fullmatch(rf"{_NAME}(?:-{_NAME})+", words):
        name = words.replace("-", "_")
        suggestion = f"`{name}(…)`, since a name has no hyphens"
        return UnquotedWord(span=span, word=words, suggestion=suggestion, edit=Edit(span, name), is_guess=True)
    is_name = re.fullmatch(rf"{_NAME}(?:\.{_NAME})*", words)
    reference = f", or `${words}` for a value" if is_name else ""
    quoted = '"' + words.replace("\\", "\\\\") + '"'
    return UnquotedWord(
        span=span,
        word=words,
        suggestion=f'`"{words}"` for the text{reference}',
        edit=Edit(span, quoted) if ends else None,
        is_guess=True,
    )


def missing_comma(stop: Stop) -> Diagnostic | None:
    """Two values side by side in brackets."""
    if not stop.has_value or "COMMA" not in stop.possible or stop.word in _OPERATOR_WORDS or stop.at_end:
        return None
    if stop.in_step or not _OPERAND.match(stop.text, stop.at):
        return None
    gap = Span(stop.reading.base + stop.before, stop.reading.base + stop.before)
    return MissingComma(span=stop.here, edit=Edit(gap, ","))
