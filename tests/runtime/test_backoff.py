"""Which failures `@retry` takes as final, and what exception groups say."""

import asyncio
from collections.abc import Callable
from http import HTTPStatus
from types import SimpleNamespace
from typing import Any, Final, Self

import httpx2
import openai
import pytest

import llmc
from llmc_compiler.tools.decorators import pure, read, write
from llmc_compiler.tools.tool import Tool
from llmc_runtime.calls.backoff import FINAL, RetryAdvice
from llmc_runtime.errors import NotSent, ToolFailed
from llmc_runtime.foreign_errors import LONGEST, described
from llmc_runtime.models.model_errors import RequestRefused
from tests.runtime.build import call, play
from tests.runtime.fakes import OutageError

STATUSES: Final = [400, 401, 402, 403, 404, 405, 406, 408, 409, 410, 418, 422, 425, 429, 500, 502, 503, 504]
REFUSED: Final = {400, 401, 402, 403, 404, 405, 410, 422}


class Falsy(SimpleNamespace):
    """As a response of requests, which is false where its status is that of an error."""

    def __bool__(self) -> bool:
        return False


def saying(**attributes: object) -> Exception:
    """An exception with these attributes."""
    error = OutageError("out")
    vars(error).update(attributes)
    return error


def of_openai(status: int) -> Exception:
    """An exception of OpenAI's library."""
    response = httpx2.Response(status, request=httpx2.Request("GET", "https://a.example"))
    return openai.APIStatusError("no", response=response, body=None)


def of_httpx(status: int) -> Exception:
    """An exception of httpx."""
    request = httpx2.Request("GET", "https://a.example")
    return httpx2.HTTPStatusError("no", request=request, response=httpx2.Response(status, request=request))


def of_botocore(status: int, code: str) -> Exception:
    """An exception of botocore, the library of AWS."""
    return saying(response={"ResponseMetadata": {"HTTPStatusCode": status}, "Error": {"Code": code}})


SHAPES: Final[dict[str, Callable[[int], Exception]]] = {
    "httpx": of_httpx,
    "requests": lambda status: saying(response=Falsy(status_code=status, headers={}), request=None),
    "aiohttp": lambda status: saying(status=status, headers={}, request_info=object()),
    "openai": of_openai,
    "urllib": lambda status: saying(status=status, code=status, headers={}),
    "botocore": lambda status: of_botocore(status, "ValidationException"),
    "starlette": lambda status: saying(status_code=HTTPStatus(status)),
    "stripe": lambda status: saying(http_status=status),
}


def attempts(error: BaseException, declare: Callable[[Callable[..., object]], Tool] = pure) -> tuple[int, ToolFailed]:
    """How often a tool is called that raises this, with three retries, and the error."""
    calls: list[float] = []

    async def tool() -> None:
        calls.append(asyncio.get_running_loop().time())
        raise error

    found = play(call("a", declare(tool), retries=3)).errors["a"]
    assert isinstance(found, ToolFailed)
    return len(calls), found


@pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES.keys())
@pytest.mark.parametrize("status", STATUSES)
def test_a_request_that_is_wrong_itself_is_not_repeated(status: int, shape: Callable[[int], Exception]) -> None:
    """By its status, wherever the library keeps it; any other status is retried, and the error says which it was."""
    number, error = attempts(shape(status))
    assert number == (1 if status in REFUSED else 4)
    assert error.final == (f"status {status}" if status in REFUSED else None)
    assert str(error).endswith(f"; not retried: status {status}") == (status in REFUSED)


def test_the_statuses_are_those_of_the_contract() -> None:
    """400 to 404, 405, 410, 422."""
    assert FINAL == REFUSED


class Refused(llmc.Final, NotSent):
    """Both of them."""


@pytest.mark.parametrize(
    ("kind", "may_write"),
    [(pure, False), (read("r"), False), (write("r", idempotent=True), True), (write("r"), True)],
)
def test_final_errors_are_raised_once(kind: Callable[[Callable[..., object]], Tool], *, may_write: bool) -> None:
    """Whatever the tool does; a write is in doubt after one, unless the exception is NotSent too."""
    number, error = attempts(llmc.Final("there is no such city"), kind)
    assert number == 1
    assert error.in_doubt == may_write
    number, error = attempts(Refused(), kind)
    assert (number, error.in_doubt, error.final) == (1, False, "it is final")
    number, _ = attempts(NotSent(), kind)
    assert number == 4


def test_the_message_names_the_reason_where_a_retry_was_allowed() -> None:
    """And only there."""
    _, error = attempts(llmc.Final("there is no such city"))
    assert str(error) == "task a failed: `tool` raised Final: there is no such city; not retried: it is final"

    @pure
    async def tool() -> None:
        raise llmc.Final

    found = play(call("a", tool)).errors["a"]
    assert str(found) == "task a failed: `tool` raised Final"
    assert isinstance(found, ToolFailed)
    assert found.final is None


def test_a_final_error_falls_back() -> None:
    """At once."""

    @pure
    async def tool() -> None:
        raise llmc.Final

    run = play(call("a", tool, retries=3, fallback=0))
    assert (run.results, run.seconds) == ({"a": 0}, 0)


