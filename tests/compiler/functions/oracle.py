"""Python's answer to each standard function, and where the language refuses what Python takes."""

import json
import math
from collections.abc import Callable, Iterable
from fractions import Fraction
from typing import Any, Final

from llmc_compiler.expressions.functions.table import FUNCTIONS
from llmc_compiler.expressions.terms import Json
from tests.compiler.functions.inputs import Arguments


class Refused(Exception):  # noqa: N818 — an answer
    """The language has no value for these arguments."""


def need(condition: object) -> None:
    """Refuse arguments."""
    if not condition:
        raise Refused


def is_number(value: object) -> bool:
    """Whether a value is a number; true is not."""
    return type(value) in {int, float}


def equal(left: Any, right: Any) -> bool:  # noqa: ANN401 — JSON data
    """Equality of the language."""
    if isinstance(left, bool) or isinstance(right, bool):
        return left is right
    if isinstance(left, list) and isinstance(right, list):
        return len(left) == len(right) and all(map(equal, left, right))
    if isinstance(left, dict) and isinstance(right, dict):
        return left.keys() == right.keys() and all(equal(left[key], right[key]) for key in left)
    return bool(left == right)


def compact(value: object) -> str:
    """A text as it is, anything else as compact JSON."""
    return value if isinstance(value, str) else json.dumps(value, separators=(",", ":"), ensure_ascii=False)


def numbers(xs: list[Any]) -> list[Any]:
    """The elements, if all are numbers."""
    need(type(xs) is list and all(map(is_number, xs)))
    return xs


def total(xs: list[Any]) -> Any:  # noqa: ANN401
    """The exact sum."""
    if all(type(x) is int for x in numbers(xs)):
        return sum(xs)
    math.fsum(xs)  # raises where a part of the sum is too large, as the language refuses it
    return float(sum(Fraction(float(x)) for x in xs))


def mean(xs: list[Any]) -> Any:  # noqa: ANN401
    """The exact sum of integers, or the rounded one of others, divided."""
    return total(xs) / len(xs)


def keyed(xs: list[Any], by: str | None) -> list[Any]:
    """The numbers or texts to compare."""
    need(type(xs) is list and isinstance(by, (str, type(None))))
    found = []
    for x in xs:
        part = x
        for key in [] if by is None else by.split("."):
            need(isinstance(part, dict))
            part = part[key]
        found.append(part)
    need(all(map(is_number, found)) or all(isinstance(each, str) for each in found))
    return found


def extreme(choose: Callable[..., Any]) -> Callable[..., Any]:
    """`min` or `max` with Python's own."""

    def find(xs: list[Any], by: str | None = None, **default: object) -> object:
        keys = keyed(xs, by)
        return xs[keys.index(choose(keys))] if xs else default["default"]

    return find


def in_order(xs: list[Any], by: str | None = None, reverse: bool = False) -> list[Any]:
    """Sorted by Python."""
    pairs = zip(keyed(xs, by), xs, strict=True)
    need(type(reverse) is bool)
    return [x for _, x in sorted(pairs, key=lambda pair: pair[0], reverse=reverse)]


