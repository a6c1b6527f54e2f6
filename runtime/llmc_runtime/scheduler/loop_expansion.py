"""Loops: an instance of each node of the body for each element, and the list of what they gave."""

from collections.abc import Iterator

from llmc_compiler.expressions.evaluation import EvaluationError
from llmc_compiler.expressions.terms import Json
from llmc_compiler.ir.graph import Loop, Node, TaskId
from llmc_runtime.errors import Blocked, LoopFailed, PlanError
from llmc_runtime.state.instance import Instance, Scope
from llmc_runtime.state.outcomes import BlockedBy, Cancelled, Done, Failed, Outcome, Skipped
from llmc_runtime.values import thaw


def elements(loop: Loop, source: Json, limit: int) -> list[Json]:
    """The elements of a loop's source: of a list, or the keys of a mapping; raises EvaluationError."""
    if not isinstance(source, (list, dict)):
        raise EvaluationError(
            f"the source of the loop over ${loop.name} is no list: put it into one, `[x]`", loop.source.span
        )
    if len(source) > limit:
        message = f"the loop over ${loop.name} has {len(source):,} elements: at most {limit:,} are allowed"
        raise EvaluationError(message, loop.source.span)
    return list(source)


def expand(instance: Instance, loop: Loop, items: list[Json]) -> Iterator[Instance]:
    """Make the instances of a loop, each waiting for what its node says, and let the loop wait for them."""
    instance.elements = [_element(instance, loop, index, item) for index, item in enumerate(items)]
    before: Scope | None = None
    for scope in instance.elements:
        for each in scope.instances.values():
            for other in each.node.needs + each.node.after:
                each.wait_for(scope.find(other))
            instance.wait_for(each)
        if before is not None:
            for earlier, later in loop.carry:
                scope.instances[later].wait_for(before.instances[earlier])
        before = scope
        yield from scope.instances.values()


def _element(instance: Instance, loop: Loop, index: int, item: Json) -> Scope:
    """The scope of an element, with its instances; their chains go on where the loop began."""
    scope = instance.scope.inside(index, item, loop.result)
    for node in loop.body:
        each = scope.instances[node.id] = Instance(node, scope)
        each.chain, each.via = instance.chain, instance.via
    return scope


def collect(instance: Instance, loop: Loop) -> Outcome:
    """The outcome of a loop whose instances have ended: failures beat skipping, the first element the others."""
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
            case Cancelled() as found:
                cancelled = found
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
    """The error of a loop, with what the other elements gave."""
    index, first = next(iter(errors.items()))
    results = {position: thaw(value) for position, value in values.items()}
    error = LoopFailed(node.task, node.span, index=index, error=first, results=results)
    error.__cause__ = first
    # A loop has failed where an element has; else it was blocked, or refused, as its first one was.
    error.ended = error.ended if any(each.ended == error.ended for each in errors.values()) else first.ended
    return error


def reason(task: TaskId, node: Node, blocked: BlockedBy) -> PlanError:
    """The error to report for a task whose node is blocked: if a part of the task itself failed, that part's."""
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
