"""`llmc tools`."""

import json
from pathlib import Path

import pytest

import llmc
from llmc.config.tool_files import load_file
from llmc_compiler.expressions.functions.table import FUNCTIONS
from llmc_runtime.agent.agent import Agent
from llmc_runtime.agent.prompting.tool_docs.type_texts import type_text
from tests.agent.fakes import Script
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


def test_std_lists_the_functions(cli: Cli) -> None:
    """Signature, description and an example of each; an example evaluates to the value beside it."""
    lines = cli("tools", "--std").stdout.splitlines()
    assert len(lines) == 3 * len(FUNCTIONS)
    assert lines[:3] == ["abs(x)", "    The number without its sign.", "    abs(-3)  # 3"]
    listed = json.loads(cli("tools", "--std", "--json").stdout)
    assert [each["name"] for each in listed] == [*FUNCTIONS]
    for each in listed:
        program = llmc.compile(f"1. {each['example']['call']}\njoin($1)", [])
        assert program.run_sync().value == each["example"]["value"], each["name"]
    (rounding,) = (each for each in listed if each["name"] == "round")
    assert rounding["parameters"] == [
        {"name": "x", "type": "float", "required": True, "many": False},
        {"name": "digits", "type": "int", "required": False, "many": False, "default": 0},
    ]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((), "name a Python file or a module, or give `--std`"),
        (("--std", "tools.py"), "remove `tools.py`"),
        (("--std", "--prompt"), "remove `--prompt`"),
        (("--std", "--budget", "3"), "remove `--budget`"),
    ],
)
def test_functions_or_tools_are_listed(cli: Cli, arguments: tuple[str, ...], words: str) -> None:
    """One of them, and the budget is one of tools."""
    ended = cli("tools", *arguments)
    assert (ended.status, ended.stdout) == (2, "")
    assert words in ended.stderr


def test_json_has_the_schemas(cli: Cli) -> None:
    """--json prints a list of mappings."""
    first = json.loads(cli("tools", "tools.py", "--json").stdout)[0]
    assert first["name"] == "add"
    assert first["effect"] == "pure"
    assert first["description"].endswith("More about it.")
    assert first["parameters"]["required"] == ["a"]
    assert first["returns"] == {"type": "number"}


