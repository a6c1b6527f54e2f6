"""Seeds of the fuzz targets, and what fuzzing ever found, stay lawful."""

import re
from collections.abc import Callable
from typing import Any, Final

import pytest

from llmc_compiler.expressions.types import ANY
from llmc_compiler.serialization.json_reader import JsonPlace
from llmc_compiler.tools import schema_signature
from llmc_runtime.models.openai.settings.settings import ModelSettings
from tests.fuzz.campaign import LONGEST
from tests.fuzz.findings import HERE, corpus, dictionary
from tests.fuzz.limits import limited
from tests.fuzz.targets import TARGETS, check_of, configuration, plan_text, terminal_text, trace

PATIENCE: Final = 20.0
"""Seconds of the processor for an input that takes milliseconds."""
WORD: Final = re.compile(r'"(?:[ !#-\[\]-~]|\\\\|\\"|\\x[0-9A-F]{2})+"')
"""A line of a dictionary, as AFL has it."""

FAULTS: Final[dict[str, tuple[object, str, Callable[..., Any]]]] = {
    "plan_text": (plan_text, "print_plan", lambda plan: "f()\n"),
    "trace": (trace, "draw", lambda *_, width: [(("x" * (width + 1), ""),)]),
    "graph_json": (JsonPlace, "wrong", lambda place, wanted: KeyError(wanted)),
    "sse_stream": (ModelSettings, "without_key", lambda settings, text: text),
    "tool_schema": (schema_signature, "at_least", lambda part, whole: ANY),
    "terminal_text": (terminal_text, "visible", str),
    "configuration": (configuration, "ConfigError", KeyError),
}
"""For each target something that is done wrong."""


def replay(target: str) -> None:
    """All inputs of a target; the first that breaks a law names itself."""
    check = check_of(target)
    for path in sorted(corpus(target).iterdir()):
        try:
            limited(check, path.read_bytes(), PATIENCE)
        except BaseException as error:
            error.add_note(str(path))
            raise


@pytest.mark.parametrize("target", TARGETS)
def test_what_was_found_stays_mended(target: str) -> None:
    """No input breaks a law of its target."""
    replay(target)


@pytest.mark.parametrize("target", TARGETS)
def test_control_a_fault_is_seen(target: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Something that is done wrong is found by the inputs, and the one that shows it is named."""
    monkeypatch.setattr(*FAULTS[target])
    with pytest.raises((AssertionError, KeyError, OverflowError, ValueError)) as caught:
        replay(target)
    assert caught.value.__notes__[0].startswith(str(corpus(target)))


@pytest.mark.parametrize("target", TARGETS)
def test_a_target_has_seeds_and_words(target: str) -> None:
    """The engine starts from several small inputs, and knows the words of their form."""
    inputs = list(corpus(target).iterdir())
    assert len(inputs) >= 5
    assert all(path.stat().st_size <= LONGEST for path in inputs)
    words = dictionary(target).read_text("ascii").splitlines()
    assert len(words) >= 20
    assert not [word for word in words if not WORD.fullmatch(word)]


def test_nothing_lies_in_a_folder_that_no_target_reads() -> None:
    """Each folder of inputs and each dictionary belongs to a target."""
    known = {*TARGETS, "planted"}
    assert {path.name for path in (HERE / "corpus").iterdir()} == known
    assert {path.stem for path in (HERE / "dictionaries").iterdir()} == known
    assert {path.stem for path in (HERE / "targets").glob("[!_]*.py")} == known
