"""Loops: an instance for each element, at the same time, collected in order."""

import pytest

from llmc_compiler.expressions.terms import Binary, Const, Item, ListOf, Template
from llmc_compiler.ir.graph import Node
from llmc_compiler.tools.decorators import pure
from llmc_runtime.errors import Blocked, ExpressionFailed, LoopFailed, ToolFailed
from llmc_runtime.limits import Limits
from tests.runtime.build import call, expr, loop, play, ref, times, trace
from tests.runtime.fakes import OutageError, broken, echo, look, put, put_elsewhere, put_in_vain, slow


@pure
async def positive(number: float) -> float:
    """The number, if it is positive."""
    if number <= 0:
        raise OutageError(f"{number} is not positive")
    return number


def failure(*nodes: Node) -> LoopFailed:
    """The error of loop `a`."""
    found = play(*nodes).errors["a"]
    assert isinstance(found, LoopFailed)
    return found


def test_elements_run_at_the_same_time_and_are_collected_in_order() -> None:
    """The order of the results is that of the elements, not that of their ends."""
    run = play(loop("a", [3, 1, 2], call("a/each", slow, Item("x"), Item("x"))))
    assert run.results == {"a": [3, 1, 2]}
    assert run.seconds == 3
    assert trace(run, "finished") == ["finished a/each[1]", "finished a/each[2]", "finished a/each[0]", "finished a"]


def test_a_mapping_gives_its_keys() -> None:
    """In their order."""
    assert play(loop("a", {"x": 1, "y": 2}, expr("a/each", Item("x")))).results == {"a": ["x", "y"]}


def test_no_elements_give_an_empty_list() -> None:
    """Nothing is called, and the loop has a value."""
    run = play(loop("a", [], call("a/each", broken)))
    assert run.results == {"a": []}
    assert run.calls == 0


@pytest.mark.parametrize("source", ["text", 3, None, True])
def test_only_lists_and_mappings_have_elements(source: object) -> None:
    """A loop over anything else fails, and says so."""
    run = play(call("t", echo, source), loop("a", ref("t"), expr("a/each", Item("x"))))
    assert isinstance(run.errors["a"], ExpressionFailed)
    assert "the source of the loop over $x is not a list" in str(run.errors["a"])


def test_a_thousand_elements_are_allowed_and_no_more() -> None:
    """The bound is checked before anything is started."""
    run = play(loop("a", list(range(1000)), call("a/each", echo, Item("x"))))
    assert run.results == {"a": list(range(1000))}
    run = play(loop("a", list(range(1001)), call("a/each", echo, Item("x"))))
    assert isinstance(run.errors["a"], ExpressionFailed)
    assert run.calls == 0
    assert play(loop("a", [1, 2], expr("a/each", Item("x"))), limits=Limits(elements=1)).errors


def test_reads_in_the_body_are_of_the_same_element() -> None:
    """And reads of nodes outside are of those."""
    run = play(
        call("t", echo, "!"),
        loop(
            "a",
            [2, 1],
            call("a/each/a0", slow, Item("x"), Item("x")),
            expr("a/each", ListOf((ref("a/each/a0"), ref("t")))),
        ),
    )
    assert run.results["a"] == [[2, "!"], [1, "!"]]


def test_a_loop_in_a_loop_sees_the_elements_around_it() -> None:
    """Instances have one position for each loop around them."""
    inner = loop("b", ref("row"), expr("b/each", Binary("+", Item("x"), Const(1))))
    run = play(loop("a", [[1, 2], [3]], expr("row", Item("x")), inner))
    assert run.results["a"] == [[2, 3], [4]]
    assert "finished b/each[0][1]" in trace(run)


def test_elements_that_the_filter_leaves_out_are_not_in_the_list() -> None:
    """They are skipped by their own condition."""
    run = play(loop("a", [1, 2, 3], call("a/each", echo, Item("x"), when=[Binary("!=", Item("x"), Const(2))])))
    assert run.results == {"a": [1, 3]}
    assert trace(run, "skipped") == ["skipped a/each[1]"]


