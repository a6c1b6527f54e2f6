"""The tables of the reference have the names of the code, and its examples of configuration are read by it."""

import inspect
import re
from dataclasses import fields
from pathlib import Path
from typing import Final

import llmc
from llmc.config.config import NUMBERS, OTHERS, TEXTS, WHOLE, find_config
from llmc.config.limit_syntax import read_limits
from llmc_runtime import errors
from llmc_runtime.agent.answers.answer_data import Times
from llmc_runtime.errors import LlmcError
from llmc_runtime.limits import limit_fields
from llmc_runtime.models import model_errors
from llmc_runtime.models.openai.settings.settings import ModelOptions
from tests.docs.pages import untitled

ROOT: Final = Path(__file__).parents[2]
PACKAGES: Final = ("grammar/llmc_grammar", "compiler/llmc_compiler", "runtime/llmc_runtime", "runtime/llmc")
PAGES: Final = ROOT / "docs/reference"


def page(name: str) -> str:
    """The text of a page of the reference."""
    return (PAGES / f"{name}.md").read_text("utf-8")


def test_the_table_of_limits_is_that_of_the_code() -> None:
    """Each limit is there, with its default and what it bounds."""
    rows = re.findall(r"^\| `(\w+)` \| ([\d,]+(?:ms|s|m|h|MiB)?) \| (.*) \|$", page("limits"), re.MULTILINE)
    told = {name: (default.replace(",", ""), what) for name, default, what in rows}
    known = limit_fields()
    assert {name: what for name, (_, what) in told.items()} == {n: f.metadata["what"] for n, f in known.items()}
    defaults = [(name, default) for name, (default, _) in told.items()]
    least = llmc.Limits(**{name: f.metadata["least"] for name, f in known.items()})
    assert read_limits(defaults, least) == llmc.Limits()


def names(text: str, *, heading: str) -> list[str]:
    """The names in the first column of the tables below a heading."""
    table = text.partition(f"\n## {heading}\n")[2].partition("\n## ")[0]
    rows = re.findall(r"^\| (`[^|]*`) \|", table, re.MULTILINE)
    return [name for row in rows for name in re.findall(r"`(?:llmc\.)?(\w+)`", row)]


def test_the_fields_of_a_run_are_those_of_the_class() -> None:
    """Every key of the JSON is told of, and nothing else but fields of the class."""
    run = llmc.compile("join(1)", []).run_sync()
    told = names(page("run"), heading="Fields")
    assert set(run.to_json()) <= set(told)
    assert set(told) <= {*run.to_json(), *(field.name for field in fields(run))}


def test_the_configuration_is_one(tmp_path: Path) -> None:
    """The TOML block of the page is a configuration."""
    (text,) = (block.text for block in untitled(page("configuration"), "toml"))
    (tmp_path / "pyproject.toml").write_text(text, "utf-8")
    found = find_config(tmp_path)
    assert found.tools == {"atlas": tmp_path / "examples/atlas.py", "mail": "company.mail.tools"}
    assert read_limits(found.limits, llmc.Limits()).tools["search"] == llmc.ToolLimits(width=2, rate=llmc.Rate(10, 1.0))
    environment = {"PLANNER_KEY": "k", "GATEWAY_KEY": "g"}
    assert llmc.load_model("planner", config=found, environment=environment).name == "gpt-5"


def test_every_option_of_a_configured_model_is_told() -> None:
    """The table of models has the keys that the configuration knows, and no other."""
    assert sorted(names(page("configuration"), heading="Models")) == sorted((*TEXTS, *NUMBERS, *WHOLE, *OTHERS))


READ: Final = re.compile(r"\benviron(?:ment)?\.get\(\"(\w+)\"\)|\"((?:LLMC|OPENAI|AZURE)_[A-Z_]+)\"")
"""A variable that is read by its name, or a text that is such a name."""


def test_every_variable_that_is_read_is_told() -> None:
    """The table has each variable whose name is in the packages, and those of our own that it has are read."""
    modules = [path.read_text("utf-8") for package in PACKAGES for path in (ROOT / package).rglob("*.py")]
    found = {name for text in modules for pair in READ.findall(text) for name in pair if name}
    rows = re.findall(r"^\| (`[^|]*`) \|", page("environment"), re.MULTILINE)
    told = {name for row in rows for name in re.findall(r"`(\w+)`", row)}
    assert found <= told
    assert {name for name in told if name.startswith(("LLMC_", "OPENAI_", "AZURE_"))} <= found


def test_the_options_of_a_model_are_those_of_the_code() -> None:
    """The table has every option, and no other."""
    table = page("models").partition("\n### Refused parts")[0]
    assert sorted(names(table, heading="Options")) == sorted(ModelOptions.__annotations__)


def test_every_error_of_a_model_is_told() -> None:
    """The table has each class below `ModelError`."""
    told = names(page("models"), heading="Errors")
    assert sorted(told) == sorted(
        name
        for name, kind in vars(model_errors).items()
        if isinstance(kind, type) and issubclass(kind, llmc.ModelError) and kind is not llmc.ModelError
    )


def test_every_error_of_a_run_is_told() -> None:
    """The tables have each class below `LlmcError` in its module."""
    known = {name for name, kind in vars(errors).items() if isinstance(kind, type) and issubclass(kind, LlmcError)}
    assert known - {"LlmcError", "PlanError", "CallError"} <= set(names(page("running"), heading="Errors"))


def test_the_arguments_of_an_agent_are_those_of_the_class() -> None:
    """The table has every parameter, and no other."""
    assert sorted(names(page("agents"), heading="Arguments")) == sorted(inspect.signature(llmc.Agent).parameters)


def test_the_fields_of_an_answer_are_those_of_the_class() -> None:
    """The table has nothing that an answer has not, and every field but its inner ones."""
    told = names(page("agents").partition("\n### Errors")[0], heading="The answer")
    assert [name for name in told if not hasattr(llmc.Answer, name) and name not in Times.__annotations__] == []
    assert {field.name for field in fields(llmc.Answer)} - {"question", "secrets", "label"} <= set(told)
