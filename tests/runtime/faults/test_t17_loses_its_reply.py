"""T17: a write was done, and its reply was lost."""

import pytest

from llmc_compiler.tools.decorators import write
from llmc_runtime.errors import Blocked, NotSent, ToolFailed
from tests.runtime.build import call, play
from tests.runtime.fakes import OutageError, look, put


@pytest.mark.parametrize("retries", [0, 5])
def test_it_is_in_doubt_and_never_done_twice(retries: int) -> None:
    """What comes after it by order is blocked."""
    done: list[str] = []

    @write("r")
    async def transfer() -> None:
        done.append("transfer")
        raise OutageError("connection reset")

    run = play(call("a", transfer, retries=retries), call("b", look, after=["a"]), call("c", put, after=["a"]))
    error = run.errors["a"]
    assert isinstance(error, ToolFailed)
    assert error.in_doubt
    assert run.in_doubt == ("a",)
    assert done == ["transfer"]
    assert isinstance(run.errors["b"], Blocked)
    assert isinstance(run.errors["c"], Blocked)


def test_one_that_was_certainly_not_sent_is_repeated() -> None:
    """`NotSent` says so, and then nothing is in doubt."""
    done: list[str] = []

    @write("r")
    async def transfer() -> str:
        done.append("attempt")
        if len(done) < 3:
            raise NotSent("no connection")
        return "sent"

    run = play(call("a", transfer, retries=2))
    assert run.results == {"a": "sent"}
    assert run.in_doubt == ()


def test_one_that_may_be_done_twice_is_repeated_and_then_in_doubt() -> None:
    """An idempotent write has all its attempts."""
    done: list[str] = []

    @write("r", idempotent=True)
    async def transfer() -> None:
        done.append("attempt")
        raise OutageError("connection reset")

    run = play(call("a", transfer, retries=2))
    assert len(done) == 3
    assert run.in_doubt == ("a",)
