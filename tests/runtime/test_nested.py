"""Runs inside runs: what asks, who is asked, and when the run around has ended."""

import asyncio
from collections.abc import Iterator
from contextvars import ContextVar
from typing import Any

import pytest

import llmc
from llmc_runtime.errors import Held, NotApproved
from llmc_runtime.program.execution import execute
from llmc_runtime.program.run_result import Run
from llmc_runtime.safety.approval import Hold
from llmc_runtime.safety.run_guard import RunGuard
from llmc_runtime.state import events
from tests.runtime import clock
from tests.runtime.asked import Asked, reasons
from tests.runtime.nested import CELLS, allows, approval, asks, compiled, marking, play, running, written

IN_LOOP = ("await", "stream", "arriving")
IN_THREADS = ("thread", "to_thread")


@pytest.fixture(autouse=True)
def _forget() -> Iterator[None]:
    """Each test has its own writes."""
    written.clear()
    yield
    written.clear()


def cell(
    around: tuple[Any, Any], inside: tuple[Any, Any], *, approve: bool, writes: bool, way: str = "await"
) -> tuple[bool, list[str], list[str]]:
    """Whether a call of a run inside was made, and for what was asked in the run around it and in itself."""
    written.clear()
    (outer, outer_asked), (inner, inner_asked) = approval(*around), approval(*inside)
    mark = marking("mark", approve=approve, writes=writes)
    tool, runs = running("mark()\n", mark, way=way, approve=inner)
    play(tool, way=way, approve=outer)
    assert bool(runs[0].errors) == (not written)
    return bool(written), outer_asked.tools, inner_asked.tools


def expected(around: tuple[Any, Any], inside: tuple[Any, Any], *, approve: bool, writes: bool) -> bool:
    """Whether both runs let the call be made."""
    return all(allows(word, answer, approve=approve, writes=writes) for word, answer in (around, inside))


@pytest.mark.parametrize("word", [None, "ask", "all", "none"])
def test_a_call_is_made_if_both_runs_let_it(word: str | None) -> None:
    """For every word outside and inside, every answer, and every tool."""
    for outer, said, inner, answer, approve, writes in CELLS:
        if outer == word:
            around, inside = (outer, said), (inner, answer)
            made, _, _ = cell(around, inside, approve=approve, writes=writes)
            assert made == expected(around, inside, approve=approve, writes=writes), (around, inside, approve, writes)


def test_without_the_rule_the_table_is_another_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where runs inherit nothing, calls are made that the run around refuses; none that both allow is missing."""
    monkeypatch.setattr(RunGuard, "inherit", lambda *_: None)
    forbidden = 0
    for outer, said, inner, answer, approve, writes in CELLS:
        around, inside = (outer, said), (inner, answer)
        made, _, _ = cell(around, inside, approve=approve, writes=writes)
        right = expected(around, inside, approve=approve, writes=writes)
        assert made or not right
        forbidden += made and not right
    assert forbidden > 50


def test_who_is_asked() -> None:
    """Whoever would be asked, the run around first; nobody where a word refuses, or after a no."""
    for outer, said, inner, answer, approve, writes in CELLS:
        _, asked_outside, asked_inside = cell((outer, said), (inner, answer), approve=approve, writes=writes)
        kind = {"approve": approve, "writes": writes}
        outside, inside = asks(outer, **kind), asks(inner, **kind)
        refused = any(
            asks(word, **kind) and (word == "none" or says is None) for word, says in [(outer, said), (inner, answer)]
        )
        assert asked_outside == (["mark"] if outside and not refused else [])
        assert asked_inside == (["mark"] if inside and not refused and (said is True or not outside) else [])


@pytest.mark.parametrize("way", [*IN_LOOP, *IN_THREADS])
@pytest.mark.parametrize("said", [True, False])
def test_every_way_to_run_a_plan_is_inside(way: str, said: bool) -> None:
    """On the loop of the run around, or on another one in a thread."""
    made, outside, inside = cell((None, said), ("ask", True), approve=True, writes=True, way=way)
    assert (made, outside, inside) == (said, ["mark"], ["mark"] if said else [])
    made, outside, _ = cell(("none", said), ("all", None), approve=True, writes=True, way=way)
    assert (made, outside) == (False, [])


@pytest.mark.parametrize("way", [*IN_LOOP, *IN_THREADS])
def test_without_the_rule_no_way_is_inside(way: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The forbidden write happens."""
    monkeypatch.setattr(RunGuard, "inherit", lambda *_: None)
    assert cell(("none", None), ("all", None), approve=True, writes=True, way=way)[0]


