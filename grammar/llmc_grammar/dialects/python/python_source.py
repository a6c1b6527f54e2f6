"""Finds Python in a model's text and parses it, with the offsets of its nodes.

Brackets are counted before Python's parser runs, so that deep nesting cannot crash it. A backslash that does not begin
an escape makes every backslash of its string text, as in the plan language. Such backslashes are replaced, until the
string is read, by a character that the text does not contain, so that offsets do not change.
"""

import ast
import re
import warnings
from bisect import bisect_left
from dataclasses import field
from itertools import accumulate
from typing import Final

from llmc_grammar.bounds import Bounds
from llmc_grammar.dialects.form import Target
from llmc_grammar.frozen_data import frozen
from llmc_grammar.source import Span
from llmc_grammar.tool_marks import OPENING, mark_of

_KINDS: Final = frozenset(["", "py", "python", "python3", "tool", "tool_call", "tool_calls", "tool_code"])
_FENCE: Final = re.compile(r"[ \t]*(```+|~~~+)[ \t]*([\w]*)[ \t]*\r?\n?")
_MARK: Final = re.compile(rf"^[ \t]*({OPENING.pattern})", re.MULTILINE)
_WITH_NAMES: Final = ("<function=", "<invoke ")
_LAST_MARK: Final = re.compile(r"<\|[a-z_]{1,20}\|>\s*\Z")
_LINE: Final = re.compile(r"[^\n]*\n|[^\n]+")
_STRAY: Final = re.compile(r"\r(?!\n)|[\x00\x0c]")
_TOKEN: Final = re.compile(
    r"#[^\n]*|(?P<bracket>[()\[\]{}])|(?P<prefix>(?<![A-Za-z0-9_])[A-Za-z]{1,2}|)(?:"
    r"(?P<long>\"{3}[^\"\\]*(?:(?:\\[\s\S]|\"(?!\"\"))[^\"\\]*)*\"{3}|'{3}[^'\\]*(?:(?:\\[\s\S]|'(?!''))[^'\\]*)*'{3})|"
    r"(?P<open>\"{3}|'{3})|"
    r"(?P<short>\"[^\"\\\n]*(?:\\[\s\S][^\"\\\n]*)*\"|'[^'\\\n]*(?:\\[\s\S][^'\\\n]*)*')|(?P<quote>[\"']))"
)
_CLOSERS: Final = {"(": ")", "[": "]", "{": "}"}
_ESCAPE: Final = re.compile(
    r"\\(?:u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}|x[0-9a-fA-F]{2}|N\{[^}\n]+\}|\r\n|[nrt\\\"'\n])|(\\)"
)
_BACKSLASH: Final = re.compile(r"\\(?:[\\\"\n]|(\r\n|[\s\S]))")
_NUMBERED: Final = re.compile(r"[0-9]+\.\s")
"""The number of a task, which Python would read as part of the call."""

_PRIVATE: Final = range(0xE000, 0xF900)


@frozen
class Code:
    """A parsed stretch of Python; `stand_in` replaces backslashes in strings, `kept` are the strings with one."""

    body: list[ast.stmt]
    base: int
    stand_in: str
    kept: list[Span]
    _lines: list[str]
    _starts: list[int]
    _columns: dict[int, list[int]] = field(default_factory=dict)

    def span(self, node: ast.expr | ast.stmt | ast.keyword) -> Span:
        """Return the span of a node in the text."""
        end = node.end_lineno or node.lineno, node.end_col_offset or node.col_offset
        return Span(self._offset(node.lineno, node.col_offset), self._offset(*end))

    def is_zeros(self, node: ast.Constant) -> bool:
        """Whether a number is several zeros, as in `f(1,000)`, where it continues a number."""
        return node.value == 0 and (node.end_col_offset or 0) - node.col_offset > 1

    def _offset(self, line: int, column: int) -> int:
        """Return the offset for a line, counted from 1, and a column in bytes."""
        row = min(line, len(self._lines)) - 1
        text = self._lines[row]
        if not text.isascii():
            if row not in self._columns:
                self._columns[row] = [0, *accumulate(len(each.encode("utf-8", "surrogatepass")) for each in text)]
            column = bisect_left(self._columns[row], column)
        return self.base + self._starts[row] + min(column, len(text))


@frozen
class Stretches:
    """The stretches of a text that may be Python, and those inside tool-call marks."""

    spans: tuple[Span, ...]
    blocks: tuple[Span, ...] = ()


def stretches(text: str, target: Target) -> Stretches | None:
    """Return the stretches that may be Python: inside marks, inside fences, else the whole text."""
    if _MARK.search(text):
        blocks = _marked(text, target)
        return None if blocks is None else Stretches(tuple(blocks), tuple(blocks))
    spans = _fenced(text)
    return None if spans is None else Stretches(tuple(spans))


