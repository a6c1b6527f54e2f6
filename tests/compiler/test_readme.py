"""The pages about the compiler tell the truth."""

import re
from pathlib import Path

import pytest

from llmc_compiler.effects.effects import RULES, Kind, When
from llmc_compiler.passes.pipeline import PIPELINE
from tests.golden import settle_part

ROOT = Path(__file__).parent.parent.parent / "compiler"
README = ROOT / "README.md"
CONCEPTS = ROOT.parent / "docs/concepts"
EFFECTS = CONCEPTS / "plans-and-effects.md"
MODULE = r"`([\w/]+\.py)`"
ANSWERS = {When.NO: "never", When.YES: "yes"}


def table() -> str:
    """The rows of the effect table."""
    return "".join(f"| {' | '.join(row(kind))} |\n" for kind in Kind)


def row(kind: Kind) -> list[str]:
    """A kind of effect and its answers."""
    rule = RULES[kind]
    after = ", ".join(f"`{other.value}`" for other in Kind if other in rule.after)
    answers = (rule.merge, rule.prune, rule.early, rule.hoist, rule.retry, rule.rerun)
    return [f"`{kind.value}`", after or "nothing", *(ANSWERS.get(answer, answer.value) for answer in answers)]


@pytest.mark.golden
def test_the_effect_table_is_the_one_in_force() -> None:
    """The rows are those of `effects.RULES`."""
    _, line, rest = EFFECTS.read_text(encoding="utf-8").partition(f"|{' --- |' * 8}\n")
    expected = "".join(re.findall(r"\A(?:\|.*\n)*", rest)[:1])
    settle_part(EFFECTS, line, "\n", table(), expected)


def test_every_module_is_introduced() -> None:
    """The tables of files name each module, and no other; the page on passes has those of `passes/`."""
    first, _, second = README.read_text(encoding="utf-8").partition("## Modules of `decoder/`")
    named = [*re.findall(MODULE, first), *(f"decoder/{name}" for name in re.findall(MODULE, second))]
    package = ROOT / "llmc_compiler"
    files = {path.relative_to(package).as_posix() for path in package.rglob("*.py") if path.name != "__init__.py"}
    assert sorted(named) == sorted(name for name in files if not name.startswith("passes/"))


def test_every_pass_is_introduced() -> None:
    """In the order of the pipeline."""
    text = (CONCEPTS / "passes.md").read_text(encoding="utf-8").partition("## The pipeline")[2].partition("## ")[0]
    assert re.findall(r"^- `(\w+)`", text, re.MULTILINE) == [known.name for known in PIPELINE]
