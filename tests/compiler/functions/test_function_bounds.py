"""Standard functions refuse results that are too large before they build them, and count their effort."""

import math
import tracemalloc
from collections.abc import Callable, Iterator
from random import Random
from typing import Any, Final

import pytest

from llmc_compiler.expressions.functions import lists
from llmc_compiler.expressions.functions.table import FUNCTIONS
from llmc_compiler.expressions.operators import (
    EFFORT,
    INTEGER_BITS,
    LIST_ITEMS,
    TEXT_BYTES,
    OperandError,
    bounded,
    effort,
)
from llmc_compiler.expressions.terms import Json
from tests.compiler.functions.inputs import INPUTS, Arguments

TEXT: Final = "a" * TEXT_BYTES
LIST: Final[list[Json]] = [0] * LIST_ITEMS
MAPPING: Final[dict[str, Json]] = {str(index): 0 for index in range(LIST_ITEMS)}
PRIME: Final = 2**61 - 1
"""Integers that differ by a multiple of this have one hash in Python."""


@pytest.fixture(autouse=True)
def counted() -> Iterator[None]:
    """Effort is counted as in an evaluation."""
    effort.left = EFFORT
    yield
    effort.left = math.inf


def memory(compute: Callable[[], object]) -> int:
    """The most bytes that were in use at a time, beyond those before."""
    tracemalloc.start()
    try:
        compute()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


