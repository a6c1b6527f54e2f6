"""Models of a configuration, as `llmc ask` and `llmc plan` name them."""

from pathlib import Path

import pytest

import llmc
from llmc_runtime.models.messages import ChatModel
from tests.agent.fakes import Script
from tests.cli.conftest import Cli

CONFIG = '[models.planner]\nname = "gpt-5"\napi_key_env = "PLANNER_KEY"\n'


@pytest.fixture(autouse=True)
def configured(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A configuration with one model, and an environment without any."""
    (folder / "llmc.toml").write_text(CONFIG, "utf-8")
    for variable in ("LLMC_MODEL", "LLMC_BASE_URL", "OPENAI_BASE_URL", "OPENAI_API_KEY", "PLANNER_KEY"):
        monkeypatch.delenv(variable, raising=False)


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What models were made with an address."""
    found: list[str] = []

    def model(name: str, *, base_url: str) -> ChatModel:
        found.append(f"{name} {base_url}")
        return Script(['join("1")'])

    monkeypatch.setattr(llmc, "Model", model)
    return found


ELSEWHERE = ("?", "--tools", "tools.py", "--base-url", "http://h/v1")


@pytest.mark.parametrize("command", ["ask", "plan"])
def test_a_configured_model_has_no_other_address(
    cli: Cli, made: list[str], command: str, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its key must not go there, whether an option names it or the variable."""
    for variable, arguments in (("some", ["--model", "planner"]), ("planner", [])):
        monkeypatch.setenv("LLMC_MODEL", variable)
        ended = cli(command, *ELSEWHERE, *arguments)
        words = f"`planner` is configured in {folder}/llmc.toml, and its key is not sent elsewhere"
        assert (ended.status, ended.stderr) == (2, f"llmc: {words}: remove `--base-url`\n")
        assert made == []


@pytest.mark.parametrize("command", ["ask", "plan"])
def test_a_name_that_is_not_configured_is_one_of_a_server(cli: Cli, made: list[str], command: str) -> None:
    """However like a configured one it is."""
    assert cli(command, *ELSEWHERE, "--model", "planer").status == 0
    assert made == ["planer http://h/v1"]


@pytest.mark.parametrize("command", ["ask", "plan"])
@pytest.mark.parametrize(("name", "advice"), [("planer", "did you mean `planner`?"), ("gpt-5", "set OPENAI_API_KEY")])
def test_a_configured_model_whose_name_is_misspelt(cli: Cli, command: str, name: str, advice: str) -> None:
    """Is suggested; where none is like it, the variable with the key is."""
    ended = cli(command, "?", "--tools", "tools.py", "--model", name)
    assert ended.status == 1
    assert ended.stderr == f"llmc: the model `{name}` cannot be used: the API key is missing; {advice}\n"
