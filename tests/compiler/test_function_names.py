"""Names of standard functions in other languages, and misspelt ones: the error suggests the function."""

import pytest

from llmc import Toolbox, pure
from llmc_compiler.compiler import check
from llmc_compiler.diagnostics.plan_errors import UnknownTool
from llmc_compiler.expressions.functions.function_names import NAMES, similar_function
from llmc_compiler.expressions.functions.table import FUNCTIONS
from llmc_grammar import parse


def measure(of: str) -> int:
    """Measure."""
    return len(of)


@pure
def strength(of: str) -> int:
    """The strength."""
    return len(of)


def suggested(call: str, tools: Toolbox) -> str | None:
    """The help of the only mistake of a call, which has to be an unknown tool."""
    (found,) = check(parse(f"1. {call}\njoin($1)", header=False), tools)
    assert isinstance(found, UnknownTool)
    return found.advice


@pytest.mark.parametrize(
    ("call", "function"),
    [
        ('length("a")', "len"),
        ('to_upper("a")', "upper"),
        ('toUpperCase("a")', "upper"),
        ("sort([2, 1])", "sorted"),
        ("average([2, 1])", "mean"),
        ('json.loads("1")', "parse_json"),
        ('type("a")', "kind"),
        ("uniqe([1])", "unique"),
    ],
)
@pytest.mark.parametrize("tools", [Toolbox(), Toolbox([strength])], ids=["no tools", "a tool"])
def test_another_name_of_a_function_is_recognised(call: str, function: str, tools: Toolbox) -> None:
    """Also where no tools are loaded, and where a tool has a similar name."""
    assert suggested(call, tools) == f"did you mean `{function}`?"


def test_a_tool_that_is_one_slip_away_goes_first() -> None:
    """And names that are neither get no suggestion of a function."""
    assert suggested('strenght("a")', Toolbox([strength])) == "did you mean `strength`?"
    assert suggested('teleport("a")', Toolbox([strength])) is None
    assert suggested('open("a")', Toolbox([strength])) == "write a tool that works like Python's `open`"


def test_a_function_with_the_name_of_a_tool_is_not_suggested() -> None:
    """The tool is another thing."""
    own = Toolbox([pure(name="len")(measure)])
    assert suggested('size("a")', own) is None


def test_a_nested_join_tells_of_joined_texts() -> None:
    """`join` ends a plan."""
    (found, *_) = parse('1. [join("a", "b")]\njoin()', header=False).diagnostics
    assert "`join_text`" in str(found)


def test_the_table_has_each_function_and_each_name_once() -> None:
    """No other name is that of a function."""
    assert [*NAMES] == [*FUNCTIONS]
    names = [name for names in NAMES.values() for name in names.split()]
    assert len(names) == len({*names})
    assert not {*names} & {*FUNCTIONS}
    assert {name: similar_function(name) for name in FUNCTIONS} == {name: name for name in FUNCTIONS}
