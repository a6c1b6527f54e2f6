"""Sessions: what is handed over when, and what became of it at the end."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llmc_compiler.diagnostics.plan_errors import CompileError
from llmc_compiler.ir.graph import Graph, Node
from llmc_compiler.ir.verifier import BrokenGraphError
from llmc_compiler.passes.dedup import Dedup
from llmc_compiler.passes.fold import Fold
from llmc_compiler.passes.hoist import Hoist
from llmc_compiler.passes.pipeline import PIPELINE
from llmc_compiler.passes.prune import Prune
from llmc_compiler.passes.stages import Pass
from llmc_compiler.session import Session
from llmc_compiler.steps import Add, Conceal, Drop, Report, Restart, Share, Step
from llmc_compiler.tools.decorators import pure, read, write
from llmc_compiler.tools.signature import ToolboxError
from llmc_compiler.tools.tool import Tool
from llmc_compiler.tools.toolbox import Toolbox
from llmc_grammar import ast
from tests.compiler.compiling import read as parsed
from tests.compiler.compiling import toolbox
from tests.semantics.generator import random_plan
from tests.semantics.world import TOOLSET

WORLD = Toolbox([Tool.from_schema(tool.name, "", {}, tool.effect, tool.function) for tool in TOOLSET.values()])


def told(steps: Iterable[Step]) -> list[str]:
    """Steps in words."""
    found = []
    for step in steps:
        match step:
            case Add(nodes):
                found.append(f"add {' '.join(node.id for node in nodes)}")
            case Drop(nodes):
                found.append(f"drop {' '.join(nodes)}")
            case Conceal(labels):
                found.append(f"conceal {' '.join(labels)}")
            case Restart():
                found.append("restart")
            case Share(task, node):
                found.append(f"{task} is {node}")
            case Report(diagnostics):
                found.append(f"report {' '.join(one.code for one in diagnostics)}")
    return found


def conversation(text: str, session: Session) -> list[list[str]]:
    """What the session says to each statement, and at the end."""
    answers = [told(session.feed(statement)) for statement in parsed(text).plan.statements]
    return [*answers, told(session.close())]


def alone(call: str) -> list[str]:
    """What is handed over when a call is the first of a plan."""
    return conversation(f"1. {call}\njoin($1)", Session(toolbox()))[0]


@pytest.mark.parametrize(
    ("call", "early"),
    [
        ("f(1)", True),
        ("guess(1)", True),
        ("rows()", True),
        ("1 + 1", True),
        ("send(1)", False),
        ("put(1)", False),
        ("act()", False),
        ("f($x) for x in [1]", True),
        ("rows($x) for x in [1] if inbox($x)", True),
        ("send($x) for x in [1]", False),
        ("f($x) for x in [1] if send(1)", False),
    ],
)
def test_the_effect_says_what_starts_early(call: str, early: bool) -> None:
    """Pure, nondet and read calls are handed over at once, writes and opaque calls never."""
    assert alone(call) == (["add 1"] if early else [])


def test_a_bare_function_never_starts_early() -> None:
    """Nor does what needs it."""

    def bare() -> int:
        return 1

    tools = Toolbox([bare], bare="parallel") | toolbox()
    assert conversation("1. bare()\n2. f($1)\n3. f(3)\njoin($2, $3)", Session(tools))[:3] == [[], [], ["add 3"]]


def test_a_tool_may_refuse_to_start_early() -> None:
    """`early=False` holds for calls in loops and in expressions too."""
    late = pure(name="late", early=False)(lambda: 1)
    tools = Toolbox([late]) | toolbox()
    text = "1. late()\n2. f(late())\n3. late() for x in [1]\n4. f(4)\njoin()"
    assert conversation(text, Session(tools))[:4] == [[], [], [], ["add 4"]]


def test_nested_calls_are_handed_over_one_by_one() -> None:
    """As far as the first that may not start."""
    answers = conversation("1. f(g(1), send(h(2)), rows())\njoin($1)", Session(toolbox()))
    assert answers == [["add 1/a0", "add 1/a1/a0", "add 1/a2"], [], ["add 1/a1 1 join"]]


def test_a_read_waits_where_a_conflicting_write_is_pending() -> None:
    """A read of another resource does not."""
    text = "1. rows()\n2. store($1)\n3. rows()\n4. row()\n5. inbox()\n6. f($3)\n7. f($5)\njoin()"
    answers = conversation(text, Session(toolbox()))
    assert answers == [["add 1"], [], [], [], ["add 5"], [], ["add 7"], [], ["add 2 3 4 6 join"]]


def test_what_is_needed_must_be_there() -> None:
    """A pure call waits for the one that it needs, also in its guard and in its fallback."""
    text = "1. send(1)\n2. f(1) if $1\n3. f(1) @fallback($1)\n4. f($x, $1) for x in [1]\n5. f(2) if f(3)\njoin()"
    answers = conversation(text, Session(toolbox()))
    assert answers[:5] == [[], [], [], [], ["add 5/if", "add 5"]]


def test_nothing_is_early_where_the_plan_is_known() -> None:
    """`early=False` hands everything over at the end."""
    answers = conversation("1. f(1)\n2. f($1)\njoin($2)", Session(toolbox(), early=False))
    assert answers == [[], [], [], ["add 1 2 join"]]


def test_a_duplicate_is_shared() -> None:
    """It is not handed over again, and the end says whose value it has; what needs it reads the first."""
    session = Session(toolbox())
    answers = conversation("1. rows(1)\n2. rows(1)\n3. f($2)\n4. f($1)\nb = $3\njoin($4, $b)", session)
    assert answers == [["add 1"], [], ["add 3"], [], [], ["add join"], ["2 is 1", "4 is 3", "b is 3"]]
    assert session.graph is not None
    assert session.graph.nodes["1"].origins == ("1", "2")  # type: ignore[index]  # ids are their text
    assert session.graph.nodes["3"].origins == ("3", "4", "b")  # type: ignore[index]  # the same


def test_without_the_pass_nothing_is_shared() -> None:
    """A session merges early only what the passes would merge."""
    answers = conversation("1. rows(1)\n2. rows(1)\njoin($1, $2)", Session(toolbox(), passes=(Prune(),)))
    assert answers == [["add 1"], ["add 2"], ["add join"], []]


def test_what_is_folded_and_hoisted_is_handed_over_so() -> None:
    """A constant stands in the place of its reads, and a call that a loop needs once comes before the loop."""
    session = Session(toolbox())
    answers = conversation("1. 2 + 3\n2. f($1)\n3. g($x, h(1)) for x in $2\njoin($3)", session)
    assert answers == [["add 1"], ["add 2"], ["add 3/each/a1", "add 3"], ["add join"], ["drop 1"]]
    assert session.graph is not None
    assert [*session.graph.nodes] == ["2", "3/each/a1", "3", "join"]


def test_a_dead_call_is_dropped_at_the_end() -> None:
    """What reads it does so no more; a dead write keeps the reads below waiting until then."""
    text = "1. f(g(1) if false else 2)\n2. f(send(1) if false else inbox())\njoin()"
    answers = conversation(text, Session(toolbox()))
    assert answers == [["add 1/a0/t", "add 1"], [], [], ["drop 1/a0/t", "add 2/a0/e 2 join"]]


def test_a_resource_is_named_after_a_parameter() -> None:
    """A name in braces that no argument can have is a mistake of the tool."""

    def keep(path: str, item: int, /) -> str:
        return path * item

    Session(Toolbox([write("file:{path}")(keep)]))
    with pytest.raises(ToolboxError, match=r"`keep` has no parameter `name` for write\(file:\{name\}\)"):
        Session(Toolbox([write("file:{name}")(keep)]))


@pytest.mark.parametrize(
    ("argument", "resource"),
    [
        ('"a"', "file:a"),
        ("$n", "file:{path}"),
        ('"x" + "y"', "file:{path}"),
        ('"a:b"', "file:{path}"),
        ("1", "file:{path}"),
    ],
)
def test_an_effect_is_that_of_the_call(argument: str, resource: str) -> None:
    """A constant text is the resource that it names, whatever else an argument is may be any; in loops too."""
    session = Session(toolbox({"keep": "write(file:{path})"}))
    conversation(f"n = 5\n1. keep(path={argument})\n2. [$x, keep(path={argument})] for x in [1]\njoin()", session)
    assert session.graph is not None
    found = [effect.resource for node in session.graph.nodes.values() for effect in node.effects]
    assert found == [resource, resource]


def test_what_the_end_does_not_need_is_dropped() -> None:
    """Dead nodes that were handed over are taken back; others are never handed over."""
    text = "1. f(1)\n2. rows()\n3. f($2)\n4. send(1)\n5. f($4)\njoin($1)"
    answers = conversation(text, Session(toolbox()))
    assert answers[:5] == [["add 1"], ["add 2"], ["add 3"], [], []]
    assert answers[5:] == [["report W204 W204 W204", "add join"], ["drop 2 3", "add 4"]]


def test_a_mistake_is_reported_where_it_is_found() -> None:
    """A warning stops nothing; a statement with an error is not handed over, others are."""
    session = Session(toolbox())
    found = [told(session.feed(one)) for one in parsed('1. f("$7")\n2. f(nope(1))\n3. f(3)\njoin()').plan.statements]
    assert found == [["report W201", "add 1"], ["report E201"], ["add 3"], []]
    assert [one.code for one in session.diagnostics] == ["W201", "E201"]
    with pytest.raises(CompileError):
        session.close()


def test_a_plan_without_join_gets_one() -> None:
    """It is handed over at the end."""
    assert conversation("1. f(1)", Session(toolbox())) == [["add 1"], ["add join"]]
    assert conversation("", Session(toolbox())) == [["add join"]]


@dataclass(frozen=True, slots=True)
class Meddler:
    """A pass that changes whatever it finds."""

    name: str = "meddler"

    def __call__(self, graph: Graph) -> Graph:
        """Every node under another span."""
        return replace(graph, nodes={key: replace(node, span=(9, 9)) for key, node in graph.nodes.items()})  # type: ignore[arg-type]  # any other span


def test_a_node_that_was_handed_over_may_not_change() -> None:
    """A pass that changes it is found out; one that changes what is still here is not."""
    with pytest.raises(BrokenGraphError, match="1 was handed over and then changed"):
        conversation("1. f(1)\njoin($1)", Session(toolbox(), passes=(Meddler(),)))
    conversation("1. send(1)\njoin($1)", Session(toolbox(), passes=(Meddler(),)))


# Laws, on random plans

SEEDS = st.integers(0, 10_000)
PASSES: st.SearchStrategy[Sequence[Pass]] = st.sampled_from(
    [(), (Fold(),), (Hoist(),), (Dedup(),), (Prune(),), (Hoist(), Dedup(), Fold()), PIPELINE]
)


def both(plan: ast.Plan, passes: Sequence[Pass], early: bool) -> tuple[Graph, list[Step], list[Step]]:
    """The graph, the steps before the end, and those at the end."""
    session = Session(WORLD, passes=passes, early=early)
    before = [step for statement in plan.statements for step in session.feed(statement)]
    after = list(session.close())
    assert session.graph is not None
    return session.graph, before, after


def added(steps: Iterable[Step]) -> list[Node]:
    """Every node that was handed over."""
    return [node for step in steps if isinstance(step, Add) for node in step.nodes]


@given(SEEDS, PASSES)
def test_starting_early_changes_no_graph(seed: int, passes: Sequence[Pass]) -> None:
    """The graph at the end is the same, whether its nodes were handed over early or not."""
    plan = random_plan(Random(seed))
    assert both(plan, passes, early=True)[0] == both(plan, passes, early=False)[0]


@given(SEEDS, PASSES)
def test_the_steps_are_the_graph(seed: int, passes: Sequence[Pass]) -> None:
    """Each node is handed over once, after all that it waits for, and only its origins change; the rest is dropped."""
    graph, before, after = both(random_plan(Random(seed)), passes, early=True)
    nodes = added([*before, *after])
    dropped = {key for step in after if isinstance(step, Drop) for key in step.nodes}
    assert len({node.id for node in nodes}) == len(nodes)
    kept = {node.id: node for node in nodes if node.id not in dropped}
    assert kept == {key: replace(node, origins=kept[key].origins) for key, node in graph.nodes.items()}
    seen: set[str] = set()
    for node in nodes:
        assert seen.issuperset((*node.needs, *node.after))
        seen.add(node.id)


def writes(nodes: Iterable[Node]) -> int:
    """How many nodes may change something."""
    return sum(any(effect.is_write for effect in node.effects) for node in nodes)


@given(SEEDS)
def test_no_write_is_handed_over_before_the_end(seed: int) -> None:
    """So that a plan with a mistake in its last line has written nothing."""
    _, before, after = both(random_plan(Random(seed)), PIPELINE, early=True)
    assert writes(added(before)) == 0
    assert all(isinstance(step, Add | Report) for step in before)
    assert writes(added(after)) >= 0


def test_plans_do_write_and_do_start_early() -> None:
    """The random plans have what the laws above are about."""
    found = [both(random_plan(Random(seed)), PIPELINE, early=True) for seed in range(80)]
    assert sum(writes(added(after)) for _, _, after in found) > 50
    assert sum(len(added(before)) for _, before, _ in found) > 50
    assert sum(isinstance(step, Drop) for _, _, after in found for step in after) > 5
    assert sum(isinstance(step, Share) for _, _, after in found for step in after) > 5


def test_a_read_may_start_early_by_its_declaration() -> None:
    """Tools of functions are treated like those of schemas."""

    @read("web")
    def page(url: str) -> str:
        return url

    assert conversation('1. page("a")\njoin($1)', Session(Toolbox([page])))[0] == ["add 1"]