TOO_MUCH: Final = "has more than"
HOSTILE: Final[list[tuple[str, Arguments, str]]] = [
    ("str", [("x", ["a" * 1000] * 2000)], TOO_MUCH),
    ("str", [("x", ["\x00" * TEXT_BYTES])], TOO_MUCH),
    ("lower", [("s", TEXT + "a")], TOO_MUCH),
    ("upper", [("s", "é" * (TEXT_BYTES // 2 + 1))], TOO_MUCH),
    ("title", [("s", TEXT + "a")], TOO_MUCH),
    ("strip", [("s", TEXT + "a")], TOO_MUCH),
    ("strip", [("s", TEXT), ("chars", "".join(map(chr, range(0x4E00, 0x9000))))], "looks at more than"),
    ("join_text", [("xs", [TEXT, "a"])], TOO_MUCH),
    ("join_text", [("xs", [TEXT] * LIST_ITEMS)], TOO_MUCH),
    ("join_text", [("xs", [""] * LIST_ITEMS), ("by", TEXT)], TOO_MUCH),
    ("join_text", [("xs", [["a" * 10_000, 1]] * 120)], TOO_MUCH),
    ("join_text", [("xs", ["é"] * LIST_ITEMS), ("by", "é" * 5)], TOO_MUCH),
    ("replace", [("s", TEXT), ("old", "a"), ("new", TEXT)], TOO_MUCH),
    ("replace", [("s", TEXT), ("old", ""), ("new", "b")], TOO_MUCH),
    ("replace", [("s", TEXT), ("old", "a"), ("new", "é")], TOO_MUCH),
    ("format", [("x", TEXT + "a"), ("f", "8")], TOO_MUCH),
    ("sorted", [("xs", [*LIST, 0])], TOO_MUCH),
    ("reversed", [("xs", [*LIST, 0])], TOO_MUCH),
    ("flatten", [("xs", [LIST, [0]])], TOO_MUCH),
    ("flatten", [("xs", [LIST] * 1000)], TOO_MUCH),
    ("range", [("a", LIST_ITEMS + 1)], TOO_MUCH),
    ("range", [("a", 10**18)], TOO_MUCH),
    ("range", [("a", 10**18), ("b", -(10**18)), ("step", -(10**12))], TOO_MUCH),
    ("range", [("a", 2**9_998), ("b", 2**9_999)], "up to 64 bits"),
    ("range", [("a", 1), ("b", 1), ("step", 2**9_999)], "up to 64 bits"),
    ("zip", [("xs", [*LIST, 0]), ("ys", [*LIST, 0])], TOO_MUCH),
    ("zip", [("xs", LIST), ("ys", LIST), *[(None, LIST)] * 60], TOO_MUCH),
    ("enumerate", [("xs", [*LIST, 0])], TOO_MUCH),
    ("enumerate", [("xs", LIST), ("start", 2**9_999)], "up to 64 bits"),
    ("present", [("xs", [*LIST, 0])], TOO_MUCH),
    ("keys", [("d", {**MAPPING, "a": 0})], TOO_MUCH),
    ("values", [("d", {**MAPPING, "a": 0})], TOO_MUCH),
    ("items", [("d", {**MAPPING, "a": 0})], TOO_MUCH),
    ("pairs", [("xs", [*LIST, 0])], TOO_MUCH),
    ("to_json", [("x", TEXT)], TOO_MUCH),
    ("to_json", [("x", ["é" * 600_000])], TOO_MUCH),
    ("to_json", [("x", [0] * 60_000), ("indent", 16)], TOO_MUCH),
    ("round", [("x", 1), ("digits", -(10**18))], "beyond 100"),
    ("int", [("x", "1" * TEXT_BYTES)], "bits"),
]


@pytest.mark.no_cover
@pytest.mark.parametrize(("name", "arguments", "reason"), HOSTILE, ids=[name for name, _, _ in HOSTILE])
def test_a_result_that_is_too_large_is_not_built(name: str, arguments: Arguments, reason: str) -> None:
    """The refusal takes less memory than an allowed result, whatever the result would have taken."""

    def call() -> None:
        with pytest.raises(OperandError, match=reason):
            FUNCTIONS[name].call(arguments)

    assert memory(call) < 2.2 * TEXT_BYTES


@pytest.mark.no_cover
@pytest.mark.parametrize(
    "compute",
    [
        lambda: ("a" * 1000).replace("a", "a" * 10_000),
        lambda: "".join([TEXT] * 10),
        lambda: list(range(3 * LIST_ITEMS)),
        lambda: [each for inner in [LIST] * 10 for each in inner],
        lambda: [list(row) for row in zip(LIST[::4], LIST[::4], strict=True)],
    ],
)
def test_the_naive_way_is_seen(compute: Callable[[], object]) -> None:
    """Results that are built first take more than that."""
    assert memory(compute) > 2.2 * TEXT_BYTES


@pytest.mark.no_cover
@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("split", [("s", "a " * 8 * TEXT_BYTES)]),
        ("split", [("s", TEXT), ("by", "a")]),
        ("lines", [("s", "\n" * TEXT_BYTES)]),
        ("merge", [("a", MAPPING), ("b", {"a": 0})]),
        ("merge", [("a", MAPPING), ("b", {f"x{index}": 0 for index in range(LIST_ITEMS)})]),
    ],
)
def test_a_result_whose_size_shows_late_is_built_up_to_the_bound(name: str, arguments: Arguments) -> None:
    """Parts of a text are counted as they are cut, and distinct elements as they are found."""

    def call() -> None:
        with pytest.raises(OperandError, match=TOO_MUCH):
            FUNCTIONS[name].call(arguments)

    assert memory(call) < 250 * LIST_ITEMS


@pytest.mark.no_cover
@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("upper", [("s", TEXT)]),
        ("strip", [("s", TEXT), ("chars", "bcda")]),
        ("join_text", [("xs", ["a" * (TEXT_BYTES // 16)] * 16)]),
        ("replace", [("s", TEXT), ("old", "aa"), ("new", "é")]),
        ("format", [("x", TEXT), ("f", "100")]),
        ("reversed", [("xs", LIST)]),
        ("flatten", [("xs", [LIST[: LIST_ITEMS // 10]] * 10)]),
        ("range", [("a", LIST_ITEMS)]),
        ("range", [("a", 0), ("b", -LIST_ITEMS * 7 + 6), ("step", -7)]),
        ("zip", [("xs", LIST), ("ys", LIST)]),
        ("enumerate", [("xs", LIST), ("start", -(2**63))]),
        ("present", [("xs", [*LIST, None])]),
        ("items", [("d", MAPPING)]),
        ("merge", [("a", MAPPING), ("b", MAPPING)]),
        ("to_json", [("x", "a" * (TEXT_BYTES - 2))]),
        ("unique", [("xs", [{"a": index} for index in range(10_000)])]),
        ("int", [("x", "0" * TEXT_BYTES)]),
        ("int", [("x", str(2**INTEGER_BITS - 1))]),
        ("parse_json", [("s", str(2**INTEGER_BITS - 1))]),
        ("parse_json", [("s", "[" * 99 + "]" * 99)]),
        ("sum", [("xs", [2 ** (INTEGER_BITS - 1), 2 ** (INTEGER_BITS - 1) - 1])]),
        ("round", [("x", 2**9_999), ("digits", -100)]),
    ],
)
def test_a_result_that_is_just_small_enough_has_a_value(name: str, arguments: Arguments) -> None:
    """The bounds are inclusive."""
    assert FUNCTIONS[name].call(arguments) is not None


@pytest.mark.parametrize(
    ("name", "arguments", "reason"),
    [
        ("unique", [("xs", list(range(LIST_ITEMS + 1)))], TOO_MUCH),
        ("sum", [("xs", [2 ** (INTEGER_BITS - 1)] * 2)], "bits"),
        ("sum", [("xs", [1e308, 1e308])], "too large for a number"),
        ("sum", [("xs", [2**9_999, 0.5])], "too large for a number"),
        ("mean", [("xs", [2**9_999])], "too large for a number"),
        ("float", [("x", 2**9_999)], "too large for a number"),
        ("float", [("x", "1e400")], "too large for a number"),
        ("int", [("x", str(2**INTEGER_BITS))], "bits"),
        ("round", [("x", 1.7e308), ("digits", -308)], "beyond 100"),
        ("round", [("x", 2**INTEGER_BITS - 1), ("digits", -100)], "bits"),
        ("parse_json", [("s", TEXT + "a")], "up to 1,048,576 bytes"),
        ("parse_json", [("s", str(2**INTEGER_BITS))], "bits"),
        ("parse_json", [("s", "1" * 5_000)], "bits"),
        ("parse_json", [("s", "[" * 101 + "]" * 101)], "100 deep"),
        ("parse_json", [("s", "[" * TEXT_BYTES)], "100 deep"),
        ("parse_json", [("s", f"[{'0,' * LIST_ITEMS}0]")], TOO_MUCH),
        ("parse_json", [("s", "[1e999]")], "too large"),
        ("parse_json", [("s", "[-Infinity]")], "`-Infinity` is not JSON"),
        ("parse_json", [("s", '"\\ud800"')], "half of a surrogate pair"),
        ("parse_json", [("s", '{"\\ud800": 1}')], "half of a surrogate pair"),
        ("to_json", [("x", 1), ("indent", 17)], "from 0 to 16"),
        ("format", [("x", 2**9_999), ("f", ".2f")], "too large for the format"),
        ("format", [("x", 1e308), ("f", "%")], "too large for the format"),
    ],
)
def test_a_number_or_text_beyond_the_bounds_is_refused(name: str, arguments: Arguments, reason: str) -> None:
    """Infinity, long integers, deep values and halves of characters never become values."""
    with pytest.raises(OperandError, match=reason):
        FUNCTIONS[name].call(arguments)


MANY: Final[dict[str, Arguments]] = {
    "min": [("xs", LIST)],
    "max": [("xs", [{"a": 0}] * 1000), ("by", "a")],
    "sum": [("xs", LIST)],
    "mean": [("xs", LIST)],
    "int": [("x", "0" * TEXT_BYTES)],
    "float": [("x", "0" * TEXT_BYTES)],
    "str": [("x", LIST)],
    "lower": [("s", TEXT)],
    "upper": [("s", TEXT)],
    "title": [("s", TEXT)],
    "strip": [("s", TEXT)],
    "split": [("s", TEXT)],
    "join_text": [("xs", [""] * 1000)],
    "replace": [("s", TEXT), ("old", "b"), ("new", "")],
    "starts_with": [("s", TEXT), ("start", TEXT)],
    "ends_with": [("s", TEXT), ("end", TEXT)],
    "lines": [("s", TEXT)],
    "format": [("x", TEXT), ("f", "8")],
    "sorted": [("xs", LIST)],
    "reversed": [("xs", LIST)],
    "unique": [("xs", LIST)],
    "flatten": [("xs", [LIST])],
    "range": [("a", 1000)],
    "zip": [("xs", LIST), ("ys", LIST)],
    "enumerate": [("xs", LIST)],
    "any": [("xs", LIST)],
    "all": [("xs", LIST)],
    "present": [("xs", LIST)],
    "keys": [("d", MAPPING)],
    "values": [("d", MAPPING)],
    "items": [("d", MAPPING)],
    "merge": [("a", MAPPING), ("b", {})],
    "pairs": [("xs", [["a", 1]] * 1000)],
    "parse_json": [("s", f'"{"a" * 100_000}"')],
    "to_json": [("x", LIST)],
}
QUICK: Final = frozenset({"abs", "round", "len", "get", "kind"})
"""Functions that take the same time for any argument."""


@pytest.mark.no_cover
@pytest.mark.parametrize("name", FUNCTIONS)
def test_effort_is_counted(name: str) -> None:
    """Each function that visits its argument counts what it visits, so that a loop over calls ends."""
    assert (name in QUICK) != (name in MANY)
    if name in MANY:
        effort.left = 500
        with pytest.raises(OperandError, match="looks at more than"):
            FUNCTIONS[name].call(MANY[name])


@pytest.mark.no_cover
@pytest.mark.parametrize(
    "elements",
    [
        [{"a": index} for index in range(3_000)],
        [index * PRIME + 5 for index in range(3_000)],
        [0.5 * index for index in range(3_000)],
    ],
    ids=["mappings", "integers of one hash", "floats"],
)
def test_unique_compares_each_element_with_few_others(elements: list[Json]) -> None:
    """Keys of one hash would be compared with each other; those of `unique` are texts, digests or short numbers."""
    keys = [lists._identity(each) for each in elements]  # noqa: SLF001 — the keys of its table
    assert len({hash(key) for key in keys}) == len(elements)
    assert FUNCTIONS["unique"].call([("xs", elements)]) == elements


def test_numbers_as_keys_would_be_compared() -> None:
    """The control: Python's hashes of such integers are equal."""
    assert len({hash(index * PRIME + 5) for index in range(3_000)}) == 1


EXTREMES: Final[list[Json]] = [
    None,
    True,
    -(2**9_999),
    10**18,
    1.7e308,
    5e-324,
    TEXT,
    "é" * 500_000,
    "ΐ\n" * 100_000,
    '["' * 60 + "]" * 60,
    ".".join("a" * 200),
    [0.5] * 2_000,
    ["a " * 100] * 500,
    [[1, "a"]] * 500,
    [{"a": {"b": index % 7}} for index in range(500)],
    {str(index): [index] for index in range(5_000)},
    {"a": [None] * 1_000},
]


def is_bounded(value: Any) -> bool:  # noqa: ANN401 — JSON data
    """Whether a value keeps the bounds of results."""
    bounded(value)
    if isinstance(value, str):
        return len(value.encode()) <= TEXT_BYTES
    if isinstance(value, float):
        return math.isfinite(value)
    if isinstance(value, int):
        return value.bit_length() <= INTEGER_BITS
    return value is None or len(value) <= LIST_ITEMS


@pytest.mark.no_cover
@pytest.mark.parametrize("name", FUNCTIONS)
def test_extreme_arguments_have_a_bounded_value_or_an_error(name: str) -> None:
    """No other exception, and no result beyond the bounds."""
    function = FUNCTIONS[name]
    for number in range(max(6, INPUTS // 20)):
        random = Random(f"extreme {name} {number}")
        effort.left = EFFORT
        arguments: Arguments = []
        for parameter in function.parameters:
            fitting = [each for each in EXTREMES if type(each).__name__ in parameter.kinds]
            if parameter.required or random.random() < 0.5:
                given = random.choice(fitting if random.random() < 0.9 and fitting else EXTREMES)
                arguments.append((None if parameter.many else parameter.name, given))
        try:
            value = function.call(arguments)
        except OperandError:
            continue
        effort.left = math.inf
        assert is_bounded(value) or any(value is each for _, each in arguments)
