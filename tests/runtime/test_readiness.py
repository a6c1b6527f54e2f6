"""When a node is done, skipped, blocked or failed, and in which order these are decided."""

import pytest

from llmc_compiler.expressions.terms import Binary, Choice, Const, MapOf, Param, Template
from llmc_compiler.ir.graph import Condition
from llmc_grammar.source import Span
from llmc_runtime.errors import Blocked, ExpressionFailed, PlanError, ToolFailed
from tests.runtime.build import call, expr, play, ref, term, times, trace, unless
from tests.runtime.fakes import broken, echo, look, look_in_vain, put, put_elsewhere, put_in_vain, slow

NO = Binary("/", Const(1), Const(0))
"""A term that has no value."""


# Dependencies


def test_independent_calls_run_at_the_same_time() -> None:
    """The run takes as long as the longest of them."""
    run = play(call("a", slow, 3), call("b", slow, 2), call("c", slow, 1))
    assert trace(run) == ["started a", "started b", "started c", "finished c", "finished b", "finished a"]
    assert run.seconds == 3


def test_a_user_starts_when_the_last_of_what_it_needs_ends() -> None:
    """Nothing else holds it up."""
    run = play(
        call("a", slow, 1),
        call("b", slow, 2),
        call("c", slow, 9),
        call("d", echo, MapOf((("x", ref("a")), ("y", ref("b"))))),
    )
    assert times(run, "started")["d"] == 2


def test_a_long_chain_of_expressions_needs_no_stack() -> None:
    """Ten thousand expressions, each of the one before, have a value."""
    nodes = [expr("e0", 0), *(expr(f"e{i}", Binary("+", ref(f"e{i - 1}"), Const(1))) for i in range(1, 10_000))]
    assert play(*nodes, join=ref("e9999")).value == 9_999


def test_inputs_are_values() -> None:
    """A parameter is read as it was given."""
    assert play(call("a", echo, Param("city", ("name",))), params={"city": {"name": "Rome"}}).results == {"a": "Rome"}


# Conditions


@pytest.mark.parametrize(("guard", "results"), [(True, {"a": 1}), (False, {}), ([], {}), ("no", {"a": 1})])
def test_a_guard_decides_by_its_truth(guard: object, results: dict[str, int]) -> None:
    """What is false as in Python skips the task."""
    run = play(call("a", echo, 1, when=[guard]))
    assert run.results == results
    assert run.skipped == (() if results else ("a",))


def test_a_condition_may_have_to_be_false() -> None:
    """As for the other branch of a choice."""
    assert play(call("a", echo, 1, when=[unless(0)]), call("b", echo, 1, when=[unless(1)])).results == {"a": 1}


def test_all_conditions_have_to_hold_in_order() -> None:
    """Behind one that does not hold, the next is not looked at."""
    run = play(call("a", echo, 1, when=[False, NO]), call("b", echo, 1, when=[True, NO]))
    assert run.skipped == ("a",)
    assert isinstance(run.errors["b"], ExpressionFailed)


def test_a_skipped_read_skips() -> None:
    """Through conditions, arguments and expressions, as far as it goes."""
    run = play(
        call("s", echo, when=[False]),
        call("a", echo, ref("s")),
        call("b", echo, 1, when=[ref("s")]),
        expr("c", Template(("so ", ref("a")))),
    )
    assert run.skipped == ("s", "a", "b", "c")
    assert run.value == {"s": None, "a": None, "b": None, "c": None}


def test_some_reads_of_what_was_skipped_are_null() -> None:
    """Against null, and to the left of `or`; and what is not reached does not matter."""
    skipped = ref("s", "x")
    run = play(
        call("s", echo, when=[False]),
        expr("a", Binary("==", skipped, Const(None))),
        expr("b", Binary("or", skipped, Const("else"))),
        expr("c", Choice(Const(value=True), Const(1), skipped)),
        expr("d", Binary("and", Const(0), skipped)),
        expr("e", Binary("==", skipped, Const(0))),
    )
    assert run.results == {"a": True, "b": "else", "c": 1, "d": 0}
    assert run.skipped == ("s", "e")


def test_the_join_reads_what_was_skipped_as_null() -> None:
    """In a text it is `null`; also where a call in the join stands under a condition."""
    nodes = [call("s", echo, when=[False]), call("join/e", echo, 2, when=[unless(ref("s"))])]
    assert play(*nodes, join=Template(("got ", ref("s", "x")))).value == "got null"
    assert play(*nodes, join=Choice(ref("s"), Const(1), ref("join/e"))).value == 2


