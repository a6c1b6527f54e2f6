"""Whole statements of other languages: comments, imports, definitions, blocks, semicolons."""

import re
from typing import Final

from llmc_grammar.diagnose.stop import Stop
from llmc_grammar.diagnostic import Diagnostic
from llmc_grammar.errors.foreign import ForeignBlock, ForeignComment, ForeignStatement, LooseOption, StatementEnd
from llmc_grammar.lazy_pattern import lazy_pattern
from llmc_grammar.mistake import Edit

_NAME: Final = r"[A-Za-z_][A-Za-z0-9_]*"
_COMMENT: Final = lazy_pattern(r"[ \t]*(//+|/\*+|\*+/|<!--|--|;+)")
_TAIL: Final = lazy_pattern(rf"(//|--|/\*)[ \t]*({_NAME})")
_HEAD: Final = lazy_pattern(
    r"[ \t}]*(?:[0-9]+\.[ \t]+)?(?:(?:async|export|public|static|pub)[ \t]+(?=[a-z]))?([A-Za-z]+)(?![A-Za-z0-9_])"
)
_USE: Final = 'name a file of tools at the top: `use "tools.py"`'
_TOOLS: Final = 'write tools in a Python file, then name it at the top: `use "tools.py"`'
_LEAVE_OUT: Final = "delete the line"
_FAIL: Final = "guard a task instead, as in `tool(…) if $x != null`"
_CATCH: Final = "give the call a fallback: `tool(…) @fallback(null)`"
_LOOP: Final = "call a tool for each element of a list: `tool($x) for x in $xs`"
_CHOOSE: Final = "give each call a condition, as in `tool(…) if $x == 1`"
_STATEMENTS: Final = {
    **dict.fromkeys(("import", "from", "include", "require", "using"), _USE),
    **dict.fromkeys(("def", "class", "function", "func", "fn", "fun", "struct", "lambda"), _TOOLS),
    **dict.fromkeys(("assert", "raise", "throw"), _FAIL),
    **dict.fromkeys(("del", "global", "nonlocal"), _LEAVE_OUT),
    **dict.fromkeys(("while", "until", "break", "continue", "repeat"), _LOOP),
    **dict.fromkeys(("print", "echo"), "end the plan with `join(…)`: its value is printed"),
}
_BLOCKS: Final = {
    **dict.fromkeys(("try", "except", "catch", "finally", "rescue", "ensure"), _CATCH),
    **dict.fromkeys(("match", "switch", "case", "default"), _CHOOSE),
    **dict.fromkeys(("loop", "do"), _LOOP),
    **dict.fromkeys(("with", "begin", "main"), "write the calls without a block, one per line"),
    "else": "repeat the condition with `not`, as in `tool(…) if not $x`",
}
"""Words that begin a block if a colon or a brace follows; elsewhere they may be names of tools."""

_ALONE: Final = frozenset({"pass", "end", "done", "fi", "endif", "endfor", "begin", "break", "continue", "return"})
_CONDITIONS: Final = frozenset({"if", "elif", "elsif", "elseif", "unless"})
_LOOPS: Final = frozenset({"for", "foreach"})
_HEADS: Final = frozenset({*_STATEMENTS, *_BLOCKS, *_CONDITIONS, *_LOOPS})
_COLON: Final = frozenset({"try", "except", "catch", "finally", "else", "begin", "default"})
_FOLLOWING: Final = frozenset({"else", "elif", "elsif", "except", "finally", "catch", "case", "default"})
_OPENS: Final = lazy_pattern(r":(?=[ \t\r\n]|$)|\{")
_BRACKETS: Final = lazy_pattern(r"\)[ \t]*(?::|\{|->)")
_SOURCE: Final = lazy_pattern(
    rf"(?i:for(?:each)?)[ \t]*\(?[ \t]*(?:(?:const|let|var)[ \t]+)?({_NAME})[ \t]+(?i:in|of)[ \t]+([^:{{\n]{{1,60}})"
)
_CONDITION: Final = lazy_pattern(r"\w+[ \t]*([^\n{:]{1,60})")
_BEHIND: Final = lazy_pattern(rf"(?i:[ \t;]+(?:do|then))\b|(?<=[\])])[ \t]+(?={_NAME}\()")
_RESULT: Final = lazy_pattern(rf"return[ \t]+\$?({_NAME}|[0-9]{{1,4}})[ \t;]*$")
_DECORATOR: Final = lazy_pattern(rf"[ \t]*(@({_NAME})[^\n]*)")
_COMMA: Final = lazy_pattern(r"[,;][ \t]*(?=@)")
_OPTIONS: Final = frozenset({"timeout", "retry", "fallback"})
_BARE: Final = lazy_pattern(rf"{_NAME}(?=[ \t]*(?:$|[<>=!+*/%.\[-]))")
_CONSTANTS: Final = frozenset({"True", "False", "None", "true", "false", "null", "not"})


