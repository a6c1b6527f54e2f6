"""Loops in the JSON of graphs: nested, with names of elements, and as the version before wrote them."""

import json
from typing import Any

import pytest

from llmc_compiler.passes.pipeline import PIPELINE
from llmc_compiler.serialization import form_errors
from llmc_compiler.serialization.compiled_graph import Graph
from llmc_compiler.serialization.form_errors import FormError
from llmc_compiler.serialization.graph_json import from_json, to_json
from llmc_grammar import Bounds
from tests.compiler.compiling import compiled
from tests.compiler.test_form_errors import good
from tests.compiler.test_graph_json import PASSES, TOOLS, VALIDATOR, form


def renamed(name: str) -> Any:  # noqa: ANN401 — JSON data
    """The form whose element has another name."""
    return json.loads(good().replace('"item": "x"', f'"item": "{name}"').replace('"name": "x"', f'"name": "{name}"'))


def test_an_element_has_a_name_of_its_own() -> None:
    """No task and no input has it, and no element around it."""
    assert from_json(renamed("y"), TOOLS).nodes
    with pytest.raises(form_errors.BrokenReference, match="nodes: two things have the name `b`"):
        from_json(renamed("b"), TOOLS)
    data = to_json(compiled("1. rows()\n2. [[f($x, [$z for z in $y]) for y in $x] for x in $1]\njoin($2)", TOOLS))
    assert from_json(json.loads(json.dumps(data)), TOOLS).nodes
    for other in "xy":
        for key in ("item", "name"):
            form_text = json.dumps(data).replace(f'"{key}": "z"', f'"{key}": "{other}"')
            form_text = form_text.replace(f'"{key}": "y"', f'"{key}": "x"') if other == "x" else form_text
            if form_text != json.dumps(data):
                with pytest.raises(form_errors.BrokenReference):
                    from_json(json.loads(form_text), TOOLS)


def test_loops_are_nested_as_deep_as_in_plans() -> None:
    """They have a bound of their own, since three stand in a row between brackets."""
    text = "1. " + "[" * 30 + "send($x0a)"
    text += "".join(f" for x{n}a in [1] for x{n}b in [2] for x{n}c in [3]]" for n in range(30))
    graph = compiled(f"{text}\njoin($1)", TOOLS)
    data = json.loads(json.dumps(to_json(graph)))
    assert to_json(from_json(data, TOOLS)) == data
    with pytest.raises(form_errors.TooDeep, match="the nesting is deeper than 87 levels"):
        from_json(data, TOOLS, bounds=Bounds(nesting=29))


def unnamed(value: Any) -> Any:  # noqa: ANN401 — JSON data
    """A form as version 2 wrote it: elements had no names, and loops neither `flat` nor `calls`."""
    if isinstance(value, list):
        return [unnamed(inner) for inner in value]
    if not isinstance(value, dict):
        return value
    new = {"loop": {"flat", "calls"}, "item": {"name"}}.get(value.get("kind", ""), set())
    return {key: unnamed(inner) for key, inner in value.items() if key not in new}


def test_version_2_is_read() -> None:
    """An element without a name is that of the loop around it; nothing of the new version is taken in the old one."""
    text = 'a = rows()\nb = [f("$x", $x.id), send($x["k"])] for x in $a if $x or $x.id > 1\njoin($b)'
    graph = compiled(text, TOOLS, PIPELINE)
    old = unnamed(form(graph)) | {"version": 2}
    assert "flat" in json.dumps(form(graph))
    assert '"name": "x"' not in json.dumps(old)
    assert Graph.from_json(old, TOOLS) == graph
    with pytest.raises(FormError, match="`flat` is not a known key"):
        Graph.from_json(form(graph) | {"version": 2}, TOOLS)
    with pytest.raises(FormError, match="`flat` is missing"):
        Graph.from_json(old | {"version": 3}, TOOLS)


def test_nested_loops_are_read() -> None:
    """With their places, names and carried effects."""
    text = "1. rows()\n2. store($x, $y, [send($z) for z in f($y) if $z]) for x in $1 if $x for y in rows($x)\njoin($2)"
    for passes in PASSES:
        graph = compiled(text, TOOLS, passes)
        data = form(graph)
        assert next(VALIDATOR.iter_errors(data), None) is None
        assert Graph.from_json(data, TOOLS) == graph
