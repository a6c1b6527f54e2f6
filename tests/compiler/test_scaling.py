"""Compiling takes time linear in the plan: counted in calls of functions, which no load on the machine changes."""

import ast
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Final

import pytest

import llmc_compiler
from llmc_compiler.analysis.critical_path import estimate, rank
from llmc_compiler.analysis.levels import levels
from llmc_compiler.compiler import check, compile_parsed
from llmc_compiler.ir.graph import Graph, Node
from llmc_compiler.ir.networkx_export import to_networkx
from llmc_compiler.ir.printer import print_graph
from llmc_compiler.passes.pipeline import PIPELINE
from llmc_compiler.passes.stages import Pass
from llmc_compiler.rendering.graph_view import GraphView
from llmc_compiler.rendering.graphviz import to_dot
from llmc_compiler.rendering.mermaid import to_mermaid
from llmc_compiler.serialization.graph_json import from_json, to_json
from llmc_grammar import Bounds, Parsed, parse
from tests.compiler.compiling import toolbox

pytestmark = pytest.mark.no_cover
"""The searches are long, and other tests reach the lines."""

SMALL: Final = 150
MIDDLE: Final = 600
TIMES: Final = 4
MOST: Final = 1.15 * TIMES
"""How many times as many calls so many times the tasks may take: some are sorted, which adds a logarithm."""

WIDE: Final = Bounds(text=2**30, tasks=10**6, references=10**6, tokens=10**7)
TOOLS: Final = toolbox(
    {
        "f": "pure",
        "g": "pure",
        "guess": "nondet",
        "rows": "read(db)",
        "store": "write(db)",
        "look": "read(file:{path})",
        "keep": "write(file:{path})",
        "tree": "read(file)",
        "act": "opaque",
        "bare": "bare",
    }
)

Line = Callable[[int, int], str]
"""The line of a task, by its number and that of all."""

LINES: Final[dict[str, Line]] = {
    "layers": lambda n, count: f"t{n} = f($t{n - 3}, $t{n - 7}, $t{n - 9})" if n > 8 else f"t{n} = guess({n})",
    "a chain": lambda n, count: f"t{n} = f($t{n - 1})" if n else "t0 = guess(0)",
    "one call over and over": lambda n, count: f"t{n} = f(1)",
    "sums": lambda n, count: f"t{n} = $t{n - 1} + 1" if n else "t0 = 0",
    "nested calls": lambda n, count: f"t{n} = f(g(1), g({n})) if g(2)",
    "loops": lambda n, count: f"t{n} = f($x, g({n})) for x in $t{n - 1} if f($x)" if n else "t0 = guess(0)",
    "texts": lambda n, count: f't{n} = "${{t{n - 1}}} and more"' if n else "t0 = guess(0)",
    "a write among reads": lambda n, count: f"t{n} = rows({n})" if n % 10 else f"t{n} = store({n})",
    "opaque calls": lambda n, count: f"t{n} = act({n})",
    "functions without effects": lambda n, count: f"t{n} = bare({n})" if n % 5 else f"t{n} = store({n})",
    "files one by one": lambda n, count: f't{n} = keep(path="f{n}")' if n % 2 else f"t{n} = tree({n})",
    "files known and unknown": lambda n, count: f't{n} = keep(path="f{n}")' if n % 2 else f"t{n} = look(path=[{n}])",
    "one file below all": lambda n, count: f't{n} = keep({n}, path="f")' if n > count // 2 else f"t{n} = tree({n})",
    "files read and looked for": lambda n, count: (
        f't{n} = look(path="f{n}")' if n < count // 2 else f"t{n} = look(path=[{n}])"
    ),
}


@dataclass(frozen=True, slots=True)
class Quadratic:
    """A pass that changes nothing, and looks at each pair of nodes."""

    name: str = "quadratic"

    def __call__(self, graph: Graph) -> Graph:
        """Look."""
        for node in graph.nodes.values():
            assert not any(is_after(node, other) for other in graph.nodes.values())
        return graph


def is_after(node: Node, other: Node) -> bool:
    """Whether there is an order edge from a node to itself."""
    return node is other and node.id in node.after


def plan(line: Line, count: int) -> Parsed:
    """So many tasks, and a join that needs all."""
    parsed = parse("\n".join([*(line(number, count) for number in range(count)), "join()"]), bounds=WIDE)
    assert parsed.ok, parsed.diagnostics
    return parsed


def calls_in(work: Callable[[], object]) -> int:
    """How many functions are called, those of C too."""
    count = 0

    def profile(_frame: FrameType, event: str, _argument: object) -> None:
        nonlocal count
        count += event in {"call", "c_call"}

    sys.setprofile(profile)
    try:
        work()
    finally:
        sys.setprofile(None)
    return count


def growth(line: Line, work: Callable[[Parsed], object], small: int = SMALL) -> float:
    """How many times as many calls it takes for so many times the tasks."""
    fewer, more = (plan(line, count) for count in (small, TIMES * small))
    return calls_in(lambda: work(more)) / calls_in(lambda: work(fewer))


