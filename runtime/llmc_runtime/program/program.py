"""Compiled plans, and the compilation of texts."""

from collections.abc import AsyncGenerator, Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import PurePath
from typing import TYPE_CHECKING, Any, Final, TypedDict, Unpack, get_args

from llmc_compiler.compiler import compile_parsed
from llmc_compiler.expressions.input_types import describe, fits, type_of
from llmc_compiler.expressions.terms import Json
from llmc_compiler.ir.graph import Call, Parameter, all_nodes
from llmc_compiler.ir.printer import print_graph
from llmc_compiler.lowering.inlining.plan_tool import PlanBody, PlanTool, with_others
from llmc_compiler.lowering.secret_labels import Label
from llmc_compiler.lowering.type_inference import ArrivalCheck, checks
from llmc_compiler.passes.pipeline import PIPELINE
from llmc_compiler.passes.stages import Pass, Stage, stages
from llmc_compiler.representation.brief import Brief, brief
from llmc_compiler.serialization.compiled_graph import Graph
from llmc_compiler.serialization.graph_json import to_json
from llmc_compiler.tools.signature import ToolboxError
from llmc_compiler.tools.toolbox import Toolbox, Usable, toolbox_of
from llmc_grammar import Parsed, ast, parse
from llmc_grammar.bounds import Bounds
from llmc_grammar.diagnostic import Diagnostic, located
from llmc_grammar.plan_comment import plan_comment
from llmc_grammar.portable import Portable
from llmc_grammar.source import Source, Span
from llmc_grammar.stream import Mode
from llmc_runtime.calls import nested_runs
from llmc_runtime.calls.tool_contexts import Contexts
from llmc_runtime.concurrency.run_sync import run_sync
from llmc_runtime.limits import Limits, Policy
from llmc_runtime.program.dry_run import Planned, dry_run
from llmc_runtime.program.execution import execute, stream
from llmc_runtime.program.run_driver import ExecutorOptions
from llmc_runtime.program.run_result import Run
from llmc_runtime.safety.approval import Approval, Callback, Hold, Word, holds_of
from llmc_runtime.safety.run_guard import RunGuard
from llmc_runtime.state.events import Event
from llmc_runtime.tracing.profile import Profile
from llmc_runtime.validation import Kinds, check_kinds, check_method, check_names
from llmc_runtime.values import NotJsonError, freeze

if TYPE_CHECKING:
    from llmc_compiler.explain.story import Story

MODES: Final[tuple[Mode, ...]] = get_args(Mode)


class InputError(Portable, ValueError):
    """An input of the plan is missing, unknown or of the wrong type."""


class RunOptions(TypedDict, total=False):
    """Settings of a run."""

    context: object
    """The context for tools that take one and whose toolbox opens none."""
    approve: Approval | Word | Callback | None
    """Which calls need an approval, or the callback that decides."""
    limits: Limits
    """The limits of the run."""
    policy: Policy
    """"finish" runs the tasks that do not depend on a failed one; "fail_fast" ends the run at the first failure."""
    emit: Callable[[Event], object]
    """A function that receives each event, on the thread of the event loop."""
    profile: Profile
    """The measured latencies of tools, which rank waiting calls."""


_KINDS: Final[Kinds] = {
    "text": ((str, bytes), "a text, or its bytes"),
    "limits": (Limits, "a llmc.Limits"),
    "profile": (Profile, "a llmc.Profile"),
}
"""Types of arguments that are not checked elsewhere at once."""


