"""The type of a call contains every value of the call, and says as much as it can."""

from collections.abc import Callable
from dataclasses import replace
from random import Random
from typing import Final

import pytest
from hypothesis import given, settings

from llmc_compiler.expressions import types
from llmc_compiler.expressions.functions import result_types
from llmc_compiler.expressions.functions.standard_function import StandardFunction, kind_name, kind_names
from llmc_compiler.expressions.functions.table import FUNCTIONS
from llmc_compiler.expressions.operators import OperandError
from llmc_compiler.expressions.terms import Json
from llmc_compiler.expressions.types import ANY, BOOL, FLOAT, INT, NEVER, NULL, STR, Field, Type, describe
from tests.compiler.functions.inputs import INPUTS, drawn
from tests.compiler.typed import TYPES, VALUES, has

OTHERS: Final = (NULL, BOOL, INT, FLOAT, STR, types.list_of(INT), types.map_of(STR), types.words(["a"]))


def wider(value: Json, random: Random) -> Type:
    """A type that contains the value."""
    chance = random.random()
    if chance < 0.1:
        return ANY
    if chance < 0.25:
        return types.union((wider(value, random), random.choice(OTHERS)))
    match value:
        case str() if chance < 0.6:
            return STR
        case int() if not isinstance(value, bool) and chance < 0.5:
            return FLOAT
        case list():
            others = (random.choice(OTHERS),) if random.random() < 0.2 else ()
            return types.list_of(types.union((*(wider(each, random) for each in value), *others)))
        case dict():
            parts = {key: wider(each, random) for key, each in value.items()}
            named = [key for key in parts if random.random() < 0.7]
            fields = [Field(key, parts[key], random.random() < 0.7) for key in named]
            if random.random() < 0.2 and "b" not in parts:
                fields.append(Field("b", random.choice(OTHERS), required=False))
            rest = [each for key, each in parts.items() if key not in named]
            others = (random.choice(OTHERS),) if random.random() < 0.2 else ()
            return types.record(fields, types.union((*rest, *others)) if rest or others else None)
        case _:
            return types.of_value(value)


def unsound(function: StandardFunction, inputs: int = INPUTS) -> list[str]:
    """The inputs whose value is not of the type of the call."""
    found: list[str] = []
    for number in range(inputs):
        random = Random(f"types {function.name} {number}")
        arguments = drawn(function.name, number)
        given = [(name, wider(each, random)) for name, each in arguments]
        assert all(has(wide, each) for (_, wide), (_, each) in zip(given, arguments, strict=True))
        try:
            value = function.call(arguments)
        except OperandError:
            continue
        if not has(result := function.type_of(given), value):
            shown = ", ".join(f"{name}: {describe(wide)}" for name, wide in given)
            found.append(f"{number}: {function.name}({shown}) is {describe(result)}, and gave {value!r}")
    return found


@pytest.mark.no_cover
@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_value_is_of_the_type_of_its_call(name: str) -> None:
    """However little is known of the arguments."""
    assert not unsound(FUNCTIONS[name])


@pytest.mark.no_cover
@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_type_without_values_is_seen(name: str) -> None:
    """A rule that gives no type at all is unsound for every function."""
    assert unsound(replace(FUNCTIONS[name], gives=result_types.always(NEVER)), 60)


@pytest.mark.no_cover
@pytest.mark.parametrize(
    ("name", "gives"),
    [
        ("abs", lambda x: INT),
        ("round", lambda x, digits: INT),
        ("max", lambda xs, by, default: result_types.elements(xs)),
        ("sum", lambda xs: INT),
        ("str", lambda x: x),
        ("present", lambda xs: types.list_of(INT)),
        ("get", lambda d, key, default: types.element(types.list_of(default))),
        ("keys", lambda d: types.list_of(types.words(["a", "b"]))),
        ("zip", lambda xs, *ys: types.list_of(xs)),
        ("merge", lambda *ds: ds[-1]),
        ("merge", lambda *ds: ds[0]),
        ("pairs", lambda xs: types.map_of(INT)),
        ("kind", lambda x: types.words(["int", "str"])),
    ],
)
def test_a_rule_that_is_too_narrow_is_seen(name: str, gives: Callable[..., Type]) -> None:
    """Each leaves out a value of one of few inputs."""
    assert unsound(replace(FUNCTIONS[name], gives=gives), 200)


A: Final = types.record([Field("a", INT), Field("b", STR, required=False)])


