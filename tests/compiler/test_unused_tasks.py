"""The warning of tasks that nothing needs."""

from collections.abc import Collection
from dataclasses import replace
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from llmc_compiler.diagnostics.plan_errors import UnusedTask
from llmc_compiler.ir.printer import print_graph
from llmc_compiler.passes.pipeline import PIPELINE
from llmc_compiler.session import Session
from llmc_compiler.tools.toolbox import Toolbox
from llmc_grammar import ast, parse
from tests.compiler.compiling import from_plan, toolbox
from tests.compiler.test_session import WORLD
from tests.semantics.generator import random_plan


def named(seed: int) -> ast.Plan:
    """A random plan with a name or number written before every task, and a join of its first task."""
    statements = [each for each in random_plan(Random(seed)).statements if not isinstance(each, ast.Join)]
    ids = iter(from_plan(ast.Plan(tuple(statements)), WORLD).tasks)
    tasks = [replace(each, binder=next(ids)) if isinstance(each, ast.Task) else each for each in statements]
    first = next((each.binder for each in tasks if isinstance(each, ast.Task)), None)
    value = ast.Literal(1) if first is None else ast.Ref(first, ())
    return ast.Plan((*tasks, ast.Join(None, (ast.Argument(None, value),))))


def unused(plan: ast.Plan, tools: Toolbox = WORLD) -> list[str]:
    """The tasks that are warned of."""
    session = Session(tools, early=False)
    for statement in plan.statements:
        session.feed(statement)
    return [found.name for found in session.mistakes() if isinstance(found, UnusedTask)]


def without(plan: ast.Plan, tasks: Collection[str]) -> ast.Plan:
    """The plan without some tasks."""
    kept = (each for each in plan.statements if not isinstance(each, ast.Task) or each.binder not in tasks)
    return ast.Plan(tuple(kept))


@settings(max_examples=60)
@given(st.integers(0, 10_000))
def test_the_lines_can_be_deleted(seed: int) -> None:
    """What is left is compiled to the same plan, and has no such line."""
    plan = named(seed)
    left = without(plan, unused(plan))
    assert unused(left) == []
    assert print_graph(from_plan(left, WORLD, PIPELINE)) == print_graph(from_plan(plan, WORLD, PIPELINE))


@pytest.mark.parametrize(
    ("text", "tasks"),
    [
        ("a = rows()\njoin(1)", ["a"]),
        ("a = guess()\nb = f(g($a))\njoin(1)", ["a", "b"]),
        ("a = rows()\nb = $a if false else 2\njoin($b)", []),
        ("a = rows()\nb = [$a, send(1)]\njoin(1)", []),
        ("a = rows()\nb = act() @fallback($a)\njoin(1)", []),
        ("a = rows()\nsend($x) for x in $a\njoin(1)", []),
        ("a = rows()\nb = f($x) for x in [1] if $a\njoin(1)", ["a", "b"]),
        ("a = f(1)\nb = f(1)\njoin($b)", []),
        ("a = f(1)\nb = f(1)\njoin(2)", ["a", "b"]),
        ("f(1)\nf(2)\n7. f(3)\nf(4)\njoin($2, $8)", ["1", "7"]),
        ("a = rows()\njoin(x=f($a))", []),
        ("a = rows()\njoin()", []),
        ("a = rows()", []),
        ("a = rows()\nb = f($c)\njoin(1)", []),
    ],
)
def test_a_task_is_used_by_the_join_and_by_effects(text: str, tasks: list[str]) -> None:
    """Reads in operands that folding drops are uses too, and nothing is said of a plan with mistakes."""
    assert unused(parse(text).plan, toolbox()) == tasks


def test_the_random_plans_have_such_lines() -> None:
    """So the laws say something."""
    found = [len(unused(named(seed))) for seed in range(40)]
    assert sum(found) > 40
    assert 0 in found
