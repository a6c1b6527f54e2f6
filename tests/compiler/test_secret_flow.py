"""Where secrets may go, and what is hidden of what they become."""

from typing import Any

import pytest

from llmc_compiler.compiler import IncrementalCompiler, compile_parsed
from llmc_compiler.diagnostics.plan_errors import CompileError
from llmc_compiler.diagnostics.secret_errors import MadeSecret, SecretArgument, SecretRead
from llmc_compiler.ir.graph import JOIN
from llmc_compiler.lowering.secret_flow import SecretFlow
from llmc_compiler.lowering.secret_labels import ANY, MOST_PARTS, WHOLE, Label, hidden, inside, merged, part
from llmc_compiler.serialization.compiled_graph import Graph
from llmc_compiler.serialization.form_errors import SecretLeak
from llmc_compiler.session import Earlier, Session
from llmc_compiler.tools.decorators import pure, read
from llmc_compiler.tools.parameter_markers import Secret
from llmc_compiler.tools.signature import ToolboxError
from llmc_compiler.tools.tool import Tool
from llmc_compiler.tools.toolbox import Toolbox
from llmc_grammar import Diagnostic, parse


@read("vault")
def fetch(name: str = "") -> Secret[str]:
    """A secret."""
    return f"key {name}"


@read("bank")
def login(user: str, password: Secret[str]) -> str:
    """Log in."""
    return user


@pure
def show(item: object = None, *, also: object = None) -> Any:  # noqa: ANN401 — anything
    """Take anything."""
    return [item, also]


TOOLS = Toolbox([fetch, login, show])
HEAD = "input n: any\nk = fetch()\n"

BUILT = {
    "itself": "$k",
    "text": '"Bearer $k"',
    "list": '[$k, "a"]',
    "mapping": '{"a": 1, "b": $k}',
    "inside of others": '[{"a": ["$k"]}]',
    "part": "$m.b",
    "sum": '"Bearer " + $k',
    "sum of lists": '[1] + [$k, "x"]',
    "choice": '$k if $n else "none"',
    "right side": "$n or $k",
    "alias": "$x",
    "elements of a loop": "$keys[0]",
    "a loop": "$keys",
}
"""What is built from a secret, in the words of a plan."""

MADE = 'm = {"a": "x", "b": $k}\nx = $k\nkeys = fetch("$i") for i in [1, 2]\n'

TELLING = [
    "$k == {}",
    "$k != {}",
    "{} < $k",
    "$k <= {}",
    "$k > {}",
    "{} >= $k",
    "$k in {}",
    '"a" not in $k',
    "not $k",
    "$k and 1",
    "$k or 1",
    "1 if $k else 2",
    '"ab" * $k',
    "$k * 3",
    "-$k",
    "$k % 2",
    "$k - 1",
    "$k ** 2",
    "$k // 2",
    "$k / 2",
    '["a"] == [$k]',
    '("$k" + "x") < "a"',
]
"""What tells something about a secret."""


def mistakes(text: str, tools: Toolbox = TOOLS) -> list[Diagnostic]:
    """What is wrong with secrets in a plan."""
    try:
        compile_parsed(parse(text), tools)
    except CompileError as error:
        return [found for found in error.diagnostics if found.code in {"E230", "E231", "E232", "E233"}]
    return []


def graph_of(text: str, tools: Toolbox = TOOLS) -> Graph:
    """A plan that compiles."""
    return compile_parsed(parse(text), tools).graph


def flow_of(graph: Graph) -> SecretFlow:
    """Where the secrets of a graph go."""
    flow = SecretFlow()
    flow.add_parameters(graph.parameters)
    flow.add(graph.nodes.values())
    return flow