# Failures


def test_what_needs_a_failed_task_is_blocked_by_the_first_cause() -> None:
    """However long the way is, the task that failed is named."""
    run = play(call("a", broken), call("b", echo, ref("a")), expr("c", ref("b")), call("d", echo, 1, when=[ref("c")]))
    for key in "bcd":
        found = run.errors[key]
        assert isinstance(found, Blocked)
        assert found.cause == "a"
        assert found.__cause__ is run.errors["a"]
    assert str(run.errors["d"]) == "task d was not done: task a, which it needs, failed"


def test_a_failure_holds_up_nobody_else() -> None:
    """What does not depend on it starts and ends as if nothing had happened."""
    run = play(call("a", broken, 1), call("b", slow, 2), call("c", slow, 2, ref("b")))
    assert times(run, "finished") == {"b": 2, "c": 4}


@pytest.mark.parametrize(
    "value",
    [
        Binary("or", ref("f"), Const(1)),
        Binary("==", ref("f"), Const(None)),
        Choice(Const(value=True), Const(1), ref("f")),
        Binary("and", Const(value=False), ref("f")),
    ],
    ids=["or", "null", "choice", "and"],
)
def test_a_failed_read_blocks_reached_or_not(value: Binary | Choice) -> None:
    """The exceptions that skipping has are not for failures."""
    run = play(call("f", broken), expr("a", value))
    assert trace(run, "blocked") == ["blocked a"]


def test_a_condition_that_does_not_hold_beats_a_failure() -> None:
    """Whether it was to be done at all is asked first."""
    run = play(call("f", broken), call("a", echo, ref("f"), when=[False]))
    assert run.skipped == ("a",)


def test_a_failure_in_a_condition_blocks() -> None:
    """Nobody knows then whether it was to be done; conditions before it may still say no."""
    run = play(call("f", broken), call("a", echo, 1, when=[ref("f")]), call("b", echo, 1, when=[False, ref("f")]))
    assert trace(run, "blocked", "skipped") == ["blocked a", "skipped b"]


def test_a_failure_beats_a_skipped_read() -> None:
    """A task that reads both is blocked."""
    run = play(call("s", echo, when=[False]), call("f", broken), expr("a", MapOf((("x", ref("s")), ("y", ref("f"))))))
    assert isinstance(run.errors["a"], Blocked)


def test_of_several_causes_the_first_in_the_plan_is_named() -> None:
    """The order of the text counts, not the order in which they failed or were added."""
    nodes = [
        call("b", broken, 1, span=Span(20, 30)),
        call("a", broken, 2, span=Span(0, 10)),
        call("c", echo, MapOf((("x", ref("b")), ("y", ref("a")))), span=Span(40, 50)),
    ]
    found = play(*nodes).errors["c"]
    assert isinstance(found, Blocked)
    assert found.cause == "a"


def test_a_skipped_task_waits_for_all_that_it_comes_after() -> None:
    """It is settled no earlier, so that those after it keep their order."""
    run = play(call("p", put, 5), call("a", put, when=[False], after=["p"]), call("b", put, after=["a"]))
    assert times(run, "skipped")["a"] == 5
    assert times(run, "started")["b"] == 5


# Order of effects


def test_what_comes_after_waits_for_the_end() -> None:
    """Of a task that succeeds, is skipped, or is a read that fails."""
    run = play(
        call("a", put, 1),
        call("b", put, 1, after=["a"]),
        call("c", look_in_vain, 1, after=["b"]),
        call("d", put, 1, after=["c"]),
    )
    assert times(run, "started") == {"a": 0, "b": 1, "c": 2, "d": 3}
    assert run.results["d"] == "written"


def test_a_failed_write_blocks_what_conflicts_with_it() -> None:
    """Reads and writes of the same resource are not done, and name it; the error says it is about order."""
    run = play(call("a", put_in_vain), call("b", look, after=["a"]), call("c", put, after=["b"]))
    for key in "bc":
        found = run.errors[key]
        assert isinstance(found, Blocked)
        assert (found.cause, found.by_order) == ("a", True)
    assert str(run.errors["b"]) == "task b was not done: task a, whose effect comes first, failed"


