"""`llmc ask` and `llmc plan`, with a scripted model."""

import json
import re
from pathlib import Path

import pytest

import llmc
from llmc_runtime.models.messages import ChatModel
from llmc_runtime.models.model_errors import ServerFailed
from tests.cli.conftest import Cli, Say

PLAN = "Thought: both\n1. add(1, 2)\n2. entries()\n3. join()"
DONE = "Thought: known\nAction: Finish(it is 3)"
TIMES = re.compile(r"\d+\.\d+")


def test_the_answer_goes_to_stdout(cli: Cli, say: Say) -> None:
    """And one line about what it took to stderr."""
    say(PLAN, DONE)
    ended = cli("ask", "How much?", "--tools", "tools.py")
    assert (ended.status, ended.stdout) == (0, "it is 3\n")
    assert re.fullmatch(r"1 plan, 2 calls; \d+ tokens read, \d+ written; first task after .*\n", ended.stderr)


@pytest.mark.parametrize("command", ["ask", "plan"])
@pytest.mark.parametrize(
    ("options", "follows"),
    [((), False), (("--grammar", "tools"), True), (("--local",), True), (("--local", "--grammar", "plain"), True)],
)
def test_a_plan_follows_a_grammar_where_one_is_wanted(
    cli: Cli, say: Say, command: str, options: tuple[str, ...], follows: bool
) -> None:
    """As the option says; the local model, which needs it, follows one anyhow."""
    model = say("1. add(1, 2)\njoin($1)")
    assert cli(command, "How much?", "--tools", "tools.py", *options).status == 0
    assert [asked.grammar is not None for asked in model.asked] == [follows]


@pytest.mark.parametrize("command", ["ask", "plan"])
def test_a_budget_holds(cli: Cli, say: Say, command: str) -> None:
    """What the models took is told."""
    say(PLAN, DONE)
    ended = cli(command, "How much?", "--tools", "tools.py", "--budget", "tokens=100", "--budget", "cost=2.5")
    assert (ended.status, ended.stdout) == (1, "")
    assert re.search(r"llmc: the question was given up: its models used \d+ tokens; the budget is 100\n", ended.stderr)


@pytest.mark.parametrize("command", ["ask", "plan"])
def test_the_tools_of_a_prompt_have_a_budget(cli: Cli, say: Say, command: str) -> None:
    """Descriptions are left out where it is too small, and names and types stay."""
    for options, is_described in (((), True), (("--prompt-budget", "0"), False)):
        model = say("1. add(1, 2)\njoin($1)")
        assert cli(command, "How much?", "--tools", "tools.py", *options).status == 0
        text = model.asked[0].messages[0].text
        assert "- add(a: float, b: float = 1) -> float\n" in text
        assert ("The sum of two numbers." in text) == is_described


@pytest.mark.parametrize(
    ("budget", "words"),
    [
        ("tokens", "`--budget tokens` has no value: write `--budget tokens=…`"),
        ("calls=3", "`--budget calls` is not a budget: use `tokens` or `cost`"),
        ("tokens=many", "`--budget tokens=many` is not a number"),
        ("tokens=2.5", "`--budget tokens=2.5` is not a number"),
        ("cost=-1", "the budget's `cost` is a number from 0, not -1.0"),
    ],
)
def test_another_budget_is_wrong_usage(cli: Cli, say: Say, budget: str, words: str) -> None:
    """It is said what one is."""
    say()
    ended = cli("ask", "How much?", "--tools", "tools.py", "--budget", budget)
    assert (ended.status, ended.stdout, ended.stderr) == (2, "", f"llmc: {words}\n")


def test_another_level_is_wrong_usage(cli: Cli, say: Say) -> None:
    """The levels are named."""
    say()
    ended = cli("ask", "How much?", "--tools", "tools.py", "--grammar", "loud")
    assert (ended.status, ended.stdout) == (2, "")
    assert "`--grammar loud` is not a level: use full, sound, tools or plain" in ended.stderr


