"""What somebody is asked before a call: the call, its arguments as the tool receives them, and where these are from.

As JSON data, for other faces than a terminal, a request is complete:

    {"version": 1, "digest", "task", "indices": [index], "line", "tool", "effect", "held", "inside": [call],
     "arguments": [{"name", "value", "from": [origin], "default", "kind"?, "written"?}]}
    origin: {"text", "task"?, "tool"?, "input"?, "line"?, "element"?, "plan"?}

Within a version, keys may be added, and none is taken away or changes its meaning.

As text it is drawn for a terminal: labels stand left of a frame, and what they are about right of it, on every line, so
that no text can pass for a label. Long values are cut with a count. The digest of all, in the first line, differs where
two requests differ, even if they look alike.
"""

import json
import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256
from itertools import zip_longest
from typing import Any, Final

from llmc_compiler.expressions.terms import Json
from llmc_compiler.ir.graph import TaskId
from llmc_compiler.terminal_cells import cells, marked, padded, visible, wrapped
from llmc_runtime.safety.value_excerpt import excerpt, folded, more, quoted

VERSION: Final = 1

WIDTH: Final = 100
"""Cells of a line, where no terminal says how many it has."""

_VALUE: Final = 600
"""Characters of a value that are shown at first."""

_ORIGINS: Final = 12
"""Origins of an argument that are shown at first."""

