"""Types of inputs."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llmc_compiler.expressions.input_types import describe, fits, literal, read_text, type_of
from llmc_compiler.expressions.terms import Json, canonical
from llmc_grammar import ast, parse

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=8,
)


def declared(text: str) -> ast.Type:
    """A type as it is written."""
    (statement,) = parse(f"input x: {text}\n").plan.statements
    assert isinstance(statement, ast.Input)
    assert statement.type is not None
    return statement.type


@pytest.mark.parametrize(
    ("text", "good", "bad"),
    [
        ("str", ["", "a"], [1, None, ["a"]]),
        ("int", [0, -3], [True, 1.0, "1", None]),
        ("float", [1.5, 2], [True, "1", None]),
        ("bool", [True, False], [0, None, "true"]),
        ("any", [None, 1, [{}]], []),
        ("str?", [None, "a"], [1]),
        ("list[int]", [[], [1]], [[1.5], [True], [None], {}, None]),
        ("list[int?]?", [None, [None, 1]], [["a"]]),
        ("list[list[float]]", [[[1, 2.5]]], [[1]]),
        ("dict[str, int]", [{}, {"a": 1}], [{"a": "b"}, [], None]),
        ("dict[str, list[any]]", [{"a": [None]}], [{"a": 1}]),
    ],
)
def test_a_value_fits_its_type(text: str, good: list[Json], bad: list[Json]) -> None:
    """Types are strict, but an integer is a float; containers are looked into."""
    assert [fits(value, declared(text)) for value in good] == [True] * len(good)
    assert [fits(value, declared(text)) for value in bad] == [False] * len(bad)
    assert describe(declared(text)) == text


@given(JSON)
def test_a_value_fits_the_type_that_it_gives(value: Json) -> None:
    """An input without a type takes its own default."""
    assert fits(value, type_of(value))


@pytest.mark.parametrize(
    ("text", "wanted", "value"),
    [
        ("K2", "str", "K2"),
        ("1", "str", "1"),
        ("null", "str", "null"),
        ("null", "str?", None),
        ("K2", "str?", "K2"),
        ("3", "int", 3),
        ("3", "float", 3),
        ("true", "bool", True),
        ('"a"', "any", "a"),
        ("[1, null]", "list[int?]", [1, None]),
        ('{"a": 1e3}', "dict[str, float]", {"a": 1000.0}),
    ],
)
def test_a_text_is_read_as_its_type(text: str, wanted: str, value: Json) -> None:
    """As it is for `str`, as JSON for every other."""
    assert canonical(read_text(text, declared(wanted))) == canonical(value)


@pytest.mark.parametrize(
    ("text", "wanted", "words"),
    [
        ("K2", "int", "'K2' is not JSON, which `int` requires"),
        ("", "any", "is not JSON"),
        ("1.0", "int", "1.0 is not of type `int`"),
        ("NaN", "float", "is not JSON"),
        ("-Infinity", "any", "is not JSON"),
        ("1e999", "float", "is not JSON"),
        ("[" * 100_000, "any", "is not JSON"),
        ("[1, 'a']", "list[int]", "is not JSON"),
        ('["a"]', "list[int]", "is not of type `list[int]`"),
    ],
)
def test_another_text_is_refused(text: str, wanted: str, words: str) -> None:
    """With what was wanted; infinity and what is no number are no JSON."""
    with pytest.raises(ValueError, match=r"is not JSON|is no") as caught:
        read_text(text, declared(wanted))
    assert words in str(caught.value)


def test_an_expression_is_no_literal() -> None:
    """What is more than a plain value has no value before the plan runs."""
    with pytest.raises(TypeError, match="Ref is not a literal"):
        literal(ast.Ref("a"))
    assert literal(ast.Unary("-", ast.Literal(2))) == -2
