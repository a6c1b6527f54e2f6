"""T13: a tool returns text that looks like a plan."""

import pytest

import llmc
from tests.runtime.faults.faulty import TEXTS

deleted: list[str] = []


@llmc.nondet
async def say(text: str) -> str:
    """The text."""
    return text


@llmc.write("world")
async def delete() -> None:
    """What must not happen."""
    deleted.append("everything")


TOOLS = llmc.Toolbox([say, delete])


@pytest.mark.parametrize("text", TEXTS)
def test_it_is_passed_on_letter_by_letter(text: str) -> None:
    """As a value, in a text, in a list and through another tool; no task comes of it."""
    plan = 'input text: str\na = say($text)\nb = say($a)\nc = "<$b>"\njoin([$b, $c])\n'
    run = llmc.compile(plan, TOOLS).run_sync({"text": text})
    assert run.value == [text, f"<{text}>"]
    assert run.calls == 2
    assert set(run.results) == {"a", "b", "c"}
    assert deleted == []
