"""What random plans reach."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields
from itertools import combinations

from llmc_grammar import ast
from tests.reference.expressions import calls, constant_texts, is_reached
from tests.reference.interpreter import interpret
from tests.reference.outcome import Outcome, conflict
from tests.semantics.generator import Sample
from tests.semantics.world import TOOLSET


@dataclass(frozen=True, slots=True)
class Coverage:
    """Shares of the plans that have something in them (`conflicts`, `writing_loops`), or to which something happens."""

    conflicts: float
    skips: float
    failures: float
    writing_loops: float
    repeated_calls: float
    empty_loops: float
    effects: float
    values: float
    steps: float
    slices: float
    lists_in_place: float
    calling_lists: float
    several_loops: float
    functions: float
    formats: float
    plans: float

    def __str__(self) -> str:
        """One line for each share."""
        return "\n".join(f"{each.name:15} {getattr(self, each.name):6.1%}" for each in fields(self))


def coverage(samples: Sequence[Sample]) -> Coverage:
    """What the plans reach when the reference interprets them."""
    rows = [_reached(sample, interpret(sample.plan, TOOLSET, sample.inputs, plans=sample.plans)) for sample in samples]
    return Coverage(*(sum(column) / len(rows) for column in zip(*rows, strict=True)))


def _reached(sample: Sample, outcome: Outcome) -> tuple[bool, ...]:
    tasks = [statement for statement in sample.plan.statements if isinstance(statement, ast.Task)]
    written = [call for task in tasks for call in _calls(task)]
    loops = [task for task in tasks if task.loops]
    parts = [part for plan in (sample.plan, *sample.plans.values()) for part in _parts(plan)]
    called = {*TOOLSET, *sample.plans}
    in_place = [part for part in parts if isinstance(part, ast.Comprehension)]
    pairs = combinations([TOOLSET[call.tool].access_of(constant_texts(call)) for call in written], 2)
    return (
        any(conflict(one, other) for one, other in pairs),
        bool(outcome.skipped),
        bool(outcome.errors),
        any(_writes(task) for task in loops),
        len(set(written)) < len(written),
        [] in [outcome.results.get(task.binder) for task in loops if task.binder],
        bool(outcome.effects),
        outcome.value is not None,
        any(isinstance(part, ast.Subscript) for part in parts),
        any(isinstance(part, ast.Slice) for part in parts),
        any(not is_reached(part, called) for part in in_place),
        any(is_reached(part, called) for part in in_place),
        any(len(part.loops) > 1 for part in parts if isinstance(part, (ast.Task, ast.Comprehension))),
        any(isinstance(part, ast.Call) and part.tool not in called for part in parts),
        any(isinstance(part, ast.Slot) and bool(part.format) for part in parts),
        any(isinstance(part, ast.Call) and part.tool in sample.plans for part in parts),
    )


def _parts(node: object) -> Iterator[object]:
    """Everything in a plan."""
    yield node
    for inner in ast.children(node):
        yield from _parts(inner)


def _writes(task: ast.Task) -> bool:
    accesses = [TOOLSET[call.tool].access for call in calls(task.expr, TOOLSET)]
    return any(access is not None and access.writes for access in accesses)


def _calls(task: ast.Task) -> Iterator[ast.Call]:
    places = [task.expr, task.guard]
    for loop in task.loops:
        places += [loop.source, loop.condition]
    for place in places:
        if place is not None:
            yield from calls(place, TOOLSET)