@dataclass(frozen=True, slots=True, repr=False)
class Program(Brief):
    """A compiled plan that can be run any number of times.

    Tasks that may write fail with Held while the plan has statements in `held`. So do writes of the `unended` task, and
    calls under an agent's `cautions`. Call `approved` after reading the plan.
    """

    graph: Graph
    """The graph after the passes."""
    plan: ast.Plan
    """The statements of the plan."""
    source: Source
    """The text of the plan and its name."""
    diagnostics: tuple[Diagnostic, ...]
    """The warnings."""
    held: tuple[Span, ...] = ()
    """The statements of a model's text whose boundary a repair decided."""
    written: Graph | None = None
    """The graph before the passes, None if it is unknown."""
    passes: tuple[Pass, ...] = ()
    """The passes that made `graph` from `written`."""
    unended: Span | None = None
    """The last task of a model's text, if only the end of the text ends it."""
    cautions: tuple[Hold, ...] = ()
    """The reasons of an agent to ask before calls that may write."""
    secrets: Mapping[str, Label] = field(default_factory=dict)
    """The parts of inputs and results that are secret."""

    @staticmethod
    def of(
        parsed: Parsed,
        tools: Toolbox | Iterable[Usable],
        *,
        mode: Mode = "strict",
        passes: Sequence[Pass] = PIPELINE,
        bounds: Bounds | None = None,
    ) -> "Program":
        """Compile a plan that was parsed in this mode; raises CompileError with all of its mistakes."""
        toolbox = toolbox_of(tools)
        compiled = compile_parsed(parsed, toolbox, passes=passes, lenient=mode == "lenient", bounds=bounds)
        source = with_others(parsed.source, toolbox)
        return Program(
            compiled.graph,
            parsed.plan,
            source,
            located(compiled.warnings, source),
            held=parsed.moved,
            written=compiled.written,
            passes=tuple(passes),
            unended=parsed.unended,
            secrets=compiled.secrets,
        )

    def as_tool(self, name: str | None = None, *, description: str | None = None) -> PlanTool:
        """Return the plan as a tool of other plans, which are compiled with its tasks in place of each call.

        Its name is by default that of its file, and its description the comment above its first statement. Raises
        ToolboxError for a plan without a name.
        """
        own = name or PurePath(self.source.name).stem
        if own.startswith("<"):
            message = f'the plan {own} has no name: give one, `program.as_tool("name")`'
            raise ToolboxError(message)
        about = plan_comment(self.source, self.plan) if description is None else description
        written = PlanBody(self.graph if self.written is None else self.written, self.source)

        async def call(**arguments: Json) -> Json:
            return await self.value(arguments)

        call.__name__ = call.__qualname__ = own
        return PlanTool.of(own, about, written, call)

    def approved(self) -> "Program":
        """Return the same program without holds on its writes."""
        return replace(self, held=(), unended=None, cautions=())

    @property
    def _holds(self) -> tuple[Hold, ...]:
        """The holds of this program, which ask regardless of the word."""
        return (*holds_of(self.held, self.unended), *self.cautions)

    @property
    def secret_inputs(self) -> frozenset[str]:
        """The inputs that are secret, wholly or in part; they may go to tool parameters that take secrets."""
        return frozenset(parameter.name for parameter in self.parameters if parameter.name in self.secrets)

    @property
    def parameters(self) -> tuple[Parameter, ...]:
        """The plan's inputs."""
        return self.graph.parameters

    @property
    def checks(self) -> tuple[ArrivalCheck, ...]:
        """The arguments that are checked at run time, since their types do not guarantee that they fit."""
        return tuple(checks(self.graph))

    async def run(self, inputs: Mapping[str, Json] | None = None, **terms: Unpack[RunOptions]) -> Run:
        """Run the plan; raises InputError and ContextError before anything is started.

        `context` is for tools that take one. `approve` decides which calls need approval and who grants it: a function
        of an ApprovalRequest (async, or called in a thread), an Approver, or "ask", "all" or "none". `limits` bound the
        run. After a failure, the `policy` "finish" completes the tasks that do not depend on it, and "fail_fast" stops.
        `emit` receives every event as it happens. Of the calls that wait under a limit, those with the longest path
        left go first, by the latencies of the `profile`. Any other name is a TypeError.
        """
        options = self._options(terms)
        return await execute(
            self.graph,
            self._values(inputs or {}),
            holds=self._holds,
            source=self.source,
            diagnostics=self.diagnostics,
            **options,
        )

    async def value(self, inputs: Mapping[str, Json] | None = None, **terms: Unpack[RunOptions]) -> Json:
        """Run the plan as `run` does and return its value; raises the first error of a run without one."""
        run = await self.run(inputs, **terms)
        if not run.has_value:
            raise next(iter(run.errors.values()))
        return run.value

    def run_sync(self, inputs: Mapping[str, Json] | None = None, **terms: Unpack[RunOptions]) -> Run:
        """Run the plan from sync code, as `run` does; abandoned calls that hang do not delay the return."""
        return run_sync(self.run(inputs, **terms), "await program.run()", "program.run_sync")

    def stream(
        self, inputs: Mapping[str, Json] | None = None, **terms: Unpack[RunOptions]
    ) -> AsyncGenerator[Event | Run, None]:
        """Run the plan as `run` does, and yield each event as it happens, then the Run."""
        options = self._options(terms)
        return stream(
            self.graph,
            self._values(inputs or {}),
            holds=self._holds,
            source=self.source,
            diagnostics=self.diagnostics,
            **options,
        )

    def dry_run(
        self, inputs: Mapping[str, Json] | None = None, *, approve: Approval | Word | Callback | None = None
    ) -> tuple[Planned, ...]:
        """Return the calls that a run would make, in plan order, without making them. Raises InputError."""
        guard, values = RunGuard(Approval.of(approve)), self._values(inputs or {})
        guard.hold(*self._holds)
        nested_runs.enter(guard)
        return dry_run(self.graph, values, guard, source=self.source)

    def _options(self, terms: RunOptions) -> ExecutorOptions:
        """The executor's options for these settings; raises ContextError, and TypeError for unknown settings."""
        check_names("run", "setting", terms, RunOptions.__annotations__)
        check_kinds(terms, _KINDS)
        if "emit" in terms:
            check_method("emit", terms["emit"], "__call__", "a function of an event")
        tools = {node.op.tool.name: node.op.tool for node in all_nodes(self.graph) if isinstance(node.op, Call)}
        contexts = Contexts(tools.values(), terms.get("context"))
        guard = RunGuard(Approval.of(terms.get("approve")), contexts, source=lambda: self.source, labels=self.secrets)
        options = ExecutorOptions(trust=guard)
        if "limits" in terms:
            options["limits"] = terms["limits"]
        if "policy" in terms:
            options["policy"] = terms["policy"]
        if "emit" in terms:
            options["emit"] = terms["emit"]
        if "profile" in terms:
            options["profile"] = terms["profile"]
        return options

    def to_llmc(self) -> str:
        """Return the optimised plan as plan text."""
        return print_graph(self.graph, [line for line in self.plan.statements if isinstance(line, ast.Use)])

    def stages(self) -> Iterator[Stage]:
        """Run the passes again, and yield each with the graph before and after it and its remarks."""
        return stages(self.graph if self.written is None else self.written, self.passes)

    def explain(self, width: int | None = None, profile: Profile | None = None) -> "Story":
        """Return the passes' remarks, the dependencies, and the duration if `width` calls run at once.

        The durations of calls are those of the `profile`, and those that tools declare.
        """
        from llmc_compiler.explain.story import Story  # noqa: PLC0415 — not needed to run plans

        written = self.graph if self.written is None else self.written
        latencies = {} if profile is None else profile.latencies
        return Story.of(written, self.passes, self.source, width, latencies)

    def to_json(self) -> dict[str, Any]:
        """Return the graph as JSON data for `Graph.from_json`, with the files of plans that it calls."""
        files = [other.name for other in self.source.others]
        return to_json(self.graph) | ({"files": files} if files else {})

    def _repr_mimebundle_(
        self, include: Collection[str] | None = None, exclude: Collection[str] | None = None
    ) -> dict[str, str]:
        """Pictures of the graph for notebooks: as text, for Mermaid, and as SVG if Graphviz is installed."""
        from llmc_runtime.program.notebook import mimebundle  # noqa: PLC0415 — not needed to run plans

        return mimebundle(self.graph, self.plan, include, exclude)

    def _values(self, given: Mapping[str, Json]) -> dict[str, Json]:
        """Check the inputs, and add defaults; raises InputError."""
        parameters = {parameter.name: parameter for parameter in self.parameters}
        values = {name: parameter.default for name, parameter in parameters.items()}
        for name, value in given.items():
            if name not in parameters:
                names = ", ".join(f"`{other}`" for other in parameters) or "none"
                message = f"the plan has no input `{name}`; its inputs are: {names}"
                raise InputError(message)
            try:
                values[name] = freeze(value)
            except NotJsonError as error:
                raise InputError(f"input {error.of(name)}") from error
            if not fits(values[name], parameters[name].type):
                actual = describe(type_of(value)) if name in self.secret_inputs else brief(value)
                message = f"input `{name}` takes `{describe(parameters[name].type)}`, not {actual}"
                raise InputError(message)
        missing = [f"`{name}`" for name, parameter in parameters.items() if parameter.required and name not in given]
        if missing:
            message = f"the plan needs a value for {', '.join(missing)}"
            raise InputError(message)
        return values


