"""`llmc check`."""

import json
import os
from pathlib import Path

import pytest

from llmc.config.any_toolbox import AnyTools
from llmc_compiler.expressions.types import ANY
from llmc_compiler.tools.signature import Wanted
from tests.cli.conftest import Cli

GOOD = 'use "tools.py"\na = add(1, 2)\njoin($a)\n'
BAD = 'use "tools.py"\na = ad(1, 2)\nb = add("one", $c)\njoin($a)\n'


def test_a_good_plan_has_no_mistakes(cli: Cli, folder: Path) -> None:
    """Nothing on stdout, a line on stderr, status 0."""
    (folder / "plan.llmc").write_text(GOOD)
    ended = cli("check", "plan.llmc")
    assert (ended.status, ended.stdout, ended.stderr) == (0, "", "1 plan: no mistakes\n")


def test_all_mistakes_are_shown_with_their_lines(cli: Cli, folder: Path) -> None:
    """Each mistake has its place; their number is told on stderr; status 1."""
    (folder / "plan.llmc").write_text(BAD)
    ended = cli("check", "plan.llmc")
    assert ended.status == 1
    assert [line for line in ended.stdout.splitlines() if "-->" in line] == [
        " --> plan.llmc:2:5",
        " --> plan.llmc:3:9",
        " --> plan.llmc:3:16",
    ]
    assert ended.stderr == "1 plan: 3 errors\n"


def test_json_has_a_code_for_every_mistake(cli: Cli, folder: Path) -> None:
    """One JSON list for all files."""
    (folder / "plan.llmc").write_text(BAD)
    (folder / "good.llmc").write_text(GOOD)
    ended = cli("check", "good.llmc", "plan.llmc", "--format", "json")
    assert ended.status == 1
    assert [found["code"] for found in json.loads(ended.stdout)] == ["E201", "E212", "E202"]
    assert cli("check", "good.llmc", "--format", "json").stdout == "[]\n"


def test_no_tools_imports_no_python(cli: Cli, folder: Path) -> None:
    """With --no-tools a broken tools file is not even looked at, and names are checked all the same."""
    (folder / "tools.py").write_text("raise SystemExit('imported')\n")
    (folder / "plan.llmc").write_text('use "tools.py"\na = anything(1, b=$c)\njoin($a)\n')
    ended = cli("check", "plan.llmc", "--no-tools", "--tools", "tools.py", "--format", "json")
    assert [found["code"] for found in json.loads(ended.stdout)] == ["E202"]


def test_a_plan_without_use_is_checked_without_tools(cli: Cli) -> None:
    """Where neither the plan nor the command line names tools, no call is a mistake."""
    assert cli("check", "-", stdin="1. f(2, a=3) @retry(2)\n2. g($1) for x in [1]\njoin($2)\n").status == 0
    assert cli("check", "-", stdin="1. f($2)\njoin($1)\n").status == 1


UNKNOWN = "1. f(2)\njoin($1)\n"


@pytest.mark.parametrize("options", [[], ["--lenient"], ["--no-tools", "--tools", "tools.py"], ["--format", "github"]])
def test_calls_that_were_not_checked_are_told(cli: Cli, options: list[str]) -> None:
    """A plan whose tools are not known is not said to have no mistakes, however it is read."""
    ended = cli("check", "-", *options, stdin=UNKNOWN)
    assert (ended.status, ended.stdout, ended.stderr) == (0, "", "1 plan: tools not checked\n")


def test_tools_that_are_not_imported_are_not_checked(cli: Cli, folder: Path) -> None:
    """Neither are those of a `use` line that leads nowhere, beside its error."""
    (folder / "plan.llmc").write_text(GOOD)
    assert cli("check", "plan.llmc").stderr == "1 plan: no mistakes\n"
    assert cli("check", "plan.llmc", "--no-tools").stderr == "1 plan: tools not checked\n"
    (folder / "tools.py").unlink()
    assert cli("check", "plan.llmc").stderr == "1 plan: 1 error, tools not checked\n"