def test_a_server_that_asks_to_wait_is_asked_again() -> None:
    """403 with `Retry-After` is the rate limit of some APIs."""
    assert attempts(saying(response=SimpleNamespace(status_code=403, headers={"Retry-After": "1"})))[0] == 4


def test_the_cause_of_an_error_is_not_looked_at() -> None:
    """A tool that raises another exception has decided for it."""
    error: Exception = OutageError("try again")
    error.__cause__ = of_httpx(404)
    assert attempts(error)[0] == 4
    error = llmc.Final("stop")
    error.__cause__ = of_httpx(503)
    assert attempts(error)[0] == 1


class Hostile(Exception):  # noqa: N818
    """Cannot be looked at."""

    def __getattr__(self, name: str) -> object:
        raise RuntimeError(name)


@pytest.mark.parametrize(
    "error",
    [
        Hostile(),
        saying(status="404"),
        saying(status=None, response=None),
        saying(status=404.0),
        saying(response={"ResponseMetadata": "x"}),
        saying(response={1: 2}),
        of_botocore(400, "ThrottlingException"),
        of_botocore(400, "ProvisionedThroughputExceededException"),
        of_botocore(400, "RequestTimeout"),
        saying(code=404),
        saying(status_code=True),
        RequestRefused("gpt", "slow down", 409),
    ],
    ids=repr,
)
def test_what_cannot_be_read_as_a_status_is_retried(error: Exception) -> None:
    """Nothing is guessed."""
    assert attempts(error)[0] == 4


def test_a_model_that_refuses_a_request_is_not_asked_again() -> None:
    """Where a tool asks it."""
    assert attempts(RequestRefused("gpt", "too long", 400))[0] == 1


def group(*errors: BaseException) -> BaseException:
    """A group as task groups raise it."""
    return BaseExceptionGroup("unhandled errors in a TaskGroup", errors)


def word(error: BaseException) -> RetryAdvice:
    """What an exception says."""
    return RetryAdvice.of(error, lambda: 0.0, 60.0)


def test_a_group_says_what_all_in_it_say() -> None:
    """Nested ones too; the longest pause counts."""
    nested = group(llmc.Final(), group(of_httpx(404), Refused()))
    assert word(nested).final == "it is final"
    assert word(group(of_httpx(404), of_httpx(503))).final is None
    assert word(group(NotSent(), group(NotSent()))) == RetryAdvice(was_sent=False, pause=None, final=None)
    assert word(group(NotSent(), OutageError())).was_sent
    assert word(group(saying(retry_after=2), group(saying(retry_after=5)), OutageError())).pause == 5
    assert attempts(nested)[0] == 1
    assert attempts(group(NotSent()), write("r"))[0] == 4
    assert attempts(group(NotSent(), OutageError()), write("r"))[0] == 1


def test_a_group_names_its_first_errors() -> None:
    """The text of one alone says nothing."""
    _, error = attempts(group(ValueError("bad"), TimeoutError()))
    assert str(error) == (
        "task a failed: `tool` raised ExceptionGroup: unhandled errors in a TaskGroup (2 sub-exceptions): "
        "ValueError: bad; TimeoutError"
    )
    nested = group(group(ValueError("a"), group(KeyError("b"))), OSError("c"), OSError("d"), OSError("e"))
    assert described(nested).endswith("(4 sub-exceptions): ValueError: a; KeyError: 'b'; OSError: c; … 2 more")


class Lying(ExceptionGroup[Exception]):
    """Says something else about what is in it."""

    @property
    def exceptions(self) -> Any:  # noqa: ANN401 — anything
        """Nothing that can be used."""
        raise RuntimeError

    def __str__(self) -> str:
        raise RuntimeError


def test_hostile_groups_are_bounded() -> None:
    """Wide, deep, long and lying ones."""
    deep: BaseException = ValueError("x" * 10**6)
    for _ in range(5_000):
        deep = BaseExceptionGroup("deep", [deep])
    for each in (deep, group(*[ValueError("y" * 10**5)] * 10**4), Lying("l", [ValueError("z" * 10**5)])):
        assert len(described(each)) < LONGEST + 50
        assert word(each) == RetryAdvice(was_sent=True, pause=None, final=None)


@pytest.mark.parametrize("where", ["context", "approve"])
def test_groups_are_named_wherever_code_of_the_user_raises(where: str) -> None:
    """In contexts and approvals as in tools."""

    class Session:
        async def __aenter__(self) -> Self:
            raise group(ValueError("no network"))

        async def __aexit__(self, *_: object) -> None: ...

    async def approve(_: object) -> bool:
        raise group(ValueError("no network"))

    @read("r", approve=where == "approve")
    async def tool(session: llmc.Context[Any]) -> int:
        return 1

    words = r"ExceptionGroup: unhandled errors in a TaskGroup \(1 sub-exception\): ValueError: no network"
    if where == "context":
        with pytest.raises(llmc.ContextError, match=words):
            llmc.compile("1. tool()\njoin($1)", llmc.Toolbox([tool], context=Session)).run_sync()
    else:
        run = llmc.compile("1. tool()\njoin($1)", [tool]).run_sync(context=1, approve=approve)
        with pytest.raises(llmc.NotApproved, match=words):
            raise run.errors["1"]
