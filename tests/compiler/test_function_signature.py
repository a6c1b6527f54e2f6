"""Signatures of functions: what an argument and a result must be, found from annotations."""

import sys
import typing
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from enum import Enum
from typing import Any, Literal, Required

import pytest
from pydantic import BaseModel, Field, field_serializer
from typing_extensions import TypedDict

from llmc_compiler.expressions.terms import Json
from llmc_compiler.expressions.types import NEVER, describe
from llmc_compiler.tools.argument_binding import Shape
from llmc_compiler.tools.functions.function_signature import FunctionSignature
from llmc_compiler.tools.signature import ArgumentError, ResultError, ToolboxError


class Inner(BaseModel):
    """A model in a model."""

    n: int


class Place(BaseModel):
    """A model."""

    name: str
    inner: Inner | None = None
    height: float = Field(default=0.0, ge=0)


class Color(Enum):
    """An enum of texts."""

    RED = "red"


@dataclass
class Pair:
    """A dataclass."""

    one: int
    other: int


class Renamed(BaseModel):
    """A model that is written by other names than it is read."""

    n: int = Field(validation_alias="in", serialization_alias="out")


class Marked(BaseModel):
    """A model with a part of which nobody says how it is written."""

    n: int

    @field_serializer("n")
    def mark(self, n):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN201 — says nothing
        """Not the number."""
        return f"<{n}>"


class Old(typing.TypedDict):
    """A mapping of which pydantic cannot read the keys everywhere."""

    n: int


class Opaque:
    """A class without a JSON form."""


def signature(function: Callable[..., Any]) -> FunctionSignature:
    """The signature of a function."""
    return FunctionSignature(function, "tool")


def one_of(annotation: Any) -> FunctionSignature:  # noqa: ANN401 — an annotation may be anything
    """The signature of a function with one parameter `x`, and a result, of this type."""

    def tool(x: object) -> object:
        return x

    tool.__annotations__ = {"x": annotation, "return": annotation}
    return signature(tool)


def test_the_shape_tells_every_kind_of_parameter() -> None:
    """Positional-only, plain, starred, keyword-only and double-starred parameters, with and without defaults."""

    def tool(a: int, /, b: int, c: int = 0, *rest: int, d: int, e: int = 0, **more: int) -> None: ...

    assert signature(tool).shape == Shape(
        positional=("a", "b", "c"),
        named=frozenset({"b", "c", "d", "e"}),
        required=("a", "b", "d"),
        more_positional=True,
        more_named=True,
    )


def test_arguments_arrive_as_the_function_takes_them() -> None:
    """Positional-only ones by position, more of them behind all others, the rest by name."""

    def tool(a: int, /, b: int, *rest: int, c: int = 0, **more: int) -> None: ...

    found = signature(tool)
    assert found.prepare([("a", 1), ("b", 2)]) == ([1], {"b": 2})
    assert found.prepare([("a", 1), ("b", 2), ("c", 3), ("z", 4)]) == ([1], {"b": 2, "c": 3, "z": 4})
    assert found.prepare([("a", 1), ("b", 2), (None, 3), (None, 4), ("c", 5)]) == ([1, 2, 3, 4], {"c": 5})


def test_starred_parameters_have_types() -> None:
    """Each of the arguments that `*rest: T` and `**more: T` collect must be a T."""

    def tool(*rest: int, **more: str) -> None: ...

    found = signature(tool)
    assert found.prepare([(None, 1), ("k", "v")]) == ([1], {"k": "v"})
    for wrong in ((None, "1"), ("k", 1)):
        with pytest.raises(ArgumentError):
            found.prepare([wrong])


ACCEPTED: list[tuple[Any, Json, object]] = [
    (str, "a", "a"),
    (int, 3, 3),
    (bool, True, True),
    (float, 1.5, 1.5),
    (float, 3, 3.0),
    (None, None, None),
    (Any, {"a": [1]}, {"a": [1]}),
    (object, 1, 1),
    (list, [1, "a"], [1, "a"]),
    (dict, {"a": 1}, {"a": 1}),
    (list[int], [1, 2], [1, 2]),
    (list[list[float]], [[1, 2.5]], [[1.0, 2.5]]),
    (dict[str, list[int]], {"a": [1]}, {"a": [1]}),
    (int | None, None, None),
    (int | str, "1", "1"),
    (Literal["a", "b"], "b", "b"),
    (list[Literal[1, 2]], [2], [2]),
    (dict[int, str], {"1": "a"}, {1: "a"}),
    (date, "2024-02-29", date(2024, 2, 29)),
    (date | None, None, None),
    (timedelta, "PT5S", timedelta(seconds=5)),
    (Color, "red", Color.RED),
    (tuple[int, str], [1, "a"], (1, "a")),
    (set[int], [1, 1], {1}),
    (Place, {"name": "K2", "inner": {"n": 1}}, Place(name="K2", inner=Inner(n=1))),
    (list[Place], [{"name": "K2", "height": 1}], [Place(name="K2", height=1.0)]),
    (Pair, {"one": 1, "other": 2}, Pair(1, 2)),
]


