"""Reads the tasks of a JSON plan as data: their calls, their ids and their dependencies."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Final, TypeAlias

from llmc_grammar.diagnostic import Diagnostic
from llmc_grammar.dialects.native.json_text import Array, Object, Scalar, String, Unreadable, Value
from llmc_grammar.dialects.native.native_call import (
    ARGUMENTS,
    WORDS,
    NativeCall,
    is_said,
    keyed,
    make_call,
    native_call,
)
from llmc_grammar.source import Span

_LISTS: Final = frozenset(
    ["plan", "steps", "tasks", "calls", "nodes", "subtasks", "actions", "workflow", "tasknodes", "dag", "graph"]
)
_TOOLS: Final = ("tool", "toolname", "function", "functionname", "action", "name", "task")
"""Keys of a tool's name, the most certain first: next to `tool`, `name` is the task's name."""

_IDS: Final = ("id", "taskid", "stepid", "nodeid", "idx", "number", "step", "stepnumber", "index", "label", "name")
"""Keys of a task's id, the most certain first."""

_DEPENDENCIES: Final = frozenset(
    ["dependson", "dependencies", "dependency", "depends", "deps", "dep", "after", "requires", "needs", "waitfor"]
)
_OUTPUTS: Final = frozenset(["output", "outputkey", "outputvar", "outputvariable", "outputname", "saveas", "assignto"])
_ANSWERS: Final = frozenset(["join", "answer", "final", "finalanswer"])
_RESULTS: Final = frozenset(["output", "outputs", "result", "return", "returns"])
"""Keys of a plan's value if it refers to a task; otherwise the object is a report, not a plan."""

_REMARKS: Final = frozenset(["description", "summary", "note", "notes", "details", "purpose", "intent", "priority"])
_WORDS: Final = (
    _REMARKS
    | WORDS
    | frozenset(["goal", "title", "objective", "question", "query", "status", "type", "expectedoutput", "parallel"])
)
_TOP_WORDS: Final = _WORDS | {"metadata", "context", "name", "id", "version", "task", "strategy", "request"}
_EDGES: Final = frozenset(["edges", "links", "tasklinks"])
_BESIDE: Final = _WORDS | _DEPENDENCIES | _OUTPUTS
_PART: Final = re.compile(r"[^\s,;][^,;]*(?<!\s)")
_NOTHING: Final = frozenset(["none", "null", "n/a", "-", "-1", "start", "[]"])
_EXACT: Final = frozenset(["tool", "toolname", "function", "functionname"])
_LEVELS: Final = 3

Name: TypeAlias = tuple[str, Span]
"""An id and its span."""


@dataclass(slots=True)
class Outline:
    """The tasks of a plan as data, each with its id if that is a key, and the entries next to them."""

    tasks: list[tuple[String | None, Value]]
    is_plan: bool = False
    answer: Value | None = None
    result: Value | None = None
    edges: Value | None = None


@dataclass(slots=True)
class PlanTask:
    """A task: its call, its id and other names, and the ids of its dependencies.

    `depends`: the task has a key for dependencies. `before` has the spans of its dependencies by task.
    """

    call: NativeCall
    own: Name | None
    aliases: tuple[str, ...]
    dependencies: tuple[Name, ...]
    depends: bool
    is_sure: bool
    before: dict[int, Span] = field(default_factory=dict)
    found: list[Diagnostic] = field(default_factory=list)


def read_outline(values: Sequence[Value | NativeCall]) -> Outline:
    """Return values as the tasks of a plan; raises Unreadable."""
    data = [value for value in values if not isinstance(value, NativeCall)]
    if len(data) != len(values):
        raise Unreadable("it is not a plan", 0)
    match data:
        case [Array(items=items)]:
            return Outline([(None, item) for item in items])
        case [Object() as top] if _list_keys(keys := keyed(top)):
            return _outline_of(keys, _LEVELS)
        case [Object(entries=entries)] if entries and all(isinstance(value, Object) for _, value in entries):
            return Outline(list(entries))
        case _:
            return Outline([(None, value) for value in data])


def _list_keys(keys: dict[str, tuple[String, Value]]) -> list[str]:
    """Return the keys of lists of tasks."""
    return [key for key in keys if key in _LISTS and isinstance(keys[key][1], Array | Object)]


