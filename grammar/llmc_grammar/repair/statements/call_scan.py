"""Scans a call with damaged quotes from its opening bracket to its closing one, from left to right.

The result is a tree of brackets, items and strings. The scan never goes back: a string without an end stops it, or
becomes text, but only once.
"""

import re
from dataclasses import dataclass, field
from typing import Final

from llmc_grammar.diagnostic import Diagnostic
from llmc_grammar.errors.expressions import Placeholder
from llmc_grammar.errors.lines import NestedTooDeep
from llmc_grammar.errors.repairs import TwoReadings
from llmc_grammar.repair.marks import (
    CALL_NAME,
    CLOSERS,
    DOUBLE,
    FLOW_WORDS,
    LAST_WORD,
    NAME,
    PAIRS,
    QUOTES,
    SINGLE,
    before_blanks,
    skip_blanks,
    straight,
)
from llmc_grammar.repair.statements.bare_arguments import is_value
from llmc_grammar.repair.statements.quotes import Around, Verdict, escaped_end, verdict
from llmc_grammar.source import Span

_NEXT: Final = re.compile(rf"[{QUOTES}()\[\]{{}},:#<]")
CANDIDATE: Final = {
    **dict.fromkeys(DOUBLE, re.compile(rf"\\(?:(?P<escaped>[{DOUBLE}])|[\s\S])|[{DOUBLE}]")),
    **dict.fromkeys(SINGLE, re.compile(rf"\\(?:(?P<escaped>[{SINGLE}])|[\s\S])|[{SINGLE}]")),
    '"': re.compile(r'\\(?:(?P<escaped>")|[\s\S])|"'),
    "'": re.compile(r"\\(?:(?P<escaped>')|[\s\S])|'"),
}
"""Candidates for the end of a string, by its opening quote: a quote, or a quote after a backslash that is text."""

_LONG_END: Final = re.compile(r'[^"\\]*(?:(?:\\[\s\S]|""?(?!"))[^"\\]*)*"""')
_LONG_ESCAPED: Final = re.compile(r'\\(?:(?P<escaped>""")|[\s\S])')
_NAMED: Final = re.compile(rf"({NAME})[ \t]*(=(?!=)|:)[ \t\r\n]*")
_PLACEHOLDER: Final = re.compile(r"<[A-Za-z_][^<>\n]{0,80}>")
_ARGUMENT_INSIDE: Final = re.compile(rf"(?:\A|[,(])[ \t\r\n]*{NAME}[ \t]*[=:][ \t]*\Z")
_ESCAPED_END: Final = re.compile(rf"\\[{QUOTES}][ \t\r\n)\]}}]*\Z")
_BEGINS_VALUE: Final = re.compile(r"[,(\[{:=+](?:[ \t\r\n]|#[^\n]*\n)*\Z")
_GLUED: Final = re.compile(r"[A-Za-z0-9_)\]}\"']")
_FRESH: Final = frozenset("+-*/%<>=!")


@dataclass(slots=True)
class Quoted:
    """A string with its quotes.

    `inner` counts quotes inside that are text. `added`: the last quote is missing. `raw`: the backslash before the last
    quote is text.
    """

    start: int
    end: int
    inner: int = 0
    added: bool = False
    raw: bool = False


@dataclass(slots=True)
class CallItem:
    """An argument, element or entry: its name, if any, its value, and the strings and brackets in the value."""

    start: int
    value: int
    end: int = -1
    name_end: int = -1
    colon: bool = False
    parts: list["Quoted | Bracket"] = field(default_factory=list)
    key: Quoted | None = None
    has_key: bool = False
    operator: tuple[int, int] | None = None
    apostrophe: bool = False
    resumed: int = -1
    cut: bool = False


@dataclass(slots=True)
class Bracket:
    """A bracket with its items; `start` is the offset of the bracket, or of the name of its call."""

    kind: str
    opener: str
    start: int
    at: int
    items: list[CallItem] = field(default_factory=list)
    end: int = -1


