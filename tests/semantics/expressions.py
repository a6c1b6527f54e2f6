"""Random expressions that no compiler can refuse, though they may fail when they are evaluated.

Where an operator takes only values of one kind, an operand either is surely of that kind or may be anything.
"""

from dataclasses import dataclass
from typing import Final

from llmc_grammar import ast
from tests.semantics.constructs import Constructs
from tests.semantics.kinds import KINDS, Kind, Known
from tests.semantics.world import BAD

NUMBERS: Final = (0, 1, 2, 3, 7, -1, 1.5, 2.0)
WORDS: Final = ("", "a", "b", "two words", "$5", BAD)
FILES: Final = ("a", "b")
KEYS: Final = ("first", "second", "k")
MEMBERS: Final[tuple[tuple[Kind, Kind], ...]] = (("any", "list"), ("str", "map"), ("str", "str"))
DIVISIONS: Final = ("/", "//", "%")
COMPARISONS: Final = ("<", "<=", ">", ">=")
PATHS: Final[tuple[tuple[str | int, ...], ...]] = (("first",), ("k",), (0,), (-1,), ("nope",), ("first", 0), (5,))

CALLS: Final[dict[Kind, tuple[str, ...]]] = {
    "num": (
        *("size", "size", "guess", "count_b", "survey", "flaky", "echo"),
        *("send", "store", "put_a", "put_b", "act", "keep"),
    ),
    "str": ("echo", "echo", "need"),
    "bool": ("echo",),
    "list": ("items", "items", "inbox", "rows", "row_a", "look", "echo"),
    "map": ("pair", "pair", "pack", "echo"),
    "any": ("echo", "need", "pair", "size", "items", "inbox", "rows", "send", "put_a", "guess", "refuse"),
}
"""Tools that are likely to give such a value."""

CALLED: Final = ("send", "send", "store", "put_a", "put_b", "keep", "inbox", "rows", "size", "echo", "need", "pair")
"""Tools that lists in place call."""

PLAIN: Final = frozenset({"send", "store", "put_a", "put_b", "size", "echo", "need", "guess"})
"""Those of them that take one value of any kind."""

FORMATS: Final[dict[Kind, tuple[str, ...]]] = {
    "num": (",.2f", ">8", "+.1f", "_.0f", "08", ".3e"),
    "str": ("<6", "^5"),
}

SAME: Final = ("echo", "need", "size", "size", "items", "pair", "inbox", "rows", "look", "guess")
"""Tools that loops call with arguments that do not depend on the element."""

ARGUMENTS: Final[dict[str, tuple[Kind, ...]]] = {
    "pair": ("any", "any"),
    "items": ("num",),
    "inbox": (),
    "rows": (),
    "count_b": (),
    "survey": (),
}
"""The arguments of tools that do not take exactly one of any kind."""

GIVES: Final[dict[str, Kind]] = {
    **dict.fromkeys(("size", "guess", "count_b", "survey", "flaky"), "num"),
    **dict.fromkeys(("send", "store", "put_a", "put_b", "reset", "act", "keep"), "num"),
    **dict.fromkeys(("items", "inbox", "rows", "row_a", "look"), "list"),
    **dict.fromkeys(("pair", "pack"), "map"),
}
"""What tools give; the others give what they take."""


