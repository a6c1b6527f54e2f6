"""A call with damaged quotes, scanned from its bracket to the one that closes it, from left to right.

The result is a tree of brackets, items and strings. Nothing is looked at twice: a string that nothing closes ends the
scan, or, once, becomes text.
"""

import re
from dataclasses import dataclass, field
from typing import Final

from llmc_grammar.diagnostic import Diagnostic
from llmc_grammar.errors.expressions import Placeholder
from llmc_grammar.errors.lines import NestedTooDeep
from llmc_grammar.errors.repairs import TwoReadings
from llmc_grammar.repair.bare_arguments import is_value
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
from llmc_grammar.repair.quotes import Around, Verdict, escaped_end, verdict
from llmc_grammar.source import Span

_NEXT: Final = re.compile(rf"[{QUOTES}()\[\]{{}},:#<]")
CANDIDATE: Final = {
    **dict.fromkeys(DOUBLE, re.compile(rf"\\(?:(?P<escaped>[{DOUBLE}])|[\s\S])|[{DOUBLE}]")),
    **dict.fromkeys(SINGLE, re.compile(rf"\\(?:(?P<escaped>[{SINGLE}])|[\s\S])|[{SINGLE}]")),
    '"': re.compile(r'\\(?:(?P<escaped>")|[\s\S])|"'),
    "'": re.compile(r"\\(?:(?P<escaped>')|[\s\S])|'"),
}
"""What may end the string that a quote begins: a quote, or one behind a backslash that is text."""

_LONG_END: Final = re.compile(r'[^"\\]*(?:(?:\\[\s\S]|""?(?!"))[^"\\]*)*"""')
_LONG_ESCAPED: Final = re.compile(r'\\(?:(?P<escaped>""")|[\s\S])')
_NAMED: Final = re.compile(rf"({NAME})[ \t]*(=(?!=)|:)[ \t\r\n]*")
_PLACEHOLDER: Final = re.compile(r"<[A-Za-z_][^<>\n]{0,80}>")
_ARGUMENT_INSIDE: Final = re.compile(rf"(?:\A|[,(])[ \t\r\n]*{NAME}[ \t]*[=:][ \t]*\Z")
_ESCAPED_END: Final = re.compile(rf"\\[{QUOTES}][ \t\r\n)\]}}]*\Z")
_BEGINS_VALUE: Final = re.compile(r"[,(\[{:=+](?:[ \t\r\n]|#[^\n]*\n)*\Z")
_FRESH: Final = frozenset("+-*/%<>=!")


@dataclass(slots=True)
class Quoted:
    """A string with its quotes; `inner` counts those of its kind that are text, `added`: its last one is missing.

    `raw`: the backslash before its last quote is text.
    """

    start: int
    end: int
    inner: int = 0
    added: bool = False
    raw: bool = False


@dataclass(slots=True)
class CallItem:
    """An argument, element or entry: its name if it has one, its value, and the strings and brackets in that."""

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
    """A bracket with its items; `start` is where it is, or the name of the call that it belongs to."""

    kind: str
    opener: str
    start: int
    at: int
    items: list[CallItem] = field(default_factory=list)
    end: int = -1