@pytest.mark.parametrize("built", BUILT.values(), ids=BUILT.keys())
@pytest.mark.parametrize(
    "argument", ["show({})", "show(also={})", "login({}, $k)", "show([1, {}])", "show(1) if not ({})"]
)
def test_what_is_built_from_a_secret_goes_nowhere_else(built: str, argument: str) -> None:
    """Another argument, or a condition, is a mistake that shows where it is read and where the secret is from."""
    (found,) = mistakes(f"{HEAD}{MADE}t = {argument.format(built)}\n")
    assert isinstance(found, SecretArgument | SecretRead)
    assert [note.label for note in found.notes] == ["`fetch` returns a secret"]


@pytest.mark.parametrize("built", ["$k", '"Bearer $k"', "$m.b", '"a" + $k', "$x", "$keys[0]"])
def test_it_goes_to_parameters_that_take_secrets(built: str) -> None:
    """As it does to the plan's value, and to what is hidden whole."""
    graph = graph_of(f'{HEAD}{MADE}t = login("ann", {built})\nv = {built}\njoin($v, $t)\n')
    flow = flow_of(graph)
    assert flow.shown[graph.tasks["v"]] == WHOLE  # type: ignore[index]  # a task
    assert flow.shown[JOIN] == {(0,)}
    assert graph.tasks["t"] not in flow.shown  # type: ignore[index]  # what a tool makes of it is the tool's


@pytest.mark.parametrize("built", BUILT.values(), ids=BUILT.keys())
def test_it_is_hidden_whole(built: str) -> None:
    """Whatever it is, and in the plan's value too."""
    graph = graph_of(f"{HEAD}{MADE}v = {built}\njoin($v)\n")
    assert flow_of(graph).shown[JOIN] == WHOLE


@pytest.mark.parametrize("term", TELLING)
@pytest.mark.parametrize(
    "place", ["v = {}", 'login("u", "a") if {}', "v = 1 if {} else 2", "v = $i for i in [1] if {}"]
)
def test_what_tells_something_about_a_secret_is_a_mistake(term: str, place: str) -> None:
    """An operator, a condition, a choice and a filter: a plan could ask for a secret letter by letter."""
    found = mistakes(HEAD + place.format(f"({term.format('$n')})") + "\n")
    assert any(isinstance(each, SecretRead) for each in found)
    assert all(each.notes for each in found if isinstance(each, SecretRead))


@pytest.mark.parametrize(
    "line",
    [
        "v = 1 for i in $k",
        'v = login("u", $i) for i in "$k"',
        "v = show($i) for i in [$k]",
        "v = show(1) for i in [1, 2] if $i == $k",
        'v = "$i" == "a" for i in [$k]',
        "v = show(1) @fallback($k == 1)",
        "v = show(show($k))",
        "v = show(fetch())",
        "v = show(1) if fetch() == 2",
        "v = $n and show($k)",
        "v = [[show($y) for y in [$x]] for x in [$k]]",
        "v = show($y) for x in [[$k]] for y in $x",
        "v = [show(1) for x in [1] for y in [2] if $k]",
        "v = show(1) for x in [[$k]] for y in $x if $y",
        'v = show(1) for x in [fetch("b")] for y in $x',
        'v = [[fetch($x) for y in [1]] for x in ["a"]]\nw = show($v[0][0])',
        'v = fetch($x) for x in ["a"] for y in [1]\nw = show($v[0])',
    ],
)
def test_loops_fallbacks_and_nested_calls_are_no_way_around(line: str) -> None:
    """Each is a mistake, and once."""
    assert len(mistakes(f"{HEAD}{line}\n")) == 1


@pytest.mark.parametrize(
    "line",
    [
        'v = login("u", $i) for i in [$k, "b$k"]',
        'v = login("u", $i) for i in $keys',
        "v = show($m.a)",
        'v = show(1) if $m.a == "x"',
        'v = login("$i", "x$k") for i in [1, 2] if $i > 1',
        'v = (login("u", $k) == "u")',
        'v = login("u", $y) for x in $keys for y in [$x]',
        'v = [[login("u", $y) for y in $x] for x in [$keys, [$k]]]',
        "v = show($x) for x in [1] for y in [$k]",
        'v = show(login("u", $k))',
        'v = login("u", $k) @fallback($k)',
        "v = show(1) if [$k]",
        "join(k=$k, n=$n)",
        "join()",
    ],
)
def test_what_is_public_stays_so(line: str) -> None:
    """Lists may be looped over whose elements are secret; parts are told apart; a tool's result is the tool's."""
    assert mistakes(f"{HEAD}{MADE}{line}\n".replace("v = (login", "v = (login")) == [] or "E230" in str(line)


