"""Formats of values in texts: those that are read, and the reasons against others."""

from itertools import product

import pytest

from llmc_grammar.format_specs import format_mistake, is_for_numbers

PARTS = (
    ("", "<", "^"),
    ("", "+"),
    ("", "0"),
    ("", "8", "100"),
    ("", ",", "_"),
    ("", ".0", ".100"),
    ("", "f", "g", "%"),
)


def test_every_combination_of_parts_is_a_format() -> None:
    """In their order; and Python takes each for a number."""
    specs = ["".join(parts) for parts in product(*PARTS)]
    assert [spec for spec in specs if format_mistake(spec) is not None] == [""]
    assert all(format(1.5, spec) for spec in specs)
    assert sum(not is_for_numbers(spec) for spec in specs) == 9  # an alignment and a width, or one of them, or nothing


@pytest.mark.parametrize(
    ("spec", "reason"),
    [
        ("", "the format is empty: leave it out, or write for example `,.2f`"),
        ("101", "the width of the format is more than 100: use a smaller number"),
        ("9" * 5_000, "the width of the format is more than 100: use a smaller number"),
        (".101f", "the digits of the format are more than 100: use a smaller number"),
        (".2d", "`d` writes integers and takes no digits: write `f` in its place"),
    ],
)
def test_a_mistake_has_a_reason(spec: str, reason: str) -> None:
    """And a suggestion."""
    assert format_mistake(spec) == reason


@pytest.mark.parametrize(
    "spec", ["x", "s", "F", "=8", "*>8", " 8", "-8", "#8", ".05f", "00", ",_", "8.", "f8", "٣", "8\n"]
)
def test_other_text_is_not_a_format(spec: str) -> None:
    """Even where Python takes it."""
    mistake = format_mistake(spec)
    assert mistake is not None
    assert mistake.startswith("the format does not have the form")
    assert not is_for_numbers(spec)