class CallScan:
    """The scan of one call; `forced` adds what is missing at the end of the text, and between brackets.

    `early`: where a quote behind a backslash may end a string, it does.
    """

    def __init__(self, text: str, nesting: int, *, forced: bool = False, early: bool = False) -> None:
        """Nothing is scanned."""
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
        """The call whose name begins at `name` and whose bracket is at `at`, unless it is not closed in this text."""
        root = Bracket("call", "(", name, at)
        at = self._push(root)
        while self._stack and at >= 0:
            match = _NEXT.search(self._text, at)
            if match is None:
                return root if self.forced and self._close_all() else None
            at = self._step(match.start(), match[0])
        return None if at < 0 else root

    def _step(self, at: int, found: str) -> int:
        """Take one character that matters; the result is where to go on, -1 where that is impossible."""
        top = self._stack[-1]
        item = top.items[-1]
        if top.kind == "text" and found not in CLOSERS and found != "(":
            return at + 1
        if found in QUOTES:
            return self._quote(at, item)
        if found in PAIRS:
            return self._open(at, found, item)
        if found in CLOSERS:
            return self._close(at, found)
        if found == ",":
            self._end_item(at)
            return self._begin_item(at + 1)
        if found == ":" and top.kind == "mapping" and not item.has_key:
            return self._key(at, item)
        return self._other(at, found, item)

    def _other(self, at: int, found: str, item: CallItem) -> int:
        """A comment or a placeholder, or nothing of either."""
        if found == "#":
            return self._hash(at, item)
        if found == "<" and self._is_fresh(at, item):
            match = _PLACEHOLDER.match(self._text, at)
            if match and self._text[skip_blanks(self._text, match.end()) :][:1] in {",", ")", "]", "}", ""}:
                self._refuse(Placeholder(span=Span(*match.span()), found=match[0]))
                return match.end()
        return at + 1

    def _refuse(self, diagnostic: Diagnostic) -> None:
        """Keep the first reason why this text is not mended."""
        self.refusal = self.refusal or diagnostic

    # ── items ──

    def _push(self, bracket: Bracket) -> int:
        """Open a bracket and its first item."""
        self._stack.append(bracket)
        if len(self._stack) == self._nesting + 1:
            self._refuse(NestedTooDeep(span=Span(bracket.at, bracket.at + 1), limit=self._nesting))
            return -1
        return self._begin_item(bracket.at + 1)

    def _begin_item(self, at: int) -> int:
        """Begin an item behind blanks and comments; an argument's name is taken with it."""
        text, top = self._text, self._stack[-1]
        if top.kind == "text":
            top.items = top.items or [CallItem(at, at)]
            return at
        at = skip_blanks(text, at)
        while text.startswith("#", at):
            end = text.find("\n", at)
            self._comment = at if end < 0 else None
            at = len(text) if end < 0 else skip_blanks(text, end)
        item = CallItem(at, at)
        match = _NAMED.match(text, at) if top.kind == "call" else None
        if match:
            item.value, item.name_end, item.colon = match.end(), match.end(1), match[2] == ":"
        top.items.append(item)
        return item.value

    def _key(self, at: int, item: CallItem) -> int:
        """The colon behind an entry's key."""
        item.has_key = True
        if len(item.parts) == 1 and isinstance(item.parts[0], Quoted):
            item.key = item.parts.pop()  # type: ignore[assignment]  # as asked
        item.cut = bool(item.parts)
        item.value = skip_blanks(self._text, at + 1)
        return item.value

    def _end_item(self, at: int) -> None:
        """End the item at hand before offset `at`."""
        item = self._stack[-1].items[-1]
        if item.end < 0:
            item.end = before_blanks(self._text, at, item.value)
        elif self._text[item.resumed : at].strip():
            item.cut = True

    def _is_fresh(self, at: int, item: CallItem) -> bool:
        """Whether an operand may begin here: nothing stands before it in its item, or an operator."""
        last = before_blanks(self._text, at, item.value)
        if last <= item.value:
            return True
        if self._text[last - 1] in _FRESH:
            return True
        word = LAST_WORD.search(self._text, max(item.value, last - 8), last)
        return word is not None and word[0] in FLOW_WORDS and (last < at or word[0] != "not")

    def _hash(self, at: int, item: CallItem) -> int:
        """A `#`: a comment, or on the last line a character of a text without quotes, as in `Love Potion #9`."""
        last = before_blanks(self._text, at, item.value)
        end = self._text.find("\n", at)
        behind_value = (bool(item.parts) and item.parts[-1].end == last) or is_value(self._text[item.value : last])
        if last == at or (end < 0 and not behind_value):
            return at + 1
        self._comment = at if end < 0 else None
        self._end_item(at)
        item.resumed = len(self._text) if end < 0 else end
        return item.resumed

    # ── brackets ──

    def _open(self, at: int, opener: str, item: CallItem) -> int:
        """An opening bracket: a list, a mapping, a group, a call's, or one in a text without quotes."""
        text = self._text
        kinds = {"[": "list", "{": "mapping"}
        if self._stack[-1].kind == "text":
            return self._push(Bracket("text", opener, at, at))
        if opener != "(":
            return self._push(Bracket(kinds[opener], opener, at, at))
        if self._is_fresh(at, item):
            return self._push(Bracket("group", opener, at, at))
        name = CALL_NAME.search(text, max(item.value, at - 200), at)
        if name and self._is_fresh(name.start(), item):
            return self._push(Bracket("call", opener, name.start(), at))
        return self._push(Bracket("text", opener, at, at))

    def _close(self, at: int, closer: str) -> int:
        """A closing bracket; where it closes one further out, what is between them is missing."""
        if PAIRS[self._stack[-1].opener] != closer and self._stack[-1].kind == "text":
            return at + 1
        if PAIRS[self._stack[-1].opener] != closer:
            due = [PAIRS[bracket.opener] for bracket in self._stack]
            if not self.forced or closer not in due:
                return -1
            while PAIRS[self._stack[-1].opener] != closer:
                self._add_closer(before_blanks(self._text, at, 0))
        self._end_item(at)
        self._pop(at + 1)
        return at + 1

    def _pop(self, end: int) -> None:
        """The innermost bracket ends."""
        bracket = self._stack.pop()
        bracket.end = end
        if self._stack:
            self._stack[-1].items[-1].parts.append(bracket)

    def _add_closer(self, at: int) -> None:
        """Close the innermost bracket at `at`, where nothing does."""
        self._end_item(at)
        self.added.append((at, PAIRS[self._stack[-1].opener]))
        self._pop(at)

    def _close_all(self) -> bool:
        """Close what is open at the end of the text, if that can be."""
        end = before_blanks(self._text, len(self._text) if self._comment is None else self._comment, 0)
        while self._stack:
            if self._stack[-1].kind == "text":
                return False
            self._add_closer(end)
        return True

    # ── strings ──

    def _quote(self, at: int, item: CallItem) -> int:
        """A quote: the beginning of a string, or a character of a text without quotes."""
        adjacent = bool(item.parts) and item.parts[-1].end == before_blanks(self._text, at, item.value)
        if not self._is_fresh(at, item) and not (adjacent and isinstance(item.parts[-1], Quoted)):
            return at + 1
        if self._text.startswith('"""', at):
            return self._long_string(at, item)
        return self._string(at, item)

    def _around(self, item: CallItem) -> Around:
        """What is around a string in an item."""
        top = self._stack[-1]
        return Around(
            [bracket.kind for bracket in self._stack],
            [bracket.opener for bracket in self._stack],
            top.kind == "mapping" and not item.has_key,
            item.name_end >= 0,
            self.forced,
        )

    def _long_string(self, at: int, item: CallItem) -> int:
        """The string that begins with three quotes at `at`."""
        text, around = self._text, self._around(item)
        match = _LONG_END.match(text, at + 3)
        if match is None or verdict(text, match.end(), around) is Verdict.TEXT:
            ends = (found.end() for found in _LONG_ESCAPED.finditer(text, at + 3) if found["escaped"])
            end = next((end for end in ends if verdict(text, end, around) is Verdict.DELIMITER), None)
            if end is not None:
                return self._end_raw(Quoted(at, -1), item, end - 1)
        if match:
            item.parts.append(Quoted(at, match.end()))
        return match.end() if match else -1

    def _string(self, at: int, item: CallItem) -> int:
        """The string that begins at `at`."""
        around = self._around(item)
        string = Quoted(at, -1)
        escaped: list[int] = []
        for match in CANDIDATE[self._text[at]].finditer(self._text, at + 1):
            if match["escaped"]:
                escaped.append(match.start(1))
            if match[0][0] == "\\":
                continue
            found = verdict(self._text, match.end(), around)
            if (found is Verdict.TEXT or self._early) and self._ends_before(escaped, match.start(), around):
                return self._end_raw(string, item, escaped[-1])
            if found is Verdict.TEXT or (found is Verdict.ADJACENT and string.inner):
                self._inner(string, match.start())
                escaped.clear()
                continue
            if found is Verdict.OPERATOR:
                item.operator = match.span()
            if item.operator and (string.inner or any(isinstance(part, Quoted) and part.inner for part in item.parts)):
                self._refuse(TwoReadings(span=Span(*item.operator)))
            string.end = match.end()
            item.parts.append(string)
            return string.end
        if escaped and escaped_end(self._text, escaped, around) is Verdict.DELIMITER:
            return self._end_raw(string, item, escaped[-1])
        return self._open_string(string, item)

    def _ends_before(self, escaped: list[int], at: int, around: Around) -> bool:
        """Whether the last quote behind a backslash ends the string, and the quote at `at` begins another one."""
        if not escaped or not _BEGINS_VALUE.search(self._text, max(0, at - 200), at):
            return False
        found = escaped_end(self._text, escaped, around)
        if found is Verdict.EITHER:
            what, help_ = "this quote may end the string, or be text", "write two backslashes if it ends the string"
            self._refuse(TwoReadings(span=Span(escaped[-1], escaped[-1] + 1), what=what, suggestion=help_))
        return found is Verdict.DELIMITER

    @staticmethod
    def _end_raw(string: Quoted, item: CallItem, at: int) -> int:
        """End a string with the quote at `at`, in front of which is a backslash that is text."""
        string.end, string.raw = at + 1, True
        item.parts.append(string)
        return string.end

    def _inner(self, string: Quoted, at: int) -> None:
        """A quote that is text; not, if it begins the value of another argument."""
        string.inner += 1
        if _ARGUMENT_INSIDE.search(self._text[max(string.start + 1, at - 80) : at]):
            self._refuse(TwoReadings(span=Span(at, at + 1)))

    def _open_string(self, string: Quoted, item: CallItem) -> int:
        """A string that nothing closes: an apostrophe in front of a text, or one whose quote is missing."""
        text, at = self._text, string.start
        follows = text[at + 1 : at + 2]
        stray = text[at] in SINGLE and item.name_end < 0 and at == item.value and follows.isalpha()
        if stray and not (self.loose or self.forced):
            self.loose = item.apostrophe = True
            return at + 1
        if not self.forced or string.inner or "\n" in text[at:].rstrip() or _ESCAPED_END.search(text):
            return -1
        string.end = self._without_closers(at + 1)
        string.added = True
        self.added.append((string.end, straight(text[at])))
        item.parts.append(string)
        return string.end

    def _without_closers(self, at: int) -> int:
        """Where the text from `at` on ends, if closing brackets that it does not open itself are none of it."""
        text = self._text
        end = before_blanks(text, len(text), at)
        for bracket in reversed(self._stack):
            closer = PAIRS[bracket.opener]
            if text[end - 1] != closer or text.count(closer, at, end) <= text.count(bracket.opener, at, end):
                break
            end = before_blanks(text, end - 1, at)
        return end