@pytest.mark.parametrize("plan", ["", "1. 2 + 3\njoin($1)\n", 'input who: str\njoin("hi $who")\n'])
def test_a_plan_without_calls_needs_no_tools(cli: Cli, plan: str) -> None:
    """All of it was checked."""
    assert cli("check", "-", stdin=plan).stderr == "1 plan: no mistakes\n"


def test_plans_with_tools_and_without_are_told_apart(cli: Cli, folder: Path) -> None:
    """The plans whose tools were not checked are named, at most three of them."""
    (folder / "good.llmc").write_text(GOOD)
    (folder / "bad.llmc").write_text(BAD)
    names = [f"{letter}.llmc" for letter in "abcde"]
    for name in names:
        (folder / name).write_text(UNKNOWN)
    assert cli("check", "good.llmc", "a.llmc").stderr == "2 plans: tools not checked in a.llmc\n"
    assert cli("check", "bad.llmc", *names).stderr == (
        "6 plans: 3 errors, tools not checked in a.llmc and b.llmc and c.llmc and 2 more\n"
    )
    assert cli("check", *names).stderr == "5 plans: tools not checked\n"


def test_json_has_a_field_for_unchecked_tools(cli: Cli, folder: Path) -> None:
    """Each mistake says whether the tools of its plan were checked; stderr does even where there is no mistake."""
    (folder / "plan.llmc").write_text(BAD)
    ended = cli("check", "plan.llmc", "-", "--format", "json", stdin='1. f("$5M")\njoin($1)\n')
    assert [(each["code"], each["tools_checked"]) for each in json.loads(ended.stdout)] == [
        *((code, True) for code in ("E201", "E212", "E202")),
        ("W101", False),
    ]
    assert ended.stderr == "2 plans: 3 errors, 1 warning, tools not checked in <stdin>\n"
    ended = cli("check", "-", "--format", "json", stdin=UNKNOWN)
    assert (ended.stdout, ended.stderr) == ("[]\n", "1 plan: tools not checked\n")
    assert cli("check", "plan.llmc", "--format", "json").stderr == ""


def test_a_task_that_nothing_needs_is_a_warning(cli: Cli, folder: Path) -> None:
    """`check` and `run` tell it, with status 0; commands that show what is left out do not tell it twice."""
    (folder / "plan.llmc").write_text('use "tools.py"\na = add(1, 2)\nb = entries()\njoin($a)\n')
    ended = cli("check", "plan.llmc")
    assert (ended.status, ended.stderr) == (0, "1 plan: 1 warning\n")
    assert ended.stdout.startswith("warning[W204]: nothing needs task `b`\n --> plan.llmc:3:5\n")
    ran = cli("run", "plan.llmc")
    assert (ran.status, ran.stdout) == (0, "3.0\n")
    assert "warning[W204]" in ran.stderr
    for command in ("compile", "graph", "explain"):
        assert "W204" not in cli(command, "plan.llmc").stderr
    # Effects are known only with the tools.
    assert cli("check", "plan.llmc", "--no-tools").stdout == ""


def test_where_no_tools_are_loaded_the_help_says_how(cli: Cli, folder: Path) -> None:
    """A call of a tool that cannot be known is not taken for a misspelt one."""
    (folder / "plan.llmc").write_text(UNKNOWN)
    ended = cli("run", "plan.llmc")
    assert (
        '^ no tools are loaded\n  = help: write `use "tools.py"` at the top, or give `--tools tools.py`' in ended.stderr
    )
    assert "^ not in the toolbox\n" in cli("run", "plan.llmc", "--tools", "tools.py").stderr
    assert "; load tools with `--tools tools.py`\n" in cli("compile", "--lenient", "plan.llmc").stderr


def test_tools_are_added_by_option(cli: Cli) -> None:
    """--tools gives tools to a plan that names none."""
    assert cli("check", "-", "--tools", "tools.py", stdin="a = add(1, 2)\njoin($a)\n").status == 0
    ended = cli("check", "-", "--tools", "tools.py", stdin="a = ad(1, 2)\njoin($a)\n")
    assert "<stdin>:1:5" in ended.stdout


