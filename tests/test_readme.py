"""Every block of README.md is run, and does what is written there."""

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

import llmc
from llmc.config.config import find_config
from llmc.config.limit_syntax import read_limits
from llmc.config.tool_files import load_file
from llmc_runtime.limits import limit_fields
from tests import patient
from tests.golden import settle_part

ROOT: Final = Path(__file__).parent.parent
EXAMPLES: Final = ROOT / "examples"
README: Final = (ROOT / "README.md").read_text("utf-8")

BLOCK: Final = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
EXPECTED: Final = re.compile(r"print\(.*\) +# (.*)$", re.MULTILINE)
LINK: Final = re.compile(r"\]\(([^)#:]+)\)")


def blocks(kind: str) -> list[str]:
    """The texts of all blocks of a kind."""
    return [text for found, text in BLOCK.findall(README) if found == kind]


def commands() -> Iterator[tuple[str, str]]:
    """Every command of the console blocks, with the output that is shown."""
    for block in blocks("console"):
        for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
            command, _, output = part.partition("\n")
            yield command, output


FAILING: Final = (EXAMPLES / "failing.llmc").read_text("utf-8")
UNUSED: Final = [(EXAMPLES / f"{name}.llmc").read_text("utf-8") for name in ("duplicate", "story")]


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """The atlas answers at once."""
    monkeypatch.setenv("ATLAS_PACE", "0")


@pytest.mark.parametrize("text", blocks("llmc"))
def test_a_plan_runs_or_has_the_mistakes_that_it_announces(text: str) -> None:
    """Every plan that is shown runs without an error, but those that are about mistakes and failures."""
    use = re.search(r'^use "(.+)"$', text, re.MULTILINE)
    tools = load_file(EXAMPLES / (use[1] if use else "atlas.py"))
    if "mistakes" in text or "A closed issue needs a number" in text:
        with pytest.raises(llmc.CompileError):
            llmc.compile(text, tools)
        return
    called = {
        name: llmc.load(EXAMPLES / f"{name}.llmc") for name in re.findall(r'^use "(\w+)\.llmc"$', text, re.MULTILINE)
    }
    program = llmc.compile(text, tools, plans=called)
    run = program.run_sync(approve="all")
    # Tasks that nothing needs are warned of only in the examples that are about them.
    assert {found.code for found in program.diagnostics} <= ({"W204"} if text in UNUSED else set())
    assert bool([error for error in run.errors.values() if "@fallback" not in text]) == (text == FAILING)
    assert run.has_value


def test_every_example_is_shown() -> None:
    """Each plan in examples/ is in the README, letter by letter."""
    shown = blocks("llmc")
    assert [path.name for path in sorted(EXAMPLES.glob("*.llmc")) if path.read_text("utf-8") not in shown] == []


@pytest.mark.golden
@pytest.mark.parametrize(("command", "output"), list(commands()), ids=[command for command, _ in commands()])
def test_a_command_prints_what_is_shown(command: str, output: str) -> None:
    """Every command that is shown prints the same, times included, however fast the machine is."""
    run = subprocess.run(
        ["sh", "-c", command],  # noqa: S607 — the shell of whoever reads the README
        cwd=ROOT,
        env=patient.environment(ATLAS_PACE="1"),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    settle_part(ROOT / "README.md", f"$ {command}\n", "", run.stdout, output)


def test_python_prints_what_its_comments_say(capsys: pytest.CaptureFixture[str]) -> None:
    """The Python blocks run one after another, and each `print` prints what stands behind it."""
    names: dict[str, object] = {"__name__": "readme"}
    text = "\n".join(blocks("python"))
    exec(compile(text, "README.md", "exec"), names)  # noqa: S102 — our own text
    assert capsys.readouterr().out.splitlines() == EXPECTED.findall(text)


def test_the_configuration_is_one(tmp_path: Path) -> None:
    """The TOML block is a configuration."""
    (text,) = blocks("toml")
    (tmp_path / "pyproject.toml").write_text(text, "utf-8")
    found = find_config(tmp_path)
    assert found.tools == {"atlas": tmp_path / "examples/atlas.py", "mail": "company.mail.tools"}
    assert read_limits(found.limits, llmc.Limits()).tools["search"] == llmc.ToolLimits(width=2, rate=llmc.Rate(10, 1.0))
    environment = {"PLANNER_KEY": "k", "GATEWAY_KEY": "g"}
    assert llmc.load_model("planner", config=found, environment=environment).name == "gpt-5"


def test_the_table_of_limits_is_that_of_the_code() -> None:
    """Each limit is there, with its default and what it bounds."""
    rows = re.findall(r"^\| `(\w+)` \| ([\d,]+(?:ms|s|m|h|MiB)?) \| (.*) \|$", README, re.MULTILINE)
    told = {name: (default.replace(",", ""), what) for name, default, what in rows}
    known = limit_fields()
    assert {name: what for name, (_, what) in told.items()} == {n: f.metadata["what"] for n, f in known.items()}
    defaults = [(name, default) for name, (default, _) in told.items()]
    assert (
        read_limits(defaults, llmc.Limits(**{name: f.metadata["least"] for name, f in known.items()})) == llmc.Limits()
    )


def test_every_kind_of_block_is_tested() -> None:
    """No block is of a kind that nobody looks at; those for the shell name targets of the Makefile."""
    assert {kind for kind, _ in BLOCK.findall(README)} == {"console", "llmc", "python", "sh", "toml"}
    assert README.count("\n```") == 2 * len(BLOCK.findall(README))
    makefile = (ROOT / "Makefile").read_text("utf-8")
    for line in "".join(blocks("sh")).splitlines():
        assert f"\n{line.split()[1]}:" in makefile


def test_every_benchmark_is_listed() -> None:
    """With its command."""
    listed = re.findall(
        r"^\| .*?\b(\w+)(?:\.py)?`\)? \|", (ROOT / "benchmarks/README.md").read_text("utf-8"), re.MULTILINE
    )
    programs = [path.stem for path in (ROOT / "benchmarks").glob("*.py") if "__main__" in path.read_text("utf-8")]
    assert sorted(listed) == sorted(programs)


def test_links_lead_to_files() -> None:
    """Every relative link is a file of the repository."""
    assert [link for link in LINK.findall(README) if not (ROOT / link).is_file()] == []


def test_links_within_lead_to_headings() -> None:
    """Every anchor is that of a heading, in the form that GitHub gives it."""
    headings = re.findall(r"^##+ (.*)$", README, re.MULTILINE)
    known = {re.sub(r"[^\w\- ]", "", heading.casefold()).replace(" ", "-") for heading in headings}
    assert {*re.findall(r"\]\(#([^)]+)\)", README)} <= known