@pytest.mark.parametrize(
    ("name", "given", "result"),
    [
        ("abs", [INT], "int"),
        ("abs", [ANY], "float"),
        ("abs", [STR], "nothing"),
        ("abs", [NEVER], "nothing"),
        ("round", [FLOAT], "int"),
        ("round", [FLOAT, INT], "float"),
        ("round", [INT, INT], "int"),
        ("round", [FLOAT, FLOAT], "float"),
        ("round", [FLOAT, STR], "nothing"),
        ("max", [types.list_of(INT)], "int"),
        ("max", [types.list_of(ANY)], "float | str"),
        ("max", [types.list_of(types.union((INT, NULL)))], "int"),
        ("max", [types.list_of(BOOL)], "nothing"),
        ("max", [types.list_of(A), types.words(["a"])], "{a: int, b?: str}"),
        ("max", [types.list_of(A), types.words(["c"])], "nothing"),
        ("max", [types.list_of(A), STR, NULL], "{a: int, b?: str}?"),
        ("max", [INT, INT], "nothing"),
        ("sum", [types.list_of(INT)], "int"),
        ("sum", [types.list_of(FLOAT)], "float"),
        ("mean", [types.list_of(INT)], "float"),
        ("mean", [types.list_of(STR)], "nothing"),
        ("int", [STR], "int"),
        ("int", [types.list_of(INT)], "nothing"),
        ("str", [types.words(["a"])], '"a"'),
        ("str", [INT], "str"),
        ("format", [FLOAT, types.words([",.2f"])], "str"),
        ("format", [FLOAT, types.words(["x"])], "nothing"),
        ("format", [STR, types.words([",.2f"])], "nothing"),
        ("format", [STR, types.words([",.2f", ">8"])], "str"),
        ("format", [BOOL, STR], "nothing"),
        ("len", [types.union((INT, STR))], "int"),
        ("len", [INT], "nothing"),
        ("sorted", [types.list_of(STR)], "list[str]"),
        ("sorted", [types.list_of(A), types.words(["a"])], "list[{a: int, b?: str}]"),
        ("sorted", [types.list_of(A), types.union((NULL, types.words(["a"])))], "list[{a: int, b?: str}]"),
        ("sorted", [types.list_of(ANY), types.words(["a"])], "list[dict]"),
        ("unique", [types.union((types.list_of(INT), NULL))], "list[int]"),
        ("reversed", [ANY], "list"),
        ("flatten", [types.list_of(types.list_of(INT))], "list[int]"),
        ("zip", [types.list_of(INT), types.list_of(STR)], "list[list[int | str]]"),
        ("zip", [types.list_of(INT), types.list_of(STR), types.list_of(NULL)], "list[list[int | str | null]]"),
        ("zip", [types.list_of(INT), types.list_of(STR), NULL], "nothing"),
        ("enumerate", [types.list_of(STR)], "list[list[int | str]]"),
        ("present", [types.list_of(types.union((INT, NULL)))], "list[int]"),
        ("get", [types.map_of(INT), STR], "int?"),
        ("get", [types.map_of(INT), STR, STR], "int | str"),
        ("get", [A, types.words(["a"])], "int"),
        ("get", [A, types.words(["b"])], "str?"),
        ("get", [A, types.words(["c"]), INT], "int"),
        ("get", [types.list_of(STR), INT], "str?"),
        ("get", [types.list_of(STR), STR], "nothing"),
        ("get", [A, INT], "nothing"),
        ("get", [ANY, STR], "any"),
        ("keys", [A], 'list["a" | "b"]'),
        ("keys", [types.map_of(INT)], "list[str]"),
        ("values", [A], "list[int | str]"),
        ("items", [types.map_of(INT)], "list[list[str | int]]"),
        ("merge", [A, types.record([Field("b", INT)])], "{a: int, b: int}"),
        ("merge", [A, types.map_of(NULL)], "{a: int?, b?: str?, …}"),
        ("merge", [ANY, A], "{a: int, b?: any, …}"),
        ("pairs", [types.list_of(types.list_of(INT))], "dict[str, int]"),
        ("kind", [types.union((FLOAT, NULL))], '"float" | "int" | "null"'),
        ("parse_json", [STR], "any"),
    ],
)
def test_a_call_has_this_type(name: str, given: list[Type], result: str) -> None:
    """The arguments are given by position."""
    function = FUNCTIONS[name]
    names = [None if each.many else each.name for each in function.parameters] + [None]
    assert describe(function.type_of([*zip(names, given, strict=False)])) == result


def test_a_type_that_grows_too_large_is_any() -> None:
    """So merging many mappings stays cheap."""
    many = types.record(Field(f"a{index}", INT) for index in range(150))
    others = types.record(Field(f"b{index}", INT) for index in range(150))
    assert describe(FUNCTIONS["merge"].type_of([("a", many), ("b", others)])) == "dict"


def test_arguments_that_do_not_fit_have_no_type() -> None:
    """As they have no value."""
    assert FUNCTIONS["abs"].type_of([]) == NEVER
    assert FUNCTIONS["abs"].type_of([("x", INT), (None, INT)]) == NEVER


@settings(max_examples=25)
@given(TYPES, VALUES)
def test_the_kind_of_a_value_is_one_of_its_type(found: Type, value: Json) -> None:
    """And `float` stands for both kinds of numbers."""
    if has(found, value):
        assert kind_name(value) in kind_names(found)
