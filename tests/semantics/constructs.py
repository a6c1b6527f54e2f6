"""Steps into computed values, slices, lists in place, and standard functions in random expressions."""

from abc import abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from random import Random
from typing import Final

from llmc_grammar import ast
from tests.semantics.kinds import Kind, Known

ELEMENTS: Final = ("p", "q", "r", "s", "t")
"""Names of the elements of lists in place."""

ZERO: Final = ast.Binary("-", ast.Literal(1), ast.Literal(1))
"""An index that is no literal."""

TEXT_FUNCTIONS: Final = ("lower", "upper", "title", "strip")
LIST_FUNCTIONS: Final = ("reversed", "unique", "present", "enumerate")


def function(name: str, *given: ast.Expr, **keywords: ast.Expr) -> ast.Call:
    """A call of a standard function."""
    positional = [ast.Argument(None, value) for value in given]
    return ast.Call(name, (*positional, *(ast.Argument(key, value) for key, value in keywords.items())))


def text(word: str) -> ast.Text:
    """A text without slots."""
    return ast.Text((word,) if word else ())


@dataclass(slots=True)
class Constructs:
    """Writes them about the names known so far; `calls` says whether there may be calls of tools in them.

    In what is `repeated`, flaky calls would share their sites. `plans` are those that may be called, with the number of
    their inputs. Elements get none of the names that are `taken` besides those known.
    """

    rng: Random
    names: list[Known]
    calls: bool = True
    repeated: bool = False
    plans: dict[str, int] = field(default_factory=dict)
    taken: frozenset[str] = frozenset()

    @abstractmethod
    def expression(self, kind: Kind, depth: int) -> ast.Expr:
        """An expression that gives a value of that kind, or may give anything."""

    @abstractmethod
    def condition(self, depth: int) -> ast.Expr:
        """What stands in a guard, a filter or a choice."""

    @abstractmethod
    def constant(self, kind: Kind) -> ast.Expr:
        """A value of that kind, without references."""

    @abstractmethod
    def unknown(self, kind: Kind) -> ast.Ref | None:
        """A reference of which nothing is certain."""

    @abstractmethod
    def wanted_call(self, kind: Kind, depth: int) -> ast.Call:
        """A call of a tool from which such a value is wanted."""

    @abstractmethod
    def element(self) -> ast.Expr:
        """A call of a tool, of any kind."""

    def construct(self, kind: Kind, depth: int) -> ast.Expr:
        """An expression that gives a value of that kind, or may give anything."""
        roll = self.rng.random()
        if kind in {"list", "str"} and roll < 0.4:
            return self.slice(kind, depth)
        if kind == "list" and roll < 0.75:
            return self.comprehension(depth)
        if roll < 0.4:
            return self.step(kind, depth)
        return self.applied(kind, depth)

    # Parts

    def step(self, kind: Kind, depth: int) -> ast.Expr:
        """A part of a value at a computed key, or of the value of a call; it is of that kind or may be anything."""
        roll = self.rng.random()
        if roll < 0.3 and self.calls:
            return self.part_of_call(depth)
        if roll < 0.6 and (found := self.unknown("list")):
            return ast.Subscript(found, self._index(found))
        if roll < 0.8 and (found := self.unknown("map")):
            first = ast.Subscript(function("keys", found), ast.Literal(0))
            return ast.Subscript(found, self.rng.choice((first, ast.Binary("+", text("fir"), text("st")))))
        whole = ast.List(tuple(self.expression(kind, depth) for _ in range(self.rng.randrange(1, 3))))
        return ast.Subscript(whole, self.rng.choice((ast.Literal(0), ast.Literal(-1), ZERO)))

    def part_of_call(self, depth: int) -> ast.Expr:
        """A constant step, or a slice, behind a call."""
        if self.rng.random() < 0.5:
            return ast.Subscript(self.wanted_call("map", depth), text("first"))
        call = self.wanted_call("list", depth)
        if self.rng.random() < 0.5:
            return ast.Slice(call, None, ast.Literal(2))
        return ast.Subscript(call, ast.Literal(self.rng.choice((0, -1))))

    def _index(self, found: ast.Ref) -> ast.Expr:
        """A computed index, mostly of an element."""
        last = ast.Binary("-", function("len", found), ast.Literal(1))
        return self.rng.choice((last, last, ZERO, self.unknown("num") or ZERO))

    def slice(self, kind: Kind, depth: int) -> ast.Expr:
        """A part of a list or a text."""
        start, stop = self._bound(depth), self._bound(depth)
        if start is None and stop is None:
            stop = ast.Literal(2)
        return ast.Slice(self.expression(kind, depth), start, stop)

    def _bound(self, depth: int) -> ast.Expr | None:
        roll = self.rng.random()
        if roll < 0.3:
            return None
        if roll < 0.8:
            return ast.Literal(self.rng.choice((0, 1, 1, 2, 5, -1)))
        if roll < 0.9:
            return ast.Binary("-", function("len", self.expression("list", max(depth - 1, 0))), ast.Literal(1))
        return self.unknown("num") or ast.Literal(1)

    # Other plans

    def plan_call(self, depth: int) -> ast.Call:
        """A call of another plan with all its arguments, or without the last, which has a default."""
        name = self.rng.choice([*self.plans])
        count = self.plans[name] - (self.rng.random() < 0.3)
        given = tuple(ast.Argument(None, self.expression("any", depth)) for _ in range(count))
        return ast.Call(name, given)

    # Lists in place

    def comprehension(self, depth: int, most: int = 3) -> ast.Expr:
        """A list in place, of one to three loops; mostly without calls."""
        has_calls, self.calls = self.calls, self.calls and self.rng.random() < 0.6
        # The first source is evaluated once, whatever is in it.
        loops: list[ast.Loop] = []
        before = len(self.names)
        for _ in range(self.rng.choice((1, 1, 1, 2, 2, most))):
            loop = self.loop(depth, small=bool(loops))
            if loop is None:
                break
            loops.append(loop)
        with self.inside():
            often = self.calls and self.rng.random() < 0.7
            element = self.element() if often else self.expression("any", max(depth, 1))
        del self.names[before:]
        self.calls = has_calls
        return ast.Comprehension(element, tuple(loops)) if loops else element

    @contextmanager
    def inside(self) -> Iterator[None]:
        """In what is repeated."""
        before, self.repeated = self.repeated, True
        yield
        self.repeated = before

    def loop(self, depth: int, *, small: bool) -> ast.Loop | None:
        """One of the loops of a list in place, whose element is known from here on; none where all names are taken."""
        taken = self.taken.union(known.id for known in self.names)
        free = [name for name in ELEMENTS if name not in taken]
        if not free:
            return None
        with self.inside():
            source, certain, likely = self.elements(depth, small=small)
            self.names.append(Known(free[0], certain, likely))
            condition = self.condition(0) if self.rng.random() < 0.25 else None
        return ast.Loop(free[0], source, condition)

    def elements(self, depth: int, *, small: bool) -> tuple[ast.Expr, Kind, Kind]:
        """A source, what is certain of its elements, and what is likely."""
        roll = self.rng.random()
        if roll < 0.3:
            numbers = self.rng.sample(range(5), self.rng.randrange(1 if small else 0, 3))
            return ast.List(tuple(map(ast.Literal, numbers))), "num", "num"
        if roll < 0.4:
            return function("range", ast.Literal(self.rng.randrange(1, 3))), "num", "num"
        if roll < 0.5:
            return ast.List((text("a"), text("b c"))), "str", "str"
        found = self.unknown("list")
        if found is not None and roll < 0.8:
            return ast.Slice(found, None, ast.Literal(2)), "any", "num"
        if self.calls and roll < 0.9:
            return self.wanted_call("list", depth), "any", "num"
        return function("enumerate", self.expression("list", 0)), "mixed", "list"

    # Functions

    def applied(self, kind: Kind, depth: int) -> ast.Expr:
        """A standard function of arguments that it takes, as far as one can know."""
        match kind:
            case "num":
                return self._number(depth)
            case "str":
                return self._written(depth)
            case "bool":
                return self._answer(depth)
            case "list":
                return self._listed(depth)
            case _:
                return self._mapped(depth)

    def numbers(self) -> ast.Expr:
        """A list of numbers, or of which nothing is certain."""
        return self.unknown("list") or ast.List((ast.Literal(2), ast.Literal(1.5), ast.Literal(self.rng.randrange(9))))

    def _number(self, depth: int) -> ast.Expr:
        roll = self.rng.random()
        if roll < 0.3:
            kinds: tuple[Kind, ...] = ("list", "list", "str", "map")
            return function("len", self.expression(self.rng.choice(kinds), depth))
        if roll < 0.4:
            return function("round", self.expression("num", depth), **self._maybe(digits=ast.Literal(1)))
        if roll < 0.5:
            return function(self.rng.choice(("abs", "float", "int")), self.expression("num", depth))
        if roll < 0.7:
            return function(self.rng.choice(("sum", "mean")), self.numbers())
        return function(self.rng.choice(("min", "max")), self.numbers(), default=self.expression("num", 0))

    def _written(self, depth: int) -> ast.Expr:
        roll = self.rng.random()
        if roll < 0.2:
            return function(self.rng.choice(TEXT_FUNCTIONS), self.expression("str", depth))
        if roll < 0.4:
            return function("join_text", self.expression("list", depth), **self._maybe(by=text(", ")))
        if roll < 0.6:
            return function(self.rng.choice(("str", "kind", "to_json")), self.expression("any", depth))
        if roll < 0.8:
            return function("format", self.expression("num", depth), text(self.rng.choice((",.2f", ">8"))))
        return function("replace", self.expression("str", depth), text("a"), text("é$"))

    def _answer(self, depth: int) -> ast.Expr:
        if self.rng.random() < 0.5:
            return function(self.rng.choice(("any", "all")), self.expression("list", depth))
        return function(self.rng.choice(("starts_with", "ends_with")), self.expression("str", depth), text("a"))

    def _listed(self, depth: int) -> ast.Expr:
        roll = self.rng.random()
        if roll < 0.35:
            return function(self.rng.choice(LIST_FUNCTIONS), self.expression("list", depth))
        if roll < 0.5:
            return function("sorted", self.numbers(), **self._maybe(reverse=ast.Literal(value=True)))
        if roll < 0.6:
            return function("range", ast.Literal(self.rng.randrange(4)), **self._maybe(step=ast.Literal(2)))
        if roll < 0.7:
            return function("zip", self.expression("list", depth), self.expression("list", depth))
        if roll < 0.8:
            return function("flatten", ast.List((self.numbers(), self.constant("list"))))
        if roll < 0.9:
            return function(self.rng.choice(("split", "lines")), self.expression("str", depth))
        return function(self.rng.choice(("keys", "values")), self.expression("map", depth))

    def _mapped(self, depth: int) -> ast.Expr:
        if self.rng.random() < 0.6:
            return function("merge", self.expression("map", depth), self.expression("map", depth))
        return function("pairs", function("zip", ast.List((text("first"), text("k"))), self.expression("list", depth)))

    def got(self, depth: int) -> ast.Expr:
        """A part of a mapping that may be missing, or a value that was written and read."""
        if self.rng.random() < 0.5:
            key = text(self.rng.choice(("first", "k", "nope")))
            return function("get", self.expression("map", depth), key, **self._maybe(default=self.expression("any", 0)))
        return function("parse_json", function("to_json", self.expression("any", depth)))

    def _maybe(self, **given: ast.Expr) -> dict[str, ast.Expr]:
        return given if self.rng.random() < 0.5 else {}