def comment(stop: Stop) -> Diagnostic | None:
    """`// …`, `-- …`, `/* … */` before a line or after a value."""
    match = _COMMENT.match(stop.text)
    if match:
        span = stop.span(*match.span(1))
        is_whole = match[1][0] in "/-;" and "*" not in match[1]
        return ForeignComment(span=span, found=match[1], edit=Edit(span, "#") if is_whole else None)
    if stop.opener:
        return None
    for start in (stop.before - 2, stop.before - 1, stop.at):
        tail = _TAIL.match(stop.text, start) if start > 0 else None
        if tail and stop.text[:start].strip() and not stop.knows(tail[2]):
            span = stop.span(*tail.span(1))
            edit = Edit(span, "#") if tail[1] != "/*" else None
            return ForeignComment(span=span, found=tail[1], edit=edit, is_guess=True)
    return None


def statement(stop: Stop) -> Diagnostic | None:
    """`import x`, `def f():`, `for x in xs:`, `return x` and others."""
    match = _HEAD.match(stop.text)
    if not match or stop.kind not in {"bare", "numbered"}:
        return None
    word, rest, span = _word(match), stop.text[match.end() :], stop.span(*match.span(1))
    if rest.startswith(".") or (rest.startswith("(") and not _BRACKETS.search(rest) and word not in {"if", "for"}):
        return None
    if word in _CONDITIONS or word in _LOOPS:
        suggestion = _condition(match, stop.text) if word in _CONDITIONS else _loop(match, stop.text)
        shown = "for" if word in _LOOPS else "if"
        return ForeignBlock(span=span, word=shown, suggestion=suggestion)
    replacement = _replacement(word, rest, stop.text[match.start(1) :])
    return ForeignStatement(span=span, word=word, suggestion=replacement) if replacement else None


def _word(match: re.Match[str]) -> str:
    """Return the first word of a statement; `IF` becomes `if`."""
    return match[1].lower() if match[1].isupper() else match[1]


def _replacement(word: str, rest: str, text: str) -> str | None:
    """Return the replacement of a foreign statement or block that begins with a word."""
    tail = rest.strip(" \t\r;")
    if word in _ALONE and (not tail or tail in _HEADS):
        return _LEAVE_OUT
    if word == "return":
        return _join(text)
    if tail.startswith(":") and word not in _COLON:
        return None
    return _STATEMENTS.get(word) or (_BLOCKS.get(word) if _OPENS.search(rest) else None)


def _join(text: str) -> str:
    """Return the replacement of `return …`."""
    if text.removeprefix("return").lstrip().startswith("join("):
        return "delete `return`"
    match = _RESULT.match(text)
    return f"end the plan with `join({f'${match[1]}' if match else '…'})`"


def _loop(match: re.Match[str], text: str) -> str:
    """Return the replacement of `for x in xs:`."""
    loop = _SOURCE.match(text, match.start(1))
    if not loop:
        return _LOOP
    return f"write `tool(${loop[1]}) for {loop[1]} in {_value(loop[2])}`, one line per call"


