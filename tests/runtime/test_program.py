"""Programs from Python: inputs, ways of reading, and what they tell of themselves."""

import asyncio
import math
import subprocess
import sys
from collections.abc import AsyncIterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest

import llmc


@llmc.pure
async def times(number: float, factor: float) -> float:
    """A product."""
    return number * factor


TOOLS = llmc.Toolbox([times])
CIRCLE: list[Any] = []
CIRCLE.append(CIRCLE)
PLAN = "input number: float\ninput factor: int = 2\n1. times($number, $factor)\njoin($1)\n"


def test_inputs_are_checked_before_anything_starts() -> None:
    """Unknown, missing and ill-typed ones are three errors that say what would do."""
    program = llmc.compile(PLAN, TOOLS)
    with pytest.raises(llmc.InputError, match="has no input `size`; its inputs are: `number`, `factor`"):
        program.run_sync({"number": 1, "size": 2})
    with pytest.raises(llmc.InputError, match="needs a value for `number`"):
        program.run_sync()
    with pytest.raises(llmc.InputError, match="input `factor` takes `int`, not 'two'"):
        program.run_sync({"number": 1, "factor": "two"})
    assert program.run_sync({"number": 1.5}).value == 3.0


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ("\ud800", "input `x` is a text with a lone surrogate"),
        ([{"k": math.nan}], "input `x[0].k` is nan, which is not JSON: give `None` instead"),
        ({1}, "input `x` is of type `set`, which is not JSON"),
        (10**4000, "input `x` is an integer of more than 10,000 bits"),
        ([CIRCLE], "input `x` is nested more than 100 deep, or contains itself"),
    ],
)
def test_an_input_that_is_no_json_data_is_an_error_of_the_input(value: Any, words: str) -> None:  # noqa: ANN401
    """It says which one, also where the type would take anything, and where nothing is run."""
    program = llmc.compile("input x: any\njoin($x)", TOOLS)
    for begin in (program.run_sync, program.dry_run):
        with pytest.raises(llmc.InputError) as caught:
            begin({"x": value})
        assert str(caught.value) == words
    assert program.run_sync({"x": [1, {"k": None}]}).value == [1, {"k": None}]


@pytest.mark.parametrize(
    ("terms", "words"),
    [
        ({"limit": llmc.Limits(width=1)}, "`run` has no setting `limit`: did you mean `limits`?"),
        ({"aprove": "none"}, "`run` has no setting `aprove`: did you mean `approve`?"),
        ({"limits": {"width": 1}}, "`limits` is a llmc.Limits, not {'width': 1}"),
        ({"emit": 5}, "`emit` is a function of an event, not 5"),
    ],
)
def test_terms_of_a_run_that_do_not_exist_are_refused(terms: dict[str, Any], words: str) -> None:
    """A limit or a word on approval under a wrong name would be lost without a trace."""
    program = llmc.compile(PLAN, TOOLS)
    for begin in (program.run_sync, program.stream):
        with pytest.raises(TypeError) as caught:
            begin({"number": 1}, **terms)
        assert str(caught.value) == words
    assert program.run_sync({"number": 1}, limits=llmc.Limits(width=1), emit=print).value == 2.0


def test_a_way_of_reading_that_does_not_exist_is_refused() -> None:
    """Both where text is compiled and where it is only read."""
    with pytest.raises(ValueError, match="mode must be one of"):
        llmc.compile(PLAN, TOOLS, mode="loose")  # type: ignore[arg-type]  # what is refused
    with pytest.raises(ValueError, match="mode must be one of"):
        llmc.parse(PLAN, "loose")  # type: ignore[arg-type]  # what is refused


def test_a_program_is_made_of_a_text_and_a_toolbox() -> None:
    """Or of a list of tools; a tool alone, a name or a mapping is refused at once."""
    for tools in (times, "times", {"times": times}, 3):
        with pytest.raises(TypeError, match=r"`tools` is a llmc\.Toolbox, or a list of tools, not "):
            llmc.compile(PLAN, tools)  # type: ignore[arg-type]  # what is refused
        with pytest.raises(TypeError, match=r"`tools` is a llmc\.Toolbox, or a list of tools, not "):
            asyncio.run(llmc.run_stream(aiter_of(PLAN), tools))  # type: ignore[arg-type]  # what is refused
    for read in (llmc.parse, partial(llmc.compile, tools=TOOLS)):
        with pytest.raises(TypeError, match="`text` is a text, or its bytes, not None"):
            read(None)  # type: ignore[arg-type]  # what is refused


def test_a_list_of_tools_is_as_good_as_a_toolbox(tmp_path: Path) -> None:
    """Wherever tools are taken."""
    path = tmp_path / "circle.llmc"
    path.write_text(PLAN)
    program = llmc.compile(PLAN, [times])
    assert program.graph == llmc.compile(PLAN, TOOLS).graph == llmc.compile(PLAN, (each for each in TOOLS)).graph
    assert llmc.Program.of(llmc.parse(PLAN), [times]).graph == program.graph
    assert llmc.load(path, [times]).graph == program.graph
    assert llmc.Graph.from_json(program.to_json(), [times]) == program.graph
    assert llmc.decoder_grammar([times]) == llmc.decoder_grammar(TOOLS)
    run = asyncio.run(llmc.run_stream(aiter_of("1. times(2, 3)\njoin($1)"), [times]))
    assert run.value == 6.0
    with pytest.raises(llmc.ToolboxError, match="`plain` declares no effect"):
        llmc.compile(PLAN, [plain])


def plain() -> None:
    """Say nothing of an effect."""


async def aiter_of(text: str) -> AsyncIterator[str]:
    """A text in one piece."""
    yield text


def test_reading_never_raises_on_bad_text() -> None:
    """What is wrong is in the diagnostics, what is good in the plan."""
    read = llmc.parse("1. times(2,\n2. times(3, 4)\n\x00")
    assert [found.severity for found in read.diagnostics].count("error") >= 2
    assert len(read.plan.statements) == 1


def test_the_facade_lists_its_names() -> None:
    """Every public name is there, and no other."""
    assert sorted(dir(llmc)) == sorted(llmc.__all__)
    assert all(hasattr(llmc, name) for name in llmc.__all__)
    assert not hasattr(llmc, "nothing")


def test_a_name_that_is_a_module_comes_first() -> None:
    """It is there before anything else was imported."""
    code = "import llmc; print(llmc.replanning.NEVER)"
    subprocess.run([sys.executable, "-c", code], check=True, capture_output=True)


def test_a_program_tells_what_became_of_the_plan() -> None:
    """Pass by pass; one of which nobody knows how it was written tells only how it runs."""
    program = llmc.compile("1. times(2, 1 + 1)\n2. times(2, 2)\njoin($1, $2)\n", TOOLS)
    assert [(stage.name, len(stage.remarks())) for stage in program.stages()] == [
        ("fold", 1),
        ("hoist", 0),
        ("dedup", 1),
        ("prune", 0),
    ]
    story = program.explain(width=1)
    assert (story.written, story.left, len(story.remarks)) == (2, 1, 2)
    bare = replace(program, written=None, passes=())
    assert list(bare.stages()) == []
    assert (bare.explain().written, bare.explain().remarks) == (1, ())


def test_the_last_stage_is_the_graph() -> None:
    """Also that of a model's text."""
    program = llmc.compile("1) times(2, 2)\n2) times(2, 2)\njoin($1, $2)\n", TOOLS, mode="lenient")
    assert list(program.stages())[-1].after == program.graph
    assert next(program.stages()).before == program.written
