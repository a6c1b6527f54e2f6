"""Loops: instances of the body's nodes for each element, and the list of their results."""

from collections.abc import Iterator

from llmc_compiler.expressions.evaluation import EvaluationError
from llmc_compiler.expressions.terms import Json
from llmc_compiler.ir.graph import Loop, Node, TaskId
from llmc_runtime.errors import Blocked, LoopFailed, PlanError
from llmc_runtime.state.instance import Instance, Scope
from llmc_runtime.state.outcomes import BlockedBy, Cancelled, Done, Failed, Outcome, Skipped
from llmc_runtime.values import thaw


def elements(loop: Loop, source: Json, limit: int) -> list[Json]:
    """Return the elements of a loop's source, a list or the keys of a mapping; raises EvaluationError."""
    if not isinstance(source, (list, dict)):
        raise EvaluationError(
            f"the source of the loop over ${loop.name} is not a list: put it into one, `[x]`", loop.source.span
        )
    if len(source) > limit:
        message = f"the loop over ${loop.name} has {len(source):,} elements: at most {limit:,} are allowed"
        raise EvaluationError(message, loop.source.span)
    return list(source)


def expand(instance: Instance, loop: Loop, items: list[Json]) -> Iterator[Instance]:
    """Create the instances of a loop with their dependencies, and let the loop wait for them."""
    instance.elements = [_element(instance, loop, index, item) for index, item in enumerate(items)]
    before: Scope | None = None
    for scope in instance.elements:
        for inner in scope.instances.values():
            for other in inner.node.needs + inner.node.after:
                inner.wait_for(scope.find(other))
            instance.wait_for(inner)
        if before is not None:
            for earlier, later in loop.carry:
                scope.instances[later].wait_for(before.instances[earlier])
        before = scope
        yield from scope.instances.values()


def _element(instance: Instance, loop: Loop, index: int, item: Json) -> Scope:
    """Return the scope of an element, with its instances; their chains continue that of the loop."""
    scope = instance.scope.inside(index, (loop.name, item), loop.result)
    for node in loop.body:
        inner = scope.instances[node.id] = Instance(node, scope)
        inner.chain, inner.critical_predecessor = instance.chain, instance.critical_predecessor
    return scope


def collect(instance: Instance, loop: Loop) -> Outcome:
    """Return the outcome of a loop whose instances have ended: a failure beats a skip, and the first element wins."""
    values: dict[int, Json] = {}
    errors: dict[int, PlanError] = {}
    is_skipped = False
    cancelled: Cancelled | None = None
    for index, scope in enumerate(instance.elements or ()):
        match scope.find(loop.result).outcome:
            case Done(value):
                values[index] = value
            case Failed(error):
                errors[index] = error
            case BlockedBy() as blocked:
                errors[index] = reason(instance.node.task, instance.node, blocked)
            case Cancelled() as outcome:
                cancelled = outcome
            case Skipped(by_condition=False):
                is_skipped = True
            case _:
                pass
    if errors:
        return Failed(_loop_failed(instance.node, values, errors))
    if cancelled is not None:
        return cancelled
    return Skipped(by_condition=False) if is_skipped else Done(list(values.values()))


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
