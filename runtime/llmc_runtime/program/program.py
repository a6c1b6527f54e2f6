"""A compiled plan, and how a text becomes one."""

from collections.abc import AsyncGenerator, Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Final, TypedDict, Unpack, get_args

from llmc_compiler.compiler import compile_parsed
from llmc_compiler.expressions.input_types import describe, fits, type_of
from llmc_compiler.expressions.terms import Json
from llmc_compiler.ir.graph import Call, Parameter, all_nodes
from llmc_compiler.ir.printer import print_graph
from llmc_compiler.lowering.secret_labels import Label
from llmc_compiler.lowering.type_inference import ArrivalCheck, checks
from llmc_compiler.passes.pipeline import PIPELINE, Pass, Stage, stages
from llmc_compiler.representation.brief import Brief, brief
from llmc_compiler.serialization.compiled_graph import Graph
from llmc_compiler.serialization.graph_json import to_json
from llmc_compiler.tools.tool import Function, Tool
from llmc_compiler.tools.toolbox import Toolbox, toolbox_of
from llmc_grammar import Parsed, ast, parse
from llmc_grammar.bounds import Bounds
from llmc_grammar.diagnostic import Diagnostic, located
from llmc_grammar.portable import Portable
from llmc_grammar.source import Source, Span
from llmc_grammar.stream import Mode
from llmc_runtime.calls import nested_runs
from llmc_runtime.calls.tool_contexts import Contexts
from llmc_runtime.concurrency.run_sync import run_sync
from llmc_runtime.limits import Limits, Policy
from llmc_runtime.program.dry_run import Planned, dry_run
from llmc_runtime.program.execution import ExecutorOptions, execute, stream
from llmc_runtime.program.run_result import Run, signed
from llmc_runtime.safety.approval import Approval, Callback, Hold, Word, holds_of
from llmc_runtime.safety.run_guard import RunGuard
from llmc_runtime.state.events import Event
from llmc_runtime.validation import Kinds, check_kinds, check_method, check_names
from llmc_runtime.values import NotJsonError, freeze

if TYPE_CHECKING:
    from llmc_compiler.explain.story import Story

MODES: Final[tuple[Mode, ...]] = get_args(Mode)


class InputError(Portable, ValueError):
    """An input of the plan is missing, unknown or of the wrong type."""


class RunOptions(TypedDict, total=False):
    """On which terms a program is run."""

    context: object
    approve: Approval | Word | Callback | None
    limits: Limits
    policy: Policy
    emit: Callable[[Event], object]


_KINDS: Final[Kinds] = {
    "text": ((str, bytes), "a text, or its bytes"),
    "limits": (Limits, "a llmc.Limits"),
}
"""What a program is made of, and run with, where nothing else looks at it at once."""


