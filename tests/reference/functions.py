"""Standard functions, in the words of Python."""

import json
import math
import re
from collections.abc import Callable
from itertools import chain
from typing import Any, Final, NoReturn

from tests.reference.formats import formatted
from tests.reference.operators import LIST_LENGTH, EvaluationError, Json, as_text, bounded, equal, is_number, step

_KINDS: Final = {type(None): "null", bool: "bool", int: "int", float: "float", str: "str", list: "list", dict: "dict"}
_INTEGER: Final = re.compile(r"[+-]?[0-9]+")
_FLOAT: Final = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?")
_ABSENT: Final = object()
"""In the place of a default that is not there."""


def apply(name: str, positional: list[Json], keywords: dict[str, Json]) -> Json:
    """The value of a function; raises EvaluationError for arguments that it does not take, and for large values."""
    written, compute = FUNCTIONS[name]
    kinds = dict(parameter.split(":") for parameter in written.split())
    names, rest = [*kinds], dict(keywords)
    while len(positional) < len(names) and names[len(positional)] in rest:
        positional = [*positional, rest.pop(names[len(positional)])]
    given = [(names[min(index, len(names) - 1)], each) for index, each in enumerate(positional)]
    for parameter, each in (*given, *rest.items()):
        if kinds[parameter] != "any" and kind(each) not in kinds[parameter].split("|"):
            raise EvaluationError(f"{parameter} of {name}")
    try:
        return bounded(compute(*positional, **rest))
    except (ArithmeticError, IndexError, ValueError) as error:
        raise EvaluationError(name) from error


def kind(value: Json) -> str:
    """The name of a value's kind."""
    return _KINDS[type(value)]


def _numbers(xs: list[Json]) -> list[Any]:
    if not all(map(is_number, xs)):
        raise EvaluationError("not all are numbers")
    return xs


def _sum(xs: list[Json]) -> Json:
    numbers = _numbers(xs)
    total: int | float = sum(numbers) if all(isinstance(each, int) for each in numbers) else math.fsum(numbers)
    return total


def _mean(xs: list[Json]) -> Json:
    total: Any = _sum(xs)
    mean: float = total / len(xs)
    return mean


def _key(by: str | None) -> Callable[[Json], Any]:
    """What is compared of an element: a part of it, or all."""

    def key(value: Json) -> Json:
        for name in [] if by is None else by.split("."):
            value = step(value, name)
        return value

    return key


def _comparable(xs: list[Json], by: str | None) -> list[Any]:
    keys = list(map(_key(by), xs))
    if not all(map(is_number, keys)) and not all(isinstance(key, str) for key in keys):
        raise EvaluationError("neither numbers nor texts")
    return xs


def _extreme(choose: Callable[..., Json]) -> Callable[..., Json]:
    def chosen(xs: list[Json], by: str | None = None, default: object = _ABSENT) -> Json:
        given = {} if default is _ABSENT else {"default": default}
        return choose(_comparable(xs, by), key=_key(by), **given)

    return chosen


def _int(x: float | str) -> Json:
    if isinstance(x, str) and not _INTEGER.fullmatch(x):
        raise EvaluationError("no integer")
    return int(x)


def _float(x: float | str) -> Json:
    if isinstance(x, str) and not _FLOAT.fullmatch(x):
        raise EvaluationError("no number")
    return float(x)


def _lines(s: str) -> list[Json]:
    *ended, last = s.split("\n")
    return [*(line.removesuffix("\r") for line in ended), *([last] if last else [])]


def _unique(xs: list[Json]) -> Json:
    found: list[Json] = []
    for each in xs:
        if not any(equal(each, other) for other in found):
            found.append(each)
    return found


def _flatten(xs: list[Json]) -> Json:
    if not all(isinstance(each, list) for each in xs):
        raise EvaluationError("not all are lists")
    return list(chain(*xs))  # type: ignore[arg-type]


