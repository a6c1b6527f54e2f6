r"""Plans as JSON: tasks with ids, dependencies and references.

    {"tasks": [{"id": "t1", "tool": "price", "args": {"item": "tea"}, "depends_on": []},
               {"id": "t2", "tool": "note", "args": {"text": "It costs $t1"}, "depends_on": ["t1"]}]}

    1. price(item="tea")
    2. note(text="It costs $1")

Tasks are reordered only to put each one after those it depends on or refers to. A dependency without a reference is
reported, since the order of lines delays only calls with a hazard between them.
"""

from collections.abc import Iterator
from heapq import heapify, heappop, heappush
from typing import Final

from llmc_grammar.dialects.form import Rewritten, Target, Written
from llmc_grammar.dialects.native.bare_json import read_bare
from llmc_grammar.dialects.native.json_text import Array, Object, String, Unreadable, Value, write_value
from llmc_grammar.dialects.native.native_call import (
    is_join,
    is_known,
    is_named,
    may_be_bare,
    refused,
    write_call,
    write_join,
)
from llmc_grammar.dialects.native.native_references import References, indexed, number_in, numbered, placed
from llmc_grammar.dialects.native.tasks import PlanTask, read_name, read_outline, read_task
from llmc_grammar.errors.repairs import AfterTheEnd, OrderOnly, UnreadableCall

NAME: Final = "json_plan"

_FROM: Final = frozenset(["from", "source", "src", "start", "before"])
_TO: Final = frozenset(["to", "target", "dst", "end", "after"])


def rewrite(text: str, target: Target) -> Rewritten | None:
    """Return the tasks of a plan as statements, None if the text has another form."""
    try:
        bare = read_bare(text)
        outline = read_outline(bare.values)
        tasks = [read_task(key, value) for key, value in outline.tasks]
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
    result = outline.result
    if not is_plan or (result is not None and _answer(result, references) is None):
        return None
    if bare.rest is not None:
        tasks[-1].found.append(AfterTheEnd(span=bare.rest))
    return Rewritten(tuple(_statements(tasks, uses, result or outline.answer, target, references)))


def _accepts(tasks: list[PlanTask], target: Target) -> bool:
    """Whether tasks are calls, not data."""
    others = [task for task in tasks if not is_join(task.call, target)]
    if not others or not all(is_named(task.call, target) for task in others):
        return False
    if not any(is_known(task.call, target) for task in others):
        return all(task.is_sure or (task.call.is_exact and not target.is_known) for task in others)
    return all(not task.call.is_bare or may_be_bare(task.call, target) for task in others)


def _ids(tasks: list[PlanTask], first: int) -> dict[str, int]:
    """Return the tasks by id, by other names, by the number in an id and by position."""
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
    return {number: min(indexes) for number, indexes in numbers.items() if len(indexes) == 1} | ids


def _resolve(tasks: list[PlanTask], references: References) -> None:
    """Find the dependencies of each task."""
    for index, task in enumerate(tasks):
        for name, place in task.dependencies:
            before = references.task(name)
            if before is None or before == index:
                why = "the task depends on itself" if before == index else f"no task has the id `{name[:40]}`"
                task.found.append(UnreadableCall(span=place, why=why, suggestion="name the id of another task"))
            else:
                task.before.setdefault(before, place)


def _resolve_edges(edges: Value | None, tasks: list[PlanTask], references: References) -> None:
    """Add edges, each a pair or an object with two ids, as dependencies; raises Unreadable."""
    for edge in edges.items if isinstance(edges, Array) else ():
        items = _ends(edge) if isinstance(edge, Object) else None
        items = list(edge.items) if isinstance(edge, Array) else items
        ends = [read_name(item) for item in items or ()]
        places = [None if end is None else references.task(end[0]) for end in ends]
        match places, ends:
            case [int(before), int(after)], [(_, place), _] if before != after:
                tasks[after].before.setdefault(before, place)
            case _:
                raise Unreadable("it is not an edge between tasks", edge.span.start)


def _ends(edge: Object) -> list[Value]:
    """Return the ends of an edge by their keys, or its first two values."""
    named = [item for names in (_FROM, _TO) for key, item in edge.entries if key.value.lower() in names]
    return named or [item for _, item in edge.entries[:2]]


def _uses(task: PlanTask, target: Target, references: References) -> frozenset[int]:
    """Return the tasks referred to by a task's arguments."""
    references.uses = set()
    _written(task, target, 0, references, is_last=True)
    return frozenset(references.uses)


def _written(task: PlanTask, target: Target, index: int, references: References, *, is_last: bool) -> Written:
    """Return a task as a statement; a join is refused unless it comes last."""
    references.before = task.before.keys()
    if not is_join(task.call, target):
        return write_call(task.call, target, index, references.special)
    if is_last:
        return write_join(task.call, references.special)
    return refused("a task follows the end of the plan", task.call.name_place, target, index)


def _order(tasks: list[PlanTask], uses: list[frozenset[int]], target: Target) -> list[int] | None:
    """Return the order of tasks in which each follows those it needs, None if dependencies are circular."""
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
    tasks: list[PlanTask], uses: list[frozenset[int]], answer: Value | None, target: Target, references: References
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
    join = None if answer is None or is_join(tasks[order[-1]].call, target) else _answer(answer, references)
    if join is not None:
        yield join


def _answer(answer: Value, references: References) -> Written | None:
    """Return the join of a plan whose answer is a reference or an id, None for any other answer."""
    references.uses, references.before = set(), ()
    join = Written()
    join.add("join(", answer.span.start)
    task = references.ids.get(answer.value) if isinstance(answer, String) else None
    if task is not None:
        references.uses.add(task)
        join.add(f'"${references.numbers.get(task, 1)}"', *answer.span)
    else:
        write_value(join, answer, references.special)
    join.add(")", answer.span.end - 1, answer.span.end)
    return join if references.uses else None


def _report_circle(tasks: list[PlanTask], uses: list[frozenset[int]]) -> None:
    """Refuse tasks that wait for a later one in a circular plan."""
    for index, task in enumerate(tasks):
        later = [other for other in (*task.before, *uses[index]) if other > index]
        if later:
            why = "this task waits for a later task, which waits for it"
            place = task.before.get(later[0], task.call.name_place)
            task.found.append(UnreadableCall(span=place, why=why, suggestion="remove the circular dependency"))


def _report_order(tasks: list[PlanTask], uses: list[frozenset[int]], numbers: dict[int, int], target: Target) -> None:
    """Report dependencies without a chain of references."""
    reached = [0] * len(tasks)
    for index in numbers:
        for use in uses[index]:
            reached[index] |= reached[use] | 1 << use
        for before, place in tasks[index].before.items():
            if not reached[index] >> before & 1 and not is_join(tasks[index].call, target):
                tasks[index].found.append(OrderOnly(span=place, number=numbers[before]))
