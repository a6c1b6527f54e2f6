"""Loops: instances of the body's nodes for each element, and the list of their results."""

from collections.abc import Iterator, Sequence
from typing import Final

from llmc_compiler.expressions.environment import EffortBudget, EvaluationError, SkippedRead
from llmc_compiler.expressions.evaluation import evaluate, truth
from llmc_compiler.expressions.memory_limit import ELEMENT, MemoryRoom, NoRoomError
from llmc_compiler.expressions.operators import EFFORT
from llmc_compiler.expressions.terms import Json, NodeId, reads
from llmc_compiler.ir.graph import Loop, Node, TaskId
from llmc_runtime.calls.run_budget import RunBudget
from llmc_runtime.errors import Blocked, LimitReached, LoopFailed, PlanError
from llmc_runtime.limits import Limits
from llmc_runtime.state.instance import Instance, Scope, Verdict
from llmc_runtime.state.outcomes import BlockedBy, Cancelled, Done, Failed, Outcome, Skipped
from llmc_runtime.values import thaw

MOST_WITHOUT_CALLS: Final = 100_000
"""Elements that a loop may have at least, if they make no calls."""


def elements(loop: Loop, source: Json, limit: int) -> list[Json]:
    """Return the elements of a loop's source, a list or the keys of a mapping; raises EvaluationError."""
    if not isinstance(source, (list, dict)):
        raise EvaluationError(
            f"the source of the loop over ${loop.name} is not a list: put it into one, `[x]`", loop.source.span
        )
    if len(source) > (most := _most(loop, limit)):
        message = f"the loop over ${loop.name} has {len(source):,} elements: at most {most:,} are allowed"
        raise EvaluationError(message, loop.source.span)
    return list(source)


def _most(loop: Loop, limit: int) -> int:
    """Return the number of elements that a loop may have; `limit` is for those that make calls."""
    return limit if loop.calls else max(limit, MOST_WITHOUT_CALLS)


class LoopOpener:
    """Finds the elements of a run's loops; a flat loop may have as many in all as any other."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._totals: dict[Instance, int] = {}

    def open(self, instance: Instance, loop: Loop, run_budget: RunBudget, tasks: int) -> Sequence[Instance] | Failed:
        """Create the instances of a loop in a run that has so many tasks, or fail if it may not have more.

        Raises SkippedRead, EvaluationError and NoRoomError.
        """
        room = MemoryRoom(run_budget.left)
        items = elements(loop, evaluate(loop.source, instance.scope, room), self._limits.elements)
        self._check(instance, loop, items)
        if (why := self._limits.too_many_tasks(tasks + len(items) * len(loop.body))) is not None:
            return Failed(LimitReached(instance.node.task, instance.node.span, limit="tasks", why=why))
        # The elements stay in memory, and a list of their results follows.
        size = room.built + ELEMENT * len(items)
        if not run_budget.keep(size):
            raise NoRoomError(size)
        return list(expand(instance, loop, items))

    def _check(self, instance: Instance, loop: Loop, items: Sequence[Json]) -> None:
        """Count the elements of a loop that opens, if it is a part of a flat one; raises EvaluationError for too many.

        A flat loop counts ahead as far as the sources inside need no calls, so that it fails before it makes any.
        """
        outer = _outermost(instance)
        if outer is instance:
            total = self._ahead(instance.scope, loop, items, EffortBudget(EFFORT)) if loop.flat else 0
        else:
            total = self._totals.get(outer, 0) + (0 if loop.flat else len(items))
            self._totals[outer] = total
        if total > (most := _most(loop, self._limits.elements)):
            whole = outer.node.op.name if isinstance(outer.node.op, Loop) else loop.name
            message = f"the loops from ${whole} on have {total:,} elements together: at most {most:,} are allowed"
            raise EvaluationError(message, loop.source.span)

    def _ahead(
        self,
        scope: Scope,
        loop: Loop,
        items: Sequence[Json],
        budget: EffortBudget,
        around: frozenset[NodeId] = frozenset(),
    ) -> int:
        """Return the number of innermost elements, as far as it is known; nodes of the bodies `around` have not run.

        The count ends when it is too large, or when the budget is used up: the event loop waits for it.
        """
        inner = next(node for node in loop.body if node.id == loop.result)
        inside = around.union(node.id for node in loop.body)
        if not isinstance(inner.op, Loop) or not inside.isdisjoint(_own_reads(inner, inner.op)):
            return 0
        total = 0
        for index, item in enumerate(items):
            if budget.left <= 0 or total > _most(loop, self._limits.elements):
                break
            element = scope.inside(index, (loop.name, item), loop.result)
            try:
                if not all(truth(evaluate(one.term, element, budget=budget)) == one.expected for one in inner.when):
                    continue
                source = evaluate(inner.op.source, element, budget=budget)
                below = elements(inner.op, source, self._limits.elements)
            except (EvaluationError, SkippedRead):
                continue  # the element fails or is skipped once its turn has come
            total += self._ahead(element, inner.op, below, budget, inside) if inner.op.flat else len(below)
        return total


def _outermost(instance: Instance) -> Instance:
    """Return the outermost flat loop whose value an inner loop is a part of, or the loop itself."""
    while (around := instance.scope.loop) is not None:
        op = around.node.op
        if not isinstance(op, Loop) or not op.flat or op.result != instance.node.id:
            break
        instance = around
    return instance


def _own_reads(node: Node, loop: Loop) -> Iterator[NodeId]:
    """Yield the nodes that a loop's conditions and its source read."""
    for term in (*(condition.term for condition in node.when), loop.source):
        yield from (read.node for read in reads(term))