def compile_plan(
    text: str | bytes,
    tools: Toolbox | Iterable[Usable],
    *,
    mode: Mode = "strict",
    passes: Sequence[Pass] = PIPELINE,
    name: str = "<plan>",
    bounds: Bounds | None = None,
    plans: Mapping[str, Program] | None = None,
) -> Program:
    """Compile a plan with a toolbox or a list of tools; raises CompileError with all of its mistakes.

    `mode` is "strict" for hand-written plans. It is "lenient" for a model's text, whose usual damage is repaired, each
    repair with a warning. `passes` run in order. `name` is the text's name in diagnostics. `bounds` limit the text, by
    default as for plan files or model text. `plans` are tools too, under these names.
    """
    _check_mode(mode)
    check_kinds({"text": text}, _KINDS)
    toolbox = toolbox_of(tools)
    if plans:
        toolbox |= Toolbox([program.as_tool(called) for called, program in plans.items()])
    parsed = parse(text, mode=mode, name=name, bounds=bounds, tools=toolbox)
    return Program.of(parsed, toolbox, mode=mode, passes=passes, bounds=bounds)


def parse_plan(
    text: str | bytes, mode: Mode = "strict", *, name: str = "<plan>", bounds: Bounds | None = None
) -> Parsed:
    """Parse a plan without tools; never raises for bad text.

    `.plan` has its good statements, and `.diagnostics` its mistakes. Mode and bounds are as for `compile`.
    """
    _check_mode(mode)
    check_kinds({"text": text}, _KINDS)
    return parse(text, mode=mode, name=name, bounds=bounds)


def _check_mode(mode: str) -> None:
    """Raise ValueError for an unknown mode."""
    if mode not in MODES:
        message = f"mode must be one of {', '.join(map(repr, MODES))}, not {mode!r}"
        raise ValueError(message)
