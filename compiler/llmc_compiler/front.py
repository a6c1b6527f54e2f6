"""Text in, steps out: reading and compiling as one conversation. A file is a stream of one piece."""

from collections.abc import Sequence

from llmc_compiler.errors import CompileError
from llmc_compiler.graph import Graph
from llmc_compiler.pipeline import PIPELINE, Pass
from llmc_compiler.session import Session
from llmc_compiler.steps import Step
from llmc_compiler.tools import Toolbox
from llmc_grammar import ast
from llmc_grammar.bounds import Bounds
from llmc_grammar.diagnostic import Diagnostic
from llmc_grammar.reader import Lost
from llmc_grammar.source import Source
from llmc_grammar.stream import PlanStream


class Front:
    """Reads and compiles a plan that arrives in pieces.

    `early=False` hands nothing over before the end; `header=False` refuses `use` and `input`; `name` is what reports
    call the text.
    """

    def __init__(
        self,
        tools: Toolbox,
        *,
        passes: Sequence[Pass] = PIPELINE,
        bounds: Bounds = Bounds.FILE,
        name: str = "<plan>",
        early: bool = False,
        header: bool = True,
    ) -> None:
        """Nothing has arrived."""
        self._stream = PlanStream(bounds=bounds, header=header)
        self._session = Session(tools, passes=passes, early=early)
        self._name = name
        self._lost = 0
        self._statements: list[ast.Statement] = []

    @property
    def plan(self) -> ast.Plan:
        """The statements so far."""
        return ast.Plan(tuple(self._statements))

    @property
    def source(self) -> Source:
        """The text so far."""
        return Source(self._name, self._stream.text)

    @property
    def graph(self) -> Graph:
        """The optimised graph of a plan that was closed; raises ValueError before."""
        if self._session.graph is None:
            message = "the plan is not closed"
            raise ValueError(message)
        return self._session.graph

    def feed(self, piece: str | bytes) -> tuple[Step, ...]:
        """Take the next piece: what the statements that it finishes let start."""
        return self._take(self._stream.feed(piece))

    def close(self, *, complete: bool = True) -> tuple[Step, ...]:
        """The end of the text: everything else; raises CompileError with all mistakes."""
        steps = self._take(self._stream.close(complete=complete))
        mistakes = self.diagnostics
        if any(found.severity == "error" for found in mistakes):
            raise CompileError(mistakes, self.source)
        return (*steps, *self._session.close())

    @property
    def diagnostics(self) -> tuple[Diagnostic, ...]:
        """Everything found, as if nothing more came, by place."""
        found = (*self._stream.diagnostics, *self._session.mistakes())
        return tuple(sorted(found, key=lambda one: one.span))

    def _take(self, statements: Sequence[ast.Statement]) -> tuple[Step, ...]:
        """Compile finished statements."""
        lost = self._stream.lost[self._lost :]
        self._lost += len(lost)
        self._statements += statements
        steps: list[Step] = []
        # In the order of the text, so that the mistakes are the same for every way of cutting it.
        for one in sorted((*lost, *statements), key=lambda found: found.span):
            if isinstance(one, Lost):
                self._session.tolerate((one.binder,))
            else:
                steps += self._session.feed(one)
        return tuple(steps)
