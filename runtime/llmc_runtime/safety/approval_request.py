"""Approval requests: a call, its arguments as the tool receives them, and their provenance.

As JSON data, for interfaces other than a terminal, a request is complete:

    {"version": 1, "digest", "task", "indices": [index], "line", "tool", "effect", "held", "inside": [call],
     "arguments": [{"name", "value", "from": [origin], "default", "kind"?, "written"?}]}
    origin: {"text", "task"?, "tool"?, "input"?, "line"?, "element"?, "plan"?}

Keys may be added within a version. No key is removed or changes its meaning.

As text it is drawn for a terminal. Labels stand to the left of a frame and values to its right, on every line, so no
text can pass for a label. Long values are cut, with a count. The first line has the digest of the whole request, so two
requests that look alike can be told apart.
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
"""Cells of a line, unless a terminal reports its width."""

_VALUE: Final = 600
"""Characters of a value that are shown at first."""

_ORIGINS: Final = 12
"""Origins of an argument that are shown at first."""

_DIGEST: Final = 12
_LABEL: Final = 16
_LEAST: Final = 4
_NARROW: Final = 40
"""Widths below this put each label on its own line."""


def _line(line: int | None, file: str | None) -> str:
    """Return a line in words, with its file if that is another plan; empty if it is unknown."""
    if line is None:
        return ""
    return f"line {line}" if file is None else f"line {line} of {file}"


@dataclass(frozen=True, slots=True)
class Origin:
    """Provenance of a value or of a part of it.

    If `task` is set, the value comes from that task, or from its call of `tool`. Otherwise it comes from the input
    `input`, or from the text of the plan. `line` counts the lines of the plan from 1, and `element` is the position of
    a loop element. `plan` is the number of an earlier plan of the same question, None for this plan. `file` is the
    file of the line, if that is a plan which this one calls.
    """

    task: TaskId | None = None
    tool: str | None = None
    input: str | None = None
    line: int | None = None
    element: int | None = None
    plan: int | None = None
    file: str | None = None

    def __str__(self) -> str:
        words = self._words()
        return words if self.plan is None or self.input is not None else f"{words}, in plan {self.plan}"

    def _words(self) -> str:
        """Describe the origin within its plan."""
        where = _line(self.line, self.file)
        if self.element is not None:
            return f"element {self.element} of the loop" + (f" in {where}" if where else "")
        if self.input is not None:
            return f"input {self.input}"
        if self.task is None:
            return f"the text of {where or 'the plan'}"
        return f"task {self.task}" + "".join(f", {word}" for word in (self.tool, where) if word)

    def to_json(self) -> dict[str, Any]:
        """The origin as JSON data."""
        names = ("task", "tool", "input", "line", "file", "element", "plan")
        return {"text": str(self)} | {name: value for name in names if (value := getattr(self, name)) is not None}


@dataclass(frozen=True, slots=True)
class Argument:
    """An argument of a call."""

    name: str | None
    """The name of the parameter, None for one of `*args`."""
    value: Json
    """The value that the tool receives, with secrets redacted."""
    origins: tuple[Origin, ...]
    """The tasks, inputs and lines from which the value was made."""
    kind: str | None = None
    """The Python type of the value, None for a JSON type."""
    is_default: bool = False
    """True if the plan leaves the argument out."""
    is_converted: bool = False
    """True if the parameter converted the value."""
    written: Json = None
    """The value of the plan, if it was converted."""

    def to_json(self) -> dict[str, Any]:
        """The argument as JSON data."""
        data: dict[str, Any] = {"name": self.name, "value": self.value, "default": self.is_default}
        if self.kind is not None:
            data["kind"] = self.kind
        if self.is_converted:
            data["written"] = self.written
        return data | {"from": [origin.to_json() for origin in self.origins]}


@dataclass(frozen=True)
class ApprovalRequest:
    """A call that needs approval."""

    task: TaskId
    """The task that makes the call."""
    indices: tuple[int, ...]
    """The positions in the loops around the call."""
    line: int | None
    """The line of the task, None if the text is unknown."""
    tool: str
    """The name of the tool."""
    effect: str
    """The effect of the call."""
    arguments: tuple[Argument, ...]
    """The arguments as the tool receives them, each with its provenance."""
    held: str | None = None
    """The reason if the call is held, None if it is not."""
    inside: tuple[str, ...] = ()
    """The calls around this run, the outermost first, such as `publish (task 3)`."""
    file: str | None = None
    """The plan that has the line, if it was called as a tool."""

    def __str__(self) -> str:
        """Lay the request out for a terminal of 100 cells; long values are cut with a count."""
        return "\n".join(self.lines())

    def to_json(self) -> dict[str, Any]:
        """The request as JSON data, with all values in full."""
        return {"version": VERSION, "digest": self.digest} | self._data()

    def _data(self) -> dict[str, Any]:
        """The JSON data without version and digest."""
        return {
            "task": self.task,
            "indices": list(self.indices),
            "line": self.line,
            "tool": self.tool,
            "effect": self.effect,
            "arguments": [argument.to_json() for argument in self.arguments],
            "held": self.held,
            "inside": list(self.inside),
        } | ({} if self.file is None else {"file": self.file})

    @cached_property
    def digest(self) -> str:
        """SHA-256 of the rest of the JSON data, with sorted keys."""
        return sha256(json.dumps(self._data(), sort_keys=True).encode()).hexdigest()

    @property
    def place(self) -> str:
        """The task, with its positions in loops: `task 3[0]`."""
        return f"task {self.task}" + "".join(f"[{index}]" for index in self.indices)

    def lines(self, width: int = WIDTH, *, whole: bool = False, like: "ApprovalRequest | None" = None) -> Iterator[str]:
        """Yield lines of at most `width` cells; `whole` cuts nothing, and arguments found in `like` are left out."""
        line = _line(self.line, self.file)
        where = line and f", {line}"
        head = f"{self.tool}: {self.effect} ({self.place}{where}) #{self.digest[:_DIGEST]}"
        yield from _said(marked(head), "", width)
        if self.inside:
            yield from _said(marked(f"inside {', '.join(self.inside)}"), "  ", width)
        if self.held is not None:
            # The last part is advice for runs without a callback.
            reason = self.held.rpartition("; ")[0] or self.held
            yield from _said(marked(f"held back: {reason}"), "  ", width)
        shown = () if like is None else like.arguments
        pairs = zip_longest(self.arguments, shown[: len(self.arguments)])
        new = [argument for argument, other in pairs if other is None or _text(argument) != _text(other)]
        labels = [_label(argument) for argument in new]
        column = 0 if width < _NARROW else min(max(map(cells, labels), default=0), _LABEL)
        for label, argument in zip(labels, new, strict=True):
            yield from _framed(label, argument, column, width, whole=whole)
        if like is not None and (same := len(self.arguments) - len(new)):
            words = f"{same} argument{'s' * (same > 1)} as in {like.place}"
            yield from _said(visible(words), "  ", width)


def _text(argument: Argument) -> str:
    """The argument as text for comparison: `==` would treat 1, 1.0 and true as equal."""
    return json.dumps(argument.to_json(), sort_keys=True)


def _label(argument: Argument) -> str:
    """The parameter's name, quoted unless it is an identifier; a schema allows any text."""
    name = argument.name
    return "*" if name is None else marked(name) if name.isidentifier() else quoted(name)