def _outline_of(keys: dict[str, tuple[String, Value]], levels: int) -> Outline:
    """Return the tasks under a key such as `tasks`; other keys may only hold text; raises Unreadable."""
    lists = _list_keys(keys)
    outline = Outline([], is_plan=True)
    for key in keys.keys() - lists[:1]:
        name, value = keys[key]
        if key in _EDGES and isinstance(value, Array):
            outline.edges = value
        elif key in _ANSWERS:
            outline.answer = value
        elif key in _RESULTS:
            outline.result = value
        elif key == "tasksteps" and isinstance(value, Array) and all(map(is_said, value.items)):
            continue
        elif key not in _TOP_WORDS or not is_said(value):
            raise Unreadable("it is not part of a plan", name.span.start)
    inner = keys[lists[0]][1]
    if isinstance(inner, Array):
        outline.tasks = [(None, item) for item in inner.items]
    elif isinstance(inner, Object):
        inside = keyed(inner)
        if _list_keys(inside) and levels:
            return _outline_of(inside, levels - 1)
        outline.tasks = list(inner.entries)
    return outline


def read_task(key: String | None, value: Value) -> PlanTask:
    """Return an object as a task; raises Unreadable."""
    if not isinstance(value, Object):
        raise Unreadable("it is not a task", value.span.start)
    keys = keyed(value)
    tool = next((each for each in _TOOLS if each in keys and _may_name(keys[each][1])), None)
    given = [each for each in keys if each in ARGUMENTS]
    if tool is None or len(given) > 1:
        raise Unreadable("it is not a task", value.span.start)
    own = [each for each in _IDS if each in keys and each != tool]
    rest = keys.keys() - {tool, *given, *own}
    if any(each not in _BESIDE or (each in _WORDS and not is_said(keys[each][1])) for each in rest):
        raise Unreadable("it is not a task", value.span.start)
    call = _call(value, keys, tool, given)
    names = [] if key is None else [(key.value, key.content)]
    names += [name for each in own if (name := read_name(keys[each][1])) is not None]
    names += [name for each in rest & _OUTPUTS if (name := read_name(keys[each][1])) is not None]
    dependencies = [name for each in keys if each in _DEPENDENCIES for name in _names(keys[each][1])]
    depends = any(each in _DEPENDENCIES for each in keys)
    is_sure = tool in _EXACT and not call.is_bare and (depends or bool(own) or key is not None)
    aliases = tuple(name for name, _ in names[1:])
    return PlanTask(call, names[0] if names else None, aliases, tuple(dependencies), depends, is_sure)


def _may_name(value: Value) -> bool:
    """Whether a value can be a tool's name, or a call such as `function: {name, arguments}`."""
    return isinstance(value, Object) or (isinstance(value, String) and bool(value.value.strip()))


def _call(value: Object, keys: dict[str, tuple[String, Value]], tool: str, given: list[str]) -> NativeCall:
    """Return the call of a task; raises Unreadable."""
    name = keys[tool][1]
    if isinstance(name, Object):
        if given:
            raise Unreadable("it has two calls", name.span.start)
        return replace(native_call(name, keyed(name)), span=value.span)
    if not isinstance(name, String):
        raise Unreadable("the name of its tool is not a string", name.span.start)
    return make_call(name, (tool, *given), keys[given[0]][1] if given else None, value.span)


def read_name(value: Value) -> Name | None:
    """Return a value as an id, None if it cannot be one."""
    if isinstance(value, String):
        name = value.value.strip().lstrip("$")
        return (name, value.content) if name else None
    return (value.text, value.span) if isinstance(value, Scalar) and value.text.lstrip("-").isdigit() else None


def _names(value: Value) -> Iterator[Name]:
    """Yield the ids in a dependency or a list of dependencies; raises Unreadable for any other value."""
    match value:
        case Array(items=items):
            for item in items:
                if isinstance(item, Array):
                    raise Unreadable("it is not an id", item.span.start)
                yield from _names(item)
        case Object(entries=[(_, inner)]) if isinstance(inner, String | Scalar):
            yield from _names(inner)
        case String(value=text, places=places):
            for part in _PART.finditer(text):
                if part[0].lower() not in _NOTHING:
                    yield part[0], places.span(*part.span())
        case Scalar(text=text, span=span) if text.isdigit():
            yield text, span
        case Scalar(text="null" | "false" | "-1"):
            return
        case _:
            raise Unreadable("it is not an id", value.span.start)