@dataclass(frozen=True, slots=True, repr=False)
class Program(Brief):
    """A plan that was compiled and can be run any number of times; `diagnostics` are its warnings.

    `held` are the statements of a model's text whose boundary a repair decided. While there are any, tasks that may
    write fail with Held. So do writes of the last task if only the end of the text ends it (`unended`), and calls under
    an agent's `cautions`. Call `approved` after reading the plan. `written` is the graph before the `passes`, if known.
    `secrets` are the parts of inputs and results that are secret.
    """

    graph: Graph
    plan: ast.Plan
    source: Source
    diagnostics: tuple[Diagnostic, ...]
    held: tuple[Span, ...] = ()
    written: Graph | None = None
    passes: tuple[Pass, ...] = ()
    unended: Span | None = None
    cautions: tuple[Hold, ...] = ()
    secrets: Mapping[str, Label] = field(default_factory=dict)

    @staticmethod
    def of(
        parsed: Parsed,
        tools: Toolbox | Iterable[Tool | Function],
        *,
        mode: Mode = "strict",
        passes: Sequence[Pass] = PIPELINE,
    ) -> "Program":
        """Compile a plan that was read in this mode; raises CompileError with all of its mistakes."""
        found = compile_parsed(parsed, toolbox_of(tools), passes=passes, lenient=mode == "lenient")
        return Program(
            found.graph,
            parsed.plan,
            parsed.source,
            located(found.warnings, parsed.source),
            held=parsed.moved,
            written=found.written,
            passes=tuple(passes),
            unended=parsed.unended,
            secrets=found.secrets,
        )

    def approved(self) -> "Program":
        """The same program, whose writes are not held back."""
        return replace(self, held=(), unended=None, cautions=())

    @property
    def _holds(self) -> tuple[Hold, ...]:
        """The holds on calls that ask first, whatever the word."""
        return (*holds_of(self.held, self.unended), *self.cautions)

    @property
    def secret_inputs(self) -> frozenset[str]:
        """The inputs that are secret, or that a part of is: they go to parameters of tools that take secrets."""
        return frozenset(parameter.name for parameter in self.parameters if parameter.name in self.secrets)

    @property
    def parameters(self) -> tuple[Parameter, ...]:
        """The plan's inputs."""
        return self.graph.parameters

    @property
    def checks(self) -> tuple[ArrivalCheck, ...]:
        """The arguments that are checked when they arrive, since their types do not say that they fit."""
        return tuple(checks(self.graph))

    async def run(self, inputs: Mapping[str, Json] | None = None, **terms: Unpack[RunOptions]) -> Run:
        """Run it; raises InputError and ContextError before anything is started.

        `context` is for tools that take one. `approve` says what asks first, and who is asked: a function of an
        ApprovalRequest, async or called in a thread, an Approver, or "ask", "all" or "none". `limits` are what the run
        may take, and `policy` what a failure does to the rest: "finish" what does not depend on it, or "fail_fast".
        `emit` is told every event as it happens. Any other name is a TypeError.
        """
        options = self._options(terms)
        return self._signed(await execute(self.graph, self._values(inputs or {}), holds=self._holds, **options))

    def run_sync(self, inputs: Mapping[str, Json] | None = None, **terms: Unpack[RunOptions]) -> Run:
        """Run it from code that is not async, as `run` does; what hangs does not hold up the return."""
        return run_sync(self.run(inputs, **terms), "await program.run()", "program.run_sync")

    def stream(
        self, inputs: Mapping[str, Json] | None = None, **terms: Unpack[RunOptions]
    ) -> AsyncGenerator[Event | Run, None]:
        """Run it as `run` does, and give each event as it happens, at last the Run."""
        options = self._options(terms)
        return self._streamed(stream(self.graph, self._values(inputs or {}), holds=self._holds, **options))

    def dry_run(
        self, inputs: Mapping[str, Json] | None = None, *, approve: Approval | Word | Callback | None = None
    ) -> tuple[Planned, ...]:
        """The calls that would be made, in the order of the plan; calls nothing. Raises InputError."""
        trust, values = RunGuard(Approval.of(approve)), self._values(inputs or {})
        trust.hold(*self._holds)
        nested_runs.enter(trust)
        return dry_run(self.graph, values, trust, source=self.source)

    def _options(self, terms: RunOptions) -> ExecutorOptions:
        """The settings of the executor for a run on these terms; raises ContextError, TypeError for unknown ones."""
        check_names("run", "setting", terms, RunOptions.__annotations__)
        check_kinds(terms, _KINDS)
        if "emit" in terms:
            check_method("emit", terms["emit"], "__call__", "a function of an event")
        tools = {node.op.tool.name: node.op.tool for node in all_nodes(self.graph) if isinstance(node.op, Call)}
        contexts = Contexts(tools.values(), terms.get("context"))
        trust = RunGuard(Approval.of(terms.get("approve")), contexts, source=lambda: self.source, labels=self.secrets)
        options = ExecutorOptions(trust=trust)
        if "limits" in terms:
            options["limits"] = terms["limits"]
        if "policy" in terms:
            options["policy"] = terms["policy"]
        if "emit" in terms:
            options["emit"] = terms["emit"]
        return options

    async def _streamed(self, events: AsyncGenerator[Event | Run, None]) -> AsyncGenerator[Event | Run, None]:
        """The events, and the run with what it came from."""
        async with aclosing(events):
            async for event in events:
                yield self._signed(event) if isinstance(event, Run) else event

    def _signed(self, run: Run) -> Run:
        """The run, with the text that it came from and its warnings."""
        return signed(run, self.source, self.diagnostics)

    def to_llmc(self) -> str:
        """The optimised plan in its own language."""
        return print_graph(self.graph, [line for line in self.plan.statements if isinstance(line, ast.Use)])

    def stages(self) -> Iterator[Stage]:
        """The passes, run once more: each with the graph before and after it, and its remarks."""
        return stages(self.graph if self.written is None else self.written, self.passes)

    def explain(self, width: int | None = None) -> "Story":
        """What the passes did and why, what waits for what, and how long it takes if `width` calls run at once."""
        from llmc_compiler.explain.story import Story  # noqa: PLC0415 — nothing that runs needs it

        return Story.of(self.graph if self.written is None else self.written, self.passes, self.source, width)

    def to_json(self) -> dict[str, Any]:
        """The graph as JSON data, which `Graph.from_json` reads."""
        return to_json(self.graph)

    def _repr_mimebundle_(
        self, include: Collection[str] | None = None, exclude: Collection[str] | None = None
    ) -> dict[str, str]:
        """The picture of the graph, for notebooks: as text, for Mermaid, and as SVG where Graphviz is installed."""
        from llmc_runtime.program.notebook import mimebundle  # noqa: PLC0415 — nothing that runs needs pictures

        return mimebundle(self.graph, self.plan, include, exclude)

    def _values(self, given: Mapping[str, Json]) -> dict[str, Json]:
        """The value of every input."""
        known = {parameter.name: parameter for parameter in self.parameters}
        values = {name: parameter.default for name, parameter in known.items()}
        for name, value in given.items():
            if name not in known:
                names = ", ".join(f"`{other}`" for other in known) or "none"
                message = f"the plan has no input `{name}`; its inputs are: {names}"
                raise InputError(message)
            try:
                values[name] = freeze(value)
            except NotJsonError as error:
                raise InputError(f"input {error.of(name)}") from error
            if not fits(values[name], known[name].type):
                found = describe(type_of(value)) if name in self.secret_inputs else brief(value)
                message = f"input `{name}` takes `{describe(known[name].type)}`, not {found}"
                raise InputError(message)
        missing = [f"`{name}`" for name, parameter in known.items() if parameter.required and name not in given]
        if missing:
            message = f"the plan needs a value for {', '.join(missing)}"
            raise InputError(message)
        return values