def _framed(label: str, argument: Argument, column: int, width: int, *, whole: bool) -> Iterator[str]:
    """Yield the lines of an argument: its label, its framed value, and below it the provenance."""
    if cells(label) > column or label.startswith('"'):
        yield from _said(label, "  ", width)
        label = ""
    blank = f"  {padded('', column)} " if column else "  "
    room = math.inf if whole else _VALUE
    for index, line in enumerate(_in_frame(excerpt(argument.value, room), blank, width)):
        yield line if index else f"  {padded(label, column)} "[: len(blank)] + line[len(blank) :]
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
    """Yield the origins in words, then the number of those left out."""
    words = list(map(str, origins))
    most = len(words) if whole or len(words) <= _ORIGINS else _ORIGINS
    yield from words[:most]
    if most < len(words):
        yield more(len(words) - most)


def _in_frame(text: str, indent: str, width: int) -> Iterator[str]:
    """Lines of a value with the frame in front."""
    return (f"{indent}│ {line}" for line in folded(text, max(width - cells(indent) - 2, _LEAST)))


def _said(text: str, indent: str, width: int, first: str = "", rest: str = "    ") -> Iterator[str]:
    """Wrap a text that is safe for a terminal, with `first` before its first line and `rest` before the others."""
    for index, line in enumerate(wrapped(text, max(width - cells(indent + rest), _LEAST))):
        yield f"{indent}{rest if index else first}{line}"