def test_json_has_the_names_that_plans_write(cli: Cli, folder: Path) -> None:
    """The tool's, and each parameter's by its own name."""
    (folder / "odd.py").write_text(
        "from llmc import Tool, Toolbox\n"
        "SCHEMA = {'properties': {'$top': {'type': 'integer'}, 'q': {'type': 'string'}}, 'required': ['q']}\n"
        "TOOLS = Toolbox([Tool.from_schema('list-users', '', SCHEMA, 'pure', print)])\n"
    )
    first = json.loads(cli("tools", "odd.py", "--json").stdout)[0]
    assert (first["name"], first["own_name"]) == ("list_users", "list-users")
    assert first["spellings"] == {"q": "q", "$top": "_top"}


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
    assert (
        cli("tools", "loose.py").stdout == f"find(code?: str /^(?=[a-z])/) -> any  [pure]\n    Find it.\n    {note}\n"
    )
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
    """`null` is a default that is None; one that is not known, or that no plan can write, is a `?` behind the name."""
    (folder / "defaults.py").write_text(DEFAULTS, "utf-8")
    ended = cli("tools", "defaults.py")
    assert ended.stdout.splitlines() == [
        'size(unit: "m" = "m", box?: any, most?: float, last: int? = null) -> int  [pure]',
        'odd(any?: any, set?: any, word: any = "é", n?: int) -> any  [opaque]',
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
        ({"anyOf": [{"type": "integer"}, {"type": "string"}]}, "int | str"),
        ({"type": ["string", "null"]}, "str?"),
        ({"enum": [1]}, "1"),
        ({"type": "file"}, "any"),
        (False, "nothing"),
        ({"enum": []}, "nothing"),
        ({"format": "uri"}, "str (uri)"),
        ({"required": ["a"]}, '{"a": any}'),
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


LIKE_A_SERVER = """
from llmc import Tool, Toolbox
PARAMETERS = {
    "properties": {
        "owner": {"type": "string", "description": "Owner of the repository"},
        "page": {"type": "integer", "minimum": 1, "description": "Page of the results"},
    },
    "required": ["owner"],
}
TOOLS = Toolbox([Tool.from_schema("list_issues", "List issues.", PARAMETERS, "read(github)", print)])
"""


def test_the_prompt_is_that_of_a_planner_with_its_size(cli: Cli, folder: Path) -> None:
    """The system message on standard output, characters and tokens on standard error."""
    (folder / "server.py").write_text(LIKE_A_SERVER, "utf-8")
    ended = cli("tools", "server.py", "--prompt")
    agent = Agent(load_file(folder / "server.py"), model=Script([]))
    (system, _) = agent.planner.messages("", list(agent.tools))
    assert ended.stdout == f"{system.text}\n"
    assert (
        "- list_issues(owner: str, page?: int ≥1) -> any\n    List issues.\n      owner: Owner of the" in ended.stdout
    )
    tools, prompt = ended.stderr.splitlines()
    assert tools == "tools: 144 characters, about 36 tokens"
    assert prompt.startswith(f"prompt: {len(system.text):,} characters, about ")


def test_a_smaller_prompt_says_what_is_left_out(cli: Cli, folder: Path) -> None:
    """And how much of it; more than names and types cannot be left out."""
    (folder / "server.py").write_text(LIKE_A_SERVER, "utf-8")
    ended = cli("tools", "server.py", "--prompt", "--budget", "110")
    assert ended.stderr.splitlines()[2:] == [
        "bounds and formats of 1 tool were left out: 3 of 3 characters",
        "descriptions of optional parameters of 1 tool were left out: 19 of 19 characters",
    ]
    ended = cli("tools", "server.py", "--prompt", "--budget", "0")
    assert "- list_issues(owner: str, page?: int) -> any\n\nHow" in ended.stdout
    assert ended.stderr.endswith("names and types alone take 55 characters of 0, and are never left out\n")


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--budget", "100"), "`--budget` needs `--prompt`: add it"),
        (("--prompt", "--json"), "`--prompt` prints text, not JSON: remove `--json`"),
    ],
)
def test_options_that_do_not_go_together_are_wrong_usage(cli: Cli, options: tuple[str, ...], words: str) -> None:
    """A sentence says which one to change."""
    ended = cli("tools", "tools.py", *options)
    assert (ended.status, ended.stdout, ended.stderr) == (2, "", f"llmc: {words}\n")


def test_each_form_of_a_call_has_a_line(cli: Cli, folder: Path) -> None:
    """The list and the prompt have one printer of types."""
    forms = [{"properties": {"k": {"const": k}, k: {}}, "required": ["k"]} for k in ("a", "b")]
    tool = f"Tool.from_schema('t', '', {{'oneOf': {forms!r}}}, 'pure', print)"
    (folder / "forms.py").write_text(f"from llmc import Tool, Toolbox\nTOOLS = Toolbox([{tool}])\n")
    shown = 't(k: "a", a?: any) -> any\n    or t(k: "b", *, b?: any)  [pure]\n'
    assert "".join(cli("tools", "forms.py").stdout.replace("\n      or", "\n    or")) == shown


def test_a_read_whose_answers_change_says_so(cli: Cli, folder: Path) -> None:
    """In the list and as JSON."""
    text = 'from llmc import read\n@read("jobs", reuse=False)\ndef state(job: str) -> str:\n    return job\n'
    (folder / "jobs.py").write_text(text)
    assert "state(job: str) -> str  [read(jobs), answers change]" in cli("tools", "jobs.py").stdout
    (found,) = json.loads(cli("tools", "jobs.py", "--json").stdout)
    assert found["reuse"] is False
