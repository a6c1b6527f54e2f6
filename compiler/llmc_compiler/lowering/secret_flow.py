"""Where secrets go: a label on every value that is a secret, has a part that is one, or is built from one.

A secret may stand in texts, lists, mappings and sums, and may go to parameters that take secrets. Everything else would
tell something about it: another argument shows it, and a condition, a comparison or a loop lets its letters be asked
for one by one.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from llmc_compiler.diagnostics.secret_errors import MadeSecret, SecretArgument, SecretRead
from llmc_compiler.expressions.terms import (
    Binary,
    Choice,
    Const,
    Get,
    Item,
    ListOf,
    MapOf,
    NodeId,
    Param,
    Read,
    Template,
    Term,
    Unary,
    children,
)
from llmc_compiler.ir.graph import Call, Join, Loop, Node, Parameter, node_body, terms
from llmc_compiler.lowering.secret_labels import ANY, MOST_PARTS, PUBLIC, WHOLE, Label, inside, merged, part
from llmc_compiler.lowering.secret_sources import SecretSources
from llmc_grammar.ast import NOWHERE
from llmc_grammar.diagnostic import Diagnostic
from llmc_grammar.mistake import Note
from llmc_grammar.source import Span

_BUILDS: Final = "+"
"""The operator that builds a secret from a secret; every other one tells something about it."""


@dataclass(frozen=True, slots=True)
class _Use:
    """A use of a secret that is not allowed: what reads it, and for an argument where it goes."""

    read: Term
    node: Node
    what: str
    tool: str = ""
    parameter: str = ""


class SecretFlow:
    """Follows secrets through nodes as they come.

    `labels` has the nodes whose values are secret at least in part, and `shown` what of a value is hidden where it is
    shown: what is built from a secret is hidden whole. `known` are the labels of inputs and results that are secret
    whatever the nodes say, as those of earlier plans are.
    """

    def __init__(self, known: Mapping[str, Label] | None = None) -> None:
        """No nodes have come."""
        self.sources = SecretSources()
        self.labels: dict[NodeId, Label] = {}
        self.shown: dict[NodeId, Label] = {}
        self._tops: dict[NodeId, Node] = {}
        self._readers: dict[str, dict[NodeId, None]] | None = None
        self._why: dict[NodeId, Note] = {}
        self._fresh: set[NodeId] = set()
        self._touched: dict[NodeId, None] = {}
        self._changed: dict[str, None] = {}
        self._told: set[tuple[Span, NodeId]] = set()
        self.recall(known or {})

    def recall(self, labels: Mapping[str, Label]) -> None:
        """Take these parts of inputs, of what earlier plans gave, and of results for secret."""
        self.sources.recall(labels)
        self._spread(())

    def add_parameters(self, parameters: Iterable[Parameter]) -> None:
        """Take note of the plan's inputs."""
        self.sources.add_parameters(parameters)

    def add(self, nodes: Iterable[Node]) -> None:
        """Take note of nodes, which read only those that are known already."""
        for top in nodes:
            self._tops[top.id] = top
            self._fresh.add(top.id)
            if self._readers is not None:
                _index(top, self._readers)
            self.sources.add([top])
            if self.sources:
                self._spread((top.id,))

    def changed(self) -> Mapping[str, None]:
        """The inputs and nodes of which more is secret than when this was asked last."""
        found, self._changed = self._changed, {}
        return found

    def mistakes(self) -> tuple[Diagnostic, ...]:
        """What was not told yet: secrets that stand in the plan, and those that are used where they may be seen."""
        found: list[Diagnostic] = [*self.sources.written()]
        for key in self._touched:
            found += (self._mistake(use) for use in self._uses(self._tops[key]) if self._is_new(use))
        self._touched, self._fresh = {}, set()
        return tuple(found)

    # Labels

    def _spread(self, nodes: Iterable[NodeId]) -> None:
        """Label nodes, and whatever reads something that turned out to be secret."""
        waiting = dict.fromkeys(nodes)
        for name in self.sources.grown():
            self._changed[name] = None
            waiting.update(self._read_by(name))
            if (above := self.sources.top_of(NodeId(name))) in self._tops:
                waiting[above] = None
        while waiting:
            key = next(iter(waiting))
            del waiting[key]
            self._touched[key] = None
            if self._relabel(self._tops[key]):
                waiting.update(self._read_by(key))

    def _read_by(self, name: str) -> Mapping[NodeId, None]:
        """The nodes that read an input or another node."""
        if self._readers is None:
            self._readers = {}
            for top in self._tops.values():
                _index(top, self._readers)
        return self._readers.get(name, {})

    def _relabel(self, top: Node) -> bool:
        """Label a node and its body anew; whether its own label has changed."""
        before = self.labels.get(top.id), self.shown.get(top.id)
        for node in (*node_body(top), top):
            label, shown = self._own(node)
            if label and label != self.labels.get(node.id):
                self._changed[node.id] = None
            if label:
                self.labels[node.id], self.shown[node.id] = label, shown
                if node.id not in self._why and (why := self._reason(node)) is not None:
                    self._why[node.id] = why
        return (self.labels.get(top.id), self.shown.get(top.id)) != before

    def _own(self, node: Node) -> tuple[Label, Label]:
        """The label of a node's value, and what of it is hidden."""
        op = node.op
        if isinstance(op, Loop):
            label, shown = self.labels.get(op.result, PUBLIC), self.shown.get(op.result, PUBLIC)
            return inside(ANY, label), WHOLE if () in shown else inside(ANY, shown)
        if isinstance(op, Call):
            label = shown = self.sources.label_of(node.id)
        else:
            label, shown = self._label(op.term, node), self._shown(op.term, node)
        fallback = None if isinstance(op, Join) or op.fallback is None else self._label(op.fallback, node)
        return (merged([label, fallback]), WHOLE) if fallback else (label, shown)

    def _shown(self, term: Term, node: Node) -> Label:
        """What to hide of the value of a term: what only reads, and the join's own container, keep parts apart."""
        if isinstance(term, Get):
            return part(self.shown.get(term.node, PUBLIC), term.path)
        if isinstance(node.op, Join) and isinstance(term, ListOf | MapOf) and term.span == NOWHERE:
            return _combined(term, [self._shown(child, node) for child in children(term)], most=None)
        label = self._label(term, node)
        return label if isinstance(term, Item | Param) or not label else WHOLE

    def _label(self, term: Term, node: Node | None) -> Label:
        """The label of a term's value; a stack, since operators nest by the hundred."""
        found: dict[int, Label] = {}
        waiting = [(term, False)]
        while waiting:
            at, is_ready = waiting.pop()
            within = children(at)
            if within and not is_ready:
                waiting.append((at, True))
                waiting.extend((child, False) for child in within)
            elif within:
                found[id(at)] = _combined(at, [found[id(child)] for child in within])
            else:
                found[id(at)] = self._of_leaf(at, node)
        return found[id(term)]

    def _of_leaf(self, term: Term, node: Node | None) -> Label:
        """The label of what a read reads."""
        match term:
            case Get(key, path):
                return part(self.labels.get(key, PUBLIC), path)
            case Param(name, path):
                return part(self.sources.label_of(name), path)
            case Item(path):
                loop = None if node is None else self.sources.loop_of(node)
                if loop is not None and isinstance(loop.op, Loop):
                    return part(self._label(loop.op.source, loop), (ANY, *path))
            case _:
                pass
        return PUBLIC

    # Reasons

    def _reason(self, node: Node) -> Note | None:
        """Why the value of a node is secret; None where the reason is in an earlier plan."""
        if node.id in self.sources.why:
            return self.sources.why[node.id]
        if isinstance(node.op, Loop):
            return self._why.get(node.op.result)
        for term in terms(node.op):
            if (read := self._secret_read(term, node)) is not None:
                return self._reason_of(read, node)
        return None

    def _reason_of(self, read: Term, node: Node) -> Note | None:
        """Why what a read reads is secret."""
        match read:
            case Get(key):
                return self._why.get(key)
            case Param(name):
                return self.sources.why.get(name)
            case _:
                pass
        loop = self.sources.loop_of(node)
        if loop is None or not isinstance(loop.op, Loop):
            return None
        source = self._secret_read(loop.op.source, loop)
        return None if source is None else self._reason_of(source, loop)

    def _secret_read(self, term: Term, node: Node) -> Read | None:
        """The first read in a term whose value is secret at least in part."""
        return next((read for read in _leaves(term) if self._of_leaf(read, node)), None)

    # Mistakes

    def _uses(self, top: Node) -> Iterator[_Use]:
        """Uses of secrets that are not allowed, in a node and its body."""
        for node in (*node_body(top), top):
            for condition in node.when:
                yield from self._uses_in(condition.term, node)
                yield from self._use(condition.term, node, "a condition")
            for term in terms(node.op):
                yield from self._uses_in(term, node)
            if isinstance(node.op, Call):
                yield from self._arguments(node, node.op)
            elif isinstance(node.op, Loop) and () in self._label(node.op.source, node):
                yield from self._use(node.op.source, node, "a loop")

    def _arguments(self, node: Node, call: Call) -> Iterator[_Use]:
        """Secrets that go to parameters which do not take them."""
        for index, (name, term) in enumerate(call.bound):
            if name in call.tool.marks.secrets or (read := self._secret_read(term, node)) is None:
                continue
            parameter = name or f"argument {index + 1}"
            yield _Use(read, node, f"`{parameter}` of `{call.tool.name}`", call.tool.name, parameter)

    def _uses_in(self, term: Term, node: Node) -> Iterator[_Use]:
        """Operators inside a term that tell something about a secret."""
        waiting = [term]
        while waiting:
            at = waiting.pop()
            waiting.extend(reversed(children(at)))
            match at:
                case Binary("and" | "or" as op, left, _):
                    yield from self._use(left, node, f"`{op}`")
                case Binary(op, left, right) if op != _BUILDS:
                    yield from self._use(left, node, f"`{op}`")
                    yield from self._use(right, node, f"`{op}`")
                case Unary(op, operand):
                    yield from self._use(operand, node, f"`{op}`")
                case Choice(condition):
                    yield from self._use(condition, node, "a choice")
                case _:
                    pass

    def _use(self, term: Term, node: Node, what: str) -> Iterator[_Use]:
        """The use of a term, if there is a secret in it."""
        if (read := self._secret_read(term, node)) is not None:
            yield _Use(read, node, what)

    def _is_new(self, use: _Use) -> bool:
        """Whether the use was not told yet."""
        key = (use.read.span, use.node.id if use.read.span == NOWHERE else NodeId(""))
        is_new = key not in self._told
        self._told.add(key)
        return is_new

    def _mistake(self, use: _Use) -> Diagnostic:
        """The mistake of a use, at the later one of its two places: what is above it may have been done."""
        span = use.node.span if use.read.span == NOWHERE else use.read.span
        why = self._reason_of(use.read, use.node)
        if why is not None and self.sources.top_of(use.node.id) not in self._fresh:
            return MadeSecret(
                span=why.span, what=use.what, why=why.label, notes=(Note(span, f"{use.what} reads it here"),)
            )
        notes = () if why is None else (why,)
        if use.tool:
            return SecretArgument(span=span, tool=use.tool, name=use.parameter, notes=notes)
        return SecretRead(span=span, what=use.what, notes=notes)


