"""From a model's name to what can be asked."""

import sys
from types import ModuleType

import pytest

from llmc_runtime.agent.speakers import speaker
from llmc_runtime.agent.speaking import continues
from tests.agent.fakes import Script


@pytest.fixture
def named(monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """What models were asked for."""
    found: list[object] = []

    def model(name: str) -> Script:
        found.append(name)
        return Script([])

    def local(path: str) -> Script:
        found.append(("file", path))
        return Script([])

    for module, name, function in (("model", "Model", model), ("local", "local_model", local)):
        fake = ModuleType(f"llmc_runtime.agent.{module}")
        setattr(fake, name, function)
        monkeypatch.setitem(sys.modules, fake.__name__, fake)
    return found


def test_a_model_is_itself() -> None:
    """Nothing is imported for it."""
    model = Script([])
    assert speaker(model) is model


def test_a_name_is_that_of_a_server_or_a_file(named: list[object]) -> None:
    """`local` and files run in this process."""
    for name in ("gpt", "local", "small.gguf"):
        speaker(name)
    assert named == ["gpt", "local", ("file", "small.gguf")]


def test_who_only_continues_is_seen_by_its_api() -> None:
    """Its own, or that of its settings."""

    class Settled:
        settings = Script([], api="completions")

    assert continues(Script([], api="completions"))
    assert continues(Settled())  # type: ignore[arg-type]  # only its settings are looked at
    assert not continues(Script([]))
    assert not continues(object())  # type: ignore[arg-type]  # a model need not say
