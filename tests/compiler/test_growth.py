"""Steps, slices, lists in place, formats, functions, plans as tools: examples with values, calls and printed forms."""

from collections import Counter
from pathlib import Path
from typing import Final

import pytest
from typing_extensions import TypedDict

import llmc
from llmc_compiler.expressions.compact_json import compact
from llmc_compiler.ir.printer import print_graph
from tests.compiler.cases import Case, cases

CASES: Final = cases(Path(__file__).with_name("growth.md"))
PAGE: Final = Path(__file__).parents[2] / "docs/reference/values.md"


class Flight(TypedDict):
    """A flight."""

    to: str
    minutes: int
    price: float


class Place(TypedDict):
    """A place."""

    name: str
    sights: list[str]
    area: float


_FLIGHTS: Final[list[Flight]] = [
    {"to": "Rome", "minutes": 110, "price": 89.5},
    {"to": "Oslo", "minutes": 125, "price": 1240.0},
    {"to": "Rome", "minutes": 180, "price": 61.25},
]
CALLS: Counter[str] = Counter()


@llmc.read("airline")
def flights(day: str = "today") -> list[Flight]:
    """Return the flights of a day."""
    CALLS["flights"] += 1
    return _FLIGHTS if day == "today" else _FLIGHTS[:1]


@llmc.read("atlas")
def place(name: str) -> Place:
    """Return a place."""
    CALLS["place"] += 1
    return {"name": name, "sights": [f"{name} {sight}" for sight in ("tower", "market")], "area": len(name) * 100.25}


@llmc.write("log")
def note(text: str) -> int:
    """Write a line, and return its number."""
    CALLS["note"] += 1
    return CALLS["note"]


TOOLBOX: Final = llmc.Toolbox([flights, place, note])

CHEAPEST: Final = """\
# The cheapest flight to a city.
input city: str

all = flights()
found = [$f for f in $all if $f.to == $city]
join(min($found, by="price"))
"""
AREA: Final = """\
# The area of a place, with a note.
input city: str

note("a reader asked for $city")
join(place($city).area)
"""
PLANS: Final = {name: llmc.compile(text, TOOLBOX) for name, text in (("cheapest", CHEAPEST), ("area", AREA))}


def outcome(text: str) -> str:
    """What comes of a plan: its value, the calls, and the optimised plan."""
    CALLS.clear()
    program = llmc.compile(text, TOOLBOX, plans=PLANS)
    run = program.run_sync()
    assert not run.errors
    calls = ", ".join(f"{name} {count}" for name, count in sorted(CALLS.items())) or "none"
    return f"value: {compact(run.value)}\ncalls: {calls}\n\n{print_graph(program.graph)}"


@pytest.mark.golden
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.title)
def test_an_example_has_this_outcome(case: Case) -> None:
    """The value, the number of calls and the printed form are those of the page."""
    case.check(lambda given: outcome(given.before))


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.title)
def test_the_printed_form_means_the_same(case: Case) -> None:
    """Compiled again, it has the same value, makes the same calls, and prints as itself."""
    value, _, printed = case.after.partition("\n\n")
    assert outcome(printed) == f"{value}\n\n{printed}"


def test_the_page_of_the_language_has_the_examples() -> None:
    """Each plan and its value are in docs/reference/values.md."""
    page = PAGE.read_text(encoding="utf-8")
    assert all(f"```llmc\n{text}```" in page for text in (CHEAPEST, AREA))
    for case in CASES:
        value = case.after.splitlines()[0].removeprefix("value: ")
        assert f"```llmc\n{case.before}```\n\n```json\n{value}\n```" in page, case.title