@pytest.mark.parametrize(
    ("line", "label"),
    [
        ("join(k=$k, n=$n)", {("k",)}),
        ("join($n, $k)", {(1,)}),
        ("join([$n, $k])", WHOLE),
        ("join()", {("k",)}),
        ("", {("k",)}),
        ("v = show(1) @fallback([$k])\njoin($v)", WHOLE),
        ("v = $n if $n else [$k]\njoin($v)", WHOLE),
        ("join($n)", frozenset()),
    ],
)
def test_a_join_keeps_its_own_values_apart(line: str, label: Label) -> None:
    """They are answers to as many questions; what the plan itself builds is hidden whole."""
    assert flow_of(graph_of(f"{HEAD}{line}\n")).shown.get(JOIN, frozenset()) == label


def test_inputs_are_told_apart_by_parts() -> None:
    """An input of which a part is a secret may be used otherwise, but not as a whole."""
    head = "input d: any\nlogin($d.user, $d.password)\n"
    assert mistakes(f"{head}show($d.user)\n") == []
    assert [type(found) for found in mistakes(f"{head}show($d)\n")] == [SecretArgument]
    assert [type(found) for found in mistakes(f"{head}show($d.password)\n")] == [SecretArgument]
    assert flow_of(graph_of(f"{head}v = $d\njoin($v, $1)\n")).shown[JOIN] == {(0, "password")}


@pytest.mark.parametrize("use", ["show($x)", 'y = $x == "a"', 'y = "<$x>"\nz = show($y)', "z = show($x) for i in [1]"])
def test_a_value_that_becomes_a_secret_later_was_misused_before(use: str) -> None:
    """The mistake is in the line that makes it one: what is above may have run."""
    (found,) = mistakes(f'x = show(1)\n{use}\nlogin("u", $x)\n')
    assert isinstance(found, MadeSecret)
    text = f'x = show(1)\n{use}\nlogin("u", $x)\n'
    assert text[slice(*found.span)] == "$x"
    assert found.span.start > text.index("login")
    assert [note.span.start < found.span.start for note in found.notes] == [True]


def test_mistakes_are_the_same_however_a_plan_arrives() -> None:
    """In one piece, or letter by letter."""
    text = f'{HEAD}x = show(1)\nshow($x)\nshow("$k")\nlogin("u", $x)\nlogin("u", $k) if $x\n'
    found = set()
    for size in (1, 7, len(text)):
        front = IncrementalCompiler(TOOLS, mode="strict", header=True)
        for at in range(0, len(text), size):
            front.feed(text[at : at + size])
        with pytest.raises(CompileError) as caught:
            front.close()
        found.add(caught.value.diagnostics)
    assert len(found) == 1
    assert len(next(iter(found))) == 3


def test_a_plan_reads_secrets_of_earlier_plans() -> None:
    """They are as secret as before, though their place is not in this text."""
    earlier = Earlier({"1": "key", "2": [1, "key"]}, frozenset({"1", "2"}), {"1": WHOLE, "2": frozenset({(1,)})})
    session = Session(TOOLS, earlier=earlier)
    for statement in parse(
        '3. show($1)\n4. show($2[0])\n5. login("u", $2[1])\n6. show($2)\njoin($1)\n'
    ).plan.statements:
        session.feed(statement)
    found = [each for each in session.diagnostics if each.severity == "error"]
    assert [type(each) for each in found] == [SecretArgument, SecretArgument]
    assert [each.notes for each in found] == [(), ()]