def _combined(term: Term, labels: list[Label], *, most: int | None = MOST_PARTS) -> Label:
    """The label of a term with these labels directly inside it."""
    match term:
        case ListOf():
            return merged((inside(index, label) for index, label in enumerate(labels)), most=most)
        case MapOf(entries):
            keyed = zip(entries, labels, strict=True)
            return merged((inside(key, label) for (key, _), label in keyed), most=most)
        case Choice():
            return merged(labels[1:]) if not labels[0] else WHOLE
        case Binary("and" | "or"):
            return merged(labels) if not labels[0] else WHOLE
        case Template() | Binary() | Unary():
            return WHOLE if any(labels) else PUBLIC
        case _:
            return PUBLIC


def _leaves(term: Term) -> Iterator[Read]:
    """The reads in a term, from the left."""
    waiting = [term]
    while waiting:
        at = waiting.pop()
        if isinstance(at, Get | Item | Param):
            yield at
        elif not isinstance(at, Const):
            waiting.extend(reversed(children(at)))


def _index(top: Node, readers: dict[str, dict[NodeId, None]]) -> None:
    """Take note of what a node and its body read."""
    for node in (*node_body(top), top):
        for term in (*(condition.term for condition in node.when), *terms(node.op)):
            for read in _leaves(term):
                if not isinstance(read, Item):
                    name = read.node if isinstance(read, Get) else read.name
                    readers.setdefault(name, {})[top.id] = None
