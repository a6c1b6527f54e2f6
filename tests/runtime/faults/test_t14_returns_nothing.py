"""T14: a tool returns None, an empty text, an empty list."""

import pytest

from tests.runtime.build import call, play, ref
from tests.runtime.fakes import echo


@pytest.mark.parametrize("value", [None, "", [], {}, 0, False, 0.0])
def test_it_is_that_value(value: object) -> None:
    """And never a placeholder, for whoever uses it or for the plan."""
    run = play(call("a", echo, value), call("b", echo, ref("a")), join=ref("b"))
    assert run.results == {"a": value, "b": value}
    assert run.has_value
    assert run.value == value
    assert type(run.value) is type(value)
