"""Messages of standard functions: a fact, and one suggestion."""

from pathlib import Path
from typing import Final

import pytest

from llmc_compiler.expressions.functions.formats import formatted
from llmc_compiler.expressions.functions.table import FUNCTIONS
from llmc_compiler.expressions.operators import OperandError
from llmc_compiler.expressions.terms import Json
from tests.compiler.functions.inputs import Arguments
from tests.compiler.functions.written import read
from tests.golden import settle_file

MESSAGES: Final = Path(__file__).with_name("messages.txt")


@pytest.mark.golden
def test_a_message_says_what_to_write() -> None:
    """Each call has its message in messages.txt: the fact with its subject first, then one instruction."""
    calls = MESSAGES.read_text("utf-8").splitlines()[::3]
    assert len(calls) > 50
    settle_file(MESSAGES, "\n".join(f"{call}\n{message_of(call)}\n" for call in calls))


def message_of(call: str) -> str:
    """The message of a call that is refused."""
    function, arguments = read(call)
    with pytest.raises(OperandError) as raised:
        function.call(arguments)
    return str(raised.value)


@pytest.mark.parametrize(
    "arguments",
    [[], [("a", {})], [("a", {}), ("c", {})], [("a", {}), ("b", {}), ("c", {})]],
)
def test_arguments_that_do_not_fit_are_refused(arguments: Arguments) -> None:
    """As where a saved graph has them."""
    with pytest.raises(OperandError, match=r"the arguments of `merge` do not fit: write `merge\(a, b, more…\)`"):
        FUNCTIONS["merge"].call(arguments)
    assert not FUNCTIONS["merge"].accepts([name for name, _ in arguments])


def test_more_arguments_need_a_parameter_that_takes_many() -> None:
    """Others take one argument each."""
    with pytest.raises(OperandError, match="do not fit"):
        FUNCTIONS["abs"].call([("x", 1), (None, 2)])
    assert FUNCTIONS["merge"].call([("a", {}), ("b", {}), (None, {"a": 1})]) == {"a": 1}


def test_a_default_of_null_is_a_default() -> None:
    """Left out and null are not the same."""
    assert FUNCTIONS["max"].call([("xs", []), ("default", None)]) is None
    with pytest.raises(OperandError):
        FUNCTIONS["max"].call([("xs", [])])


def test_long_names_are_cut_in_messages() -> None:
    """A key may be as long as a text."""
    with pytest.raises(OperandError) as raised:
        FUNCTIONS["max"].call([("xs", [{"b" * 10_000: 1}, {}]), ("by", "a" * 10_000)])
    assert len(str(raised.value)) < 150


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (None, "a format takes a number or a text, not null: test it first, `… if $x != null`"),
        ([1], "a format takes a number or a text, not a list: take an element of it, `$x[0]`"),
        ({}, "a format takes a number or a text, not a mapping: take a part of it, `$x.name`"),
        (True, "a format takes a number or a text, not true or false: make it a text, `str($x)`"),
    ],
)
def test_a_value_in_a_text_may_have_no_format(value: Json, message: str) -> None:
    """As in `${x:>8}`, where no call has checked it; and a format that is none is refused."""
    with pytest.raises(OperandError) as raised:
        formatted(value, ">8")
    assert str(raised.value) == message
    with pytest.raises(OperandError, match="the format does not have the form"):
        formatted("a", "x")