def test_wrong_uses_are_shown_with_the_other_mistakes(cli: Cli, folder: Path) -> None:
    """A `use` line that leads nowhere does not hide what else is wrong."""
    (folder / "plan.llmc").write_text('use "none.py"\na = f($b)\njoin($a)\n')
    ended = cli("check", "plan.llmc")
    assert "error[E220]: no tools from `none.py`" in ended.stdout
    assert "the file none.py does not exist" in ended.stdout
    assert "error[E202]" in ended.stdout
    assert ended.stderr == "1 plan: 2 errors, tools not checked\n"


def test_a_file_that_cannot_be_read_is_wrong_usage(cli: Cli, folder: Path) -> None:
    """Missing files and folders without plans are told one by one, the others are checked, and the status is 2."""
    (folder / "plan.llmc").write_text(BAD)
    (folder / "empty").mkdir()
    ended = cli("check", "none.llmc", "empty", "plan.llmc")
    assert ended.status == 2
    assert ended.stderr.splitlines()[:2] == [
        "llmc: none.llmc: no such file or directory",
        "llmc: empty: the folder contains no plans: no file in it or below it ends in .llmc",
    ]
    assert "plan.llmc:2:5" in ended.stdout


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_without_permission_is_wrong_usage(cli: Cli, folder: Path) -> None:
    """A file that may not be read says so."""
    (folder / "plan.llmc").write_text(GOOD)
    (folder / "plan.llmc").chmod(0)
    assert cli("check", "plan.llmc").stderr == "llmc: plan.llmc: permission denied\n"


def test_bytes_that_are_no_text_are_a_mistake_with_a_place(cli: Cli, folder: Path) -> None:
    """A byte that is not UTF-8 is a mistake at its line, not a traceback."""
    (folder / "plan.llmc").write_bytes(b'1. f("a")\n2. f("\xff")\njoin()\n')
    ended = cli("check", "plan.llmc")
    assert ended.status == 1
    assert "plan.llmc:2" in ended.stdout


def test_a_tool_of_any_name_takes_and_gives_anything() -> None:
    """What stands for unknown tools accepts every argument and every result."""
    tools = AnyTools()
    assert "any.name" in tools
    signature = tools.get("any.name").signature
    signature.check("x", None)
    assert signature.prepare([(None, 1), ("x", 2)]) == ([1], {"x": 2})
    assert signature.accept(1) == 1
    assert (signature.parameters, signature.returns) == ({}, {})
    assert (signature.gives, signature.wants("x")) == (ANY, Wanted(ANY, ANY))


def test_bounds_are_options(cli: Cli) -> None:
    """--max-tasks and --max-text change what a plan may hold."""
    plan = "1. f()\n2. f()\n3. f()\njoin()\n"
    assert cli("check", "-", "--max-tasks", "4", stdin=plan).status == 0
    assert cli("check", "-", "--max-tasks", "2", stdin=plan).status == 1
    assert cli("check", "-", "--max-text", "10", stdin=plan).status == 1
    assert cli("check", "-", "--max-tasks", "0", stdin=plan).status == 2


def test_a_wrong_option_is_wrong_usage(cli: Cli) -> None:
    """Unknown options and formats have status 2."""
    assert cli("check", "-", "--colour", stdin="").status == 2
    assert cli("check", "-", "--format", "xml", stdin="").status == 2
    assert cli("check").status == 2


GITHUB = """\
::error file=a%2Cb%3Ac.llmc,line=2,col=5,title=E201%3A no tool is called `ad`::not in the toolbox%0Adid you mean `add`?
::error file=a%2Cb%3Ac.llmc,line=3,col=9,title=E212%3A `add` does not accept this for `a`::input should be a valid number
::error file=a%2Cb%3Ac.llmc,line=3,col=16,title=E202%3A `$c` is not defined::no input or task above has this name
"""  # noqa: E501 — lines of output


