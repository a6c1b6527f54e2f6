"""The scheduler of a run, on the loop's thread: an instance is decided once everything it waits for has ended."""

from asyncio import Future
from collections.abc import Iterable, Mapping
from typing import cast

from llmc_compiler.expressions.environment import EvaluationError, SkippedRead
from llmc_compiler.expressions.memory_limit import NoRoomError
from llmc_compiler.expressions.terms import NodeId
from llmc_compiler.ir.graph import Call, Evaluate, Join, Loop, Node
from llmc_compiler.lowering.secret_labels import Label
from llmc_compiler.tools.parameter_markers import UNMARKED
from llmc_compiler.tools.signature import Prepared
from llmc_runtime.cache.cached_call import CachedCall
from llmc_runtime.cache.call_record import EarlierCalls
from llmc_runtime.calls.call_context import CallContext
from llmc_runtime.calls.tool_call import ToolCall
from llmc_runtime.errors import CallError, PlanError, RunRefused
from llmc_runtime.limits import Limits, Policy
from llmc_runtime.safety.run_guard import RunGuard
from llmc_runtime.scheduler import readiness
from llmc_runtime.scheduler.call_times import CallTimes
from llmc_runtime.scheduler.early_approval import EarlyApproval
from llmc_runtime.scheduler.event_listener import Listener, guarded
from llmc_runtime.scheduler.loop_expansion import LoopOpener, verdict_of
from llmc_runtime.scheduler.readiness import arguments, fallen_back, limited, obstacle, worth
from llmc_runtime.scheduler.ready_queue import ReadyQueue
from llmc_runtime.state import events
from llmc_runtime.state.instance import Bound, Instance, NullReads, Scope, hold_back, instances_of, later_end
from llmc_runtime.state.outcomes import Cancelled, Done, Dropped, Failed, Key, Outcome, Skipped
from llmc_runtime.state.queued_approval import QueuedApproval
from llmc_runtime.state.run_ending import RunEnding
from llmc_runtime.state.stop_reasons import Reason, by_caller, by_failure, by_time


