"""Text in, graph or steps out: reading and compiling together."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import NamedTuple

from llmc_compiler.diagnostics.plan_errors import BrokenOff, CompileError
from llmc_compiler.lowering.secret_labels import Label
from llmc_compiler.passes.pipeline import PIPELINE, Pass
from llmc_compiler.serialization.compiled_graph import Graph
from llmc_compiler.session import NOTHING, Earlier, Session
from llmc_compiler.steps import Restart, Step
from llmc_compiler.tools.toolbox import Toolbox
from llmc_grammar import Parsed, ast
from llmc_grammar.bounds import Bounds
from llmc_grammar.diagnostic import Diagnostic
from llmc_grammar.reasoning import USUAL, ReasoningTags
from llmc_grammar.source import Source, Span
from llmc_grammar.statement_reader import Lost
from llmc_grammar.stream import Mode, PlanStream


def check(parsed: Parsed, tools: Toolbox, *, lenient: bool = False) -> tuple[Diagnostic, ...]:
    """Every mistake of a plan that was read, by place."""
    return _mistakes(parsed, _session(parsed, tools, (), lenient=lenient))


class Compiled(NamedTuple):
    """A plan without mistakes: its optimised graph, its warnings by place, the graph before the passes, its secrets."""

    graph: Graph
    warnings: tuple[Diagnostic, ...]
    written: Graph
    secrets: Mapping[str, Label]


def compile_parsed(
    parsed: Parsed, tools: Toolbox, *, passes: Sequence[Pass] = PIPELINE, lenient: bool = False
) -> Compiled:
    """Compile a plan that was read; raises CompileError with all mistakes."""
    session = _session(parsed, tools, passes, lenient=lenient)
    found = _mistakes(parsed, session)
    if any(one.severity == "error" for one in found):
        raise CompileError(found, parsed.source)
    session.close()
    return Compiled(_closed(session.graph), found, _closed(session.written), session.secrets)


def _session(parsed: Parsed, tools: Toolbox, passes: Sequence[Pass], *, lenient: bool) -> Session:
    """A session that was fed all good statements of a plan."""
    session = Session(tools, passes=passes, early=False, lenient=lenient, written=parsed.source.at)
    _fed(session, parsed.plan.statements, parsed.lost)
    return session


def _fed(session: Session, statements: Sequence[ast.Statement], lost: Sequence[Lost]) -> tuple[Step, ...]:
    """The steps for statements, good and refused, in the order of the text: so no cut of it changes what is found.

    Statements of a plan in another form may have an order of their own; the refused ones are then known to all of them.
    """
    steps: list[Step] = []
    places = [statement.span for statement in statements]
    every: list[ast.Statement | Lost] = [*lost, *statements]
    for one in sorted(every, key=lambda found: found.span) if places == sorted(places) else every:
        if isinstance(one, Lost):
            session.tolerate((one.binder,))
        else:
            steps += session.feed(one)
    return tuple(steps)


def _mistakes(parsed: Parsed, session: Session) -> tuple[Diagnostic, ...]:
    """What reading and compiling found, by place."""
    unended = () if parsed.unended is None else session.unended(parsed.unended)
    return tuple(sorted((*parsed.diagnostics, *session.mistakes(), *unended), key=lambda found: found.span))


def _closed(graph: Graph | None) -> Graph:
    """A graph of a closed session; raises ValueError before."""
    if graph is None:
        message = "the plan is not closed"
        raise ValueError(message)
    return graph


class IncrementalCompiler:
    """Reads and compiles a plan that arrives in pieces, and lets start what may.

    `header=True` allows `use` and `input`; `name` is what reports call the text; `earlier` are the plans before it.
    `reasoning` are the tags around a model's reasoning.
    """

    def __init__(
        self,
        tools: Toolbox,
        *,
        mode: Mode = "strict",
        passes: Sequence[Pass] = PIPELINE,
        bounds: Bounds = Bounds.MODEL,
        name: str = "<stream>",
        header: bool = False,
        earlier: Earlier = NOTHING,
        reasoning: ReasoningTags = USUAL,
    ) -> None:
        """Nothing has arrived."""
        first = max((int(name) for name in earlier.taken if name.isdigit()), default=0) + 1
        self._stream = PlanStream(
            mode=mode, bounds=bounds, header=header, tools=tools, reasoning=reasoning, first=first
        )
        self._begin = partial(
            Session,
            tools,
            passes=passes,
            lenient=mode == "lenient",
            written=lambda span: self._stream.text[slice(*span)],
            earlier=earlier,
        )
        self._session = self._begin()
        self._name = name
        self._lost = 0

    @property
    def source(self) -> Source:
        """The text so far."""
        return Source(self._name, self._stream.text)

    @property
    def is_joined(self) -> bool:
        """Whether the join was read, or is in the last line with an end mark; False if a restart may void it."""
        is_read = self._session.is_joined and not self._stream.may_restart
        return is_read or self._stream.ends_in_join

    @property
    def has_tail(self) -> bool:
        """Whether text follows the plan."""
        return self._stream.has_tail

    @property
    def is_over(self) -> bool:
        """Whether a bound was broken: nothing more is read."""
        return self._stream.is_over

    @property
    def moved(self) -> tuple[Span, ...]:
        """The statements of which a repair decided where they begin or end: no write should start by itself."""
        return self._stream.moved

    @property
    def unended(self) -> Span | None:
        """The last task, if only the end of the text ends it; it needs approval to write."""
        return self._stream.unended

    @property
    def is_ended(self) -> bool:
        """Whether a join or an end mark has ended the plan."""
        return self._stream.is_ended

    @property
    def graph(self) -> Graph:
        """The optimised graph of a plan that was closed; raises ValueError before."""
        return _closed(self._session.graph)

    def feed(self, piece: str | bytes) -> tuple[Step, ...]:
        """Take the next piece: what the statements that it finishes let start."""
        return self._take(partial(self._stream.feed, piece))

    def close(self, *, complete: bool = True) -> tuple[Step, ...]:
        """The end of the text: everything else.

        Raises CompileError with all mistakes; that the text is not `complete` is one.
        """
        steps = self._take(partial(self._stream.close, complete=complete))
        mistakes = self.diagnostics
        if not complete:
            end = len(self._stream.text)
            mistakes = (*mistakes, BrokenOff(span=Span(end, end)))
        if any(found.severity == "error" for found in mistakes):
            raise CompileError(mistakes, self.source)
        return (*steps, *self._session.close())

    @property
    def diagnostics(self) -> tuple[Diagnostic, ...]:
        """Everything found, as if nothing more came, by place."""
        task = self._stream.unended
        unended = () if task is None else self._session.unended(task)
        found = (*self._stream.mistakes_in(None), *self._session.mistakes(), *unended)
        return tuple(sorted(found, key=lambda one: one.span))

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
