"""Results that are not JSON data become such where they have one exact form, and are refused in words else."""

import itertools
from collections import OrderedDict, UserDict, UserString, deque, namedtuple
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from enum import Enum
from ipaddress import ip_address
from pathlib import PurePosixPath
from types import MappingProxyType, SimpleNamespace
from typing import Any, Literal
from unittest.mock import MagicMock
from uuid import UUID

import pytest
from pydantic import BaseModel, SecretStr

from llmc_compiler.tools.functions.function_signature import FunctionSignature
from llmc_compiler.tools.schema_signature import SchemaSignature
from llmc_compiler.tools.signature import ResultBounds, ResultError, ToolboxError
from llmc_runtime.values import NotJsonError, receive


class Color(Enum):
    """An enum of texts."""

    RED = "red"


@dataclass
class Pair:
    """A dataclass, perhaps in itself."""

    one: object
    tags: set[str] = field(default_factory=set)


class Place(BaseModel):
    """A model with a part of any type."""

    name: str
    more: Any = None


class Number:
    """A number as numpy has it: not a number of Python's, and known by its type's attributes."""

    shape = ()

    def __init__(self, value: object, kind: str = "i") -> None:
        """Be of a kind."""
        self.value = value
        self.dtype = SimpleNamespace(kind=kind)

    def __repr__(self) -> str:
        """The value in brackets."""
        return f"Number({self.value!r})"

    def item(self) -> object:
        """The number of Python's."""
        return self.value

    def tolist(self) -> object:
        """The same."""
        return self.value

    dtype: object = None


class Array(Number):
    """An array as numpy has it."""

    def __init__(self, *values: object) -> None:
        """Have values."""
        super().__init__(list(values))
        self.shape = (len(values),)  # type: ignore[assignment]  # of one dimension


class Series(Array):
    """An array with an index, as pandas has it."""

    index = (0, 1)


Point = namedtuple("Point", ["x", "y"])  # noqa: PYI024 — as others write it


def accept_of(annotation: Any) -> Callable[..., object]:  # noqa: ANN401 — an annotation may be anything
    """How the results of a function with this annotation are taken; with none for `...`."""

    def tool() -> object:
        return None

    tool.__annotations__ = {} if annotation is ... else {"return": annotation}
    return FunctionSignature(tool, "tool").accept


def taken(annotation: Any, result: object) -> object:  # noqa: ANN401 — as above
    """A result as a run has it."""
    return receive(result, accept_of(annotation), ResultBounds())[0]


TAKEN: list[tuple[Any, object, object]] = [
    (..., Number(3), 3),
    (..., [Number(2**64), {"a": Number(0.5, "f")}], [2**64, {"a": 0.5}]),
    (..., Number(value=True, kind="b"), True),
    (..., Array(1, Array(Number(2))), [1, [2]]),
    (..., Decimal("1.10"), "1.10"),
    (..., date(2024, 2, 29), "2024-02-29"),
    (..., datetime(2024, 2, 29, tzinfo=UTC), "2024-02-29T00:00:00Z"),
    (..., timedelta(seconds=5), "PT5S"),
    (..., UUID(int=1), "00000000-0000-0000-0000-000000000001"),
    (..., ip_address("::1"), "::1"),
    (..., PurePosixPath("/a"), "/a"),
    (..., Color.RED, "red"),
    (..., Pair(Pair(Decimal(1)), {"b", "a"}), {"one": {"one": "1", "tags": []}, "tags": ["a", "b"]}),
    (..., Place(name="K2", more=Number(3)), {"name": "K2", "more": 3}),
    (..., [deque([1]), range(2), (3,), {"a": 1}.keys()], [[1], [0, 1], [3], ["a"]]),
    (..., [MappingProxyType({"a": Number(1)}), UserDict(a=1), OrderedDict(a=1)], [{"a": 1}] * 3),
    (..., Point(1, Number(2)), [1, 2]),
    (int, Number(3), 3),
    (int, Decimal("3.0"), 3),
    (int, Decimal(10) ** 30, 10**30),
    (float, Decimal("0.1"), 0.1),
    (float | None, Number(0.5, "f"), 0.5),
    (bool, Number(value=True, kind="b"), True),
    (str, PurePosixPath("/a"), "/a"),
    (str, Color.RED, "red"),
    (Literal["red"], Color.RED, "red"),
    (list[int], Array(1, 2), [1, 2]),
    (list[int], (1, 2), [1, 2]),
    (list[int], {3, 1, 2}, [1, 2, 3]),
    (list[int], Series(1, 2), [1, 2]),
    (list[float], [Decimal("0.5"), Number(1)], [0.5, 1]),
    (dict, Pair(1), {"one": 1, "tags": []}),
    (dict[str, Any], Place(name="K2"), {"name": "K2", "more": None}),
    (Place, {"name": "K2", "more": Number(1)}, {"name": "K2", "more": 1}),
    (list[Place], ({"name": "K2"},), [{"name": "K2", "more": None}]),
    (Iterable[int], iter([1, 2]), [1, 2]),
]


