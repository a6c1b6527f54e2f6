"""T15: a tool changes its argument, or its result after it was returned."""

import asyncio
import random
from collections.abc import Iterator
from typing import Any, Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from llmc_compiler.expressions.terms import Json, ListOf, MapOf, Param, Term, canonical
from llmc_compiler.ir.graph import Node
from llmc_compiler.tools.decorators import nondet, pure, write
from llmc_compiler.tools.tool import Tool
from llmc_runtime.state.events import Event, Finished
from tests.runtime.build import call, expr, loop, play, ref, term
from tests.runtime.fakes import echo


@pure
async def spoil(values: list[int]) -> int:
    """Change what was given."""
    values.append(99)
    return len(values)


def _spoil(values: list[object]) -> int:
    values.append(99)
    return len(values)


spoil_by_schema = Tool.from_schema(
    "spoil_by_schema", "", {"properties": {"values": {"type": "array"}}}, "pure", call=_spoil
)


@write("r")
async def grow() -> list[int]:
    """Change what was returned."""
    kept = [1]
    asyncio.get_running_loop().call_soon(kept.append, 2)
    return kept


def test_nobody_else_sees_it() -> None:
    """Each tool has lists of its own, each attempt too, and each result is what it was."""
    run = play(
        call("t", echo, [1, 2]),
        call("a", spoil, ref("t")),
        call("b", spoil, ref("t")),
        call("c", spoil_by_schema, ref("t")),
        call("g", grow),
        call("h", echo, ref("g")),
        join=ref("t"),
    )
    assert run.results == {"t": [1, 2], "a": 3, "b": 3, "c": 3, "g": [1], "h": [1]}
    run.results["t"].append(5)  # type: ignore[union-attr]  # a list
    assert run.value == [1, 2]


def ruin(value: object) -> None:
    """Change every list and mapping in a value."""
    inside = value if isinstance(value, list) else [*value.values()] if isinstance(value, dict) else []
    for part in [*inside]:
        ruin(part)
    if isinstance(value, list):
        value.append("ruined")
        del value[0]
    elif isinstance(value, dict):
        value.pop(next(iter(value), ""), None)
        value["ruined"] = []


class Spoilers:
    """Tools that return their argument in a numbered result, or fail.

    When `is_harmful`, both are ruined as soon as the run has the result.
    """

    def __init__(self) -> None:
        self.begin(is_harmful=True)

        @nondet
        async def of_anything(x: Any) -> Any:  # noqa: ANN401 — of any type
            return self._called(x)

        @nondet
        async def of_lists(x: list[Any]) -> list[Any]:
            result: list[Any] = self._called(x)
            return result

        @nondet
        async def of_records(x: dict[str, list[Any]]) -> dict[str, list[dict[str, Any]]]:
            result: dict[str, list[dict[str, Any]]] = self._called(x)
            return result

        async def by_schema(x: Any) -> Any:  # noqa: ANN401 — of any type
            return self._called(x)

        schema = {"type": ["array", "object"], "items": {"type": ["array", "object", "integer", "string"]}}
        one = {"properties": {"x": schema}, "required": ["x"]}
        self.tools = (
            of_anything,
            of_lists,
            of_records,
            Tool.from_schema("typed", "", one, "nondet", by_schema, returns=schema),
            Tool.from_schema("untyped", "", {"properties": {"x": {}}}, "nondet", by_schema),
        )

    def begin(self, *, is_harmful: bool) -> None:
        """Forget the calls of the run before."""
        self._is_harmful = is_harmful
        self._calls = 0
        self._returned: dict[str, object] = {}

    def _called(self, x: Any) -> Any:  # noqa: ANN401 — of any type
        """What a tool returns for an argument."""
        self._calls += 1
        if self._calls % 4 == 0:
            error = ValueError(canonical(x))
            self._ruin(x)
            raise error
        result: Any = (
            {"k": [{"x": x}, {"n": [self._calls, 2.5]}]} if isinstance(x, dict) else [x, [self._calls], {"k": []}]
        )
        self._returned[canonical(result)] = result
        return result

    def told(self, event: Event) -> None:
        """Ruin a result, with the argument in it, now that the run has it."""
        if isinstance(event, Finished):
            self._ruin(self._returned.pop(canonical(event.value), None))

    def _ruin(self, value: object) -> None:
        if self._is_harmful:
            ruin(value)


SPOILERS: Final = Spoilers()


def nodes(rng: random.Random, constants: list[Json]) -> Iterator[Node]:
    """Calls, loops and expressions that share each other's values, constants and inputs; some have fallbacks."""
    made: list[str] = []

    def value(depth: int = 2) -> Any:  # noqa: ANN401 — a term, or JSON data
        """A term."""
        step: str | int = "k" if rng.random() < 0.5 else 0
        earlier = [ref(rng.choice(made)), ref(rng.choice(made), step)] if made else []
        inputs = [Param("p"), Param("q", ("k",)), *constants]
        both = (term(value(depth - 1)), term(value(depth - 1))) if depth else ()
        compound: list[Term] = [ListOf(both), MapOf(tuple(zip("kl", both, strict=False)))] if depth else []
        return rng.choice([*earlier, *earlier, *inputs, *compound])

    for number in range(rng.randrange(3, 9)):
        key, tool = f"t{number}", rng.choice(SPOILERS.tools)
        fallback = value() if rng.random() < 0.5 else ...
        kind = rng.random()
        if kind < 0.7:
            yield call(key, tool, value(), retries=rng.randrange(2), fallback=fallback)
        elif kind < 0.85:
            yield expr(key, value(), fallback=fallback)
        else:
            yield loop(key, [[1], {"k": [2]}], call(f"{key}/c", tool, value(), fallback=fallback))
        made.append(key)


def seen(seed: int, *, is_harmful: bool) -> list[object]:
    """All that others see of a random run, after it: results, value, errors, events, its constants and inputs."""
    SPOILERS.begin(is_harmful=is_harmful)
    constants: list[Json] = [[1, [2], {"k": [3]}], {"k": [{"a": 1}]}]
    params: dict[str, Json] = {"p": [[1], {"k": [2]}], "q": {"k": [[3]]}}
    run = play(*nodes(random.Random(seed), constants), params=params, emit=SPOILERS.told)
    values = [event.value for event in run.events if isinstance(event, Finished)]
    return [run.results, run.value, {key: str(error) for key, error in run.errors.items()}, values, constants, params]


def is_the_same(seed: int) -> bool:
    """What others see does not depend on what tools do to their arguments and results."""
    assert seen(seed, is_harmful=True) == seen(seed, is_harmful=False)
    return True


@settings(max_examples=25)
@given(st.integers(0, 2**32))
def test_tools_that_change_everything_change_nothing_for_others(seed: int) -> None:
    """Neither for other tools, joins, fallbacks, retries and loops, nor in events, constants and inputs."""
    assert is_the_same(seed)


SHARED: Final = {
    "llmc_compiler.tools.schema_signature.thaw": lambda value: value,
    "llmc_compiler.tools.functions.annotation.thaw": lambda value: value,
    "llmc_runtime.calls.tool_call.receive": lambda result, *_: result,
}


@pytest.mark.parametrize("name", SHARED)
def test_values_that_are_shared_are_seen(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The control: arguments, or results, are not copied."""
    monkeypatch.setattr(name, SHARED[name])
    with pytest.raises(AssertionError):
        all(map(is_the_same, range(100)))