@dataclass(slots=True)
class Writer(Constructs):
    """Writes expressions."""

    sites: int = 0

    def expression(self, kind: Kind, depth: int) -> ast.Expr:
        """An expression that gives a value of that kind, or may give anything."""
        roll = self.rng.random()
        if depth == 0 or roll < 0.4:
            return (self.reference(kind) if self.rng.random() < 0.75 else None) or self.constant(kind)
        if kind == "any" and roll > 0.97:
            return self.got(depth - 1)
        if kind == "any" and roll > 0.93 and self.plans and self.calls:
            return self.plan_call(0)
        if kind == "any":
            kind = self.rng.choice(KINDS)
        if roll < 0.5:
            return self.constant(kind)
        if roll < 0.75 and self.calls:
            return self.wanted_call(kind, depth - 1)
        if self.rng.random() < 0.35:
            return self.construct(kind, depth - 1)
        return self.operation(kind, depth - 1)

    # Leaves

    def reference(self, kind: Kind) -> ast.Ref | None:
        """A reference that may stand for such a value, if there is one."""
        if kind == "any":
            pool = self.names
        elif self.rng.random() < 0.1:
            pool = [known for known in self.names if known.certain == "any"]
        else:
            pool = [known for known in self.names if known.likely == kind and known.certain in {kind, "any"}]
        if not pool:
            return None
        known = self.rng.choice(pool)
        return ast.Ref(known.id, self._path(known) if kind == "any" else ())

    def unknown(self, kind: Kind) -> ast.Ref | None:
        """A reference of which nothing is certain."""
        pool = [known for known in self.names if known.certain == "any" and known.likely == kind]
        return ast.Ref(self.rng.choice(pool).id) if pool else None

    def _path(self, known: Known) -> tuple[str | int, ...]:
        if self.rng.random() < 0.6:
            return ()
        if known.elements:
            return self.rng.choice(((0,), (-1,), (2,)))
        if known.certain != "any":
            return ()
        if self.rng.random() < 0.15:
            return self.rng.choice(PATHS)
        return {"map": (self.rng.choice(KEYS),), "list": (self.rng.choice((0, -1)),)}.get(known.likely, ())

    def constant(self, kind: Kind) -> ast.Expr:
        """A value of that kind, without references."""
        match kind:
            case "num":
                return ast.Literal(self.rng.choice(NUMBERS))
            case "str":
                word = self.rng.choice(WORDS)
                return ast.Text((word,) if word else ())
            case "bool":
                return ast.Literal(self.rng.random() < 0.5)
            case "list":
                return ast.List(tuple(self.constant("num") for _ in range(self.rng.randrange(4))))
            case "map":
                keys = self.rng.sample(KEYS, self.rng.randrange(3))
                return ast.Map(tuple((key, self.constant("num")) for key in keys))
            case _:
                return ast.Literal(None) if self.rng.random() < 0.1 else self.constant(self.rng.choice(KINDS))

    def text(self) -> ast.Text:
        """A text with slots in it, some of them of names that nothing has."""
        parts: list[str | ast.Slot] = []
        for _ in range(self.rng.randrange(1, 3)):
            parts.append(self.rng.choice(("", "of ", " $ ", "é: ")))
            if (formatted := self._formatted()) is not None:
                parts.append(formatted)
                continue
            ref = self.reference("any")
            parts.append(ast.Slot(ast.Ref("who"), "$who") if ref is None or self.rng.random() < 0.1 else _slot(ref))
        return ast.Text(tuple(part for part in parts if part))

    def _formatted(self) -> ast.Slot | None:
        """Now and then, a number or a text in a format."""
        if self.rng.random() > 0.2:
            return None
        kind: Kind = "num" if self.rng.random() < 0.8 else "str"
        ref = self.reference(kind)
        return None if ref is None else _slot(ref, self.rng.choice(FORMATS[kind]))

    # Calls

    def call(self, tool: str, kind: Kind, depth: int) -> ast.Call:
        """A call of a tool, from which such a value is wanted."""
        if tool == "flaky":
            return self.flaky()
        if tool in {"look", "keep"}:
            items = [ast.Argument("item", self._argument("any", depth))] if tool == "keep" else []
            return ast.Call(tool, (ast.Argument("path", self._path_argument()), *items))
        if tool == "pack":
            keys = self.rng.sample(KEYS, 2)
            return ast.Call(tool, tuple(ast.Argument(key, self.expression("any", depth)) for key in keys))
        kinds = ARGUMENTS.get(tool, (kind if tool in {"echo", "need"} else "any",))
        return ast.Call(tool, tuple(ast.Argument(None, self._argument(each, depth)) for each in kinds))

    def wanted_call(self, kind: Kind, depth: int) -> ast.Call:
        """A call of a tool from which such a value is wanted."""
        return self.call(self.rng.choice(CALLS[kind]), kind, depth)

    def element(self) -> ast.Expr:
        """A call of a tool, of any kind, mostly with an element."""
        if self.plans and self.rng.random() < 0.3:
            return self.plan_call(0)
        tool = self.rng.choice(CALLED)
        known = [ast.Ref(name.id) for name in self.names[-2:]]
        if not known or tool not in PLAIN or self.rng.random() < 0.3:
            return self.call(tool, "any", 0)
        return ast.Call(tool, (ast.Argument(None, self.rng.choice(known)),))

    def _path_argument(self) -> ast.Expr:
        """A file's name, mostly known."""
        found = self.reference("str") if self.rng.random() < 0.3 else None
        return found or ast.Text((self.rng.choice(FILES),))

    def _argument(self, kind: Kind, depth: int) -> ast.Expr:
        if kind != "any":
            return self.expression(kind, depth)
        roll = self.rng.random()
        if roll < 0.07:
            return ast.Text((BAD,))
        return self.text() if roll < 0.3 else self.expression("any", depth)

    def flaky(self, element: str | None = None) -> ast.Call:
        """A call that works after some attempts, at a site of its own; harmless where elements might be equal."""
        if self.repeated and element is None:
            return ast.Call("guess", (ast.Argument(None, self.expression("any", 0)),))
        self.sites += 1
        site: tuple[str | ast.Slot, ...] = (f"site {self.sites} ",)
        if element:
            site += (_slot(ast.Ref(element)),)
        failures = ast.Literal(self.rng.choice((0, 1, 1, 2)))
        return ast.Call("flaky", (ast.Argument(None, ast.Text(site)), ast.Argument(None, failures)))

    # Operators

    def operation(self, kind: Kind, depth: int) -> ast.Expr:
        """An operator, a container or a text."""
        roll = self.rng.random()
        if roll < 0.12:
            return ast.Choice(self.condition(depth), self.expression(kind, depth), self.expression(kind, depth))
        if roll < 0.24:
            return ast.Binary("and", self.expression(kind, depth), self.expression(kind, depth))
        if roll < 0.4:
            return ast.Binary("or", self._left_of_or(kind, depth), self.expression(kind, depth))
        match kind:
            case "num":
                return self._arithmetic(depth)
            case "str":
                return self._textual(depth)
            case "bool":
                return self._logical(depth)
            case "list":
                return self._listing(depth)
            case _:
                keys = self.rng.sample(KEYS, self.rng.randrange(1, 3))
                return ast.Map(tuple((key, self.expression("any", depth)) for key in keys))

    def condition(self, depth: int) -> ast.Expr:
        """What stands in a guard, a filter or a choice."""
        roll = self.rng.random()
        if roll < 0.12:
            return self.constant("bool")
        return self.expression("any", depth) if roll < 0.3 else self._logical(depth)

    def known(self, kind: Kind, depth: int) -> ast.Expr:
        """An expression of constants."""
        taken = self.taken.union(known.id for known in self.names)
        return Writer(self.rng, [], calls=False, taken=taken).expression(kind, depth)

    def decided(self, kind: Kind) -> ast.Expr:
        """An expression that is decided by its constants, with a reference in it that seldom counts."""
        found = self.reference("any") or self.constant(kind)
        condition, value, roll = self.constant("bool"), self.constant(kind), self.rng.random()
        if roll < 0.2:
            return ast.Binary("==", found, ast.Choice(ast.Literal(value=True), ast.Literal(None), value))
        if roll < 0.4:
            return ast.Binary(self.rng.choice(("and", "or")), condition, found)
        then, otherwise = self.rng.sample((value, found), 2)
        return ast.Choice(condition, then, otherwise)

    def same(self, element: str) -> ast.Call:
        """A call that is the same for all elements of a loop."""
        names = [known for known in self.names if known.id != element]
        writer = Writer(self.rng, names, sites=self.sites, repeated=True)
        return writer.call(self.rng.choice(SAME), "any", self.rng.choice((0, 0, 1)))

    def _left_of_or(self, kind: Kind, depth: int) -> ast.Expr:
        guarded = [known for known in self.names if known.guarded and known.certain in {kind, "any"}]
        if guarded and self.rng.random() < 0.6:
            return ast.Ref(self.rng.choice(guarded).id)
        return self.expression(kind, depth)

    def _arithmetic(self, depth: int) -> ast.Expr:
        left = self.expression("num", depth)
        roll = self.rng.random()
        if roll < 0.1:
            return ast.Unary("-", left)
        if roll < 0.2:
            return ast.Binary("**", left, ast.Literal(self.rng.randrange(4)))
        if roll < 0.4:
            return ast.Binary(self.rng.choice(DIVISIONS), left, self.unknown("num") or ast.Literal(2))
        return ast.Binary(self.rng.choice("+-*"), left, self.expression("num", depth))

    def _textual(self, depth: int) -> ast.Expr:
        roll = self.rng.random()
        if roll < 0.6:
            return self.text()
        left = self.expression("str", depth)
        if roll < 0.7:
            return ast.Binary("*", left, ast.Literal(self.rng.randrange(4)))
        return ast.Binary("+", left, self.expression("str", depth))

    def _logical(self, depth: int) -> ast.Expr:
        roll = self.rng.random()
        if roll < 0.2:
            guarded = [ast.Ref(known.id) for known in self.names if known.guarded]
            left = self.rng.choice(guarded) if guarded else self.expression("any", depth)
            return ast.Binary(self.rng.choice(("==", "!=")), left, ast.Literal(None))
        if roll < 0.4:
            return ast.Binary(
                self.rng.choice(("==", "!=")), self.expression("any", depth), self.expression("any", depth)
            )
        if roll < 0.65:
            kind: Kind = "str" if self.rng.random() < 0.3 else "num"
            op = self.rng.choice(COMPARISONS)
            return ast.Binary(op, self.expression(kind, depth), self.expression(kind, depth))
        if roll < 0.8:
            item, container = self.rng.choice(MEMBERS)
            op = self.rng.choice(("in", "not in"))
            return ast.Binary(op, self.expression(item, depth), self.expression(container, depth))
        if roll < 0.9:
            return ast.Unary("not", self.expression("any", depth))
        return ast.Binary(
            self.rng.choice(("and", "or")), self.expression("bool", depth), self.expression("bool", depth)
        )

    def _listing(self, depth: int) -> ast.Expr:
        roll = self.rng.random()
        if roll < 0.6:
            return ast.List(tuple(self.expression("any", depth) for _ in range(self.rng.randrange(1, 4))))
        if roll < 0.7:
            return ast.Binary("*", self.expression("list", depth), ast.Literal(self.rng.randrange(3)))
        return ast.Binary("+", self.expression("list", depth), self.expression("list", depth))


def _slot(ref: ast.Ref, form: str = "") -> ast.Slot:
    steps = "".join(f".{step}" if isinstance(step, str) else f"[{step}]" for step in ref.path)
    colon = ":" if form else ""
    return ast.Slot(ref, f"${{{ref.name}{steps}{colon}{form}}}", form)
