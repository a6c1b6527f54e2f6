"""What becomes of an input that breaks a law: a name, a smaller input, a file."""

from contextlib import suppress
from pathlib import Path

import pytest

from tests.fuzz.findings import corpus, fault_name, fault_of, keep, smaller
from tests.fuzz.limits import TooSlow, limited
from tests.fuzz.targets import graph_json, plan_text, planted


def endless(data: bytes) -> None:
    """A check that does not end, and catches what it can."""
    while True:
        with suppress(Exception):
            len(data)


def test_what_takes_too_long_is_ended() -> None:
    """No `except Exception` catches the end, and what is in time is left alone."""
    with pytest.raises(TooSlow):
        limited(endless, b"", seconds=0.02)
    limited(planted.check, b"", seconds=0.02)
    assert fault_name(TooSlow()) == "TooSlow"


def test_a_fault_is_named_by_its_exception_and_place(monkeypatch: pytest.MonkeyPatch) -> None:
    """The place is the last function of ours, whoever raised; an input that shows no fault has none."""
    assert fault_of(planted.check, b"a open b twice c close") == "KeyError-planted-12"
    assert fault_of(planted.check, b"close twice open") is None
    monkeypatch.setattr("llmc_compiler.serialization.node_json.parse", len)
    assert fault_of(graph_json.check, (corpus("graph_json") / "inputs").read_bytes()) == "TypeError-node_json-read_type"


def test_how_deep_a_recursion_got_is_no_name(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the stack ends says chance."""

    def deep(text: object, mode: object, tools: object) -> object:
        return deep(text, mode, tools)

    monkeypatch.setattr(plan_text, "parse", deep)
    assert fault_of(plan_text.check, b"0") == "RecursionError"


def test_an_input_becomes_small() -> None:
    """Nothing is left that the failure does not need, wherever it stood."""
    data = b"x" * 100 + b"open" + b"y" * 57 + b"twice" + bytes(31) + b"close" + b"\n"
    assert smaller(data, lambda each: fault_of(planted.check, each) is not None) == b"opentwiceclose"
    assert smaller(b"", lambda each: True) == b""


def test_trying_has_an_end() -> None:
    """However much is needed of a large input, it is tried a bounded number of times."""
    tried: list[int] = []

    def needs_all(data: bytes) -> bool:
        tried.append(len(data))
        return False

    large = bytes(100_000)
    assert smaller(large, needs_all) == large
    assert len(tried) == 2_000


def test_one_input_is_one_file(tmp_path: Path) -> None:
    """The file is named after the fault and the input."""
    paths = {keep(tmp_path, "KeyError-planted-12", data) for data in (b"a", b"b", b"a")}
    assert sorted(path.read_bytes() for path in paths) == [b"a", b"b"]
    assert all(path.name.startswith("KeyError-planted-12-") for path in paths)