@pytest.mark.parametrize("refusing", [0, 1, 2])
def test_runs_at_any_depth_ask_from_the_outermost_on(refusing: int) -> None:
    """The first no is that of all; those further in are not asked then."""
    order: list[int] = []

    def level(number: int) -> llmc.Approval:
        async def ask(request: llmc.ApprovalRequest) -> bool:
            order.append(number)
            return number != refusing

        return llmc.Approval(None, ask)

    mark = marking("mark", approve=True)
    inner, runs = running("mark()\n", mark, name="inner", approve=level(2))
    middle, _ = running("inner()\n", inner, name="middle", approve=level(1))
    play(middle, approve=level(0))
    assert order == list(range(refusing + 1))
    assert reasons(runs[0]) == {"1": "no"}
    words = "task 1 was not approved: `mark` asks first, and the answer was no"
    assert str(runs[0].errors["1"]) == words + ("" if refusing == 2 else ": decided in the run around it")
    assert written == []


@pytest.mark.parametrize("words", [("none", "all", "all"), ("all", "none", "all"), ("all", "all", "none")])
def test_a_word_of_any_run_refuses(words: tuple[Any, Any, Any]) -> None:
    """The others loosen nothing."""
    inner, runs = running("mark()\n", marking("mark", approve=True), name="inner", approve=words[2])
    middle, _ = running("inner()\n", inner, name="middle", approve=words[1])
    play(middle, approve=words[0])
    assert reasons(runs[0]) == {"1": "none"}
    assert written == []


@pytest.mark.parametrize("way", ["await", "thread"])
def test_one_function_is_asked_once(way: str) -> None:
    """Also as a method, which is another object each time; and told why the call is held in any run."""

    class Person:
        def __init__(self) -> None:
            self.requests: list[llmc.ApprovalRequest] = []

        async def ask(self, request: llmc.ApprovalRequest) -> bool:
            self.requests.append(request)
            return True

    person = Person()
    inner, _ = running("mark()\n", marking("mark", approve=True), name="inner", way=way, approve=person.ask)
    middle, _ = running("inner()\n", inner, name="middle", way=way, approve=Asked())
    play(middle, way=way, approve=person.ask)
    assert written == ["mark"]
    assert [request.inside for request in person.requests] == [("middle (task 1)", "inner (task 1)")]
    held = '1. note("a"\n2. mark()\n3. join($2)'
    note = llmc.pure(lambda_note)
    program = llmc.compile(held, llmc.Toolbox([note, marking("mark", approve=True)]), mode="lenient")

    @llmc.pure
    async def tool() -> None:
        await program.run(approve=person.ask)

    play(tool, approve=person.ask)
    assert [request.held is not None for request in person.requests] == [False, True]


async def lambda_note(text: str) -> str:
    """The text."""
    return text


lambda_note.__name__ = "note"


def test_a_request_says_where_the_run_is() -> None:
    """The calls that it is inside of stand below the call."""
    asked = Asked()
    tool, _ = running("mark()\n", marking("mark", approve=True), approve="all")
    play(tool, approve=asked)
    digest = asked.requests[0].digest[:12]
    assert str(asked.requests[0]) == f"mark: write(notes) (task 1, line 1) #{digest}\n  inside deliver (task 1)"


place: ContextVar[str] = ContextVar("place", default="nowhere")


