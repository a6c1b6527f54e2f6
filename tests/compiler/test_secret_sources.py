"""Which values are secret."""

from typing import Any

import pytest

from llmc_compiler.ir.graph import Graph
from llmc_compiler.lowering.secret_labels import ANY, texts
from llmc_compiler.lowering.secret_sources import SecretSources
from llmc_compiler.passes.pipeline import PIPELINE
from llmc_compiler.tools.decorators import pure, read
from llmc_compiler.tools.parameter_markers import Secret
from llmc_compiler.tools.toolbox import Toolbox
from tests.compiler.compiling import compiled


@read("bank")
def login(user: str, password: Secret[str]) -> str:
    """Log in."""
    return user + password


@read("vault")
def fetch(name: str = "") -> Secret[str]:
    """A secret."""
    return name


@pure
def rows(item: object = None) -> list[dict[str, str]]:
    """Rows."""
    return [{"item": str(item)}]


TOOLS = Toolbox([login, fetch, rows])
INPUTS = "input a: str\ninput b: str\ninput rows: list[dict[str, str]]\ninput data: any\n"


def found(graph: Graph) -> SecretSources:
    """What is secret in a graph."""
    secrecy = SecretSources()
    secrecy.add_parameters(graph.parameters)
    for node in graph.nodes.values():
        secrecy.add(node)
    return secrecy


@pytest.mark.parametrize(
    ("plan", "inputs", "results"),
    [
        ('login("u", $a)', {"a": {()}}, {}),
        ('login("u", "Bearer $a")', {"a": {()}}, {}),
        ('login("u", $a + $b)', {"a": {()}, "b": {()}}, {}),
        ('login("u", $a if $b == "x" else "")', {"a": {()}}, {}),
        ('login("u", $data.x[0])', {"data": {("x", 0)}}, {}),
        ("login($r.n, $r.p) for r in $rows", {"rows": {(ANY, "p")}}, {}),
        ('login("u", $r) for r in [$a, $b]', {"a": {()}, "b": {()}}, {}),
        ('x = {"k": $a, "l": $b}\nlogin("u", $x.k)', {"a": {()}}, {}),
        ('x = [$a, $b]\nlogin("u", $x[1])', {"b": {()}}, {}),
        ('x = [$a, $b]\nlogin("u", "$x")', {"a": {()}, "b": {()}}, {}),
        ('x = rows()\nlogin("u", $x[0].item)', {}, {"x": {(0, "item")}}),
        ('x = rows($r) for r in [1, 2]\nlogin("u", $x[0][1].item)', {}, {"x/each": {(1, "item")}}),
        ("x = fetch()\njoin($x)", {}, {"x": {()}}),
        ("login($a, fetch($b))", {}, {"2/a1": {()}}),
        ("x = rows($a)\njoin($x)", {}, {}),
    ],
)
@pytest.mark.parametrize("passes", [(), PIPELINE])
def test_a_secret_is_followed_back(plan: str, inputs: Any, results: Any, passes: Any) -> None:  # noqa: ANN401
    """Through references, texts, branches, operators and loops, and no further; so before and after the passes."""
    graph = compiled(INPUTS + plan + "\n", TOOLS, passes)
    secrecy = found(graph)
    assert {name: set(parts) for name, parts in secrecy.inputs.items()} == inputs
    named = {key.replace("1/a1", "2/a1"): set(parts) for key, parts in secrecy.results.items()}
    assert named == results
    assert secrecy.written() == ()


def test_an_empty_text_is_no_secret() -> None:
    """It says that there is none, and so does a default that is empty."""
    compiled('input a: str = ""\nlogin("u", "")\nlogin("v", $a)\n', TOOLS)


@pytest.mark.parametrize(
    ("value", "steps", "expected"),
    [
        ("a", (), ["a"]),
        ("", (), []),
        ({"k": ["a", {"l": "b"}], "m": 1}, (), ["a", "b"]),
        ([{"k": "a"}, {"k": "b"}, {}, 3], (ANY, "k"), ["a", "b"]),
        ({"a": "x", "b": "y"}, (ANY,), ["a", "b"]),
        (["a", "b"], (-1,), ["b"]),
        (["a"], (3,), []),
        ("abc", (0,), []),
        ({"k": 1}, ("l",), []),
        (None, ("k", "l"), []),
    ],
)
def test_texts_of_a_part(value: Any, steps: Any, expected: list[str]) -> None:  # noqa: ANN401
    """All texts in it, and none where there is no such part."""
    assert list(texts(value, steps)) == expected