def expand(instance: Instance, loop: Loop, items: list[Json]) -> Iterator[Instance]:
    """Create the instances of a loop with their dependencies, and let the loop wait for them."""
    instance.elements = [_element(instance, loop, index, item) for index, item in enumerate(items)]
    before: Scope | None = None
    for scope in instance.elements:
        if before is not None and loop.carry:
            carried: dict[NodeId, list[Instance]] = {}
            for earlier, later in loop.carry:
                carried.setdefault(later, []).append(before.instances[earlier])
            scope.carried = carried
        for inner in scope.instances.values():
            for other in inner.node.needs:
                inner.wait_for(scope.find(other))
            # A nested loop opens before its turn: its nodes and its end wait by themselves.
            if type(inner.node.op) is not Loop:
                inner.wait_for_order()
            instance.wait_for(inner)
        before = scope
        yield from scope.instances.values()


def _element(instance: Instance, loop: Loop, index: int, item: Json) -> Scope:
    """Return the scope of an element, with its instances; their chains continue that of the loop."""
    scope = instance.scope.inside(index, (loop.name, item), loop.result, instance)
    for node in loop.body:
        inner = scope.instances[node.id] = Instance(node, scope)
        inner.chain, inner.critical_predecessor = instance.chain, instance.critical_predecessor
    return scope


def verdict_of(instance: Instance) -> Verdict:
    """Return the outcome of a loop whose instances have ended, and the loop itself if it failed."""
    assert isinstance(instance.node.op, Loop)  # noqa: S101 — it has elements
    outcome = collect(instance, instance.node.op)
    return outcome, instance if isinstance(outcome, Failed) else None


def collect(instance: Instance, loop: Loop) -> Outcome:
    """Return the outcome of a loop whose instances have ended: a failure beats a skip, and the first element wins."""
    values: dict[int, Json] = {}
    errors: dict[int, PlanError] = {}
    is_skipped = False
    cancelled: Cancelled | None = None
    for index, outcome in enumerate(_ends(instance, loop)):
        match outcome:
            case Done(value):
                values[index] = value
            case Failed(error):
                errors[index] = error
            case BlockedBy() as blocked:
                errors[index] = reason(instance.node.task, instance.node, blocked)
            case Cancelled():
                cancelled = outcome
            case Skipped(by_condition=False):
                is_skipped = True
            case _:
                pass
    if errors:
        return Failed(_loop_failed(instance.node, values, errors))
    if cancelled is not None:
        return cancelled
    if is_skipped:
        return Skipped(by_condition=False)
    # The results of a loop have room since it opened; a flat one adds a list of those of the loops inside.
    return Done(list(values.values()), ELEMENT * len(values) if loop.flat else 0)


def _ends(instance: Instance, loop: Loop) -> Iterator[Outcome | None]:
    """Yield the outcomes of a loop's elements; those of a flat loop in one row, in which a loop that failed is one."""
    for scope in instance.elements or ():
        result = scope.find(loop.result)
        outcome, op = result.outcome, result.node.op
        if not loop.flat or not isinstance(op, Loop):
            yield outcome
        elif result.elements and not (isinstance(outcome, Failed) and not isinstance(outcome.error, LoopFailed)):
            yield from _ends(result, op)
        elif not isinstance(outcome, Done) and not (isinstance(outcome, Skipped) and outcome.by_condition):
            yield outcome


def _loop_failed(node: Node, values: dict[int, Json], errors: dict[int, PlanError]) -> LoopFailed:
    """The error of a loop, with the results of the other elements."""
    index, first = next(iter(errors.items()))
    results = {position: thaw(value) for position, value in values.items()}
    error = LoopFailed(node.task, node.span, index=index, error=first, results=results)
    error.__cause__ = first
    # A loop failed if an element failed; otherwise it ended like its first element without a value.
    error.ended = error.ended if any(other.ended == error.ended for other in errors.values()) else first.ended
    return error


def reason(task: TaskId, node: Node, blocked: BlockedBy) -> PlanError:
    """Return the error of a task whose node is blocked; if a part of the task itself failed, that part's error."""
    if blocked.cause in (task, node.task):
        return blocked.error
    error = Blocked(
        task,
        node.span,
        cause=blocked.cause,
        by_order=blocked.by_order,
        fell_back=blocked.fell_back,
        cause_line=blocked.error.line,
        cause_ended=blocked.error.ended,
    )
    error.__cause__ = blocked.error
    return error
