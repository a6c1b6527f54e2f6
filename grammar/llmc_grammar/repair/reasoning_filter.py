"""Lines of a model's text in, statements of its plan out, with reasoning taken out.

A tag counts unless it stands in a string of a statement that parses strictly. A closing tag that counts makes all text
in front of it void: reading starts anew behind it. An opening one makes all text behind it void until then. While the
statement around a tag is open, nobody can say whether the tag counts; its lines are read again once that is known.
"""

from collections import deque
from collections.abc import Container
from typing import Final

from llmc_grammar.bounds import Bounds
from llmc_grammar.diagnostic import Diagnostic, Edit
from llmc_grammar.errors.repairs import ReasoningLeftOut
from llmc_grammar.reasoning import ReasoningTags, Tag
from llmc_grammar.repair.lenient import Lenient
from llmc_grammar.repair.scan import in_string
from llmc_grammar.source import Span
from llmc_grammar.split import Piece
from llmc_grammar.statement import kind_of, read_if_it_parses

Line = tuple[str, int]

_REREAD: Final = 1024 * 1024
"""Characters that may be read again in all; after that, every tag counts."""


class ReasoningFilter:
    """Reads a model's text; `begins_at` is the end of the last closing tag that counts, `restarts` how many did.

    `size` is what the plan takes in bytes, lines that are void not counted.
    """

    def __init__(self, bounds: Bounds, tools: Container[str], tags: ReasoningTags) -> None:
        self.begins_at = 0
        self.restarts = 0
        self.size = 0
        self.interrupted: int | None = None
        self._bounds = bounds
        self._tools = tools
        self.tags = tags
        self._plan = Lenient(bounds, tools)
        self._draft: Lenient | None = None
        self._void_from: int | None = None
        self._lines: list[Line] = []
        self._pending: list[Tag] = []
        self._given = 0
        self._reread = _REREAD
        self._note: Diagnostic | None = None

    @property
    def found(self) -> list[Diagnostic]:
        """Warnings about lines of the plan that were left out, and about reasoning."""
        return self._plan.found + ([] if self._note is None else [self._note])

    @property
    def moved(self) -> list[Span]:
        """The statements whose boundary a repair decided."""
        return self._plan.moved

    @property
    def ended_at(self) -> int | None:
        """Where the plan ended, if it did."""
        return self._plan.ended_at

    @property
    def opened_at(self) -> int | None:
        """Where the plan's statement begins that is open, if one is."""
        return self._plan.opened_at

    @property
    def is_void(self) -> bool:
        """Whether the text is inside of reasoning."""
        return self._draft is not None

    def holds(self, offset: int) -> bool:
        """Whether an offset is inside of the plan."""
        end = min((at for at in (self._void_from, self.ended_at) if at is not None), default=offset + 1)
        return self.begins_at <= offset < end

    def line(self, text: str, start: int) -> list[Piece]:
        """Take the next line (without its newline), which begins at offset `start`."""
        if self._draft is not None:
            return self._feed([(text, start)])
        self.size += len(text) + 1 if text.isascii() else _size(text)
        if self._pending or self.tags.may_be_in(text):
            return self._feed([(text, start)])
        if text or self._plan.opened_at is not None:
            self._lines.append((text, start))
        found = self._plan.line(text, start)
        self._given += len(found)
        return found

    def end(self, *, complete: bool = True) -> list[Piece]:
        """The text has ended; a tag counts in the statement that is open, which never parses.

        Where the text is not `complete`, nothing of that statement comes out.
        """
        done: list[Piece] = []
        while self._pending:
            restarts = self.restarts
            found, again = self._decide([], at_end=True)
            found += self._feed(again)
            if self.restarts != restarts:
                done = []
            done += found
        return done + (self._plan.end() if complete else [])

    def _feed(self, lines: list[Line]) -> list[Piece]:
        """The pieces of lines, and of those that have to be read again."""
        done: list[Piece] = []
        queue = deque(lines)
        while queue:
            text, start = queue.popleft()
            restarts = self.restarts
            found, again = self._step(text, start)
            if self.restarts != restarts:
                done.clear()
            done += found
            queue.extendleft(reversed(again))
        return done

    def _step(self, text: str, start: int) -> tuple[list[Piece], list[Line]]:
        """The pieces of a line, and the lines to read again."""
        self._lines.append((text, start))
        found = (self._draft or self._plan).line(text, start)
        self._pending += self.tags.find(text, start)
        if self._pending:
            return self._decide(found)
        return self._out(found), []

    def _out(self, found: list[Piece]) -> list[Piece]:
        """The pieces that belong to the plan."""
        if self._draft is not None:
            return []
        self._given += len(found)
        return found

    def _decide(self, found: list[Piece], *, at_end: bool = False) -> tuple[list[Piece], list[Line]]:
        """The pieces that stand, and the lines to read again, where it is known whether the tags count."""
        if self._reread <= 0:
            closing = [tag for tag in self._pending if tag.closes]
            self._pending = closing[-1:] or self._pending
            return self._count(self._pending[0])
        while self._pending:
            tag = self._pending[0]
            opened = (self._draft or self._plan).opened_at
            if not at_end and opened is not None and opened <= tag.start:
                break
            if not self._is_text(tag, found) and (tag.closes or self._draft is None):
                return self._count(tag)
            self._pending.pop(0)
        return self._out(found), []

    def _is_text(self, tag: Tag, found: list[Piece]) -> bool:
        """Whether a tag stands in a string of a statement that parses strictly."""
        start, end = next(
            ((piece.start, piece.end) for piece in found if piece.start <= tag.start < piece.end),
            next((at, at + len(text)) for text, at in reversed(self._lines) if at <= tag.start),
        )
        text = self._slice(start, end)
        kind = kind_of(text)
        if kind == "thought" or not in_string(text, tag.start - start):
            return False
        read = read_if_it_parses(text, start, kind, self._bounds)
        return read is not None and read[0] is not None

    def _slice(self, start: int, end: int) -> str:
        """The text between two offsets, which is on the last lines."""
        parts: list[str] = []
        for text, at in reversed(self._lines):
            if at < end:
                parts.append(text[max(start - at, 0) : end - at])
            if at <= start:
                break
        return "\n".join(reversed(parts))

    def _count(self, tag: Tag) -> tuple[list[Piece], list[Line]]:
        """Make void what a tag that counts makes void: the pieces that stand, and the lines to read again."""
        lines, self._lines, self._pending = self._lines, [], []
        rest = [(text[max(tag.end - at, 0) :], max(tag.end, at)) for text, at in lines if at + len(text) >= tag.end]
        self._reread -= sum(len(text) for text, _ in rest)
        if tag.closes:
            self._restart(tag, rest)
            return [], rest
        kept = [(text[: max(tag.start - at, 0)], at) for text, at in lines if at <= tag.start]
        return (self._suspend(tag, kept, rest), rest) if self._draft is None else ([], rest)

    def _restart(self, tag: Tag, rest: list[Line]) -> None:
        """Begin the plan anew behind a closing tag."""
        self.begins_at = tag.end
        self.restarts += 1
        self.size = sum(_size(text) for text, _ in rest)
        self.interrupted = self._void_from = self._draft = None
        self._given = 0
        self._plan = Lenient(self._bounds, self._tools)
        self._note = ReasoningLeftOut(
            span=Span(tag.start, tag.end), place="in front of", edit=Edit(Span(0, tag.end), "")
        )

    def _suspend(self, tag: Tag, kept: list[Line], rest: list[Line]) -> list[Piece]:
        """End the plan in front of an opening tag, unless a closing one follows: the pieces that are new."""
        self._reread -= sum(len(text) for text, _ in kept)
        self.size -= sum(_size(text) for text, _ in rest)
        self._void_from = tag.start
        self._draft = Lenient(self._bounds, self._tools)
        self._plan = Lenient(self._bounds, self._tools)
        self._note = ReasoningLeftOut(span=Span(tag.start, tag.end), place="behind")
        found = [piece for text, at in kept for piece in self._plan.line(text, at)]
        if kept and kept[-1][0].strip() and not tag.ends:
            self.interrupted = kept[-1][1]
        fresh = found[self._given :]
        self._given = len(found)
        return fresh


def _size(line: str) -> int:
    """The bytes of a line and its newline."""
    return (len(line) if line.isascii() else len(line.encode("utf-8", "surrogatepass"))) + 1