def _range(a: int, b: int | None = None, step: int = 1) -> Json:
    found = range(0, a, step) if b is None else range(a, b, step)
    return list(found[: LIST_LENGTH + 1])


def _get(d: dict[str, Json] | list[Json], key: str | int, default: Json = None) -> Json:
    if isinstance(d, dict) is not isinstance(key, str):
        raise EvaluationError("a key for a list, or an index for a mapping")
    try:
        return step(d, key)
    except EvaluationError:
        return default


def _pairs(xs: list[Json]) -> Json:
    if not all(isinstance(each, list) and len(each) == 2 and isinstance(each[0], str) for each in xs):
        raise EvaluationError("not all are pairs")
    return dict(xs)  # type: ignore[arg-type]


def _written(x: Json, indent: int | None = None) -> str:
    if indent is not None and indent not in range(17):
        raise EvaluationError("such an indent")
    separators = (",", ":") if indent is None else None
    return json.dumps(x, ensure_ascii=False, indent=indent, separators=separators)


def _refuse(_: str) -> NoReturn:
    raise EvaluationError("no JSON")


FUNCTIONS: Final[dict[str, tuple[str, Callable[..., Json]]]] = {
    "abs": ("x:int|float", abs),
    "round": ("x:int|float digits:int", lambda x, digits=0: round(x, digits or None)),
    "min": ("xs:list by:str|null default:any", _extreme(min)),
    "max": ("xs:list by:str|null default:any", _extreme(max)),
    "sum": ("xs:list", _sum),
    "mean": ("xs:list", _mean),
    "int": ("x:int|float|str", _int),
    "float": ("x:int|float|str", _float),
    "str": ("x:any", as_text),
    "lower": ("s:str", str.lower),
    "upper": ("s:str", str.upper),
    "title": ("s:str", str.title),
    "strip": ("s:str chars:str|null", str.strip),
    "split": ("s:str by:str|null", lambda s, by=None: s.split(by)),
    "join_text": ("xs:list by:str", lambda xs, by="": by.join(map(as_text, xs))),
    "replace": ("s:str old:str new:str", str.replace),
    "starts_with": ("s:str start:str", str.startswith),
    "ends_with": ("s:str end:str", str.endswith),
    "lines": ("s:str", _lines),
    "format": ("x:int|float|str f:str", formatted),
    "len": ("x:str|list|dict", len),
    "sorted": (
        "xs:list by:str|null reverse:bool",
        lambda xs, by=None, reverse=False: sorted(_comparable(xs, by), key=_key(by), reverse=reverse),
    ),
    "reversed": ("xs:list", lambda xs: xs[::-1]),
    "unique": ("xs:list", _unique),
    "flatten": ("xs:list", _flatten),
    "range": ("a:int b:int|null step:int", _range),
    "zip": ("xs:list ys:list more:list", lambda *lists: [list(row) for row in zip(*lists, strict=False)]),
    "enumerate": ("xs:list start:int", lambda xs, start=0: [[index, each] for index, each in enumerate(xs, start)]),
    "any": ("xs:list", any),
    "all": ("xs:list", all),
    "present": ("xs:list", lambda xs: [each for each in xs if each is not None]),
    "get": ("d:dict|list key:str|int default:any", _get),
    "keys": ("d:dict", list),
    "values": ("d:dict", lambda d: [*d.values()]),
    "items": ("d:dict", lambda d: [[key, each] for key, each in d.items()]),
    "merge": ("a:dict b:dict more:dict", lambda *parts: dict(chain(*(each.items() for each in parts)))),
    "pairs": ("xs:list", _pairs),
    "parse_json": ("s:str", lambda s: json.loads(s, parse_constant=_refuse)),
    "to_json": ("x:any indent:int|null", _written),
    "kind": ("x:any", kind),
}
"""The parameters with the kinds of values that they take (`more` any number of them), and the function."""
