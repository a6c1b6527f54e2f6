"""`llmc plan`, with a scripted model."""

import shlex
from pathlib import Path

import pytest

from llmc_runtime.models.model_errors import ServerFailed
from tests.cli.conftest import Cli, Say

UNTIDY = "Sure!\n**1.** add(1, 2)\n2. entries()\nThought: now\n3. log(\"$1 is it\")\n4. add('$1', 3)\n5. join($4)"
TIDY = """\
# How much?
# Or more?
1. add(1, 2)
2. entries()
3. log("$1 is it")
4. add($1, 3)
join($4)
"""


def test_a_plan_is_written_for_reading(cli: Cli, say: Say, folder: Path) -> None:
    """Nothing of it is called; as a file it means the same, and runs."""
    say(UNTIDY)
    ended = cli("plan", "How much?\nOr more?", "--tools", "tools.py")
    assert (ended.status, ended.stdout, ended.stderr) == (0, TIDY, "")
    say("1. ad(1, 2)", UNTIDY.replace("entries", "entrees"), "2. entries()")
    say(UNTIDY.replace("add(1, 2)", "ad(1, 2)"), "1. add(1, 2)")
    ended = cli("plan", "How much?\nOr more?", "--tools", "tools.py", "-o", "plan.llmc")
    assert ended.stdout == ""
    assert ended.stderr == "wrote plan.llmc: read it, and run it with `llmc run plan.llmc`\n"
    assert (folder / "plan.llmc").read_text("utf-8") == TIDY.replace("1. ", 'use "tools.py"\n\n1. ', 1)
    run = cli("run", "plan.llmc")
    assert run.stdout == "6.0\n"
    assert "log(" in run.stderr


def written(cli: Cli, say: Say, output: str, *tools: str) -> tuple[str, str]:
    """What stands above the tasks of a written plan, and the command that is told to run it, and does."""
    say("1. add(1, 2)\njoin($1)")
    options = [word for target in tools for word in ("--tools", target)]
    ended = cli("plan", "?", *options, "-o", output)
    assert ended.status == 0, ended.stderr
    head, _, rest = Path(output).read_text("utf-8").removeprefix("# ?\n").partition("1. ")
    assert rest == "add(1, 2)\njoin($1)\n"
    command = ended.stderr.rpartition("with `")[2].removesuffix("`\n")
    assert cli(*shlex.split(command)[1:]).stdout == "3.0\n"
    return head, command


@pytest.mark.parametrize("name", ["sub/tools.py", './sub/an "odd" $1 \\ name.py', "sub/../sub/möre.py"])
def test_a_plan_names_its_tools(cli: Cli, say: Say, folder: Path, name: str) -> None:
    """By the path from the plan's folder, whatever characters it has, so that the plan runs as it is."""
    (folder / "sub").mkdir()
    (folder / "tools.py").rename(folder / name)
    head, command = written(cli, say, "plan.llmc", name)
    assert (head[:9], head[-6:], command) == ('use "sub/', '.py"\n\n', "llmc run plan.llmc")
    head, command = written(cli, say, "sub/plan.llmc", str(folder / name))
    assert (head.count("sub"), head[-6:], command) == (0, '.py"\n\n', "llmc run sub/plan.llmc")


def test_tools_outside_the_plans_folder_are_options(cli: Cli, say: Say, folder: Path) -> None:
    """A plan names only files in its folder or below, links followed; for others a comment has the option."""
    for name in ("plans", "elsewhere"):
        (folder / name).mkdir()
    head, command = written(cli, say, "plans/a.llmc", "tools.py")
    assert (head, command) == ("# Run it with --tools tools.py\n", "llmc run plans/a.llmc --tools tools.py")
    (folder / "tools.py").rename(folder / "elsewhere" / "my tools.py")
    (folder / "plans" / "tools.py").symlink_to(folder / "elsewhere" / "my tools.py")
    assert written(cli, say, "plans/b.llmc", "plans/tools.py")[0] == "# Run it with --tools plans/tools.py\n"
    (folder / "more.py").write_text("from llmc import pure\n\n@pure\ndef more(a: int) -> int:\n    return a\n")
    both = "more.py", "elsewhere/my tools.py"
    assert written(cli, say, "c.llmc", *both)[0] == 'use "more.py"\nuse "elsewhere/my tools.py"\n\n'
    assert written(cli, say, "elsewhere/d.llmc", *both)[0] == '# Run it with --tools more.py\nuse "my tools.py"\n\n'
    head, command = written(cli, say, "plans/e.llmc", *both)
    assert head == "# Run it with --tools more.py --tools 'elsewhere/my tools.py'\n"


