"""T12: cyclic data, NaN, bytes, a lone surrogate, data 10^5 deep."""

import math

import pytest

from llmc_compiler.tools.decorators import pure
from llmc_runtime.errors import BadResult
from llmc_runtime.limits import Limits
from tests.runtime.build import call, error, play
from tests.runtime.faults.faulty import cyclic, deep


def infinite_mapping() -> object:
    """A mapping that contains itself."""
    loop: dict[str, object] = {}
    loop["again"] = {"and": loop}
    return loop


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (cyclic(), "nested more than 100 deep, or contains itself"),
        (infinite_mapping(), "nested more than 100 deep, or contains itself"),
        (deep(100_000), "nested more than 100 deep"),
        ([math.nan], "`result[0]` is nan"),
        ({"x": -math.inf}, "`result.x` is -inf"),
        (b"bytes", "of type `bytes`"),
        ([{"x": "\ud800"}], "a lone surrogate"),
        ({1: 2}, "a key of type `int`"),
        (2**20_000, "an integer of more than 10,000 bits"),
    ],
    ids=range(9),
)
def test_it_is_an_error_that_says_what_and_where(value: object, words: str) -> None:
    """At the producer."""

    @pure
    async def odd() -> object:
        return value

    found = error(call("a", odd))
    assert isinstance(found, BadResult)
    assert words in str(found)


def test_the_depth_is_a_limit() -> None:
    """Two levels are not three."""

    @pure
    async def three() -> object:
        return [[[1]]]

    assert play(call("a", three), limits=Limits(result_depth=3)).results
    assert "nested more than 2 deep" in str(play(call("a", three), limits=Limits(result_depth=2)).errors["a"])
