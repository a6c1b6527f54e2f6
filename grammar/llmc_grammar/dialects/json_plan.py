r"""Plans as JSON: tasks with ids, the tasks they depend on, and references to their values.

    {"tasks": [{"id": "t1", "tool": "price", "args": {"item": "tea"}, "depends_on": []},
               {"id": "t2", "tool": "note", "args": {"text": "It costs $t1"}, "depends_on": ["t1"]}]}

    1. price(item="tea")
    2. note(text="It costs $1")

A task goes below those it depends on or refers to, otherwise the order stays. A dependency that no reference expresses
is reported: the order of lines alone holds back only calls with conflicting effects.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from heapq import heapify, heappop, heappush
from typing import Final, TypeAlias

from llmc_grammar.diagnostic import Diagnostic
from llmc_grammar.dialects.form import Rewritten, Target, Written
from llmc_grammar.dialects.native.bare_json import read_bare
from llmc_grammar.dialects.native.call import (
    ARGUMENTS,
    WORDS,
    NativeCall,
    is_join,
    is_known,
    is_named,
    keyed,
    make_call,
    may_be_bare,
    native_call,
    refused,
    write_call,
    write_join,
)
from llmc_grammar.dialects.native.json_text import Array, Object, Scalar, String, Unreadable, Value, write_value
from llmc_grammar.dialects.native.references import References, indexed, number_in, numbered, placed
from llmc_grammar.errors.repairs import AfterTheEnd, OrderOnly, UnreadableCall
from llmc_grammar.source import Span

NAME: Final = "json_plan"

_LISTS: Final = frozenset(["plan", "steps", "tasks", "calls", "nodes", "subtasks", "actions", "workflow", "tasknodes"])
_TOOLS: Final = ("tool", "toolname", "function", "functionname", "action", "name", "task")
"""Keys of a tool's name, the surest first: behind `tool`, `name` is that of the task."""

_IDS: Final = (
    "id",
    "taskid",
    "stepid",
    "nodeid",
    "idx",
    "number",
    "step",
    "stepnumber",
    "index",
    "label",
    "name",
    "key",
)
_DEPENDENCIES: Final = frozenset(
    ["dependson", "dependencies", "dependency", "depends", "deps", "dep", "after", "requires", "needs", "waitfor"]
)
_OUTPUTS: Final = frozenset(["output", "outputkey", "outputvar", "outputvariable", "outputname", "saveas", "assignto"])
_ANSWERS: Final = frozenset(["join", "answer", "final", "finalanswer"])
_WORDS: Final = WORDS | {"description", "goal", "title", "objective", "question", "query", "summary", "status", "type"}
_TOP_WORDS: Final = _WORDS | {"name", "id", "version", "task", "strategy", "request"}
_EDGES: Final = frozenset(["edges", "links", "tasklinks"])
_BESIDE: Final = _WORDS | _DEPENDENCIES | _OUTPUTS
_PART: Final = re.compile(r"[^\s,;][^,;]*(?<!\s)")
_NOTHING: Final = frozenset(["none", "null", "n/a", "-", "-1", "start", "[]"])
_EXACT: Final = frozenset(["tool", "toolname", "function", "functionname"])
_LEVELS: Final = 3


_Name: TypeAlias = tuple[str, Span]
"""An id, and its place."""


@dataclass(slots=True)
class _Outline:
    """The tasks of a plan as data, each with its id if that is a key, and what stands beside them."""

    tasks: list[tuple[String | None, Value]]
    is_plan: bool = False
    answer: Value | None = None
    edges: Value | None = None


@dataclass(slots=True)
class _Task:
    """A task: its call, its id and other names, and the ids of the tasks before it.

    `depends`: it says so itself. `before` are the places of its dependencies, by the tasks that they name.
    """

    call: NativeCall
    own: _Name | None
    aliases: tuple[str, ...]
    dependencies: tuple[_Name, ...]
    depends: bool
    is_sure: bool
    before: dict[int, Span] = field(default_factory=dict)
    found: list[Diagnostic] = field(default_factory=list)


