"""What goes through pools of processes, and the functions that run there: both are found by their names."""

from concurrent.futures import ProcessPoolExecutor
from functools import cache
from multiprocessing.context import BaseContext
from types import SimpleNamespace

import llmc
from llmc_runtime.agent.agent_events import Progress
from llmc_runtime.agent.answers.answer import Answer
from tests.agent.asking import ask, watch
from tests.agent.fakes import World


class NamedError(Exception):
    """Cannot be made of its `args`."""

    def __init__(self, *, code: int) -> None:
        super().__init__(f"code {code}")
        self.code = code


class CityError(Exception):
    """Has an attribute."""

    def __init__(self, city: str) -> None:
        super().__init__(city)
        self.city = city


class TokenError(Exception):
    """Has one that its text does not tell."""

    def __init__(self, token: str) -> None:
        super().__init__()
        self.token = token


class HTTPStatusError(Exception):
    """As httpx has it."""

    def __init__(self, message: str, *, response: object) -> None:
        super().__init__(message)
        self.response = response


def refused(status: int, *, token: str = "", **headers: str) -> HTTPStatusError:
    """The exception of httpx for a refused request."""
    request = SimpleNamespace(headers={"authorization": f"Bearer {token}"})
    response = SimpleNamespace(status_code=status, headers=headers, request=request)
    return HTTPStatusError(f"{status} Not Found", response=response)


@llmc.read("sea")
def depth(place: str) -> int:
    """Depth of a sea; there is none in the desert."""
    if place == "desert":
        raise CityError(place)
    return len(place)


PLAN = """
input place: str = "Baltic"
1. depth($place)
2. depth("desert") @retry(1) @fallback(0)
3. depth($p) for p in ["a", "desert"]
4. depth("$3[0]")
unused = depth("Black Sea")
join([$1, $2])
"""
PROGRAM = llmc.compile(PLAN, [depth])


def run() -> llmc.Run:
    """A run in which something failed, with a warning."""
    return PROGRAM.run_sync()


def refused_run() -> llmc.Run:
    """A run that its limits do not let begin."""
    return PROGRAM.run_sync(limits=llmc.Limits(tasks=1))


@llmc.read("vault")
def opened(key: llmc.Secret[str]) -> llmc.Secret[str]:
    """What is locked with a key."""
    return f"{key}!"


@llmc.write("log")
def broken(key: llmc.Secret[str]) -> str:
    """Fails, and keeps the key."""
    raise TokenError(key)


@llmc.write("wall")
def half(n: int, key: llmc.Secret[str]) -> llmc.Secret[str]:
    """Fails for some."""
    if n:
        raise ValueError(n)
    return key


def secret_run(secret: str) -> llmc.Run:
    """A run whose value, results, loop and causes have a secret."""
    text = (
        'input key: str\n1. opened($key)\n2. broken($key)\n3. half($n, $key) for n in [0, 1]\njoin({"it": $1, "n": 1})'
    )
    return llmc.compile(text, [opened, broken, half]).run_sync({"key": secret})


@llmc.write("first")
def told_early(text: str) -> str:
    """Fails with what is no secret yet."""
    raise ValueError(text)


@llmc.write("second")
def told_late(text: str) -> llmc.Secret[str]:
    """Gives it as one."""
    return text


def late_secret_run(secret: str) -> llmc.Run:
    """A run whose plan, a warning and an error have a text before that is a secret."""
    text = f'1. told_early("{secret}")\n2. told_late("{secret}")\n3. "{secret}"\njoin("done")'
    return llmc.compile(text, [told_early, told_late]).run_sync(limits=llmc.Limits(width=1))


def cause_of(error: BaseException) -> BaseException:
    """The cause, which is there."""
    assert error.__cause__ is not None
    return error.__cause__


@cache
def answer() -> Answer:
    """The answer to a question that took two plans."""
    return ask(['1. search("a")\njoin()', "Replan(more)", '2. search("b")\njoin()', "Finish(done)"], World())[0]


@cache
def told() -> tuple[Progress | Answer, ...]:
    """What a question told."""
    return tuple(watch(['1. search("a")\njoin()', "Finish(done)"]))


def given_back(thing: object) -> object:
    """What a worker does: nothing."""
    return thing


def shown(thing: object) -> object:
    """What can be compared of an error, a run or an answer."""
    if isinstance(thing, BaseException):
        return type(thing).__name__, str(thing)
    return thing.to_json()  # type: ignore[attr-defined]  # a run or an answer


def pool(context: BaseContext, workers: int) -> ProcessPoolExecutor:
    """A pool of processes that are started in this way."""
    return ProcessPoolExecutor(workers, mp_context=context)
