"""Plans run for real, and how that differs from what the reference says."""

import asyncio
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from random import Random
from typing import Final

import llmc
from llmc_compiler.ir.graph import Graph
from llmc_compiler.passes.pipeline import PIPELINE
from llmc_compiler.passes.stages import Pass, optimize
from llmc_compiler.serialization.compiled_graph import with_forms
from llmc_grammar import Parsed, parse, print_plan
from llmc_grammar.ast import Input, Plan
from llmc_runtime.program.program import Program
from tests.reference.interpreter import interpret
from tests.reference.operators import Json, as_text
from tests.reference.outcome import Outcome
from tests.semantics.generator import Sample, random_family
from tests.semantics.world import SCHEMA, TOOLSET, World, concurrent

WORLD: Final = World()
TOOLBOX: Final = llmc.Toolbox(
    [
        llmc.Tool.from_schema(
            name=tool.name,
            description=tool.name,
            parameters=SCHEMA,
            effect=tool.effect,
            call=concurrent(tool, WORLD),
        )
        for tool in TOOLSET.values()
    ]
)


def with_plans(plans: Mapping[str, Plan], tools: llmc.Toolbox = TOOLBOX) -> llmc.Toolbox:
    """The tools, and plans as tools, each of which may call those before it."""
    for name, plan in plans.items():
        tools |= llmc.Toolbox([llmc.compile(print_plan(plan), tools).as_tool(name)])
    return tools


@dataclass(frozen=True, slots=True)
class Difference:
    """A plan on which a run and the reference do not agree."""

    seed: int
    way: str
    text: str
    inputs: Mapping[str, Json]
    plans: Mapping[str, Plan]
    points: tuple[str, ...]

    def __str__(self) -> str:
        """The seed, the passes, the plan, and what differs."""
        points = "\n".join(self.points)
        others = "".join(f"{name}.llmc:\n{print_plan(plan)}\n" for name, plan in self.plans.items())
        way = self.way or "no pass"
        return f"seed {self.seed}, after {way}, inputs {self.inputs}\n\n{others}{self.text}\n{points}\n"


@dataclass(frozen=True, slots=True)
class Trial:
    """A plan that is run in some ways, and what the reference says of it."""

    seed: int
    sample: Sample
    text: str
    parsed: Parsed
    expected: Outcome
    tools: llmc.Toolbox

    @staticmethod
    def of(sample: Sample, seed: int) -> "Trial":
        """Print the plan, read it again, and ask the reference."""
        text = print_plan(sample.plan)
        parsed = parse(text)
        plans = {name: parse(print_plan(plan)).plan for name, plan in sample.plans.items()}
        expected = interpret(parsed.plan, TOOLSET, sample.inputs, plans=plans)
        return Trial(seed, sample, text, parsed, expected, with_plans(sample.plans))

    def program(self, passes: "Passes" = ()) -> Program:
        """The plan, compiled."""
        return Program.of(self.parsed, self.tools, passes=passes)

    def difference(self, done: llmc.Run, way: str, *, complete: bool) -> Difference | None:
        """What is not as expected in a run in which, unless `complete`, tasks may be missing."""
        found = Outcome(
            value=done.value,
            results={str(task): value for task, value in done.results.items()},
            errors={str(task) for task in done.errors if task != "join" and "/" not in task},
            skipped={str(task) for task in done.skipped},
            effects=dict(WORLD.state.effects),
        )
        points = tuple(_compare(self.expected, found, complete=complete))
        sample = self.sample
        return Difference(self.seed, way, self.text, sample.inputs, sample.plans, points) if points else None


Passes = Sequence[Pass]

Ways = Callable[[int], Mapping[str, Passes]]
"""The passes after which the plan of a seed is run, by what they are called."""


def after(passes: Passes) -> Ways:
    """One way only."""
    return lambda _: {", ".join(known.name for known in passes): passes}


