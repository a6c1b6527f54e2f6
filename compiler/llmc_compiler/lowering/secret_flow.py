"""The flow of secrets: a label for each value that is secret, has a secret part, or is built from a secret.

A secret may become part of texts, lists, mappings and sums, and may be passed to parameters that take secrets. All
other uses reveal something about it: another argument shows it, and conditions, comparisons and loops let a plan find
it out letter by letter.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from llmc_compiler.diagnostics.secret_errors import MadeSecret, SecretArgument, SecretRead
from llmc_compiler.expressions.functions.table import FUNCTIONS
from llmc_compiler.expressions.terms import (
    Apply,
    Binary,
    Choice,
    Clause,
    Comprehension,
    Const,
    Get,
    Item,
    ListOf,
    MapOf,
    NodeId,
    Param,
    Read,
    Slice,
    Subscript,
    Template,
    Term,
    Unary,
    children,
    constant_step,
)
from llmc_compiler.ir.graph import Call, Join, Loop, Node, Parameter, nodes_within, terms
from llmc_compiler.lowering.secret_labels import ANY, MOST_PARTS, PUBLIC, WHOLE, Label, inside, merged, part
from llmc_compiler.lowering.secret_sources import SecretSources
from llmc_grammar.ast import NOWHERE
from llmc_grammar.diagnostic import Diagnostic
from llmc_grammar.frozen_data import frozen
from llmc_grammar.mistake import Note
from llmc_grammar.source import Span

_BUILDS: Final = "+"
"""The operator that builds a secret from a secret; all others reveal something about it."""


@frozen
class _Use:
    """A forbidden use of a secret: the read, the reader, and for an argument its tool and parameter."""

    read: Term
    node: Node
    what: str
    tool: str = ""
    parameter: str = ""


class SecretFlow:
    """Follows secrets through nodes as they arrive.

    `labels` holds the nodes whose values are secret at least in part. `shown` holds the parts to redact when a value is
    shown: a value built from a secret is redacted as a whole. `known` are labels of inputs and results that are secret
    for other reasons, such as those of earlier plans.
    """

    def __init__(self, known: Mapping[str, Label] | None = None) -> None:
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
        """Mark these parts of inputs, of earlier plans' values and of results as secret."""
        self.sources.recall(labels)
        self._spread(())

    def add_parameters(self, parameters: Iterable[Parameter]) -> None:
        """Add the plan's inputs."""
        self.sources.add_parameters(parameters)

    def add(self, nodes: Iterable[Node]) -> None:
        """Add nodes, which read only nodes added before."""
        for top in nodes:
            self._tops[top.id] = top
            self._fresh.add(top.id)
            if self._readers is not None:
                _index(top, self._readers)
            self.sources.add(top)
            if self.sources.inputs or self.sources.results:
                self._spread((top.id,))

    def changed(self) -> Mapping[str, None]:
        """Return the inputs and nodes with new secret parts since the last call of this method."""
        names, self._changed = self._changed, {}
        return names

    def mistakes(self) -> tuple[Diagnostic, ...]:
        """Return the mistakes that were not reported yet: secrets written in the plan, and forbidden uses."""
        diagnostics: list[Diagnostic] = [*self.sources.written()]
        for key in self._touched:
            diagnostics += (self._mistake(use) for use in self._uses(self._tops[key]) if self._is_new(use))
        self._touched, self._fresh = {}, set()
        return tuple(diagnostics)

    # Labels

    def _spread(self, nodes: Iterable[NodeId]) -> None:
        """Label nodes, and all nodes that read a value which turned out to be secret."""
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
        """Return the nodes that read an input or another node."""
        if self._readers is None:
            self._readers = {}
            for top in self._tops.values():
                _index(top, self._readers)
        return self._readers.get(name, {})

    def _relabel(self, top: Node) -> bool:
        """Label a node and its body again; return whether its own label changed."""
        before = self.labels.get(top.id), self.shown.get(top.id)
        for node in (*nodes_within(top), top):
            label, shown = self._own(node)
            if label and label != self.labels.get(node.id):
                self._changed[node.id] = None
            if label:
                self.labels[node.id], self.shown[node.id] = label, shown
                if node.id not in self._why and (reason := self._reason(node)) is not None:
                    self._why[node.id] = reason
        return (self.labels.get(top.id), self.shown.get(top.id)) != before

    def _own(self, node: Node) -> tuple[Label, Label]:
        """Return the label of a node's value, and the parts to redact."""
        op = node.op
        if isinstance(op, Loop):
            label, shown = self.labels.get(op.result, PUBLIC), self.shown.get(op.result, PUBLIC)
            if op.flat:
                label, shown = part(label, (ANY,)), part(shown, (ANY,))
            return inside(ANY, label), WHOLE if () in shown else inside(ANY, shown)
        if isinstance(op, Call):
            label = shown = self.sources.label_of(node.id)
        else:
            label, shown = self._label(op.term, node), self._shown(op.term, node)
        fallback = None if isinstance(op, Join) or op.fallback is None else self._label(op.fallback, node)
        return (merged([label, fallback]), WHOLE) if fallback else (label, shown)

    def _shown(self, term: Term, node: Node) -> Label:
        """Return the parts of a term's value to redact: reads and the join's own container keep parts separate."""
        if isinstance(term, Get):
            return part(self.shown.get(term.node, PUBLIC), term.path)
        if isinstance(node.op, Join) and isinstance(term, ListOf | MapOf) and term.span == NOWHERE:
            return _combined(term, [self._shown(child, node) for child in children(term)], most=None)
        label = self._label(term, node)
        return label if isinstance(term, Item | Param) or not label else WHOLE

    def _label(self, term: Term, node: Node | None) -> Label:
        """Return the label of a term's value; a stack, not recursion, since operators nest by the hundred."""
        labels: dict[int, Label] = {}
        waiting = [(term, False)]
        while waiting:
            current, is_ready = waiting.pop()
            within = children(current)
            if within and not is_ready:
                waiting.append((current, True))
                waiting.extend((child, False) for child in within)
            elif within:
                labels[id(current)] = _combined(current, [labels[id(child)] for child in within])
            else:
                labels[id(current)] = self._of_leaf(current, node)
        return labels[id(term)]

    def _of_leaf(self, term: Term, node: Node | None) -> Label:
        """Return the label of a read, or PUBLIC for other leaves."""
        match term:
            case Get(key, path):
                return part(self.labels.get(key, PUBLIC), path)
            case Param(name, path):
                return part(self.sources.label_of(name), path)
            case Item(_, path):
                found = None if node is None else self.sources.source_of(node, term)
                if found is not None:
                    return part(self._label(found[1], found[0]), (ANY, *path))
            case _:
                pass
        return PUBLIC

    # Reasons

    def _reason(self, node: Node) -> Note | None:
        """Return the reason why the value of a node is secret; None if the reason is in an earlier plan."""
        if node.id in self.sources.why:
            return self.sources.why[node.id]
        if isinstance(node.op, Loop):
            return self._why.get(node.op.result)
        for term in terms(node.op):
            if (read := self._secret_read(term, node)) is not None:
                return self._reason_of(read, node)
        return None

    def _reason_of(self, read: Term, node: Node) -> Note | None:
        """Return the reason why the value of a read is secret."""
        match read:
            case Get(key):
                return self._why.get(key)
            case Param(name):
                return self.sources.why.get(name)
            case Item():
                found = self.sources.source_of(node, read)
                source = None if found is None else self._secret_read(found[1], found[0])
                return None if found is None or source is None else self._reason_of(source, found[0])
            case _:
                return None

    def _secret_read(self, term: Term, node: Node) -> Read | None:
        """Return the first read in a term whose value is secret at least in part."""
        return next((read for read in _leaves(term) if self._of_leaf(read, node)), None)

    # Mistakes

    def _uses(self, top: Node) -> Iterator[_Use]:
        """Yield the forbidden uses of secrets in a node and its body."""
        for node in (*nodes_within(top), top):
            for condition in node.when:
                yield from self._uses_in(condition.term, node)
                # That a secret has a value is not secret: called plans wait for their arguments.
                if not condition.is_certain:
                    yield from self._use(condition.term, node, "a condition")
            for term in terms(node.op):
                yield from self._uses_in(term, node)
            if isinstance(node.op, Call):
                yield from self._arguments(node, node.op)
            elif isinstance(node.op, Loop) and () in self._label(node.op.source, node):
                yield from self._use(node.op.source, node, "a loop")

    def _arguments(self, node: Node, call: Call) -> Iterator[_Use]:
        """Yield secrets that are passed to parameters which do not take them."""
        for index, (name, term) in enumerate(call.bound):
            if name in call.tool.marks.secrets or not self._label(term, node):
                continue
            if (read := self._secret_read(term, node)) is None:
                continue
            parameter = name or f"argument {index + 1}"
            yield _Use(read, node, f"`{parameter}` of `{call.tool.name}`", call.tool.name, parameter)

    def _uses_in(self, term: Term, node: Node) -> Iterator[_Use]:
        """Yield uses by operators inside a term that reveal something about a secret."""
        waiting = [term]
        while waiting:
            inner = waiting.pop()
            waiting.extend(reversed(children(inner)))
            match inner:
                case Binary("and" | "or" as op, left, _):
                    yield from self._use(left, node, f"`{op}`")
                case Binary(op, left, right) if op != _BUILDS:
                    yield from self._use(left, node, f"`{op}`")
                    yield from self._use(right, node, f"`{op}`")
                case Unary(op, operand):
                    yield from self._use(operand, node, f"`{op}`")
                case Choice(condition):
                    yield from self._use(condition, node, "a choice")
                case Subscript(_, key):
                    yield from self._use(key, node, "a key")
                case Slice(_, start, stop):
                    for bound in (bound for bound in (start, stop) if bound is not None):
                        yield from self._use(bound, node, "a slice")
                case Apply(function, arguments):
                    for name, value in arguments:
                        if FUNCTIONS[function].reveals or (function == "get" and name == "key"):
                            yield from self._use(value, node, f"`{function}`")
                case Comprehension(_, clauses):
                    yield from self._uses_in_clauses(clauses, node)
                case _:
                    pass

    def _uses_in_clauses(self, clauses: Iterable[Clause], node: Node) -> Iterator[_Use]:
        """Yield the secrets that decide how many elements a comprehension has."""
        for clause in clauses:
            if () in self._label(clause.source, node):
                yield from self._use(clause.source, node, "a loop")
            if clause.condition is not None:
                yield from self._use(clause.condition, node, "a condition")

    def _use(self, term: Term, node: Node, what: str) -> Iterator[_Use]:
        """Yield the use of a term, if it reads a secret."""
        if (read := self._secret_read(term, node)) is not None:
            yield _Use(read, node, what)

    def _is_new(self, use: _Use) -> bool:
        """Whether the use was not reported yet."""
        key = (use.read.span, use.node.id if use.read.span == NOWHERE else NodeId(""))
        is_new = key not in self._told
        self._told.add(key)
        return is_new

    def _mistake(self, use: _Use) -> Diagnostic:
        """Return the mistake of a use, at the later one of its two places: nodes above it may have run."""
        span = use.node.span if use.read.span == NOWHERE else use.read.span
        reason = self._reason_of(use.read, use.node)
        if reason is not None and self.sources.top_of(use.node.id) not in self._fresh:
            return MadeSecret(
                span=reason.span, what=use.what, why=reason.label, notes=(Note(span, f"{use.what} reads it here"),)
            )
        notes = () if reason is None else (reason,)
        if use.tool:
            return SecretArgument(span=span, tool=use.tool, name=use.parameter, notes=notes)
        return SecretRead(span=span, what=use.what, notes=notes)


