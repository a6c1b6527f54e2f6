"""Questions before the turn of their calls: somebody is asked as soon as the arguments of a call are known.

A call that comes after others in order alone is asked for while it waits for them, and made when its turn comes, with
the arguments that were shown. What else there is to say of it (it is refused, does not fit, or is known already) waits
for its turn. A question is withdrawn once something keeps its call from being made.
"""

from collections import deque
from collections.abc import Callable

from llmc_compiler.evaluate import EvaluationError, SkippedRead
from llmc_compiler.graph import Call
from llmc_runtime.asking import Question
from llmc_runtime.call import Bound
from llmc_runtime.decide import arguments, obstacle
from llmc_runtime.instance import Instance
from llmc_runtime.memo import Recalled
from llmc_runtime.trust import Trust


class Ahead:
    """The calls of a run that may be asked for before their turn; `elements` is the number that a loop may have.

    `recall` gives a call as the memo knows it. `is_closed`: the run was stopped.
    """

    def __init__(self, trust: Trust, elements: int, recall: Callable[[Instance, Call, Bound], Recalled | None]) -> None:
        self._trust = trust
        self._elements = elements
        self._recall = recall
        self._known: deque[Instance] = deque()
        self.is_closed = False

    def add(self, instance: Instance) -> None:
        """Take an instance that waits; only a call that comes after others can be known before its turn."""
        node, op = instance.node, instance.node.op
        if type(op) is Call and (node.after or instance.scope.indices) and self._trust.may_ask_for(node, op):
            instance.may_ask_ahead = True
            self.look(instance)

    def look(self, instance: Instance) -> None:
        """See whether the arguments of a call are known, or whether it cannot be made any more."""
        if instance.question is None:
            if instance.has_needs():
                self._known.append(instance)
        elif instance.failed_writes and instance.question.is_open and obstacle(instance, self._elements) is not None:
            instance.give_up()
            instance.may_ask_ahead = False

    def ask(self) -> None:
        """Ask for the calls whose arguments are known."""
        while self._known:
            self._ask(self._known.popleft())

    def _ask(self, instance: Instance) -> None:
        """Ask for a call, if it still waits for its turn and nothing is in its way."""
        op = instance.node.op
        is_waiting = instance.waiting and instance.outcome is None and instance.question is None
        if self.is_closed or not is_waiting or type(op) is not Call:
            return
        try:
            if obstacle(instance, self._elements) is not None:
                return
            bound = arguments(op, instance.scope)
        except (SkippedRead, EvaluationError):
            return
        known = self._recall(instance, op, bound)
        if known is not None and known.may_be_over():
            return
        verdict = self._trust.question(instance, op, bound, known)
        if isinstance(verdict, Question):
            verdict.is_ahead, verdict.is_due = True, False
            instance.ask(verdict, bound, known)