def test_an_element_that_reads_what_was_skipped_skips_the_loop() -> None:
    """Its value is missing, and no filter said so."""
    run = play(call("s", echo, when=[False]), loop("a", [1, 2], call("a/each", echo, ref("s"))))
    assert run.skipped == ("s", "a")


def test_elements_that_fail_fail_the_loop() -> None:
    """The first by position is named, whenever it failed; the others' results are in the error."""
    found = failure(loop("a", [3, -2, 1, -1], call("a/each", positive, Item("x"))))
    assert found.index == 1
    assert found.results == {0: 3, 2: 1}
    assert isinstance(found.error, ToolFailed)
    assert str(found).startswith("task a failed at element 1: task a failed: `positive` raised OutageError: -2")


def test_a_failure_does_not_stop_the_other_elements() -> None:
    """All of them end."""
    run = play(loop("a", [2, 1], call("a/each", broken, Item("x"))), loop("b", [5], call("b/each", slow, Item("x"))))
    assert times(run, "failed") == {"a/each[1]": 1, "a/each[0]": 2, "a": 2}


def test_failure_beats_skipping() -> None:
    """If elements fail and others are skipped, the loop failed."""
    body = [
        call("a/each/a0", positive, Item("x")),
        call("a/each/a1", echo, Item("x"), when=[Binary("<", Item("x"), Const(0))]),
        expr("a/each", ListOf((ref("a/each/a0"), ref("a/each/a1")))),
    ]
    found = failure(loop("a", [1, -1], *body))
    assert found.index == 1
    assert isinstance(found.error, ToolFailed)


def test_a_part_of_an_element_that_is_not_needed_may_fail() -> None:
    """Where the filter leaves an element out, the error of its parts vanishes."""
    body = [
        call("a/each/a0", positive, Item("x")),
        expr("a/each", ref("a/each/a0"), when=[Binary(">", Item("x"), Const(0))]),
    ]
    assert play(loop("a", [1, -1, 2], *body)).results == {"a": [1, 2]}


def test_a_loop_that_needs_a_failed_task_is_blocked() -> None:
    """In its source or in its body: nothing is started."""
    run = play(
        call("f", broken),
        loop("a", ref("f"), expr("a/each", Item("x"))),
        loop("b", [1], call("b/each", echo, ref("f"))),
        loop("c", [], call("c/each", echo, ref("f"))),
    )
    assert all(isinstance(run.errors[key], Blocked) for key in "abc")


def test_the_source_is_asked_before_the_body() -> None:
    """A loop whose source is skipped is skipped, whatever its body needs."""
    body = call("a/each", echo, ref("f"))
    run = play(call("s", echo, when=[False]), call("f", broken), loop("a", ref("s"), body))
    assert run.skipped == ("s", "a")
    run = play(call("s", echo, {}), call("f", broken), loop("a", ref("s", "x"), body))
    assert isinstance(run.errors["a"], ExpressionFailed)


def test_options_are_per_element() -> None:
    """A fallback takes the place of one element's value."""
    assert play(loop("a", [1, -1], call("a/each", positive, Item("x"), fallback=Item("x")))).results == {"a": [1, -1]}


def test_carried_effects_happen_in_the_order_of_the_elements() -> None:
    """What conflicts from one element to the next waits, everything else does not."""
    body = [call("a/each/a0", slow, Item("x"), 1), call("a/each", put, ref("a/each/a0"))]
    run = play(loop("a", [2, 1, 3], *body, carry=[("a/each", "a/each")]))
    starts = times(run, "started")
    assert [starts[f"a/each/a0[{index}]"] for index in range(3)] == [0, 0, 0]
    assert [starts[f"a/each[{index}]"] for index in range(3)] == [2, 3, 4]


