"""T11: a text of 1 GB, a list of 10^7 elements."""

import tracemalloc
from collections.abc import Callable, Iterator

import pytest

from llmc_compiler.expressions.operators import VALUE_TEXT
from llmc_compiler.tools.signature import ResultBounds
from llmc_runtime.limits import Limits
from llmc_runtime.values import NotJsonError, measure, receive
from tests.runtime.build import call, play
from tests.runtime.fakes import echo

MEGABYTE = 1024 * 1024

VALUES: dict[str, Callable[[], object]] = {
    "a text of 1 GB": lambda: "x" * 1024**3,
    "a wide text": lambda: "é" * (VALUE_TEXT - 1),
    "10^7 elements": lambda: [None] * 10**7,
    "many small lists": lambda: [[0] * 1000] * 10**4,
    "many small mappings": lambda: [{"a": 1}] * (VALUE_TEXT // 16 - 1),
    "many empty lists": lambda: [[]] * 49_999 + ["x" * VALUE_TEXT],
    "the same text often": lambda: ["x" * MEGABYTE] * 100,
    "a mapping": lambda: dict.fromkeys(map(str, range(2 * 10**6))),
    "long keys": lambda: {"x" * MEGABYTE + str(i): 0 for i in range(20)},
}


@pytest.mark.parametrize("name", VALUES)
def test_it_is_refused_without_a_copy(name: str) -> None:
    """Of ours, less than a megabyte is used on the way."""
    value = VALUES[name]()
    tracemalloc.start()
    try:
        with pytest.raises(NotJsonError, match="larger than the 16,777,216 bytes"):
            receive(value, lambda result, _: result, ResultBounds())
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < MEGABYTE


def test_a_copy_would_be_noticed() -> None:
    """The control: the same measure sees a copy."""
    value = [None] * 10**6
    tracemalloc.start()
    try:
        kept = list(value)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak > MEGABYTE
    assert kept


@pytest.mark.parametrize(("value", "size"), [("x" * 100, 100), ("é" * 50, 100), ([1, "abc"], 35), ({"a": [True]}, 33)])
def test_the_limit_is_exact(value: object, size: int) -> None:
    """A text counts its bytes, and each value in a list or mapping 16."""
    measure(value, size)
    with pytest.raises(NotJsonError):
        measure(value, size - 1)
    assert play(call("a", echo, value), limits=Limits(result_bytes=size)).results == {"a": value}
    assert play(call("a", echo, value), limits=Limits(result_bytes=size - 1)).errors


def test_a_list_that_never_ends_is_read_as_what_it_is_built_on() -> None:
    """A subclass has no say in what is in it."""

    class Endless(list[int]):
        def __iter__(self) -> Iterator[int]:
            while True:
                yield 1

    assert receive(Endless([1, 2]), lambda result, _: result, ResultBounds(100))[0] == [1, 2]
