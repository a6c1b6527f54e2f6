"""T21: an attempt that was given up goes on, and lands later than a conflicting write."""

import pytest

from llmc_runtime.calls import leak_detector
from llmc_runtime.calls.tool_call import ToolCall
from llmc_runtime.errors import PlanError
from llmc_runtime.limits import Policy
from llmc_runtime.program.run_result import Run
from llmc_runtime.scheduler import readiness
from llmc_runtime.state.instance import Instance
from tests.runtime.faults.late import EFFECTS, HOW, PLANS, Store, run_with
from tests.runtime.faults.observed import POLICIES


def is_wrong(run: Run, store: Store) -> bool:
    """Whether the older value was left behind, though the later write was done."""
    return "b" in run.results and 2 in store.values and store.values[-1] != 2


@pytest.mark.parametrize("how", HOW)
@pytest.mark.parametrize("effect", EFFECTS)
@pytest.mark.parametrize("text", PLANS.values(), ids=PLANS)
@pytest.mark.parametrize("policy", POLICIES)
def test_nothing_conflicting_follows(how: str, effect: str, text: str, policy: Policy) -> None:
    """The write is in doubt and named, no other attempt is made, and the later write is not done."""
    store = Store(how)
    run = run_with(store, effect, text, policy=policy)
    assert store.attempts == 1
    assert store.values == [1]
    assert not is_wrong(run, store)
    assert [task.split("[")[0] for task in run.in_doubt] == [text[0]]
    assert run.abandoned
    assert run.seconds == 0.6
    assert "b" in run.errors


@pytest.mark.parametrize("how", HOW)
@pytest.mark.parametrize("text", PLANS.values(), ids=PLANS)
def test_it_is_the_same_for_a_plan_that_arrives(how: str, text: str) -> None:
    """A streamed plan ends in the same way."""
    store = Store(how)
    run = run_with(store, "idempotent", text, streamed=True)
    assert (store.attempts, store.values) == (1, [1])
    assert run.in_doubt
    assert "b" in run.errors


@pytest.mark.parametrize("how", ["task", "shielded task"])
@pytest.mark.parametrize("effect", ["idempotent", "key"])
@pytest.mark.parametrize("text", [PLANS["retry"], PLANS["both"], PLANS["an element"]])
def test_without_the_wait_the_older_value_is_left(
    how: str, effect: str, text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The control: attempts follow each other at once, the run reports success, and 1 is left behind."""
    monkeypatch.setattr(ToolCall, "_wait_for", lambda self, _running, _turn, error: self._timed_out(error))
    store = Store(how)
    run = run_with(store, effect, text)
    assert not run.errors
    assert is_wrong(run, store)
    assert store.values == [1, 2, 1]


def test_without_the_wait_a_thread_lands_late(monkeypatch: pytest.MonkeyPatch) -> None:
    """The control for threads, with a limit that is long enough for the second attempt to end in real time."""
    monkeypatch.setattr(ToolCall, "_wait_for", lambda self, _running, _turn, error: self._timed_out(error))
    store = Store("thread")
    run = run_with(store, "idempotent", PLANS["retry"].replace("100ms", "100s"))
    assert is_wrong(run, store)


@pytest.mark.parametrize(
    ("how", "seconds"),
    [
        ("task of a run inside", "100ms"),
        ("thread of a run inside", "100s"),
        ("thread of a run inside a run", "100s"),
    ],
)
def test_without_the_runs_inside_the_older_value_is_left(
    how: str, seconds: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The control: where only the call itself is looked at, what a run inside has left is overtaken."""
    monkeypatch.setattr(leak_detector, "_is_in", lambda call, inner: inner is call)
    store = Store(how)
    run = run_with(store, "idempotent", PLANS["retry"].replace("100ms", seconds))
    assert not run.errors
    assert is_wrong(run, store)


@pytest.mark.parametrize(
    ("how", "name"),
    [
        ("thread of a run inside", "inner (task i), started by put (task a)"),
        ("thread of a run inside a run", "inner (task i), started by put (task a)"),
        ("task of a run inside", "task "),
        ("thread of a pool of a run inside", "thread asyncio_"),
    ],
)
def test_a_run_names_what_runs_inside_have_left(how: str, name: str) -> None:
    """A thread by the call inside and that of the run itself; tasks by the latter."""
    abandoned = run_with(Store(how), "idempotent", PLANS["retry"]).abandoned
    assert [each for each in abandoned if each.startswith(name)]


@pytest.mark.parametrize("how", ["task", "shielded task"])
@pytest.mark.parametrize("text", [PLANS["fallback"], PLANS["a loop before"], PLANS["a value between"]])
def test_a_fallback_that_excused_a_write_would_leave_the_older_value(
    how: str, text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The control: where a failed write with a fallback blocks nothing, the later one is done too early."""

    def note(instance: Instance, error: PlanError) -> None:
        instance.error = error

    monkeypatch.setattr(readiness, "note_failure", note)
    store = Store(how)
    assert is_wrong(run_with(store, "plain", text), store)
