"""`llmc tools`."""

import json
from pathlib import Path

import pytest

from llmc.cli.tools import type_text
from tests.cli.conftest import Cli

LISTED = """\
add(a: float, b: float = 1) -> float  [pure]
    The sum of two numbers.
entries(last: int? = null) -> list[str]  [read(log), about 0.25 s]
    The entries of the log.
log(text: str) -> int  [write(log)]
    Write an entry.
fail(text: str) -> str  [nondet]
    Raise an error.
"""


def test_tools_are_listed_with_signature_and_effect(cli: Cli) -> None:
    """Each tool has a line for its signature and one for the first line of its description."""
    assert cli("tools", "tools.py").stdout == LISTED


def test_json_has_the_schemas(cli: Cli) -> None:
    """--json prints a list of mappings."""
    first = json.loads(cli("tools", "tools.py", "--json").stdout)[0]
    assert first["name"] == "add"
    assert first["effect"] == "pure"
    assert first["description"].endswith("More about it.")
    assert first["parameters"]["required"] == ["a"]
    assert first["returns"] == {"type": "number"}


def test_tools_that_take_anything_say_so(cli: Cli, folder: Path) -> None:
    """A tool with an empty schema has no parameters to list."""
    (folder / "any.py").write_text(
        "from llmc import Tool, Toolbox\nTOOLS = Toolbox([Tool.from_schema('any', '', {}, 'opaque', print)])\n"
    )
    assert cli("tools", "any.py").stdout == "any(…) -> any  [opaque]\n"


LOOSE = """
from llmc import Tool, Toolbox
CODE = {"type": "string", "pattern": "^(?=[a-z])"}
TOOLS = Toolbox([Tool.from_schema("find", "Find it.", {"properties": {"code": CODE}}, "pure", print)])
"""


def test_what_is_not_checked_stands_beneath_a_tool(cli: Cli, folder: Path) -> None:
    """And in the JSON."""
    (folder / "loose.py").write_text(LOOSE)
    note = "the pattern `^(?=[a-z])` of `parameters/properties/code` is not checked"
    assert cli("tools", "loose.py").stdout == f"find(code: str = …) -> any  [pure]\n    Find it.\n    {note}\n"
    assert json.loads(cli("tools", "loose.py", "--json").stdout)[0]["notes"] == [note]
    assert json.loads(cli("tools", "tools.py", "--json").stdout)[0]["notes"] == []


DEFAULTS = """
import enum
from typing import Any
from llmc import Tool, Toolbox, pure

class Unit(enum.Enum):
    METRE = "m"

class Box:
    pass

@pure
def size(unit: Unit = Unit.METRE, box: Any = Box(), most: float = float("inf"), last: int | None = None) -> int:
    return 1

SCHEMA = {"properties": {"any": True, "set": {"default": {1}}, "word": {"default": "é"}, "n": {"type": "integer"}}}
TOOLS = Toolbox([size, Tool.from_schema("odd", "", SCHEMA, "opaque", print)])
"""


def test_a_default_that_is_no_json_is_not_null(cli: Cli, folder: Path) -> None:
    """`null` is a default that is None; what is not known, or an object of Python, is `…`."""
    (folder / "defaults.py").write_text(DEFAULTS, "utf-8")
    ended = cli("tools", "defaults.py")
    assert ended.stdout.splitlines() == [
        "size(unit: any = …, box: any = …, most: float = …, last: int? = null) -> int  [pure]",
        'odd(any: any = …, set: any = …, word: any = "é", n: int = …) -> any  [opaque]',
    ]


def test_a_broken_file_is_told_in_a_line(cli: Cli, folder: Path) -> None:
    """What the file raises is told with its place, without a traceback."""
    (folder / "broken.py").write_text("\n1 / 0\n")
    ended = cli("tools", "broken.py")
    assert (ended.status, ended.stdout) == (1, "")
    assert ended.stderr.endswith("broken.py:2: ZeroDivisionError: division by zero\n")
    assert ended.stderr.count("\n") == 1


@pytest.mark.parametrize("target", ["none.py", "nothing_of_this_name", "./"])
def test_what_is_not_there_is_wrong_usage(cli: Cli, target: str) -> None:
    """A missing file or module has status 2."""
    assert cli("tools", target).status == 2


@pytest.mark.parametrize(
    ("schema", "text"),
    [
        ({}, "any"),
        (None, "any"),
        (True, "any"),
        ({"type": "null"}, "null"),
        ({"type": "object"}, "dict[str, any]"),
        ({"type": "object", "additionalProperties": {"type": "integer"}}, "dict[str, int]"),
        ({"type": "array", "items": {"type": "array"}}, "list[list[any]]"),
        ({"anyOf": [{"type": "null"}, {"type": "string"}]}, "str?"),
        ({"anyOf": [{"type": "integer"}, {"type": "string"}]}, "any"),
        ({"type": ["string", "null"]}, "any"),
        ({"enum": [1]}, "any"),
    ],
)
def test_schemas_are_written_as_types_of_the_language(schema: object, text: str) -> None:
    """What the language has no word for is `any`."""
    assert type_text(schema) == text


def test_what_a_tool_says_of_itself_controls_no_terminal(cli: Cli, folder: Path) -> None:
    """Descriptions, names and defaults may come from anybody."""
    schema = {"properties": {"a\x1b[2J": {"default": "\x1b]0;x\x07"}}}
    (folder / "evil.py").write_text(
        "from llmc import Tool, Toolbox\n"
        f"TOOLS = Toolbox([Tool.from_schema('evil', 'It is \\x1b[31mred\\u202e.', {schema!r}, 'opaque', print)])\n"
    )
    ended = cli("tools", "evil.py")
    assert ended.stdout.replace("\n", "").isprintable()
    assert "It is \\x1b[31mred\\u202e." in ended.stdout
