"""The executor, which runs nodes as they arrive.

    async with Executor(params) as executor:
        executor.apply(steps)                       # any number of times, also while others run
        executor.seal()                             # no more steps follow
        outcomes = await executor.settled()

The `async with` owns everything that it starts. After it, only the calls named in `abandoned` still run.
"""

import asyncio
import random as randomness
from collections.abc import Callable, Iterable, Mapping
from itertools import groupby
from operator import attrgetter
from time import time
from types import TracebackType
from typing import Final, Self

from llmc_compiler.expressions.memory_limit import copied_bytes
from llmc_compiler.expressions.terms import Json, NodeId
from llmc_compiler.ir.graph import JOIN, TaskId
from llmc_compiler.steps import Add, Conceal, Drop, Restart, Share, Step
from llmc_runtime.cache.call_cache import CallCache
from llmc_runtime.cache.call_record import EarlierCalls
from llmc_runtime.cache.outcome_store import OutcomeStore, StoredCall
from llmc_runtime.calls import nested_runs
from llmc_runtime.calls.admission import Admission, PendingCall
from llmc_runtime.calls.call_context import CallContext
from llmc_runtime.calls.leak_detector import note_starts
from llmc_runtime.calls.nested_runs import OuterRun
from llmc_runtime.calls.run_budget import RunBudget
from llmc_runtime.calls.tool_runner import LocalRunner, ToolRunner
from llmc_runtime.concurrency import active_runs, stall_monitor
from llmc_runtime.concurrency.deadlines import clock_of
from llmc_runtime.concurrency.stall_monitor import WatchedLoop
from llmc_runtime.errors import RunRefused
from llmc_runtime.limits import Limits, Policy, check_policy
from llmc_runtime.safety.approval import Hold
from llmc_runtime.safety.approval_request import Origin
from llmc_runtime.safety.run_guard import RunGuard
from llmc_runtime.scheduler import call_times
from llmc_runtime.scheduler.call_times import CallTimes
from llmc_runtime.scheduler.scheduler import Scheduler
from llmc_runtime.state import events
from llmc_runtime.state.instance import Instance, Scope
from llmc_runtime.state.outcomes import Key, Outcome
from llmc_runtime.values import freeze

DEFAULTS: Final = Limits()