def test_plan_and_tasks_are_shown(cli: Cli, say: Say) -> None:
    """The plan as it is written, each task at its end, the joiner's thought."""
    say(PLAN, "Thought: more\nAction: Replan(a sum)", "4. ad($1, 4)\n5. join($4)", "4. add($1, 4)")
    ended = cli("ask", "How much?", "--tools", "tools.py", "--show-plan")
    assert (ended.status, ended.stdout) == (0, "7.0\n")
    lines = [TIMES.sub("#", line).strip() for line in ended.stderr.splitlines()]
    assert lines[0] == "#  plan 1"
    assert lines[1] == "#  written   Thought: both"
    assert lines.index("#  written   1. add(1, 2)") < lines.index("#  finished  1  add(1, 2)  after # s")
    assert not [line for line in lines if "started" in line]
    assert lines.index("#  written   3. join()") < lines.index("#  replan    more") < lines.index("#  plan 2")
    assert "#  repair 1  error[E201]: no tool is called `ad`" in lines
    assert lines[-1].startswith("2 plans, 3 calls")


def test_everything_as_json(cli: Cli, say: Say) -> None:
    """One document on stdout."""
    say(PLAN, DONE)
    ended = cli("ask", "How much?", "--tools", "tools.py", "--json")
    found = json.loads(ended.stdout)
    assert found["answer"] == "it is 3"
    assert found["plans"][0]["results"] == {"1": 3.0, "2": []}
    assert set(found["usage"]) == {"planner", "joiner", "tools", "total"}


def test_a_question_without_answer(cli: Cli, say: Say) -> None:
    """Exit status 1, and why."""
    say(PLAN, "Action: Replan(more)")
    ended = cli("ask", "How much?", "--tools", "tools.py", "--max-replans", "0")
    assert (ended.status, ended.stdout) == (1, "")
    assert ended.stderr.startswith("llmc: no further plan may follow (max_replans=0); still missing: more\n")


def test_an_answer_in_prose_is_told(cli: Cli, say: Say) -> None:
    """Below it, since nothing in the text marks the answer; a marked one needs no remark."""
    say(PLAN, "It is 3.", "It is 3.")
    ended = cli("ask", "How much?", "--tools", "tools.py")
    assert (ended.status, ended.stdout) == (0, "It is 3.\n")
    assert ended.stderr.startswith("llmc: the model wrote prose without marking an answer in it: check the text\n")
    say(PLAN, "It is 3.", "Final Answer: 3")
    ended = cli("ask", "How much?", "--tools", "tools.py")
    assert (ended.stdout, "prose" in ended.stderr) == ("3\n", False)


def test_a_question_that_fails_is_told_as_json(cli: Cli, say: Say) -> None:
    """With the plans that were run until then."""
    say('1. log("a")\njoin()', "", "")
    ended = cli("ask", "How much?", "--tools", "tools.py", "--json")
    found = json.loads(ended.stdout)
    assert ended.status == 1
    assert (found["answer"], found["answered"]) == (None, False)
    assert found["stopped"].startswith("the joiner neither finished nor asked for another plan")
    assert [plan["results"] for plan in found["plans"]] == [{"1": 1}]
    assert found["usage"]["joiner"]["calls"] == 2
    say("nonsense", "nonsense", "nonsense")
    ended = cli("ask", "How much?", "--tools", "tools.py", "--json")
    assert (ended.status, json.loads(ended.stdout)["plans"]) == (1, [])


def test_a_question_may_come_from_standard_input(cli: Cli, say: Say) -> None:
    """As a plan may."""
    model = say(PLAN, DONE)
    assert cli("ask", "-", "--tools", "tools.py", stdin="How much?\n").status == 0
    assert model.asked[0].messages[-1].text == "Question: How much?"
    for stdin, words in ((" \n", "the question is empty"), ("x" * 1_000_001, "is longer than 1,000,000 characters")):
        ended = cli("ask", "-", "--tools", "tools.py", stdin=stdin)
        assert (ended.status, ended.stdout) == (2, "")
        assert words in ended.stderr


