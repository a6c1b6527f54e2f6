"""What every mistake is: frozen, by keyword, equal by value."""

import pytest

from llmc_grammar.diagnostic import Diagnostic
from llmc_grammar.mistake import Edit, mistake
from llmc_grammar.source import Span


@mistake
class Wobble(Diagnostic):
    """Something wobbles."""

    code = "W999"
    title = "`{name}` wobbles"
    help = "did you mean `{suggestion}`?"

    name: str
    suggestion: str | None = None


HERE = Span(1, 2)


def test_a_mistake_is_what_it_was_made_of() -> None:
    """Equal values, equal mistakes; its text shows how to make it."""
    one = Wobble(span=HERE, name="x")
    assert one == Wobble(span=HERE, name="x", edit=None)
    assert one != Wobble(span=HERE, name="y")
    assert len({one, Wobble(span=HERE, name="x")}) == 1
    assert "name='x'" in repr(one)
    assert one.severity == "warning"


def test_a_mistake_never_changes() -> None:
    """Its fields cannot be assigned to."""
    with pytest.raises(AttributeError, match="cannot assign to field 'name'"):
        Wobble(span=HERE, name="x").name = "y"  # type: ignore[misc]  # what is refused


def test_fields_are_checked() -> None:
    """A missing field is an error of whoever makes the mistake, and so is an unknown one."""
    with pytest.raises(TypeError, match="Wobble has wrong fields: name"):
        Wobble(span=HERE)  # type: ignore[call-arg]  # what is refused
    with pytest.raises(TypeError, match="Wobble has wrong fields: colour"):
        Wobble(span=HERE, name="x", colour=Edit(HERE, ""))  # type: ignore[call-arg]  # what is refused


def test_a_line_with_an_empty_hole_is_left_out() -> None:
    """The help needs its suggestion; the title has what it needs."""
    one = Wobble(span=HERE, name="x")
    assert (one.words("title"), one.words("help")) == ("`x` wobbles", "")
    assert Wobble(span=HERE, name="x", suggestion="y").words("help") == "did you mean `y`?"
