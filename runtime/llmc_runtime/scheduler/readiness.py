"""Decision on an instance, once everything that it waits for has ended: run, skip or block."""

from collections.abc import Iterable, Iterator

from llmc_compiler.effects.effects import conflict
from llmc_compiler.expressions import input_types
from llmc_compiler.expressions.environment import EvaluationError, SkippedRead
from llmc_compiler.expressions.evaluation import evaluate, truth
from llmc_compiler.expressions.memory_limit import MemoryRoom
from llmc_compiler.expressions.terms import Const, Get, Json, NodeId, Term, children
from llmc_compiler.ir.graph import JOIN, Call, Condition, Evaluate, Loop, TaskId, may_write
from llmc_runtime.calls.run_budget import RunBudget
from llmc_runtime.errors import BadArgument, ExpressionFailed, LimitReached, PlanError, without_values
from llmc_runtime.scheduler.loop_expansion import elements
from llmc_runtime.state.instance import Bound, Instance, NullReads, Scope, Verdict
from llmc_runtime.state.outcomes import BlockedBy, Cancelled, Done, Failed, Outcome, Skipped


def obstacle(instance: Instance, limit: int, left: int) -> Verdict | None:
    """Return why an instance is not to run: an unmet condition, a failed need, or an earlier write that failed.

    A loop may have `limit` elements, and `left` is the room in bytes; raises NoRoomError.
    """
    for condition in instance.node.when:
        if (verdict := _unmet(instance, condition, left)) is not None:
            return verdict
    op = instance.node.op
    if instance.has_failed_dependency:
        if isinstance(op, Loop) and (verdict := _sourceless(instance, op, limit, left)) is not None:
            return verdict
        if (verdict := _blocked(instance, instance.node.needs)) is not None:
            return verdict
    # Elements of a loop wait for earlier writes themselves.
    if instance.failed_writes and not isinstance(op, Loop):
        return _out_of_order(instance)
    return None


def _unmet(instance: Instance, condition: Condition, left: int) -> Verdict | None:
    """Return the verdict of a condition that does not hold."""
    if instance.has_failed_dependency and (blocked := _blocked(instance, _reads(condition.term))) is not None:
        return blocked
    scope, node = instance.scope, instance.node
    # A called plan runs only if its arguments have values, in the join too.
    is_call = condition.is_certain and (node.inlined is not None or isinstance(node.op, Evaluate))
    env = NullReads(scope) if node.task == TaskId(JOIN) and not is_call else scope
    try:
        holds = truth(evaluate(condition.term, env, MemoryRoom(left)))
    except SkippedRead:
        return Skipped(by_condition=False), None
    except EvaluationError as error:
        # A call inside an expression was not reached: the expression itself meets the same error.
        is_nested = condition.nested if node.is_task else node.id != (scope.main or node.task)
        return (Skipped(by_condition=True), None) if is_nested else (failed(instance, error), instance)
    return None if holds == condition.expected else (Skipped(by_condition=True), None)


def _sourceless(instance: Instance, loop: Loop, limit: int, left: int) -> Verdict | None:
    """Return why a loop has no elements; its source is evaluated before its other needs."""
    if (blocked := _blocked(instance, _reads(loop.source))) is not None:
        return blocked
    try:
        elements(loop, evaluate(loop.source, instance.scope, MemoryRoom(left)), limit)
    except SkippedRead:
        return Skipped(by_condition=False), None
    except EvaluationError as error:
        return failed(instance, error), instance
    return None


def _reads(term: Term) -> Iterator[NodeId]:
    """Yield the nodes that a term reads, reached or not; without recursion, since operators nest by the hundred."""
    below = [term]
    while below:
        term = below.pop()
        if isinstance(term, Get):
            yield term.node
        below.extend(children(term))


def _blocked(instance: Instance, needs: Iterable[NodeId]) -> Verdict | None:
    """Block on the first failure among these nodes, if there is one."""
    causes = [need.cause for node in needs if (need := instance.scope.find(node)).cause is not None]
    return _by_first(causes, by_order=False)


def _out_of_order(instance: Instance) -> Verdict | None:
    """Block on the first failed write that had to come before, if there is one."""
    effects = instance.node.effects
    causes = [
        write
        for write in instance.failed_writes
        if any(conflict(later, earlier) for later in effects for earlier in write.node.effects if earlier.may_write)
    ]
    return _by_first(causes, by_order=True)


def _by_first(causes: Iterable[Instance | None], *, by_order: bool) -> Verdict | None:
    """Block on the cause that comes first in the plan."""
    first = min((cause for cause in causes if cause is not None), key=lambda cause: cause.order, default=None)
    if first is None or first.error is None:
        return None
    return BlockedBy(first.node.task, first.error, by_order, isinstance(first.outcome, Done)), first