class Executor:
    """A run: takes nodes, and returns their outcomes.

    `params` are the values of the plan's inputs. `emit` receives every event, on the loop's thread. `limits` bound the
    run, and `policy` is "finish" or "fail_fast". `clock` (seconds), `random` (from 0 to 1), `wall` (the time of day)
    and `processor` (seconds of processor time) are for tests. `trust` has the approvals, contexts and secrets of this
    one run. Runs of one question share a call cache, `memo`. A run that continues another one, which may still be
    running, also shares its run budget, `allowance`. `runner` makes the ToolRunner of the run from its local one, which
    is used by default. `store` keeps outcomes beyond the question. Raises LimitError for an unknown policy.
    """

    def __init__(
        self,
        params: Mapping[str, Json],
        *,
        emit: Callable[[events.Event], object] | None = None,
        clock: Callable[[], float] | None = None,
        random: Callable[[], float] = randomness.random,
        wall: Callable[[], float] = time,
        processor: Callable[[], float] | None = None,
        limits: Limits = DEFAULTS,
        policy: Policy = "finish",
        trust: RunGuard | None = None,
        memo: CallCache | None = None,
        allowance: RunBudget | None = None,
        runner: Callable[[LocalRunner], ToolRunner] | None = None,
        store: OutcomeStore[StoredCall] | None = None,
    ) -> None:
        check_policy(policy)
        self._params = {name: freeze(value) for name, value in params.items()}
        self._emit = emit
        self._clock = clock
        self._random = random
        self._wall = wall
        self._processor = processor
        self._limits = limits
        self._policy: Policy = policy
        self._ranks: Callable[[], Mapping[NodeId, float]] | None = None
        self._known_ranks: Mapping[NodeId, float] | None = None
        self._cache = memo
        self._run_budget = allowance
        self._make_runner = runner
        self._store = store
        self.guard = trust or RunGuard()
        self.abandoned: tuple[str, ...] = ()
        self.seconds = self.processor_seconds = 0.0
        self.sum_of_calls: float | None = None

    async def __aenter__(self) -> Self:
        """Start the run; raises RunRefused for inputs that are too large, or if the outer run forbids it."""
        limits = self._limits
        size = sum(map(copied_bytes, self._params.values()))
        if size > limits.run_bytes:
            raise RunRefused(f"the inputs take {size:,} bytes; at most {limits.run_bytes:,} are allowed", "run_bytes")
        place = nested_runs.enter(self.guard)
        if place is not None:
            place.admit(limits)
        self.loop = loop = asyncio.get_running_loop()
        # Before the group, which copies the context variables that are set by then.
        await self.guard.open()
        note_starts()
        local = LocalRunner(loop, limits.grace)
        self._runner: ToolRunner = local if self._make_runner is None else self._make_runner(local)
        has_earlier = self._cache is not None or self._store is not None
        earlier = EarlierCalls(self._cache, self._store, self.guard, local.group) if has_earlier else None
        self._scheduler = Scheduler(
            Scope(self._params),
            guard=self.guard,
            earlier=earlier,
            emit=self._emit,
            times=CallTimes(self._clock or clock_of(loop), self._processor or call_times.processor_time),
            end=loop.create_future(),
            limits=limits,
            policy=self._policy,
        )
        if earlier is not None:
            earlier.report = self._scheduler
        admission: Admission[PendingCall] = Admission(
            loop, limits, attrgetter("rank"), size=attrgetter("size"), fits=attrgetter("fits")
        )
        run_budget = self._run_budget or RunBudget.of(loop, limits, admission, place)
        self._host = OuterRun.inside(place, self.guard, run_budget, loop, local.group.context)
        self._shared = self._scheduler.shared = CallContext(
            loop=loop,
            runner=self._runner,
            run_budget=run_budget,
            random=self._random,
            wall=self._wall,
            rank=self._rank,
            report=self._scheduler,
            host=self._host,
        )
        self.run_budget.count(size)
        self.run_budget.share(self._scheduler.ending)
        active_runs.begin(self)
        self._alarm = loop.call_at(self._shared.until, self._scheduler.time_out)
        self._watched = WatchedLoop(loop, local.group, limits.stall, self._scheduler.stalled)
        stall_monitor.begin(self._watched)
        self.guard.begin(self._params, self._scheduler)
        self._scheduler.tell(events.RunStarted(self._scheduler.now()))
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End the run, and stop its calls."""
        complete = self._scheduler.is_complete
        self._alarm.cancel()
        self._scheduler.stop()
        try:
            await self._runner.end()
        finally:
            active_runs.end(self)
            stall_monitor.end(self._watched)
            self._shared.end()
            if self._run_budget is None:
                self._shared.admission.close()
            self._runner.close()
            self.abandoned = tuple(self._runner.left(self._host))
            self.seconds = self._scheduler.now()
            self.processor_seconds = self._scheduler.times.used()
            self.sum_of_calls = self._scheduler.times.total(self.seconds, self.processor_seconds)
            figures = self.processor_seconds, self.sum_of_calls
            self._scheduler.tell(events.RunFinished(self.seconds, complete, self.abandoned, *figures))
            try:
                if self._store is not None:
                    await self._store.flush()
            finally:
                await self.guard.close(kind, error, trace)
        if error is None and self.run_budget.error is not None:
            raise self.run_budget.error

    def when_over(self, told: Callable[[object], object]) -> None:
        """Call `told` on the loop when the sealed run has all outcomes, or when an error ends it."""
        self._scheduler.ending.reached.add_done_callback(told)

    def close(self) -> None:
        """Stop starting calls; safe in a signal handler."""
        self._shared.halt()

    def cut_off(self) -> None:
        """Disable this copy of the run in the child of a fork: emit no events, and end its threads."""
        self._scheduler.tell = active_runs.leave
        self.guard.cut_off()
        self._runner.cut_off()

    def rank_by(self, ranks: Callable[[], Mapping[NodeId, float]]) -> None:
        """Rank waiting nodes, highest first; `ranks` is called once a node waits."""
        self._ranks = ranks
        self._known_ranks = None
        self._shared.admission.rerank()

    def _rank(self, instance: Instance) -> float:
        """The rank of an instance whose call waits."""
        if self._known_ranks is None:
            self._known_ranks = self._ranks() if self._ranks is not None else {}
        return self._known_ranks.get(instance.node.id, 0.0)

    def apply(self, steps: Iterable[Step]) -> None:
        """Apply compiler steps, and start the nodes that are ready."""
        for step in steps:
            match step:
                case Add(nodes):
                    self._scheduler.add(nodes)
                case Drop(nodes):
                    self._scheduler.drop(nodes)
                case Restart(dialect, plan):
                    self._scheduler.restart(dialect, plan)
                case Conceal(labels):
                    self._scheduler.conceal(labels)
                case Share() | _:
                    pass  # no effect on the run: the reader of the outcomes names the results

    def hold(self, *holds: Hold) -> None:
        """Add holds: calls under them need approval from now on, and fail with Held without a callback."""
        self.guard.hold(*holds)

    def sources(self, node: NodeId, plan: int) -> tuple[Origin, ...]:
        """Return the provenance of a node's result, for later plans; `plan` is the number of this plan."""
        instance = self._scheduler.instance(node)
        return () if instance is None else self.guard.sources(instance, plan)

    def seal(self) -> None:
        """Declare that no more steps follow."""
        self._scheduler.seal()

    async def settled(self) -> Mapping[Key, Outcome]:
        """Wait until the sealed run has all outcomes, and return them."""
        # Cancelling one waiter must not cancel the others.
        await asyncio.shield(self._scheduler.ending.reached)
        return self._scheduler.outcomes()

    @property
    def run_budget(self) -> RunBudget:
        """The run budget."""
        return self._shared.run_budget

    @property
    def calls(self) -> int:
        """The number of calls, each counted once regardless of its attempts."""
        return self._shared.calls

    def longest_chain(self) -> tuple[float, tuple[TaskId, ...]]:
        """Return the longest time in seconds that calls took one after another, and the tasks on that chain."""
        last = self._scheduler.last
        return (0.0, ()) if last is None else (last.chain, _tasks(last))


def _tasks(last: Instance) -> tuple[TaskId, ...]:
    """Return the tasks on the chain that ends here, without adjacent repeats."""
    tasks: list[TaskId] = []
    instance: Instance | None = last
    while instance is not None:
        node = instance.node
        if node.id != JOIN:
            tasks.append(node.task)
        instance = instance.critical_predecessor
    return tuple(task for task, _ in groupby(reversed(tasks)))
