"""Standard functions and formats of the reference, one by one."""

import pytest

from llmc_grammar import parse
from tests.reference.formats import formatted
from tests.reference.functions import FUNCTIONS, apply
from tests.reference.interpreter import interpret
from tests.reference.operators import EvaluationError, Json

VALUES = [
    ("abs(-3)", 3),
    ("[round(2.5), round(2.675, 1), round(1234, digits=-2)]", [2, 2.7, 1200]),
    ("[min([3, 1, 2]), max([], default=0)]", [1, 0]),
    ('max([{"t": 20.5}, {"t": 31}], by="t").t', 31),
    ("[sum([0.1, 0.2, 0.3]), sum([])]", [0.6, 0]),
    ("mean([1, 2])", 1.5),
    ('[int("-12"), int(2.9), float("1e2"), float(1)]', [-12, 2, 100.0, 1.0]),
    ('[str([1, "a"]), str("a")]', ['[1,"a"]', "a"]),
    ('[lower("Ab"), upper("Ab"), title("new york")]', ["ab", "AB", "New York"]),
    ('[strip(" a "), strip("xax", chars="x")]', ["a", "a"]),
    ('[split(" a  b "), split("a, b", by=", ")]', [["a", "b"], ["a", "b"]]),
    ('join_text(["a", 1, null], by="-")', "a-1-null"),
    ('[replace("1 000", " ", ""), starts_with("ab", "a"), ends_with("ab", "a")]', ["1000", True, False]),
    ('lines("a\\r\\n\\nb\\n")', ["a", "", "b"]),
    ('format(1234.5, ",.2f")', "1,234.50"),
    ('[len("ab"), len([1]), len({})]', [2, 1, 0]),
    ('sorted([{"a": {"b": 2}}, {"a": {"b": 1}}], by="a.b")[0].a.b', 1),
    ("[sorted([1, 3, 2], reverse=true), reversed([1, 2])]", [[3, 2, 1], [2, 1]]),
    ("[unique([2, 1, 2.0, true]), flatten([[1], [2, [3]]])]", [[2, 1, True], [1, 2, [3]]]),
    ("[range(2), range(1, 3), range(3, step=2), range(3, 0, -1)]", [[0, 1], [1, 2], [0, 2], [3, 2, 1]]),
    ('zip(["a", "b"], [1, 2, 3], [4, 5])', [["a", 1, 4], ["b", 2, 5]]),
    ('enumerate(["a"], start=1)', [[1, "a"]]),
    ("[any([0, 1]), all([0, 1]), present([0, null])]", [True, False, [0]]),
    ('[get({"a": 1}, "b"), get({"a": 1}, "b", 2), get([1, 2], -1)]', [None, 2, 2]),
    ('[keys({"a": 1}), values({"a": 1}), items({"a": 1})]', [["a"], [1], [["a", 1]]]),
    ('merge({"a": 1}, {"a": 2}, {"b": 3})', {"a": 2, "b": 3}),
    ('pairs([["a", 1], ["a", 2]])', {"a": 2}),
    ('[parse_json("[1]"), to_json("a"), to_json([1], indent=1)]', [[1], '"a"', "[\n 1\n]"]),
    (
        '[kind(null), kind(true), kind(1), kind(1.0), kind(""), kind([]), kind({})]',
        ["null", "bool", "int", "float", "str", "list", "dict"],
    ),
]


@pytest.mark.parametrize(("text", "expected"), VALUES, ids=lambda found: found if isinstance(found, str) else "")
def test_a_function_has_a_value(text: str, expected: Json) -> None:
    """As Python's of that name, unless the language says something else."""
    found = interpret(parse(f"join({text})\n").plan, {}, {}).value
    assert repr(found) == repr(expected)


def test_every_function_is_tried() -> None:
    """Each has a value above."""
    texts = " ".join(text for text, _ in VALUES)
    assert [name for name in FUNCTIONS if f"{name}(" not in texts] == []


@pytest.mark.parametrize(
    ("name", "given"),
    [
        ("abs", [True]),
        ("round", [1, 0.5]),
        ("min", [[]]),
        ("max", [[1, "a"]]),
        ("sorted", [[None]]),
        ("sorted", [[{"k": 1}], "l"]),
        ("sum", [[True]]),
        ("mean", [[]]),
        ("int", [" 1"]),
        ("float", ["nan"]),
        ("split", ["a", ""]),
        ("flatten", [[1]]),
        ("range", [1, 2, 0]),
        ("range", [100_001]),
        ("get", [{}, 0]),
        ("pairs", [[["a"]]]),
        ("parse_json", ["NaN"]),
        ("parse_json", ["{"]),
        ("to_json", [1, -1]),
        ("len", [None]),
    ],
)
def test_a_function_refuses(name: str, given: list[Json]) -> None:
    """What it does not take is an error, and so is what is too large."""
    with pytest.raises(EvaluationError):
        apply(name, given, {})


@pytest.mark.parametrize(
    ("value", "spec"),
    [(None, ">8"), (True, "d"), ("a", "+"), ("a", "08"), (1.5, "d"), (1, ""), (1, "x"), (1, ">101"), (1, ".101f")],
)
def test_a_format_refuses(value: Json, spec: str) -> None:
    """Numbers take all formats of the language, texts those for widths, other values none."""
    with pytest.raises(EvaluationError):
        formatted(value, spec)
