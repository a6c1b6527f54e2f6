"""Twelve servers by the shapes of their replies: each cell of table.md, over real HTTP; `-s` prints the table."""

import logging
import sys
from collections.abc import Iterator
from dataclasses import replace
from functools import lru_cache
from typing import Any

import pytest

import llmc
from llmc_runtime.agent import agent
from llmc_runtime.agent.planning import plan_reply, planner
from llmc_runtime.agent.prompting.language_card import card
from llmc_runtime.agent.prompting.templates import Prompts
from llmc_runtime.models.messages import Usage
from llmc_runtime.text_format import beginning_of
from tests.agent.servers import responses, sending
from tests.agent.servers.asking import SHOP, Cell, Servers, faults, wrong_counts
from tests.agent.servers.personalities import PERSONALITIES
from tests.agent.servers.personality import Counts
from tests.agent.servers.shapes import SHAPES
from tests.agent.servers.table import NOT_THERE, PAGE, Expected, expected, reasons
from tests.patience import PATIENCE

TABLE = expected(PAGE.read_text("utf-8"))
NAMES = [server.name for server in PERSONALITIES]


@pytest.fixture
def settled(monkeypatch: pytest.MonkeyPatch) -> None:
    """A slow machine cuts no reply; prompts and cards are made once for all agents, which have the same tools."""
    monkeypatch.setattr(plan_reply, "LONGEST_WAIT", PATIENCE)
    card_of = lru_cache(lambda level: card(SHOP, level))
    monkeypatch.setattr(agent, "Prompts", lru_cache(Prompts))
    monkeypatch.setattr(planner, "card", lambda _, level: card_of(level))


def test_the_table_has_every_cell() -> None:
    """With a reason for each that cannot exist."""
    assert set(TABLE) == {(shape.name, name) for shape in SHAPES for name in NAMES}
    assert {place for place, cell in TABLE.items() if cell is None} == reasons(PAGE.read_text("utf-8"))


@pytest.mark.no_cover
async def test_every_server_and_every_reply(settled: None, caplog: pytest.LogCaptureFixture) -> None:
    """An answer or an error as the table says, with the tokens that the server counted."""
    caplog.set_level(logging.INFO, "llmc")
    cells = [Cell(server, shape) for shape in SHAPES for server in PERSONALITIES if TABLE[shape.name, server.name]]
    await Servers(cells).ask_all()
    wrong = {cell.name: found for cell in cells if (found := [*judged(cell), *untold(cell, caplog)])}
    sys.stdout.write("\n" + "\n".join(shown(cells, wrong)) + "\n")
    assert not wrong, "\n".join([f"{len(wrong)} cells:", *(line(name, found) for name, found in wrong.items())])


def line(name: str, found: list[str]) -> str:
    """Everything that is wrong in a cell, on one line."""
    return f"{name}: {beginning_of(' '.join('; '.join(found).split()), 300)[0]}"


def judged(cell: Cell) -> list[str]:
    """Everything that is wrong in a cell."""
    wanted = TABLE[cell.shape.name, cell.server.name]
    assert wanted is not None
    return faults(cell, wanted)


def untold(cell: Cell, caplog: pytest.LogCaptureFixture) -> list[str]:
    """A parameter that was left out is told in the log."""
    if not cell.shape.logged or not isinstance(cell.outcome, llmc.Answer):
        return []
    texts = [text for text in caplog.messages if cell.name in text]
    silent = [parameter for parameter in cell.refused if not any(parameter in text for text in texts)]
    return [f"the log says nothing of {silent}"] if silent else []


def shown(cells: list[Cell], wrong: dict[str, list[str]]) -> Iterator[str]:
    """The results as a table, and how many there are."""
    done = {(cell.shape.name, cell.server.name): cell for cell in cells}
    width = max(len(shape.name) for shape in SHAPES)
    yield " ".join([" " * width, *(name[:10].ljust(10) for name in NAMES)])
    for shape in SHAPES:
        marks = [mark(done.get((shape.name, name)), wrong).ljust(10) for name in NAMES]
        yield " ".join([shape.name.ljust(width), *marks]).rstrip()
    answers = sum(isinstance(cell.outcome, llmc.Answer) for cell in cells)
    yield f"{len(cells)} cells, {answers} answers, {len(cells) - answers} errors; {len(wrong)} not as expected"


def mark(cell: Cell | None, wrong: dict[str, list[str]]) -> str:
    """What became of a cell; `~`: its usage is an estimate, `!`: not as expected."""
    if cell is None:
        return NOT_THERE
    answer = cell.outcome if isinstance(cell.outcome, llmc.Answer) else getattr(cell.outcome, "answer", None)
    estimate = "~" if answer is not None and answer.total.estimated else ""
    return ("answer" if answer is cell.outcome else "error") + estimate + ("!" if cell.name in wrong else "")


COUNTS = Counts(read=400, cached=200, written=60, reasoning=9)


def test_a_wrong_count_is_seen() -> None:
    """A reader of the other API's names reads nothing on `responses`; one of the right names is right."""
    right = Usage(read=400, cached=200, written=60, reasoning=9)
    assert not wrong_counts(right, COUNTS, details=True, told=True)
    for names, told in ((("prompt", "completion"), responses.usage(COUNTS)), (("input", "output"), of_chat(COUNTS))):
        found = wrong_counts(taken(told, *names), COUNTS, details=True, told=True)
        assert found == ["read 0 tokens, not 400", "written 0 tokens, not 60", *found[2:]]
    for names, told in ((("input", "output"), responses.usage(COUNTS)), (("prompt", "completion"), of_chat(COUNTS))):
        assert not wrong_counts(taken(told, *names), COUNTS, details=True, told=True)


def test_an_estimate_is_right_only_where_nothing_was_told() -> None:
    """Marked as one, it may have any number."""
    estimate = Usage(read=390, written=64, estimated=True)
    assert not wrong_counts(estimate, COUNTS, details=True, told=False)
    assert wrong_counts(estimate, COUNTS, details=True, told=True)
    assert wrong_counts(replace(estimate, estimated=False), COUNTS, details=True, told=False)


def test_a_cell_is_judged_by_the_table() -> None:
    """An answer for an error, another answer, words that are lost, and an error of another type are all seen."""
    cell = Cell(PERSONALITIES[0], SHAPES[0])
    for outcome in (llmc.ModelError("m", "says no"), RuntimeError("no")):
        cell.outcome = outcome
        assert faults(cell, Expected("Tea costs 3.5."))
        assert faults(cell, Expected("", ("other words",)))


def of_chat(counts: Counts) -> dict[str, Any]:
    """The tokens as OpenAI's `chat` tells them."""
    return sending.usage(PERSONALITIES[1], counts)


def taken(told: dict[str, Any], read: str, written: str) -> Usage:
    """What a reader of these names takes from a count."""
    return Usage(
        read=told.get(f"{read}_tokens", 0),
        cached=told.get(f"{read}_tokens_details", {}).get("cached_tokens", 0),
        written=told.get(f"{written}_tokens", 0),
        reasoning=told.get(f"{written}_tokens_details", {}).get("reasoning_tokens", 0),
    )