def rewrite(text: str, target: Target) -> Rewritten | None:
    """Return the tasks of a plan as statements, None if the text is not of this form."""
    try:
        bare = read_bare(text)
        outline = _outline(bare.values)
        tasks = [_task(key, value) for key, value in outline.tasks]
        if not tasks or not _accepts(tasks, target):
            return None
        references = References(_ids(tasks, target.first))
        _resolve(tasks, references)
        _resolve_edges(outline.edges, tasks, references)
    except Unreadable:
        return None
    uses = [_uses(task, target, references) for task in tasks]
    for index in (index for index, use in enumerate(uses) if index in use):
        why, suggestion = "the task refers to itself", "refer to another task"
        tasks[index].found.append(UnreadableCall(span=tasks[index].call.name_place, why=why, suggestion=suggestion))
    is_plan = outline.is_plan or any(task.depends for task in tasks)
    is_plan = is_plan or any(tasks[used].own for use in uses for used in use)
    if not is_plan:
        return None
    if bare.rest is not None:
        tasks[-1].found.append(AfterTheEnd(span=bare.rest))
    return Rewritten(tuple(_statements(tasks, uses, outline.answer, target, references)))


def _outline(values: Sequence[Value | NativeCall]) -> _Outline:
    """Return the tasks that values are; raises Unreadable."""
    data = [value for value in values if not isinstance(value, NativeCall)]
    if len(data) != len(values):
        raise Unreadable("it is not a plan", 0)
    match data:
        case [Array(items=items)]:
            return _Outline([(None, item) for item in items])
        case [Object() as top] if _list_keys(keys := keyed(top)):
            return _outline_of(keys, _LEVELS)
        case _:
            return _Outline([(None, value) for value in data])


def _list_keys(keys: dict[str, tuple[String, Value]]) -> list[str]:
    """Return the keys of lists of tasks."""
    return [key for key in keys if key in _LISTS and isinstance(keys[key][1], Array | Object)]


def _outline_of(keys: dict[str, tuple[String, Value]], levels: int) -> _Outline:
    """Return the tasks under a key such as `tasks`, alone among texts; raises Unreadable."""
    lists = _list_keys(keys)
    found = _Outline([], is_plan=True)
    for key in keys.keys() - lists[:1]:
        name, value = keys[key]
        if key in _EDGES and isinstance(value, Array):
            found.edges = value
        elif key in _ANSWERS:
            found.answer = value
        elif key == "tasksteps" and isinstance(value, Array) and all(map(_is_said, value.items)):
            continue
        elif key not in _TOP_WORDS or not _is_said(value):
            raise Unreadable("it is no part of a plan", name.span.start)
    inner = keys[lists[0]][1]
    if isinstance(inner, Array):
        found.tasks = [(None, item) for item in inner.items]
    elif isinstance(inner, Object):
        inside = keyed(inner)
        if _list_keys(inside) and levels:
            return _outline_of(inside, levels - 1)
        found.tasks = list(inner.entries)
    return found


def _task(key: String | None, value: Value) -> _Task:
    """Return the task that an object is; raises Unreadable."""
    if not isinstance(value, Object):
        raise Unreadable("it is not a task", value.span.start)
    keys = keyed(value)
    tool = next((each for each in _TOOLS if each in keys and _may_name(keys[each][1])), None)
    given = [each for each in keys if each in ARGUMENTS]
    if tool is None or len(given) > 1:
        raise Unreadable("it is not a task", value.span.start)
    own = [each for each in _IDS if each in keys and each != tool]
    rest = keys.keys() - {tool, *given, *own}
    if any(each not in _BESIDE or (each in _WORDS and not _is_said(keys[each][1])) for each in rest):
        raise Unreadable("it is not a task", value.span.start)
    call = _call(value, keys, tool, given)
    names = [] if key is None else [(key.value, key.content)]
    names += [name for each in own if (name := _name(keys[each][1])) is not None]
    names += [name for each in rest & _OUTPUTS if (name := _name(keys[each][1])) is not None]
    dependencies = [name for each in keys if each in _DEPENDENCIES for name in _names(keys[each][1])]
    depends = any(each in _DEPENDENCIES for each in keys)
    is_sure = tool in _EXACT and not call.is_bare and (depends or bool(own) or key is not None)
    aliases = tuple(name for name, _ in names[1:])
    return _Task(call, names[0] if names else None, aliases, tuple(dependencies), depends, is_sure)


