"""Reading and compiling together: text in, graph or compiler steps out."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from llmc_compiler.diagnostics.plan_errors import BrokenOff, CompileError
from llmc_compiler.lowering.inlining.plan_tool import with_others
from llmc_compiler.lowering.secret_labels import Label
from llmc_compiler.passes.stages import Pass
from llmc_compiler.session import NOTHING, Earlier, Session
from llmc_compiler.steps import Restart, Step
from llmc_compiler.tools.toolbox import Toolbox
from llmc_grammar import Parsed, ast
from llmc_grammar.bounds import Bounds
from llmc_grammar.diagnostic import Diagnostic
from llmc_grammar.parse import PlanParser
from llmc_grammar.reasoning import USUAL, ReasoningTags
from llmc_grammar.source import Source, Span
from llmc_grammar.statement_reader import Lost
from llmc_grammar.stream import Mode, PlanStream

if TYPE_CHECKING:
    from llmc_compiler.serialization.compiled_graph import Graph


def check(
    parsed: Parsed, tools: Toolbox, *, lenient: bool = False, bounds: Bounds | None = None
) -> tuple[Diagnostic, ...]:
    """Return every mistake of a parsed plan, in order of its span."""
    return _mistakes(parsed, _session(parsed, tools, (), lenient=lenient, bounds=bounds))


class Compiled(NamedTuple):
    """A plan without mistakes: its optimised graph, its warnings, its graph before the passes, and its secrets."""

    graph: "Graph"
    warnings: tuple[Diagnostic, ...]
    written: "Graph"
    secrets: Mapping[str, Label]


def compile_parsed(
    parsed: Parsed,
    tools: Toolbox,
    *,
    passes: Sequence[Pass] | None = None,
    lenient: bool = False,
    bounds: Bounds | None = None,
) -> Compiled:
    """Compile a plan that was read; raises CompileError with all mistakes."""
    session = _session(parsed, tools, passes, lenient=lenient, bounds=bounds)
    diagnostics = _mistakes(parsed, session)
    if any(diagnostic.severity == "error" for diagnostic in diagnostics):
        raise CompileError(diagnostics, with_others(parsed.source, tools))
    session.close()
    return Compiled(_closed(session.graph), diagnostics, _closed(session.written), session.secrets)


def _session(
    parsed: Parsed, tools: Toolbox, passes: Sequence[Pass] | None, *, lenient: bool, bounds: Bounds | None
) -> Session:
    """Return a session that was fed all statements of a plan, good and refused."""
    most = (bounds or (Bounds.MODEL if lenient else Bounds.FILE)).tasks
    session = Session(tools, passes=passes, early=False, lenient=lenient, written=parsed.source.at, most_tasks=most)
    _fed(session, parsed.plan.statements, parsed.lost)
    return session


def _fed(session: Session, statements: Sequence[ast.Statement], lost: Sequence[Lost]) -> tuple[Step, ...]:
    """Feed statements, good and refused, in the order of the text, so that its division into pieces does not matter.

    Statements of a plan in another dialect may have a different order. Then all refused statements come first.
    """
    steps: list[Step] = []
    spans = [statement.span for statement in statements]
    every: list[ast.Statement | Lost] = [*lost, *statements]
    for statement in sorted(every, key=lambda item: item.span) if spans == sorted(spans) else every:
        if isinstance(statement, Lost):
            session.tolerate((statement.binder,))
        else:
            steps += session.feed(statement)
    return tuple(steps)


def _mistakes(parsed: Parsed, session: Session) -> tuple[Diagnostic, ...]:
    """Return the mistakes of reading and compiling, in order of their spans."""
    unended = () if parsed.unended is None else session.unended(parsed.unended)
    return tuple(sorted((*parsed.diagnostics, *session.mistakes(), *unended), key=lambda found: found.span))


def _closed(graph: "Graph | None") -> "Graph":
    """Return a graph of a closed session; raises ValueError if the session is open."""
    if graph is None:
        message = "the plan is not closed"
        raise ValueError(message)
    return graph


class IncrementalCompiler:
    """Reads and compiles a plan that arrives in pieces, and releases nodes as soon as they may start.

    `header=True` allows `use` and `input`; `name` is the text's name in messages; `earlier` holds the plans before it.
    `reasoning` are the tags around a model's reasoning.
    """

    def __init__(
        self,
        tools: Toolbox,
        *,
        mode: Mode = "strict",
        passes: Sequence[Pass] | None = None,
        bounds: Bounds = Bounds.MODEL,
        name: str = "<stream>",
        header: bool = False,
        earlier: Earlier = NOTHING,
        reasoning: ReasoningTags = USUAL,
    ) -> None:
        first = max((int(name) for name in earlier.taken if name.isdigit()), default=0) + 1
        self._stream = PlanStream(
            mode=mode, bounds=bounds, header=header, tools=tools, reasoning=reasoning, first=first
        )
        self._parser = PlanParser(self._stream)
        self._begin = partial(
            Session,
            tools,
            passes=passes,
            lenient=mode == "lenient",
            written=lambda span: self._stream.text[slice(*span)],
            earlier=earlier,
            most_tasks=bounds.tasks,
        )
        self._others = with_others(Source(name, ""), tools).others
        self._session = self._begin()
        self._name = name
        self._lost = 0

    @property
    def source(self) -> Source:
        """The text so far."""
        return Source(self._name, self._stream.text, self._others)

    @property
    def parsed(self) -> Parsed:
        """The parsed text so far; after `close`, as `parse` would return it for the whole text."""
        return self._parser.parsed(self._name)

    @property
    def is_joined(self) -> bool:
        """Whether the join was read, or stands in the last line with an end mark; False if a restart may discard it."""
        is_read = self._session.is_joined and not self._stream.may_restart
        return is_read or self._stream.ends_in_join

    @property
    def has_tail(self) -> bool:
        """Whether text follows the plan."""
        return self._stream.has_tail

    @property
    def is_over(self) -> bool:
        """Whether a bound was exceeded, so that nothing more is read."""
        return self._stream.is_over

    @property
    def moved(self) -> tuple[Span, ...]:
        """The statements whose start or end was decided by a repair; their writes need approval."""
        return self._stream.moved

    @property
    def unended(self) -> Span | None:
        """The last task, if only the end of the text ends it; its writes need approval."""
        return self._stream.unended

    @property
    def is_ended(self) -> bool:
        """Whether a join or an end mark has ended the plan."""
        return self._stream.is_ended

    @property
    def graph(self) -> "Graph":
        """The optimised graph of a closed plan; raises ValueError if the plan is open."""
        return _closed(self._session.graph)

    def feed(self, piece: str | bytes) -> tuple[Step, ...]:
        """Feed the next piece, and return the compiler steps for the statements that it completes."""
        return self._take(partial(self._parser.feed, piece))

    def close(self, *, complete: bool = True) -> tuple[Step, ...]:
        """End the text, and return the remaining compiler steps.

        Raises CompileError with all mistakes; an incomplete text (`complete=False`) is one.
        """
        steps = self._take(partial(self._parser.close, complete=complete))
        mistakes = self.diagnostics
        if not complete:
            end = len(self._stream.text)
            mistakes = (*mistakes, BrokenOff(span=Span(end, end)))
        if any(found.severity == "error" for found in mistakes):
            raise CompileError(mistakes, self.source)
        return (*steps, *self._session.close())

    @property
    def diagnostics(self) -> tuple[Diagnostic, ...]:
        """All diagnostics so far, in order of their spans, as if the text ended here."""
        task = self._stream.unended
        unended = () if task is None else self._session.unended(task)
        diagnostics = (*self._stream.mistakes_in(None), *self._session.mistakes(), *unended)
        return tuple(sorted(diagnostics, key=lambda diagnostic: diagnostic.span))

    def _take(self, read: Callable[[], Sequence[ast.Statement]]) -> tuple[Step, ...]:
        """Compile the statements that are read; a restart begins a new session."""
        restarts = self._stream.restarts
        statements = read()
        steps: tuple[Step, ...] = ()
        if self._stream.restarts != restarts:
            self._session = self._begin()
            self._lost = 0
            steps = (Restart(self._stream.dialect, self._stream.plan),)
        lost = self._stream.lost[self._lost :]
        self._lost += len(lost)
        return (*steps, *_fed(self._session, statements, lost))
