"""Dry runs: the calls that a run would make in plan order, and whether each would need approval.

Anything that follows from the inputs alone is known: which conditions hold, how many elements a loop has. Anything that
depends on the result of a call is not.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from llmc_compiler.analysis.levels import waits
from llmc_compiler.expressions.environment import EvaluationError, SkippedRead
from llmc_compiler.expressions.evaluation import evaluate, truth
from llmc_compiler.expressions.memory_limit import MemoryRoom, NoRoomError
from llmc_compiler.expressions.terms import Json, NodeId, Term
from llmc_compiler.ir.graph import Call, Condition, Evaluate, Graph, Loop, Node, TaskId
from llmc_compiler.ir.printer import describe_bodies, describe_nodes
from llmc_compiler.representation.brief import Brief
from llmc_compiler.representation.source_text import written
from llmc_grammar.portable import Portable
from llmc_grammar.source import Source
from llmc_runtime.errors import PlanError
from llmc_runtime.limits import Limits
from llmc_runtime.safety.provenance import file_of, line_of
from llmc_runtime.safety.run_guard import RunGuard

Answer = Literal["runs", "asks", "refused"]
"""Whether a call of a dry run would run, ask, or be refused."""


class _UnknownError(Portable, Exception):
    """The value is known only when the plan runs."""


@dataclass(frozen=True, slots=True, repr=False)
class Planned(Brief):
    """A call that would be made."""

    node: NodeId
    """The id of the node."""
    task: TaskId
    """The task that makes the call."""
    line: int | None
    """The line of the task, None if the text is unknown."""
    tool: str
    """The name of the tool."""
    text: str
    """The call, with other nodes by their ids."""
    effects: tuple[str, ...]
    """The effects of the call."""
    answer: Answer
    """Whether the call runs, asks, or is refused."""
    conditions: tuple[str, ...] = ()
    """The conditions that are not yet known to hold."""
    in_loop: bool = False
    """True if the call is made for each element of a loop."""
    elements: int | None = None
    """The number of elements, None if it is unknown."""
    waits: tuple[NodeId, ...] = ()
    """The calls that end first."""
    written: str = field(default="", compare=False)
    """The call as the plan writes it."""
    file: str | None = None
    """The plan that has the line, if it was called as a tool."""

    def to_json(self) -> dict[str, Any]:
        """The call as JSON data."""
        return {
            "node": self.node,
            "task": self.task,
            "line": self.line,
            "tool": self.tool,
            "text": self.text,
            "effects": list(self.effects),
            "answer": self.answer,
            "conditions": list(self.conditions),
            "in_loop": self.in_loop,
            "elements": self.elements,
            "waits": list(self.waits),
        } | ({} if self.file is None else {"file": self.file})


def dry_run(graph: Graph, params: Mapping[str, Json], guard: RunGuard, *, source: Source | None) -> tuple[Planned, ...]:
    """Return the calls that a run with these inputs and this guard would make."""
    return tuple(_Dry(graph, params, guard, source=source).calls())


class _Dry:
    """A walk through a graph in plan order, which is also the environment of its terms."""

    skipped_is_null = False

    def __init__(self, graph: Graph, params: Mapping[str, Json], guard: RunGuard, *, source: Source | None) -> None:
        self._graph = graph
        self._params = params
        self._guard = guard
        self._source = source
        self._values: dict[NodeId, Json] = {}
        self._left = Limits().run_bytes
        self._skipped: set[NodeId] = set()
        self._ends: dict[NodeId, tuple[NodeId, ...]] = {}
        described = [*describe_nodes(graph), *describe_bodies(graph)]
        self._texts = {node.id: (text, when) for node, text, when in described}
        self._waits = waits(graph)

    def get(self, node: NodeId) -> Json:
        """The value of a node; raises SkippedRead and _UnknownError."""
        if node in self._skipped:
            raise SkippedRead(node)
        if node not in self._values:
            raise _UnknownError
        return self._values[node]

    def param(self, name: str) -> Json:
        """The value of an input."""
        return self._params[name]

    def item(self, _: str) -> Json:
        """Raise _UnknownError: a dry run visits no elements."""
        raise _UnknownError

    def calls(self) -> Iterator[Planned]:
        """Yield the calls that would be made."""
        for node in self._graph.nodes.values():
            unmet = self._unmet(node)
            planned: tuple[Planned, ...] = ()
            if unmet is None or self._reads_skipped(node):
                self._skipped.add(node.id)
            elif isinstance(node.op, Call):
                planned = (self._planned(node, node.op, unmet),)
            elif isinstance(node.op, Evaluate):
                self._evaluate(node, node.op.term)
            elif isinstance(node.op, Loop):
                planned = tuple(self._loop(node, node.op, unmet))
            self._ends[node.id] = tuple(call.node for call in planned) or self._calls_before(node)
            yield from planned

    def _calls_before(self, node: Node) -> tuple[NodeId, ...]:
        """Return the nearest calls that end before the node, looking through nodes that are skipped or make no call."""
        ends = (end for other in self._waits[node.id] for end in self._ends.get(other, (other,)))
        return tuple(dict.fromkeys(ends))

    def _reads_skipped(self, node: Node) -> bool:
        """Whether an argument of a call is known to be skipped."""
        for _, term in node.op.bound if isinstance(node.op, Call) else ():
            try:
                self._value(term)
            except SkippedRead:
                return True
            except (_UnknownError, EvaluationError):
                continue
        return False

    def _unmet(self, node: Node) -> tuple[str, ...] | None:
        """Return the conditions of a node that are not known to hold; None if one is known to fail."""
        unmet = []
        for condition, text in zip(node.when, self._texts[node.id][1], strict=True):
            holds = self._holds(condition)
            if holds is False:
                return None
            if holds is None and not condition.is_certain:
                unmet.append(text)
        return tuple(unmet)

    def _holds(self, condition: Condition) -> bool | None:
        """Whether a condition holds; None if that is not known."""
        try:
            return truth(self._value(condition.term)) == condition.expected
        except SkippedRead:
            return False
        except (_UnknownError, EvaluationError):
            return None

    def _value(self, term: Term, *, keep: bool = False) -> Json:
        """Evaluate a term; raises SkippedRead and EvaluationError, and _UnknownError also for lack of room."""
        room = MemoryRoom(self._left)
        try:
            value = evaluate(term, self, room)
            if keep:
                room.take(room.kept(value))
        except NoRoomError:
            raise _UnknownError from None
        self._left = room.left if keep else self._left
        return value

    def _evaluate(self, node: Node, term: Term) -> None:
        """Keep the value of an expression, if it is known."""
        try:
            self._values[node.id] = self._value(term, keep=True)
        except SkippedRead:
            self._skipped.add(node.id)
        except (_UnknownError, EvaluationError):
            pass

    def _loop(self, node: Node, loop: Loop, unmet: tuple[str, ...], outer: int | None = 1) -> Iterator[Planned]:
        """Yield the calls of a loop body, for one element; the loops around it have `outer` elements together."""
        elements: int | None = None
        try:
            source = self._value(loop.source)
            elements = len(source) if isinstance(source, (list, dict)) else None
        except SkippedRead:
            self._skipped.add(node.id)
            return
        except (_UnknownError, EvaluationError):
            pass
        if elements == 0:
            return
        total = None if elements is None or outer is None else outer * elements
        for inner in loop.body:
            conditions = (*unmet, *self._texts[inner.id][1])
            if isinstance(inner.op, Call):
                yield self._planned(inner, inner.op, conditions, in_loop=True, elements=total)
            elif isinstance(inner.op, Loop):
                planned = tuple(self._loop(inner, inner.op, conditions, total))
                self._ends[inner.id] = tuple(call.node for call in planned) or self._calls_before(inner)
                yield from planned

    def _planned(
        self, node: Node, call: Call, conditions: tuple[str, ...], *, in_loop: bool = False, elements: int | None = None
    ) -> Planned:
        verdict = self._guard.verdict(node, call)
        answer: Answer = "refused" if isinstance(verdict, PlanError) else "asks" if verdict else "runs"
        return Planned(
            node=node.id,
            task=node.task,
            line=line_of(self._source, node.span),
            tool=call.tool.name,
            text=self._texts[node.id][0],
            effects=tuple(map(str, node.effects)),
            answer=answer,
            conditions=conditions,
            in_loop=in_loop,
            elements=elements,
            waits=self._calls_before(node),
            file=file_of(self._source, node.span),
            written="" if self._source is None else written(node.span, node.task, self._source),
        )