class Scheduler:
    """The instances of a run. The `ending` is reached when the run is sealed and all instances have an outcome."""

    shared: CallContext[Instance]

    def __init__(
        self,
        scope: Scope,
        *,
        guard: RunGuard,
        earlier: EarlierCalls | None,
        emit: Listener | None,
        times: CallTimes,
        end: "Future[None]",
        limits: Limits,
        policy: Policy,
    ) -> None:
        self.ending = RunEnding(end, self.halt)
        self.tell = guarded(emit, self.crash)
        self.times = times
        self.last: Instance | None = None
        self._scope = scope
        self._guard = guard
        self._earlier = earlier
        self._limits = limits
        self._loops = LoopOpener(limits)
        self._fails_fast = policy == "fail_fast"
        self._reason: Reason | None = None
        self._instances: list[Instance] = []
        self._line = ReadyQueue(
            end.get_loop(), decide=self._decide, more=self._more, over=self._look_for_end, crash=self.crash
        )
        self._ahead = EarlyApproval(
            guard,
            limits.elements,
            earlier=earlier,
            run_budget=lambda: self.shared.run_budget,
            hold=self._hold,
            later=self._line.go_on_later,
        )
        self._pending = 0
        self._is_sealed = self._has_rest = False

    def now(self) -> float:
        """Seconds since the start of the run."""
        return self.times.now()

    # Steps and signals from outside

    def add(self, nodes: Iterable[Node]) -> None:
        """Add nodes, and start those that are ready; raises RunRefused for more than a run may have."""
        if self._is_sealed:
            raise RuntimeError("nodes cannot be added to a sealed run")
        nodes = tuple(nodes)
        if (why := self._limits.too_many_tasks(len(self._instances) + len(nodes))) is not None:
            raise RunRefused(why, "tasks")
        self._guard.known_secrets.learn(nodes, self._instances)
        self._line_up(instances_of(nodes, self._scope))
        self._line.drain()

    def conceal(self, labels: Mapping[str, Label]) -> None:
        """Keep these parts of inputs and results secret."""
        self._guard.known_secrets.conceal(labels, self._instances)

    def drop(self, nodes: Iterable[NodeId]) -> None:
        """Stop these nodes, and forget their outcomes."""
        for node in nodes:
            if (instance := self._scope.instances.get(node)) is not None:
                self._drop(instance)
        self._line.drain()

    def restart(self, dialect: str | None, plan: str) -> None:
        """Drop all instances, whose nodes are void; new nodes may reuse their ids."""
        for instance in self._instances:
            self._drop(instance)
        self._instances.clear()
        self._scope.instances.clear()
        self._guard.known_secrets.forget()
        self.last = None
        self.tell(events.Restarted(self.now(), dialect, self._guard.secrets.text(plan)))
        self._line.drain()

    def seal(self) -> None:
        """Declare that no more nodes follow."""
        self._is_sealed = True
        self._look_for_end()

    def time_out(self) -> None:
        """Time out the run: give up running calls, and cancel the rest."""
        run_budget = self.shared.run_budget
        self._stop(by_time(run_budget.too_late()))
        self._line.is_held = True  # first all running calls time out, then the rest is cancelled
        for instance in self._instances:
            if instance.calling is not None:
                instance.calling.time_out(run_budget.seconds, "run")
        self._line.is_held = False
        self._line.drain()

    def halt(self) -> None:
        """Stop starting calls, also in nested runs; calls under way go on."""
        self._ahead.is_closed = True
        self._line.close()
        self.shared.halt()
        hold_back(self._instances)

    def stop(self) -> None:
        """Give up all calls."""
        self._is_sealed = True
        self.halt()
        for instance in self._instances:
            if (calling := instance.calling) is not None:
                error = by_caller(instance, calling.is_in_doubt)
                calling.give_up()
                self.tell(events.Cancelled(instance.key, instance.node.task, self.now(), error))
        self.ending.give_up()

    @property
    def is_complete(self) -> bool:
        """Whether the run is sealed and everything has an outcome."""
        return self._is_sealed and not self._pending

    def instance(self, node: NodeId) -> Instance | None:
        """Return the instance of a node outside loops."""
        return self._scope.instances.get(node)

    def outcomes(self) -> Mapping[Key, Outcome]:
        """The outcome of every instance that has one."""
        return {instance.key: instance.outcome for instance in self._instances if instance.outcome is not None}

    # Reports of calls

    def asked(self, owner: Instance, tool: str) -> None:
        """Emit that a call waits for approval."""
        self.tell(events.Asked(owner.key, owner.node.task, self.now(), tool))

    def too_late_around(self) -> str | None:
        """Return why no more calls may start here: the outer run, or the attempt around this run, has ended."""
        place = self.shared.run_budget.place
        return None if place is None else place.refusal()

    def answered(self, owner: Instance, refusal: PlanError | None) -> None:
        """Take the answer to an approval request, and go on."""
        try:
            question, owner.calling = owner.question, None
            self.tell(events.Answered(owner.key, owner.node.task, self.now(), refusal is None))
            if question is not None:
                question.close(refusal)
                if question.is_due:
                    self._line.add(owner)
            self._line.drain()
        except Exception as error:  # noqa: BLE001 — raised where the run is awaited
            self.crash(error)

    def started(self, owner: Instance, tool: str) -> None:
        """Note that a tool is called for the first time."""
        owner.started = now = self.times.begin(owner)
        self.tell(events.Started(owner.key, owner.node.task, now, tool))

    def retried(self, owner: Instance, attempt: int, delay: float, error: CallError) -> None:
        """Emit that an attempt failed, and another follows."""
        self._guard.finish(error)
        self.tell(events.Retried(owner.key, owner.node.task, self.now(), attempt, delay, error))

    def ended(self, owner: Instance, outcome: Done | Failed) -> None:
        """Take the outcome of a call."""
        calling, owner.calling = owner.calling, None
        known = calling if type(calling) is CachedCall else None
        try:
            if known is not None:
                known.wrote(outcome)
            if (started := owner.started) is not None:
                owner.seconds = seconds = self.times.end(owner, started)
                owner.chain += seconds
            if type(outcome) is Done:
                self._settle(owner, outcome, now=None if started is None else self.times.ended)
            else:
                self._fail(owner, cast("Failed", outcome).error)
            self._line.drain()
            if known is not None:
                known.ended(outcome)
        except Exception as error:  # noqa: BLE001 — raised where the run is awaited
            self.crash(error)

    def stalled(self, label: object, seconds: float) -> None:
        """Note that a call blocked the event loop for `seconds`."""
        if isinstance(label, ToolCall):
            owner: Instance = label.owner
            self.times.is_stalled = True
            self.tell(events.Stalled(owner.key, owner.node.task, self.now(), label.tool, seconds))

    # Deciding

    def _line_up(self, instances: Iterable[Instance]) -> None:
        """Count new instances, and queue those that wait for nothing."""
        is_asking, add = self._guard.is_asking, self._line.add
        before = len(self._instances)
        for instance in instances:
            self._instances.append(instance)
            if not instance.waiting:
                add(instance)
            elif is_asking:
                self._ahead.add(instance)
        self._pending += len(self._instances) - before

    def _more(self) -> bool:
        """Ask about calls, cancel the rest of a stopped run, or admit calls; return whether there is more of it."""
        ahead = self._ahead
        if ahead.has_known:
            ahead.ask()
        if self._has_rest and self._cancel_rest():
            return True
        is_later = ahead.has_known
        self.shared.admission.admit()
        return self._has_rest or (ahead.has_known and not is_later)

    def _look_for_end(self) -> None:
        """End the run if everything has an outcome."""
        if not self._pending and self._is_sealed:
            self.ending.reach()

    def _decide(self, instance: Instance) -> None:
        """Decide an instance, now that everything it waits for has ended."""
        node = instance.node
        if instance.elements is not None:
            self._settle(instance, *(instance.verdict or verdict_of(instance)))
            return
        if self._reason is not None and readiness.depends_on_cancelled(instance):
            self._cancel(instance)
            return
        try:
            if node.when or instance.has_failed_dependency or instance.failed_writes:
                verdict = obstacle(instance, self._limits.elements, self.shared.run_budget.left)
                if verdict is not None:
                    self._conclude(instance, *verdict)
                    return
            if self._reason is not None:
                self._cancel(instance)
                return
            self._do(instance)
        except SkippedRead:
            self._conclude(instance, Skipped(by_condition=False))
        except EvaluationError as error:
            self._fail_to_evaluate(instance, error)
        except NoRoomError as full:
            self._conclude(instance, self._no_room(instance, full.size), instance)

    def _do(self, instance: Instance) -> None:
        """Execute the node's operation; raises SkippedRead and EvaluationError."""
        op = instance.node.op
        run_budget = self.shared.run_budget
        if run_budget.is_full if run_budget.is_shared else run_budget.spent or run_budget.room <= 0:
            self._conclude(instance, limited(instance, *run_budget.no_room()), instance)
        elif type(op) is Call:
            if instance.question is not None:
                self._go_on(instance, op, instance.question)
                return
            bound, size = arguments(op, instance.scope, run_budget)
            if size:
                self._hold(instance, size)
            tool = op.tool
            if tool.approve or tool.marks is not UNMARKED or self._earlier is not None or self._guard.is_strict:
                self._call(instance, op, bound)
            else:
                instance.calling = call = ToolCall(self.shared, instance, instance.node, op, bound)
                call.begin()
        elif type(op) is Evaluate:
            value = readiness.evaluated(instance, op, run_budget.left)
            self._settle(instance, value, None if isinstance(value, Done) else instance)
        elif type(op) is Join:
            self._settle(instance, worth(op.term, NullReads(instance.scope), run_budget.left))
        elif type(op) is Loop:
            self._open_loop(instance, op)

    def _hold(self, instance: Instance, size: int) -> None:
        """Reserve bytes until the instance has its outcome; raises NoRoomError."""
        if not self.shared.run_budget.keep(size):
            raise NoRoomError(size)
        instance.held += size

    def _no_room(self, instance: Instance, size: int) -> Failed:
        return limited(instance, *self.shared.run_budget.no_room(size))

    def _call(self, instance: Instance, op: Call, bound: Bound) -> None:
        """Make a call, or ask for approval first, unless the outcome of an earlier call stands for it."""
        recalled = None
        if self._earlier is not None:
            recalled = self._earlier.call(instance, op, bound)
            if self._earlier.is_over(recalled, instance, op, bound):
                return
        verdict = self._guard.question(instance, op, bound, recalled)
        if verdict is None:
            self._begin(instance, op, bound, recalled)
        elif isinstance(verdict, QueuedApproval):
            instance.ask(verdict, bound, recalled)
        elif isinstance(verdict, CallError):
            self._fail(instance, verdict)
        else:
            self._conclude(instance, Failed(verdict), instance)

    def _begin(
        self, instance: Instance, op: Call, bound: Bound, recalled: CachedCall | None, approved: Prepared | None = None
    ) -> None:
        """Make a call that needs no approval, or has it."""
        prepared = self._guard.prepared(instance, op, bound, recalled, approved)
        record = None if self._earlier is None else self._earlier.record(instance, op, bound)
        call = ToolCall(self.shared, instance, instance.node, prepared, bound, record=record)
        instance.calling = recalled or call
        call.begin() if recalled is None else recalled.begin(call)

    def _go_on(self, instance: Instance, op: Call, question: QueuedApproval) -> None:
        """Continue a call that was asked about, now that its turn has come."""
        if question.is_open:
            question.is_due = True
            return
        recalled, instance.question = cast("CachedCall | None", question.call), None  # the cache's own
        if question.is_ahead:
            if self._earlier is not None and self._earlier.is_over(recalled, instance, op, instance.arguments):
                return
            if not self._guard.stands(question, instance, op, recalled):
                self._call(instance, op, instance.arguments)
                return
        if question.refusal is not None:
            self._conclude(instance, Failed(question.refusal), instance)
        elif question.is_approved:
            self._begin(instance, op, instance.arguments, recalled, question.prepared)

    def _open_loop(self, instance: Instance, loop: Loop) -> None:
        """Create the instances of a loop; raises SkippedRead, EvaluationError and NoRoomError."""
        new = self._loops.open(instance, loop, self.shared.run_budget, len(self._instances))
        if isinstance(new, Failed):
            self._conclude(instance, new, instance)
            return
        self.tell(events.Expanded(instance.key, instance.node.task, self.now(), len(instance.elements or ())))
        self._line_up(new)
        self._wait_for_end(instance)

    def _wait_for_end(self, instance: Instance) -> None:
        """End the loop after its elements, and after the nodes that come before it in order."""
        if not instance.wait_for_order():
            self._line.add(instance)

    # Outcomes

    def _conclude(self, instance: Instance, outcome: Outcome, cause: Instance | None = None) -> None:
        """Settle an instance that is not done; a loop still ends only after the nodes before it in order."""
        if instance.question is not None:
            instance.give_up()  # decided by something else in the meantime
        if (error := readiness.covered(instance, outcome, cause)) is not None:
            self._fail(instance, error)
        elif isinstance(instance.node.op, Loop):
            instance.verdict = (outcome, cause)
            instance.elements = []
            self._wait_for_end(instance)
        else:
            self._settle(instance, outcome, cause)

    def _fail_to_evaluate(self, instance: Instance, error: EvaluationError) -> None:
        """Fail an expression, which may have a fallback; a call's fallback is for its attempts, not its arguments."""
        outcome = readiness.failed(instance, error)
        if isinstance(instance.node.op, Evaluate):
            self._fail(instance, outcome.error)
        else:
            self._conclude(instance, outcome, instance)

    def _fail(self, instance: Instance, error: PlanError) -> None:
        """Fail an instance, or give it its fallback's value, which undoes no effect."""
        self._guard.finish(error)
        run_budget = self.shared.run_budget
        try:
            outcome = Failed(error) if run_budget.is_full else fallen_back(instance, error, run_budget.left)
        except NoRoomError as full:
            outcome = self._no_room(instance, full.size)
            outcome.error.in_doubt = error.in_doubt
        if isinstance(outcome, Done):
            readiness.note_failure(instance, error)
            self.tell(events.FellBack(instance.key, instance.node.task, self.now(), error))
            self._settle(instance, outcome)
        else:
            self._settle(instance, outcome, instance)

    def _settle(
        self, instance: Instance, outcome: Outcome, cause: Instance | None = None, *, now: float | None = None
    ) -> None:
        """Give the instance its outcome, and wake its users."""
        run_budget = self.shared.run_budget
        if instance.held:
            run_budget.count(-instance.held)
            instance.held, instance.arguments = 0, ()
        if type(outcome) is Done and not run_budget.keep(outcome.size):
            outcome, cause = self._no_room(instance, outcome.size), instance
        instance.outcome, instance.cause = outcome, cause
        self._pending -= 1
        if type(outcome) is Done:
            known = self._guard.known_secrets
            veil = known.note(instance) if known.has_labels else known.veil
            at, task = self.times.now() if now is None else now, instance.node.task
            self.tell(events.Finished(instance.key, task, at, instance.seconds, outcome.value, veil=veil))
            self.last = later_end(self.last, instance)
        else:
            self._settle_without_value(instance, outcome)
        if (users := instance.users) is not None:
            instance.users = None
            chain, has_failure = instance.chain, cause is not None or instance.failed_writes
            for user in users:
                if has_failure:
                    user.learn(instance)
                elif chain >= user.chain:  # as it learns, without a call for each user
                    user.chain = chain
                    user.critical_predecessor = instance
                user.waiting = waiting = user.waiting - 1
                if not waiting:
                    self._line.add(user)
                elif self._ahead.has_calls:
                    self._ahead.look(user, instance)

    def _settle_without_value(self, instance: Instance, outcome: Outcome) -> None:
        """Emit the outcome of an instance without a value, and apply its consequences."""
        self.times.forget(instance)
        if isinstance(outcome, Failed):
            self._guard.finish(outcome.error)
            readiness.note_failure(instance, outcome.error)
            self.last = later_end(self.last, instance)
            if self._fails_fast and self._reason is None and not readiness.is_excused(instance):
                self._stop(by_failure(instance))
        self.tell(events.unfinished(instance.key, instance.node.task, self.now(), outcome))

    # Stopping

    def _stop(self, reason: Reason) -> None:
        """Stop scheduling. Writes under way may finish, so that their outcome is known."""
        self._reason = reason
        self._has_rest = self._ahead.is_closed = True
        self.shared.close()

    def _cancel_rest(self) -> bool:
        """Cancel the instances that a stopped run has not started; returns True, as there was something to do."""
        self._has_rest = False
        for instance in self._instances:
            is_open = instance.elements is not None
            if instance.outcome is None and not is_open and not (instance.calling and instance.calling.is_writing):
                self._cancel(instance)
        return True

    def _cancel(self, instance: Instance) -> None:
        assert self._reason is not None  # noqa: S101 — callers have checked
        in_doubt = instance.give_up()
        self._conclude(instance, Cancelled(self._reason(instance, in_doubt)))

    def _drop(self, instance: Instance) -> None:
        """Forget an instance, and those of its elements."""
        if isinstance(instance.outcome, Dropped):
            return
        instance.give_up()
        if instance.outcome is None:
            self._settle(instance, Dropped())
        else:
            instance.outcome, instance.cause, instance.failed_writes = Dropped(), None, ()
            self.tell(events.Dropped(instance.key, instance.node.task, self.now()))
        for scope in instance.elements or ():
            for inner in scope.instances.values():
                self._drop(inner)

    def crash(self, error: BaseException) -> None:
        """End the run: start no more calls, and raise the error in the code that waits for the end."""
        self.shared.run_budget.end_with(error)
