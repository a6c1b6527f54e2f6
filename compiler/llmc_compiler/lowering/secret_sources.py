"""Sources of secrets: values passed to secret parameters, and results of tools that return secrets.

The search goes back from a secret parameter through references, texts, branches, `and`, `or`, `+` and loops, up to
inputs and calls. It does not follow a secret through a call. `secret_flow` follows secrets forward from here.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TypeVar

from llmc_compiler.diagnostics.secret_errors import WrittenSecret
from llmc_compiler.expressions.functions.table import FUNCTIONS
from llmc_compiler.expressions.terms import (
    Apply,
    Binary,
    Choice,
    Comprehension,
    Const,
    Get,
    Item,
    ListOf,
    MapOf,
    NodeId,
    Param,
    Slice,
    Subscript,
    Template,
    Term,
    constant_step,
    element_sources,
)
from llmc_compiler.ir.graph import Call, Evaluate, Loop, Node, Parameter, loops_within, node_body, nodes_within, terms
from llmc_compiler.lowering.secret_labels import ANY, MOST_PARTS, PUBLIC, WHOLE, Label, Steps, leaves, merged
from llmc_compiler.tools.parameter_markers import UNMARKED
from llmc_grammar.frozen_data import frozen
from llmc_grammar.mistake import Note
from llmc_grammar.source import Span

Name = TypeVar("Name", bound=str)


@frozen
class _Reach:
    """A part of a node's term whose value goes to a secret parameter of a tool."""

    term: Term
    steps: Steps
    node: Node
    tool: str
    parameter: str
    span: Span

    @property
    def why(self) -> Note:
        """A note on the reason why it is secret."""
        return Note(self.span, f"goes to `{self.parameter}` of `{self.tool}`, which takes a secret")


class SecretSources:
    """Finds the secret values of nodes as they arrive.

    `inputs` and `results` hold the secret parts of inputs and of results of calls; `why` has the first reason for each.
    """

    def __init__(self) -> None:
        self.inputs: dict[str, Label] = {}
        self.results: dict[NodeId, Label] = {}
        self.why: dict[str, Note] = {}
        self._grown: dict[str, None] = {}
        self._nodes: dict[NodeId, Node] = {}
        self._loops: dict[NodeId, Node] = {}
        self._parameters: dict[str, Parameter] = {}
        self._seen: dict[NodeId, set[Steps]] = {}
        self._written: list[WrittenSecret] = []
        self._sources: dict[NodeId, dict[int, Term]] = {}

    def add_parameters(self, parameters: Iterable[Parameter]) -> None:
        """Add the plan's inputs."""
        self._parameters.update((parameter.name, parameter) for parameter in parameters)

    def add(self, top: Node) -> None:
        """Add a node, which reads only nodes added before."""
        self._nodes[top.id] = top
        op = top.op
        if isinstance(op, Loop):
            for loop, _ in loops_within(top):
                self._nodes.update((node.id, node) for node in node_body(loop))
                self._loops.update((node.id, loop) for node in node_body(loop))
            for node in nodes_within(top):
                if isinstance(node.op, Call):
                    self._add(node, node.op)
        elif isinstance(op, Call) and op.tool.marks is not UNMARKED:
            self._add(top, op)

    def label_of(self, name: str) -> Label:
        """Return the secret parts of an input or of a call's own result, as far as they are known."""
        own, result = self.inputs.get(name, PUBLIC), self.results.get(NodeId(name), PUBLIC)
        return merged([own, result]) if own and result else own or result

    def recall(self, labels: Mapping[str, Label]) -> None:
        """Mark these parts of inputs, of earlier plans' values and of results as secret."""
        for name, label in labels.items():
            self._keep(self.inputs, name, label)

    def known(self) -> dict[str, Label]:
        """Return the secret parts of each input, and of each call's own result."""
        return {name: self.label_of(name) for name in (*self.inputs, *self.results)}

    def grown(self) -> tuple[str, ...]:
        """Return the inputs and nodes with new secret parts since the last call of this method."""
        names, self._grown = tuple(self._grown), {}
        return names

    def top_of(self, node: NodeId) -> NodeId:
        """Return the outermost loop that contains a node, or the node itself."""
        while (loop := self._loops.get(node)) is not None:
            node = loop.id
        return node

    def loop_of(self, node: Node, name: str) -> tuple[Node, Loop] | None:
        """Return the loop around a node whose elements have this name."""
        around = self._loops.get(node.id)
        while around is not None:
            if isinstance(around.op, Loop) and around.op.name == name:
                return around, around.op
            around = self._loops.get(around.id)
        return None

    def source_of(self, node: Node, item: Item) -> tuple[Node, Term] | None:
        """Return the source of the loop or comprehension whose element is read, and the node that evaluates it."""
        if node.id not in self._sources:
            whole = (*(condition.term for condition in node.when), *terms(node.op))
            self._sources[node.id] = {id(read): source for term in whole for read, source in element_sources(term)}
        if (source := self._sources[node.id].get(id(item))) is not None:
            return node, source
        found = self.loop_of(node, item.name)
        return None if found is None else (found[0], found[1].source)

    def written(self) -> tuple[WrittenSecret, ...]:
        """Return the secrets that are written in the plan and were not reported yet."""
        mistakes, self._written = tuple(self._written), []
        return mistakes

    def _add(self, node: Node, call: Call) -> None:
        """Follow the secret arguments of a call back to their sources."""
        tool = call.tool
        if tool.marks.returns_secret:
            self._keep(self.results, node.id, WHOLE, Note(node.span, f"`{tool.name}` returns a secret"))
        for name, term in call.bound:
            if name in tool.marks.secrets:
                self._follow(
                    _Reach(term, (), node, tool.name, name, node.span if isinstance(term, Const) else term.span)
                )

    def _keep(self, labels: dict[Name, Label], name: Name, label: Label, why: Note | None = None) -> None:
        """Remember secret parts of an input or a result."""
        before = labels.get(name, PUBLIC)
        labels[name] = merged([before, label])
        if labels[name] != before:
            self._grown[name] = None
            if why is not None:
                self.why.setdefault(name, why)

    def _follow(self, start: _Reach) -> None:
        """Follow everything that the term's value is made of."""
        # A stack, not recursion: operators nest by the hundred.
        waiting = [start]
        while waiting:
            reach = waiting.pop()
            waiting.extend(replace(reach, term=term, steps=steps) for term, steps in _parts(reach))
            waiting.extend(self._reach_node(reach))
            if isinstance(reach.term, Const):
                self._reach_constant(reach, reach.term)
            elif isinstance(reach.term, Param):
                self._reach_input(reach, reach.term)

    def _reach_constant(self, reach: _Reach, constant: Const) -> None:
        """Report a constant that is used as a secret, except for null and the empty text, which mean no secret."""
        if next(leaves(constant.value, reach.steps), None) is not None:
            self._written.append(WrittenSecret(span=constant.span, tool=reach.tool, name=reach.parameter))

    def _reach_input(self, reach: _Reach, read: Param) -> None:
        """Mark an input as secret, and report a default, which is written in the plan."""
        steps = (*read.path, *reach.steps)
        self._keep(self.inputs, read.name, frozenset({steps}), reach.why)
        parameter = self._parameters.get(read.name)
        if parameter is not None and next(leaves(parameter.default, steps), None) is not None:
            self._written.append(WrittenSecret(span=read.span, tool=reach.tool, name=reach.parameter))

    def _reach_node(self, reach: _Reach) -> Iterator[_Reach]:
        """Yield the sources of a node's value or of a loop's element."""
        term = reach.term
        if isinstance(term, Item) and (found := self.source_of(reach.node, term)) is not None:
            around, source = found
            yield replace(reach, term=source, steps=(ANY, *term.path, *reach.steps), node=around)
        node = self._nodes.get(term.node) if isinstance(term, Get) else None
        if not isinstance(term, Get) or node is None:
            return
        seen = self._seen.setdefault(node.id, set())
        # Beyond this number of parts, the whole value is followed once.
        steps = (*term.path, *reach.steps) if len(seen) < MOST_PARTS else ()
        if steps in seen or () in seen:
            return
        seen.add(steps)
        op = node.op
        if isinstance(op, Loop):
            yield replace(reach, term=Get(op.result), steps=(ANY, *steps[1:]) if op.flat else steps[1:], node=node)
        elif isinstance(op, Evaluate):
            yield replace(reach, term=op.term, steps=steps, node=node)
        elif isinstance(op, Call):
            self._keep(self.results, node.id, frozenset({steps}), reach.why)
        if isinstance(op, (Call, Evaluate)) and op.fallback is not None:
            yield replace(reach, term=op.fallback, steps=steps, node=node)