def test_no_question_is_cut(cli: Cli, say: Say) -> None:
    """Characters count, however many bytes they have."""
    model = say(PLAN, DONE)
    assert cli("ask", "-", "--tools", "tools.py", stdin="ä" * 600_000).status == 0
    assert model.asked[0].messages[-1].text.count("ä") == 600_000
    ended = cli("ask", "-", "--tools", "tools.py", stdin="ä" * 1_000_001)
    assert (ended.status, ended.stderr) == (2, "llmc: the question is longer than 1,000,000 characters\n")


def test_a_plan_that_stays_wrong(cli: Cli, say: Say) -> None:
    """Its mistakes are shown, without a traceback."""
    say("1. ad(1)", "1. ad(2)", "1. ad(3)")
    ended = cli("ask", "How much?", "--tools", "tools.py")
    assert ended.status == 1
    assert ended.stderr.startswith("llmc: plan 1 cannot be run after 2 repairs:\nerror[E201]: no tool is called `ad`")


def test_an_interrupted_question(cli: Cli, say: Say) -> None:
    """Exit status 130."""

    def interrupt(_: object) -> str:
        raise KeyboardInterrupt

    for command in ("ask", "plan"):
        say(interrupt)
        ended = cli(command, "How much?", "--tools", "tools.py")
        assert (ended.status, ended.stderr) == (130, "llmc: interrupted\n")


SLOW = """
import asyncio
import signal

from llmc import write


@write("log")
def log(text: str) -> int:
    return 1


@write("log")
async def last(text: str) -> None:
    signal.raise_signal(signal.SIGINT)
    await asyncio.Event().wait()
"""


def test_an_interrupted_question_says_what_was_written(cli: Cli, say: Say, folder: Path) -> None:
    """And what may have been: the second call was under way."""
    (folder / "slow.py").write_text(SLOW, "utf-8")
    say('1. log("a")\n2. last("b")\njoin()', DONE)
    ended = cli("ask", "How much?", "--tools", "slow.py")
    assert (ended.status, ended.stdout) == (130, "")
    assert ended.stderr.splitlines()[-1] == "llmc: interrupted; written: 1 (log); in doubt: 2"


def test_a_question_that_fails_says_what_was_written(cli: Cli, say: Say) -> None:
    """A joiner that cannot be asked takes nothing back; where nothing was written, nothing is said."""
    for plan, more in (('1. add(1, 2)\n2. log("a")\njoin()', ["llmc: written: 2 (log)"]), (PLAN, [])):
        say(plan, ServerFailed("m", "no"))
        ended = cli("ask", "How much?", "--tools", "tools.py")
        assert ended.status == 1
        assert ended.stderr.splitlines() == ["llmc: the model `m` failed: no", *more]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--tools", "tools.py", "--local", "--model", "m"], "`--local` already names a model"),
        ([], "Missing option '--tools'"),
        (["--tools", "none.py"], "the file none.py does not exist"),
        (["--tools", "tools.py", "--model", "none.gguf"], "the file none.gguf does not exist"),
        (["--tools", "tools.py", "--model", "a" * 300 + ".gguf"], "the file aaa"),
    ],
)
def test_wrong_usage(cli: Cli, say: Say, arguments: list[str], message: str) -> None:
    """Exit status 2, for both commands."""
    say()
    for command in ("ask", "plan"):
        ended = cli(command, "How much?", *arguments)
        assert ended.status == 2
        assert message in ended.stderr


def test_an_empty_question_is_wrong_usage(cli: Cli, say: Say) -> None:
    """No model is asked."""
    for command in ("ask", "plan"):
        model = say('join("1")')
        ended = cli(command, " \n", "--tools", "tools.py")
        assert (ended.status, ended.stdout, ended.stderr) == (2, "", "llmc: the question is empty\n")
        assert model.asked == []