def test_a_saved_graph_is_looked_at_too() -> None:
    """One that was saved with other tools may show what is a secret by now."""
    schema = {"properties": {"name": {"type": "string"}}}
    before = Toolbox([Tool.from_schema("unlock", "", schema, "read(vault)", str), show])
    saved = graph_of('k = unlock("a")\nshow($k)\n', before).to_json()
    assert Graph.from_json(saved, before).to_json() == saved

    @read("vault")
    def unlock(name: str) -> Secret[str]:
        """By now, what it gives is a secret."""
        return name

    with pytest.raises(SecretLeak, match="a secret goes to `item` of `show`"):
        Graph.from_json(saved, Toolbox([unlock, show]))


def test_a_schema_names_its_secret_parameters() -> None:
    """As `Secret[str]` does; a name that it does not have is an error."""
    schema = {"properties": {"user": {"type": "string"}, "password": {}}}
    tool = Tool.from_schema("enter", "", schema, "read(bank)", lambda **_: "", secret=["password"])
    tools = Toolbox([fetch, show, tool])
    assert mistakes('k = fetch()\nenter("u", $k)\n', tools) == []
    assert [found.code for found in mistakes("k = fetch()\nenter($k, $k)\n", tools)] == ["E231"]
    assert [found.code for found in mistakes('enter("u", "hunter2")\n', tools)] == ["E230"]
    assert [found.code for found in mistakes('enter("u", {"pin": 4711})\n', tools)] == ["E230"]
    with pytest.raises(ToolboxError, match="`enter` has no parameter `word` to take a secret"):
        Tool.from_schema("enter", "", schema, "read(bank)", lambda **_: "", secret=["word"])


def test_a_long_plan_is_followed_once() -> None:
    """Labels that come late spread through everything that reads them, and each node is looked at a few times."""
    parts = [f'login("u", $d.b{i})' for i in range(2 * MOST_PARTS)]
    lines = ["input d: any", *(f"v{i} = $d" for i in range(100)), *parts]
    graph = graph_of("\n".join(lines) + "\n")
    flow, count = SecretFlow(), 0
    relabel = flow._relabel  # noqa: SLF001 — to count

    def counted(top: Any) -> bool:  # noqa: ANN401 — a node
        nonlocal count
        count += 1
        return relabel(top)

    flow._relabel = counted  # type: ignore[method-assign]  # noqa: SLF001 — as above
    flow.add(graph.nodes.values())
    assert flow.labels[graph.tasks["v0"]] == WHOLE  # type: ignore[index]  # a task
    assert count < (MOST_PARTS + 3) * len(graph.nodes)


@pytest.mark.parametrize(
    ("label", "path", "expected"),
    [
        (WHOLE, ("a", 0), WHOLE),
        ({("a", 0)}, ("a",), {(0,)}),
        ({("a", 0)}, ("b",), set()),
        ({(0,)}, (1,), set()),
        ({(0,)}, (-1,), WHOLE),
        ({(ANY, "p")}, (3,), {("p",)}),
        ({("a",)}, (ANY,), set()),
    ],
)
def test_parts_of_labels(label: Any, path: Any, expected: Any) -> None:  # noqa: ANN401
    """A step leads to what it may lead to."""
    assert part(frozenset(label), path) == expected


def test_labels_are_merged_and_values_hidden() -> None:
    """Many parts are the whole; what is hidden leaves the rest as it is."""
    assert merged([inside(index, WHOLE) for index in range(MOST_PARTS)]) == {(index,) for index in range(MOST_PARTS)}
    assert merged([inside(index, WHOLE) for index in range(MOST_PARTS + 1)]) == WHOLE
    value: Any = {"a": [1, 2, {"b": 3}], "c": 4}
    label = frozenset({("a", -1, "b"), ("a", 0), ("d",), ("c", "x")})
    assert hidden(value, label, "*") == {"a": ["*", 2, {"b": "*"}], "c": 4}
    assert hidden([[1], [2]], frozenset({(ANY, 0)}), "*") == [["*"], ["*"]]
    assert hidden(value, frozenset(), "*") is value
    assert hidden(value, WHOLE, "*") == "*"
