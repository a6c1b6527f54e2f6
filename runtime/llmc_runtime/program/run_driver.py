"""Drives a run from its executor to its result.

    async with RunDriver(values) as driver:
        driver.apply(steps)                       # any number of times, while the text arrives
        driver.start(graph, steps, holds)         # the rest; no more steps follow
        await driver.settled()
    run = driver.run(graph, source, diagnostics)

Whole plans, streams of events and plans that arrive are all run this way. The `async with` owns the calls of the run.
"""

from collections.abc import Callable, Iterable, Mapping
from types import TracebackType
from typing import Final, Self, TypedDict, Unpack

from llmc_compiler.analysis.critical_path import rank
from llmc_compiler.analysis.measured_latencies import with_latencies
from llmc_compiler.expressions.terms import Json, NodeId
from llmc_compiler.ir.graph import Graph
from llmc_compiler.steps import Step
from llmc_grammar.diagnostic import Diagnostic
from llmc_grammar.source import Source
from llmc_runtime.cache.call_cache import CallCache
from llmc_runtime.cache.outcome_store import OutcomeStore, StoredCall
from llmc_runtime.calls import nested_runs
from llmc_runtime.calls.run_budget import RunBudget
from llmc_runtime.calls.tool_runner import LocalRunner, ToolRunner
from llmc_runtime.limits import Limits, Policy
from llmc_runtime.program.run_result import Run, conclude, signed
from llmc_runtime.safety.approval import Hold
from llmc_runtime.safety.approval_request import Origin
from llmc_runtime.safety.run_guard import RunGuard
from llmc_runtime.scheduler.executor import Executor
from llmc_runtime.state.events import Event
from llmc_runtime.state.outcomes import Key, Outcome
from llmc_runtime.state.run_ending import name_open, naming
from llmc_runtime.tracing.profile import Profile


class ExecutorOptions(TypedDict, total=False):
    """Settings of an Executor, and the profile by which its calls are ranked."""

    emit: Callable[[Event], object]
    """A function that receives each event, on the thread of the event loop."""
    clock: Callable[[], float]
    """The clock of the run in seconds, for tests."""
    random: Callable[[], float]
    """A function that returns a number from 0 to 1, for tests."""
    wall: Callable[[], float]
    """The time of day in seconds, for tests."""
    limits: Limits
    """The limits of the run."""
    policy: Policy
    """"finish" or "fail_fast"."""
    trust: RunGuard
    """The approvals, contexts and secrets of the run."""
    memo: CallCache | None
    """The call cache that runs of one question share."""
    allowance: RunBudget | None
    """The run budget of a run that this one continues."""
    processor: Callable[[], float]
    """Seconds of processor time, for tests."""
    runner: Callable[[LocalRunner], ToolRunner] | None
    """A function that makes the ToolRunner of the run from its local one."""
    store: OutcomeStore[StoredCall] | None
    """The store that keeps outcomes beyond a question."""
    profile: Profile
    """The measured latencies of tools."""


_UNMEASURED: Final = Profile({})


class RunDriver:
    """One run: its executor, its recorded events and its outcomes; `params` are the values of the plan's inputs.

    The latencies of the `profile` rank the calls. An error that ends the run gets a note on the calls that are open.
    """

    def __init__(self, params: Mapping[str, Json], **options: Unpack[ExecutorOptions]) -> None:
        self._events: list[Event] = []
        self._latencies = options.pop("profile", _UNMEASURED).latencies
        options["emit"] = self._recording(options.get("emit"))
        self._executor = Executor(params, **options)  # type: ignore[misc]  # the profile was taken out above
        self._outcomes: Mapping[Key, Outcome] = {}

    def _recording(self, listener: Callable[[Event], object] | None) -> Callable[[Event], object]:
        """Return a function that records an event, then tells the listener."""
        if listener is None:
            return self._events.append
        tell = nested_runs.outside(listener)

        def emit(event: Event) -> None:
            self._events.append(event)
            tell(event)

        return emit

    async def __aenter__(self) -> Self:
        """Start the run; raises RunRefused and ContextError."""
        await self._executor.__aenter__()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End the run, and stop its calls."""
        with naming(self._events):
            await self._executor.__aexit__(kind, error, trace)
        if error is not None:
            name_open(error, self._events)

    @property
    def run_budget(self) -> RunBudget:
        """The run budget."""
        return self._executor.run_budget

    def when_over(self, told: Callable[[object], object]) -> None:
        """Call `told` on the loop when the started run has all outcomes, or when an error ends it."""
        self._executor.when_over(told)

    def apply(self, steps: Iterable[Step]) -> None:
        """Execute steps of the compiler; after an error, the run starts no more calls."""
        try:
            self._executor.apply(steps)
        except BaseException:
            self.run_budget.admission.close()
            raise

    def start(self, graph: Graph, steps: Iterable[Step], holds: Iterable[Hold] = ()) -> None:
        """Start the rest of a plan; calls under `holds` need approval, and ranks of the `graph` order queued calls."""
        self._executor.hold(*holds)
        latencies = self._latencies
        self._executor.rank_by(lambda: rank(with_latencies(graph, latencies)))
        self.apply(steps)
        self._executor.seal()

    async def settled(self) -> None:
        """Wait until every task of the started run has an outcome."""
        self._outcomes = await self._executor.settled()

    def sources(self, node: NodeId, plan: int) -> tuple[Origin, ...]:
        """Return the provenance of a node's result, for later plans; `plan` is the number of this plan."""
        return self._executor.sources(node, plan)

    def run(self, graph: Graph, source: Source | None = None, diagnostics: tuple[Diagnostic, ...] = ()) -> Run:
        """Return the result of the run, once it is over, with the `source` of its plan and the warnings in it."""
        run = conclude(graph, self._executor, self._outcomes, self._events)
        return run if source is None else signed(run, source, diagnostics)
