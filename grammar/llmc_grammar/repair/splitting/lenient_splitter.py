"""Cuts the lines of a model's text into statements and repairs them.

A line that does not begin a statement is left out, unless it calls a known tool: such a line becomes a refused task.

An open statement ends (1) when the strict scan closes it, and text that parses is never repaired; (2) else, when a
repair closes it on the lines so far; (3) else, before a task line, unless its text needs more: missing closers are
then added. (4) Any other line belongs to it. Repairs of an open statement are tried only while a budget lasts, which
keeps the work linear.
"""

import re
from collections.abc import Container
from dataclasses import dataclass, field
from typing import Final

from llmc_grammar.bounds import Bounds
from llmc_grammar.diagnostic import Diagnostic
from llmc_grammar.errors.repairs import AfterTheEnd, LeftOut, TailLeftOut
from llmc_grammar.mistake import Edit
from llmc_grammar.repair.full_width import narrowed
from llmc_grammar.repair.marks import FLOW_WORDS, LITERAL_WORDS, NAME
from llmc_grammar.repair.splitting.blocks import Blocks
from llmc_grammar.repair.splitting.code_blocks import CodeBlocks, is_conditional, refused_in_block
from llmc_grammar.repair.splitting.scan import Scan
from llmc_grammar.repair.splitting.unread_calls import refused_prose, without_hidden_calls
from llmc_grammar.repair.statements.statement_repair import (
    RepairedStatement,
    Setting,
    is_mendable,
    mend,
    mend_value,
    read_with_head,
    refuse,
)
from llmc_grammar.repair.statements.task_heads import Head, TaskLine, find_head, is_thought, task_line
from llmc_grammar.source import Span
from llmc_grammar.split import END_MARK, Piece
from llmc_grammar.statement import kind_of, may_go_on, parses
from llmc_grammar.tool_marks import TURN

_BINDER: Final = re.compile(rf"[ \t]*({NAME})[ \t]*=(?!=)")
_BLANK: Final = re.compile(r"[ \t\r]*(?:#|$)")
_WANTS_MORE: Final = re.compile(r"(?:[,(\[{:=+\-*/%<>]|\b(?:and|or|not|in|if|else|for))[ \t\r]*$")
_BEGINS: Final = re.compile(
    rf"[ \t]*(?:[0-9]+\.(?![0-9])[ \t]*|{NAME}[ \t]*=(?!=)[ \t]*)?"
    rf"(?:[\"'0-9$(\[{{-]|(?P<word>{NAME})(?P<call>(?:\.{NAME})*\()?)"
)
_PROSE: Final = re.compile(
    r"[ \t]*(?:[:\u2013\u2014]|(?!(?:if|for|unless|when|and|or|else|in|not)\b)[^\W\d]\w*(?![\w.=(]))"
)
"""The text after a call in a sentence that only mentions it."""

_WORDS: Final = FLOW_WORDS | LITERAL_WORDS | {"use", "input"}
_CLOSES: Final = re.compile(r"[\"'][ \t]*[)\]}]")
"""Characters of a line that may be the end of the statement above it, if a repair closed that one too early."""

_FREE: Final = 32 * 1024
_TRIES: Final = 512
_SHOWN: Final = 200


@dataclass(slots=True)
class _Open:
    """The open statement: its lines, the end of its code, and their scan. Without a head it is a plain value."""

    start: int
    head: Head | None
    scan: Scan = field(default_factory=Scan)
    lines: list[str] = field(default_factory=list)
    tail: str = ""
    shut: int | None = None
    is_in_block: bool = False

    @property
    def is_prose(self) -> bool:
        """Whether the first line continues like a sentence after a call without a binder."""
        head = self.head
        bare = head is not None and not head.join and head.start == head.tool and not head.repairs
        is_loose = bare or (head is not None and head.is_listed)
        return is_loose and self.shut is not None and _PROSE.match(self.lines[0], self.shut) is not None

    @property
    def is_item(self) -> bool:
        """Whether the statement may be an item of a list in prose."""
        return self.head is not None and self.head.is_listed and len(self.lines) == 1

    @property
    def text(self) -> str:
        """All lines of the statement."""
        return "\n".join(self.lines)


