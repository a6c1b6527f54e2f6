"""The flow of a run: an instance is decided when all that it waits for has ended, and its end wakes its users.

All of it happens on the loop's thread. Instances whose time has come stand in line, so that a chain of any length needs
no stack.
"""

from asyncio import Future
from collections import deque
from collections.abc import Callable, Container, Iterable, Mapping

from llmc_compiler.effects import When
from llmc_compiler.evaluate import EvaluationError, SkippedRead, evaluate
from llmc_compiler.graph import Call, Evaluate, Join, Loop, Node
from llmc_compiler.term import Const, NodeId
from llmc_runtime import events
from llmc_runtime.call import Bound, Calling, Door
from llmc_runtime.decide import failed, is_failed_write, obstacle
from llmc_runtime.errors import REPAIRED, CallError, Held, PlanError
from llmc_runtime.instance import Instance, NullReads, Scope
from llmc_runtime.loops import collect, elements, expand
from llmc_runtime.memo import Memo, Recalled
from llmc_runtime.outcomes import BlockedBy, Done, Dropped, Failed, Key, Outcome, Skipped


class Flow:
    """The instances of a run. `end` is set when it was sealed and all have an outcome."""

    door: Door[Instance]

    def __init__(
        self,
        scope: Scope,
        *,
        emit: Callable[[events.Event], object] | None,
        clock: Callable[[], float],
        end: "Future[None]",
        elements: int,
        memo: Memo | None = None,
    ) -> None:
        self.end = end
        self.calls = 0
        self.sum_of_calls = 0.0
        self.last: Instance | None = None
        self._scope = scope
        self._emit = emit
        self._clock = clock
        self._start = clock()
        self._elements = elements
        self._memo = memo
        self._instances: list[Instance] = []
        self._ready: deque[Instance] = deque()
        self._pending = 0
        self._is_sealed = False
        self._held: str | None = None
        self._granted: Container[str] = ()
        self._is_draining = False

    def now(self) -> float:
        """Seconds since the start of the run."""
        return self._clock() - self._start

    def tell(self, event: events.Event) -> None:
        """Emit an event; what a listener raises ends the run, not the tool that happened to run."""
        if self._emit is not None:
            try:
                self._emit(event)
            except Exception as error:  # noqa: BLE001 — given to whoever waits for the end
                self._crash(error)

    # What comes from outside

    def add(self, nodes: Iterable[Node]) -> None:
        """Add nodes, and start those that can be."""
        if self._is_sealed:
            raise RuntimeError("nothing can be added to a run that was sealed")
        known = self._scope.instances
        new = []
        for node in nodes:
            if node.id in known:
                raise ValueError(f"node {node.id} was added before")
            known[node.id] = instance = Instance(node, self._scope)
            new.append(instance)
        for instance in new:
            node = instance.node
            # What happens in a loop waits for earlier effects by itself.
            for other in node.needs if type(node.op) is Loop else node.needs + node.after:
                instance.wait_for(known[other])
        self._line_up(new)
        self._drain()

    def drop(self, nodes: Iterable[NodeId]) -> None:
        """Stop these nodes, and forget what became of them."""
        for node in nodes:
            if (instance := self._scope.instances.get(node)) is not None:
                self._drop(instance)
        self._drain()

    def hold(self, why: str = REPAIRED, granted: Container[str] = ()) -> None:
        """From here on nothing is called that may change something, but the tools whose names are granted."""
        self._held, self._granted = why, granted

    def seal(self) -> None:
        """Nothing more will be added."""
        self._is_sealed = True
        self._look_for_end()

    def stop(self) -> None:
        """Give up all calls."""
        self._is_sealed = True
        self._ready.clear()
        for instance in self._instances:
            if instance.calling is not None:
                instance.calling.give_up()
        if not self.end.cancel() and not self.end.cancelled():
            self.end.exception()  # seen, so that nobody warns of it

    @property
    def is_complete(self) -> bool:
        """Whether everything has an outcome and nothing more comes."""
        return self._is_sealed and not self._pending

    def outcomes(self) -> Mapping[Key, Outcome]:
        """The outcome of every instance that has one."""
        return {each.key: each.outcome for each in self._instances if each.outcome is not None}

    # What comes from calls

    def started(self, owner: Instance, tool: str) -> None:
        """A tool is called for the first time."""
        self.calls += 1
        owner.started = self.now()
        self.tell(events.Started(owner.key, owner.node.task, owner.started, tool))

    def retried(self, owner: Instance, attempt: int, delay: float, error: CallError) -> None:
        """An attempt failed, and another follows."""
        self.tell(events.Retried(owner.key, owner.node.task, self.now(), attempt, delay, error))

    def ended(self, owner: Instance, outcome: Done | Failed) -> None:
        """A call is over."""
        calling, owner.calling = owner.calling, None
        try:
            if owner.started is not None:
                owner.seconds = self.now() - owner.started
                owner.chain += owner.seconds
                self.sum_of_calls += owner.seconds
            if isinstance(outcome, Done):
                self._settle(owner, outcome)
            else:
                self._fail(owner, outcome.error)
            self._drain()
            if isinstance(calling, Recalled):
                calling.ended(outcome)
        except Exception as error:  # noqa: BLE001 — given to whoever waits for the end
            self._crash(error)

    # Deciding

    def _line_up(self, instances: Iterable[Instance]) -> None:
        """Count new instances in, and put those in line that wait for nothing."""
        for instance in instances:
            self._instances.append(instance)
            self._pending += 1
            if not instance.waiting:
                self._ready.append(instance)

    def _drain(self) -> None:
        """Decide what stands in line, until nobody does."""
        if self._is_draining:
            return
        self._is_draining = True
        ready = self._ready
        try:
            while ready:
                instance = ready.popleft()
                if instance.outcome is None:
                    self._decide(instance)
        finally:
            self._is_draining = False
        self._look_for_end()

    def _look_for_end(self) -> None:
        """End the run, if everything has an outcome."""
        if self._is_sealed and not self._pending and not self.end.done():
            self.end.set_result(None)

    def _decide(self, instance: Instance) -> None:
        """All that the instance waits for has ended."""
        node = instance.node
        if instance.elements is not None:
            self._close_loop(instance)
            return
        if node.when or instance.is_hindered or instance.failed_writes:
            verdict = obstacle(instance, self._elements)
            if verdict is not None:
                self._conclude(instance, *verdict)
                return
        try:
            self._do(instance)
        except SkippedRead:
            self._conclude(instance, Skipped(by_condition=False))
        except EvaluationError as error:
            self._fail_to_evaluate(instance, error)

    def _do(self, instance: Instance) -> None:
        """Do what the node says; raises SkippedRead and EvaluationError."""
        op = instance.node.op
        if type(op) is Call:
            if self._held is not None and self._needs_approval(instance.node, op):
                held = Held(instance.node.task, instance.node.span, self._held)
                self._conclude(instance, Failed(held), instance)
                return
            scope = instance.scope
            bound = [(name, term.value if type(term) is Const else evaluate(term, scope)) for name, term in op.bound]
            instance.calling = calling = self._calling(instance, op, bound)
            calling.begin()
        elif type(op) is Evaluate:
            self._settle(instance, Done(evaluate(op.term, instance.scope)))
        elif type(op) is Join:
            self._settle(instance, Done(evaluate(op.term, NullReads(instance.scope))))
        elif type(op) is Loop:
            self._open_loop(instance, op)

    def _needs_approval(self, node: Node, op: Call) -> bool:
        """Whether a held plan may not do this by itself."""
        return op.tool.name not in self._granted and any(effect.rule.prune is not When.YES for effect in node.effects)

    def _calling(self, instance: Instance, op: Call, bound: Bound) -> Calling[Instance] | Recalled:
        """The call; one that may take what an earlier one gave, where there is a memo."""
        calling = Calling(self.door, instance, instance.node, op, bound)
        return (
            calling if self._memo is None else Recalled(self._memo, calling, self, owner=instance, op=op, bound=bound)
        )

    def _open_loop(self, instance: Instance, loop: Loop) -> None:
        """Make the instances of a loop; raises SkippedRead and EvaluationError."""
        items = elements(loop, evaluate(loop.source, instance.scope), self._elements)
        new = list(expand(instance, loop, items))
        self.tell(events.Expanded(instance.key, instance.node.task, self.now(), len(items)))
        self._line_up(new)
        self._wait_for_end(instance)

    def _wait_for_end(self, instance: Instance) -> None:
        """A loop ends after its elements, and after what its node comes after."""
        for other in instance.node.after:
            instance.wait_for(instance.scope.find(other))
        if not instance.waiting:
            self._ready.append(instance)

    def _close_loop(self, instance: Instance) -> None:
        """All instances of a loop have ended."""
        if instance.verdict is not None:
            self._settle(instance, *instance.verdict)
        elif isinstance(instance.node.op, Loop):
            outcome = collect(instance, instance.node.op)
            self._settle(instance, outcome, instance if isinstance(outcome, Failed) else None)

    # Outcomes

    def _conclude(self, instance: Instance, outcome: Outcome, cause: Instance | None = None) -> None:
        """The instance is not done; a loop still ends only after what it comes after."""
        if isinstance(instance.node.op, Loop):
            instance.verdict = (outcome, cause)
            instance.elements = []
            self._wait_for_end(instance)
        else:
            self._settle(instance, outcome, cause)

    def _fail_to_evaluate(self, instance: Instance, error: EvaluationError) -> None:
        """A term has no value; the fallback of an expression is for that, the one of a call for its attempts."""
        outcome = failed(instance, error)
        if isinstance(instance.node.op, Evaluate):
            self._fail(instance, outcome.error)
        else:
            self._conclude(instance, outcome, instance)

    def _fail(self, instance: Instance, error: PlanError) -> None:
        """The node failed, unless it has a fallback."""
        outcome: Done | Failed = Failed(error)
        op = instance.node.op
        if isinstance(op, (Call, Evaluate)) and op.fallback is not None:
            try:
                outcome = Done(evaluate(op.fallback, NullReads(instance.scope)))
                self.tell(events.FellBack(instance.key, instance.node.task, self.now(), error))
            except EvaluationError as why:
                outcome = failed(instance, why)
        self._settle(instance, outcome, None if isinstance(outcome, Done) else instance)

    def _settle(self, instance: Instance, outcome: Outcome, cause: Instance | None = None) -> None:
        """Give the instance its outcome, and wake those that wait for it."""
        instance.outcome = outcome
        instance.cause = cause
        self._pending -= 1
        if type(outcome) is Done:
            self.tell(events.Finished(instance.key, instance.node.task, self.now(), instance.seconds))
            self._note_chain(instance)
        else:
            self._settle_without_value(instance, outcome)
        users = instance.users
        if users:
            instance.users = []
            for user in users:
                user.learn(instance)
                user.waiting -= 1
                if not user.waiting:
                    self._ready.append(user)

    def _settle_without_value(self, instance: Instance, outcome: Outcome) -> None:
        """Tell what became of an instance that has no value."""
        key, task, at = instance.key, instance.node.task, self.now()
        match outcome:
            case Failed(error):
                instance.error = error
                if is_failed_write(instance):
                    instance.failed_writes = (*instance.failed_writes, instance)
                self.tell(events.Failed(key, task, at, error))
                self._note_chain(instance)
            case BlockedBy(blocking):
                self.tell(events.Blocked(key, task, at, blocking))
            case Skipped():
                self.tell(events.Skipped(key, task, at))
            case _:
                self.tell(events.Dropped(key, task, at))

    def _note_chain(self, instance: Instance) -> None:
        """Remember the end of the longest chain; the later of two, so that the plan's end is on it."""
        if self.last is None or instance.chain >= self.last.chain:
            self.last = instance

    def _drop(self, instance: Instance) -> None:
        """Forget an instance, and those of its elements."""
        if isinstance(instance.outcome, Dropped):
            return
        if instance.calling is not None:
            instance.calling.give_up()
            instance.calling = None
        if instance.outcome is None:
            self._settle(instance, Dropped())
        else:
            instance.outcome, instance.cause, instance.failed_writes = Dropped(), None, ()
            self.tell(events.Dropped(instance.key, instance.node.task, self.now()))
        for scope in instance.elements or ():
            for each in scope.instances.values():
                self._drop(each)

    def _crash(self, error: Exception) -> None:
        """Give up: whoever waits for the end gets the error."""
        if not self.end.done():
            # A future takes any exception but this one.
            self.end.set_exception(RuntimeError(repr(error)) if isinstance(error, StopIteration) else error)