def test_github_has_a_command_for_every_mistake(cli: Cli, folder: Path) -> None:
    """With what would end a command or a property escaped."""
    (folder / "a,b:c.llmc").write_text(BAD)
    ended = cli("check", "a,b:c.llmc", "--format", "github")
    assert (ended.status, ended.stdout) == (1, GITHUB)
    assert ended.stderr == "1 plan: 3 errors\n"
    ended = cli("check", "-", "--format", "github", stdin='f("$5M")\nf(<x y%>)\nf(1 if 2)\n')
    warning, percent, bare = ended.stdout.splitlines()
    assert warning.startswith("::warning file=<stdin>,line=1,col=4,title=W101%3A")
    assert "title=E179%3A `<x y%25>` is a placeholder" in percent
    assert bare.endswith("::expected `else` here%0Awrite `X if C else Y`")


def test_a_models_text_is_checked_leniently(cli: Cli) -> None:
    """Its damage is warned of; read strictly it is an error."""
    text = "Here is my plan:\n1. search('Arthur's Seat')\n2. finish($1)\n"
    assert cli("check", "-", stdin=text).status == 1
    ended = cli("check", "-", "--lenient", stdin=text)
    assert ended.status == 0
    assert ended.stderr == "1 plan: 3 warnings, tools not checked\n"
    assert "error[E134]" in cli("check", "-", "--lenient", stdin='use "tools.py"\n1. add(1)\n').stdout


def test_a_models_text_has_the_bounds_of_one(cli: Cli) -> None:
    """Less than a file may hold, unless an option says otherwise."""
    text = "f()\n" * 300
    assert cli("check", "-", stdin=text).status == 0
    assert cli("check", "-", "--lenient", stdin=text).status == 1
    assert cli("check", "-", "--lenient", "--max-tasks", "300", stdin=text).status == 0


def test_a_tool_called_finish_is_no_join(cli: Cli, folder: Path) -> None:
    """The tools of the command line are known when the text is read."""
    (folder / "more.py").write_text(
        "from llmc import pure\n\n@pure\ndef finish(a: int) -> int:\n    '''.'''\n    return a\n"
    )
    text = "1. finish(1)\n"
    assert "warning[W114]" in cli("check", "-", "--lenient", stdin=text).stdout
    assert cli("check", "-", "--lenient", "--tools", "more.py", stdin=text).stdout == ""


def test_edits_are_made_in_place(cli: Cli, folder: Path) -> None:
    """It is told which mistakes they mended, and what is left is reported."""
    (folder / "plan.llmc").write_text('use "tools.py"\n1) add(a: 1, b: 2)\n2) sub(1)\njoin($1)\n')
    (folder / "good.llmc").write_text(GOOD)
    ended = cli("check", "--fix", "plan.llmc", "good.llmc")
    assert ended.status == 1
    assert (folder / "plan.llmc").read_text() == 'use "tools.py"\n1. add(a=1, b=2)\n2. sub(1)\njoin($1)\n'
    assert ended.stdout.startswith("error[E201]")
    assert ended.stderr == "plan.llmc: fixed E130 (2), E176 (2)\n2 plans: 1 error\n"
    assert cli("check", "--fix", "plan.llmc").stderr == "1 plan: 1 error\n"


def test_a_models_text_becomes_a_plan_file(cli: Cli, folder: Path) -> None:
    """With its repairs made it is read strictly without a mistake; its tools are not known."""
    (folder / "plan.llmc").write_text("Plan:\n**1.** search('Arthur's Seat')\n2. finish($1)\n")
    ended = cli("check", "--lenient", "--fix", "plan.llmc")
    assert ended.stderr.splitlines() == [
        "plan.llmc: fixed W113, W120",
        "2 more edits with `--unsafe-fixes`",
        "1 plan: 2 warnings, tools not checked",
    ]
    assert cli("check", "--lenient", "--fix", "--unsafe-fixes", "plan.llmc").status == 0
    assert cli("check", "plan.llmc").stderr == "1 plan: tools not checked\n"


UNSAFE = 'use "tools.py"\na = ad(1, 2)\nb = add(1, $a) | length\nc = add(1, 2) || add(TRUE, $b)\njoin(c)\n'


