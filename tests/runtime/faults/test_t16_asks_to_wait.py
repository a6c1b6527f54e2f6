"""T16: a service answers 429 with `Retry-After`, in seconds, as a date, negative, huge, or nonsense."""

import asyncio
from collections.abc import Mapping
from email.utils import formatdate
from types import SimpleNamespace

import pytest

from llmc_compiler.tools.decorators import pure, write
from llmc_compiler.tools.tool import Tool
from llmc_runtime.calls.backoff import retry_after
from llmc_runtime.errors import ToolFailed, ToolTimedOut
from llmc_runtime.limits import Limits
from llmc_runtime.program.run_result import Run
from tests.runtime.build import call, play, times
from tests.runtime.fakes import OutageError, echo

NOW = 1_800_000_000.0


def saying(**attributes: object) -> Exception:
    """An exception with these attributes."""
    error = OutageError("429")
    for name, value in attributes.items():
        setattr(error, name, value)
    return error


def with_header(value: object, name: str = "Retry-After") -> Exception:
    """An exception as HTTP clients raise it."""
    return saying(response=SimpleNamespace(headers={name: value}))


class Hostile(Exception):  # noqa: N818 — a fake
    """An exception that cannot be looked at."""

    @property
    def retry_after(self) -> float:
        """Fail."""
        raise RuntimeError


@pytest.mark.parametrize(
    ("error", "seconds"),
    [
        (saying(retry_after=2), 2),
        (saying(retry_after="1.5"), 1.5),
        (with_header("7"), 7),
        (with_header(b"7", "retry-after"), 7),
        (saying(headers={"Retry-After": " 7 "}), 7),
        (with_header(formatdate(NOW + 30, usegmt=True)), 30),
        (with_header(formatdate(NOW - 30, usegmt=True)), 0),
        (with_header("-5"), 0),
        (saying(retry_after=-5), 0),
        (with_header("1000000000"), 60),
        (saying(retry_after=10**9), 60),
        (with_header(formatdate(NOW + 10**7)), 60),
        (with_header("soon"), None),
        (with_header("1e3"), None),
        (with_header("9" * 10_000), None),
        (with_header(""), None),
        (with_header(None), None),
        (with_header(["7"]), None),
        (saying(retry_after=float("nan")), None),
        (saying(retry_after=float("inf")), None),
        (saying(retry_after=True), None),
        (saying(retry_after=object()), None),
        (saying(response=None), None),
        (saying(response=SimpleNamespace(headers=3)), None),
        (Hostile(), None),
        (OutageError(), None),
    ],
    ids=range(26),
)
def test_what_is_asked_for_is_read_and_capped(error: Exception, seconds: float | None) -> None:
    """Seconds or a date, from nothing to the limit; what cannot be read asks for nothing."""
    assert retry_after(error, lambda: NOW, 60) == seconds


def limited(error: Exception, failures: int, log: list[float]) -> Tool:
    """A tool that asks to wait at its first calls."""

    @pure
    async def limited(x: int = 0) -> int:
        log.append(asyncio.get_running_loop().time())
        if len(log) <= failures:
            raise error
        return x

    return limited


def test_all_calls_of_the_tool_wait_and_no_others() -> None:
    """The one that was refused is repeated then; the others begin then."""
    log: list[float] = []
    tool = limited(with_header("3"), 1, log)
    run = play(
        *(call(f"t{i}", tool, i, retries=1) for i in range(3)),
        call("other", echo, 1),
        limits=Limits(tool_width=1),
        random=lambda: 0,
    )
    assert log[0] == 0
    assert sorted(log[1:]) == [3, 3, 3]
    assert times(run, "finished")["other"] == 0
    assert not run.errors


def refused(limits: Limits, fields: Mapping[str, int]) -> Run:
    """A run of a tool that always asks to wait for a minute."""
    return play(call("a", limited(with_header("60"), 99, []), **fields), limits=limits)  # type: ignore[arg-type]


def test_past_the_deadline_it_fails_at_once() -> None:
    """Nobody waits for what would come too late, for the task or for the run."""
    for limits in (Limits(task_time=50), Limits(run_time=50)):
        run = refused(limits, {"retries": 3})
        assert isinstance(run.errors["a"], ToolFailed)
        assert run.seconds == 0


def test_a_call_that_waits_for_the_tool_has_its_own_deadline() -> None:
    """It never gets its turn, and says so."""
    log: list[float] = []
    tool = limited(with_header("60"), 1, log)
    run = play(call("a", tool, 1), call("b", tool, 2), limits=Limits(tool_width=1, task_time=10))
    error = run.errors["b"]
    assert isinstance(error, ToolTimedOut)
    assert str(error) == "task b timed out: `limited` did not start within 10 s"
    assert (error.attempt, run.calls, run.seconds) == (0, 1, 10)


def test_a_write_that_may_not_be_repeated_still_lets_the_tool_rest() -> None:
    """It fails, and the next call of the tool waits."""
    log: list[float] = []

    @write("r")
    async def put() -> str:
        log.append(asyncio.get_running_loop().time())
        if len(log) == 1:
            raise with_header("5")
        return "written"

    run = play(call("a", put), call("b", put), limits=Limits(tool_width=1))
    assert run.in_doubt == ("a",)
    assert log == [0, 5]