@pytest.mark.parametrize(("annotation", "result", "expected"), TAKEN)
def test_a_result_with_an_exact_form_is_taken(annotation: Any, result: object, expected: object) -> None:  # noqa: ANN401
    """As JSON data of the declared type, or of any where none is."""
    found = taken(annotation, result)
    assert found == expected
    assert type(found) is type(expected)


class Hidden:
    """A class whose text cannot be had."""

    def __repr__(self) -> str:
        """Fail."""
        raise RuntimeError


def cycle() -> Pair:
    """A dataclass in itself."""
    pair = Pair(None)
    pair.one = pair
    return pair


def laughs() -> Pair:
    """Few objects that would be 10^12 values."""
    inner = Pair(0)
    for _ in range(12):
        inner = Pair([inner] * 10)
    return inner


class Endless(Number):
    """A number that gives another one."""

    def item(self) -> object:
        """Another one."""
        return Number(self)


class Failing(Number):
    """A number that fails."""

    def item(self) -> object:
        """Fail."""
        message = "lost"
        raise OSError(message)


class Huge(Array):
    """An array that says how large it is."""

    def __init__(self) -> None:
        """Be too large."""
        super().__init__()
        self.shape = (10**9,)  # type: ignore[assignment]  # as above


REFUSED: list[tuple[Any, object, str]] = [
    (..., b"x", "`result` is of type `bytes`, which is not JSON (b'x'): decode it to a string"),
    (..., [{1}], "`result[0]` is of type `set`, which is not JSON ({1}): return a list (`sorted(…)`)"),
    (..., iter([1]), "`result` is of type `list_iterator`, which is not JSON: return a list (`list(…)`)"),
    (..., itertools.count(), "of type `count` of `itertools`, which is not JSON (count(0)): return a list"),
    (..., 1j, "`result` is of type `complex`, which is not JSON (1j): return its parts, or a string"),
    (..., Series(1), "of type `Series` of `tests.compiler.test_result_forms`, which is not JSON"),
    (..., UserString("a"), "of type `UserString` of `collections`, which is not JSON"),
    (..., MagicMock(), "of type `MagicMock` of `unittest.mock`, which is not JSON"),
    (..., {"a": {1: 2}}, "`result.a` is a mapping with a key of type `int`, not `str` (1): make its keys strings"),
    (..., Decimal("NaN"), "of type `Decimal` of `decimal`, which is not JSON (Decimal('NaN'))"),
    (..., SecretStr("hush"), "return `.get_secret_value()`, and declare `-> Secret[str]`"),
    (..., object(), "which is not JSON: convert it in the tool, or declare a model (`-> Model`)"),
    (..., Place(name="a", more=object()), "of type `object`, which is not JSON"),
    (
        ...,
        [Hidden()],
        "`result[0]` is of type `Hidden` of `tests.compiler.test_result_forms`, which is not JSON: convert",
    ),
    (..., Failing(1), "`result` cannot be read as JSON data: OSError: lost"),
    (..., Endless(1), "nested more than 100 deep, or contains itself"),
    (..., Huge(), "larger than the 16,777,216 bytes that it may have"),
    (..., cycle(), "nested more than 100 deep, or contains itself"),
    (Iterable[int], itertools.count(), "larger than the 16,777,216 bytes that it may have"),
    (int, Decimal("3.5"), "input should be a valid integer, not Decimal('3.5') (`Decimal` of `decimal`): convert it"),
    (int, Number(3.5, "f"), "not Number(3.5) (`Number` of `tests.compiler.test_result_forms`): convert it in the tool"),
    (int, "three", "input should be a valid integer, not 'three' (`str`)"),
    (float, Decimal("0.12345678901234567890"), "return a string, or round it: it has more digits than a float"),
    (str, Number(3), "input should be a valid string, not Number(3)"),
    (str, b"x", "decode it to a string"),
    (list[int], Array(1, "x"), "[1]: input should be a valid integer, not 'x' (`str`)"),
    (list[int], iter([1]), "return a list (`list(…)`)"),
    (date, object(), "of type `object`, which is not JSON"),
]