@pytest.mark.parametrize(("annotation", "value", "expected"), ACCEPTED)
def test_a_fitting_argument_arrives_as_its_type(annotation: Any, value: Json, expected: object) -> None:  # noqa: ANN401
    """JSON data becomes what the annotation says; an integer is a float where one is wanted."""
    [], kwargs = one_of(annotation).prepare([("x", value)])
    assert kwargs == {"x": expected}
    assert type(kwargs["x"]) is type(expected)


REFUSED: list[tuple[Any, Json, str]] = [
    (str, 1, "input should be a valid string"),
    (str, None, "input should be a valid string"),
    (int, "1", "input should be a valid integer"),
    (int, 1.0, "input should be a valid integer"),
    (int, True, "input should be a valid integer"),
    (float, "1.5", "input should be a valid number"),
    (float, True, "input should be a valid number"),
    (bool, 1, "input should be a valid boolean"),
    (bool, "true", "input should be a valid boolean"),
    (None, 0, "input should be None"),
    (list[int], [1, "2"], "[1]: input should be a valid integer"),
    (list[int], {"a": 1}, "input should be a valid list"),
    (dict[str, int], {"a": "1"}, "['a']: input should be a valid integer"),
    (int | None, "1", "input should be a valid integer"),
    (Literal["a"], "b", "input should be 'a'"),
    (date, "tomorrow", "input should be a valid date"),
    (date, 0, "input should be a valid date"),
    (Color, "blue", "input should be 'red'"),
    (Place, {"name": 1}, "['name']: input should be a valid string"),
    (Place, {"inner": {"n": 1}}, "['name']: field required"),
    (Place, {"name": "a", "inner": {"n": "1"}}, "['inner']['n']: input should be a valid integer"),
    (Place, {"name": "a", "height": -1}, "['height']: input should be greater than or equal to 0"),
    (tuple[int, str], [1], "[1]: field required"),
]


@pytest.mark.parametrize(("annotation", "value", "words"), REFUSED)
def test_nothing_is_coerced(annotation: Any, value: Json, words: str) -> None:  # noqa: ANN401
    """What only looks like the type is refused, with the place, when checked and when prepared."""
    found = one_of(annotation)
    for attempt in (lambda: found.check("x", value), lambda: found.prepare([("x", value)])):
        with pytest.raises(ArgumentError) as caught:
            attempt()
        assert str(caught.value).startswith(words)
        assert caught.value.parameter == "x"


@pytest.mark.parametrize("annotation", [Any, object, list, list[list[int]], dict[str, Any]])
def test_a_function_gets_data_of_its_own(annotation: Any) -> None:  # noqa: ANN401
    """What a tool does to its argument is seen by nobody else, also inside."""
    value: Json = {"a": [1]} if annotation == dict[str, Any] else [[1]]
    _, kwargs = one_of(annotation).prepare([("x", value)])
    assert kwargs["x"] == value
    inner = kwargs["x"]["a"] if isinstance(kwargs["x"], dict) else kwargs["x"][0]
    inner.append(2)
    assert value in ({"a": [1]}, [[1]])


RESULTS: list[tuple[Any, object, object]] = [
    (str, "a", "a"),
    (float, 3, 3),
    (None, None, None),
    (Any, {"a": (1,)}, {"a": (1,)}),
    (list[int], [1], [1]),
    (date, date(2024, 2, 29), "2024-02-29"),
    (Color, Color.RED, "red"),
    (tuple[int, str], (1, "a"), [1, "a"]),
    (dict[int, str], {1: "a"}, {"1": "a"}),
    (Pair, Pair(1, 2), {"one": 1, "other": 2}),
    (Place, Place(name="K2", inner=Inner(n=1)), {"name": "K2", "inner": {"n": 1}, "height": 0.0}),
    (list[Place], [Place(name="K2")], [{"name": "K2", "inner": None, "height": 0.0}]),
]


@pytest.mark.parametrize(("annotation", "result", "expected"), RESULTS)
def test_a_result_becomes_json_data(annotation: Any, result: object, expected: object) -> None:  # noqa: ANN401
    """Models, dates, enums and tuples are given as JSON has them; plain data as it is."""
    assert one_of(annotation).accept(result) == expected


def test_a_plain_result_is_not_copied() -> None:
    """The checked result of a plain type is the tool's own object."""
    result = [1, 2]
    assert one_of(list[int]).accept(result) is result


