"""Each plan in examples/ gives what it should."""

import re
from pathlib import Path
from typing import Any, Final

import pytest

import llmc
from llmc.config.tool_files import load_file
from llmc_compiler.expressions.terms import Json
from llmc_runtime.state.events import Finished
from llmc_runtime.tracing.trace import read_trace
from llmc_runtime.tracing.trace_replay import replay
from tests.golden import settle_file

EXAMPLES: Final = Path(__file__).parent.parent.parent / "examples"

VALUES: Final[dict[str, Json]] = {
    "compare": "Mount Everest against Kilimanjaro: 2,954 metres more",
    "diamond": {"country": "France", "capital": "Paris", "other cities": ["Marseille", "Lyon"]},
    "nested": "Berlin and Munich are 504 km apart; Berlin has 2.47 times the inhabitants",
    "loop": {
        "large": [
            "New York is a city in United States with 8,804,190 inhabitants (2020).",
            "Los Angeles is a city in United States with 3,898,747 inhabitants (2020).",
        ],
        "metres": [6190, None, 4892],
    },
    "failing": {"tea": 3.5, "jam": 4.25},
    "guard": ["Gobi: 1295000 km²"],
    "story": {
        "inhabitants": 2165423,
        "times Lyon": [4.14, 1.66, 1.0],
        "before": [],
        "after": ["Paris has 2165423 inhabitants, 4.14 times those of Lyon"],
    },
    "duplicate": "14.05 million people live in Tokyo, that is 14047594",
    "plumbing": [
        '3 notes, 49.5 degrees in all, Rome first: [["Oslo",18],["Rome",31.5]]',
        ["Warm", "in", "Rome"],
        True,
        "rain in oslo",
        "Warm in Rome\nRain in Oslo",
    ],
    "profile": "Lyon is a small city in France with 522,969 people",
    "brochure": [
        "Tokyo is a big city in Japan with 14,047,594 people",
        [
            "Lyon is a small city in France with 522,969 people",
            "Marseille is a small city in France with 870,731 people",
        ],
        "Atlantis is not on the map",
    ],
    "publish": "published as number 1",
    "tracker": {"number": 1, "title": "The kettle whistles in the wrong key", "state": "closed"},
    "nine": "Paris and Tokyo are 9712 km apart, with 2165423 and 14047594 inhabitants",
}

FAILED: Final = {"failing": ["first", "1", "2"]}
"""The tasks of an example that have no value, which it is about."""

UNUSED: Final = {"duplicate": ["4"], "story": ["unused"]}
"""The tasks that an example has only to show that they are left out; check warns of them."""


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """The atlas answers at once."""
    monkeypatch.setenv("ATLAS_PACE", "0")


def program(name: str, **options: Any) -> llmc.Program:
    """The program of an example."""
    return llmc.load(EXAMPLES / f"{name}.llmc", **options)


def test_every_plan_is_here() -> None:
    """There is a value for every example but those with mistakes."""
    assert {path.stem for path in EXAMPLES.glob("*.llmc")} == VALUES.keys() | {"mistakes", "types", "closing"}


@pytest.mark.parametrize("name", VALUES)
@pytest.mark.parametrize("optimize", [True, False])
def test_a_plan_has_its_value(name: str, optimize: bool) -> None:
    """The value is the same with and without the passes, and nothing fails but what is to fail."""
    found = program(name) if optimize else program(name, passes=())
    run = found.run_sync(approve="all")
    assert run.value == VALUES[name]
    assert list(run.errors) == FAILED.get(name, [])
    assert [(each.code, each.words("title")) for each in found.diagnostics] == [
        ("W204", f"nothing needs task `{task}`") for task in UNUSED.get(name, [])
    ]


@pytest.mark.parametrize("name", VALUES)
def test_the_compiled_plan_is_the_same_plan(name: str) -> None:
    """What `llmc compile` prints gives the same value."""
    text = program(name).to_llmc()
    use, _, rest = text.partition("\n")
    file = use.removeprefix('use "').removesuffix('"')
    plan, tools = (rest, load_file(EXAMPLES / file)) if file != use else (text, llmc.Toolbox([]))
    called = {other: program(other) for other in re.findall(r'^use "(\w+)\.llmc"$', plan, re.MULTILINE)}
    assert llmc.compile(plan, tools, plans=called).run_sync(approve="all").value == VALUES[name]


def test_inputs_change_the_value() -> None:
    """The examples take other places."""
    assert program("compare").run_sync({"first": "Nile", "second": "Rhine"}).value == (
        "Nile against Rhine: 5,417 kilometres more"
    )
    assert program("guard").run_sync({"desert": "Namib"}).value == []


@pytest.mark.golden
def test_the_mistakes_are_those_that_are_written_down() -> None:
    """mistakes.txt is exactly what the compiler says about mistakes.llmc: three mistakes."""
    with pytest.raises(llmc.CompileError) as caught:
        llmc.load(EXAMPLES / "mistakes.llmc")
    path = str(EXAMPLES / "mistakes.llmc")
    settle_file(EXAMPLES / "mistakes.txt", str(caught.value).replace(path, "mistakes.llmc") + "\n")
    assert len(caught.value.diagnostics) == 3


def test_what_is_published_is_asked_for() -> None:
    """Without a yes nothing is; the request shows what, and where it is from."""
    requests: list[llmc.ApprovalRequest] = []

    def ask(request: llmc.ApprovalRequest) -> bool:
        requests.append(request)
        return False

    run = program("publish").run_sync(approve=ask)
    assert isinstance(run.errors["number"], llmc.NotApproved)
    (argument,) = requests[0].arguments
    assert argument.value == "Lyon in France has 522969 inhabitants"
    assert [origin.task for origin in argument.origins] == [None, "home", "people"]


def test_the_recorded_run_is_one_of_the_nine_calls() -> None:
    """nine.jsonl can be read, and its longest chain is that of the plan."""
    with (EXAMPLES / "nine.jsonl").open("rb") as stream:
        past = replay(read_trace(stream))
    assert past.calls == 9
    assert past.tasks_of_chain == ("2", "4", "9")


def test_nine_calls_are_shorter_than_their_sum() -> None:
    """The longest chain of the nine calls goes from a country to an end, and is shorter than all of them together."""
    run = program("nine").run_sync()
    assert run.calls == 9
    assert run.chain[0] in {"1", "2"}
    assert run.chain[-1] in {"7", "8", "9"}
    assert run.longest_chain < sum(event.seconds for event in run.events if isinstance(event, Finished))


def test_a_duplicate_is_asked_once() -> None:
    """Of four calls two are left: one is the same as another, one is not needed."""
    assert program("duplicate").run_sync().calls == 2
    assert program("duplicate", passes=()).run_sync().calls == 4


def test_the_atlas_says_what_it_does_not_know() -> None:
    """An unknown place is an error of that task alone."""
    run = program("compare").run_sync({"first": "Atlantis"})
    assert any("the atlas knows no place called Atlantis" in str(error) for error in run.errors.values())
    assert run.value is None


def test_figures_of_different_kinds_are_not_compared() -> None:
    """A height and a length have no difference."""
    run = program("compare").run_sync({"second": "Nile"})
    assert any("nothing to compare" in str(error) for error in run.errors.values())
