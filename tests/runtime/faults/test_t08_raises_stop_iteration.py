"""T8: a tool raises StopIteration."""

import pytest

from llmc_compiler.tools.decorators import pure
from llmc_runtime.errors import ToolFailed
from tests.runtime.build import call, play
from tests.runtime.fakes import raising


@pytest.mark.parametrize("what", [StopIteration("x"), StopAsyncIteration("x")])
def test_it_fails_and_nothing_hangs(what: Exception) -> None:
    """Sync, where no future takes it, and async, where Python makes a RuntimeError of it."""

    @pure
    def sync() -> object:
        raise what

    run = play(call("a", raising(what)), call("b", sync))
    assert isinstance(run.errors["a"], ToolFailed)
    assert isinstance(run.errors["b"], ToolFailed)