@pytest.mark.parametrize(
    ("annotation", "result"),
    [(str, 1), (int, True), (int, 1.0), (float, "1"), (None, 1), (list[int], ["1"]), (list[int], ("1",)), (date, "x")],
)
def test_a_result_of_another_type_is_refused(annotation: Any, result: object) -> None:  # noqa: ANN401
    """A tool that breaks its own word is told so."""
    with pytest.raises(ResultError):
        one_of(annotation).accept(result)


def test_without_annotations_anything_goes() -> None:
    """Parameters and results without annotations are of any type."""

    def tool(x, y=1):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202 — the case under test
        return x, y

    found = signature(tool)
    assert found.prepare([("x", [None]), ("y", "z")]) == ([], {"x": [None], "y": "z"})
    assert found.parameters == {"type": "object", "properties": {"x": {}, "y": {"default": 1}}, "required": ["x"]}
    assert found.returns == {}


def test_the_schema_describes_the_arguments() -> None:
    """Types, defaults that JSON can tell, and what is required; models stand once, under `$defs`."""

    def tool(a: Place, b: list[Inner], c: Literal["x"] = "x", d: date = date(2024, 1, 1), *rest: int) -> float:
        return 0.0

    found = signature(tool).parameters
    assert found["required"] == ["a", "b"]
    assert found["properties"] == {
        "a": {"$ref": "#/$defs/Place"},
        "b": {"type": "array", "items": {"$ref": "#/$defs/Inner"}},
        "c": {"const": "x", "type": "string", "default": "x"},
        "d": {"format": "date", "type": "string", "default": "2024-01-01"},
    }
    assert set(found["$defs"]) == {"Place", "Inner"}
    assert signature(tool).returns == {"type": "number"}


@pytest.mark.parametrize(
    "annotation", [Opaque, list[Opaque], Callable[[], int], "Missing", "the words", "typing.x", complex | Opaque]
)
def test_a_type_without_a_json_form_is_refused(annotation: Any) -> None:  # noqa: ANN401
    """A parameter that no plan could fill is an error where the tool is declared."""
    with pytest.raises(ToolboxError, match=r"`x` of `tool` has a type without a JSON form|signature of `tool` cannot"):
        one_of(annotation)


@pytest.mark.skipif(sys.version_info >= (3, 12), reason="there it is as good as the other")
def test_a_typed_dict_of_the_wrong_module_is_told_the_right_one() -> None:
    """Its keys cannot be read, though it looks like JSON."""
    with pytest.raises(ToolboxError, match=r"before Python 3\.12, take `TypedDict` from `typing_extensions`"):
        one_of(Old)


def test_a_function_without_a_signature_is_refused() -> None:
    """A built-in function may have none."""
    with pytest.raises(ToolboxError, match="the signature of `tool` cannot be read"):
        signature(dict)


def test_parameters_have_types() -> None:
    """Starred ones too; of a type that is not plain, no value is certainly taken."""

    def tool(a: str, b: int | None, *rest: Literal["x", "y"], c: object = "", d: date | None = None) -> None: ...

    found = signature(tool)
    wanted = {name: found.wants(name) for name in ("a", "b", None, "c", "d")}
    assert {name: describe(each.at_most) for name, each in wanted.items()} == {
        "a": "str",
        "b": "int?",
        None: '"x" | "y"',
        "c": "any",
        "d": "str?",
    }
    assert [each.at_least == each.at_most for each in wanted.values()] == [True, True, True, True, False]
    assert wanted["d"].at_least == NEVER


class Height(TypedDict, total=False):
    """A record."""

    metres: Required[float]
    source: str


@pytest.mark.parametrize(
    ("annotation", "gives"),
    [
        (int, "int"),
        (list[float], "list[float]"),
        (dict[str, bool | None], "dict[str, bool?]"),
        (Height, "{metres: float, source?: str}"),
        (tuple[int, str], "list[int | str]"),
        (Decimal, "str"),
        (Literal["a", 1], '"a" | float | bool'),
        (None, "null"),
        (Json, "any"),
        (object, "any"),
    ],
)
def test_results_have_types(annotation: Any, gives: str) -> None:  # noqa: ANN401 — an annotation may be anything
    """What is dumped, not what the annotation says: a decimal number is a text."""
    assert describe(one_of(annotation).gives) == gives


def test_a_result_is_written_by_the_names_that_its_schema_tells() -> None:
    """What the compiler knows of a model's keys, what is told of them, and what arrives are the same."""
    found = one_of(Renamed)
    assert found.accept(Renamed.model_validate({"in": 1})) == {"out": 1}
    assert (describe(found.gives), list(found.returns["properties"])) == ("{out: int}", ["out"])


def test_what_a_serializer_gives_is_anything_if_it_does_not_say() -> None:
    """A part that is written in another form has no type by its annotation."""
    found = one_of(Marked)
    assert (found.accept(Marked(n=1)), describe(found.gives)) == ({"n": "<1>"}, "{n: any}")
    assert describe(one_of(Inner).gives) == "{n: int}"
