"""Parts of secrets beside the place where a text was cut are hidden too."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llmc_compiler.ir.graph import TaskId
from llmc_grammar.ast import NOWHERE
from llmc_runtime.errors import PlanError, ToolFailed
from llmc_runtime.redaction import HIDDEN, SHORTEST, Secrets
from llmc_runtime.text_format import cut_middle
from tests.growth import is_linear

HORSE = "correct horse battery staple"


def cut_off(before: int, after: int) -> str:
    """The text of an error in whose middle something is cut off, a secret behind so many characters, once covered."""
    secrets = Secrets()
    secrets.add(HORSE)
    why = ValueError("x" * before + HORSE + "y" * after)
    error = ToolFailed(TaskId("1"), NOWHERE, tool="f", attempt=1, why=why)
    assert "…" in str(error)
    secrets.cover(error)
    return str(error)


@pytest.mark.parametrize("kept", range(SHORTEST, len(HORSE)))
def test_a_secret_that_was_cut_off_is_hidden_too(kept: int) -> None:
    """An error's text is bounded: before the cut it may end in the middle of one, behind it begin there."""
    head, tail = 199, 100
    first = cut_off(head - kept, 500)
    assert first.endswith(f"x{HIDDEN}…{'y' * tail}")
    last = cut_off(500, tail - kept)
    assert last.endswith(f"x…{HIDDEN}{'y' * (tail - kept)}")


def test_a_secret_whose_middle_was_cut_off_is_hidden_on_both_sides() -> None:
    """Nothing of a secret of which both ends are left is seen, and what stands around it is."""
    secrets = Secrets()
    secrets.add("begin" + "x" * 600 + "end!")
    words = "a" * 150 + "begin" + "x" * 600 + "end!" + "b" * 50
    error = ToolFailed(TaskId("1"), NOWHERE, tool="f", attempt=1, why=ValueError(words))
    assert "begin" in str(error)
    assert "end!" in str(error)
    secrets.cover(error)
    assert str(error).endswith(f"{'a' * 150}{HIDDEN}…{HIDDEN}{'b' * 50}")
    again = str(error)
    secrets.cover(error)
    assert str(error) == again


@given(
    secret=st.text(alphabet="abc", min_size=SHORTEST, max_size=40),
    before=st.text(alphabet="xa", max_size=60),
    after=st.text(alphabet="yb", max_size=60),
    most=st.integers(2, 40),
)
def test_no_part_of_a_secret_is_left_beside_a_cut(secret: str, before: str, after: str, most: int) -> None:
    """Of as many characters as a part is found by; nothing else is taken away."""
    secrets = Secrets()
    secrets.add(secret)
    text = cut_middle(before + secret + after, most)
    error = PlanError(TaskId("1"), text)
    secrets.cover(error)
    head, mark, tail = str(error).removeprefix("task 1 ").partition("…")
    parts = range(SHORTEST, len(secret) + 1) if mark else ()
    assert secret not in str(error).replace(HIDDEN, "")
    assert not any(head.endswith(secret[:size]) for size in parts)
    assert not any(tail.startswith(secret[-size:]) for size in parts)
    assert len(str(error).replace(HIDDEN, "")) <= len(f"task 1 {text}")


def test_what_was_cut_off_is_found_in_linear_time() -> None:
    """However many ellipses and secrets there are."""
    secrets = Secrets()
    for number in range(300):
        secrets.add(f"aaaa{number:06}" * 5)

    def cover(ellipses: int) -> None:
        secrets.cover(PlanError(TaskId("1"), "aaaa…" * ellipses))

    assert is_linear(cover, 50, 400)
