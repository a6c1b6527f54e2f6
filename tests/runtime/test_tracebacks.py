"""A tool's failure has the file and the line of the tool's own frame, and its traceback as text."""

import asyncio
import functools
import json
import math
import traceback
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

import llmc
from llmc.cli.terminal.traceback_output import tracebacks
from llmc_compiler.tools.decorators import pure
from llmc_compiler.tools.tool import Tool
from llmc_runtime.errors import LoopFailed, PlanError, ToolFailed
from llmc_runtime.tracebacks import LONGEST, place_in, traceback_text
from tests.runtime.build import call, loop, play

HERE = __file__


def helper(words: str) -> str:
    """Fail, in the file of the tools."""
    raise ValueError(words)  # the helper


def line_of(words: str) -> int:
    """The line of this file that ends with a comment."""
    return next(
        at for at, line in enumerate(Path(HERE).read_text("utf-8").splitlines(), 1) if line.endswith(f"# {words}")
    )


@pure
def sync_tool(value: object = None) -> object:
    """Fail in a thread."""
    raise ValueError(value)  # sync


@pure
async def async_tool(value: object = None) -> object:
    """Fail in a task."""
    await asyncio.sleep(0)
    raise ValueError(value)  # async


@pure
def with_helper(value: object = None) -> object:
    """Fail in a function beside it."""
    return helper(str(value))


@pure
def in_library(value: object = None) -> object:
    """Fail in a library."""
    return json.loads(f"{value}]")  # library


@pure
async def in_a_group(value: object = None) -> object:
    """Fail in tasks of its own."""
    async with asyncio.TaskGroup() as group:  # group
        group.create_task(asyncio.to_thread(helper, str(value)))
    return value


def retrying(function: Callable[..., Any]) -> Callable[..., Any]:
    """A decorator of a library: it calls the function, and raises an error of its own."""
    source = """
import functools
def make(function, wraps):
    def wrapper(*args, **kwargs):
        try:
            return function(*args, **kwargs)
        except ValueError as error:
            raise RuntimeError("given up") from error
    return wraps(function)(wrapper)
"""
    module = ModuleType("retries")
    exec(compile(source, "/lib/retries.py", "exec"), vars(module))  # noqa: S102 — our own text
    found: Callable[..., Any] = module.make(function, functools.wraps)
    return found


@pure
@retrying
def decorated(value: object = None) -> object:
    """Fail below a decorator."""
    raise ValueError(value)  # decorated


@pure
def executing(value: object = None) -> None:
    """Fail in code that is made of a text, as initializers of dataclasses are."""
    names = {**globals(), "value": value}
    exec("def made():\n    raise ValueError(value)\nmade()", names)  # noqa: S102 — our own text # executing


class Service:
    """Tools that are no functions."""

    def method(self, value: object = None) -> object:
        """Fail in a method."""
        raise ValueError(value)  # method

    def __call__(self, value: object = None) -> object:
        """Fail in an object."""
        raise ValueError(value)  # object


def partially(first: object, value: object = None) -> object:
    """Fail in a partial."""
    raise ValueError(first, value)  # partial


TOOLS: list[tuple[Tool, str]] = [
    (sync_tool, "sync"),
    (async_tool, "async"),
    (with_helper, "the helper"),
    (in_library, "library"),
    (in_a_group, "group"),
    (decorated, "decorated"),
    (executing, "executing"),
    (pure(Service().method), "method"),
    (pure(name="service")(Service()), "object"),
    (pure(name="partially")(functools.partial(partially, 1)), "partial"),
]


@pytest.mark.parametrize(("tool", "words"), TOOLS, ids=[words for _, words in TOOLS])
def test_the_place_is_the_innermost_in_the_tools_file(tool: Tool, words: str) -> None:
    """Whatever is around the function, and wherever it calls; it stays with the error of a loop, and elsewhere."""
    run = play(call("a", tool, "x"), loop("b", [1, 2], call("b/each", tool, "x")))
    error, looped = run.errors["a"], run.errors["b"]
    assert isinstance(error, ToolFailed)
    assert isinstance(looped, LoopFailed)
    assert error.place == (HERE, line_of(words)) == looped.place == error.at(error.span).place
    found = run.to_json()["errors"]
    for task in "ab":
        assert (found[task]["file"], found[task]["line_in_file"]) == error.place
    assert "llmc_runtime" not in traceback_text(error.__cause__ or error)


