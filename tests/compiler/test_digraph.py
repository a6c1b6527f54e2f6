"""The graph as networkx sees it, and as JSON."""

import json

import pytest

from llmc_compiler.digraph import circles
from llmc_compiler.json_form import to_json
from tests.compiler.compiling import compiled

TEXT = "1. rows()\n2. store($1)\n3. $1 + 1 for x in [1]\n4. $2 + 1\n5. rows()\njoin($3, $4)"


def test_nodes_and_edges_have_their_attributes() -> None:
    """`op` is the tool, `expr`, `loop` or `join`; `kind` is `value` or `order`, and value wins where it is both."""
    digraph = compiled(TEXT).to_networkx()
    assert {key: data["op"] for key, data in digraph.nodes(data=True)} == {
        "1": "rows",
        "2": "store",
        "3": "loop",
        "4": "expr",
        "5": "rows",
        "join": "join",
    }
    assert {(one, two): data["kind"] for one, two, data in digraph.edges(data=True)} == {
        ("1", "2"): "value",
        ("1", "3"): "value",
        ("2", "4"): "value",
        ("2", "5"): "order",
        ("3", "join"): "value",
        ("4", "join"): "value",
    }
    assert compiled(TEXT).nodes.keys() == set(digraph)


def test_nothing_else_is_in_the_digraph() -> None:
    """No payload: each node and each edge has the one attribute."""
    digraph = compiled(TEXT).to_networkx()
    assert {tuple(data) for _, data in digraph.nodes(data=True)} == {("op",)}
    assert {tuple(data) for _, _, data in digraph.edges(data=True)} == {("kind",)}


@pytest.mark.parametrize(
    ("users", "expected"),
    [
        ({"a": ["b"], "b": ["c"]}, {}),
        ({"a": ["a"]}, {}),
        ({"b": ["a"], "a": ["b"]}, {"a": ("a", "b", "a"), "b": ("a", "b", "a")}),
        (
            {"a": ["b", "c"], "b": ["a"], "c": ["b"], "d": ["a"]},
            dict.fromkeys("abc", ("a", "b", "a")),
        ),
    ],
)
def test_circles_are_found(users: dict[str, list[str]], expected: dict[str, tuple[str, ...]]) -> None:
    """Each begins with its first name, and is as short as can be."""
    assert circles(users, "abcd") == expected


def test_the_graph_as_json() -> None:
    """Every node says in text what it does, with other nodes by their ids."""
    graph = compiled(
        'input n: list[int]? = null\n1. f(g(1), x=$n) if rows() @retry(1)\nb = send("${1}st") if $1 and g(2)\n'
        "3. f(g($x)) for x in $n if $x > 1\njoin()"
    )
    found = to_json(graph)
    assert json.loads(json.dumps(found)) == found
    assert {key: found[key] for key in ("version", "language", "inputs", "tasks")} == {
        "version": 1,
        "language": 1,
        "inputs": [{"name": "n", "type": "list[int]?", "required": False, "default": None}],
        "tasks": {"1": "1", "b": "b", "3": "3"},
    }
    assert [(node["id"], node["op"], node["text"], node["when"]) for node in found["nodes"]] == [
        ("1/if", "rows", "rows()", []),
        ("1/a0", "g", "g(1)", ["$1/if"]),
        ("1", "f", "f($1/a0, x=$n)", ["$1/if"]),
        ("b/if/r", "g", "g(2)", ["$1"]),
        ("b", "send", 'send("${1}st")', ["$1 and $b/if/r"]),
        ("3", "loop", "f(g($x)) for x in $n if $x > 1", []),
        ("join", "join", '{"1": $1, "b": $b, "3": $3}', []),
    ]
    assert found["nodes"][4] == {
        "id": "b",
        "op": "send",
        "text": 'send("${1}st")',
        "task": "b",
        "origins": ["b"],
        "effects": ["write(mail)"],
        "needs": ["1", "b/if/r"],
        "after": [],
        "when": ["$1 and $b/if/r"],
    }