def test_a_failed_write_is_remembered_across_what_it_does_not_concern() -> None:
    """Order edges lead only to the nearest; the failure is carried on, through skipped tasks too."""
    run = play(
        call("a", put_in_vain),
        call("b", put_elsewhere, after=["a"]),
        call("c", put_elsewhere, when=[False], after=["b"]),
        call("d", put, after=["c"]),
    )
    assert run.results == {"b": "written"}
    found = run.errors["d"]
    assert isinstance(found, Blocked)
    assert found.cause == "a"


def test_a_failed_write_is_carried_by_values_too() -> None:
    """Where a value edge stands for an order edge, the conflict is still seen."""
    run = play(call("a", put_in_vain), call("b", put_elsewhere, after=["a"]), call("c", put, when=[ref("b")]))
    assert isinstance(run.errors["c"], Blocked)


def test_a_write_that_was_only_blocked_or_skipped_blocks_nothing() -> None:
    """By itself: nothing of it happened."""
    run = play(
        call("f", broken),
        call("a", put_elsewhere, when=[ref("f")]),
        call("b", put_elsewhere, when=[False], after=["a"]),
        call("c", put_elsewhere, after=["b"]),
    )
    assert run.results == {"c": "written"}


def test_a_write_whose_argument_failed_blocks_too() -> None:
    """A failed write is one however far it came."""
    run = play(call("a", put, ref("t", "x")), call("t", echo, {}), call("b", put, after=["a"]))
    assert isinstance(run.errors["b"], Blocked)


def test_a_nested_write_that_was_not_reached_blocks_nothing() -> None:
    """A call under a condition that has no value was never reached; the task around it fails."""
    run = play(
        call("a/t", put, when=[NO]),
        expr("a", Choice(NO, ref("a/t"), Const(1))),
        call("b", put, after=["a/t"]),
    )
    assert set(run.errors) == {"a"}
    assert run.results == {"b": "written"}


def test_a_task_whose_own_guard_failed_is_a_failed_write() -> None:
    """Nobody knows whether it was to be done before what comes later."""
    run = play(call("a", put, when=[NO]), call("b", put, after=["a"]))
    assert isinstance(run.errors["b"], Blocked)


def test_a_timed_out_write_is_in_doubt_and_blocks() -> None:
    """Whether it was done, nobody knows."""
    run = play(call("a", put, 9, timeout=1), call("b", put, after=["a"]))
    assert isinstance(run.errors["b"], Blocked)
    assert getattr(run.errors["a"], "in_doubt", False)


# Parts of a task


def test_the_failure_of_a_part_is_the_tasks() -> None:
    """A call nested in a task is no task of its own: its error is the task's, not a block by itself."""
    run = play(call("a/a0", broken), call("a", echo, ref("a/a0")), call("b", echo, ref("a")))
    assert isinstance(run.errors["a"], ToolFailed)
    assert isinstance(run.errors["b"], Blocked)
    assert set(run.errors) == {"a", "b"}
    assert "a/a0" not in run.results


def test_the_failure_of_a_part_of_the_join_is_the_joins() -> None:
    """The run has no value, and the error says why."""
    run = play(call("join/a0", broken), join=ref("join/a0"))
    assert (run.value, run.has_value) == (None, False)
    assert isinstance(run.errors["join"], ToolFailed)


def test_the_failure_of_a_part_that_is_not_needed_vanishes() -> None:
    """A call that started early and whose task turns out to be skipped leaves no error."""
    run = play(call("a/a0", broken), call("a", echo, ref("a/a0"), when=[False]))
    assert run.errors == {}
    assert run.skipped == ("a",)


def test_a_join_that_needs_a_failed_task_has_no_value() -> None:
    """The task's error says why; a join that does not need it has its value."""
    failed = play(call("a", broken), call("b", echo, 1))
    assert (failed.value, failed.has_value, set(failed.errors)) == (None, False, {"a"})
    fine = play(call("a", broken), call("b", echo, 1), join=ref("b"))
    assert (fine.value, fine.has_value, fine.failed) == (1, True, True)


def test_a_join_without_a_value_of_its_own_is_an_error() -> None:
    """A path that leads nowhere in the join is the join's error."""
    run = play(call("a", echo, {}), join=ref("a", "x"))
    assert isinstance(next(iter(run.errors.values())), ExpressionFailed)


def test_an_error_knows_its_place() -> None:
    """The span is that of the mistake in the plan."""
    node = call("a", broken, span=Span(4, 9))
    found: PlanError = play(node).errors[node.task]
    assert found.span == (4, 9)


def test_a_condition_is_data() -> None:
    """Equal conditions are equal."""
    assert unless(1) == Condition(term(1), expected=False)