def _marked(text: str, target: Target) -> list[Span] | None:
    """Return the stretches inside marks, None if a mark is not closed or the text around them calls a tool."""
    inside: list[Span] = []
    done = 0

    def calls(start: int, end: int) -> bool:
        return target.is_called_in(text[start:end]) or OPENING.search(text, start, end) is not None

    while mark := _MARK.search(text, done):
        closing = mark_of(mark[1]).closing
        end = text.find(closing, mark.end()) if closing else _last(text)
        if end < mark.end() or mark[1] in _WITH_NAMES or calls(done, mark.start(1)):
            return None
        inside.append(Span(mark.end(), end))
        done = end + len(closing) if closing else len(text)
    return None if calls(done, len(text)) else inside


def _last(text: str) -> int:
    """Return the offset of a mark at the end of the text, or the end itself."""
    mark = _LAST_MARK.search(text, max(len(text) - 40, 0))
    return mark.start() if mark else len(text)


def _fenced(text: str) -> list[Span] | None:
    """Return the stretches inside fences, or the whole text if it does not begin with a fence."""
    inside: list[Span] = []
    fence, begun, offset = "", 0, 0
    for line in _LINE.findall(text):
        offset += len(line)
        match = _FENCE.fullmatch(line)
        if fence:
            if match and match[1] == fence and not match[2]:
                inside.append(Span(begun, offset - len(line)))
                fence = ""
        elif match and match[2] in _KINDS:
            fence, begun = match[1], offset
        elif line.strip():
            return None if inside or match else [Span(0, len(text))]
    return None if fence else inside


def read(text: str, span: Span) -> Code | None:
    """Parse a stretch of a text, None if it is not Python; all its lines may be indented."""
    stretch = text[span.start : span.end].rstrip()
    code = stretch.lstrip()
    if _NUMBERED.match(code):
        return None
    base = span.start + len(stretch) - len(code)
    characters = set(code)
    stand_in = next((chr(code_point) for code_point in _PRIVATE if chr(code_point) not in characters), "")
    strings: list[Span] = []
    safe = _safe(code, stand_in, base, strings) if stand_in and not _STRAY.search(code) else None
    if safe is None:
        return None
    indent = stretch[: base - span.start].rpartition("\n")[2]
    body = _parsed(safe)
    if body is None and indent:
        body, base, safe = _indented(indent + safe), base - len(indent), indent + safe
    if body is None:
        return None
    lines = safe.split("\n")
    return Code(body, base, stand_in, strings, lines, [0, *accumulate(len(line) + 1 for line in lines)])


def _parsed(code: str) -> list[ast.stmt] | None:
    """Return the statements of code, None if it is not Python."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return ast.parse(code).body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def _indented(code: str) -> list[ast.stmt] | None:
    """Return the statements of code whose lines are indented."""
    body = _parsed(f"if 1:\n{code}")
    if body is None or len(body) != 1 or not isinstance(body[0], ast.If) or body[0].orelse:
        return None
    for node in ast.walk(body[0]):
        if isinstance(node, ast.expr | ast.stmt | ast.keyword):
            node.lineno -= 1
            node.end_lineno = (node.end_lineno or 1) - 1
    return body[0].body


def _safe(code: str, stand_in: str, base: int, strings: list[Span]) -> str | None:
    """Return code with a stand-in for each backslash that is text, None if a bracket or a quote is not closed.

    `kept` receives the spans of strings with a stand-in; the code begins at offset `base`.
    """
    parts: list[str] = []
    waiting: list[str] = []
    done = 0
    for token in _TOKEN.finditer(code):
        if token["open"] or token["quote"]:
            return None
        if token["bracket"]:
            if token[0] in _CLOSERS:
                waiting.append(_CLOSERS[token[0]])
            elif not waiting or waiting.pop() != token[0]:
                return None
            if len(waiting) > Bounds.MODEL.nesting:
                return None
        elif token["prefix"] is not None and _has_text_backslash(token):
            parts += (code[done : token.start()], _with_stand_in(token[0], stand_in))
            strings.append(Span(base + token.start(), base + token.end()))
            done = token.end()
    return None if waiting else "".join([*parts, code[done:]])


def _has_text_backslash(string: re.Match[str]) -> bool:
    """Whether a string contains a backslash that does not begin an escape."""
    is_raw = not {"r", "b"}.isdisjoint(string["prefix"].lower())
    return not is_raw and any(escape[1] for escape in _ESCAPE.finditer(string[0]))


def _with_stand_in(text: str, stand_in: str) -> str:
    """Return a string with a stand-in for each backslash not before a backslash, the string's quote or a line end."""
    quote = text[-1]
    return _BACKSLASH.sub(lambda pair: pair[0] if pair[1] in (None, quote, "\r\n") else stand_in + pair[1], text)
