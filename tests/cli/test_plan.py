"""`llmc plan`, with a scripted model."""

from pathlib import Path

import pytest

from llmc_runtime.agent.model_errors import ServerFailed
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
    assert ended.stderr == "wrote plan.llmc: read it, and run it with `llmc run plan.llmc` and the same --tools\n"
    assert (folder / "plan.llmc").read_text("utf-8") == TIDY
    run = cli("run", "plan.llmc", "--tools", "tools.py")
    assert run.stdout == "6.0\n"
    assert "log(" in run.stderr


def test_a_file_is_not_overwritten(cli: Cli, say: Say, folder: Path) -> None:
    """Before the model is asked; a folder that is not there is said afterwards."""
    model = say('join("1")')
    ended = cli("plan", "?", "--tools", "tools.py", "-o", "tools.py")
    assert (ended.status, ended.stderr) == (2, "llmc: tools.py is there already: name another file\n")
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
        assert (ended.status, ended.stderr) == (1, r"llmc: the model `m` has a fault: \x1b[31mred\u202e" + "\n")


@pytest.mark.parametrize(
    ("replies", "reasons", "words"),
    [
        (["1. ad(1)", "no", "no"], (), "plan 1 cannot be run after 2 repairs:\nerror[E201]"),
        (["hm", "hm", "hm"], (), "plan 1 cannot be run after 2 repairs:\nthere is no plan in what was written"),
        (["I will not."], ("refusal",), "plan 1 cannot be run:\nthe planner refused: I will not."),
        (["x" * 70_000, "", ""], (), "plan 1 cannot be run after 2 repairs:\nthere is no plan in what was written"),
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