def _combined(term: Term, labels: list[Label], *, most: int | None = MOST_PARTS) -> Label:
    """Return the label of a term whose children have these labels."""
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
        case Subscript(_, key):
            return _at_key(labels[0], key)
        case Slice():
            return frozenset((ANY, *steps[1:]) if steps else steps for steps in labels[0])
        case Comprehension():
            return inside(ANY, labels[-1])
        case Apply("get", (_, (_, key), *_)):
            return merged([_at_key(labels[0], key), *labels[2:]])
        case Apply(function) if FUNCTIONS[function].reveals:
            return PUBLIC
        case Template() | Binary() | Unary() | Apply():
            return WHOLE if any(labels) else PUBLIC
        case _:
            return PUBLIC


def _at_key(label: Label, key: Term) -> Label:
    """Return the label of the part at a key, which may be computed."""
    if (step := constant_step(key)) is not None:
        return part(label, (step,))
    return WHOLE if () in label else frozenset(steps[1:] for steps in label)


def _leaves(term: Term) -> Iterator[Read]:
    """Yield the reads in a term, from left to right."""
    waiting = [term]
    while waiting:
        inner = waiting.pop()
        if isinstance(inner, Get | Item | Param):
            yield inner
        elif not isinstance(inner, Const):
            waiting.extend(reversed(children(inner)))


def _index(top: Node, readers: dict[str, dict[NodeId, None]]) -> None:
    """Add the reads of a node and its body to `readers`."""
    for node in (*nodes_within(top), top):
        for term in (*(condition.term for condition in node.when), *terms(node.op)):
            for read in _leaves(term):
                if not isinstance(read, Item):
                    name = read.node if isinstance(read, Get) else read.name
                    readers.setdefault(name, {})[top.id] = None