@pytest.mark.parametrize(("annotation", "result", "words"), REFUSED)
def test_others_are_refused(annotation: Any, result: object, words: str) -> None:  # noqa: ANN401
    """With the place, the type, its module, the value, and the remedy; whatever their code does."""
    with pytest.raises((ResultError, NotJsonError)) as caught:
        taken(annotation, result)
    assert words in str(caught.value)
    assert len(str(caught.value)) < 400


def test_results_by_schema_are_checked_in_their_form() -> None:
    """Numbers of other libraries, decimals as texts or numbers, sets where a list is wanted."""

    def of(schema: dict[str, Any], result: object) -> object:
        return receive(result, SchemaSignature("tool", {}, schema).accept, ResultBounds(1_000, 10))[0]

    assert of({"type": "integer"}, Number(3)) == 3
    assert of({"type": "number"}, Decimal("1.5")) == 1.5
    assert of({"type": "string"}, Decimal("1.5")) == "1.5"
    assert of({"type": "array"}, {2, 1}) == [1, 2]
    assert of({"type": "object"}, Pair(1)) == {"one": 1, "tags": []}
    with pytest.raises(ResultError, match=r"'red' is not of type 'number'; it is of type `Color` of `tests"):
        of({"type": "number"}, Color.RED)


def test_few_objects_that_would_be_many_values_are_refused() -> None:
    """Before they are."""
    with pytest.raises(ResultError, match="is larger than the 16,000 bytes that it may have"):
        receive(laughs(), accept_of(int), ResultBounds(16_000))


def test_messages_about_secrets_show_no_value() -> None:
    """Neither of the result nor of what its code raises."""
    bounds = ResultBounds(1_000, 10, shows=False)
    for annotation, result in ((int, "hush"), (..., [1j]), (dict, {1: 2}), (..., Failing("hush"))):
        with pytest.raises(ResultError) as caught:
            receive(result, accept_of(annotation), bounds)
        assert not [word for word in ("hush", "1j", "(1)", "lost") if word in str(caught.value)]


@pytest.mark.parametrize(
    "annotation", [Literal[()], Enum("Nothing", [])], ids=["an empty Literal", "an enum of nothing"]
)
def test_a_result_that_cannot_be_is_refused_when_the_tool_is_defined(annotation: Any) -> None:  # noqa: ANN401
    """And not after it wrote."""
    with pytest.raises(ToolboxError, match=r"the result of `tool`|no result of `tool`"):
        accept_of(annotation)


def test_a_plain_result_is_not_converted() -> None:
    """It is the tool's own object until it is copied."""
    result = [{"a": 1}]
    assert accept_of(...)(result) is result
    assert accept_of(list)(result) is result
    assert SchemaSignature("tool", {}, {"type": "array"}).accept(result) is result


def test_real_numpy_results() -> None:
    """Scalars, arrays, times."""
    numpy = pytest.importorskip("numpy")
    assert taken(..., [numpy.int64(3), numpy.float32(0.5), numpy.bool_(1)]) == [3, 0.5, True]
    assert taken(list[int], numpy.array([1, 2])) == [1, 2]
    assert taken(..., numpy.array([["2024-02-29", "NaT"]], "M8[D]")) == [["2024-02-29", None]]
    with pytest.raises(ResultError, match=r"not numpy.float64\(3.5\)|not np.float64\(3.5\)"):
        taken(int, numpy.float64(3.5))


def test_real_pandas_results() -> None:
    """Times, missing values, columns, tables."""
    pandas = pytest.importorskip("pandas")
    assert taken(..., [pandas.Timestamp("2024-02-29"), pandas.NaT, pandas.NA]) == ["2024-02-29T00:00:00", None, None]
    assert taken(list[int], pandas.Series([1, 2])) == [1, 2]
    with pytest.raises(ResultError, match=r"of type `DataFrame`.*: return its rows \(`.to_dict\(\"records\"\)`\)"):
        taken(..., pandas.DataFrame({"a": [1]}))
