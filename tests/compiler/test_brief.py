"""The `repr` of what may hold much."""

import asyncio
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any, Final

import pytest

import llmc
from llmc_compiler.expressions.terms import Binary, Const
from llmc_compiler.representation.brief import LENGTH, Brief, brief
from llmc_runtime.program.dry_run import Planned as DryCall
from llmc_runtime.state.events import RunFinished
from llmc_runtime.state.outcomes import Done
from tests.runtime.fakes import echo

MANY: Final = 100_000
TOOLS: Final = llmc.Toolbox([echo])


class Counted(list[Any]):
    """A list that counts how often somebody looks at a part of it."""

    looks = 0

    def __iter__(self) -> Iterator[Any]:
        for each in super().__iter__():
            self.looks += 1
            yield each


def large() -> Counted:
    """A list of many texts."""
    return Counted(["x" * 50] * MANY)


def run_of(value: Any) -> llmc.Run:  # noqa: ANN401 — any value
    """A run that gave this."""
    run = llmc.compile("join(1)", TOOLS).run_sync()
    object.__setattr__(run, "value", value)
    object.__setattr__(run, "results", dict.fromkeys(map(str, range(MANY)), value))
    return run


def answer_of(value: Any) -> llmc.Answer:  # noqa: ANN401 — any value
    """An answer that is this."""
    answer = llmc.Agent(TOOLS, model=llmc.ScriptedModel(['join("a")\n'])).ask_sync("?" * MANY)
    object.__setattr__(answer, "value", value)
    return answer


HOLDERS: Final[dict[str, Callable[[Any], object]]] = {
    "run": run_of,
    "answer": answer_of,
    "outcome": Done,
    "term": Const,
    "graph": lambda value: _with(llmc.compile("join(1)", TOOLS), value).graph,
    "program": lambda value: _with(llmc.compile("join(1)", TOOLS), value),
    "event": lambda value: RunFinished(0.0, complete=True, abandoned=tuple(value)),
    "explanation": lambda value: replace(llmc.compile("join(1)", TOOLS).explain(), remarks=tuple(list.__iter__(value))),
    "call": lambda value: DryCall("1", "1", 1, "t", "x" * MANY, (), "runs", tuple(list.__iter__(value))),  # type: ignore[arg-type]
}


def _with(program: llmc.Program, value: object) -> llmc.Program:
    """A program whose nodes are these."""
    object.__setattr__(program.graph, "nodes", {str(number): value for number in range(MANY)})
    return program


@pytest.mark.parametrize("name", HOLDERS)
def test_it_is_short_and_found_without_a_look_at_all(name: str) -> None:
    """A few characters of each field, of as many parts as these show."""
    value = large()
    held = HOLDERS[name](value)
    value.looks = 0
    assert len(repr(held)) < 3_000
    assert value.looks < 100


def test_the_usual_one_looks_at_everything() -> None:
    """The control."""

    @dataclass
    class Usual:
        value: object

    held = Usual(tuple(large()))
    assert len(repr(held)) > 50 * MANY


def test_a_finished_task_asks_for_it() -> None:
    """Of its result; up to Python 3.12 `asyncio.run` does so too, and a long one would cost its caller."""
    value = large()

    async def work() -> object:
        return Done(value)

    async def main() -> str:
        task = asyncio.create_task(work())
        await task
        return repr(task)

    assert "Done(" in asyncio.run(main())
    assert 0 < value.looks < 100


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ({"a": [1, None]}, "{'a': [1, None]}"),
        ((1, {2}), "(1, {2})"),
        ("x" * 200, "'" + "x" * (LENGTH - 1) + "…"),
        (2**1_000, "<1,001 bits>"),
        (Done(1), "Done(value=1)"),
        (b"x" * 3, "b'xxx'"),
    ],
)
def test_what_is_small_is_whole(value: object, text: str) -> None:
    """What is not ends with a mark."""
    assert brief(value) == text


def test_what_is_deep_needs_no_stack() -> None:
    """A chain of operators may have thousands."""
    term: Any = Const(1)
    for _ in range(5_000):
        term = Binary("+", term, Const(1))
    assert repr(term).startswith("Binary(op='+', left=Binary(op='+', left=Binary(")
    assert len(repr(term)) < 500


def test_what_is_hidden_is_hidden_before_the_cut() -> None:
    """Of a text that stands across it, not even the beginning is seen."""
    text = "x" * (LENGTH - 5) + "hunter2" * 100
    assert "hun" not in brief(text, hide=lambda part: part.replace("hunter2" * 100, "[secret]"))
    assert "hun" in brief(text)


class Own(Brief):
    """One with words of its own."""

    def __repr__(self) -> str:
        return "mine"


def test_own_words_are_kept() -> None:
    """Also inside of others."""
    assert brief([Own()]) == "[mine]"
