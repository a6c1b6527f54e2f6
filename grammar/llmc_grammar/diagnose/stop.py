"""The position at which Lark stopped, and the items that it had read."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

from lark import Token
from lark.exceptions import UnexpectedInput, UnexpectedToken

from llmc_grammar.lazy_pattern import lazy_pattern
from llmc_grammar.parse_state import ParseState
from llmc_grammar.source import Span
from llmc_grammar.terminals import quiet

_WORD: Final = lazy_pattern(r"[A-Za-z_][A-Za-z0-9_]*")
_FOUND: Final = lazy_pattern(
    r"[A-Za-z_][A-Za-z0-9_]*|[0-9][A-Za-z0-9_.]*|\$[A-Za-z0-9_]*|@[A-Za-z0-9_]*|[=!<>&|*/+-]+|."
)
_SHOWN: Final = 40
LOOP_NAME: Final = lazy_pattern(r"\bfor[ \t]+([A-Za-z_][A-Za-z0-9_]*)[ \t]+in\b")
OPENERS: Final = ("(", "[", "{")
CLOSERS: Final = (")", "]", "}")
_STEPPED: Final = frozenset({"REF", "STEPS"})
_ENDS: Final = frozenset({"COMMA", "RPAR", "RSQB", "RBRACE", "$END"})


@dataclass(frozen=True, eq=False, repr=False)
class Stop:
    """A position in a statement's text (`at` counts from its start) and the items on Lark's stack."""

    reading: ParseState
    kind: str
    at: int
    at_end: bool
    stack: list[Any]
    expected: frozenset[str]

    @classmethod
    def of(cls, mistake: UnexpectedInput, kind: str, reading: ParseState) -> "Stop":
        """Return the stop of an exception that Lark raised."""
        state = mistake.interactive_parser.parser_state
        offset, at_end = int(getattr(mistake, "pos_in_stream", 0)), False
        expected = getattr(mistake, "allowed", None) or frozenset()
        if isinstance(mistake, UnexpectedToken):
            at_end = mistake.token.type == "$END"
            offset = int((mistake.token.end_pos if at_end else mistake.token.start_pos) or 0)
            expected = mistake.expected
        return cls(reading, kind, offset, at_end, list(state.value_stack), frozenset(expected))

    @cached_property
    def possible(self) -> frozenset[str]:
        """The terminals that are allowed here; Lark's table also includes those of other brackets."""
        names = self.expected - _ENDS
        if not names or names & {"PLUS", "COLON"}:
            names -= {"NAME"}
        if self.words[-1:] != ["if"]:
            names -= {"ELSE"}
        if self.opener != "{" and not (self.in_step and ":" not in self.level):
            names -= {"COLON"}
        if not self.opener:
            return names | ({"$END"} if self.has_value else self.expected & {"$END"})
        closer = {"(": "RPAR", "[": "RSQB", "{": "RBRACE"}[self.opener[-1]]
        return names | (self.expected & {closer, "COMMA"})

    @property
    def text(self) -> str:
        """The statement's text."""
        return self.reading.text

    def span(self, start: int, end: int) -> Span:
        """Return a span in the whole text."""
        return Span(self.reading.base + start, self.reading.base + end)

    @property
    def first(self) -> int:
        """The offset of the first word or symbol."""
        return len(self.text) - len(self.text.lstrip())

    @property
    def here(self) -> Span:
        """The span of `found`."""
        return self.span(self.at, self.at + len(self.found))

    @cached_property
    def found(self) -> str:
        """The word, number, operator or character at this position."""
        match = None if self.at_end else _FOUND.match(self.text, self.at)
        return match[0] if match else ""

    @property
    def shown(self) -> str:
        """`found` in words, for messages."""
        if self.at_end or not self.found.strip():
            return "the end of the statement"
        if self.found in {'"', "'"}:
            return "a string"
        short = self.found if len(self.found) <= _SHOWN else f"{self.found[:_SHOWN]}…"
        return f"`{short}`"

    @property
    def word(self) -> str:
        """The word that begins here, or an empty string."""
        match = None if self.at_end else _WORD.match(self.text, self.at)
        return match[0] if match else ""

    @cached_property
    def elements(self) -> frozenset[str]:
        """The names of the loop variables in this statement."""
        return frozenset(LOOP_NAME.findall(self.text))

    def knows(self, name: str) -> bool:
        """Whether a name is that of an input or task above, or of a loop variable."""
        return name in self.reading.names or name in self.elements

    @property
    def top(self) -> Any:  # noqa: ANN401 (tokens, trees and lists of both)
        """The item that was read last, or None."""
        return self.stack[-1] if self.stack else None

    @property
    def top_word(self) -> str:
        """The item that was read last if it is a bare word, or an empty string."""
        top = self.top
        return str(top) if isinstance(top, Token) and _WORD.fullmatch(top) and self.opener.endswith("(") else ""

    @cached_property
    def level(self) -> list[Any]:
        """The items since the innermost open bracket, beginning with the bracket if there is one."""
        closed = 0
        for index in range(len(self.stack) - 1, -1, -1):
            last = self.stack[index][-1] if isinstance(self.stack[index], Token) else ""
            if last in CLOSERS and not self._is_reference(index):
                closed += 1
            elif last in OPENERS:
                if not closed:
                    return self.stack[index:]
                closed -= 1
        return self.stack

    @property
    def closes(self) -> str:
        """The opening bracket as written (`f(`, `(`, `[`) that the last item closes, or an empty string."""
        closed = 0
        for item in reversed(self.stack):
            if not isinstance(item, Token) or item.type in _STEPPED:
                continue
            closed += (item[-1] in CLOSERS) - (item[-1] in OPENERS)
            if not closed:
                return str(item)
        return ""

    def _is_reference(self, at: int) -> bool:
        """Whether an item is a reference or steps, which may end with a bracket."""
        return self.stack[at].type in _STEPPED

    @property
    def opener(self) -> str:
        """The innermost open bracket as written (`f(`, `[`, `@retry(`), or an empty string."""
        first = self.level[0] if self.level else ""
        if not isinstance(first, Token) or first[-1] not in OPENERS:
            return ""
        tokens = [item for item in self.level if isinstance(item, Token)]
        closed = sum(token[-1] in CLOSERS and token.type not in _STEPPED for token in tokens)
        opened = sum(token[-1] in OPENERS for token in tokens)
        return str(first) if opened > closed else ""

    @cached_property
    def in_step(self) -> bool:
        """Whether this position is directly inside the square brackets of a step."""
        before = len(self.stack) - len(self.level) - 1
        return self.opener == "[" and before >= 0 and hasattr(self.stack[before], "span")

    @property
    def in_call(self) -> bool:
        """Whether this position is directly inside a call's brackets."""
        return len(self.opener) > 1 and self.opener[0] != "@" and self.opener != "not("

    @cached_property
    def words(self) -> list[str]:
        """The words `if else for` since the innermost open bracket."""
        return [str(item) for item in self.level if isinstance(item, Token) and item in {"if", "else", "for"}]

    @property
    def wants_value(self) -> bool:
        """Whether a value is expected."""
        return "NUMBER" in self.expected and "DURATION" not in self.expected and "STRING" in self.expected

    @property
    def has_value(self) -> bool:
        """Whether a value directly precedes this position."""
        return not self.wants_value and self.top is not None and "PLUS" in self.expected

    @cached_property
    def before(self) -> int:
        """The end of the item that was read last, without the spaces and comments after it."""
        blanked = quiet().sub(lambda match: match["string"] or " " * len(match[0]), self.text[: self.at])
        return len(blanked.rstrip())

    @property
    def is_apart(self) -> bool:
        """Whether a comment precedes this position: an edit of the gap before it would delete the comment."""
        return bool(self.text[self.before : self.at].strip())
