"""Every standard function gives what Python gives, and refuses what the language refuses."""

from collections.abc import Callable
from dataclasses import replace
from functools import reduce
from operator import add
from typing import Any, Final

import pytest

from llmc_compiler.expressions.compact_json import compact
from llmc_compiler.expressions.functions.standard_function import StandardFunction
from llmc_compiler.expressions.functions.table import FUNCTIONS
from llmc_compiler.expressions.operators import OperandError
from tests.compiler.functions.inputs import INPUTS, Arguments, drawn
from tests.compiler.functions.oracle import ORACLES, Refused, expected

REFUSED: Final = "refused"


def found(function: StandardFunction, arguments: Arguments) -> str:
    """The value as JSON, which keeps the kinds of numbers and the order of keys, or that there is none."""
    try:
        return compact(function.call(arguments))
    except OperandError as error:
        fact, _, advice = str(error).rpartition(": ")
        assert fact
        assert advice
        return REFUSED


def wanted(name: str, arguments: Arguments) -> str:
    """The same by Python."""
    try:
        return compact(expected(name, arguments))
    except Refused:
        return REFUSED


def differences(function: StandardFunction, inputs: int = INPUTS) -> list[str]:
    """The inputs on which a function differs from Python."""
    return [
        f"{number}: {function.name}{arguments}: {result}, not {oracle}"
        for number in range(inputs)
        if (result := found(function, arguments := drawn(function.name, number)))
        != (oracle := wanted(function.name, arguments))
    ]


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_function_gives_what_python_gives(name: str) -> None:
    """The same value, with the same types of numbers, or an error."""
    assert not differences(FUNCTIONS[name])


@pytest.mark.no_cover
@pytest.mark.parametrize("name", FUNCTIONS)
def test_inputs_reach_values_and_errors(name: str) -> None:
    """At least half of the inputs have a value, and the values differ."""
    values = [wanted(name, drawn(name, number)) for number in range(60)]
    assert sum(each != REFUSED for each in values) >= 30
    assert len(set(values)) > (1 if isinstance(FUNCTIONS[name].example[1], bool) else 2)
    assert REFUSED in values or name in {"str", "kind"}


@pytest.mark.no_cover
@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_function_of_nothing_is_seen(name: str) -> None:
    """A function that is always null differs from Python."""
    assert differences(replace(FUNCTIONS[name], compute=lambda *_: None), 60)


MUTANTS: Final[list[tuple[str, Callable[..., Any]]]] = [
    ("round", lambda x, digits: round(x, max(-9, min(9, digits)))),
    ("max", lambda xs, by, default: ORACLES["sorted"](xs, by)[-1]),
    ("sum", lambda xs: reduce(add, xs, 0)),
    ("mean", lambda xs: reduce(add, xs, 0) / len(xs)),
    ("int", lambda x: int(float(x))),
    ("int", lambda x: round(x) if isinstance(x, float) else int(x)),
    ("str", lambda x: x if isinstance(x, str) else str(x)),
    ("upper", lambda s: "".join(each.upper() if each.isascii() else each for each in s)),
    ("strip", lambda s, chars: s.strip()),
    ("strip", lambda s, chars: s.lstrip(chars)),
    ("split", lambda s, by: s.split(by or " ")),
    ("join_text", lambda xs, by: by.join(map(str, xs))),
    ("replace", lambda s, old, new: s.replace(old, new, 1)),
    ("lines", str.splitlines),
    ("lines", lambda s: s.split("\n")),
    ("sorted", lambda xs, by, reverse: ORACLES["sorted"](xs, by)[:: -1 if reverse else 1]),
    ("unique", lambda xs: [x for index, x in enumerate(xs) if x not in xs[:index]]),
    ("range", lambda a, b, step: ORACLES["range"](0, a, step) if not b else ORACLES["range"](a, b, step)),
    ("zip", lambda *xs: [list(each) for each in zip(xs[0], xs[1], strict=False)]),
    ("enumerate", lambda xs, start: [list(each) for each in enumerate(xs)]),
    ("present", lambda xs: [x for x in xs if x]),
    ("get", lambda d, key, default: (d.get(key) or default) if isinstance(d, dict) else d[key]),
    ("merge", lambda *ds: {key: x for d in reversed(ds) for key, x in d.items()}),
    ("pairs", lambda xs: ORACLES["pairs"](xs[::-1])),
    ("to_json", lambda x, indent: ORACLES["to_json"](x, None)),
]


def careful(compute: Callable[..., Any]) -> Callable[..., Any]:
    """A function that refuses where Python raises, so that only its values are wrong."""

    def compute_or_refuse(*values: object) -> object:
        try:
            return compute(*values)
        except Exception as error:
            raise OperandError("wrong: wrong") from error

    return compute_or_refuse


@pytest.mark.no_cover
@pytest.mark.parametrize(("name", "compute"), MUTANTS)
def test_a_wrong_function_is_seen(name: str, compute: Callable[..., Any]) -> None:
    """Each of these differs from Python on one of few inputs."""
    assert differences(replace(FUNCTIONS[name], compute=careful(compute)), 120)