def after(*passes: Pass) -> Callable[[Parsed], Graph]:
    """What compiles a plan with these passes."""
    return lambda parsed: compile_parsed(parsed, TOOLS, passes=passes)[0]


@pytest.mark.parametrize("name", LINES)
def test_compiling_is_linear(name: str) -> None:
    """Lowering, order, all passes and verification, whatever plans are made of."""
    assert growth(LINES[name], after(*PIPELINE)) < MOST


@pytest.mark.parametrize("name", ["layers", "files known and unknown"])
def test_compiling_stays_linear(name: str) -> None:
    """So it does where there is more of it."""
    assert growth(LINES[name], after(*PIPELINE), MIDDLE) < MOST


def test_a_quadratic_pass_is_noticed() -> None:
    """The count is not blind."""
    assert growth(LINES["a chain"], after(*PIPELINE, Quadratic())) > MOST


def faces(parsed: Parsed, graph: Graph) -> Iterator[object]:
    """All that is offered for a graph as a whole."""
    picture = GraphView.of(graph, parsed.plan)
    yield from (to_dot(picture), to_mermaid(picture))
    for face in (levels, rank, estimate, print_graph, to_json, to_networkx):
        yield face(graph)
    yield from_json(to_json(graph), TOOLS)


@pytest.mark.parametrize("name", ["layers", "nested calls", "loops", "one call over and over"])
def test_what_is_offered_for_a_graph_is_linear(name: str) -> None:
    """Pictures, levels, rank, the printed plan, JSON, and networkx' graph."""
    graphs = {count: after(*PIPELINE)(plan(LINES[name], count)) for count in (SMALL, TIMES * SMALL)}
    assert growth(LINES[name], lambda parsed: list(faces(parsed, graphs[len(parsed.plan.statements) - 1]))) < MOST


@pytest.mark.parametrize(
    "line",
    [
        lambda n, count: f"t{n} = f($missing, $t{n}x)",
        lambda n, count: f"t{n} = f($t{n + 1})",
        lambda n, count: f"t{n} = f($t0, $t{n + 1})",
    ],
)
def test_mistakes_are_found_in_linear_time(line: Line, monkeypatch: pytest.MonkeyPatch) -> None:
    """Unknown names, and references to lines below, also in circles; only so many names are compared."""
    monkeypatch.setattr("llmc_compiler.lowering.name_resolution._MOST_COMPARED", 0)
    assert growth(line, lambda parsed: check(parsed, TOOLS)) < MOST


@pytest.mark.parametrize("name", ["files one by one", "files known and unknown", "one file below all"])
def test_order_edges_are_linear(name: str) -> None:
    """Where one thing and all things are used in turn, nobody waits for what somebody else stands for."""
    nodes = after()(plan(LINES[name], MIDDLE)).nodes.values()
    assert sum(len(node.after) for node in nodes) < 2 * MIDDLE


def used(path: Path) -> set[str]:
    """What a module takes from networkx."""
    tree = ast.parse(path.read_text("utf-8"))
    imports = {
        name
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and node.module and node.module.startswith("networkx")
        for name in ["from networkx"]
    }
    return imports | {
        node.attr
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "nx"
    }


def test_networkx_is_asked_only_what_it_answers_in_linear_time() -> None:
    """Nothing finds all ancestors, closures, reductions or isomorphisms: those took seconds at ten thousand tasks."""
    modules = {path.name: used(path) for path in Path(llmc_compiler.__file__).parent.rglob("*.py")}
    assert {name: found for name, found in modules.items() if found} == {
        "networkx_export.py": {"DiGraph", "strongly_connected_components", "bfs_edges"},
    }


def test_what_is_taken_from_networkx_is_seen(tmp_path: Path) -> None:
    """Under its usual name or its own."""
    path = tmp_path / "module.py"
    path.write_text("import networkx as nx\nfrom networkx.algorithms import dag\nnx.find_cycle(graph)\n", "utf-8")
    assert used(path) == {"find_cycle", "from networkx"}


LARGE: Final = {
    "lists": "f({0}, {0}, [{0}], [{0}])",
    "equal lists": "f({0} == {0}, {0} == {0}, {0} == {0})",
    "an element in lists": "f(2 in {0}, 2 in {0}, 2 in {0})",
    "lists added": "f(({0} + [1]) == ({0} + [1]), {0} + {0})",
    "lists of lists": "f([{0}] * 5 == [{0}] * 5)",
}


@pytest.mark.parametrize("name", LARGE)
def test_what_constants_become_costs_nothing(name: str) -> None:
    """A short text may stand for long lists: they are neither computed with nor written out."""
    fewer, more = (
        parse("".join(f"{number}. {LARGE[name].format(f'[1] * {size}')}\n" for number in range(1, 21)))
        for size in (2_000, 40_000)
    )
    compiling = after(*PIPELINE)
    assert calls_in(lambda: compiling(more)) < 1.1 * calls_in(lambda: compiling(fewer))
