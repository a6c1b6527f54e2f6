"""Data shared by the dialects: the toolbox for a text, and statements with their spans in that text."""

import re
from bisect import bisect_right
from collections.abc import Container, Iterable
from dataclasses import dataclass, field
from typing import Final, Protocol, runtime_checkable

from llmc_grammar.ast import KEYWORDS
from llmc_grammar.diagnostic import Diagnostic
from llmc_grammar.frozen_data import frozen
from llmc_grammar.print import quoted
from llmc_grammar.repair.full_width import FOLD
from llmc_grammar.repair.splitting.tool_mentions import find_call
from llmc_grammar.source import Span
from llmc_grammar.split import END_MARK
from llmc_grammar.text import is_slot

HIGHEST: Final = 9999
"""The highest task number that a dialect writes."""

_OPEN_BRACE: Final = re.compile(r"\$\$|\$\{")
_CHARACTER: Final = re.compile(r"[^A-Za-z0-9_.]")
_LONGEST_BRACE: Final = 300
"""The maximum length of a reference in a string; without it, each unclosed brace would be searched to the end."""

_PREFIXES: Final = ("functions.", "function.", "tools.", "tool.", "default_api.", "api.")
"""Tool namespaces in prompts. The first is always removed, the others only if that leaves a known tool's name."""


@runtime_checkable
class Parameters(Protocol):
    """A toolbox with the parameters of its tools."""

    def required(self, name: str) -> tuple[str, ...] | None:
        """Return the names of a tool's required parameters, None if they are unknown."""
        ...


@runtime_checkable
class Functions(Protocol):
    """A toolbox that tells standard functions from tools."""

    def is_function(self, name: str) -> bool:
        """Whether a call of this name is one of a standard function."""
        ...


@frozen
class Target:
    """The toolbox for a text, and the number of its first task."""

    tools: Container[str] = ()
    first: int = 1

    @property
    def is_known(self) -> bool:
        """Whether the names of the tools are known."""
        return bool(getattr(self.tools, "is_known", self.tools))

    def has(self, name: str) -> bool:
        """Whether the toolbox is known and has a tool with this name."""
        return self.is_known and name in self.tools

    def is_function(self, name: str) -> bool:
        """Whether a call of this name is one of a standard function."""
        return isinstance(self.tools, Functions) and self.tools.is_function(name)

    def has_all(self, names: Iterable[str]) -> bool:
        """Whether the toolbox is known, and each of these names is that of a tool or a standard function."""
        return all(self.has(name) or (self.is_known and self.is_function(name)) for name in names)

    def is_called_in(self, prose: str) -> bool:
        """Whether a text contains a call of a known tool."""
        folded = prose.translate(FOLD)
        return self.is_known and any(find_call(line, self.tools) is not None for line in folded.split("\n"))

    def required(self, name: str) -> tuple[str, ...] | None:
        """Return the names of a tool's required parameters, None if they are unknown."""
        return self.tools.required(name) if isinstance(self.tools, Parameters) else None

    def binder(self, index: int) -> str:
        """Return the binder of the task at an index, empty above the highest number."""
        number = self.first + index
        return f"{number}. " if number <= HIGHEST else ""

    def tool(self, name: str) -> str | None:
        """Return a tool's name as a plan writes it, None if the text cannot be a name."""
        stripped = name.strip()
        for prefix in _PREFIXES:
            rest = stripped.removeprefix(prefix)
            if rest != stripped and not self.has(stripped) and (prefix == _PREFIXES[0] or self.has(_plain(rest))):
                stripped = rest
                break
        plain = _plain(stripped)
        return f"{plain}_" if plain in KEYWORDS else plain or None


@dataclass(slots=True)
class Written:
    """A statement of the plan language, written piece by piece; each piece keeps its span in the original text.

    The statement is refused if `found` contains an error.
    """

    found: list[Diagnostic] = field(default_factory=list)
    _length: int = 0
    _parts: list[str] = field(default_factory=list)
    _starts: list[int] = field(default_factory=list)
    _places: list[Span] = field(default_factory=list)

    @property
    def text(self) -> str:
        """The statement's text."""
        return "".join(self._parts)

    def add(self, piece: str, start: int, end: int | None = None) -> None:
        """Append a piece for the original text from `start` to `end`; `end` defaults to `start`."""
        if piece:
            self._parts.append(piece)
            self._starts.append(self._length)
            self._places.append(Span(start, start if end is None else end))
            self._length += len(piece)

    @property
    def place(self) -> Span:
        """The span of the whole statement in the original text."""
        return Span(min(place.start for place in self._places), max(place.end for place in self._places))

    def span(self, span: Span) -> Span:
        """Return the original span of a part of the statement."""
        start = self._at(span.start, bisect_right(self._starts, span.start) - 1)
        end = self._at(span.end, bisect_right(self._starts, max(span.end - 1, 0)) - 1)
        return Span(start, max(start, end))

    def _at(self, offset: int, index: int) -> int:
        """Return the original offset for an offset in the piece at an index."""
        place, inside = self._places[index], offset - self._starts[index]
        return place.end if inside >= len(self._parts[index]) else min(place.start + inside, place.end)


@frozen
class Rewritten:
    """A text as statements; `blocks` are its parts inside tool-call marks."""

    statements: tuple[Written, ...]
    blocks: tuple[Span, ...] = ()


def string(value: str) -> str:
    """Return a string in which `$1` is a reference, and `${` is one only if it parses as one."""
    return quoted(_OPEN_BRACE.sub(lambda brace: _brace(value, brace), value))


def _brace(value: str, brace: re.Match[str]) -> str:
    """Return a `${`, escaped unless it begins a reference."""
    is_text = brace[0] != "$$" and not is_slot(value, brace.start(), brace.start() + _LONGEST_BRACE)
    return "$${" if is_text else brace[0]


def without_end(text: str) -> str:
    """Return a text without the end mark of a plan."""
    return text.rstrip().removesuffix(END_MARK)


def plain_string(value: str) -> str:
    """Return a string in which each dollar sign is text."""
    return quoted(value.replace("$", "$$"))


def argument_name(name: str) -> str | None:
    """Return an argument's name as the language writes it, None if the text cannot be a name."""
    return _plain(name.replace(".", "_")) or None


def _plain(name: str) -> str:
    """Return a name with `_` for each invalid character, empty if no valid part is left."""
    parts = [part for part in _CHARACTER.sub("_", name).split(".") if part]
    return ".".join(f"_{part}" if part[0].isdigit() else part for part in parts)