def _condition(match: re.Match[str], text: str) -> str:
    """Return the replacement of `if x:`."""
    written = _CONDITION.match(text, match.start(1))
    condition = _value(written[1]) if written else "C"
    negated = f"not {condition}" if _word(match) == "unless" else condition
    return f"write `tool(…) if {negated}`, one line per call"


def _value(text: str) -> str:
    """Return a value of another language, with the dollar sign of a reference."""
    text = _BEHIND.split(text.strip(), maxsplit=1)[0].strip()
    if text.count(")") > text.count("("):
        text = text.removesuffix(")").rstrip()
    if text.startswith("(") and text.endswith(")") and "(" not in text[1:]:
        text = text[1:-1].strip()
    match = _BARE.match(text)
    return f"${text}" if match and match[0] not in _CONSTANTS else text


def opens_block(text: str) -> bool:
    """Whether a refused statement is the head of a block of indented lines."""
    line = text.split("\n", 1)[0]
    match = _HEAD.match(line)
    if line.rstrip().endswith("\\") or (match and _word(match) in _CONDITIONS | _LOOPS):
        return True
    if match and _word(match) in _HEADS:
        return _OPENS.search(line, match.end()) is not None
    decorator = _DECORATOR.match(line)
    return decorator is not None and decorator[2] not in _OPTIONS


def continues_block(text: str) -> bool:
    """Whether a line continues or ends the block above it, as `else:` and `end` do."""
    match = _HEAD.match(text)
    if match is None:
        return False
    is_end = _word(match) in _ALONE and not text[match.end() :].strip(" \t\r;")
    return is_end or (_word(match) in _FOLLOWING and _OPENS.search(text, match.end()) is not None)


def is_definition(text: str) -> bool:
    """Whether a line is the head of a function or a class."""
    match = _HEAD.match(text)
    return match is not None and _STATEMENTS.get(_word(match)) == _TOOLS


def semicolon(stop: Stop) -> Diagnostic | None:
    """`a = 5; b = 6`, and a colon or semicolon at the end of a line."""
    if stop.opener or stop.found not in {";", ":", "\\"}:
        return None
    end = stop.at + 1
    rest = stop.text[end:].lstrip(" \t\r;")
    span = stop.span(stop.at, end)
    if stop.found == "\\" and "\n" not in rest:
        suggestion = "put a value that spans several lines in brackets"
        return None if rest else StatementEnd(span=span, found="\\", suggestion=suggestion)
    if not rest or rest[0] == "#":
        return StatementEnd(span=span, found=stop.found, suggestion="delete it", edit=Edit(span, ""))
    if stop.found != ";":
        return None
    gap = len(stop.text) - len(rest)
    return StatementEnd(
        span=span, found=";", suggestion="begin a new line", edit=Edit(stop.span(stop.before, gap), "\n")
    )


def option(stop: Stop) -> Diagnostic | None:
    """`@retry(2)` before a call, `retry(2)` after one."""
    match = _DECORATOR.match(stop.text)
    if match and match[2] in _OPTIONS:
        span = stop.span(*match.span(1))
        short = match[1].split(")")[0][:40] + (")" if ")" in match[1] else "")
        return LooseOption(span=span, what="before a call", suggestion=f"tool(…) {short}")
    if match:
        return ForeignStatement(span=stop.span(*match.span(1)), word=f"@{match[2]}", suggestion=_TOOLS)
    comma = _COMMA.match(stop.text, stop.at)
    if comma and not stop.opener:
        edit = Edit(stop.span(stop.at, comma.end()), " ")
        return LooseOption(span=stop.here, what="a comma", suggestion="@retry(2) @timeout(5s)", edit=edit)
    if stop.opener or stop.word not in _OPTIONS or not stop.has_value:
        return None
    edit = Edit(stop.span(stop.at, stop.at), "@")
    return LooseOption(span=stop.here, what="no `@`", suggestion=f"@{stop.word}(…)", edit=edit)