def compile_plan(
    text: str | bytes,
    tools: Toolbox | Iterable[Tool | Function],
    *,
    mode: Mode = "strict",
    passes: Sequence[Pass] = PIPELINE,
    name: str = "<plan>",
    bounds: Bounds | None = None,
) -> Program:
    """Compile a plan with a toolbox or a list of tools; raises CompileError with all of its mistakes.

    `mode` is "strict" for what people write, "lenient" for a model's text, whose everyday damage is repaired, each
    repair with a warning. `passes` are run in their order; `name` is what reports call the text; `bounds` what it may
    hold, by default those of plan files or of model text.
    """
    _check_mode(mode)
    check_kinds({"text": text}, _KINDS)
    known = toolbox_of(tools)
    parsed = parse(text, mode=mode, name=name, bounds=bounds, tools=known)
    return Program.of(parsed, known, mode=mode, passes=passes)


def parse_plan(
    text: str | bytes, mode: Mode = "strict", *, name: str = "<plan>", bounds: Bounds | None = None
) -> Parsed:
    """Read a plan without tools; bad text never raises.

    `.plan` has its good statements, `.diagnostics` its mistakes. Mode and bounds are as for `compile`.
    """
    _check_mode(mode)
    check_kinds({"text": text}, _KINDS)
    return parse(text, mode=mode, name=name, bounds=bounds)


def _check_mode(mode: str) -> None:
    """Refuse a way of reading that does not exist; raises ValueError."""
    if mode not in MODES:
        message = f"mode is one of {', '.join(map(repr, MODES))}, not {mode!r}"
        raise ValueError(message)