def _parts(reach: _Reach) -> Iterator[tuple[Term, Steps]]:
    """Yield the inner terms whose values become part of this one's, each with the relevant path into it."""
    steps = reach.steps
    match reach.term:
        case Choice(_, then, otherwise):
            yield from ((then, steps), (otherwise, steps))
        case Binary("and" | "or", left, right):
            yield from ((left, steps), (right, steps))
        case Binary("+", left, right):
            yield from ((part, ()) for part in (left, right) if not isinstance(part, Const))
        case Template(parts):
            yield from ((part, ()) for part in parts if not isinstance(part, (str, Const)))
        case ListOf(items):
            chosen = steps[0] if steps and isinstance(steps[0], int) and -len(items) <= steps[0] < len(items) else ANY
            yield from ((item, steps[1:]) for item in (items if chosen is ANY else (items[chosen],)))
        case Subscript(value, key):
            step = constant_step(key)
            yield (value, ()) if step is None else (value, (step, *steps))
        case Slice(value):
            yield value, (ANY, *steps[1:]) if steps else ()
        case Apply(function, arguments):
            yield from _parts_of_call(function, arguments, steps)
        case Comprehension(element):
            yield element, steps[1:]
        case MapOf(entries):
            yield from ((value, steps[1:]) for key, value in entries if not steps or steps[0] in (key, ANY))
        case _:
            pass


def _parts_of_call(
    function: str, arguments: Sequence[tuple[str | None, Term]], steps: Steps
) -> Iterator[tuple[Term, Steps]]:
    """Yield the arguments of a standard function whose values become part of its value."""
    if function == "get":
        value, key, *default = (argument for _, argument in arguments)
        step = constant_step(key)
        yield (value, ()) if step is None else (value, (step, *steps))
        yield from ((otherwise, steps) for otherwise in default)
    elif not FUNCTIONS[function].reveals:
        yield from ((argument, ()) for _, argument in arguments if not isinstance(argument, Const))