def arguments(call: Call, scope: Scope, run_budget: RunBudget) -> tuple[Bound, int]:
    """Evaluate a call's arguments within the budget, and return the bytes of the values that were built for them.

    Raises SkippedRead, EvaluationError and NoRoomError.
    """
    near = scope.instances
    room: MemoryRoom | None = None
    bound: list[tuple[str | None, Json]] = []
    for name, term in call.bound:
        # The most frequent kinds of terms are read without a function call.
        if type(term) is Get and not term.path and (instance := near.get(term.node)) is not None:
            if type(outcome := instance.outcome) is Done:
                bound.append((name, outcome.value))
                continue
        elif type(term) is Const:
            bound.append((name, term.value))
            continue
        room = room or MemoryRoom(run_budget.left)
        bound.append((name, evaluate(term, scope, room)))
    return bound, 0 if room is None else room.built


def limited(instance: Instance, limit: str, why: str) -> Failed:
    """Return the outcome of an instance that a limit forbids."""
    return Failed(LimitReached(instance.node.task, instance.node.span, limit=limit, why=why))


def worth(term: Term, env: Scope | NullReads, left: int) -> Done:
    """Evaluate a term to a successful outcome; raises SkippedRead, EvaluationError and NoRoomError."""
    room = MemoryRoom(left)
    value = evaluate(term, env, room)
    return Done(value, room.kept(value))


def fallen_back(instance: Instance, error: PlanError, left: int) -> Done | Failed:
    """Return the outcome of a failed instance: the value of its fallback if it has one. Raises NoRoomError."""
    op = instance.node.op
    if not isinstance(op, (Call, Evaluate)) or op.fallback is None:
        return Failed(error)
    try:
        return worth(op.fallback, NullReads(instance.scope), left)
    except EvaluationError as why:
        outcome = failed(instance, why)
        outcome.error.in_doubt = error.in_doubt
        return outcome


def evaluated(instance: Instance, op: Evaluate, left: int) -> Done | Failed:
    """Evaluate an expression; arguments of a plan must have its types. Raises as `worth` does."""
    outcome = worth(op.term, instance.scope, left)
    if op.expects and isinstance(outcome.value, dict):
        for name, wanted in op.expects:
            value, node = outcome.value[name], instance.node
            if not input_types.fits(value, wanted):
                why = input_types.misfit(value, wanted)
                place = (node.task, node.span)
                return Failed(BadArgument(*place, tool=op.plan or "", attempt=0, parameter=name, why=why))
    return outcome


def covered(instance: Instance, outcome: Outcome, cause: Instance | None) -> PlanError | None:
    """Return the error of a task of a called plan for which the fallback of the call stands."""
    node, op = instance.node, instance.node.op
    if not isinstance(op, Evaluate) or op.plan is None or op.fallback is None or not isinstance(outcome, BlockedBy):
        return None
    # An argument without a value is the caller's; one that does not fit is refused by the plan.
    is_unfit = isinstance(outcome.error, BadArgument) and cause is not None and cause.node.owner == node.id
    own = [] if is_unfit else [condition.term for condition in node.when]
    before = (instance.scope.find(read) for term in (*own, op.fallback) for read in _reads(term))
    return outcome.error if all(read.cause is None for read in before) else None


def is_excused(instance: Instance) -> bool:
    """Whether an instance is in a called plan whose call has a fallback."""
    owner = instance.node.owner
    try:
        op = None if owner is None else instance.scope.find(owner).node.op
    except KeyError:
        return False
    return isinstance(op, Evaluate) and op.fallback is not None


def depends_on_cancelled(instance: Instance) -> bool:
    """Whether an instance waited for a cancelled one, so that it cannot be decided."""
    node = instance.node
    return any(isinstance(instance.scope.find(other).outcome, Cancelled) for other in node.needs + node.after)


def failed(instance: Instance, why: EvaluationError) -> Failed:
    """Return the outcome of a term that failed to evaluate."""
    error = ExpressionFailed(instance.node.task, why.span, why)
    error.__cause__ = without_values(why)
    return Failed(error)


def note_failure(instance: Instance, error: PlanError) -> None:
    """Record the error of a failed instance; if it may write, it blocks later conflicting effects.

    A fallback does not change that. The elements of a loop block by themselves, once it has them.
    """
    instance.error = error
    node = instance.node
    if isinstance(node.op, Loop) and instance.verdict is None:
        return
    if may_write(node):
        instance.failed_writes = (*instance.failed_writes, instance)
