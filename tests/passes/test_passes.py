"""Passes, each alone: from the program as written to the program that it leaves."""

import re
from collections.abc import Iterator
from inspect import getdoc
from pathlib import Path

import pytest

from llmc_compiler.expressions.terms import Term, children
from llmc_compiler.ir.graph import Graph, Loop, Node, node_body, terms
from llmc_compiler.ir.printer import print_graph
from llmc_compiler.passes.pipeline import PIPELINE
from llmc_compiler.passes.stages import Pass, optimize
from tests.compiler.cases import Case, cases
from tests.compiler.compiling import compiled, toolbox
from tests.compiler.sketch import sketch

PASSES: dict[str, Pass] = {known.name: known for known in PIPELINE}
CASES = [case for name in PASSES for case in cases(Path(__file__).with_name(f"{name}.md"))]
DOCUMENTED = toolbox({"search": "read(web)", "compare": "pure"})


@pytest.mark.golden
@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.path.stem}: {case.title}")
def test_a_pass_leaves_this_program(case: Case) -> None:
    """The program, or the graph where a program does not show it, is that of the pass's page."""
    transform = PASSES[case.path.stem]
    case.check(lambda given: shown(compiled(given.before, toolbox(given.tools), [transform]), case.kind))


def shown(graph: Graph, kind: str) -> str:
    """A graph as a program, or (`text`) as its nodes."""
    return print_graph(graph) if kind == "llmc" else "".join(f"{line}\n" for line in sketch(graph))


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.path.stem}: {case.title}")
def test_a_pass_has_nothing_left_to_do(case: Case) -> None:
    """Run again it changes nothing, and the graph that it was given is as it was."""
    transform = PASSES[case.path.stem]
    graph = compiled(case.before, toolbox(case.tools))
    before = print_graph(graph)
    once = optimize(graph, [transform])
    assert optimize(once, [transform]) == once
    assert print_graph(graph) == before


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.path.stem}: {case.title}")
def test_what_a_pass_leaves_equal_is_the_same_object(case: Case) -> None:
    """Nodes, but for the loops that dedup renames in; and what folding finds in a node, if not in all of it."""
    graph = compiled(case.before, toolbox(case.tools))
    for transform in PIPELINE:
        after = transform(graph)
        for key in graph.nodes.keys() & after.nodes.keys():
            before, node = graph.nodes[key], after.nodes[key]
            if transform.name == "fold":
                assert [*made_anew(before, node)] == []
            elif transform.name != "dedup" or not isinstance(node.op, Loop):
                assert node is before or node != before


def made_anew(before: Node, after: Node) -> Iterator[object]:
    """What is equal in two versions of a node, and not the same."""
    inside = {inner.id: inner for inner in node_body(before)}
    pairs: list[tuple[object, object]] = [
        (before, after),
        (before.op, after.op),
        *zip(before.when, after.when, strict=False),
    ]
    for one, other in pairs:
        if one == other and one is not other:
            yield other
    for one, other in zip(terms(before.op), terms(after.op), strict=False):
        yield from terms_made_anew(one, other)
    for inner in node_body(after):
        yield from made_anew(inside[inner.id], inner)


def terms_made_anew(before: Term, after: Term) -> Iterator[Term]:
    """What is equal in two versions of a term, and not the same."""
    if before is not after:
        if before == after:
            yield after
        for one, other in zip(children(before), children(after), strict=False):
            yield from terms_made_anew(one, other)


def columns(transform: Pass) -> tuple[str, str]:
    """The two programs that stand side by side in a pass's docstring."""
    lines = re.findall(r"^ {4}.*$", getdoc(type(transform)) or "", re.MULTILINE)
    middle = max(line.find("→") for line in lines)
    left, right = (line[:middle].strip() for line in lines), (line[middle + 1 :].strip() for line in lines)
    return "".join(f"{line}\n" for line in left if line), "".join(f"{line}\n" for line in right if line)


@pytest.mark.parametrize("name", PASSES)
def test_the_docstring_of_a_pass_is_true(name: str) -> None:
    """Its left side becomes its right side, and the two are not the same."""
    before, after = columns(PASSES[name])
    assert print_graph(compiled(before, DOCUMENTED, [PASSES[name]])) == after
    assert print_graph(compiled(before, DOCUMENTED)) == before


def calls(graph: Graph) -> Iterator[str]:
    """The nodes that call something."""
    return (node.id for node in graph.nodes.values() if node.effects)


def test_passes_work_on_what_the_one_before_left() -> None:
    """A duplicate of a dead call's twin is first merged, then kept alive by whoever needs the twin."""
    text = "1. f(1)\n2. f(1)\n3. g($2)\n4. g($1)\njoin($4)"
    tools = toolbox({"f": "pure", "g": "pure"})
    assert list(calls(compiled(text, tools))) == ["1", "2", "3", "4"]
    assert list(calls(compiled(text, tools, PIPELINE))) == ["1", "3"]


def test_a_dead_read_no_longer_keeps_a_write_waiting() -> None:
    """Order edges are made anew after a pass; the task is then first in line."""
    tools = toolbox({"load": "read(db)", "save": "write(db)"})
    text = "1. load(1)\n2. save(2)\njoin($2)"
    before, after = compiled(text, tools), compiled(text, tools, PIPELINE)
    waits = [{str(key): list(node.after) for key, node in graph.nodes.items()} for graph in (before, after)]
    assert waits == [{"1": [], "2": ["1"], "join": []}, {"2": [], "join": []}]


def test_a_loop_keeps_its_order_after_merging() -> None:
    """Edges inside the body and from one element to the next name nodes that are still there."""
    tools = toolbox({"load": "read(db)", "save": "write(db)", "f": "pure"})
    graph = compiled("1. [f(load()), f(load()), save($x), load()] for x in [1, 2]\njoin($1)", tools, PIPELINE)
    assert print_graph(graph) == "1. [f(load()), f(load()), save($x), load()] for x in [1, 2]\njoin($1)\n"
    (loop, _) = graph.nodes.values()
    body = {str(node.id): list(map(str, node.after)) for node in getattr(loop.op, "body", ())}
    assert body == {
        "1/each/i0/a0": [],
        "1/each/i0": [],
        "1/each/i2": ["1/each/i0/a0"],
        "1/each/i3": ["1/each/i2"],
        "1/each": [],
    }