def _may_name(value: Value) -> bool:
    """Whether a value can be the name of a tool, or a call as `function: {name, arguments}`."""
    return isinstance(value, Object) or (isinstance(value, String) and bool(value.value.strip()))


def _is_said(value: Value) -> bool:
    """Whether a value is no more than text."""
    return isinstance(value, String | Scalar)


def _call(value: Object, keys: dict[str, tuple[String, Value]], tool: str, given: list[str]) -> NativeCall:
    """Return the call of a task; raises Unreadable."""
    name = keys[tool][1]
    if isinstance(name, Object):
        if given:
            raise Unreadable("it has two calls", name.span.start)
        return replace(native_call(name, keyed(name)), span=value.span)
    if not isinstance(name, String):
        raise Unreadable("the name of its tool is not a text", name.span.start)
    return make_call(name, (tool, *given), keys[given[0]][1] if given else None, value.span)


def _name(value: Value) -> _Name | None:
    """Return an id, None for anything else."""
    if isinstance(value, String):
        name = value.value.strip().lstrip("$")
        return (name, value.content) if name else None
    return (value.text, value.span) if isinstance(value, Scalar) and value.text.lstrip("-").isdigit() else None


def _names(value: Value) -> Iterator[_Name]:
    """Yield the ids that a dependency, or a list of them, names; raises Unreadable for anything else."""
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


def _accepts(tasks: list[_Task], target: Target) -> bool:
    """Whether tasks are calls and not data."""
    others = [task for task in tasks if not is_join(task.call, target)]
    if not others or not all(is_named(task.call, target) for task in others):
        return False
    if not any(is_known(task.call, target) for task in others):
        return all(task.is_sure or (task.call.is_exact and not target.is_known) for task in others)
    return all(not task.call.is_bare or may_be_bare(task.call, target) for task in others)


def _ids(tasks: list[_Task], first: int) -> dict[str, int]:
    """Return the tasks by their ids, by their other names, by the numbers in their ids and by their places."""
    ids: dict[str, int] = {}
    for index, task in enumerate(tasks):
        if task.own is not None and ids.setdefault(task.own[0], index) != index:
            why = f"`{task.own[0][:40]}` is the id of two tasks"
            task.found.append(UnreadableCall(span=task.own[1], why=why, suggestion="give each task its own id"))
    for index, task in enumerate(tasks):
        for alias in task.aliases:
            ids.setdefault(alias, index)
    numbers: dict[str, set[int]] = {}
    for index, task in enumerate(tasks):
        keys = [indexed(str(index))]
        if task.own is None:
            keys += [numbered(str(index + first)), placed(str(index + 1)), task.call.name]
        elif (number := number_in(task.own[0])) is not None:
            keys += [numbered(number)]
        for key in keys:
            numbers.setdefault(key, set()).add(index)
    return {number: min(found) for number, found in numbers.items() if len(found) == 1} | ids


def _resolve(tasks: list[_Task], references: References) -> None:
    """Find the tasks that come before each one."""
    for index, task in enumerate(tasks):
        for name, place in task.dependencies:
            before = references.task(name)
            if before is None or before == index:
                why = "the task depends on itself" if before == index else f"no task has the id `{name[:40]}`"
                task.found.append(UnreadableCall(span=place, why=why, suggestion="name the id of another task"))
            else:
                task.before.setdefault(before, place)


