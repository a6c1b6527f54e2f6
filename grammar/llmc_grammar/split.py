"""Lines in, statements out: a statement ends at a newline outside brackets and strings.

Whole lines are scanned, each character once, so that a text may arrive in any pieces. What stays open is settled by
the lines below it: a line that can only begin a task ends the open statement (`certain`), and the lines that it had
swallowed are read again, now with every line that looks like a task as one (`Mode.RECOVER`). At the end of the text
likewise; if even then a `\"\"\"` stays open, nothing closes it any more, and the third reading knows (`Mode.HOPELESS`).
So no line is scanned more than three times.
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
from llmc_grammar.mistake import Edit, Note
from llmc_grammar.source import Span
from llmc_grammar.terminals import quiet

_INTERESTING: Final = re.compile(
    r'"""[^"\\]*(?:(?:\\.|""?(?!"))[^"\\]*)*"""|(""")|"[^"\\]*(?:\\.[^"\\]*)*"|\'[^\'\\]*(?:\\.[^\'\\]*)*\'|(["\'])'
    r"|([(\[{])|([)\]}])|(#)|(<END_OF_PLAN>)|[^\x00-\x7f]+"
)
_OPEN_LONG, _OPEN_SHORT, _OPENER, _CLOSER, _COMMENT, _MARK = range(1, 7)
STRING_END: Final = {
    '"""': re.compile(r'[^"\\]*(?:(?:\\.|\\$|""?(?!"))[^"\\]*)*"""'),
    '"': re.compile(r'[^"\\]*(?:\\.[^"\\]*)*"'),
    "'": re.compile(r"[^'\\]*(?:\\.[^'\\]*)*'"),
}
GOES_ON: Final = re.compile(r"(?:^|[^\\])(?:\\\\)*\\$")
_PAIRS: Final = {"(": ")", "[": "]", "{": "}"}
_NAME: Final = r"[A-Za-z_][A-Za-z0-9_]*"
_ALWAYS: Final = re.compile(r"[ \t]*(?:[0-9]+\.(?![0-9])|Thought:)")
_NAMED_CALL: Final = re.compile(rf"[ \t]*{_NAME}[ \t]*=[ \t]*{_NAME}(?:\.{_NAME})*\(")
_JOIN: Final = re.compile(r"[ \t]*join[ \t]*\(")
_TASK: Final = re.compile(rf"[ \t]*(?:{_NAME}[ \t]*=(?!=)|{_NAME}(?:\.{_NAME})*\(|(?:use|input)[ \t])")
_NAMED: Final = re.compile(rf"[ \t]*(?:{_NAME}[ \t]*=(?!=)|join[ \t]*\()")
_WANTS_MORE: Final = re.compile(r"(?:[,(\[{:=+\-*/%<>]|\b(?:and|or|not|in|if|else|for))$")
_NUMBER_MARK: Final = re.compile(r"[ \t]*([0-9]+)([):])")
_WHOLE_LINE: Final = re.compile(r"[ \t]*(?:Thought:|//|/\*)")
"""A thought, or a comment of another language: no statement begins so, and quotes in it mean nothing."""

_FOREIGN_TAIL: Final = re.compile(r"[)\]}\w\"'][ \t]{1,9}(//|--|/\*)[ \t]")
_FOREIGN_BLOCK: Final = re.compile(r"[ \t]*(?:if|for|foreach|while|else|try|switch|def|function)\b[^=]*$")
_BLANK: Final = re.compile(r"[ \t\r]*(?:#|$)")


END_MARK: Final = "<END_OF_PLAN>"


class Piece(NamedTuple):
    """The text of one statement and its offset; `sound` is false if a mistake of it is reported already.

    `mark` is the offset of an end mark in it. `read` is what it says, where that is known already; then the text may be
    mended, and `stop` is where it ended before.
    """

    text: str
    start: int
    sound: bool = True
    mark: int | None = None
    read: tuple[Statement | None, list[Diagnostic]] | None = None
    stop: int | None = None

    @property
    def end(self) -> int:
        """Where it ends in the whole text."""
        return self.start + len(self.text) if self.stop is None else self.stop


class Mode(IntEnum):
    """How much is known about what stays open."""

    NORMAL = 0
    RECOVER = 1
    HOPELESS = 2


class _Line(NamedTuple):
    """A line without its newline, its offset, where its comment begins, where a string began that it is inside of."""

    text: str
    start: int
    code: int
    inside: int | None


@dataclass(slots=True)
class _Open:
    """The statement at hand: its lines, open brackets, open string, mistakes."""

    lines: list[_Line] = field(default_factory=list)
    indent: int = 0
    brackets: list[tuple[str, int]] = field(default_factory=list)
    quote: str = ""
    quote_at: int = 0
    tripled: bool = False
    mark: int | None = None
    found: list[Diagnostic] = field(default_factory=list)


class Splitter:
    """Cuts lines into statements; mistakes of brackets and strings go into `found`."""

    def __init__(self, bounds: Bounds) -> None:
        """Nothing is open."""
        self.found: list[Diagnostic] = []
        self._bounds = bounds
        self._open = _Open()
        self._mode = Mode.NORMAL
        self._skipping: int | None = None

    def line(self, text: str, start: int) -> list[Piece]:
        """Take the next line (without its newline), which begins at offset `start`."""
        done: list[Piece] = []
        self._line(text, start, done)
        return done

    def end(self) -> list[Piece]:
        """The text has ended: what is still open is a mistake."""
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
        """The statement at hand is whole."""
        state = self._open
        lines = state.lines
        text = lines[0].text if len(lines) == 1 else "\n".join(line.text for line in lines)
        done.append(Piece(text, lines[0].start, not state.found, state.mark))
        self.found += state.found
        self._open = _Open()

    # ── inside a line ──

    def _close_string(self, text: str) -> int:
        """Where the string that is open since an earlier line ends in this one, or -1."""
        state = self._open
        match = STRING_END[state.quote].match(text)
        if match:
            state.quote = ""
            return match.end()
        if state.quote != '"""' and not GOES_ON.search(text.rstrip("\r")):
            self._unclosed_line()
        return -1

    def _scan(self, text: str, start: int, at: int) -> int:
        """Scan a line from `at` on; the result is where its comment begins, or its length."""
        state = self._open
        for match in _INTERESTING.finditer(text, at):
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
        """One bracket too many is open."""
        self._open.found.append(NestedTooDeep(span=Span(at, at + 1), limit=self._bounds.nesting))

    def _open_string(self, text: str, quote: str, start: int, at: int) -> None:
        """A string does not end on its line."""
        state = self._open
        code = quiet().sub(lambda match: "_" * len(match[0]), text[:at])
        tail = _FOREIGN_TAIL.search(code) if quote != '"""' and not state.brackets else None
        if tail:
            state.found.append(ForeignComment(span=Span(start + tail.start(1), start + tail.end(1)), found=tail[1]))
            return
        state.quote, state.quote_at = quote, start + at
        state.tripled = text[max(0, at - 2) : at] == quote * 2
        long = quote == '"""'
        if (long and self._mode == Mode.HOPELESS) or (not long and not GOES_ON.search(text[at:].rstrip("\r"))):
            self._unclosed_line()

    def _unclosed_line(self) -> None:
        """A string is open at the end of a line that should close it: the statement ends here."""
        state = self._open
        state.found.append(_unclosed_string(state.quote, state.quote_at, tripled=state.tripled))
        self._skip()

    def _skip(self) -> None:
        """End the statement with this line, and skip what may still belong to it."""
        state = self._open
        state.quote = ""
        state.brackets.clear()
        self._skipping = state.indent

    def _wrong_bracket(self, text: str, start: int, match: re.Match[str]) -> None:
        """A closing bracket closes nothing, or something else."""
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
        """Whether a line is left out because the broken statement above may reach over it."""
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
        """The last characters of code so far."""
        for line in reversed(self._open.lines):
            code = line.text[: line.code].rstrip()
            if code:
                return code[-8:]
        return ""

    def _abandon(self, done: list[Piece]) -> None:
        """Report what is open, and read the lines it swallowed again."""
        state, mode = self._open, self._mode
        self._open = _Open()
        first = state.indent
        again = len(state.lines)
        if mode == Mode.NORMAL or (mode == Mode.RECOVER and state.quote):
            # What begins a task inside a string is text, unless it is the string that nothing closes.
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
        """Report the mistakes before offset `limit`: those found, and else what is open there."""
        found = [diagnostic for diagnostic in state.found if diagnostic.span.start < limit]
        brackets = [(opener, at) for opener, at in state.brackets if at < limit]
        if not found and brackets:
            opener, at = brackets[-1]
            closers = "".join(_PAIRS[opener] for opener, _ in reversed(brackets))
            end = last.start + len(last.text[: last.code].rstrip())
            edit = None if state.quote else Edit(Span(end, end), closers)
            found.append(UnclosedBracket(span=Span(at, at + 1), opener=opener, closer=closers, edit=edit))
        if state.quote and state.quote_at < limit:
            found = [_unclosed_string(state.quote, state.quote_at, tripled=state.tripled)]
        self.found += found


def _unclosed_string(quote: str, at: int, *, tripled: bool) -> Diagnostic:
    """The mistake of a string that begins at `at`, behind an empty one if it is `tripled`."""
    if tripled and quote == "'":
        return ForeignString(span=Span(at - 2, at + 1), found="`'''`", suggestion='write `"""` at both ends')
    if quote == '"""':
        suggestion = 'add `"""` where it ends'
    else:
        suggestion = f'add `{quote}` where it ends; a string over several lines begins and ends with `"""`'
    return UnclosedString(span=Span(at, at + len(quote)), suggestion=suggestion)


def indent_of(text: str) -> int:
    """Blanks in front of a line."""
    return len(text) - len(text.lstrip(" \t"))


def _begins_task(text: str, indent: int) -> bool:
    """Whether a line looks like the beginning of a task that is indented no deeper than `indent`."""
    return _ALWAYS.match(text) is not None or (_TASK.match(text) is not None and indent_of(text) <= indent)
