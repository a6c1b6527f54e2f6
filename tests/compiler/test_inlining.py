"""Calls of plans, replaced by their tasks: ids, arguments, conditions, fallbacks, secrets, and how they print."""

import pytest

import llmc
from llmc import Secret
from llmc_compiler.decoder.decoder_grammar import decoder_grammar
from llmc_compiler.ir.graph import all_nodes
from llmc_compiler.lowering.inlining.plan_tool import PlanTool

SENT: list[str] = []


@llmc.pure
def double(x: int) -> int:
    """Twice the number."""
    return 2 * x


@llmc.read("web")
def search(query: str) -> str:
    """The page."""
    if query == "bad":
        raise ValueError("no page")
    return f"<{query}>"


@llmc.write("mail")
def send(to: str) -> str:
    """Send."""
    SENT.append(to)
    return to


@llmc.read("vault")
def token(name: str) -> Secret[str]:
    """A secret."""
    return f"secret-{name}"


@llmc.read("web")
def login(user: str, password: Secret[str]) -> str:
    """Enter."""
    return f"{user}, {len(password)}"


@llmc.pure
def anything(text: str) -> object:
    """A value of unknown type."""
    return {"five": 5}.get(text, text)


TOOLS: list[llmc.Tool] = [double, search, send, token, login, anything]


@pytest.fixture(autouse=True)
def nothing_sent() -> None:
    """Start with an empty record."""
    SENT.clear()


def plan(text: str, name: str = "other") -> llmc.Program:
    """A plan that is called."""
    return llmc.compile(text, TOOLS, name=f"{name}.llmc")


PAGE = plan('# The page.\ninput q: str\ninput n: int = 2\n1. search($q)\n2. double($n)\njoin("$1 $2")')
MAIL = plan("input q: str\n1. search($q)\nsend($q)\njoin($1)")


def compiled(text: str, other: llmc.Program = PAGE) -> llmc.Program:
    """A plan that calls `other`."""
    return llmc.compile(text, TOOLS, plans={"other": other})


def test_nodes_have_ids_below_the_call() -> None:
    """The task, the nodes of its arguments, and the tasks of the plan."""
    program = compiled('3. other(search("K2"))\njoin($3)')
    assert program.written is not None
    assert [*program.written.nodes] == ["3/a0", "3/other/1", "3/other/2", "3", "join"]
    assert {node.task for node in all_nodes(program.written)} == {"3", "join"}


@pytest.mark.parametrize("name", ["a0", "each", "in_", "once", "filter"])
def test_ids_are_unique_for_every_name(name: str) -> None:
    """A plan may be named like a part of an id."""
    program = llmc.compile(f'1. {name}(search("K2"))\njoin($1)', TOOLS, plans={name: PAGE})
    assert program.run_sync().value == "<<K2>> 4"
    assert llmc.Graph.from_json(program.to_json(), TOOLS) == program.graph


def test_a_tool_has_the_inputs_types_and_comment_of_its_plan() -> None:
    """The effect is that of all of its calls."""
    (tool,) = llmc.Toolbox([PAGE])
    assert isinstance(tool, PlanTool)
    assert (tool.name, tool.description, str(tool.effect)) == ("other", "The page.", "read(web)")
    assert tool.signature.parameters["required"] == ["q"]
    assert tool.signature.returns == {"type": "string"}
    assert str(MAIL.as_tool("mail").effect) == "write(*)"
    with pytest.raises(llmc.ToolboxError, match="has no name"):
        llmc.compile("join(1)", TOOLS).as_tool()


async def test_a_tool_can_be_called_from_python() -> None:
    """It runs the plan, and raises its first error."""
    tool = PAGE.as_tool("page")
    assert await tool(q="K2", n=5) == "<K2> 10"
    with pytest.raises(llmc.PlanError, match="no page"):
        await tool(q="bad")


def test_a_skipped_argument_skips_the_whole_call() -> None:
    """Also a write that does not need it."""
    other = plan('input q: any\nsend("ann")\njoin("done")')
    run = compiled('a = search("K2") if false\nb = other($a)\njoin($b)', other).run_sync()
    assert (run.value, run.skipped, SENT) == (None, ("a", "b"), [])


def test_a_failed_argument_blocks_the_whole_call_and_its_fallback() -> None:
    """As for any call, a fallback does not stand for arguments."""
    other = plan('input q: any\nsend("ann")\njoin("done")')
    run = compiled('a = search("bad")\nb = other($a) @fallback("none")\njoin($b)', other).run_sync()
    assert (sorted(run.errors), SENT) == (["a", "b"], [])