_DIGEST: Final = 12
_LABEL: Final = 16
_LEAST: Final = 4
_NARROW: Final = 40
"""Cells of a line in which a label has a line of its own."""


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a value is from, or a part of it.

    The task `task`, and its call of `tool` if it is the result of one; else the input `input`; else the plan itself.
    `line` is that of the plan, from 1, and `element` the position of the element of a loop. `plan` is the number of an
    earlier plan of the same question, None for the plan itself.
    """

    task: TaskId | None = None
    tool: str | None = None
    input: str | None = None
    line: int | None = None
    element: int | None = None
    plan: int | None = None

    def __str__(self) -> str:
        """The origin in words."""
        words = self._words()
        return words if self.plan is None or self.input is not None else f"{words}, in plan {self.plan}"

    def _words(self) -> str:
        """The origin in its plan."""
        where = "" if self.line is None else f"line {self.line}"
        if self.element is not None:
            return f"element {self.element} of the loop" + (f" in {where}" if where else "")
        if self.input is not None:
            return f"input {self.input}"
        if self.task is None:
            return f"written in {where or 'the plan'}"
        return f"task {self.task}" + "".join(f", {word}" for word in (self.tool, where) if word)

    def to_json(self) -> dict[str, Any]:
        """The origin as JSON data."""
        names = ("task", "tool", "input", "line", "element", "plan")
        return {"text": str(self)} | {name: each for name in names if (each := getattr(self, name)) is not None}


@dataclass(frozen=True, slots=True)
class Argument:
    """An argument of a call: its parameter (None: one of any number), its value, and where that is from.

    The value is what the tool receives, without secrets. `kind` is the Python type of that, if it is none of JSON. If
    it is not what the plan gives, `is_converted` is set, and `written` is that. `is_default`: the plan leaves it out.
    """

    name: str | None
    value: Json
    origins: tuple[Origin, ...]
    kind: str | None = None
    is_default: bool = False
    is_converted: bool = False
    written: Json = None

    def to_json(self) -> dict[str, Any]:
        """The argument as JSON data."""
        found: dict[str, Any] = {"name": self.name, "value": self.value, "default": self.is_default}
        if self.kind is not None:
            found["kind"] = self.kind
        if self.is_converted:
            found["written"] = self.written
        return found | {"from": [origin.to_json() for origin in self.origins]}


@dataclass(frozen=True)
class ApprovalRequest:
    """A call that may be made only if somebody says so.

    `indices` are the positions in the loops around it, and `held` says why the call is held, if it is. `inside` are the
    calls of other runs around this run, the outermost first: `publish (task 3)`.
    """

    task: TaskId
    indices: tuple[int, ...]
    line: int | None
    tool: str
    effect: str
    arguments: tuple[Argument, ...]
    held: str | None = None
    inside: tuple[str, ...] = ()

    def __str__(self) -> str:
        """The request in lines for a terminal of 100 cells; long values are cut with a count."""
        return "\n".join(self.lines())

    def to_json(self) -> dict[str, Any]:
        """The request as JSON data, with all values in full."""
        return {"version": VERSION, "digest": self.digest} | self._data()

    def _data(self) -> dict[str, Any]:
        """All but the version and the digest."""
        return {
            "task": self.task,
            "indices": list(self.indices),
            "line": self.line,
            "tool": self.tool,
            "effect": self.effect,
            "arguments": [argument.to_json() for argument in self.arguments],
            "held": self.held,
            "inside": list(self.inside),
        }

    @cached_property
    def digest(self) -> str:
        """SHA-256 of the rest of the JSON data, with sorted keys."""
        return sha256(json.dumps(self._data(), sort_keys=True).encode()).hexdigest()

    @property
    def place(self) -> str:
        """The task, with its positions in loops: `task 3[0]`."""
        return f"task {self.task}" + "".join(f"[{index}]" for index in self.indices)

    def lines(self, width: int = WIDTH, *, whole: bool = False, like: "ApprovalRequest | None" = None) -> Iterator[str]:
        """Lines of at most so many cells; `whole` cuts nothing, and arguments of `like` are not repeated."""
        where = "" if self.line is None else f", line {self.line}"
        head = f"{self.tool}: {self.effect} ({self.place}{where}) #{self.digest[:_DIGEST]}"
        yield from _said(marked(head), "", width)
        if self.inside:
            yield from _said(marked(f"inside of {', '.join(self.inside)}"), "  ", width)
        if self.held is not None:
            # The last part is advice for runs without a callback.
            reason = self.held.rpartition("; ")[0] or self.held
            yield from _said(marked(f"held back: {reason}"), "  ", width)
        known = () if like is None else like.arguments
        pairs = zip_longest(self.arguments, known[: len(self.arguments)])
        new = [argument for argument, other in pairs if other is None or _text(argument) != _text(other)]
        labels = [_label(argument) for argument in new]
        column = 0 if width < _NARROW else min(max(map(cells, labels), default=0), _LABEL)
        for label, argument in zip(labels, new, strict=True):
            yield from _framed(label, argument, column, width, whole=whole)
        if like is not None and (same := len(self.arguments) - len(new)):
            words = f"{same} argument{'s' * (same > 1)} as in {like.place}"
            yield from _said(visible(words), "  ", width)


def _text(argument: Argument) -> str:
    """An argument as text: `==` would take 1, 1.0 and true for the same."""
    return json.dumps(argument.to_json(), sort_keys=True)


def _label(argument: Argument) -> str:
    """The name of a parameter; a schema may name one in any way."""
    name = argument.name
    return "*" if name is None else marked(name) if name.isidentifier() else quoted(name)


def _framed(label: str, argument: Argument, column: int, width: int, *, whole: bool) -> Iterator[str]:
    """An argument: its label, its value in a frame, and below it what is to be said of that."""
    if cells(label) > column or label.startswith('"'):
        yield from _said(label, "  ", width)
        label = ""
    blank = f"  {padded('', column)} " if column else "  "
    room = math.inf if whole else _VALUE
    for at, line in enumerate(_in_frame(excerpt(argument.value, room), blank, width)):
        yield line if at else f"  {padded(label, column)} "[: len(blank)] + line[len(blank) :]
    kind = "" if argument.kind is None else f"as {visible(argument.kind)}"
    if argument.is_converted:
        yield from _said(f"{kind or 'converted'}, from", blank, width, "├ ", "  ")
        yield from _in_frame(excerpt(argument.written, room), blank, width)
        kind = ""
    if argument.is_default:
        words = "the tool's own default"
    else:
        words = f"from {'; '.join(_shown(argument.origins, whole=whole))}"
    yield from _said(marked(f"{kind}, {words}" if kind else words), blank, width, "╰ ", "  ")


def _shown(origins: Iterable[Origin], *, whole: bool) -> Iterator[str]:
    """The origins in words, and how many are left out."""
    words = list(map(str, origins))
    most = len(words) if whole or len(words) <= _ORIGINS else _ORIGINS
    yield from words[:most]
    if most < len(words):
        yield more(len(words) - most)


def _in_frame(text: str, indent: str, width: int) -> Iterator[str]:
    """A value in lines with the frame in front."""
    return (f"{indent}│ {line}" for line in folded(text, max(width - cells(indent) - 2, _LEAST)))


def _said(text: str, indent: str, width: int, first: str = "", rest: str = "    ") -> Iterator[str]:
    """A text that is fit for a terminal, in lines with signs in front of the first and of the others."""
    for at, line in enumerate(wrapped(text, max(width - cells(indent + rest), _LEAST))):
        yield f"{indent}{rest if at else first}{line}"
