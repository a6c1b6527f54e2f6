"""Questions before the turn of their calls: somebody is asked as soon as the arguments of a call are known.

A call that comes after others in order alone is asked for while it waits for them, and made when its turn comes, with
the arguments that were shown. What else there is to say of it (it is refused, does not fit, or is known already) waits
for its turn. A question is withdrawn once something keeps its call from being made.
"""

from collections import deque
from collections.abc import Callable
from time import perf_counter

from llmc_compiler.expressions.evaluation import EvaluationError, SkippedRead
from llmc_compiler.expressions.memory_limit import MemoryRoom, NoRoomError
from llmc_compiler.ir.graph import Call
from llmc_runtime.cache.call_cache import CachedCall
from llmc_runtime.calls.run_budget import RunBudget
from llmc_runtime.safety.run_guard import RunGuard
from llmc_runtime.scheduler.readiness import arguments, obstacle
from llmc_runtime.scheduler.ready_queue import SLICE
from llmc_runtime.state.instance import Bound, Instance
from llmc_runtime.state.queued_approval import QueuedApproval


class EarlyApproval:
    """The calls of a run that may be asked for before their turn; `elements` is the number that a loop may have.

    `recall` gives a call as the memo knows it, `allowance` what the run may take, and `hold` keeps bytes for a call;
    `later` comes back to `ask` when the loop has had its turn. `is_closed`: nobody is asked any more.
    """

    def __init__(
        self,
        trust: RunGuard,
        elements: int,
        *,
        recall: Callable[[Instance, Call, Bound], CachedCall | None],
        allowance: Callable[[], RunBudget],
        hold: Callable[[Instance, int], None],
        later: Callable[[], None],
    ) -> None:
        self._trust = trust
        self._elements = elements
        self._recall = recall
        self._allowance = allowance
        self._hold = hold
        self._later = later
        self._known: deque[Instance] = deque()
        self.is_closed = False

    def add(self, instance: Instance) -> None:
        """Take an instance that waits; only a call that comes after others can be known before its turn."""
        node, op = instance.node, instance.node.op
        if type(op) is Call and (node.after or instance.scope.indices) and self._trust.may_ask_for(node, op):
            needs = map(instance.scope.find, node.needs)
            instance.needed = {each for each in needs if each.outcome is None}
            self._see(instance)

    def look(self, instance: Instance, ended: Instance) -> None:
        """Something that a call waits for has ended: its arguments may be known, or it cannot be made any more."""
        question = instance.question
        if instance.needed is not None:
            instance.needed.discard(ended)
            self._see(instance)
        elif question is not None and question.is_open and instance.failed_writes and self._is_hindered(instance):
            instance.give_up()

    def _see(self, instance: Instance) -> None:
        """See whether the arguments of a call are known."""
        if not instance.needed:
            instance.needed = None
            self._known.append(instance)

    def ask(self) -> None:
        """Ask for the calls whose arguments are known; now and then the loop has its turn."""
        until = perf_counter() + SLICE
        while self._known and not self.is_closed:
            self._ask(self._known.popleft())
            if perf_counter() > until:
                self._later()
                return

    def _ask(self, instance: Instance) -> None:
        """Ask for a call, if it still waits for its turn and nothing is in its way."""
        op = instance.node.op
        is_waiting = instance.waiting and instance.outcome is None and instance.question is None
        if not is_waiting or type(op) is not Call or self._allowance().is_full:
            return
        try:
            if self._is_hindered(instance):
                return
            room = MemoryRoom(self._allowance().left)
            bound = arguments(op, instance.scope, room)
        except (SkippedRead, EvaluationError, NoRoomError):
            return
        known = self._recall(instance, op, bound)
        if known is not None and known.may_be_over():
            return
        verdict = self._trust.question(instance, op, bound, known)
        if isinstance(verdict, QueuedApproval):
            self._hold(instance, room.built)
            verdict.is_ahead, verdict.is_due = True, False
            instance.ask(verdict, bound, known)

    def _is_hindered(self, instance: Instance) -> bool:
        """Whether something keeps a call from being made."""
        return obstacle(instance, self._elements, self._allowance().left) is not None
