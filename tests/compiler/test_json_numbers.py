"""Numbers and shapes of JSON data that Python reads, and no graph can have."""

import json
from collections.abc import Iterator
from typing import Any, Final

import pytest

from llmc_compiler.ir.printer import print_graph
from llmc_compiler.representation.short_repr import short_repr
from llmc_compiler.serialization.form_errors import FormError
from llmc_compiler.serialization.graph_json import from_json
from llmc_compiler.tools.tool import Tool
from llmc_compiler.tools.toolbox import Toolbox
from tests.compiler.compiling import compiled
from tests.compiler.test_form_errors import changed, deep
from tests.compiler.test_graph_json import TOOLS, form

TIME: Final = "nodes.0.operation.timeout"
CONSTANT: Final = "nodes.4.operation.term"
FALLBACK: Final = "nodes.0.operation.fallback"


@pytest.mark.parametrize("value", [10**400, 10**5000, -1, 1e999, float("nan"), True, "5s", 4 * 10**21], ids=range(8))
def test_a_time_is_one_that_a_plan_can_say(value: object) -> None:
    """Up to as many hours as an integer has digits; what is less is read."""
    with pytest.raises(FormError, match=r"nodes\[0\].operation.timeout: expected a time in seconds, or null,"):
        from_json(changed(TIME, value), TOOLS)
    for fine in (None, 0.5, 3600 * (10**18 - 1)):
        assert print_graph(from_json(changed(TIME, fine), TOOLS))


@pytest.mark.parametrize(
    ("way", "wrap", "place"),
    [
        ("nodes.0.operation.retries", lambda value: value, "nodes[0].operation.retries"),
        ("nodes.0.span", lambda value: [0, value], "nodes[0].span[1]"),
        (FALLBACK, lambda value: {"kind": "const", "value": value}, "nodes[0].operation.fallback.value"),
        (FALLBACK, lambda value: {"kind": "const", "value": {"a": [-value]}}, "nodes[0].operation.fallback.value.a[0]"),
        (CONSTANT, lambda value: {"kind": "get", "node": "4", "path": [value]}, "nodes[4].operation.term.path[0]"),
        (
            "inputs",
            lambda value: [{"name": "n", "type": "any", "required": False, "default": value}],
            "inputs[0].default",
        ),
    ],
)
def test_an_integer_has_as_many_digits_as_in_a_plan(way: str, wrap: Any, place: str) -> None:  # noqa: ANN401
    """More are refused where they are read, and not where they are first written."""
    for value, bits in ((10**18, "1000000000000000000"), (10**400, "an integer of 1,329 bits"), (10**5000, "")):
        with pytest.raises(FormError) as caught:
            from_json(changed(way, wrap(value)), TOOLS)
        assert str(caught.value).startswith(f"{place}: expected an integer of at most 18 digits, not `")
        assert bits in str(caught.value)
    assert print_graph(from_json(changed(way, wrap(10**18 - 1)), TOOLS))


@pytest.mark.parametrize("value", [10**5000, deep(100_000), {10**5000: 1}, "x" * 10**6, float("nan")], ids=range(5))
@pytest.mark.parametrize("way", ["version", "language", "nodes.0.id", "nodes.0.effects", "tasks.1", "nodes.0.when"])
def test_whatever_is_quoted_is_quoted_in_short(way: str, value: object) -> None:
    """Also where it cannot be written at all."""
    with pytest.raises(FormError) as caught:
        from_json(changed(way, value), TOOLS)
    assert len(str(caught.value)) < 500


def test_a_value_in_itself_is_too_deep() -> None:
    """Data that no JSON text gives."""
    circle: list[object] = []
    circle.append(circle)
    with pytest.raises(FormError, match="the nesting is deeper than 224 levels"):
        from_json(changed(CONSTANT, {"kind": "const", "value": circle}), TOOLS)


class Counted(str):
    """A text that counts how often it is compared."""

    __slots__ = ()
    compared = 0

    def __eq__(self, other: object) -> bool:
        Counted.compared += 1
        return str.__eq__(self, other)

    def __hash__(self) -> int:
        return str.__hash__(self)


def arguments(count: int) -> Iterator[dict[str, object]]:
    """So many arguments, each of a name of its own."""
    for index in range(count):
        yield {"parameter": Counted(f"p{index}"), "value": {"kind": "const", "value": 1}}


def test_many_arguments_are_not_compared_with_each_other() -> None:
    """A tool that takes any name can be given a million."""
    tool = Tool.from_schema("any", "", {"type": "object", "additionalProperties": True}, "pure", lambda **_: None)
    tools = Toolbox([tool])
    data = form(compiled("1. any(a=1)\njoin($1)", tools))
    names = list(arguments(200))
    data["nodes"][0]["operation"]["arguments"] = names
    Counted.compared = 0
    from_json(data, tools)
    assert Counted.compared < 10 * len(names)
    before = Counted.compared
    texts = [name["parameter"] for name in names]
    assert [texts.count(text) for text in texts] == [1] * len(names)
    assert Counted.compared - before > 50 * len(names)


def test_integers_are_shown_by_their_size() -> None:
    """From 101 digits on; `repr` refuses those of more than 4,300."""
    assert short_repr(10**100 - 1) == f"{'9' * 18}...{'9' * 19}"
    assert short_repr([10**100]) == "[an integer of 333 bits]"
    assert short_repr({"a": "x" * 1000}).startswith("{'a': 'xxx")
    with pytest.raises(ValueError, match="4300"):
        json.dumps(10**5000)