def _resolve_edges(edges: Value | None, tasks: list[_Task], references: References) -> None:
    """Take edges, each a pair or an object with two ids, as dependencies; raises Unreadable."""
    for edge in edges.items if isinstance(edges, Array) else ():
        items = [item for _, item in edge.entries[:2]] if isinstance(edge, Object) else None
        items = list(edge.items) if isinstance(edge, Array) else items
        ends = [_name(item) for item in items or ()]
        places = [None if end is None else references.task(end[0]) for end in ends]
        match places, ends:
            case [int(before), int(after)], [(_, place), _] if before != after:
                tasks[after].before.setdefault(before, place)
            case _:
                raise Unreadable("it is not an edge between tasks", edge.span.start)


def _uses(task: _Task, target: Target, references: References) -> frozenset[int]:
    """Return the tasks that a task's arguments refer to."""
    references.uses = set()
    _written(task, target, 0, references, is_last=True)
    return frozenset(references.uses)


def _written(task: _Task, target: Target, index: int, references: References, *, is_last: bool) -> Written:
    """Return a task as a statement; a join is one only at the end."""
    if not is_join(task.call, target):
        return write_call(task.call, target, index, references.special)
    if is_last:
        return write_join(task.call, references.special)
    return refused("a task follows the end of the plan", task.call.name_place, target, index)


def _order(tasks: list[_Task], uses: list[frozenset[int]], target: Target) -> list[int] | None:
    """Return the tasks so that each comes below those it needs, else as written; None for a circle."""
    needs = [(set(task.before) | use) - {index} for index, (task, use) in enumerate(zip(tasks, uses, strict=True))]
    users: list[list[int]] = [[] for _ in tasks]
    for index, needed in enumerate(needs):
        for other in needed:
            users[other].append(index)
    waiting = [len(needed) for needed in needs]
    late = [is_join(task.call, target) for task in tasks]
    ready = [(late[index], index) for index, count in enumerate(waiting) if count == 0]
    heapify(ready)
    order: list[int] = []
    while ready:
        _, index = heappop(ready)
        order.append(index)
        for user in users[index]:
            waiting[user] -= 1
            if waiting[user] == 0:
                heappush(ready, (late[user], user))
    return order if len(order) == len(tasks) else None


def _statements(
    tasks: list[_Task], uses: list[frozenset[int]], answer: Value | None, target: Target, references: References
) -> Iterator[Written]:
    """Yield the statements of a plan, and its join if the plan names an answer by reference."""
    sorted_tasks = _order(tasks, uses, target)
    order = list(range(len(tasks))) if sorted_tasks is None else sorted_tasks
    references.numbers = {task: target.first + position for position, task in enumerate(order)}
    if sorted_tasks is None:
        _report_circle(tasks, uses)
    else:
        _report_order(tasks, uses, references.numbers, target)
    for position, index in enumerate(order):
        is_last = position == len(order) - 1
        written = _written(tasks[index], target, position, references, is_last=is_last)
        written.found += tasks[index].found
        yield written
    if answer is not None and not is_join(tasks[order[-1]].call, target):
        references.uses = set()
        join = Written()
        join.add("join(", answer.span.start)
        write_value(join, answer, references.special)
        join.add(")", answer.span.end - 1, answer.span.end)
        if references.uses:
            yield join


def _report_circle(tasks: list[_Task], uses: list[frozenset[int]]) -> None:
    """Refuse the tasks that wait for a later one, where no order is right."""
    for index, task in enumerate(tasks):
        later = [other for other in (*task.before, *uses[index]) if other > index]
        if later:
            why = "this task waits for a later one, which waits for it"
            place = task.before.get(later[0], task.call.name_place)
            task.found.append(UnreadableCall(span=place, why=why, suggestion="let no two tasks wait for each other"))


def _report_order(tasks: list[_Task], uses: list[frozenset[int]], numbers: dict[int, int], target: Target) -> None:
    """Report the dependencies that no chain of references expresses."""
    reached = [0] * len(tasks)
    for index in numbers:
        for use in uses[index]:
            reached[index] |= reached[use] | 1 << use
        for before, place in tasks[index].before.items():
            if not reached[index] >> before & 1 and not is_join(tasks[index].call, target):
                tasks[index].found.append(OrderOnly(span=place, number=numbers[before]))