def test_entries_of_the_configuration_are_named(cli: Cli, say: Say, folder: Path) -> None:
    """A file elsewhere that `use` knows by a name; a name that it cannot have is passed over."""
    (folder / "plans").mkdir()
    (folder / "llmc.toml").write_text('[tools]\nmy-sums = "tools.py"\nother = "o.py"\nsums = "tools.py"\n')
    assert written(cli, say, "plans/a.llmc", "tools.py") == ("use sums\n\n", "llmc run plans/a.llmc")
    assert written(cli, say, "b.llmc", "tools.py")[0] == 'use "tools.py"\n\n'
    (folder / "llmc.toml").write_text("tools = 1")
    say("1. add(1, 2)\njoin($1)")
    assert cli("plan", "?", "--tools", "tools.py", "-o", "plans/c.llmc").status == 0
    assert (folder / "plans/c.llmc").read_text("utf-8").startswith("# ?\n# Run it with --tools tools.py\n")


def test_modules_are_options_unless_they_are_configured(cli: Cli, say: Say, folder: Path) -> None:
    """`use` knows modules only by the names of the configuration."""
    module = "tests.cli.sums"
    head, command = written(cli, say, "a.llmc", module)
    assert (head, command) == (f"# Run it with --tools {module}\n", f"llmc run a.llmc --tools {module}")
    (folder / "llmc.toml").write_text(f'[tools]\nsums = "{module}"\n')
    assert written(cli, say, "b.llmc", module) == ("use sums\n\n", "llmc run b.llmc")


def test_a_file_is_not_overwritten(cli: Cli, say: Say, folder: Path) -> None:
    """Before the model is asked; a folder that is not there is said afterwards."""
    model = say('join("1")')
    ended = cli("plan", "?", "--tools", "tools.py", "-o", "tools.py")
    assert (ended.status, ended.stderr) == (2, "llmc: tools.py already exists: name another file\n")
    assert model.asked == []
    ended = cli("plan", "?", "--tools", "tools.py", "-o", "none/plan.llmc")
    assert (ended.status, ended.stderr) == (2, "llmc: none/plan.llmc: no such file or directory\n")
    assert ended.stdout == '# ?\njoin("1")\n'


def test_any_question_may_stand_above_its_plan(cli: Cli, say: Say, folder: Path) -> None:
    """Whatever characters are in it: the plan can be written, read and run."""
    say('join("1")')
    question = "".join(map(chr, [*range(0x11000), *range(0xE0000, 0xE0200)]))
    assert cli("plan", question, "--tools", "tools.py", "-o", "plan.llmc").status == 0
    assert r"# \x00\x01" in (folder / "plan.llmc").read_text("utf-8")
    ended = cli("run", "plan.llmc")
    assert (ended.status, ended.stdout) == (0, "1\n")


def test_what_a_server_says_does_not_control_the_terminal(cli: Cli, say: Say) -> None:
    """It is quoted with its control characters as escapes."""
    for command in ("ask", "plan"):
        say(ServerFailed("m", "\x1b[31mred\u202e"))
        ended = cli(command, "?", "--tools", "tools.py")
        assert (ended.status, ended.stderr) == (1, r"llmc: the model `m` failed: \x1b[31mred\u202e" + "\n")


@pytest.mark.parametrize(
    ("replies", "reasons", "words"),
    [
        (["1. ad(1)", "no", "no"], (), "plan 1 cannot be run after 2 repairs:\nerror[E201]"),
        (["hm", "hm", "hm"], (), "plan 1 cannot be run after 2 repairs:\nthe planner wrote no plan"),
        (["I will not."], ("refusal",), "plan 1 cannot be run:\nthe planner refused: I will not."),
        (
            ["x" * 70_000, "", ""],
            (),
            "plan 1 cannot be run after 2 repairs:\nthe planner wrote no plan",
        ),
        (["\n".join(f"{n}. add(1)" for n in range(1, 300))], (), "plan 1 cannot be run:\nerror["),
    ],
)
def test_no_plan_can_be_had(cli: Cli, say: Say, replies: list[str], reasons: tuple[str, ...], words: str) -> None:
    """Exit status 1, and why."""
    say(*replies, reasons=reasons)
    ended = cli("plan", "?", "--tools", "tools.py")
    assert (ended.status, ended.stdout) == (1, "")
    assert ended.stderr.startswith(f"llmc: {words}")


def test_a_plan_that_was_cut_is_mended(cli: Cli, say: Say) -> None:
    """Nothing of its last line is kept."""
    say('1. add(1, 2)\n2. log("to b', '2. log("all")\n3. join($1)', reasons=("length",))
    ended = cli("plan", "?", "--tools", "tools.py")
    assert ended.stdout == '# ?\n1. add(1, 2)\n2. log("all")\njoin($1)\n'
