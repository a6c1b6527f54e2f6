"""Lowering: what nodes a plan becomes."""

from pathlib import Path

import pytest

from llmc_compiler.print import print_graph
from llmc_compiler.session import Session
from llmc_compiler.tools import Toolbox, pure
from tests.compiler.cases import Case, cases
from tests.compiler.compiling import compiled, read, toolbox
from tests.compiler.sketch import sketch


def subtract(a: float, b: float) -> float:
    """A tool with parameters."""
    return a - b


CASES = cases(Path(__file__).with_name("lowering.md"))


@pytest.mark.golden
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.title)
def test_a_plan_becomes_these_nodes(case: Case) -> None:
    """The nodes are those in lowering.md."""
    case.check(lambda given: "".join(f"{line}\n" for line in sketch(compiled(given.before))))


def test_a_node_stands_for_the_task_it_was_written_in() -> None:
    """Nested nodes too: reports speak of the user's lines."""
    graph = compiled("1. f(g(1))\nb = f(2)\njoin(f($b))")
    assert {key: (node.task, node.origins) for key, node in graph.nodes.items()} == {
        "1/a0": ("1", ("1",)),
        "1": ("1", ("1",)),
        "b": ("b", ("b",)),
        "join/a0": ("join", ("join",)),
        "join": ("join", ("join",)),
    }
    assert graph.tasks == {"1": "1", "b": "b"}


def test_a_node_knows_its_place() -> None:
    """The span of a node is that of its call."""
    text = "1. f(g(1))\njoin($1)"
    spans = {str(key): text[slice(*node.span)] for key, node in compiled(text).nodes.items()}
    assert spans == {"1/a0": "g(1)", "1": "f(g(1))", "join": "join($1)"}


def test_a_long_chain_of_operators_is_lowered() -> None:
    """As many as the language allows, without a deep stack."""
    text = f"1. {' + '.join(['1'] * 90)}\njoin($1)"
    assert sketch(compiled(text))[0].count("+") == 89


def test_an_argument_has_its_parameter() -> None:
    """Positional arguments of a tool with parameters are bound to them, in the order written."""
    tools = Toolbox([pure(subtract)])
    assert sketch(compiled("1. subtract(3, b=1)\n2. subtract(b=1, a=3)\njoin($1, $2)", tools))[:2] == [
        "1: subtract(a=3, b=1)",
        "2: subtract(b=1, a=3)",
    ]


def find(query: str, context: object = None) -> str:
    """A tool that takes a text."""
    return query


QUOTED = '1. f(1)\n2. find("$1", context=["$1", "${1.k}", "a $1", "$9"])\n3. find($1, "$1")\njoin("$2")'


@pytest.mark.parametrize(
    ("lenient", "calls", "printed"),
    [
        (
            False,
            [
                "2: find(query=text(<1>), context=[text(<1>), text(<1>['k']), text('a ', <1>), '$9']) | needs 1",
                "3: find(query=<1>, context=text(<1>)) | needs 1",
                "join: text(<2>) | needs 2",
            ],
            '2. find("$1", ["$1", "${1.k}", "a $1", "$$9"])\n3. find($1, "$1")\njoin("$2")\n',
        ),
        (
            True,
            [
                "2: find(query=text(<1>), context=[<1>, <1>['k'], text('a ', <1>), '$9']) | needs 1",
                "3: find(query=<1>, context=<1>) | needs 1",
                "join: <2> | needs 2",
            ],
            '2. find("$1", [$1, $1.k, "a $1", "$$9"])\n3. find($1, $1)\njoin($2)\n',
        ),
    ],
)
def test_a_quoted_reference_of_a_model_is_the_reference(lenient: bool, calls: list[str], printed: str) -> None:
    """It is a text only where a text is wanted; printed it is what it became, so that a saved plan means the same."""
    session = Session(Toolbox([pure(find)]) | toolbox(), passes=(), lenient=lenient)
    for statement in read(QUOTED).plan.statements:
        session.feed(statement)
    session.close()
    assert session.graph is not None
    assert sketch(session.graph)[1:] == calls
    assert print_graph(session.graph) == f"1. f(1)\n{printed}"