def number_in(allowed: str, read: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """`int` or `float` of a number, or of a text with these characters only."""

    def find(x: Any) -> Any:  # noqa: ANN401
        need(is_number(x) or (isinstance(x, str) and set(x) <= set(allowed)))
        return read(x)

    return find


def of_text(method: Callable[..., Any]) -> Callable[..., Any]:
    """A method of texts, on texts alone."""

    def find(s: Any, *others: Any) -> Any:  # noqa: ANN401
        need(isinstance(s, str) and all(isinstance(other, str) for other in others))
        return method(s, *others)

    return find


def spaced(method: Callable[..., Any]) -> Callable[..., Any]:
    """A method of texts that takes null for blanks."""

    def find(s: Any, **named: Any) -> Any:  # noqa: ANN401
        (other,) = named.values() if named else (None,)
        need(isinstance(s, str) and isinstance(other, (str, type(None))))
        return method(s, other)

    return find


def lines(s: str) -> list[str]:
    """Lines that end in LF or CRLF."""
    found = s.replace("\r\n", "\n").split("\n")
    return found if found[-1] else found[:-1]


def join(xs: list[Any], by: str = "") -> str:
    """Texts, and other values as JSON."""
    need(type(xs) is list and isinstance(by, str))
    return by.join(map(compact, xs))


def after(text: str, allowed: Iterable[str]) -> str:
    """The text behind the first that fits of some beginnings."""
    return next((text.removeprefix(each) for each in allowed if text.startswith(each)), text)


def formatted(x: Any, f: Any) -> str:  # noqa: ANN401
    """Python's format, read from the left."""
    need(isinstance(f, str) and f and (is_number(x) or isinstance(x, str)))
    rest = after(f, "<>^")
    rest = after(rest, [str(width) for width in range(100, 0, -1)]) if isinstance(x, str) else rest
    if is_number(x):
        rest = after(after(rest, "+"), "0")
        rest = after(after(rest, [str(width) for width in range(100, 0, -1)]), ",_")
        rest = after(after(rest, [f".{digits}" for digits in range(100, -1, -1)]), "dfeg%")
    need(not rest)
    written = format(x, f)
    need("inf" not in written or isinstance(x, str))
    return written


def numbered(a: int, b: int | None = None, step: int = 1) -> list[int]:
    """Python's range, if it is short and of short integers."""
    need(all(type(each) is int for each in (a, step)) and (b is None or type(b) is int))
    need(all(each is None or each.bit_length() <= 64 for each in (a, b, step)))
    found = range(a) if b is None and step == 1 else range(0, a, step) if b is None else range(a, b, step)
    need(len(found) <= 100_000)
    return list(found)


def lists(*xs: Any) -> tuple[Any, ...]:
    """The arguments, if all are lists."""
    need(all(type(each) is list for each in xs))
    return xs


def mappings(*ds: Any) -> tuple[Any, ...]:
    """The arguments, if all are mappings."""
    need(all(type(each) is dict for each in ds))
    return ds


def counted(xs: list[Any], start: int = 0) -> list[Any]:
    """Python's enumerate."""
    lists(xs)
    need(type(start) is int and start.bit_length() <= 64)
    return [list(each) for each in enumerate(xs, start)]


def distinct(xs: list[Any]) -> list[Any]:
    """Each element that equals none before it."""
    lists(xs)
    return [x for index, x in enumerate(xs) if not any(equal(x, other) for other in xs[:index])]


def flat(xs: list[Any]) -> list[Any]:
    """The elements of lists."""
    lists(xs, *xs)
    return [x for each in xs for x in each]


def got(d: Any, key: Any, default: Any = None) -> Any:  # noqa: ANN401
    """The part, or the default."""
    if type(d) is dict and isinstance(key, str):
        return d.get(key, default)
    need(type(d) is list and type(key) is int)
    try:
        return d[key]
    except IndexError:
        return default


def paired(xs: list[Any]) -> dict[str, Any]:
    """Python's dict of pairs."""
    lists(xs, *xs)
    need(all(len(each) == 2 and isinstance(each[0], str) for each in xs))
    return dict(xs)


def loaded(s: Any) -> Any:  # noqa: ANN401
    """Python's reading, without what is not JSON or too deep."""
    need(isinstance(s, str) and s.count("[") < 100)
    found = json.loads(s)
    json.dumps(found, allow_nan=False)
    compact(found).encode()
    return found


def dumped(x: Any, indent: int | None = None) -> str:  # noqa: ANN401
    """Python's writing."""
    need(indent is None or (type(indent) is int and 0 <= indent <= 16))
    return json.dumps(x, ensure_ascii=False, indent=indent) if indent is not None else dumped_compact(x)


def dumped_compact(x: Any) -> str:  # noqa: ANN401
    """Without blanks; a text has quotes."""
    return json.dumps(x, ensure_ascii=False, separators=(",", ":"))


def absolute(x: Any) -> Any:  # noqa: ANN401
    """Python's abs of a number."""
    need(is_number(x))
    return abs(x)


def rounded(x: Any, digits: int = 0) -> Any:  # noqa: ANN401
    """Python's round, which gives an integer without digits."""
    need(is_number(x) and type(digits) is int and abs(digits) <= 100)
    return round(x, digits) if digits else round(x)


NAMES: Final = {type(None): "null", bool: "bool", int: "int", float: "float", str: "str", list: "list", dict: "dict"}

ORACLES: Final[dict[str, Callable[..., Any]]] = {
    "abs": absolute,
    "round": rounded,
    "min": extreme(min),
    "max": extreme(max),
    "sum": total,
    "mean": mean,
    "int": number_in("0123456789+-", int),
    "float": number_in("0123456789+-.eE", float),
    "str": compact,
    "lower": of_text(str.lower),
    "upper": of_text(str.upper),
    "title": of_text(str.title),
    "strip": spaced(str.strip),
    "split": spaced(str.split),
    "join_text": join,
    "replace": of_text(str.replace),
    "starts_with": of_text(str.startswith),
    "ends_with": of_text(str.endswith),
    "lines": of_text(lines),
    "format": formatted,
    "len": lambda x: len(x) if not isinstance(x, (int, type(None))) else need(None),
    "sorted": in_order,
    "reversed": lambda xs: list(reversed(lists(xs)[0])),
    "unique": distinct,
    "flatten": flat,
    "range": numbered,
    "zip": lambda *xs: [list(each) for each in zip(*lists(*xs), strict=False)],
    "enumerate": counted,
    "any": lambda xs: any(lists(xs)[0]),
    "all": lambda xs: all(lists(xs)[0]),
    "present": lambda xs: [x for x in lists(xs)[0] if x is not None],
    "get": got,
    "keys": lambda d: list(mappings(d)[0]),
    "values": lambda d: list(mappings(d)[0].values()),
    "items": lambda d: [list(each) for each in mappings(d)[0].items()],
    "merge": lambda *ds: {key: x for d in mappings(*ds) for key, x in d.items()},
    "pairs": paired,
    "parse_json": loaded,
    "to_json": dumped,
    "kind": lambda x: NAMES[type(x)],
}
"""What Python says, by function."""


def expected(name: str, arguments: Arguments) -> Json:
    """Python's value; raises Refused."""
    optional = {each.name for each in FUNCTIONS[name].parameters if not each.required and not each.many}
    needed = [value for parameter, value in arguments if parameter not in optional]
    named = {parameter: value for parameter, value in arguments if parameter in optional}
    try:
        found: Json = ORACLES[name](*needed, **named)
    except (TypeError, ValueError, KeyError, OverflowError, ZeroDivisionError):
        raise Refused from None
    if isinstance(found, float):
        need(math.isfinite(found))
    need(not (type(found) is int and found.bit_length() > 10_000))
    return found