def test_the_innermost_frame_is_elsewhere() -> None:
    """The control: of what calls a library, the last frame is none of the tool."""
    cause = play(call("a", in_library, "x")).errors["a"].__cause__
    assert cause is not None
    assert traceback.extract_tb(cause.__traceback__)[-1].filename != HERE
    assert traceback.extract_tb(cause.__traceback__)[0].filename != HERE


def test_where_no_frame_is_the_tools_there_is_no_place() -> None:
    """A function of C has none, and an exception that was never raised; frames of llmc are no tool's."""
    run = play(call("a", pure(name="root")(math.isqrt), -1))
    error = run.errors["a"]
    assert isinstance(error, ToolFailed)
    assert error.place is None
    assert "file" not in run.to_json()["errors"]["a"]
    assert place_in(ValueError("x"), sync_tool) is None


def test_a_failure_without_a_tools_frame_has_no_place() -> None:
    """A time that is over, or a result that does not fit."""

    @pure
    async def wrong() -> int:
        return "x"  # type: ignore[return-value]  # the point

    run = play(call("a", wrong), call("b", pure(name="nap")(asyncio.sleep), 9, timeout=1))
    assert {task: error.place for task, error in run.errors.items()} == {"a": None, "b": None}


def deep(count: int) -> None:
    """Call itself so often, and fail."""
    if not count:
        raise ValueError("x" * 30_000)
    deep(count - 1)


def test_a_traceback_is_bounded() -> None:
    """However deep it is, however long its words are, and whatever led to it."""

    def second() -> None:
        try:
            deep(500)
        except ValueError as error:
            raise RuntimeError("second") from error

    with pytest.raises(RuntimeError) as caught:
        second()
    text = traceback_text(caught.value)
    assert len(text) <= LONGEST
    assert text.startswith("Traceback (most recent call last):\n  File ")
    assert text.endswith("\nRuntimeError: second")
    assert "more frames" in text
    endless = ValueError("a")
    endless.__context__ = ExceptionGroup("g", [endless, ValueError("b")])
    endless.__context__.__context__ = endless
    assert traceback_text(endless).endswith("ValueError: a")


def test_a_traceback_has_what_led_to_it_and_what_is_in_a_group() -> None:
    """In the order of Python."""

    def several() -> None:
        try:
            helper("first")
        except ValueError:
            raise ExceptionGroup("several", [OSError("one"), OSError("two")])  # noqa: B904 — the context is the point

    with pytest.raises(ExceptionGroup) as caught:
        several()
    lines = traceback_text(caught.value).splitlines()
    words = (
        "ValueError: first",
        "During handling of",
        "ExceptionGroup: several",
        "  | OSError: one",
        "  | OSError: two",
    )
    places = [next(at for at, line in enumerate(lines) if line.startswith(word)) for word in words]
    assert places == sorted(places)


class MuteError(Exception):
    """An exception that cannot say what it is."""

    def __str__(self) -> str:
        raise RuntimeError


def test_an_exception_that_cannot_be_described_has_a_traceback() -> None:
    """Its name is told."""
    assert "MuteError" in traceback_text(MuteError())


@pytest.mark.parametrize("is_in_group", [False, True])
def test_secrets_are_in_no_traceback(is_in_group: bool) -> None:
    """Neither in the words of an exception, over several lines and in groups, nor in what led to it."""

    @llmc.pure
    def leak(password: llmc.Secret[str]) -> str:
        try:
            return helper(password)
        except ValueError as error:
            raise (ExceptionGroup(password, [OSError(password)]) if is_in_group else OSError("x")) from error

    secret = "-----BEGIN KEY\nabcdefgh\nijklmnop-----"
    run = llmc.compile("input p: str\na = leak($p)\njoin($a)\n", [leak]).run_sync({"p": secret})
    ((title, text),) = tracebacks(run)
    assert title == "task a, line 2, attempt 1:"
    assert "ValueError: [secret]" in text
    assert "in leak\n" in text
    assert not any(part in text for part in secret.splitlines())
    assert isinstance(run.errors["a"], PlanError)
    assert run.errors["a"].place is not None
