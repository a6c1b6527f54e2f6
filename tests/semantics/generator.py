"""Random plans for the tools of the world: valid, small, and rich in effects, skips and failures."""

from dataclasses import dataclass, field
from random import Random
from typing import Final

from llmc_grammar import ast
from tests.reference.operators import Json
from tests.reference.outcome import RefTool
from tests.semantics.expressions import CALLS, GIVES, WORDS, Writer
from tests.semantics.kinds import KINDS, Kind, Known
from tests.semantics.world import TOOLSET

NAMES: Final = tuple("abcdefghijkl")
ELEMENT_NAMES: Final = ("x", "y", "z")
OTHERS: Final = ("more", "other")
MAX_TASKS: Final = 9

TOP: Final = (
    *("echo", "echo", "pair", "size", "items", "items", "need", "refuse", "guess", "flaky", "flaky", "pack"),
    *("inbox", "inbox", "rows", "rows", "row_a", "count_b", "survey", "look"),
    *("keep", "keep", "send", "send", "send", "send", "store", "store", "put_a", "put_a", "put_b", "reset", "act"),
)
"""Tools that tasks call."""

INPUTS: Final[tuple[tuple[str, Kind, ast.Expr, tuple[Json, ...]], ...]] = (
    ("int", "num", ast.Literal(3), (0, 5)),
    ("float", "num", ast.Literal(1.5), (0.0, 2.5)),
    ("str", "str", ast.Text(("city",)), ("", "a")),
    ("bool", "bool", ast.Literal(value=True), (False,)),
    ("any", "any", ast.Literal(None), (1, "bad", [1, 2], {"first": 1})),
    ("list", "list", ast.List((ast.Literal(1), ast.Literal(2))), ([], [4])),
    ("dict", "map", ast.Map((("k", ast.Literal(1)),)), ({}, {"first": 2})),
)
"""The types of inputs, what they hold, their defaults, and what may be given instead."""


@dataclass(frozen=True, slots=True)
class Sample:
    """A plan and what it is given; the plans that it may call, each of which may call those before it."""

    plan: ast.Plan
    inputs: dict[str, Json]
    plans: dict[str, ast.Plan] = field(default_factory=dict)


def random_sample(rng: Random) -> Sample:
    """A random plan with some of its inputs given."""
    return _sample(rng, {})


def random_family(rng: Random) -> Sample:
    """The same; one of three plans calls one or two others."""
    plans: dict[str, ast.Plan] = {}
    if rng.random() < 0.35:
        for name in OTHERS[: rng.choice((1, 1, 2))]:
            plans[name] = _called(rng, plans)
    return _sample(rng, plans)


def random_plan(rng: Random) -> ast.Plan:
    """A random plan whose inputs all have defaults."""
    return random_sample(rng).plan


def _sample(rng: Random, plans: dict[str, ast.Plan]) -> Sample:
    author = _Author(rng, plans)
    statements = [*author.header(), *author.tasks(MAX_TASKS), *author.join()]
    return Sample(ast.Plan(tuple(statements)), author.given, plans)


def _called(rng: Random, plans: dict[str, ast.Plan]) -> ast.Plan:
    """A small plan whose inputs may be anything; it may be called more than once."""
    author = _Author(rng, plans)
    author.writer.repeated = True
    inputs = [ast.Input("n", ast.Type("any"), None), ast.Input("m", ast.Type("any"), ast.Literal(1))]
    author.writer.names += [Known(each.name, "any", "num") for each in inputs]
    return ast.Plan((*inputs, *author.tasks(3), *author.join()))


