"""Docstrings: which lines are about parameters, and what is left for the description of the tool."""

import pytest

from llmc_compiler.tools.decorators import pure
from llmc_compiler.tools.functions.docstrings import read_docstring
from tests.growth import is_linear

NAMES = frozenset({"x", "y", "args", "kwargs"})

READ: list[tuple[str, str, dict[str, str]]] = [
    (
        "Do.\n\nArgs:\n    x: One.\n    y (int): Two.\n\nReturns:\n    It.",
        "Do.\n\nReturns:\n    It.",
        {"x": "One.", "y": "Two."},
    ),
    (
        "Args:\n  x (Callable[[int], str], optional): One\n      and more:\n\n      yes.\n",
        "",
        {"x": "One and more: yes."},
    ),
    ("Arguments:\n    *args: Some.\n    **kwargs (Any): Others.", "", {"args": "Some.", "kwargs": "Others."}),
    (
        "Do.\n\nKeyword arguments:\nx -- the real part (default 0.0)\ny -- the other\n",
        "Do.",
        {"x": "the real part (default 0.0)", "y": "the other"},
    ),
    ("Args:\n    x: One.\n      y: Two.\n   args: Three.", "", {"x": "One.", "y": "Two.", "args": "Three."}),
    ("Args:\n  x: A mapping with\n    y: its key", "", {"x": "A mapping with y: its key"}),
    ("Args:\n\tx: One.\n\ty: Two.", "", {"x": "One.", "y": "Two."}),
    ("**Parameters:**\n\n- `x` (int) - One.\n- **y**: Two.\n\nMore.", "More.", {"x": "One.", "y": "Two."}),
    (
        "Args:\n    x: One.\n    z: No parameter.\n        Its text.",
        "Args:\n    z: No parameter.\n        Its text.",
        {"x": "One."},
    ),
    ("Args:\n    x:\n        Below.\n    y:", "", {"x": "Below."}),
    ("Args:\n    x: One.\nRaises:\n    y: Two.", "Raises:\n    y: Two.", {"x": "One."}),
    (
        "Parameters\n----------\nx : int, optional\n    One.\n\n    More.\n*args\n    Some.\n\nNotes\n-----\ny : no",
        "Notes\n-----\ny : no",
        {"x": "One. More.", "args": "Some."},
    ),
    ("Other Parameters\n----------------\nx, y : {'a', 'b'}\n    Both.", "", {"x": "Both.", "y": "Both."}),
    (
        "Parameters\n==========\n    x: int\n        One.\n    z: int\n        Two.",
        "Parameters\n==========\n    z: int\n        Two.",
        {"x": "One."},
    ),
    (
        "Do.\n\n:param x: One\n    and more.\n:param int y: Two.\n:type y: int\n:returns: x\n:rtype: int",
        "Do.\n\n:returns: x\n:rtype: int",
        {"x": "One and more.", "y": "Two."},
    ),
    (
        ":param \\*args: Some.\n:keyword kwargs: Others.\n:param z: None.",
        ":param z: None.",
        {"args": "Some.", "kwargs": "Others."},
    ),
    ("Do.\n@param x: One.\n@return: It.", "Do.\n@return: It.", {"x": "One."}),
]


@pytest.mark.parametrize(("text", "description", "texts"), READ)
def test_parameters_are_read_and_removed(text: str, description: str, texts: dict[str, str]) -> None:
    """Of every style; all other lines stay, in order."""
    assert read_docstring(text, NAMES) == (description, texts)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Do.\n\n\n\nMore.  ",
        "Args:\n    z: No parameter.\n    Neither is this.",
        "Args: x: inline",
        "The x: 5, and y: 6.\nx: 7",
        "Parameters\n----------\nz : int\n    x: One.",
        ":raises x: Never.\n:param z: None.",
        "Arguments matter.\n    x: no section",
    ],
)
def test_a_text_without_parameters_is_left_alone(text: str) -> None:
    """To the last blank."""
    assert read_docstring(text, NAMES) == (text, {})


HOSTILE = [
    ":param " + "a" * 100_000,
    ":" + "a" * 100_000,
    ":a" + " " * 100_000,
    ":a " + " :" * 50_000,
    "Args:\n  x " + "(" * 50_000 + ")" * 50_000,
    "Args:\n  x (" + ") " * 50_000,
    "Args:\n  x" + " " * 100_000 + "-",
    "Args:\n  " + "`*\\" * 50_000,
    "Parameters\n---\n" + "x, " * 30_000 + "!",
    "Args:\n" * 20_000,
    "Args:\n  x: y\n" * 20_000,
    "Parameters\n----\nx\n" * 20_000,
    ":param x: y\n\n" * 20_000,
]


@pytest.mark.parametrize("text", HOSTILE, ids=lambda text: repr(text[:12]))
def test_the_time_is_linear(text: str) -> None:
    """Descriptions come from servers and packages, and the largest take a fraction of a second."""
    assert is_linear(lambda part: read_docstring(part, NAMES), text[: len(text) // 8], text)


def test_descriptions_stand_at_parameters() -> None:
    """In the schema and in what prompts read; those of parameters that take any number, too."""

    @pure
    def tool(x: int, *args: str, **kwargs: float) -> int:
        """Do.

        Args:
            x: One.
            *args: Some.
            **kwargs: Others.
        """
        return x

    assert tool.description == "Do."
    assert tool.signature.parameters["properties"]["x"] == {"type": "integer", "description": "One."}
    found = {each.many + each.name: each.schema for each in tool.signature.takes}
    assert found == {
        "x": {"type": "integer", "description": "One."},
        "*args": {"type": "string", "description": "Some."},
        "**kwargs": {"type": "number", "description": "Others."},
    }
