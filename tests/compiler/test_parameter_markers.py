"""Parameters that a plan does not see, secrets, and declarations that cannot work."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any, Protocol

import pytest

from llmc_compiler.expressions.types import STR
from llmc_compiler.session import Session
from llmc_compiler.tools.decorators import nondet, opaque, pure, read, write
from llmc_compiler.tools.parameter_markers import Context, ParameterMarkers, Secret
from llmc_compiler.tools.signature import ToolboxError
from llmc_compiler.tools.tool import Tool
from llmc_compiler.tools.toolbox import Toolbox
from llmc_grammar import parse
from tests.compiler.compiling import compiled


class Mailbox:
    """What letters are sent with."""


@write("mail", idempotency_key="key", approve=True, cost=0.5)
async def send(to: str, password: Secret[str], key: str, box: Context[Mailbox]) -> Secret[str]:
    """Send a letter."""
    return f"{to} {password} {key} {box}"


def test_what_the_run_fills_is_hidden() -> None:
    """From the names that a plan may use, from the schema, and from what is required."""
    assert send.signature.shape.positional == ("to", "password")
    assert send.signature.shape.required == ("to", "password")
    assert send.signature.parameters["required"] == ["to", "password"]
    assert set(send.signature.parameters["properties"]) == {"to", "password"}
    assert send.marks == ParameterMarkers("key", "box", Mailbox, frozenset({"password"}), returns_secret=True)
    assert send.marks.hidden == ("key", "box")


def test_a_marked_type_is_the_type_that_it_marks() -> None:
    """A secret has the schema of a text, is checked as one, and takes a reference in quotes as one."""
    assert send.signature.parameters["properties"]["password"] == {"type": "string"}
    assert send.signature.returns == {"type": "string"}
    assert send.signature.wants("password").at_most == STR


def test_declarations_are_kept() -> None:
    """What a decorator says is on the tool."""
    assert (send.approve, send.cost, send.may_repeat) == (True, 0.5, True)
    plain = pure(two_numbers)
    assert (plain.approve, plain.cost, plain.marks.hidden) == (False, 0.0, ())
    made = Tool.from_schema("f", "", {}, "write(a)", print, approve=True, cost=2)
    assert (made.approve, made.cost, made.may_repeat) == (True, 2, False)


@pytest.mark.parametrize(
    ("declare", "repeats"),
    [
        (pure, True),
        (read("a"), True),
        (write("a"), False),
        (write("a", idempotent=True), True),
        (write("a", idempotency_key="key"), True),
        (opaque(idempotency_key="key"), False),
    ],
)
def test_a_key_lets_a_write_be_repeated(declare: Callable[..., Tool], repeats: bool) -> None:
    """As the table of effects says: with a key, or where it is idempotent."""

    def tool(key: str = "") -> None:
        """Do something."""

    assert declare(tool).may_repeat is repeats


@pytest.mark.parametrize("declared", [True, False])
def test_the_warning_about_retries_asks_for_the_key(declared: bool) -> None:
    """W301 is for writes without one."""

    def put(key: str = "") -> None:
        """Write."""

    tool = write("a", idempotency_key="key")(put) if declared else write("a")(put)
    session = Session(Toolbox([tool]))
    for statement in parse("1. put() @retry(2)\n").plan.statements:
        session.feed(statement)
    assert [one.code for one in session.diagnostics] == ([] if declared else ["W301"])


class Speaks(Protocol):
    """Whatever speaks."""


def two_numbers() -> list[int]:
    """Take nothing."""
    return [1, 2]


def number_text(key: str) -> None:
    """Take a key."""


def no_key(to: str) -> None:
    """Do nothing."""


def number_as_key(key: int) -> None:
    """Do nothing."""


def key_by_place(key: str, /) -> None:
    """Do nothing."""


def key_before_more(key: str, *more: str) -> None:
    """Do nothing."""


def two_contexts(a: Context[Mailbox], b: Context[Mailbox]) -> None:
    """Do nothing."""


def context_as_result() -> Context[Mailbox]:
    """Give what nobody can take."""
    return Mailbox()


def secret_number(pin: Secret[int]) -> None:
    """Do nothing."""


def secret_inside(words: list[Secret[str]]) -> None:
    """Do nothing."""


def secret_or_none(word: Secret[str] | None) -> None:
    """Do nothing."""


def secret_rest(*words: Secret[str]) -> None:
    """Do nothing."""


def secret_inside_result() -> dict[str, Secret[str]]:
    """Give nothing."""
    return {}


@pytest.mark.parametrize(
    ("declare", "function", "words"),
    [
        (write("a", idempotency_key="key"), no_key, "the parameter `key` .* is missing; the parameters are: `to`"),
        (write("a", idempotency_key="key"), number_as_key, "the idempotency key is a string: write `key: str`"),
        (write("a", idempotency_key="key"), key_by_place, r"`key` is filled by name: put it after a `\*`"),
        (write("a", idempotency_key="key"), key_before_more, r"`key` is filled by name: put it after a `\*`"),
        (read("a", idempotency_key="key"), number_text, r"writes nothing \(read\(a\)\): leave the key out"),
        (pure, two_contexts, "`a` and `b` both take the context: keep one"),
        (pure, context_as_result, "the result cannot be a context"),
        (pure, secret_number, "a secret is a string: write `Secret\\[str\\]` for `pin`"),
        (pure, secret_inside, "is inside the type of `words`: mark the whole parameter"),
        (pure, secret_or_none, "is inside the type of `word`"),
        (pure, secret_rest, "`words` takes any number of arguments"),
        (pure, secret_inside_result, "is inside the type of the result"),
        (pure(cost=-1), two_numbers, "the cost of .* is -1: give a number that is not negative"),
        (pure(cost=float("nan")), two_numbers, "the cost of .* is nan"),
        (pure(cost=True), two_numbers, "the cost of .* is True"),
    ],
)
def test_a_wrong_declaration_is_refused(declare: Callable[..., Tool], function: Any, words: str) -> None:  # noqa: ANN401
    """With what to write instead."""
    with pytest.raises(ToolboxError, match=words):
        declare(function)


def test_a_secret_may_be_null_and_a_context_anything() -> None:
    """`Secret[str | None]` and `Context[object]` are fine, and so is a key behind a star."""

    def tool(*more: str, word: Secret[str | None] = None, key: str, box: Context[object]) -> None:
        """Do something."""

    def speak(box: Context[Speaks]) -> None:
        """Speak."""

    found = write("a", idempotency_key="key")(tool)
    assert (found.marks.secrets, found.marks.wants) == (frozenset({"word"}), None)
    assert nondet(speak).marks.wants is Speaks


def test_a_toolbox_gives_its_context_to_the_tools_that_take_one() -> None:
    """Also after it was joined with another; a context that nobody takes is a mistake."""

    @asynccontextmanager
    async def opened() -> AsyncIterator[Mailbox]:
        yield Mailbox()

    @asynccontextmanager
    async def other() -> AsyncIterator[Mailbox]:
        yield Mailbox()

    plain = pure(no_key)
    tools = Toolbox([send, plain], context=opened) | Toolbox([read("b", name="look")(lambda box=None: None)])
    assert [tool.opens for tool in tools] == [opened, None, None]
    assert [tool.opens for tool in Toolbox([*tools, pure(name="g")(two)], context=other)] == [opened, None, None, other]
    with pytest.raises(ToolboxError, match="no tool of this toolbox takes its context"):
        Toolbox([plain], context=opened)


def two(box: Context[Mailbox]) -> None:
    """Take the context."""


def test_a_resource_is_named_after_no_hidden_parameter() -> None:
    """Its argument is in no plan."""
    tool = write("a:{key}", idempotency_key="key")(number_text)
    with pytest.raises(ToolboxError, match="has no parameter `key`"):
        compiled("1. number_text()\n", Toolbox([tool]))
