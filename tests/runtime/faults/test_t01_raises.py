"""T1: a tool raises."""

from llmc_runtime.errors import Blocked, ToolFailed
from tests.runtime.build import call, play, ref
from tests.runtime.fakes import OutageError, broken, echo, slow


def test_its_task_fails_with_all_that_is_known() -> None:
    """The error has task, tool, attempt and cause; what needs it is blocked, and the rest goes on."""
    run = play(call("a", broken, retries=1), call("b", echo, ref("a")), call("c", slow, 1, "fine"))
    error = run.errors["a"]
    assert isinstance(error, ToolFailed)
    assert (error.task, error.tool, error.attempt) == ("a", "broken", 2)
    assert isinstance(error.__cause__, OutageError)
    assert isinstance(run.errors["b"], Blocked)
    assert run.results == {"c": "fine"}