@pytest.mark.parametrize("way", ["await", "thread", "to_thread"])
@pytest.mark.parametrize("is_async", [True, False])
def test_the_run_around_asks_where_it_would_ask_itself(way: str, is_async: bool) -> None:
    """An async function on its loop, in the context in which it began."""
    seen: list[tuple[object, str]] = []

    async def ask(_request: llmc.ApprovalRequest) -> bool:
        seen.append((asyncio.get_running_loop(), place.get()))
        return True

    def ask_in_thread(_request: llmc.ApprovalRequest) -> bool:
        seen.append((None, place.get()))
        return True

    tool, runs = running("mark()\n", marking("mark", approve=True), way=way, approve="all")

    async def main() -> asyncio.AbstractEventLoop:
        place.set("outside")
        run = asyncio.ensure_future(compiled(tool).run(approve=ask if is_async else ask_in_thread))
        place.set("elsewhere")
        await run
        return asyncio.get_running_loop()

    loop = asyncio.run(main())
    assert seen == [(loop if is_async else None, "outside")]
    assert not runs[0].errors


@pytest.mark.parametrize("way", ["await", "thread"])
@pytest.mark.parametrize("what", [ValueError("bad"), asyncio.CancelledError("no"), StopIteration(3)])
def test_a_function_outside_that_fails_has_not_said_yes(way: str, what: BaseException) -> None:
    """The error is that of the call inside, and both runs go on."""

    async def ask(_request: llmc.ApprovalRequest) -> bool:
        raise what

    tool, runs = running("mark()\n", marking("mark", approve=True), way=way, approve="all")
    run = play(tool, way=way, approve=ask)
    assert reasons(runs[0]) == {"1": "failed"}
    assert run.errors == {}
    assert written == []


@pytest.mark.parametrize("way", ["await", "thread"])
def test_questions_of_both_runs_come_one_at_a_time(way: str) -> None:
    """Those of the run around, and of several runs inside it; each run's events are in order."""
    open_, most = 0, 0

    async def ask(_request: llmc.ApprovalRequest) -> bool:
        nonlocal open_, most
        open_ += 1
        most = max(most, open_)
        await asyncio.sleep(0.01)
        open_ -= 1
        return True

    mark = marking("mark", approve=True, writes=False)
    pairs = [running("mark()\n" * 3, mark, name=f"t{at}", way=way, approve="all") for at in range(3)]
    run = play(*(tool for tool, _ in pairs), mark, way=way, approve=ask)
    assert most == 1
    for each in (run, *(runs[0] for _, runs in pairs)):
        kinds = [type(event).__name__ for event in each.events if isinstance(event, events.Asked | events.Answered)]
        assert kinds
        assert kinds == ["Asked", "Answered"] * (len(kinds) // 2)


HOLDS: tuple[Hold | None, ...] = (None, Hold("why"), Hold("why", ("mark",)))


@pytest.mark.parametrize("outer", HOLDS)
@pytest.mark.parametrize("inner", HOLDS)
@pytest.mark.parametrize("said", [None, True, False])
@pytest.mark.parametrize("answer", [None, True, False])
def test_what_is_granted_inside_is_granted_outside_too(
    outer: Hold | None, inner: Hold | None, said: object, answer: object
) -> None:
    """A hold of either run asks for what it does not grant; without anybody to ask the call is held."""

    def guard(hold: Hold | None, says: object) -> RunGuard:
        found = RunGuard(approval(None, says)[0])
        if hold is not None:
            found.hold(hold)
        return found

    graph = compiled(marking("mark")).graph
    runs: list[Run] = []

    @llmc.pure
    async def tool() -> None:
        runs.append(await execute(graph, {}, trust=guard(inner, answer)))

    clock.run(execute(compiled(tool).graph, {}, trust=guard(outer, said)))
    holding = [says for hold, says in [(outer, said), (inner, answer)] if hold == Hold("why")]
    assert bool(written) == all(says is True for says in holding)
    if None in holding:
        assert isinstance(runs[0].errors["1"], Held)
    elif False in holding:
        assert isinstance(runs[0].errors["1"], NotApproved)


def test_a_hold_of_a_repaired_plan_covers_what_its_tools_run() -> None:
    """Whatever is said inside; a read is not held."""
    note = llmc.pure(lambda_note)
    for writes in (True, False):
        tool, runs = running("mark()\n", marking("mark", writes=writes), approve="all")
        text = '1. note("a"\n2. deliver()\n3. join($1, $2)'
        clock.run(llmc.compile(text, llmc.Toolbox([note, tool]), mode="lenient").run(approve="all"))
        assert bool(written) == (not writes)
        assert [type(error) for error in runs[0].errors.values()] == ([Held] if writes else [])
