"""Descriptions of parameters in docstrings: Google and NumPy sections, reStructuredText and Epytext fields.

    Args:                       Parameters              :param str entity: Name of
        entity (str): Name of   ----------                  an article.
            an article.         entity : str            @param entity: Name of an article.
                                    Name of an article.

The rest is the description of the tool. Lines about names that are not parameters stay in the description. Each line
is read once or twice, so that the time is linear.
"""

import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import Final

from llmc_compiler.tools.callables import parameter_names, text_of
from llmc_grammar.lazy_pattern import lazy_pattern

_SECTION: Final = lazy_pattern(
    r"(?:\*\*|#{1,6} )?(?:other |keyword )?(?:arguments|args|parameters|params)(?:\*\*)?:?(?:\*\*)?\Z", re.IGNORECASE
)
_RULE: Final = lazy_pattern(r"[-=~]{3,}\Z")
_ITEM: Final = lazy_pattern(
    r"(?:[-+•*]\s+)?[`*\\]*(\w+)[`*]*\s*(?:\(.*?\)[`*]*\s*)?(?::(?!:)|(?<=\s)(?:--?|[\u2013\u2014])\s)(.*)\Z"
)
_NUMPY_ITEM: Final = lazy_pattern(r"([`*\\]*\w+[`*]*(?:\s*,\s*[`*\\]*\w+[`*]*)*)\s*(?::.*)?\Z")
_AROUND_NAMES: Final = lazy_pattern(r"[`*\\\s]+")
_FIELD: Final = lazy_pattern(r"[:@](\w+)(?:\s([^:]*))?:(?:\s+(.*))?\Z")
_TEXTS: Final = frozenset({"param", "parameter", "arg", "argument", "key", "keyword", "kwarg"})
_TYPES: Final = frozenset({"type", "paramtype", "kwtype"})

_USUAL: Final = 4
"""The usual indentation of items."""

_Item = tuple[tuple[str, ...], str]
"""The parameters that a line describes, and the first line of the description."""


def described(function: Callable[..., object]) -> tuple[str, Mapping[str, str]]:
    """Return the description of a function, without those of its parameters, and these separately."""
    text = text_of(function)
    return read_docstring(text, parameter_names(function)) if text else ("", {})


def read_docstring(text: str, names: Collection[str]) -> tuple[str, dict[str, str]]:
    """Return the description without the parameters of these names, and the description of each of them."""
    reader = _Reader(text.splitlines(), names)
    reader.read()
    if not reader.removed:
        return text, {}
    joined = {name: " ".join(" ".join(lines).split()) for name, lines in reader.texts.items()}
    description = re.sub(r"\n{3,}", "\n\n", "\n".join(line.rstrip() for line in reader.kept)).strip("\n")
    return description, {name: words for name, words in joined.items() if words}


@dataclass(slots=True, eq=False, repr=False)
class _Reader:
    """Reads a docstring line by line into the description, `kept`, and the descriptions of parameters, `texts`."""

    lines: list[str]
    names: Collection[str]
    at: int = 0
    removed: int = 0
    kept: list[str] = field(default_factory=list)
    texts: dict[str, list[str]] = field(default_factory=dict)

    def read(self) -> None:
        """Read all lines."""
        while self.at < len(self.lines):
            line = self.lines[self.at]
            if _SECTION.match(line.strip()):
                self._section(line)
            elif not self._field(line):
                self.kept.append(line)
                self.at += 1

    def _take(self, names: tuple[str, ...], words: str) -> list[str]:
        """Start the description of some parameters; its further lines go into the returned list."""
        self.removed += 1
        own = [words]
        for name in names:
            self.texts.setdefault(name, own)
        return own

    def _field(self, line: str) -> bool:
        """Read the field of a parameter with its continuation lines; False for any other line."""
        match = _FIELD.match(line.strip())
        if match is None or match[1] not in _TEXTS | _TYPES:
            return False
        name = _AROUND_NAMES.sub(" ", match[2] or "").strip().rpartition(" ")[2]
        if name not in self.names:
            return False
        own = self._take((name,) if match[1] in _TEXTS else (), match[3] or "")
        self.at += 1
        was_blank = False
        while self.at < len(self.lines):
            after = self.lines[self.at]
            if after.strip() and (_FIELD.match(after.strip()) or (was_blank and _indent(after) <= _indent(line))):
                break
            was_blank = not after.strip()
            own.append(after)
            self.at += 1
        if was_blank:
            self.kept.append("")
        return True

    def _section(self, head: str) -> None:
        """Read a section of parameters; its heading is kept if any of its lines are."""
        heads, first, removed = [head], len(self.kept), self.removed
        self.at += 1
        is_numpy = self._is_rule(self.at)
        if is_numpy:
            heads.append(self.lines[self.at])
            self.at += 1
        self._items(_indent(head), is_numpy=is_numpy)
        if self.removed == removed or any(line.strip() for line in self.kept[first:]):
            self.kept[first:first] = heads
        if self.removed > removed:
            self.kept.append("")

    def _items(self, outer: int, *, is_numpy: bool) -> None:
        """Read the items of a section whose heading is indented by `outer`."""
        item = _numpy_item if is_numpy else _google_item
        level = current = -1
        own = self.kept
        while self.at < len(self.lines):
            line = self.lines[self.at]
            if not line.strip():
                own.append(line)
                self.at += 1
                continue
            indent, parsed = _indent(line), item(line.strip())
            names = parsed[0] if parsed is not None and all(name in self.names for name in parsed[0]) else ()
            if self._is_over(line, outer, current, is_item=bool(names) or is_numpy):
                return
            level = indent if level < 0 else level
            # Continuations are indented by two or four more; a known name indented by less is a misaligned item.
            odd = 3 if level - outer >= _USUAL else 1
            if current >= 0 and indent > (max(current + odd, level) if names else current):
                own.append(line)
            elif parsed is not None and names:
                own, current = self._take(names, parsed[1]), indent
            else:
                own, current = self.kept, indent
                own.append(line)
            self.at += 1

    def _is_over(self, line: str, outer: int, current: int, *, is_item: bool) -> bool:
        """Whether a section ends before a line, which starts another part or is not indented as items are."""
        indent, text = _indent(line), line.strip()
        if indent <= max(current, outer) and (self._is_rule(self.at + 1) or _FIELD.match(text) or _SECTION.match(text)):
            return True
        return indent < outer or (indent == outer and not (is_item and current <= outer))

    def _is_rule(self, at: int) -> bool:
        """Whether a line underlines the one before it."""
        return at < len(self.lines) and _RULE.match(self.lines[at].strip()) is not None


def _google_item(line: str) -> _Item | None:
    """Return the name of a parameter and its first line: `x (int): Words`, `x -- Words`."""
    match = _ITEM.match(line)
    return ((match[1],), match[2]) if match else None


def _numpy_item(line: str) -> _Item | None:
    """Return the names in a line, `x : int` or `x, y : int`; the description follows below it."""
    match = _NUMPY_ITEM.match(line)
    return (tuple(_AROUND_NAMES.sub("", match[1]).split(",")), "") if match else None


def _indent(line: str) -> int:
    """Return the indentation of a line."""
    return len(line) - len(line.lstrip())