class _Author:
    """A plan on its way."""

    def __init__(self, rng: Random, plans: dict[str, ast.Plan]) -> None:
        self.rng = rng
        counts = {name: sum(isinstance(line, ast.Input) for line in plan.statements) for name, plan in plans.items()}
        self.writer = Writer(rng, [], plans=counts)
        self.given: dict[str, Json] = {}
        self.numbers: set[int] = set()
        self.highest = 0
        self.repeatable: list[tuple[ast.Task, Kind, Kind]] = []
        self.free = list(NAMES)

    # Header

    def header(self) -> list[ast.Statement]:
        """Up to two inputs."""
        return [self._input(name) for name in ("n", "m")[: self.rng.choice((0, 0, 1, 2))]]

    def _input(self, name: str) -> ast.Input:
        kind_name, kind, default, others = self.rng.choice(INPUTS)
        declared: ast.Type | None = _declared(kind_name)
        if kind in {"num", "str", "bool"} and self.rng.random() < 0.3:
            declared = None
        if self.rng.random() < 0.5:
            self.given[name] = self.rng.choice(others)
        self.writer.names.append(Known(name, kind, "num" if kind == "any" else kind))
        return ast.Input(name, declared, default)

    # Tasks

    def tasks(self, most: int) -> list[ast.Statement]:
        """Two tasks or more, with a thought now and then."""
        found: list[ast.Statement] = []
        for _ in range(self.rng.randrange(2, most + 1)):
            if self.rng.random() < 0.05:
                found.append(ast.Thought("what is next, $1?"))
            found.append(self._task())
        return found

    def _task(self) -> ast.Task:
        if self.repeatable and self.rng.random() < 0.15:
            return self._named(*self._again(*self.rng.choice(self.repeatable)))
        sites = self.writer.sites
        task, certain, likely = self._loop() if self.rng.random() < 0.3 else self._plain()
        if tool_of(task.expr) and sites == self.writer.sites:
            self.repeatable.append((task, certain, likely))
        return self._named(task, certain, likely)

    def _again(self, task: ast.Task, certain: Kind, likely: Kind) -> tuple[ast.Task, Kind, Kind]:
        """The same task once more, or only what it calls."""
        if task.loops or self.rng.random() < 0.4:
            return task, certain, likely
        return ast.Task(None, task.expr), certain, likely

    def _plain(self) -> tuple[ast.Task, Kind, Kind]:
        """A task without loop; what is certain of its value, and what is likely."""
        guard = self.writer.condition(2) if self.rng.random() < 0.35 else None
        expr, certain, likely = self._body()
        options = self._options(expr)
        if options and not tool_of(expr):
            certain = "mixed"
        return ast.Task(None, expr, guard=guard, options=options), certain, likely

    def _named(self, task: ast.Task, certain: Kind, likely: Kind) -> ast.Task:
        """The task under a name, a number, or the number it gets."""
        roll = self.rng.random()
        binder = None
        if roll < 0.5 and self.free:
            name = binder = self.free.pop(0)
        else:
            number = self.highest + 1
            if roll < 0.75:
                number = self._number()
                binder = str(number)
            self.numbers.add(number)
            self.highest = max(self.highest, number)
            name = str(number)
        elements = bool(task.loops) and isinstance(task.expr, ast.Call) and bool(tool_of(task.expr))
        self.writer.names.append(Known(name, certain, likely, elements, guarded=task.guard is not None))
        return ast.Task(binder, task.expr, task.loops, task.guard, task.options)

    def _number(self) -> int:
        """A number that is not taken, seldom below the highest."""
        lower = [number for number in range(1, self.highest) if number not in self.numbers]
        if lower and self.rng.random() < 0.3:
            return self.rng.choice(lower)
        return self.highest + self.rng.choice((1, 1, 2, 3))

    def _body(self) -> tuple[ast.Expr, Kind, Kind]:
        """What a task does, what is certain of its value, and what is likely."""
        if self.writer.plans and self.rng.random() < 0.25:
            return self.writer.plan_call(1), "mixed", self.rng.choice(KINDS)
        roll = self.rng.random()
        if roll < 0.12:
            return self._new()
        if roll < 0.86:
            tool = self.rng.choice(TOP)
            kind = self.rng.choice(KINDS)
            return self.writer.call(tool, kind, self.rng.choice((0, 1, 1, 2))), "any", GIVES.get(tool, kind)
        kind = self.rng.choice(KINDS)
        if roll < 0.9:
            return self.writer.decided(kind), "mixed", kind
        expr = self.writer.known(kind, 2) if roll < 0.94 else self.writer.expression(kind, 2)
        if isinstance(expr, ast.Ref):
            return expr, "mixed", kind
        return expr, "any" if tool_of(expr) else kind, kind

    def _new(self) -> tuple[ast.Expr, Kind, Kind]:
        """A list in place, a part of a value, or a function."""
        roll = self.rng.random()
        if roll < 0.5:
            return self.writer.comprehension(1), "list", "list"
        if roll < 0.65:
            return self.writer.part_of_call(0), "any", "num"
        kind = self.rng.choice(KINDS)
        return self.writer.construct(kind, 1), "mixed", kind

    def _options(self, expr: ast.Expr) -> tuple[ast.Option, ...]:
        options: list[ast.Option] = []
        if tool := tool_of(expr):
            often = 0.7 if tool.name == "flaky" else 0.15
            if _may_repeat(tool) and self.rng.random() < often:
                options.append(ast.Retry(self.rng.choice((0, 1, 2))))
            if self.rng.random() < 0.1:
                options.append(ast.Timeout(5, "m"))
        if self.rng.random() < 0.15:
            found = self._without_calls(1)
            # A fallback has no calls, of functions neither.
            options.append(ast.Fallback(self.writer.constant("any") if any(ast.calls(found)) else found))
        self.rng.shuffle(options)
        return tuple(options)

    def _without_calls(self, depth: int) -> ast.Expr:
        self.writer.calls = False
        expr = self.writer.expression("any", depth)
        self.writer.calls = True
        return expr

    # Loops

    def _loop(self) -> tuple[ast.Task, Kind, Kind]:
        name = self.rng.choice(ELEMENT_NAMES)
        source, kind, certain = self._source()
        before = len(self.writer.names)
        self.writer.names.append(Known(name, certain, kind))
        before_repeated, self.writer.repeated = self.writer.repeated, True
        condition = self.writer.condition(1) if self.rng.random() < 0.35 else None
        loops = [ast.Loop(name, source, condition), *self._inner_loops()]
        expr, _, _ = self._body()
        if (
            len(loops) == 1
            and not before_repeated
            and isinstance(source, ast.List)
            and len(source.items) > 1
            and self.rng.random() < 0.15
        ):
            expr = self.writer.flaky(name)
        elif self.rng.random() < 0.3:
            expr = self._same(name)
        options = self._options(expr)
        self.writer.repeated = before_repeated
        del self.writer.names[before:]
        return ast.Task(None, expr, tuple(loops), options=options), "list", "list"

    def _inner_loops(self) -> list[ast.Loop]:
        """Mostly none."""
        found = [self.writer.loop(0, small=True) for _ in range(self.rng.choice((0, 0, 0, 0, 0, 0, 1, 2)))]
        return [loop for loop in found if loop is not None]

    def _same(self, name: str) -> ast.Call:
        """A call that does not depend on the element, mostly inside one that does."""
        found = self.writer.same(name)
        if self.rng.random() < 0.2:
            return found
        return ast.Call("pair", (ast.Argument(None, found), ast.Argument(None, ast.Ref(name))))

    def _source(self) -> tuple[ast.Expr, Kind, Kind]:
        """What a loop goes through; what its elements are likely, and certain, to be."""
        roll = self.rng.random()
        if roll < 0.25:
            return ast.List(tuple(map(ast.Literal, self.rng.sample(range(5), self.rng.randrange(4))))), "num", "num"
        if roll < 0.4:
            words = self.rng.sample(WORDS[1:], self.rng.randrange(1, 4))
            return ast.List(tuple(ast.Text((word,)) for word in words)), "str", "str"
        if roll < 0.5:
            return self.writer.constant("map"), "str", "str"
        found = self.writer.unknown("list") or (self.writer.unknown("num") if roll < 0.6 else None)
        if found is not None and roll < 0.8:
            return found, "num", "any"
        return self.writer.call(self.rng.choice(CALLS["list"]), "list", 1), "num", "any"

    # Join

    def join(self) -> list[ast.Statement]:
        """No join, or one of any form."""
        roll = self.rng.random()
        if roll < 0.15:
            return []
        if roll < 0.25:
            return [ast.Join(None, ())]
        if roll < 0.5:
            values: tuple[ast.Expr, ...] = (self._joined(),)
        elif roll < 0.6:
            values = (self.writer.text(),)
        else:
            values = tuple(self._joined() for _ in range(self.rng.randrange(2, 4)))
        keys = ("km", "if", "k") if roll > 0.8 else (None, None, None)
        arguments = tuple(ast.Argument(key, item) for key, item in zip(keys, values, strict=False))
        return [ast.Join(None, arguments)]

    def _joined(self) -> ast.Expr:
        """Mostly a task's value, else an expression, seldom one with calls in it."""
        roll = self.rng.random()
        if roll < 0.75:
            return self.writer.reference("any") or ast.Literal(None)
        return self._without_calls(1) if roll < 0.95 else self.writer.expression("any", 1)


def tool_of(expr: ast.Expr) -> RefTool | None:
    """The tool that an expression calls, if it is one call, with or without steps behind it."""
    while isinstance(expr, ast.Subscript | ast.Slice):
        expr = expr.value
    return TOOLSET.get(expr.tool) if isinstance(expr, ast.Call) else None


def _declared(name: str) -> ast.Type:
    if name in {"list", "dict"}:
        return ast.Type(name, ast.Type("int"))
    return ast.Type(name)


def _may_repeat(tool: RefTool) -> bool:
    """Whether every failure of the tool may be tried again."""
    return tool.effect.endswith("idempotent)") or tool.access is None or not tool.access.writes
