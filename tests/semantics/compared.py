"""Plans run for real, and how that differs from what the reference says."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from random import Random
from typing import Final

import llmc
from llmc_compiler.pipeline import PIPELINE, Pass
from llmc_grammar import parse, print_plan
from llmc_grammar.ast import Input, Plan, Task
from tests.reference.interpreter import interpret
from tests.reference.operators import Json, as_text
from tests.reference.outcome import Outcome
from tests.semantics.generator import Sample, random_sample
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


@dataclass(frozen=True, slots=True)
class Difference:
    """A plan on which a run and the reference do not agree."""

    seed: int
    text: str
    inputs: Mapping[str, Json]
    points: tuple[str, ...]

    def __str__(self) -> str:
        """The seed, the plan, and what differs."""
        points = "\n".join(self.points)
        return f"seed {self.seed}, inputs {self.inputs}\n\n{self.text}\n{points}\n"


Runner = Callable[[str, Mapping[str, Json], Sequence[Pass]], llmc.Run]
"""Runs the plan of a text with inputs, after passes."""


def run_whole(text: str, inputs: Mapping[str, Json], passes: Sequence[Pass]) -> llmc.Run:
    """Compile the whole text, then run it."""
    return llmc.compile(text, TOOLBOX, passes=passes).run_sync(inputs=inputs)


def differences(
    seeds: Sequence[int], passes: Sequence[Pass] = PIPELINE, *, run: Runner = run_whole, header: bool = True
) -> Iterator[Difference]:
    """The plans of these seeds on which a run after these passes and the reference do not agree.

    Without a header, inputs are tasks that have their defaults as values.
    """
    for seed in seeds:
        sample = random_sample(Random(seed))
        if not header:
            sample = Sample(_headless(sample.plan), {})
        points = _points(sample, seed, passes, run)
        if points:
            yield Difference(seed, print_plan(sample.plan), sample.inputs, points)


def reduced(found: Difference, passes: Sequence[Pass] = PIPELINE) -> Difference:
    """The same with as few statements as one can leave out one after the other."""
    while (smaller := _smaller(found, passes)) != found:
        found = smaller
    return found


def _smaller(found: Difference, passes: Sequence[Pass]) -> Difference:
    """The same without what can be left out in one go from the top."""
    plan = parse(found.text).plan
    at = 0
    while at < len(plan.statements):
        smaller = Plan((*plan.statements[:at], *plan.statements[at + 1 :]))
        known = {statement.name for statement in smaller.statements if isinstance(statement, Input)}
        sample = Sample(smaller, {name: given for name, given in found.inputs.items() if name in known})
        try:
            points = _points(sample, found.seed, passes)
        except (llmc.CompileError, KeyError):
            points = ()
        if points:
            plan, found = smaller, replace(found, text=print_plan(smaller), inputs=sample.inputs, points=points)
        else:
            at += 1
    return found


def _headless(plan: Plan) -> Plan:
    """The plan with tasks in the place of its inputs."""
    tasks = (
        Task(line.name, line.default) if isinstance(line, Input) and line.default is not None else line
        for line in plan.statements
    )
    return Plan(tuple(tasks))


def _points(sample: Sample, seed: int, passes: Sequence[Pass], run: Runner = run_whole) -> tuple[str, ...]:
    text = print_plan(sample.plan)
    expected = interpret(parse(text).plan, TOOLSET, sample.inputs)
    WORLD.begin(seed)
    done = run(text, sample.inputs, passes)
    found = Outcome(
        value=done.value,
        results={str(task): value for task, value in done.results.items()},
        errors={str(task) for task in done.errors if task != "join"},
        skipped={str(task) for task in done.skipped},
        effects=dict(WORLD.state.effects),
    )
    return tuple(_compare(expected, found, complete=not passes))


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
