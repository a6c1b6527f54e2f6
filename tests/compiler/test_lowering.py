"""Lowering: what nodes a plan becomes."""

from pathlib import Path

import pytest

from llmc_compiler.compiler import compile_parsed
from llmc_compiler.diagnostics.plan_errors import CompileError
from llmc_compiler.ir.printer import print_graph
from llmc_compiler.session import Session
from llmc_compiler.tools.decorators import pure
from llmc_compiler.tools.tool import Tool
from llmc_compiler.tools.toolbox import Toolbox
from llmc_grammar import Source, parse
from llmc_grammar.errors.repairs import TextQuoted
from tests.compiler.cases import Case, cases
from tests.compiler.compiling import compiled, listing, read, toolbox
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


@pytest.mark.parametrize(
    ("written", "argument", "edit"),
    [
        ("1984", "'1984'", '"1984"'),
        ("1.50", "'1.50'", '"1.50"'),
        ("2023-10-12", "'2023-10-12'", '"2023-10-12"'),
        ("12/5/2023", "'12/5/2023'", '"12/5/2023"'),
    ],
)
def test_bare_figures_of_a_model_are_a_text_where_one_is_wanted(written: str, argument: str, edit: str) -> None:
    """With a warning and its edit; the text is what was written, not what it would be worth."""
    parsed = parse(f"1. find({written})\njoin($1)", mode="lenient")
    compiled = compile_parsed(parsed, Toolbox([pure(find)]), lenient=True)
    assert sketch(compiled.graph)[0] == f"1: find(query={argument})"
    assert [(one.code, one.edit.text if one.edit else None) for one in compiled.warnings] == [("W127", edit)]
    with pytest.raises(CompileError):
        compile_parsed(read(f"1. find({written})\njoin($1)"), Toolbox([pure(find)]))


@pytest.mark.parametrize("written", ["true", "null", "[1984]", "1 + 2", "$1", "1984 if true else 2"])
def test_no_other_argument_is_made_a_text(written: str) -> None:
    """What is no bare figure, or stands where more than a text is taken, stays what it is."""
    text = f"1. f(1)\n2. find({written})\njoin($2)"
    tools = Toolbox([pure(find)]) | toolbox()
    session = Session(tools, lenient=True, written=Source("plan", text).at)
    for statement in read(text).plan.statements:
        session.feed(statement)
    assert not any(isinstance(found, TextQuoted) for found in session.mistakes())
    parsed = parse("1. find('a', context=1984)\njoin($1)", mode="lenient")
    assert sketch(compile_parsed(parsed, tools, lenient=True).graph)[0] == "1: find(query='a', context=1984)"


def test_a_fallback_calls_functions_and_no_tools() -> None:
    """A standard function is computed; a tool is an error, also under the name of a function."""
    graph = compiled("xs = [1, 2]\na = f(1) @fallback(len($xs))\njoin($a)")
    assert sketch(graph)[1] == "a: f(1) else len(x=<xs>) | needs xs"
    named = Toolbox([Tool.from_schema("upper", "upper", {}, "pure", listing)]) | toolbox()
    for value in ('upper("x")', 'len([upper("x")])'):
        with pytest.raises(CompileError, match=r"E196"):
            compiled(f"a = f(1) @fallback({value})\njoin($a)", named)
