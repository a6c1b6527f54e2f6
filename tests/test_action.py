"""The action for GitHub: its form, and each of its scripts, run as a runner runs them."""

import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any, Final

import pytest
import yaml

from tests.patience import PATIENCE
from tests.wheel import ROOT

ACTION: Final[dict[str, Any]] = yaml.safe_load((ROOT / "action.yml").read_text("utf-8"))
STEPS: Final[dict[str, dict[str, Any]]] = {step.get("name", step.get("id")): step for step in ACTION["runs"]["steps"]}
BASH: Final = shutil.which("bash") or ""
GOOD: Final = 'use "tools.py"\n\na = f()\njoin($a)\n'
TOOLS: Final = 'from llmc import pure\n\n\n@pure\ndef f() -> int:\n    """One."""\n    return 1\n'

pytestmark = pytest.mark.skipif(not BASH, reason="the scripts are written for bash")


@pytest.fixture
def runner(tmp_path: Path, wheel_commands: Path) -> Path:
    """A runner's folders: `temp`, in which llmc is installed, and `plans`, with one plan that is good."""
    (tmp_path / "temp/llmc").mkdir(parents=True)
    (tmp_path / "temp/llmc/bin").symlink_to(wheel_commands)
    (tmp_path / "plans").mkdir()
    (tmp_path / "plans/tools.py").write_text(TOOLS, "utf-8")
    (tmp_path / "plans/good.llmc").write_text(GOOD, "utf-8")
    return tmp_path


def run(runner: Path, name: str, **inputs: str) -> "subprocess.CompletedProcess[str]":
    """A step that has ended; its variables are the defaults of inputs, or what a test gives."""
    defaults = {key.replace("-", "_").upper(): value["default"] for key, value in ACTION["inputs"].items()}
    given = {key: value for key, value in {**defaults, **inputs}.items() if key in STEPS[name]["env"]}
    assert given.keys() == STEPS[name]["env"].keys()
    script = runner / "script.sh"
    script.write_text(STEPS[name]["run"], "utf-8")
    variables = {"PATH": os.environ["PATH"], "RUNNER_TEMP": str(runner / "temp"), "GITHUB_ACTION_PATH": str(ROOT)}
    return subprocess.run(
        [BASH, "--noprofile", "--norc", "-eo", "pipefail", str(script)],
        cwd=runner,
        env={**variables, **given},
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )


def test_its_form_is_that_of_composite_actions() -> None:
    """The keys are those that GitHub knows; each script names its shell, and each input is used and described."""
    assert ACTION.keys() == {"name", "description", "author", "inputs", "runs"}
    assert ACTION["runs"].keys() == {"using", "steps"}
    assert ACTION["runs"]["using"] == "composite"
    for step in STEPS.values():
        assert step.keys() <= {"id", "if", "name", "uses", "with", "run", "shell", "env"}
        assert ("run" in step) == ("shell" in step) == ("uses" not in step)
        assert step.get("shell", "bash") == "bash"
    used = set(re.findall(r"\$\{\{ inputs\.([\w-]+) \}\}", (ROOT / "action.yml").read_text("utf-8")))
    assert used == ACTION["inputs"].keys()
    assert {frozenset(value) for value in ACTION["inputs"].values()} == {frozenset({"description", "default"})}
    assert {type(value["default"]) for value in ACTION["inputs"].values()} == {str}


def test_expressions_stand_outside_of_scripts() -> None:
    """GitHub would put an input into a script as text, and bash would run what it says."""
    assert not [name for name, step in STEPS.items() if "${{" in step.get("run", "")]
    ids = {step["id"] for step in STEPS.values() if "id" in step}
    assert set(re.findall(r"steps\.(\w+)\.", (ROOT / "action.yml").read_text("utf-8"))) == ids


def test_it_installs_its_own_checkout(runner: Path) -> None:
    """And what the tools import; the environment is made by the Python that was set up."""
    log = runner / "log"
    python = runner / "python"
    python.write_text(f'#!/bin/sh\nprintf "%s|" "$@" >> {log}\necho >> {log}\n', "utf-8")
    python.chmod(0o755)
    (runner / "temp/llmc/bin").unlink()
    (runner / "temp/llmc/bin").mkdir()
    shutil.copy(python, runner / "temp/llmc/bin/python")
    ended = run(runner, "Install llmc", PYTHON=str(python), REQUIREMENTS="httpx -r\ntools.txt $(touch no)")
    assert (ended.returncode, ended.stderr) == (0, "")
    made, installed = log.read_text("utf-8").splitlines()
    assert made == f"-m|venv|{runner / 'temp/llmc'}|"
    assert installed == f"-m|pip|install|-q|{ROOT}|httpx|-r|tools.txt|$(touch|no)|"
    assert not (runner / "no").exists()


def test_a_good_plan_passes(runner: Path) -> None:
    """Nothing is annotated."""
    checked, formatted = run(runner, "Check"), run(runner, "Format")
    assert (checked.returncode, checked.stdout) == (0, "")
    assert formatted.returncode == 0
    assert re.fullmatch(r"::stop-commands::(\w{32})\n::\1::\n", formatted.stdout)


def test_mistakes_are_annotated(runner: Path) -> None:
    """One command for each, as GitHub reads them, with the file as the repository has it."""
    (runner / "plans/bad.llmc").write_text('use "tools.py"\n\na = g()\njoin($a)\n', "utf-8")
    checked = run(runner, "Check", PATHS="plans/good.llmc\nplans/bad.llmc")
    assert checked.returncode == 1
    assert checked.stdout.startswith("::error file=plans/bad.llmc,line=3,col=5,title=E201%3A no tool is called `g`::")
    assert len(checked.stdout.splitlines()) == 1
    assert run(runner, "Check", OPTIONS="--no-tools").returncode == 0


def test_plans_that_would_change_are_annotated(runner: Path) -> None:
    """Their changes are shown, and cannot be commands of the runner, which also looks behind blanks."""
    (runner / "plans/a,b:c%.llmc").write_text('a=1\nb = """\n::error::no\n"""\njoin($a, $b)\n', "utf-8")
    formatted = run(runner, "Format")
    assert formatted.returncode == 1
    lines = formatted.stdout.splitlines()
    stopped = re.fullmatch(r"::stop-commands::(\w{32})", lines[0])
    assert stopped
    shown, commands = lines[1 : lines.index(f"::{stopped[1]}::")], lines[lines.index(f"::{stopped[1]}::") + 1 :]
    assert "-a=1" in shown
    assert " ::error::no" in shown
    assert commands == ["::error file=plans/a%2Cb%3Ac%25.llmc,title=not formatted::Run `llmc fmt` on this plan."]


@pytest.mark.parametrize("name", ["Check", "Format"])
def test_a_path_that_is_missing_fails(name: str, runner: Path) -> None:
    """A moved folder does not pass unseen, and what begins with a dash is a path."""
    ended = run(runner, name, PATHS="plans --help")
    assert ended.returncode == 2
    assert "llmc: --help: no such file or directory" in ended.stderr


def test_pages_show_inputs_that_exist() -> None:
    """The page about services gives the action nothing that it does not know."""
    page = (ROOT / "docs/how-to/ci.md").read_text("utf-8")
    (workflow,) = re.findall(
        r"^```yaml title=\"\.github/workflows/plans\.yml\"\n(.*?)^```", page, re.MULTILINE | re.DOTALL
    )
    steps = yaml.safe_load(workflow)["jobs"]["plans"]["steps"]
    assert steps[-1]["with"].keys() <= ACTION["inputs"].keys()
