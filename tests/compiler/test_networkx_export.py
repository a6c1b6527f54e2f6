"""The graph as networkx sees it."""

import pytest

from llmc_compiler.ir.networkx_export import circles
from tests.compiler.compiling import compiled

TEXT = "1. rows()\n2. store($1)\n3. f($1) for x in [1]\n4. $2 + 1\n5. rows()\njoin($3, $4)"


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
