"""T7: a tool raises SystemExit, KeyboardInterrupt, GeneratorExit, or another BaseException."""

from collections.abc import Callable

import pytest

from llmc_compiler.tools.decorators import pure
from llmc_compiler.tools.tool import Tool
from llmc_runtime.errors import ToolFailed
from tests.runtime.build import call, play
from tests.runtime.fakes import echo, raising


class OwnError(BaseException):
    """One that nobody expects."""


def raising_in_a_thread(what: BaseException) -> Tool:
    """A sync tool that raises."""

    def tool() -> object:
        raise what

    return pure(tool)


@pytest.mark.parametrize("make", [raising, raising_in_a_thread])
@pytest.mark.parametrize("what", [SystemExit, KeyboardInterrupt, GeneratorExit, BaseException, OwnError])
def test_the_task_fails_and_the_process_lives(make: Callable[[BaseException], Tool], what: type[BaseException]) -> None:
    """On the loop and in a thread."""
    run = play(call("a", make(what())), call("b", echo, 1))
    assert isinstance(run.errors["a"], ToolFailed)
    assert isinstance(run.errors["a"].__cause__, what)
    assert run.results == {"b": 1}
