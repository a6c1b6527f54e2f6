"""Splits lines into statements: a statement ends at a newline outside brackets and strings.

The splitter scans whole lines, each character once, so a text may arrive in pieces of any size. Later lines decide
about an open bracket or string: a line that can only begin a task ends the open statement. The lines that this
statement had swallowed are read again, and every line that looks like a task now begins one (`Mode.RECOVER`). The end
of the text has the same effect. If a `\"\"\"` is still open then, nothing closes it, and a third reading knows this
(`Mode.HOPELESS`). So no line is scanned more than three times.
"""

import re
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Final, NamedTuple

from llmc_grammar.ast import Statement
from llmc_grammar.bounds import Bounds
from llmc_grammar.characters import stray
from llmc_grammar.diagnostic import Diagnostic
from llmc_grammar.errors.foreign import ForeignComment, ForeignString
from llmc_grammar.errors.lines import MismatchedBracket, NestedTooDeep, StrayBracket, UnclosedBracket, UnclosedString
from llmc_grammar.errors.statements import NumberMark
from llmc_grammar.lazy_pattern import lazy_pattern
from llmc_grammar.mistake import Edit, Note
from llmc_grammar.source import Span
from llmc_grammar.terminals import quiet

_INTERESTING: Final = lazy_pattern(
    r'"""[^"\\]*(?:(?:\\.|""?(?!"))[^"\\]*)*"""|(""")|"[^"\\]*(?:\\.[^"\\]*)*"|\'[^\'\\]*(?:\\.[^\'\\]*)*\'|(["\'])'
    r"|([(\[{])|([)\]}])|(#)|(<END_OF_PLAN>)|[^\x00-\x7f]+"
)
_OPEN_LONG, _OPEN_SHORT, _OPENER, _CLOSER, _COMMENT, _MARK = range(1, 7)
STRING_END: Final = {
    '"""': lazy_pattern(r'[^"\\]*(?:(?:\\.|\\$|""?(?!"))[^"\\]*)*"""'),
    '"': lazy_pattern(r'[^"\\]*(?:\\.[^"\\]*)*"'),
    "'": lazy_pattern(r"[^'\\]*(?:\\.[^'\\]*)*'"),
}
GOES_ON: Final = lazy_pattern(r"(?:^|[^\\])(?:\\\\)*\\$")
_PAIRS: Final = {"(": ")", "[": "]", "{": "}"}
_NAME: Final = r"[A-Za-z_][A-Za-z0-9_]*"
_ALWAYS: Final = lazy_pattern(r"[ \t]*(?:[0-9]+\.(?![0-9])|Thought:)")
_NAMED_CALL: Final = lazy_pattern(rf"[ \t]*{_NAME}[ \t]*=[ \t]*{_NAME}(?:\.{_NAME})*\(")
_JOIN: Final = lazy_pattern(r"[ \t]*join[ \t]*\(")
_TASK: Final = lazy_pattern(rf"[ \t]*(?:{_NAME}[ \t]*=(?!=)|{_NAME}(?:\.{_NAME})*\(|(?:use|input)[ \t])")
_NAMED: Final = lazy_pattern(rf"[ \t]*(?:{_NAME}[ \t]*=(?!=)|join[ \t]*\()")
_WANTS_MORE: Final = lazy_pattern(r"(?:[,(\[{:=+\-*/%<>]|\b(?:and|or|not|in|if|else|for))$")
_NUMBER_MARK: Final = lazy_pattern(r"[ \t]*([0-9]+)([):])")
_WHOLE_LINE: Final = lazy_pattern(r"[ \t]*(?:Thought:|//|/\*)")
"""A thought, or a comment of another language: no statement begins like this, and its quotes have no meaning."""

_FOREIGN_TAIL: Final = lazy_pattern(r"[)\]}\w\"'][ \t]{1,9}(//|--|/\*)[ \t]")
_FOREIGN_BLOCK: Final = lazy_pattern(r"[ \t]*(?:if|for|foreach|while|else|try|switch|def|function)\b[^=]*$")
_BLANK: Final = lazy_pattern(r"[ \t\r]*(?:#|$)")


END_MARK: Final = "<END_OF_PLAN>"


class Piece(NamedTuple):
    """The text of one statement and its offset; `sound` is false if a mistake in it is already reported.

    `mark` is the offset of an end mark in it. `read` is its statement with diagnostics, if it is already parsed; then
    the text may be repaired, and `stop` is the end of the original text.
    """

    text: str
    start: int
    sound: bool = True
    mark: int | None = None
    read: tuple[Statement | None, list[Diagnostic]] | None = None
    stop: int | None = None

    @property
    def end(self) -> int:
        """Its end in the whole text."""
        return self.start + len(self.text) if self.stop is None else self.stop


class Mode(IntEnum):
    """The stages of dealing with an open bracket or string."""

    NORMAL = 0
    RECOVER = 1
    HOPELESS = 2


class _Line(NamedTuple):
    """A line without its newline, its offset, the start of its comment, and the start of a string around it."""

    text: str
    start: int
    code: int
    inside: int | None