def differences(seeds: Iterable[int], ways: Ways) -> Iterator[Difference]:
    """Where a run of these seeds' plans and the reference do not agree."""
    return in_trials((Trial.of(random_family(Random(seed)), seed) for seed in seeds), ways)


def in_trials(trials: Iterable[Trial], ways: Ways) -> Iterator[Difference]:
    """Where a run and the reference do not agree; plans are read and lowered once for all ways."""
    with asyncio.Runner() as runner:
        for trial in trials:
            yield from _differences(trial, ways(trial.seed), runner)


def _differences(trial: Trial, ways: Mapping[str, Passes], runner: asyncio.Runner) -> Iterator[Difference]:
    """Where the ways lead elsewhere; those that lead to the same graph are gone once."""
    program = trial.program()
    gone: list[tuple[Graph, bool]] = []
    for way, passes in ways.items():
        graph = optimize(program.graph, passes)
        complete = not passes
        if any(complete <= known_complete and is_same(graph, known) for known, known_complete in gone):
            continue
        gone.append((graph, complete))
        WORLD.begin(trial.seed)
        done = runner.run(replace(program, graph=with_forms(graph)).run(trial.sample.inputs))
        found = trial.difference(done, way, complete=complete)
        if found is not None:
            yield found


def is_same(one: Graph, other: Graph) -> bool:
    """Whether two graphs have the same nodes in the same order, so that their runs are the same."""
    return one == other and [*one.nodes] == [*other.nodes]


def reduced(found: Difference, passes: Passes = PIPELINE) -> Difference:
    """The same with as few statements as one can leave out one after the other."""
    while (smaller := _smaller(found, passes)) != found:
        found = smaller
    return found


def _smaller(found: Difference, passes: Passes) -> Difference:
    """The same without what can be left out in one go from the top."""
    plan = parse(found.text).plan
    at = 0
    while at < len(plan.statements):
        smaller = Plan((*plan.statements[:at], *plan.statements[at + 1 :]))
        again = _again(smaller, found, passes)
        if again is None:
            at += 1
        else:
            plan, found = smaller, again
    return found


def _again(plan: Plan, found: Difference, passes: Passes) -> Difference | None:
    """The difference in a smaller plan, if there is one."""
    known = {statement.name for statement in plan.statements if isinstance(statement, Input)}
    sample = Sample(plan, {name: given for name, given in found.inputs.items() if name in known}, {**found.plans})
    try:
        return next(in_trials([Trial.of(sample, found.seed)], lambda _: {found.way: passes}), None)
    except (llmc.CompileError, KeyError):
        return None


def _compare(expected: Outcome, found: Outcome, *, complete: bool) -> Iterator[str]:
    """What differs; tasks may be missing unless `complete`."""
    yield from _differ("value", expected.value, found.value)
    for resource in sorted(expected.effects.keys() | found.effects.keys()):
        yield from _differ(resource, expected.effects.get(resource, []), found.effects.get(resource, []))
    for name, value in found.results.items():
        if name in expected.results:
            yield from _differ(name, expected.results[name], value)
    for what, ids in _IDS.items():
        wanted, got = set(ids(expected)), set(ids(found))
        if got - wanted:
            yield f"{what}: should not hold {sorted(got - wanted)}"
        if complete and wanted - got:
            yield f"{what}: lacks {sorted(wanted - got)}"


_IDS: Final[dict[str, Callable[[Outcome], Collection[str]]]] = {
    "results": lambda outcome: outcome.results,
    "errors": lambda outcome: outcome.errors,
    "skipped": lambda outcome: outcome.skipped,
}


def _differ(what: str, expected: Json, found: Json) -> Iterator[str]:
    """A line if two values are not the same text, so that `1`, `1.0` and `true` are three."""
    if as_text(expected) != as_text(found):
        yield f"{what}: {as_text(expected)} expected, {as_text(found)} found"
