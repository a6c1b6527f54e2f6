"""Plans that run while they arrive.

Feed the text in pieces, then start the rest:

    async with IncrementalRun(tools) as plan:
        async with plan.in_time():      # around the wait for the text
            plan.feed(piece)            # any number of times: starts the calls that may start early
        plan.close()                    # raises CompileError with all mistakes
        plan.start()                    # everything else, writes too
        await plan.settled()
    plan.run()
"""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterable, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from types import TracebackType
from typing import Self, Unpack

from llmc_compiler.compiler import IncrementalCompiler
from llmc_compiler.expressions.terms import NodeId
from llmc_compiler.passes.pipeline import PIPELINE
from llmc_compiler.passes.stages import Pass
from llmc_compiler.session import NOTHING, Earlier
from llmc_compiler.steps import Add, Step
from llmc_compiler.tools.toolbox import Toolbox, Usable, toolbox_of
from llmc_grammar.ast import NOWHERE
from llmc_grammar.bounds import Bounds
from llmc_grammar.reasoning import USUAL, ReasoningTags
from llmc_grammar.source import Span
from llmc_grammar.stream import Mode
from llmc_runtime.calls.run_budget import RunBudget
from llmc_runtime.calls.tool_contexts import Contexts
from llmc_runtime.errors import RunRefused
from llmc_runtime.program.run_driver import ExecutorOptions, RunDriver
from llmc_runtime.program.run_result import Run
from llmc_runtime.redaction import Secrets
from llmc_runtime.safety.approval import Approval, Callback, Hold, Word, holds_of
from llmc_runtime.safety.approval_request import Origin
from llmc_runtime.safety.run_guard import RunGuard


class IncrementalRun:
    """A plan that is compiled and run while its text arrives; leaving the `async with` ends its calls.

    `name` is the text's name in diagnostics. `earlier` are the plans before it: it can read their values, whose
    provenance is in `sources`, and their `secrets` stay redacted. `contexts` are those of the tools, and `approve` is
    as for `Program.run`. `reasoning` are the tags around a model's reasoning.
    """

    def __init__(
        self,
        tools: Toolbox,
        *,
        mode: Mode = "lenient",
        passes: Sequence[Pass] = PIPELINE,
        bounds: Bounds = Bounds.MODEL,
        name: str = "<stream>",
        earlier: Earlier = NOTHING,
        sources: Mapping[str, tuple[Origin, ...]] | None = None,
        secrets: Secrets | None = None,
        contexts: Contexts | None = None,
        approve: Approval | Word | Callback | None = None,
        reasoning: ReasoningTags = USUAL,
        **options: Unpack[ExecutorOptions],
    ) -> None:
        self.compiler = compiler = IncrementalCompiler(
            tools, mode=mode, passes=passes, bounds=bounds, name=name, earlier=earlier, reasoning=reasoning
        )
        contexts = contexts or Contexts(tools)
        options["trust"] = RunGuard(
            Approval.of(approve),
            contexts,
            source=lambda: compiler.source,
            secrets=secrets,
            labels=earlier.secrets,
            earlier=sources,
        )
        self._driver = RunDriver(earlier.values, **options)
        self._places: dict[NodeId, Span] = {}
        self._last: tuple[Step, ...] = ()

    async def __aenter__(self) -> Self:
        """Start the run."""
        await self._driver.__aenter__()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End the run, and stop its calls."""
        await self._driver.__aexit__(kind, error, trace)

    @property
    def run_budget(self) -> RunBudget:
        """The run budget, which a new parse of the same plan goes on with."""
        return self._driver.run_budget

    @asynccontextmanager
    async def in_time(self) -> AsyncGenerator[None, None]:
        """Cancel the block when the time of the run is over, and raise RunRefused.

        An error that ends the run, such as a listener's exception, also cancels the block, and is raised.
        """
        scope = asyncio.timeout_at(self.run_budget.until)
        self._driver.when_over(lambda _: _end(scope))
        try:
            async with scope:
                yield
        except TimeoutError:
            if not scope.expired():
                raise
            if self.run_budget.error is None:
                why = f"the plan did not arrive within {self.run_budget.seconds:g} s"
                raise RunRefused(why, "run_time") from None
        if self.run_budget.error is not None:
            raise self.run_budget.error

    def feed(self, piece: str | bytes) -> None:
        """Take the next piece, and start the calls that its finished statements allow."""
        if steps := self.compiler.feed(piece):
            self._locate(steps)
            self._driver.apply(steps)

    def close(self, *, complete: bool = True) -> None:
        """End the text; raises CompileError with all mistakes, also if the text is not `complete`."""
        self._last = self.compiler.close(complete=complete)

    def start(self, *holds: Hold) -> None:
        """Start everything else; calls under `holds` need approval.

        Writes also need approval if a repair decided a boundary in the text, or if only the end of the text ends their
        task.
        """
        self._locate(self._last)
        holds = (*holds_of(self.compiler.moved, self.compiler.unended), *holds)
        self._driver.start(self.compiler.graph, self._last, holds)

    def _locate(self, steps: Sequence[Step]) -> None:
        """Keep the places of new nodes in the text."""
        self._places.update((node.id, node.span) for step in steps if isinstance(step, Add) for node in step.nodes)

    def written(self, node: NodeId) -> str:
        """Return the text of a node, empty for a node without a span in the text."""
        return self.compiler.source.at(self._places.get(node, NOWHERE))

    def sources(self, plan: int) -> dict[str, tuple[Origin, ...]]:
        """Return the provenance of the tasks' results, for later plans; `plan` is the number of this plan."""
        return {task: self._driver.sources(node, plan) for task, node in self.compiler.graph.tasks.items()}

    async def settled(self) -> None:
        """Wait until every task has ended."""
        await self._driver.settled()

    def run(self) -> Run:
        """Return the result of the run, once it is over."""
        return self._driver.run(self.compiler.graph, self.compiler.source, self.compiler.diagnostics)


def _end(scope: asyncio.Timeout) -> None:
    """Expire a timeout now, unless its block has ended or it has expired."""
    with suppress(RuntimeError):
        scope.reschedule(0.0)


async def run_stream(
    pieces: AsyncIterable[str | bytes],
    tools: Toolbox | Iterable[Usable],
    *,
    mode: Mode = "lenient",
    passes: Sequence[Pass] = PIPELINE,
    bounds: Bounds = Bounds.MODEL,
    context: object = None,
    approve: Approval | Word | Callback | None = None,
    **options: Unpack[ExecutorOptions],
) -> Run:
    """Compile and run a model's plan while its text arrives.

    A call whose effect allows it starts as soon as its line is complete. Writes start when the whole plan is known.
    They are held if a repair decided the boundary of a statement, and in a last task that only the end of the text
    ends. `context` and `approve` are as for `Program.run`.

    Raises CompileError with all mistakes, ContextError, RunRefused if the text takes longer than the run may, and any
    exception of `pieces`. In all of these cases no write was started, and running calls are stopped.
    """
    box = toolbox_of(tools)
    contexts = Contexts(box, context)
    arriving = IncrementalRun(
        box, mode=mode, passes=passes, bounds=bounds, contexts=contexts, approve=approve, **options
    )
    async with arriving as plan:
        async with plan.in_time():
            async for piece in pieces:
                plan.feed(piece)
        plan.close()
        plan.start()
        await plan.settled()
    return plan.run()