def test_a_failed_write_of_an_element_blocks_the_next_ones() -> None:
    """And what comes after the loop; the loop's first failure is the write itself."""
    run = play(
        loop("a", [1, 2, 3], call("a/each", put_in_vain), carry=[("a/each", "a/each")]),
        call("b", put, after=["a"]),
    )
    assert trace(run, "failed", "blocked") == [
        "failed a/each[0]",
        "blocked a/each[1]",
        "blocked a/each[2]",
        "failed a",
        "blocked b",
    ]
    found = run.errors["a"]
    assert isinstance(found, LoopFailed)
    assert found.index == 0
    assert isinstance(found.error, ToolFailed)


def test_elements_wait_for_writes_outside() -> None:
    """A write that failed before the loop blocks its elements, and so the loop fails."""
    run = play(
        call("w", put_in_vain, 2),
        loop("a", [1], call("a/each", put, after=["w"]), after=["w"]),
    )
    found = run.errors["a"]
    assert isinstance(found, LoopFailed)
    assert isinstance(found.error, Blocked)
    assert found.error.cause == "w"


def test_a_loop_without_failed_writes_blocks_nothing() -> None:
    """Elements that failed without writing leave no question."""
    run = play(
        loop("a", [-1], call("a/each/a0", positive, Item("x")), call("a/each", put, ref("a/each/a0"))),
        call("b", put, after=["a"]),
    )
    assert isinstance(run.errors["a"], LoopFailed)
    assert run.results == {"b": "written"}


def test_a_loop_that_has_no_elements_yet_is_a_failed_write() -> None:
    """If its source has no value, what it was to write is missing."""
    run = play(loop("a", Const(3), call("a/each", put)), call("b", put, after=["a"]))
    assert isinstance(run.errors["b"], Blocked)


def test_what_a_failed_loop_only_reads_may_be_written() -> None:
    """A loop that has no elements is a failed write of what it writes, and of nothing else."""
    nodes = [call("a/i0", look), call("a/i1", put_elsewhere), expr("a/each", ListOf((ref("a/i0"), ref("a/i1"))))]
    run = play(loop("a", 3, *nodes), call("b", put, after=["a"]), call("c", put_elsewhere, after=["a"]))
    assert run.results == {"b": "written"}
    assert isinstance(run.errors["c"], Blocked)


def test_a_loop_ends_after_what_it_comes_after() -> None:
    """Also with no elements, skipped or failed: those after it rely on it. Its elements do not wait."""
    run = play(
        call("w", put, 5),
        loop("a", [1], call("a/each", slow, 1), after=["w"]),
        loop("b", [], call("b/each", put), after=["w"]),
        loop("c", [1], call("c/each", put), when=[False], after=["w"]),
        loop("d", Const(1), call("d/each", put), after=["w"]),
    )
    assert times(run, "started")["a/each[0]"] == 0
    assert times(run, "finished") == {"a/each[0]": 1, "w": 5, "a": 5, "b": 5}
    assert times(run, "skipped") == {"c": 5}
    assert times(run, "failed") == {"d": 5}


def test_a_loop_tells_how_many_elements_it_has() -> None:
    """Once, before anything of it starts."""
    run = play(loop("a", [1, 2], call("a/each", echo, Template(("no ", Item("x"))))))
    assert trace(run)[0] == "expanded a"
    assert [event.count for event in run.events if hasattr(event, "count")] == [2]


def test_results_of_a_failed_loop_are_copies() -> None:
    """Who takes them from the error may change them."""
    found = failure(
        call("t", echo, [[1]]),
        loop(
            "a", [1, -1], call("a/each/a0", positive, Item("x")), expr("a/each", ListOf((ref("t"), ref("a/each/a0"))))
        ),
    )
    value = found.results[0]
    assert value == [[[1]], 1]
    assert isinstance(value, list)
    value.append(2)
    assert found.error.task == "a"