def test_a_model_is_named(cli: Cli, say: Say, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """By an option, or a variable; `--local` is one."""
    (folder / "small.gguf").touch()
    for arguments, name in (
        (["--model", "m"], "load_model m None"),
        (["--model", "m", "--base-url", "http://h/v1"], "Model m http://h/v1"),
        (["--model", "small.gguf", "--base-url", "http://h/v1"], "Model small.gguf http://h/v1"),
        (["--model", "small.gguf"], "local_model small.gguf None"),
        (["--local"], "local_model  None"),
        ([], "load_model some None"),
    ):
        model = say('join("1")')
        assert cli("ask", "?", "--tools", "tools.py", *arguments).stdout == "1\n"
        assert model.name == name
    monkeypatch.delenv("LLMC_MODEL")
    ended = cli("ask", "?", "--tools", "tools.py")
    assert ended.status == 2
    assert "no model is named: use `--model M` or `--local`, or set LLMC_MODEL" in ended.stderr


def test_a_model_that_cannot_be_had(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    """Is wrong usage."""

    def refuse(name: str) -> ChatModel:
        message = f"no model {name}"
        raise ValueError(message)

    monkeypatch.setattr(llmc, "load_model", refuse)
    ended = cli("ask", "?", "--tools", "tools.py", "--model", "m")
    assert (ended.status, ended.stderr) == (2, "llmc: no model m\n")


TRUSTED = '''
import llmc


@llmc.write("mail", approve=True)
def send(to: str) -> str:
    """Send a mail."""
    return f"sent to {to}"

@llmc.read("vault")
def key() -> llmc.Secret[str]:
    """The key."""
    return "hunter22"
'''


@pytest.mark.parametrize(("options", "status"), [([], 1), (["--approve", "none"], 1), (["--approve", "all"], 0)])
def test_tools_that_ask_first(cli: Cli, folder: Path, say: Say, options: list[str], status: int) -> None:
    """Are refused where there is no approver, unless a word was said."""
    (folder / "trusted.py").write_text(TRUSTED, "utf-8")
    say('1. send("bob")\njoin($1)', "Action: Replan(ask somebody)")
    ended = cli("ask", "?", "--tools", "trusted.py", "--max-replans", "0", *options)
    assert (ended.status, ended.stdout) == (status, "" if status else "sent to bob\n")
    assert ("llmc: approval needs a terminal; `--approve all` approves every call\n" in ended.stderr) == (not options)


def test_a_secret_is_not_printed(cli: Cli, folder: Path, say: Say) -> None:
    """Not as the answer, and not in all that was done."""
    (folder / "trusted.py").write_text(TRUSTED, "utf-8")
    for options in ((), ("--json",)):
        say("1. key()\njoin($1)")
        ended = cli("ask", "?", "--tools", "trusted.py", "--show-plan", *options)
        assert ended.status == 0
        assert "[secret]" in ended.stdout
        assert "hunter22" not in ended.stdout + ended.stderr


def test_limits_of_runs(cli: Cli, say: Say) -> None:
    """Those of the command line."""
    say('1. log("a")\n2. log("b")\njoin()', "Action: Finish(one)")
    found = json.loads(cli("ask", "?", "--tools", "tools.py", "--json", "--limit", "calls=1").stdout)
    assert found["plans"][0]["errors"]["2"]["type"] == "LimitReached"


def test_an_empty_toolbox_answers_nothing(cli: Cli, say: Say, folder: Path) -> None:
    """It is no mistake of the model's."""
    say()
    (folder / "empty.py").write_text("from llmc import Toolbox\n\nTOOLS = Toolbox([])\n", "utf-8")
    ended = cli("ask", "How much?", "--tools", "empty.py")
    assert (ended.status, ended.stderr) == (2, "llmc: the targets of `--tools` contain no tools\n")
