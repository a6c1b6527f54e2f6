"""Early approval requests: a call is put to its approver as soon as its arguments are known.

A call that waits only for earlier calls in order is asked about meanwhile. It is made in its turn, with the arguments
that were shown. Refusals, arguments that do not fit and cached outcomes wait for the call's turn. A request is
withdrawn once something keeps its call from being made.
"""

from collections import deque
from collections.abc import Callable
from time import perf_counter

from llmc_compiler.expressions.environment import EvaluationError, SkippedRead
from llmc_compiler.expressions.memory_limit import NoRoomError
from llmc_compiler.ir.graph import Call
from llmc_runtime.cache.call_record import EarlierCalls
from llmc_runtime.calls.run_budget import RunBudget
from llmc_runtime.safety.run_guard import RunGuard
from llmc_runtime.scheduler.readiness import arguments, obstacle
from llmc_runtime.scheduler.ready_queue import SLICE
from llmc_runtime.state.instance import Instance
from llmc_runtime.state.queued_approval import QueuedApproval


class EarlyApproval:
    """The calls of a run that may be asked about before their turn. A loop may have `elements` elements.

    `earlier` knows the outcomes of earlier calls, `run_budget` returns the run budget, and `hold` reserves bytes for a
    call. `later` schedules `ask` after the event loop's other callbacks. Nothing is asked once `is_closed` is set.
    """

    def __init__(
        self,
        guard: RunGuard,
        elements: int,
        *,
        earlier: EarlierCalls | None,
        run_budget: Callable[[], RunBudget],
        hold: Callable[[Instance, int], None],
        later: Callable[[], None],
    ) -> None:
        self._guard = guard
        self._elements = elements
        self._earlier = earlier
        self._run_budget = run_budget
        self._hold = hold
        self._later = later
        self._known: deque[Instance] = deque()
        self.has_calls = self.has_known = self.is_closed = False

    def add(self, instance: Instance) -> None:
        """Add an instance that waits; only a call that comes after others can be known before its turn."""
        node, op = instance.node, instance.node.op
        if type(op) is Call and (node.after or instance.scope.indices) and self._guard.may_ask_for(node, op):
            needs = map(instance.scope.find, node.needs)
            self.has_calls = True
            instance.needed = {need for need in needs if need.outcome is None}
            self._see(instance)

    def look(self, instance: Instance, ended: Instance) -> None:
        """Update a call after an instance it waits for has ended: it may be ready to ask about, or be hindered."""
        question = instance.question
        if instance.needed is not None:
            instance.needed.discard(ended)
            self._see(instance)
        elif question is not None and question.is_open and instance.failed_writes and self._is_hindered(instance):
            instance.give_up()

    def _see(self, instance: Instance) -> None:
        """Queue a call once its arguments are known."""
        if not instance.needed:
            instance.needed = None
            self._known.append(instance)
            self.has_known = True

    def ask(self) -> None:
        """Ask about the calls whose arguments are known, and yield to the event loop after each time slice."""
        until = perf_counter() + SLICE
        while self._known and not self.is_closed:
            self._ask(self._known.popleft())
            if perf_counter() > until:
                self._later()
                return
        self.has_known = False

    def _ask(self, instance: Instance) -> None:
        """Ask about a call, unless its turn has come or something keeps it from being made."""
        op = instance.node.op
        is_waiting = instance.waiting and instance.outcome is None and instance.question is None
        if not is_waiting or type(op) is not Call or self._run_budget().is_full:
            return
        try:
            if self._is_hindered(instance):
                return
            bound, size = arguments(op, instance.scope, self._run_budget())
        except (SkippedRead, EvaluationError, NoRoomError):
            return
        recalled = None
        if self._earlier is not None:
            recalled = self._earlier.call(instance, op, bound)
            if self._earlier.may_be_over(recalled, instance, op, bound):
                return
        verdict = self._guard.question(instance, op, bound, recalled)
        if isinstance(verdict, QueuedApproval):
            self._hold(instance, size)
            verdict.is_ahead, verdict.is_due = True, False
            instance.ask(verdict, bound, recalled)

    def _is_hindered(self, instance: Instance) -> bool:
        """Whether something keeps a call from being made."""
        return obstacle(instance, self._elements, self._run_budget().left) is not None
