"""Standard functions in a planner's reply: parts of a plan, but no calls of tools."""

import pytest

from llmc import Toolbox, pure
from llmc_grammar import parse, print_statement
from llmc_grammar.bounds import Bounds
from llmc_runtime.agent.agent_errors import PlanFailed
from llmc_runtime.agent.plan_statements import does_something
from tests.agent.asking import ask


def measure(item: str) -> float:
    """The length of an item."""
    return 1.0


@pure
def price(item: str) -> float:
    """The price of an item."""
    return 1.0


TOOLS = Toolbox([price])


def counts(text: str, tools: Toolbox = TOOLS, *earlier: str) -> bool:
    """Whether a text is a plan that does something."""
    return does_something(parse(text, header=False).plan.statements, tools, earlier)


@pytest.mark.parametrize(
    "text", ["1. len([1, 2])\njoin($1)", "1. sum([1, 2]) + max([3])\njoin()", "1. 1 + 2\njoin()", "join()"]
)
def test_a_plan_of_functions_alone_calls_nothing(text: str) -> None:
    """The model could have answered itself."""
    assert not counts(text)


@pytest.mark.parametrize(
    "text",
    [
        '1. price("tea")\njoin($1)',
        '1. round(price("tea"), 1)\njoin($1)',
        '1. sum([price($x) for x in ["tea"]])\njoin($1)',
        '1. len([1, 2])\njoin("There are $1.")',
        '1. prise("tea")\njoin($1)',
    ],
)
def test_a_plan_with_a_call_or_a_text_counts(text: str) -> None:
    """Wherever the call stands; an unknown name may be a tool."""
    assert counts(text)


def test_a_function_of_an_earlier_result_is_a_plan() -> None:
    """So is a call of a tool with the name of a function."""
    assert counts("3. len($2)\njoin($3)", TOOLS, "1", "2")
    assert not counts("3. len($2)\njoin($3)", TOOLS, "1")
    assert counts("1. len(2)\njoin($1)", Toolbox([pure(name="len")(measure)]))


def test_an_agent_asks_again_for_a_plan_that_calls_no_tool() -> None:
    """The same plan with a call is run."""
    with pytest.raises(PlanFailed, match="the plan calls no tool"):
        ask(["1. len([1, 2])\n2. join($1)"] * 3)
    answer, _, _ = ask(['1. len(search("a"))\n2. join("There are $1 letters.")'])
    assert answer.value == f"There are {len('a is known')} letters."


def read(text: str, tools: Toolbox = TOOLS) -> tuple[list[str], set[str]]:
    """The statements of a model's text, and the codes of its diagnostics."""
    found = parse(text, mode="lenient", bounds=Bounds.MODEL, tools=tools)
    return [print_statement(each) for each in found.plan.statements], {each.code for each in found.diagnostics}


def test_python_code_may_call_functions_of_both() -> None:
    """They stand in the plan under the same names; variables are results, and no texts."""
    assert read('r = price("tea")\nn = round(r)\nprint(n)') == (['1. price("tea")', "2. round($1)", "join()"], {"W131"})
    assert read('x = [price("a"), price("b")]\nprint(sorted(x))')[0][2:] == ["3. sorted([$1, $2])", "join()"]
    assert read('1. price("tea")\n2. round($1, 2)\njoin($2)') == (
        ['1. price("tea")', "2. round($1, 2)", "join($2)"],
        set(),
    )


def test_a_function_in_prose_is_no_lost_call() -> None:
    """A tool in the same place is."""
    text = 'Then "{}" follows and I use {}, maybe twice.\n1. price("tea")\njoin($1)'
    assert "E126" not in read(text.format("x", 'len("tea")'))[1]
    assert not any(code.startswith("E") for code in read(text.format("x", 'len("tea")'))[1])
    assert any(code.startswith("E") for code in read(text.format("x", 'price("tea")'))[1])


def test_a_native_call_beside_a_function_is_not_dropped() -> None:
    """Both stand in the text, so it is asked for again."""
    found, codes = read('sorted([3, 1])\n{"name": "price", "arguments": {"item": "tea"}}')
    assert codes == {"E126"}
    assert len(found) == 2


def test_a_toolbox_knows_functions_from_tools() -> None:
    """A tool of the same name goes first."""
    assert TOOLS.is_function("len")
    assert not TOOLS.is_function("price")
    assert not Toolbox([pure(name="len")(measure)]).is_function("len")
