"""Pictures of programs in notebooks."""

from pathlib import Path

import pytest

import llmc
from llmc_runtime.program.notebook import NoGraphvizError, svg
from tests.compiler.compiling import toolbox

PLAN = "1. f(1)\n2. f(1)\n3. rows($1)\njoin($3, $2)"


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that is the only one in which programs are looked for."""
    monkeypatch.setenv("PATH", str(tmp_path))
    return tmp_path


def graphviz(folder: Path, script: str) -> None:
    """Install a program that stands for Graphviz."""
    (folder / "dot").write_text(f"#!/bin/sh\n{script}\n")
    (folder / "dot").chmod(0o755)


def test_a_notebook_gets_text_and_mermaid() -> None:
    """Without Graphviz there are two forms."""
    found = llmc.compile(PLAN, toolbox())._repr_mimebundle_()
    assert found.keys() == {"text/plain", "text/vnd.mermaid"}
    assert found["text/plain"].startswith("1 ─ ● 1     f(1)\n")
    assert found["text/vnd.mermaid"].startswith("flowchart TD\n")


def test_with_graphviz_there_is_svg(folder: Path) -> None:
    """It is what Graphviz draws; whoever asks may choose."""
    graphviz(folder, "echo '<svg/>'")
    program = llmc.compile(PLAN, toolbox())
    assert program._repr_mimebundle_()["image/svg+xml"] == "<svg/>\n"
    assert program._repr_mimebundle_(include={"image/svg+xml"}) == {"image/svg+xml": "<svg/>\n"}
    assert program._repr_mimebundle_(exclude={"image/svg+xml", "text/plain"}).keys() == {"text/vnd.mermaid"}


def test_a_large_graph_is_not_drawn_by_graphviz(folder: Path) -> None:
    """It would take too long."""
    graphviz(folder, "echo '<svg/>'")
    program = llmc.compile("".join(f"{number}. f({number})\n" for number in range(1, 300)) + "join()", toolbox())
    assert "image/svg+xml" not in program._repr_mimebundle_()


@pytest.mark.parametrize(
    ("script", "words"), [("echo 'bad plan' >&2\nexit 1", "graph: bad plan"), ("while :; do :; done", "timed out")]
)
def test_a_graphviz_that_fails_is_told(folder: Path, script: str, words: str) -> None:
    """With what it says, or that it took too long; a notebook leaves the form out."""
    graphviz(folder, script)
    with pytest.raises(NoGraphvizError, match=words):
        svg("digraph {}", seconds=0.5)


def test_a_graphviz_that_fails_leaves_the_notebook_its_other_forms(folder: Path) -> None:
    """An error of Graphviz is none of the notebook's."""
    graphviz(folder, "exit 1")
    assert len(llmc.compile(PLAN, toolbox())._repr_mimebundle_()) == 2
