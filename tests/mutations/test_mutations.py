"""Whatever is made wrong in the effect table, in a pass or in the order of effects, its check notices."""

import ast
from collections import Counter
from dataclasses import fields
from pathlib import Path
from random import Random

import pytest

import llmc_compiler
import llmc_runtime
from llmc_compiler.effects import access_history
from llmc_compiler.effects.effects import RULES, Rule, When
from llmc_compiler.ir import order_edges
from llmc_compiler.ir.printer import print_graph
from llmc_compiler.passes.pipeline import PIPELINE
from tests.compiler.compiling import from_plan
from tests.mutations.cells import ANSWERS, Cell, cells
from tests.mutations.checks import checks, is_noticed
from tests.mutations.conditions import Wrong
from tests.mutations.table import FEWEST, MODULES, NOTHING, NOTICED, Mutation, everything, page, strays, table
from tests.semantics.compared import with_plans
from tests.semantics.generator import random_family

if STRAYS := [*strays()]:
    raise LookupError("\n".join(["no condition of a module in MODULES is meant by", *STRAYS]))

TABLE = table()
CHECKS = checks()
SAMPLES = [random_family(Random(seed)) for seed in range(12, 32)]
"""Random plans, of which some call others."""

TOOLBOXES = [with_plans(sample.plans) for sample in SAMPLES]
UNNOTICED = [mutation for mutation, noticed in TABLE.items() if noticed.startswith(NOTHING)]


@pytest.mark.parametrize("name", CHECKS)
def test_a_check_passes(name: str) -> None:
    """As long as nothing is wrong."""
    CHECKS[name]()


@pytest.mark.parametrize("mutation", [mutation for mutation in TABLE if mutation not in UNNOTICED], ids=str)
def test_a_mutation_is_noticed(mutation: Mutation) -> None:
    """The check that the table names fails."""
    with mutation.applied():
        assert is_noticed(CHECKS[TABLE[mutation]]), TABLE[mutation]


def optimized() -> list[str]:
    """Some random plans after all passes."""
    pairs = zip(SAMPLES, TOOLBOXES, strict=True)
    return [print_graph(from_plan(sample.plan, tools, PIPELINE)) for sample, tools in pairs]


@pytest.fixture(scope="module")
def as_it_is() -> list[str]:
    """What becomes of the random plans while nothing is wrong."""
    return optimized()


@pytest.mark.parametrize("mutation", UNNOTICED, ids=str)
def test_what_nothing_notices_changes_nothing(mutation: Mutation, as_it_is: list[str]) -> None:
    """Entries without a check make no difference to what is merged, dropped, ordered, started or tried."""
    with mutation.applied():
        assert optimized() == as_it_is
        assert not is_noticed(CHECKS["early"])
        assert not is_noticed(CHECKS["attempts"])
        assert not (is_of_order(mutation) and is_noticed(CHECKS["order: edges"]))


def is_of_order(mutation: Mutation) -> bool:
    """Whether the order of effects itself is made wrong."""
    return isinstance(mutation, Wrong) and mutation.module in {order_edges.__name__, access_history.__name__}


def test_the_table_is_complete() -> None:
    """Every cell of the effect table and every condition of a pass has an entry, and each entry is one of those.

    `python -m tests.mutations` prints what is missing.
    """
    known, there = set(TABLE), set(everything())
    assert not there - known, "\n".join(map(str, there - known))
    assert not known - there, "\n".join(map(str, known - there))
    assert set(NOTICED) <= {(cell.column, cell.kind, cell.becomes) for cell in cells()}


def test_no_page_goes_unseen() -> None:
    """There are enough entries; without the shortest page, or without the cells, there would not be."""
    counts = Counter(mutation.module if isinstance(mutation, Wrong) else "cells" for mutation in TABLE)
    assert counts.keys() == {*MODULES, "cells"}
    assert counts.total() - min(counts.values()) < FEWEST <= counts.total(), counts


def test_a_row_of_nothing_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where its module or function has another name, or where it cannot be read; collecting these tests then fails."""
    rows = [line for line in page(MODULES[0]).read_text("utf-8").splitlines() if line.startswith("| `")]
    renamed, torn = f"| `renamed` {rows[0][rows[0].index('` |') + 2 :]}", rows[1].rpartition("|")[0]
    monkeypatch.setattr("tests.mutations.table.PAGES", tmp_path)
    page(MODULES[0]).write_text("\n".join([*rows, renamed, torn]), "utf-8")
    (tmp_path / "renamed.md").write_text(rows[2], "utf-8")
    assert [*strays()] == [f"{page(MODULES[0]).name}: {row}" for row in (renamed, torn)] + [f"renamed.md: {rows[2]}"]


def test_a_new_pass_needs_a_page(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its conditions are missing until it has one; so are the cells of a new kind or column."""
    monkeypatch.setattr("tests.mutations.table.MODULES", (*MODULES, "tests.semantics.naive"))
    assert not page("tests.semantics.naive").exists()
    assert any(isinstance(one, Wrong) and one.module == "tests.semantics.naive" for one in {*everything()} - {*table()})
    monkeypatch.setitem(ANSWERS, "rerun", (*ANSWERS["rerun"], When.INVARIANT))
    assert any(isinstance(one, Cell) and one.becomes is When.INVARIANT for one in {*everything()} - {*table()})
    monkeypatch.delitem(ANSWERS, "rerun")
    with pytest.raises(KeyError):
        everything()


def columns_in_use() -> set[str]:
    """The columns of the effect table that some code of the product looks at."""
    folders = [Path(package.__path__[0]) for package in (llmc_compiler, llmc_runtime)]
    trees = [ast.parse(path.read_text(encoding="utf-8")) for folder in folders for path in folder.rglob("*.py")]
    read = {node.attr for tree in trees for node in ast.walk(tree) if isinstance(node, ast.Attribute) and is_rule(node)}
    return read & {field.name for field in fields(Rule)}


def is_rule(node: ast.Attribute) -> bool:
    """Whether this looks at a column: `something.rule.column`."""
    return isinstance(node.value, ast.Attribute) and node.value.attr == "rule"


def test_every_column_is_looked_at() -> None:
    """What is wrong in one that no code looks at could not be noticed."""
    assert columns_in_use() == {field.name for field in fields(Rule)}


def test_a_mutation_leaves_nothing_behind() -> None:
    """Afterwards everything is as it was, also where something was raised."""
    before = optimized(), dict(RULES)
    for mutation in [*TABLE][:: len(TABLE) // 7]:
        with pytest.raises(ZeroDivisionError), mutation.applied():
            raise ZeroDivisionError
    assert (optimized(), dict(RULES)) == before