@dataclass(slots=True, eq=False, repr=False)
class _Open:
    """The current statement: its lines, open brackets, open string and diagnostics."""

    lines: list[_Line] = field(default_factory=list)
    indent: int = 0
    brackets: list[tuple[str, int]] = field(default_factory=list)
    quote: str = ""
    quote_at: int = 0
    tripled: bool = False
    mark: int | None = None
    found: list[Diagnostic] = field(default_factory=list)


class Splitter:
    """Splits lines into statements; `found` has the diagnostics of brackets and strings."""

    def __init__(self, bounds: Bounds) -> None:
        self.found: list[Diagnostic] = []
        self._bounds = bounds
        self._open = _Open()
        self._mode = Mode.NORMAL
        self._skipping: int | None = None

    def line(self, text: str, start: int) -> list[Piece]:
        """Read the next line (without its newline) at offset `start`; return the pieces that it finishes."""
        done: list[Piece] = []
        self._line(text, start, done)
        return done

    def end(self) -> list[Piece]:
        """End the text; report a bracket or string that is still open."""
        done: list[Piece] = []
        if self._open.lines:
            self._abandon(done)
        return done

    def _line(self, text: str, start: int, done: list[Piece]) -> None:
        """Scan a line; finished statements go into `done`."""
        state = self._open
        if state.lines:
            if not state.quote and self._ends_open(text):
                self._abandon(done)
                state = self._open
        elif _BLANK.match(text):
            return
        if not state.lines and self._skips(text):
            return
        if not state.lines and _WHOLE_LINE.match(text):
            done.append(Piece(text, start))
            return
        if not state.lines:
            state.indent = indent_of(text)
        inside = state.quote_at if state.quote else None
        at = self._close_string(text) if state.quote else 0
        code = self._scan(text, start, at) if at >= 0 else len(text)
        state.lines.append(_Line(text, start, code, inside))
        if not state.brackets and not state.quote:
            self._finish(done)

    def _finish(self, done: list[Piece]) -> None:
        """Finish the current statement."""
        state = self._open
        lines = state.lines
        text = lines[0].text if len(lines) == 1 else "\n".join(line.text for line in lines)
        done.append(Piece(text, lines[0].start, not state.found, state.mark))
        self.found += state.found
        self._open = _Open()

    # ── inside a line ──

    def _close_string(self, text: str) -> int:
        """Return the end in this line of a string from an earlier line, or -1."""
        state = self._open
        match = STRING_END[state.quote].match(text)
        if match:
            state.quote = ""
            return match.end()
        if state.quote != '"""' and not GOES_ON.search(text.rstrip("\r")):
            self._unclosed_line()
        return -1

    def _scan(self, text: str, start: int, index: int) -> int:
        """Scan a line from `index` on; return the start of its comment, or its length."""
        state = self._open
        for match in _INTERESTING.finditer(text, index):
            kind = match.lastindex
            if kind is None:
                if match[0] >= "\x80":
                    state.found += stray(match[0], start + match.start())
            elif kind == _OPENER:
                state.brackets.append((match[0], start + match.start()))
                if len(state.brackets) == self._bounds.nesting + 1:
                    self._too_deep(start + match.start())
            elif kind == _CLOSER:
                if state.brackets and _PAIRS[state.brackets[-1][0]] == match[0]:
                    state.brackets.pop()
                else:
                    self._wrong_bracket(text, start, match)
                    return len(text)
            elif kind == _COMMENT:
                return match.start()
            elif kind == _MARK:
                state.mark = start + match.start()
            else:
                self._open_string(text, match[0], start, match.start())
                return len(text)
        return len(text)

    def _too_deep(self, at: int) -> None:
        """Report the first bracket beyond the bound."""
        self._open.found.append(NestedTooDeep(span=Span(at, at + 1), limit=self._bounds.nesting))

    def _open_string(self, text: str, quote: str, start: int, index: int) -> None:
        """Open a string that does not end on its line."""
        state = self._open
        code = quiet().sub(lambda match: "_" * len(match[0]), text[:index])
        tail = _FOREIGN_TAIL.search(code) if quote != '"""' and not state.brackets else None
        if tail:
            state.found.append(ForeignComment(span=Span(start + tail.start(1), start + tail.end(1)), found=tail[1]))
            return
        state.quote, state.quote_at = quote, start + index
        state.tripled = text[max(0, index - 2) : index] == quote * 2
        long = quote == '"""'
        if (long and self._mode == Mode.HOPELESS) or (not long and not GOES_ON.search(text[index:].rstrip("\r"))):
            self._unclosed_line()

    def _unclosed_line(self) -> None:
        """Report a string that is open at the end of a line that should close it, and end the statement."""
        state = self._open
        state.found.append(_unclosed_string(state.quote, state.quote_at, tripled=state.tripled))
        self._skip()

    def _skip(self) -> None:
        """End the statement with this line, and skip the lines that may still belong to it."""
        state = self._open
        state.quote = ""
        state.brackets.clear()
        self._skipping = state.indent

    def _wrong_bracket(self, text: str, start: int, match: re.Match[str]) -> None:
        """Report a closing bracket without a matching opening one."""
        state = self._open
        span = Span(start + match.start(), start + match.end())
        mark = _NUMBER_MARK.match(text)
        if not state.lines and mark and mark.end() == match.end():
            state.found.append(NumberMark(span=span, found=match[0], number=mark[1], edit=Edit(span, ".")))
        elif not state.brackets:
            state.found.append(StrayBracket(span=span, found=match[0], edit=Edit(span, "")))
        else:
            opener, at = state.brackets.pop()
            due = _PAIRS[opener]
            note = Note(Span(at, at + 1), "opened here")
            state.found.append(
                MismatchedBracket(
                    span=span, found=match[0], expected=due, opener=opener, notes=(note,), edit=Edit(span, due)
                )
            )
            if state.brackets:
                self._skip()
        state.brackets.clear()

    # ── between lines ──

    def _skips(self, text: str) -> bool:
        """Whether to skip a line, since it may belong to the broken statement above."""
        if self._skipping is None:
            return False
        if _begins_task(text, self._skipping):
            self._skipping = None
        return self._skipping is not None

    def _ends_open(self, text: str) -> bool:
        """Whether a line ends the statement whose brackets are open."""
        if not self._open.brackets:
            return False
        if _ALWAYS.match(text):
            return True
        indent = self._open.indent
        if self._open.brackets[-1][0] == "{" and _FOREIGN_BLOCK.match(self._open.lines[0].text):
            return False
        if self._mode:
            return _NAMED.match(text) is not None and indent_of(text) <= indent
        if _JOIN.match(text):
            return indent_of(text) <= indent
        return _NAMED_CALL.match(text) is not None and (
            self._open.brackets[-1][0] != "(" or not _WANTS_MORE.search(self._tail())
        )

    def _tail(self) -> str:
        """Return the last characters of code so far."""
        for line in reversed(self._open.lines):
            code = line.text[: line.code].rstrip()
            if code:
                return code[-8:]
        return ""

    def _abandon(self, done: list[Piece]) -> None:
        """Report the open bracket or string, and read the swallowed lines again."""
        state, mode = self._open, self._mode
        self._open = _Open()
        first = state.indent
        again = len(state.lines)
        if mode == Mode.NORMAL or (mode == Mode.RECOVER and state.quote):
            # A line inside a string is text, even if it looks like a task, unless that string is never closed.
            unclosed = state.quote_at if state.quote else None
            lines = (at for at, line in enumerate(state.lines) if line.inside in {None, unclosed} and at)
            again = next((at for at in lines if _begins_task(state.lines[at].text, first)), again)
        limit = (
            state.lines[again].start if again < len(state.lines) else state.lines[-1].start + len(state.lines[-1].text)
        )
        self._report(state, limit + (again == len(state.lines)), state.lines[again - 1])
        done.append(Piece("\n".join(line.text for line in state.lines[:again]), state.lines[0].start, sound=False))
        self._mode = Mode.HOPELESS if state.quote else Mode.RECOVER
        for line in state.lines[again:]:
            self._line(line.text, line.start, done)
        if self._open.lines:
            self._abandon(done)
        self._mode = mode

    def _report(self, state: _Open, limit: int, last: _Line) -> None:
        """Report the diagnostics before offset `limit`, or else the bracket or string that is open there."""
        diagnostics = [diagnostic for diagnostic in state.found if diagnostic.span.start < limit]
        brackets = [(opener, offset) for opener, offset in state.brackets if offset < limit]
        if not diagnostics and brackets:
            opener, offset = brackets[-1]
            closers = "".join(_PAIRS[opener] for opener, _ in reversed(brackets))
            end = last.start + len(last.text[: last.code].rstrip())
            edit = None if state.quote else Edit(Span(end, end), closers)
            diagnostics.append(UnclosedBracket(span=Span(offset, offset + 1), opener=opener, closer=closers, edit=edit))
        if state.quote and state.quote_at < limit:
            diagnostics = [_unclosed_string(state.quote, state.quote_at, tripled=state.tripled)]
        self.found += diagnostics


def _unclosed_string(quote: str, start: int, *, tripled: bool) -> Diagnostic:
    """Make the diagnostic of a string that begins at `start`, after an empty one if it is `tripled`."""
    if tripled and quote == "'":
        return ForeignString(span=Span(start - 2, start + 1), found="`'''`", suggestion='write `"""` at both ends')
    if quote == '"""':
        suggestion = 'add `"""` where it ends'
    else:
        suggestion = f'add `{quote}` where it ends; a string over several lines begins and ends with `"""`'
    return UnclosedString(span=Span(start, start + len(quote)), suggestion=suggestion)


def indent_of(text: str) -> int:
    """Return the number of spaces and tabs at the start of a line."""
    return len(text) - len(text.lstrip(" \t"))


def _begins_task(text: str, indent: int) -> bool:
    """Whether a line looks like the beginning of a task that is indented no deeper than `indent`."""
    return _ALWAYS.match(text) is not None or (_TASK.match(text) is not None and indent_of(text) <= indent)