def test_a_fallback_stands_for_all_tasks() -> None:
    """The value is the fallback if anything that the value needs has failed."""
    run = compiled('a = other("bad") @fallback("none")\njoin($a)').run_sync()
    assert (run.value, run.errors) == ("none", {})


def test_a_value_of_the_wrong_type_fails_the_call() -> None:
    """It is the error of a wrong argument, and a fallback stands for it."""
    run = compiled('a = anything("five")\nb = other($a)\nc = other($a) @fallback("none")\njoin($b, $c)').run_sync()
    assert str(run.errors["b"]) == ("task b cannot call `other`: the argument `q` did not fit: this is int, not str")
    assert run.results["c"] == "none"


def test_writes_stay_without_being_needed() -> None:
    """In order, once for each element."""
    run = compiled('r = other($x) for x in ["a", "b"] if $x != "c"\njoin("done")', MAIL).run_sync()
    assert (run.value, SENT) == ("done", ["a", "b"])


def test_a_guard_is_that_of_all_tasks() -> None:
    """Nothing runs where it does not hold."""
    run = compiled('r = other("a") if 1 > 2\njoin($r)', MAIL).run_sync()
    assert (run.value, run.skipped, SENT) == (None, ("r",), [])


@pytest.mark.parametrize(
    ("text", "printed"),
    [
        (
            '1. other("a")\njoin($1)',
            't1_other_1 = search("a")\nt1_other_2 = double(2)\n1. "$t1_other_1 $t1_other_2"\njoin($1)\n',
        ),
        (
            '1. other("a") @fallback("none")\njoin($1)',
            '1. other(q="a") @fallback("none")\njoin($1)\n',
        ),
        (
            '1. [other($x) for x in ["a"]]\njoin($1)',
            '1. other(q=$x) for x in ["a"]\njoin($1)\n',
        ),
        (
            '1. anything("a")\n2. other($1)\njoin($2)',
            '1. anything("a")\n2. other(q=$1)\njoin($2)\n',
        ),
    ],
)
def test_a_call_prints_as_tasks_or_as_it_was_written(text: str, printed: str) -> None:
    """As written where the language cannot say the same with tasks."""
    program = compiled(text)
    assert program.to_llmc() == printed
    assert compiled(printed).run_sync().value == program.run_sync().value


def test_secrets_flow_in_and_out() -> None:
    """A secret input takes a secret, and a secret value of a plan is secret outside."""
    enter = plan("input p: str\n1. login($user, $p)\njoin($1)".replace("$user", '"ann"'))
    vault = llmc.compile('1. token("a")\njoin($1)', TOOLS, name="vault.llmc")
    run = llmc.compile(
        "1. vault()\n2. other($1)\njoin($1, $2)", TOOLS, plans={"other": enter, "vault": vault}
    ).run_sync()
    assert run.shown_value == ["[secret]", "ann, 8"]


def test_a_secret_that_is_shown_inside_is_told_with_both_files() -> None:
    """The use is in the called plan, and the reason in the calling one."""
    with pytest.raises(llmc.CompileError) as caught:
        compiled('1. token("a")\n2. other($1)\njoin($2)')
    assert "--> other.llmc:4:11" in str(caught.value)
    assert "::: <plan>:1:4" in str(caught.value)


def test_options_and_bounds() -> None:
    """Attempts and times are for the calls inside, and tasks are counted before they are copied."""
    with pytest.raises(llmc.CompileError, match="takes no `@timeout`"):
        compiled('1. other("a") @timeout(2s)\njoin($1)')
    with pytest.raises(llmc.CompileError, match="more than 5 tasks"):
        llmc.compile(
            '1. other("a")\n2. other("b")\njoin($1, $2)', TOOLS, plans={"other": PAGE}, bounds=llmc.Bounds(tasks=5)
        )


def test_equal_reads_are_merged_across_the_border() -> None:
    """A call in the plan and one in the called plan are one call."""
    run = compiled('a = search("K2")\nb = other("K2")\njoin($a, $b)').run_sync()
    assert (run.value, run.calls) == (["<K2>", "<K2> 4"], 2)


def test_models_may_call_plans() -> None:
    """Decoder grammars have a rule for them, like for any tool."""
    assert "other(" in decoder_grammar([*TOOLS, PAGE])