def test_edits_that_change_words_are_made_if_asked_for(cli: Cli, folder: Path) -> None:
    """Without the option they are counted; a name with one slip, quotes and a missing dollar sign are safe."""
    (folder / "plan.llmc").write_text(UNSAFE)
    ended = cli("check", "--fix", "plan.llmc")
    after = UNSAFE.replace("ad(1", "add(1", 1).replace("(c)", "($c)")
    assert (folder / "plan.llmc").read_text() == after
    assert ended.stderr == "plan.llmc: fixed E201, E175\n1 more edit with `--unsafe-fixes`\n1 plan: 2 errors\n"
    ended = cli("check", "--fix", "--unsafe-fixes", "plan.llmc")
    assert (folder / "plan.llmc").read_text() == after.replace("||", "or").replace("TRUE", "true")
    assert "| length" in (folder / "plan.llmc").read_text()
    assert "more edit" not in ended.stderr


def test_unsafe_edits_are_shown_as_safe_ones_are(cli: Cli, folder: Path) -> None:
    """By `--diff`; alone the option only counts them."""
    (folder / "plan.llmc").write_text("a = 1\nb = $a || 2\njoin(b)\n")
    shown = cli("check", "--diff", "plan.llmc")
    assert "+join($b)" in shown.stdout
    assert "||" not in [line for line in shown.stdout.splitlines() if line.startswith("+")]
    assert "+b = $a or 2" in cli("check", "--diff", "--unsafe-fixes", "plan.llmc").stdout
    assert cli("check", "--unsafe-fixes", "plan.llmc").stderr.startswith("2 more edits with `--fix --unsafe-fixes`\n")
    assert (folder / "plan.llmc").read_text() == "a = 1\nb = $a || 2\njoin(b)\n"


def test_json_tells_which_edits_are_safe(cli: Cli) -> None:
    """As part of each edit."""
    ended = cli("check", "-", "--format", "json", stdin="1) f(1)\nb = $1 || 2\n")
    assert [found["edit"]["safe"] for found in json.loads(ended.stdout)] == [True, False]


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("tools.py", 'a Python file is not a plan; write a plan with the line `use "tools.py"`'),
        ("steps.json", "a JSON file is not a plan"),
        ("steps.yaml", "a YAML file is not a plan"),
        ("settings.toml", "a TOML file is not a plan"),
    ],
)
def test_a_file_of_another_kind_is_no_plan(cli: Cli, folder: Path, name: str, words: str) -> None:
    """Its name says so, and no mistake is looked for; what a model wrote may stand in any file."""
    (folder / name).write_text("{}\n")
    for command in ("check", "run", "fmt"):
        ended = cli(command, name)
        assert (ended.status, ended.stdout) == (2, "")
        assert f"llmc: {name}: {words}" in ended.stderr
    assert words not in cli("check", "--lenient", name).stderr


def test_a_diff_shows_the_edits(cli: Cli, folder: Path) -> None:
    """On stdout alone, with the mistakes as they are counted on stderr; nothing is written."""
    (folder / "plan.llmc").write_text("1) f()\n")
    ended = cli("check", "--diff", "plan.llmc")
    assert ended.status == 1
    assert ended.stdout == "--- plan.llmc\n+++ plan.llmc\n@@ -1 +1 @@\n-1) f()\n+1. f()\n"
    assert ended.stderr == "plan.llmc: would fix E130\n1 plan: 1 error\n"
    assert (folder / "plan.llmc").read_text() == "1) f()\n"
    assert cli("check", "--fix", "--diff", "-", stdin="1) f()\n").stdout.startswith("--- <stdin>")


def test_standard_input_is_not_fixed(cli: Cli) -> None:
    """It has no place to write to."""
    assert cli("check", "--fix", "-", stdin="1) f()\n").status == 2


def test_a_fix_that_cannot_be_written_is_told(cli: Cli, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With the reason, and status 2."""
    (folder / "plan.llmc").write_text("1) f()\n")

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    ended = cli("check", "--fix", "plan.llmc")
    assert (ended.status, ended.stderr) == (2, "llmc: plan.llmc: no space left on device\n")
