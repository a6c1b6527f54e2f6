"""Random plans that call other random plans, run for real and by the reference."""

import asyncio
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, fields, is_dataclass, replace
from functools import cache
from itertools import count
from random import Random
from typing import Final, TypeVar

import llmc
from llmc_compiler.ir.graph import all_nodes
from llmc_compiler.passes.pipeline import PIPELINE
from llmc_grammar import ast, parse, print_plan
from llmc_runtime.program.program import Program
from tests.reference.interpreter import interpret
from tests.reference.operators import Json, as_text
from tests.reference.outcome import Outcome
from tests.semantics.compared import TOOLBOX, WORLD, Passes
from tests.semantics.generator import random_sample
from tests.semantics.world import TOOLSET

CALLED: Final = ("other", "more")
"""The plans that are called; the first may call the second."""

_MANY: Final = 1_000_000

SHARE: Final = 0.35
"""How many of a plan's calls become calls of other plans."""

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Family:
    """A plan, its inputs, and the plans that it calls, from the last that is called to the first."""

    seed: int
    plan: ast.Plan
    inputs: Mapping[str, Json]
    others: Mapping[str, ast.Plan]

    def called(self) -> dict[str, Program]:
        """The plans that are called, compiled."""
        known: dict[str, Program] = {}
        for name, plan in self.others.items():
            known[name] = llmc.compile(print_plan(plan), TOOLBOX, name=f"{name}.llmc", plans=known)
        return known

    def compiled(self, passes: Passes = PIPELINE) -> Program:
        """The plan with those that it calls."""
        return llmc.compile(print_plan(self.plan), TOOLBOX, plans=self.called(), passes=passes)

    def is_good(self) -> bool:
        """Whether it compiles with calls that are alive; the type of a plan's value may show a mistake."""
        try:
            return any(node.inlined is not None for node in all_nodes(self.compiled().graph))
        except llmc.CompileError:
            return False

    def expected(self) -> Outcome:
        """What the reference says."""
        others = {name: parse(print_plan(plan)).plan for name, plan in self.others.items()}
        return interpret(parse(print_plan(self.plan)).plan, TOOLSET, self.inputs, plans=others)

    def __str__(self) -> str:
        """All texts."""
        texts = [f"--- {name}\n{print_plan(plan)}" for name, plan in self.others.items()]
        return "\n".join([f"seed {self.seed}, inputs {self.inputs}", *texts, "--- plan", print_plan(self.plan)])


@cache
def family(seed: int) -> Family:
    """Two random plans and one that certainly calls them."""
    tries = (_family(seed + _MANY * number) for number in count())
    return next(found for found in tries if found.is_good())


def _family(seed: int) -> Family:
    """Two random plans and one that may call them."""
    rng = Random(seed)
    more = _quiet(random_sample(rng).plan)
    other = _quiet(_calling(random_sample(rng).plan, {"more": more}, rng))
    sample = random_sample(rng)
    others = {"more": more, "other": other}
    return Family(seed, _calling(sample.plan, others, rng), sample.inputs, others)


def _quiet(plan: ast.Plan) -> ast.Plan:
    """The plan without tools that count their calls, and with inputs of any type: it may be called more than once."""

    def change(node: object) -> object:
        match node:
            case ast.Call(tool="flaky", arguments=(_, *rest)):
                return replace(node, tool="echo", arguments=tuple(rest[:1]))
            case ast.Input():
                return replace(node, type=ast.Type("any"))
            case _:
                return node

    return _mapped(plan, change)


def _calling(plan: ast.Plan, others: Mapping[str, ast.Plan], rng: Random) -> ast.Plan:
    """The plan with some calls replaced by calls of others."""

    def change(node: object) -> object:
        if isinstance(node, ast.Call) and node.tool in TOOLSET and rng.random() < SHARE:
            name = rng.choice(sorted(others))
            inputs = sum(isinstance(line, ast.Input) for line in others[name].statements)
            values = [ast.Argument(None, given.value) for given in node.arguments[:inputs]]
            return ast.Call(name, tuple(values))
        return node

    changed = _mapped(plan, change)
    return ast.Plan(tuple(_optional(line) for line in changed.statements))


def _optional(line: ast.Statement) -> ast.Statement:
    """A task without the options that a plan does not take."""
    if not isinstance(line, ast.Task) or not isinstance(line.expr, ast.Call) or line.expr.tool not in CALLED:
        return line
    return replace(line, options=tuple(option for option in line.options if isinstance(option, ast.Fallback)))


def _mapped(node: T, change: "object") -> T:
    """The tree with each node changed, the inner ones first."""
    assert callable(change)
    if isinstance(node, tuple) and not hasattr(node, "_fields"):
        return tuple(_mapped(part, change) for part in node)  # type: ignore[return-value]
    if not is_dataclass(node):
        return node
    parts = {each.name: _mapped(getattr(node, each.name), change) for each in fields(node) if each.init}
    made: T = change(replace(node, **parts))  # type: ignore[type-var]
    return made


def differences(seeds: Iterable[int], passes: Passes = PIPELINE) -> Iterator[str]:
    """How runs of these seeds' plans differ from what the reference says."""
    with asyncio.Runner() as runner:
        for seed in seeds:
            found = family(seed)
            program, expected = found.compiled(passes), found.expected()
            WORLD.begin(seed)
            run = runner.run(program.run(found.inputs))
            points = list(_points(run, expected, complete=not passes))
            if points:
                yield "\n".join([str(found), *points])


def _sorted(effects: Mapping[str, list[Json]]) -> str:
    """What was written, by resource."""
    logs: dict[str, Json] = {resource: log for resource, log in sorted(effects.items()) if log}
    return as_text(logs)


def _points(run: llmc.Run, expected: Outcome, *, complete: bool) -> Iterator[str]:
    """What differs; tasks that no value needs may be missing unless `complete`."""
    if as_text(run.value) != as_text(expected.value):
        yield f"value: {as_text(expected.value)} expected, {as_text(run.value)} found"
    wanted_effects = _sorted(expected.effects)
    if (effects := _sorted(WORLD.state.effects)) != wanted_effects:
        yield f"effects: {wanted_effects} expected, {effects} found"
    errors = {task for task in run.errors if task != "join" and "/" not in task}
    for what, got, wanted in (
        ("results", run.results.keys(), expected.results.keys()),
        ("errors", errors, expected.errors),
        ("skipped", set(run.skipped), expected.skipped),
    ):
        if got - wanted or (complete and wanted - got):
            yield f"{what}: {sorted(wanted)} expected, {sorted(got)} found"
    for task, value in run.results.items():
        if task in expected.results and as_text(value) != as_text(expected.results[task]):
            yield f"{task}: {as_text(expected.results[task])} expected, {as_text(value)} found"
