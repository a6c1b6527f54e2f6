"""Sources of tools: `use NAME` takes the tools of whatever the configuration has for the name."""

from dataclasses import dataclass, field
from pathlib import Path

import pytest

import llmc
from llmc.config.config import Config
from llmc.config.tool_files import PythonSource, UseError, resolve_uses, source_of
from llmc.config.tool_sources import ToolSource
from tests.cli.conftest import no_plans


@llmc.pure
def height(name: str) -> float:
    """The height of a mountain."""
    return float(len(name))


@dataclass
class MemorySource:
    """Tools that are made in this process, as a server would list them; or the error of the server."""

    made: tuple[llmc.Tool, ...] = (height,)
    error: Exception | None = None
    asked: list[str] = field(default_factory=list)

    @property
    def description(self) -> str:
        """Its name."""
        return "the server `memory`"

    def tools(self) -> llmc.Toolbox:
        """Its tools."""
        self.asked.append("tools")
        if self.error is not None:
            raise self.error
        return llmc.Toolbox(self.made)


def test_a_name_finds_the_tools_of_its_source(tmp_path: Path) -> None:
    """A plan file calls a tool that comes from the source, which is asked once."""
    source = MemorySource()
    plan = tmp_path / "plan.llmc"
    plan.write_text('use memory\n1. height("K2")\njoin($1)\n', "utf-8")
    program = llmc.load(plan, config=Config(tools={"memory": source}))
    assert program.run_sync().value == 2.0
    assert source.asked == ["tools"]


@pytest.mark.parametrize(
    ("error", "label"),
    [
        (llmc.ToolboxError("the server has no tools"), "the server has no tools"),
        (OSError("connection refused"), "the server `memory` cannot be loaded: OSError: connection refused"),
    ],
)
def test_an_error_of_a_source_is_reported_at_its_line(error: Exception, label: str, tmp_path: Path) -> None:
    """Each `use` line has its own mistake, with the source's words."""
    text = "use memory\nuse other\njoin()\n"
    config = Config(tools={"memory": MemorySource(error=error), "other": MemorySource()})
    with pytest.raises(UseError) as caught:
        resolve_uses(llmc.parse(text).plan, tmp_path, config, no_plans)
    assert [(found.code, text[slice(*found.span)], found.words("label")) for found in caught.value.diagnostics] == [
        ("E220", "use memory", label)
    ]


def test_two_sources_may_not_bring_the_same_tool(tmp_path: Path) -> None:
    """The second line is the mistake."""
    text = "use memory\nuse other\njoin()\n"
    config = Config(tools={"memory": MemorySource(), "other": MemorySource()})
    with pytest.raises(UseError) as caught:
        resolve_uses(llmc.parse(text).plan, tmp_path, config, no_plans)
    assert [(found.code, text[slice(*found.span)]) for found in caught.value.diagnostics] == [("E221", "use other")]


def test_files_and_modules_have_a_source(tmp_path: Path) -> None:
    """A path is a file, a text the name of a module, and a source is itself."""
    source: ToolSource = MemorySource()
    assert source_of(source) is source
    assert source_of(tmp_path / "tools.py") == PythonSource(tmp_path / "tools.py")
    assert source_of("company.tools").description == "module company.tools"
    assert source_of(tmp_path).description == str(tmp_path)
