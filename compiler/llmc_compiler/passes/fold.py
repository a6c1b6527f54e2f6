"""Fold: compute constant expressions."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from operator import is_
from typing import Final

from llmc_compiler.expressions.compact_json import compact
from llmc_compiler.expressions.environment import EffortBudget, EvaluationError
from llmc_compiler.expressions.evaluation import evaluate
from llmc_compiler.expressions.memory_limit import MemoryRoom, NoRoomError
from llmc_compiler.expressions.terms import (
    Apply,
    Binary,
    Choice,
    Comprehension,
    Const,
    Get,
    Item,
    Json,
    ListOf,
    MapOf,
    NodeId,
    Param,
    Slice,
    Subscript,
    Template,
    Term,
    Unary,
    children,
    constant_step,
    free_reads,
    reads,
    rebuild,
)
from llmc_compiler.ir.graph import (
    Call,
    Condition,
    Evaluate,
    Graph,
    Join,
    Loop,
    Node,
    Operation,
    TaskId,
    all_nodes,
    dependencies,
    effects_of,
    nodes_within,
    terms,
)
from llmc_compiler.ir.order_edges import in_order
from llmc_compiler.passes.remarks import Certain, Computed, Remark, Untaken
from llmc_compiler.tools.signature import ArgumentError
from llmc_compiler.tools.tool import Tool

LARGEST: Final = 200
"""Largest computed constant, as an approximate number of characters of JSON: plans must not grow."""

DEEPEST: Final = 8
"""Greatest depth of lists and mappings in a computed constant."""

DIGITS: Final = 18
"""Greatest number of digits of an integer in a plan."""

GROWTH: Final = 1024 * 1024
"""Largest sum of the sizes of all computed constants in a plan, in characters."""

_LARGEST_BUILT: Final = 64 * 1024
"""Largest number of bytes that may be built to compute a constant."""

_EFFORT: Final = 500_000
"""Parts of constants that the pass may visit in one plan."""

Known = dict[NodeId, Const]


@dataclass(frozen=True, slots=True)
class Fold:
    """Computes operators and texts of constants, and drops branches that are never taken.

        limit = 2 * 5                                    limit = 10
        a = compare($limit, 1 + 1)                       a = compare(10, 2)
        b = search("K2" if true else "K3") if $a    →    b = search("K2") if $a
        join($b)                                         join($b)

    A term that cannot be computed stays, and so does an untaken branch that reads a node which may fail.
    """

    name: str = "fold"

    def sweep(self) -> "Folding":
        """Start with an empty plan."""
        return Folding()

    def __call__(self, graph: Graph) -> Graph:
        """Fold every term."""
        sweep = Folding()
        nodes = [folded for node in graph.nodes.values() for folded in sweep.add(node)]
        alive = _without_dead(nodes, sweep.dead, graph.tasks.values())
        return in_order(replace(graph, nodes={node.id: node for node in alive}))

    def remarks(self, before: Graph, after: Graph) -> Iterator[Remark]:
        """Yield remarks on computed terms, removed conditions, and nodes that never run."""
        conditions: dict[TaskId, Remark] = {}
        left = {node.id: node for node in all_nodes(after)}
        for node in before.nodes.values():
            for old in (node, *nodes_within(node)):
                new, where = left.get(old.id), (old.id, old.origins, old.span)
                if new is None:
                    yield Untaken(*where)
                elif _differ(terms(old.op), terms(new.op)):
                    yield Computed(*where)
                elif _differ((condition.term for condition in old.when), (condition.term for condition in new.when)):
                    conditions[old.task] = (Computed if len(new.when) == len(old.when) else Certain)(*where)
        yield from conditions.values()


class Folding:
    """The constants so far, and the nested nodes that never run, each with the nodes that may block its readers."""

    def __init__(self) -> None:
        self.dead: dict[NodeId, frozenset[NodeId]] = {}
        self._known: Known = {}
        self._growth = MemoryRoom(GROWTH)
        self._budget = EffortBudget(_EFFORT)

    def add(self, node: Node) -> tuple[Node, ...]:
        """Return the node with its terms folded."""
        folded = self._folded(node)
        if str(node.id) != str(node.task):
            self._bury(folded)
        is_known = isinstance(folded.op, Evaluate) and not (folded.op.plan or folded.when or folded.needs)
        if is_known and isinstance(folded.op, Evaluate) and isinstance(folded.op.term, Const):
            self._known[node.id] = folded.op.term
        return (folded,)

    def _folded(self, node: Node) -> Node:
        """Return a node with its terms folded, and those inside it."""
        return self._loop(node, node.op) if isinstance(node.op, Loop) else self._node(node)

    def _conditions(self, node: Node) -> tuple[tuple[Condition, ...], set[NodeId]]:
        """Return the conditions of a node that may fail, and the nodes that they read."""
        when: list[Condition] = []
        sure: set[NodeId] = set()
        for condition in node.when:
            term = self._terms(self._known, sure).fold(condition.term)
            sure.update(read.node for read in reads(term))
            if not isinstance(term, Const) or bool(term.value) != condition.expected:
                when.append(condition if term is condition.term else Condition(term, condition.expected))
            if isinstance(term, Const) and bool(term.value) != condition.expected:
                break  # the rest is not reached
        return tuple(when), sure

    def _node(self, node: Node) -> Node:
        """Return a node other than a loop with its terms folded."""
        when, sure = self._conditions(node)
        op = _operation(node.op, self._terms({} if isinstance(node.op, Join) else self._known, sure))
        if op is node.op and _are_same(when, node.when):
            return node
        return replace(node, op=op, when=when, needs=dependencies(op, when))

    def _terms(self, known: Known, sure: Collection[NodeId]) -> "_Terms":
        """Return a folder of terms for this position."""
        return _Terms(known, self.dead, sure, self._growth, self._budget)

    def _loop(self, node: Node, loop: Loop) -> Node:
        """Return a loop with its terms folded, without the nodes inside that never run."""
        when, sure = self._conditions(node)
        source = self._terms(self._known, sure).fold(loop.source)
        # A loop waits for all reads in it, reached or not, and writes if a call in it writes.
        free = {inner.id for inner in loop.body}.union(read.node for read in reads(source))
        body = []
        for inner in loop.body:
            body.append(folded := self._folded(inner))
            if inner.id != loop.result and free.issuperset(folded.needs) and not _writes(folded):
                self._bury(folded)
        alive = _without_dead(body, self.dead, [loop.result])
        if source is loop.source and _are_same(alive, loop.body) and _are_same(when, node.when):
            return node
        op = replace(loop, source=source, body=tuple(alive))
        return replace(node, op=op, when=when, needs=dependencies(op, when), effects=effects_of(op))

    def _bury(self, node: Node) -> None:
        """Remember a nested node if one of its conditions never holds, with the nodes that are read before."""
        read_before: set[NodeId] = set()
        for condition in node.when:
            if isinstance(condition.term, Const):
                self.dead[node.id] = frozenset(read_before)
                return
            read_before.update(_risks(condition.term, self.dead))


def _writes(node: Node) -> bool:
    """Whether a node may change something."""
    return any(effect.may_write for effect in node.effects)


def _risks(term: Term, dead: dict[NodeId, frozenset[NodeId]]) -> set[NodeId]:
    """Return the nodes whose failure blocks the reader of this term."""
    return {risk for read in reads(term) for risk in dead.get(read.node, (read.node,))}


def _without_dead(nodes: list[Node], dead: Collection[NodeId], wanted: Iterable[NodeId]) -> list[Node]:
    """Return the nodes without those that never run and are not read."""
    read = set(wanted)
    alive = []
    for node in reversed(nodes):
        if node.id not in dead or node.id in read:
            read.update(node.needs)
            alive.append(node)
    return alive[::-1]


def _operation(op: Operation, terms: "_Terms") -> Operation:
    """Return an operation with its terms folded."""
    match op:
        case Call(tool, bound, fallback=fallback):
            named = tool.effect.parameters
            values = [value if name in named else terms.argument(tool, name, value) for name, value in bound]
            otherwise = None if fallback is None else terms.fold(fallback)
            if otherwise is fallback and _are_same(values, [value for _, value in bound]):
                return op
            arguments = tuple((name, value) for (name, _), value in zip(bound, values, strict=True))
            return replace(op, bound=arguments, fallback=otherwise)
        case Evaluate(value, fallback):
            folded = terms.fold(value)
            is_sure = isinstance(folded, Const) and fallback is not None and terms.may_drop(fallback)
            otherwise = None if fallback is None or is_sure else terms.fold(fallback)
            same = folded is value and otherwise is fallback
            return op if same else replace(op, term=folded, fallback=otherwise)
        case Join(value, everything):
            # Arguments of the join stay separate: a constant list is one argument.
            parts = [] if everything else [terms.fold(child) for child in children(value)]
            return op if everything or _are_same(parts, children(value)) else Join(rebuild(value, parts))
        case Loop():
            return op


class _Terms:
    """Folds terms. `sure` are nodes whose failure blocks the reader anyway; `growth` is the room left for constants."""

    skipped_is_null = False

    def __init__(
        self,
        known: Known,
        dead: dict[NodeId, frozenset[NodeId]],
        sure: Collection[NodeId],
        growth: MemoryRoom,
        budget: EffortBudget,
    ) -> None:
        self._known = known
        self._dead = dead
        self._sure = sure
        self._growth = growth
        self._budget = budget

    def get(self, node: NodeId, /) -> Json:
        """Return the value of a constant node."""
        return self._known[node].value

    def param(self, name: str, /) -> Json:
        """Raise KeyError: inputs are not constant."""
        raise KeyError(name)

    def item(self, name: str, /) -> Json:
        """Raise KeyError: elements are not constant."""
        raise KeyError(name)

    def argument(self, tool: Tool, name: str | None, value: Term) -> Term:
        """Fold an argument. A constant that does not fit stays unfolded: it is a mistake of the run, not the plan."""
        folded = self.fold(value)
        if isinstance(folded, Const) and not isinstance(value, Const):
            try:
                tool.signature.check(name, folded.value)
            except ArgumentError:
                return value
        return folded

    def may_drop(self, term: Term, remaining: Term | None = None) -> bool:
        """Whether an unreached term may be dropped: its reads cannot block anything, or they happen anyway."""
        risks = _risks(term, self._dead).difference(self._sure)
        return not risks or (remaining is not None and risks.issubset(read.node for read in reads(remaining)))

    def fold(self, term: Term) -> Term:
        """Return the term with its constant parts computed."""
        match term:
            case Get(node):
                return self._computed(term, term) if node in self._known else term
            case Template():
                return self._template(term)
            case Choice():
                return self._choice(term)
            case Binary():
                return self._binary(term)
            case Comprehension():
                return self._comprehension(term)
            case ListOf() | MapOf() | Unary() | Subscript() | Slice() | Apply():
                return self._inner(term)
            case _:
                return term

    def _computed(self, term: Term, otherwise: Term) -> Term:
        """Return the value of a term with constant leaves, if it has one and is small."""
        try:
            value = evaluate(term, self, MemoryRoom(_LARGEST_BUILT), self._budget)
        except (EvaluationError, NoRoomError):
            return otherwise
        size = _size(value)
        if size > min(LARGEST, self._growth.left):
            return otherwise
        self._growth.take(size)
        return Const(value, term.span)

    def _inner(self, term: ListOf | MapOf | Unary | Subscript | Slice | Apply) -> Term:
        """Fold a term that needs all its parts."""
        before = children(term)
        after = [self.fold(child) for child in before]
        fresh = term if _are_same(after, before) else rebuild(term, after)
        if all(isinstance(child, Const) for child in after):
            return self._computed(fresh, term)
        return _with_path(fresh) if isinstance(fresh, Subscript) else fresh

    def _comprehension(self, term: Comprehension) -> Term:
        """Fold the parts of a comprehension, or the whole if it reads nothing but its elements."""
        before = children(term)
        after = [self.fold(child) for child in before]
        fresh = term if _are_same(after, before) else rebuild(term, after)
        return fresh if next(free_reads(fresh), None) is not None else self._computed(fresh, term)

    def _template(self, term: Template) -> Term:
        """Fold a text, and insert its constants."""
        pieces: list[str | Term] = []
        for part in term.parts:
            piece = part if isinstance(part, str) else self.fold(part)
            if isinstance(piece, Const):
                piece = piece.value if isinstance(piece.value, str) else compact(piece.value)
            if piece != "":
                pieces.append(piece)
        joined = list(_joined(pieces))
        if all(isinstance(piece, str) for piece in joined):
            return Const("".join(piece for piece in joined if isinstance(piece, str)), term.span)
        return term if _are_same(joined, term.parts) else Template(tuple(joined), term.span)

    def _choice(self, term: Choice) -> Term:
        """Fold a choice, or return the branch that is taken."""
        condition, then, otherwise = parts = [self.fold(child) for child in children(term)]
        if isinstance(condition, Const):
            taken, left = (then, otherwise) if condition.value else (otherwise, then)
            if self.may_drop(left, taken):
                return taken
        return term if _are_same(parts, children(term)) else Choice(condition, then, otherwise, term.span)

    def _binary(self, term: Binary) -> Term:
        """Fold left-nested operators, innermost first and without recursion: a chain may have hundreds."""
        spine = [term]
        while isinstance(left := spine[-1].left, Binary):
            spine.append(left)
        folded = self.fold(left)
        for link in reversed(spine):
            folded = self._operator(link, folded, self.fold(link.right))
        return folded

    def _operator(self, term: Binary, left: Term, right: Term) -> Term:
        """Fold an operator whose operands are folded."""
        fresh = term if left is term.left and right is term.right else Binary(term.op, left, right, term.span)
        if term.op in {"and", "or"}:
            if not isinstance(left, Const):
                return fresh
            if bool(left.value) == (term.op == "and"):
                return right
            return left if self.may_drop(right) else fresh
        if isinstance(left, Const) and isinstance(right, Const):
            return self._computed(fresh, term)
        if term.op in {"==", "!="} and (_is_new_null(left, term.left) or _is_new_null(right, term.right)):
            return term
        return fresh


def _with_path(term: Subscript) -> Term:
    """Return a read with a constant key as one more step of its path."""
    value, step = term.value, constant_step(term.key)
    if step is not None and isinstance(value, (Get, Item, Param)):
        return replace(value, path=(*value.path, step), span=term.span)
    return term


def _joined(pieces: Iterable[str | Term]) -> Iterator[str | Term]:
    """Yield the pieces of a template, with adjacent texts joined."""
    texts: list[str] = []
    for piece in pieces:
        if isinstance(piece, str):
            texts.append(piece)
            continue
        if texts:
            yield "".join(texts)
            texts = []
        yield piece
    if texts:
        yield "".join(texts)


def _are_same(after: Sequence[object], before: Sequence[object]) -> bool:
    """Whether nothing was folded."""
    return len(after) == len(before) and all(map(is_, after, before))


def _is_new_null(after: Term, before: Term) -> bool:
    """Whether an operand became literal null, which may be compared with a skipped value."""
    return isinstance(after, Const) and after.value is None and not isinstance(before, Const)


def _size(value: Json, depth: int = 0) -> int:
    """Return the approximate length of a value's text; for a large one, any number beyond the largest."""
    if depth > DEEPEST or (type(value) is int and abs(value) >= 10**DIGITS):
        return LARGEST + 1
    if isinstance(value, list):
        return 2 + _sum(1 + _size(item, depth + 1) for item in value)
    if isinstance(value, dict):
        return 2 + _sum(len(key) + 4 + _size(item, depth + 1) for key, item in value.items())
    return len(value) + 2 if isinstance(value, str) else len(compact(value))


def _sum(sizes: Iterator[int]) -> int:
    """Return the sum, or any number beyond the largest."""
    total = 0
    while total <= LARGEST and (size := next(sizes, None)) is not None:
        total += size
    return total


def _differ(before: Iterable[Term], after: Iterable[Term]) -> bool:
    """Whether terms were folded. Lists and mappings of constants do not count: they are written like constants."""
    old, new = tuple(before), tuple(after)
    return old != new and tuple(map(_literal, old)) != tuple(map(_literal, new))


def _literal(term: Term) -> Term:
    """Return the term, with each written list and mapping of constants as a constant."""
    inner = tuple(map(_literal, children(term)))
    match term:
        case ListOf() if all(isinstance(item, Const) for item in inner):
            return Const([item.value for item in inner if isinstance(item, Const)])
        case MapOf(entries) if all(isinstance(item, Const) for item in inner):
            pairs = zip(entries, inner, strict=True)
            return Const({key: item.value for (key, _), item in pairs if isinstance(item, Const)})
        case _:
            return rebuild(term, inner)