class CallScan:
    """The scan of one call; `forced` adds missing closers at the end of the text and between brackets.

    `early`: a quote after a backslash ends its string wherever it may.
    """

    def __init__(self, text: str, nesting: int, *, forced: bool = False, early: bool = False) -> None:

        self.added: list[tuple[int, str]] = []
        self.refusal: Diagnostic | None = None
        self.loose = False
        self._text = text
        self._nesting = nesting
        self.forced = forced
        self._early = early
        self._stack: list[Bracket] = []
        self._comment: int | None = None

    def scan(self, name: int, at: int) -> Bracket | None:
        """Scan the call with its name at `name` and its bracket at `at`; return None if the text does not close it."""
        root = Bracket("call", "(", name, at)
        at = self._push(root)
        while self._stack and at >= 0:
            match = _NEXT.search(self._text, at)
            if match is None:
                return root if self.forced and self._close_all() else None
            at = self._step(match.start(), match[0])
        return None if at < 0 else root

    def _step(self, offset: int, character: str) -> int:
        """Handle one significant character; return the offset to continue at, -1 if the scan must stop."""
        top = self._stack[-1]
        item = top.items[-1]
        if top.kind == "text" and character not in CLOSERS and character != "(":
            return offset + 1
        if character in QUOTES:
            return self._quote(offset, item)
        if character in PAIRS:
            return self._open(offset, character, item)
        if character in CLOSERS:
            return self._close(offset, character)
        if character == ",":
            self._end_item(offset)
            return self._begin_item(offset + 1)
        if character == ":" and top.kind == "mapping" and not item.has_key:
            return self._key(offset, item)
        return self._other(offset, character, item)

    def _other(self, offset: int, character: str, item: CallItem) -> int:
        """Handle a `#`, or a `<` that may begin a placeholder."""
        if character == "#":
            return self._hash(offset, item)
        if character == "<" and self._is_fresh(offset, item):
            match = _PLACEHOLDER.match(self._text, offset)
            if match and self._text[skip_blanks(self._text, match.end()) :][:1] in {",", ")", "]", "}", ""}:
                self._refuse(Placeholder(span=Span(*match.span()), found=match[0]))
                return match.end()
        return offset + 1

    def _refuse(self, diagnostic: Diagnostic) -> None:
        """Keep the first reason not to repair this text."""
        self.refusal = self.refusal or diagnostic

    # ── items ──

    def _push(self, bracket: Bracket) -> int:
        """Open a bracket and its first item."""
        self._stack.append(bracket)
        if len(self._stack) == self._nesting + 1:
            self._refuse(NestedTooDeep(span=Span(bracket.at, bracket.at + 1), limit=self._nesting))
            return -1
        return self._begin_item(bracket.at + 1)

    def _begin_item(self, offset: int) -> int:
        """Begin an item after blanks and comments; return the offset of its value, after an argument's name."""
        text, top = self._text, self._stack[-1]
        if top.kind == "text":
            top.items = top.items or [CallItem(offset, offset)]
            return offset
        offset = skip_blanks(text, offset)
        while text.startswith("#", offset):
            end = text.find("\n", offset)
            self._comment = offset if end < 0 else None
            offset = len(text) if end < 0 else skip_blanks(text, end)
        item = CallItem(offset, offset)
        match = _NAMED.match(text, offset) if top.kind == "call" else None
        if match:
            item.value, item.name_end, item.colon = match.end(), match.end(1), match[2] == ":"
        top.items.append(item)
        return item.value

    def _key(self, offset: int, item: CallItem) -> int:
        """Handle the colon after an entry's key."""
        item.has_key = True
        if len(item.parts) == 1 and isinstance(item.parts[0], Quoted):
            item.key = item.parts.pop()  # type: ignore[assignment]  # as asked
        item.cut = bool(item.parts)
        item.value = skip_blanks(self._text, offset + 1)
        return item.value

    def _end_item(self, offset: int) -> None:
        """End the current item before `offset`."""
        item = self._stack[-1].items[-1]
        if item.end < 0:
            item.end = before_blanks(self._text, offset, item.value)
        elif self._text[item.resumed : offset].strip():
            item.cut = True

    def _is_fresh(self, offset: int, item: CallItem) -> bool:
        """Whether an operand may begin here: at the start of its item or after an operator."""
        last = before_blanks(self._text, offset, item.value)
        if last <= item.value:
            return True
        if self._text[last - 1] in _FRESH:
            return True
        word = LAST_WORD.search(self._text, max(item.value, last - 8), last)
        return word is not None and word[0] in FLOW_WORDS and (last < offset or word[0] != "not")

    def _hash(self, offset: int, item: CallItem) -> int:
        """Handle a `#`: a comment or, on the last line, a character of unquoted text, as in `Love Potion #9`."""
        last = before_blanks(self._text, offset, item.value)
        end = self._text.find("\n", offset)
        behind_value = (bool(item.parts) and item.parts[-1].end == last) or is_value(self._text[item.value : last])
        if last == offset or (end < 0 and not behind_value):
            return offset + 1
        self._comment = offset if end < 0 else None
        self._end_item(offset)
        item.resumed = len(self._text) if end < 0 else end
        return item.resumed

    # ── brackets ──

    def _open(self, offset: int, opener: str, item: CallItem) -> int:
        """Open a list, a mapping, a step, a group, a call or a bracket in unquoted text."""
        text = self._text
        kinds = {"[": "list", "{": "mapping"}
        if self._stack[-1].kind == "text":
            return self._push(Bracket("text", opener, offset, offset))
        if opener != "(":
            is_step = opener == "[" and offset > item.value and _GLUED.match(text, offset - 1) is not None
            return self._push(Bracket("step" if is_step else kinds[opener], opener, offset, offset))
        if self._is_fresh(offset, item):
            return self._push(Bracket("group", opener, offset, offset))
        name = CALL_NAME.search(text, max(item.value, offset - 200), offset)
        if name and self._is_fresh(name.start(), item):
            return self._push(Bracket("call", opener, name.start(), offset))
        return self._push(Bracket("text", opener, offset, offset))

    def _close(self, offset: int, closer: str) -> int:
        """Handle a closing bracket; if it belongs to an outer bracket, closers of the inner ones are missing."""
        if PAIRS[self._stack[-1].opener] != closer and self._stack[-1].kind == "text":
            return offset + 1
        if PAIRS[self._stack[-1].opener] != closer:
            due = [PAIRS[bracket.opener] for bracket in self._stack]
            if not self.forced or closer not in due:
                return -1
            while PAIRS[self._stack[-1].opener] != closer:
                self._add_closer(before_blanks(self._text, offset, 0))
        self._end_item(offset)
        self._pop(offset + 1)
        return offset + 1

    def _pop(self, end: int) -> None:
        """End the innermost bracket."""
        bracket = self._stack.pop()
        bracket.end = end
        if self._stack:
            self._stack[-1].items[-1].parts.append(bracket)

    def _add_closer(self, offset: int) -> None:
        """Close the innermost bracket at `offset`, where its closer is missing."""
        self._end_item(offset)
        self.added.append((offset, PAIRS[self._stack[-1].opener]))
        self._pop(offset)

    def _close_all(self) -> bool:
        """Close all open brackets at the end of the text, if possible."""
        end = before_blanks(self._text, len(self._text) if self._comment is None else self._comment, 0)
        while self._stack:
            if self._stack[-1].kind == "text":
                return False
            self._add_closer(end)
        return True

    # ── strings ──

    def _quote(self, offset: int, item: CallItem) -> int:
        """Handle a quote: the beginning of a string, or a character of unquoted text."""
        adjacent = bool(item.parts) and item.parts[-1].end == before_blanks(self._text, offset, item.value)
        if not self._is_fresh(offset, item) and not (adjacent and isinstance(item.parts[-1], Quoted)):
            return offset + 1
        if self._text.startswith('"""', offset):
            return self._long_string(offset, item)
        return self._string(offset, item)

    def _around(self, item: CallItem) -> Around:

        top = self._stack[-1]
        return Around(
            [bracket.kind for bracket in self._stack],
            [bracket.opener for bracket in self._stack],
            top.kind == "mapping" and not item.has_key,
            item.name_end >= 0,
            self.forced,
        )

    def _long_string(self, offset: int, item: CallItem) -> int:
        """Scan the string that begins with three quotes at `offset`."""
        text, around = self._text, self._around(item)
        match = _LONG_END.match(text, offset + 3)
        if match is None or verdict(text, match.end(), around) is Verdict.TEXT:
            ends = (escape.end() for escape in _LONG_ESCAPED.finditer(text, offset + 3) if escape["escaped"])
            end = next((end for end in ends if verdict(text, end, around) is Verdict.DELIMITER), None)
            if end is not None:
                return self._end_raw(Quoted(offset, -1), item, end - 1)
        if match:
            item.parts.append(Quoted(offset, match.end()))
        return match.end() if match else -1

    def _string(self, offset: int, item: CallItem) -> int:
        """Scan the string that begins at `offset`."""
        around = self._around(item)
        string = Quoted(offset, -1)
        escaped: list[int] = []
        for match in CANDIDATE[self._text[offset]].finditer(self._text, offset + 1):
            if match["escaped"]:
                escaped.append(match.start(1))
            if match[0][0] == "\\":
                continue
            role = verdict(self._text, match.end(), around)
            if (role is Verdict.TEXT or self._early) and self._ends_before(escaped, match.start(), around):
                return self._end_raw(string, item, escaped[-1])
            if role is Verdict.TEXT or (role is Verdict.ADJACENT and string.inner):
                self._inner(string, match.start())
                escaped.clear()
                continue
            if role is Verdict.OPERATOR:
                item.operator = match.span()
            if item.operator and (string.inner or any(isinstance(part, Quoted) and part.inner for part in item.parts)):
                self._refuse(TwoReadings(span=Span(*item.operator)))
            string.end = match.end()
            item.parts.append(string)
            return string.end
        if escaped and escaped_end(self._text, escaped, around) is Verdict.DELIMITER:
            return self._end_raw(string, item, escaped[-1])
        return self._open_string(string, item)

    def _ends_before(self, escaped: list[int], offset: int, around: Around) -> bool:
        """Whether the last quote after a backslash ends the string, and the quote at `offset` begins another one."""
        if not escaped or not _BEGINS_VALUE.search(self._text, max(0, offset - 200), offset):
            return False
        role = escaped_end(self._text, escaped, around)
        if role is Verdict.EITHER:
            what, help_ = "this quote may end the string or be text", "write two backslashes if it ends the string"
            self._refuse(TwoReadings(span=Span(escaped[-1], escaped[-1] + 1), what=what, suggestion=help_))
        return role is Verdict.DELIMITER

    @staticmethod
    def _end_raw(string: Quoted, item: CallItem, offset: int) -> int:
        """End a string with the quote at `offset`, which follows a backslash that is text."""
        string.end, string.raw = offset + 1, True
        item.parts.append(string)
        return string.end

    def _inner(self, string: Quoted, offset: int) -> None:
        """Count a quote as text; refuse the call if the quote may begin the value of another argument."""
        string.inner += 1
        if _ARGUMENT_INSIDE.search(self._text[max(string.start + 1, offset - 80) : offset]):
            self._refuse(TwoReadings(span=Span(offset, offset + 1)))

    def _open_string(self, string: Quoted, item: CallItem) -> int:
        """Handle a string without an end: an apostrophe before unquoted text, or a string without its last quote."""
        text, offset = self._text, string.start
        follows = text[offset + 1 : offset + 2]
        stray = text[offset] in SINGLE and item.name_end < 0 and offset == item.value and follows.isalpha()
        if stray and not (self.loose or self.forced):
            self.loose = item.apostrophe = True
            return offset + 1
        if not self.forced or string.inner or "\n" in text[offset:].rstrip() or _ESCAPED_END.search(text):
            return -1
        string.end = self._without_closers(offset + 1)
        string.added = True
        self.added.append((string.end, straight(text[offset])))
        item.parts.append(string)
        return string.end

    def _without_closers(self, offset: int) -> int:
        """Return the end of the text from `offset` on, without closing brackets that the text does not open."""
        text = self._text
        end = before_blanks(text, len(text), offset)
        for bracket in reversed(self._stack):
            closer = PAIRS[bracket.opener]
            if text[end - 1] != closer or text.count(closer, offset, end) <= text.count(bracket.opener, offset, end):
                break
            end = before_blanks(text, end - 1, offset)
        return end
