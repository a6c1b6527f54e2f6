"""The pages about the compiler tell the truth."""

import re
from collections.abc import Callable
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


def order(kind: Kind) -> list[str]:
    """A kind of effect, and those that it waits for."""
    after = ", ".join(f"`{other.value}`" for other in Kind if other in RULES[kind].after)
    return [f"`{kind.value}`", after or "nothing"]


def answers(kind: Kind) -> list[str]:
    """A kind of effect, and its other answers."""
    rule = RULES[kind]
    told = (rule.merge, rule.prune, rule.early, rule.hoist, rule.retry, rule.rerun)
    return [f"`{kind.value}`", *(ANSWERS.get(answer, answer.value) for answer in told)]


@pytest.mark.golden
@pytest.mark.parametrize(("row", "title"), [(order, "in order after"), (answers, "merge identical")])
def test_the_effect_table_is_the_one_in_force(row: Callable[[Kind], list[str]], title: str) -> None:
    """The rows of both parts are those of `effects.RULES`."""
    text = EFFECTS.read_text(encoding="utf-8")
    (head, expected), *_ = re.findall(rf"(\| \| {title}.*\n\|[ |-]*\n)((?:\|.*\n)*)", text)
    settle_part(EFFECTS, head, "\n", "".join(f"| {' | '.join(row(kind))} |\n" for kind in Kind), expected)


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
