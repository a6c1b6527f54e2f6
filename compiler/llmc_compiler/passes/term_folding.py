"""Folding of terms: the constant parts of an expression are computed, within bounds."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import replace
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

EFFORT: Final = 500_000
"""Parts of constants that the pass may visit in one plan."""

Known = dict[NodeId, Const]


def risks(term: Term, dead: dict[NodeId, frozenset[NodeId]]) -> set[NodeId]:
    """Return the nodes whose failure blocks the reader of this term."""
    return {risk for read in reads(term) for risk in dead.get(read.node, (read.node,))}


class TermFolder:
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
        found = risks(term, self._dead).difference(self._sure)
        return not found or (remaining is not None and found.issubset(read.node for read in reads(remaining)))

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
        fresh = term if are_same(after, before) else rebuild(term, after)
        if all(isinstance(child, Const) for child in after):
            return self._computed(fresh, term)
        return _with_path(fresh) if isinstance(fresh, Subscript) else fresh

    def _comprehension(self, term: Comprehension) -> Term:
        """Fold the parts of a comprehension, or the whole if it reads nothing but its elements."""
        before = children(term)
        after = [self.fold(child) for child in before]
        fresh = term if are_same(after, before) else rebuild(term, after)
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
        return term if are_same(joined, term.parts) else Template(tuple(joined), term.span)

    def _choice(self, term: Choice) -> Term:
        """Fold a choice, or return the branch that is taken."""
        condition, then, otherwise = parts = [self.fold(child) for child in children(term)]
        if isinstance(condition, Const):
            taken, left = (then, otherwise) if condition.value else (otherwise, then)
            if self.may_drop(left, taken):
                return taken
        return term if are_same(parts, children(term)) else Choice(condition, then, otherwise, term.span)

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


def are_same(after: Sequence[object], before: Sequence[object]) -> bool:
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