class LenientSplitter:
    """Cuts lines into statements and repairs them; `tools` are the names in the toolbox."""

    def __init__(self, bounds: Bounds, tools: Container[str] = ()) -> None:

        self.moved: list[Span] = []
        self.ended_at: int | None = None
        self._names: set[str] = set()
        self._setting = Setting(bounds, tools, self._names)
        self._open: _Open | None = None
        self._notes: list[Diagnostic] = []
        self._run: Span | None = None
        self._after: Span | None = None
        self._budget = _FREE
        self._tries = _TRIES
        self._tasks = 0
        self._rest: tuple[str, int] | None = None
        self._guessed: Span | None = None
        self._is_conditional = False
        self._blocks = Blocks()
        self._code = CodeBlocks(self._setting)

    @property
    def found(self) -> list[Diagnostic]:
        """Warnings about text left out between statements and after the last one."""
        warnings = list(self._notes)
        if self._run is not None:
            warnings.append(LeftOut(span=self._run, edit=Edit(self._run, "")))
        if self._after is not None:
            warnings.append(AfterTheEnd(span=self._after, edit=Edit(self._after, "")))
        return warnings

    @property
    def opened_at(self) -> int | None:
        """The offset of the open statement, None if none is open."""
        return None if self._open is None else self._open.start

    @property
    def blocks(self) -> list[Span]:
        """The spans of blocks in tool-call marks."""
        return self._blocks.spans

    def line(self, text: str, start: int) -> list[Piece]:
        """Take the next line (without its newline), which begins at offset `start`."""
        done: list[Piece] = []
        self._budget += len(text)
        if self.ended_at is not None:
            self._beyond(text, start)
        elif self._open is None:
            self._fresh(text, start, done)
        else:
            self._further(self._open, text, start, done)
        self._go_on(done)
        return done

    def end(self) -> list[Piece]:
        """End the text; a statement that is still open is refused, since more of it may be missing."""
        done: list[Piece] = []
        if self._open is not None:
            self._refuse(self._open, done)
        return done

    # ── a line with nothing open ──

    def _fresh(self, text: str, start: int, done: list[Piece]) -> None:
        """Take a line while no statement is open."""
        if _BLANK.match(text):
            return
        if self._blocks.takes(text, start):
            self._pass_block(text, start)
            return
        if is_thought(text):
            self._flush()
            done.append(Piece(text, start))
            return
        if self._tasks and TURN.match(text.lstrip()):
            self._flush()
            self.ended_at = start
            self._beyond(text, start)
            return
        head = find_head(text, self._setting.tools)
        if head is not None:
            self._begin(_Open(start, head), text, done)
        elif not self._plain(text, start, done):
            self._prose(text, start, done)

    def _plain(self, text: str, start: int, done: list[Piece]) -> bool:
        """Take a line as a statement if it parses; return whether it does."""
        begins = _BEGINS.match(text)
        if not begins or (begins["word"] and not begins["call"] and begins["word"] not in _WORDS) or not self._tries:
            return False
        opened = _Open(start, None)
        opened.scan.line(text)
        kind = kind_of(text)
        code = text[: opened.scan.code]
        if not _is_plain(opened.scan, code, kind):
            self._tries -= 1
            mended = mend_value(text, start, self._setting) if opened.scan.broken else None
            if mended is not None:
                self._done(_Open(start, None, lines=[text]), mended, done)
            return mended is not None
        opened.scan = Scan()
        self._begin(opened, text, done)
        return True

    def _prose(self, text: str, start: int, done: list[Piece]) -> None:
        """Leave out a line that does not begin a statement, or refuse it if it calls a known tool."""
        is_block = self._blocks.takes(text, start, anywhere=True)
        before, mark, _ = text.partition(END_MARK)
        if is_block:
            before = text[: self._blocks.spans[-1].start - start]
        refused = refused_prose(before, start, self._setting.tools)
        if refused is None:
            self._code.pass_over(text, start)
            self._leave_out(before if is_block else text, start)
            return
        self._doubt(before)
        self._refuse_prose(refused, done)
        if mark:
            self._leave_out(text[len(before) :], refused.end)

    def _pass_block(self, text: str, start: int) -> None:
        """Leave a line in tool-call marks to a dialect; an end mark in it ends the plan."""
        self._flush()
        mark = text.find(END_MARK)
        if mark >= 0:
            self._mark(start + mark, text[mark + len(END_MARK) :])

    def _refuse_prose(self, refused: Piece, done: list[Piece]) -> None:
        """Add prose with a call as a refused task."""
        self._flush()
        self._guessed = None
        self._tasks += 1
        done.append(refused)

    def _doubt(self, text: str) -> None:
        """Mark the boundary of the statement above as uncertain, if this line may be the end of it."""
        if self._guessed is not None and _CLOSES.search(text):
            self.moved.append(self._guessed)
            self._guessed = None

    def _leave_out(self, text: str, start: int) -> None:
        """Leave out a line that is not part of the plan."""
        mark = text.find(END_MARK)
        if mark >= 0:
            self._mark(start + mark, text[mark + len(END_MARK) :])
            self._notes.append(_left_out(Span(start + mark, start + mark + len(END_MARK))))
            if not text[:mark].strip():
                return
            text = text[:mark]
        self._doubt(text)
        self._is_conditional = is_conditional(text)
        blanks = len(text) - len(text.lstrip())
        first = self._run.start if self._run else start + blanks
        self._run = Span(first, start + len(text.rstrip()))

    def _flush(self) -> None:
        """End the current run of lines that are left out."""
        if self._run is not None:
            self._notes.append(LeftOut(span=self._run, edit=Edit(self._run, "")))
            self._run = None

    def _beyond(self, text: str, start: int) -> None:
        """Take a line after the end of the plan."""
        if not _BLANK.match(text):
            first = self._after.start if self._after else start + len(text) - len(text.lstrip())
            self._after = Span(first, start + len(text.rstrip()))

    # ── an open statement ──

    def _begin(self, opened: _Open, text: str, done: list[Piece]) -> None:
        """Open a statement with its first line."""
        opened.is_in_block = self._code.holds(text)
        self._open = opened
        self._take(opened, text, opened.start, done, offset=opened.head.tool if opened.head else 0)

    def _further(self, opened: _Open, text: str, start: int, done: list[Piece]) -> None:
        """Take a line while a statement is open: it belongs to the statement or begins the next one."""
        scan = opened.scan
        kind = (
            TaskLine.NO
            if _BLANK.match(text) or (scan.quote and not scan.broken)
            else task_line(text, self._setting.tools)
        )
        if kind is not TaskLine.NO:
            asks = _WANTS_MORE.search(opened.tail) is not None
            if not asks or (kind is TaskLine.CERTAIN and not scan.broken):
                self._settle(opened, done, forced=not asks)
                self._go_on(done)
                self._refeed(text, start, done)
                return
        self._take(opened, text, start, done)

    def _refeed(self, text: str, start: int, done: list[Piece]) -> None:
        """Read a line again after it ended a statement."""
        if self.ended_at is not None:
            self._beyond(text, start)
        elif self._open is not None:
            self._further(self._open, text, start, done)
        else:
            self._fresh(text, start, done)

    def _take(self, opened: _Open, text: str, start: int, done: list[Piece], offset: int = 0) -> None:
        """Add a line to the statement, and end the statement if the line closes it."""
        scan = opened.scan
        is_first = opened.head is not None and not opened.lines
        scan.line(narrowed(text, offset) if is_first else text, offset)
        mark = scan.mark
        if mark is None and scan.broken and END_MARK in text:
            mark = text.index(END_MARK)
        line = text if mark is None else text[:mark]
        opened.lines.append(line)
        opened.shut = scan.shut if len(opened.lines) == 1 else opened.shut
        code = (line if scan.broken or scan.quote else line[: scan.code]).rstrip()
        opened.tail = code[-8:] or opened.tail
        if mark is not None:
            self._take_mark(opened, text, start + mark, mark, done)
        elif scan.closed:
            self._settle(opened, done)
        elif (scan.broken or scan.odd) and ")" in line:
            self._try(opened, done)

    def _take_mark(self, opened: _Open, text: str, offset: int, mark: int, done: list[Piece]) -> None:
        """End the statement and the plan at an end mark."""
        closed = opened.scan.closed
        before = len(done)
        if not closed:
            self._try(opened, done)
            self._go_on(done)
        if self._open is not None:
            self._settle(self._open, done, forced=not self._open.scan.closed)
            self._go_on(done)
        is_join = len(done) > before and opened.head is not None and opened.head.join
        if not is_join or text[mark - 1 : mark] != ")":
            self._notes.append(_left_out(Span(offset, offset + len(END_MARK))))
        self._open = None
        self._mark(offset, text[mark + len(END_MARK) :])

    def _mark(self, offset: int, rest: str) -> None:
        """End the plan with the end mark at `offset`."""
        self.ended_at = offset + len(END_MARK)
        self._beyond(rest, self.ended_at)

    def _try(self, opened: _Open, done: list[Piece]) -> None:
        """Repair the statement if that closes it on its lines (2)."""
        text = opened.text
        if opened.head is None or len(text) > self._budget:
            return
        self._budget -= len(text)
        mended = mend(text, opened.start, opened.head, self._setting)
        if mended is not None:
            self._done(opened, mended, done)
            self._guessed = None if mended.moved else mended.span

    def _settle(self, opened: _Open, done: list[Piece], *, forced: bool = False) -> None:
        """End the statement: unchanged (1), repaired, with missing closers (3), or with its mistakes."""
        text, head = opened.text, opened.head
        plain = read_with_head(text, opened.start, head, self._setting) if opened.scan.closed else None
        mended = None
        if head is not None and (plain is None or (plain.statement is None and is_mendable(plain, opened.start, text))):
            mended = mend(text, opened.start, head, self._setting, forced=forced)
        if plain is not None and (mended is None or mended.statement is None):
            mended = plain
        if mended is None:
            self._refuse(opened, done)
        else:
            self._done(opened, mended, done)

    def _refuse(self, opened: _Open, done: list[Piece]) -> None:
        """End the statement with the mistakes that the strict parser reports."""
        lines = None if opened.scan.closed else _SHOWN
        self._done(opened, refuse(opened.text, opened.start, self._setting, opened.head, lines=lines), done)

    def _done(self, opened: _Open, mended: RepairedStatement, done: list[Piece]) -> None:
        """Add a statement that has ended, or leave its text out if it is prose."""
        self._open = None
        head = opened.head
        if mended.statement is None and (opened.is_prose or opened.is_item):
            refused = refused_prose(opened.text, opened.start, self._setting.tools)
            if refused is None:
                for line, start in _with_offsets(opened.lines, opened.start):
                    self._leave_out(line, start)
                return
            if opened.is_prose:
                self._refuse_prose(refused, done)
                return
        if opened.is_in_block:
            if (header := self._code.refused_header()) is not None:
                self._refuse_prose(header, done)
            mended = refused_in_block(mended)
        mended = without_hidden_calls(mended, opened.text, self._setting.tools)
        self._flush()
        self._guessed = None
        read = (mended.statement, list(mended.found))
        done.append(Piece(mended.text, mended.span.start, read=read, stop=mended.span.end))
        if mended.moved or self._is_conditional:
            self.moved.append(mended.span)
        self._is_conditional = False
        self._tasks += 1
        binder = _BINDER.match(mended.text)
        if binder:
            self._names.add(binder[1])
        if head is not None and head.join:
            self.ended_at = mended.span.end
        if mended.rest is not None:
            self._rest = (opened.text[mended.rest :], opened.start + mended.rest)

    def _go_on(self, done: list[Piece]) -> None:
        """Read further tasks on the same line, as many as the bounds allow."""
        while self._rest is not None:
            (text, start), self._rest = self._rest, None
            head = find_head(text, self._setting.tools)
            if self.ended_at is not None:
                self._beyond(text, start)
            elif head is not None and self._tasks <= self._setting.bounds.tasks:
                opened = _Open(start, head, lines=[text], is_in_block=self._code.is_open)
                mended = mend(text, start, head, self._setting, tried=False)
                if mended is None:
                    self._begin(_Open(start, head), text, done)
                else:
                    self._done(opened, mended, done)


def _is_plain(scan: Scan, code: str, kind: str) -> bool:
    """Whether a line is a value, or the beginning of a value with open brackets or an open string."""
    if scan.broken or scan.closed:
        return not scan.broken and parses(code, kind)
    return may_go_on(f'{code[: scan.quote_at]}""' if scan.quote else code, kind)


def _left_out(span: Span) -> TailLeftOut:
    """Return the warning about an end mark that is left out."""
    return TailLeftOut(span=span, edit=Edit(span, ""))


def _with_offsets(lines: list[str], start: int) -> list[tuple[str, int]]:
    """Return lines with their offsets."""
    numbered: list[tuple[str, int]] = []
    for line in lines:
        numbered.append((line, start))
        start += len(line) + 1
    return numbered
