"""Random arguments of standard functions: most fit, some do not; the same for every run."""

import json
import os
from collections.abc import Callable
from random import Random
from typing import Final

from llmc_compiler.expressions.functions.table import FUNCTIONS
from llmc_compiler.expressions.terms import Json

INPUTS: Final = int(os.environ.get("LLMC_INPUTS", "60"))
"""How many inputs of a function are drawn."""

Arguments = list[tuple[str | None, Json]]

KEYS: Final = ("a", "b", "c.d", "", "é")
WORDS: Final = (
    "",
    "a",
    "b",
    "ab",
    "aba",
    " ",
    "\n",
    "\r\n",
    "\r",
    "\t",
    "ß",
    "ΐ",
    "É",
    "日",
    "😀",
    "ǆ",
    ".",
    ", ",
    "\x1f",
    "\x85",
)
NUMBERS: Final = (
    "0",
    "12",
    "-7",
    "+5",
    "007",
    "1.5",
    ".5",
    "1.",
    "-0",
    "1e3",
    "1E-3",
    "1e400",
    "1_0",
    " 1",
    "٣",
    "nan",
    "-inf",
    "",
)
INTEGERS: Final = (0, 1, 2, 3, -1, -2, 10, 2**53 + 1, 2**60, 2**70, -(10**30), 2**9_999, -(2**9_999))
FLOATS: Final = (
    0.0,
    -0.0,
    0.5,
    1.0,
    1.5,
    2.5,
    -2.5,
    2.675,
    0.1,
    2.0**60,
    2.0**70,
    1e308,
    -1e308,
    5e-324,
    3.0,
    1234567.891,
)


def integer(random: Random) -> Json:
    """A small or a long integer."""
    return random.randint(-5, 5) if random.random() < 0.7 else random.choice(INTEGERS)


def number(random: Random) -> Json:
    """An integer or a number with a fraction."""
    drawn = random.random()
    if drawn < 0.4:
        return integer(random)
    return random.choice(FLOATS) if drawn < 0.7 else random.uniform(-1000, 1000)


def text(random: Random) -> str:
    """A text of letters, blanks, line ends and letters of other scripts."""
    return "".join(random.choice(WORDS) for _ in range(random.randint(0, 6)))


def scalar(random: Random) -> Json:
    """Any value that has no parts."""
    return random.choice((None, True, False, integer(random), number(random), text(random)))


def value(random: Random, depth: int = 2) -> Json:
    """Any value."""
    drawn = random.random()
    if depth == 0 or drawn < 0.5:
        return scalar(random)
    if drawn < 0.75:
        return [value(random, depth - 1) for _ in range(random.randint(0, 3))]
    return {random.choice(KEYS): value(random, depth - 1) for _ in range(random.randint(0, 3))}


def some(make: Callable[[Random], Json], most: int = 5) -> Callable[[Random], list[Json]]:
    """Lists of such elements."""
    return lambda random: [make(random) for _ in range(random.randint(0, most))]


def mapping(random: Random) -> dict[str, Json]:
    """A mapping."""
    return {random.choice(KEYS): value(random, 1) for _ in range(random.randint(0, 4))}


def comparable(random: Random) -> list[Json]:
    """A list of numbers or of texts, sometimes of both."""
    return some(random.choice((number, number, text, text, scalar)))(random)


def written_number(random: Random) -> Json:
    """A number, or a text that may write one."""
    return number(random) if random.random() < 0.5 else random.choice(NUMBERS)


def written_json(random: Random) -> str:
    """JSON, sometimes with a fault or a rare form."""
    written = json.dumps(value(random), ensure_ascii=random.random() < 0.5, indent=random.choice((None, None, 1)))
    rare = ('{"a":1,"a":2}', " [1 ] ", "NaN", "[1e999]", "[1,]", '"\\ud800"', '"\\ud83d\\ude00"', "[" * 120 + "]" * 120)
    return random.choice((written, written, written, random.choice(rare), written[:-1]))


def spec(random: Random) -> str:
    """A format, sometimes with a part that none has."""
    parts = (
        random.choice(("", "", "<", ">", "^")),
        random.choice(("", "", "+")),
        random.choice(("", "", "0")),
        random.choice(("", "8", "12", "100")),
        random.choice(("", "", ",", "_")),
        random.choice(("", "", ".0", ".2", ".100")),
        random.choice(("", "f", "f", "d", "e", "g", "%")),
    )
    wrong = random.choice(("x", "101", ".", "*<8", "s", ",_", ".101f", " 8"))
    return "".join(parts) if random.random() < 0.9 else wrong + "".join(parts)


def width_spec(random: Random) -> str:
    """A format for texts, sometimes one for numbers."""
    return (
        random.choice(("", "<", ">", "^")) + random.choice(("3", "8", "100")) if random.random() < 0.8 else spec(random)
    )


def row(random: Random) -> Json:
    """A mapping with a part to compare, which is sometimes missing or of another kind."""
    part = random.choice((number, number, number, number, text, scalar))(random)
    return random.choice(({"a": part}, {"a": part, "b": 1}, {"a": part}, {"a": part}, {"b": part}, part))


def _keyed(random: Random, xs: Arguments) -> Arguments:
    """Sometimes compare by a part."""
    if random.random() < 0.5:
        return xs
    rows = some(row, 3)(random)
    if random.random() < 0.8:
        rows = [{"a": random.choice((1, 1.0, 2)), "b": {"c": index}} for index in range(random.randint(2, 5))]
    return [("xs", rows), ("by", random.choice(("a", "a", "a", "a", "b.c", "c")))]


def _compared(random: Random) -> Arguments:
    arguments = _keyed(random, [("xs", comparable(random))])
    return [*arguments, ("default", scalar(random))] if random.random() < 0.3 else arguments


def _sorted(random: Random) -> Arguments:
    arguments = _keyed(random, [("xs", comparable(random))])
    return [*arguments, ("reverse", random.random() < 0.5)] if random.random() < 0.5 else arguments


def _formatted(random: Random) -> Arguments:
    if random.random() < 0.6:
        return [("x", number(random)), ("f", spec(random))]
    return [("x", text(random)), ("f", width_spec(random))]


def _get(random: Random) -> Arguments:
    source = random.choice((mapping, some(value)))(random)
    key = random.choice(KEYS) if isinstance(source, dict) else random.randint(-6, 6)
    return [("d", source), ("key", key), *([("default", value(random))] if random.random() < 0.5 else [])]


def _optional(name: str, make: Callable[[Random], Json]) -> Callable[[Random], Arguments]:
    return lambda random: [(name, make(random))] if random.random() < 0.5 else []


def _arguments(
    *needed: tuple[str | None, Callable[[Random], Json]], more: Callable[[Random], Arguments] = lambda _: []
) -> Callable[[Random], Arguments]:
    return lambda random: [*((name, make(random)) for name, make in needed), *more(random)]


def _pair(random: Random) -> Json:
    if random.random() < 0.95:
        return [random.choice(KEYS), value(random, 1)]
    return value(random, 1)


def _nested(random: Random) -> Json:
    if random.random() < 0.95:
        return some(value, 3)(random)
    return value(random, 1)


def _substring(random: Random) -> Arguments:
    whole = text(random)
    start, end = sorted((random.randint(0, len(whole)), random.randint(0, len(whole))))
    return [("s", whole), ("old", whole[start:end]), ("new", text(random))]


def _affix(name: str) -> Callable[[Random], Arguments]:
    def draw(random: Random) -> Arguments:
        whole = text(random)
        cut = random.randint(0, len(whole))
        return [("s", whole), (name, random.choice((whole[:cut], whole[cut:], text(random))))]

    return draw


DRAWN: Final[dict[str, Callable[[Random], Arguments]]] = {
    "abs": _arguments(("x", number)),
    "round": _arguments(("x", number), more=_optional("digits", lambda random: random.randint(-3, 6))),
    "min": _compared,
    "max": _compared,
    "sum": lambda random: [("xs", some(random.choice((integer, number, number, scalar)))(random))],
    "mean": lambda random: [("xs", some(random.choice((integer, number, number, scalar)))(random))],
    "int": _arguments(("x", written_number)),
    "float": _arguments(("x", written_number)),
    "str": _arguments(("x", value)),
    "lower": _arguments(("s", text)),
    "upper": _arguments(("s", text)),
    "title": _arguments(("s", text)),
    "strip": _arguments(("s", text), more=_optional("chars", text)),
    "split": _arguments(("s", text), more=_optional("by", lambda random: random.choice(("a", "b", " ", "\n", "")))),
    "join_text": _arguments(("xs", some(value)), more=_optional("by", text)),
    "replace": _substring,
    "starts_with": _affix("start"),
    "ends_with": _affix("end"),
    "lines": _arguments(("s", text)),
    "format": _formatted,
    "len": lambda random: [("x", random.choice((text, some(value), mapping))(random))],
    "sorted": _sorted,
    "reversed": _arguments(("xs", some(value))),
    "unique": _arguments(("xs", some(lambda random: value(random, 1), 12))),
    "flatten": _arguments(("xs", some(_nested))),
    "range": _arguments(
        ("a", integer), more=lambda random: [*_optional("b", integer)(random), *_optional("step", integer)(random)]
    ),
    "zip": _arguments(
        ("xs", some(value)),
        ("ys", some(value)),
        more=lambda random: [(None, some(value)(random))] * random.randint(0, 2),
    ),
    "enumerate": _arguments(("xs", some(value)), more=_optional("start", integer)),
    "any": _arguments(("xs", some(lambda random: random.choice((0, "", [], None, False, value(random)))))),
    "all": _arguments(("xs", some(lambda random: random.choice((1, "a", True, 2.5, value(random)))))),
    "present": _arguments(("xs", some(lambda random: random.choice((None, value(random)))))),
    "get": _get,
    "keys": _arguments(("d", mapping)),
    "values": _arguments(("d", mapping)),
    "items": _arguments(("d", mapping)),
    "merge": _arguments(
        ("a", mapping), ("b", mapping), more=lambda random: [(None, mapping(random))] * random.randint(0, 2)
    ),
    "pairs": _arguments(("xs", some(_pair))),
    "parse_json": _arguments(("s", written_json)),
    "to_json": _arguments(
        ("x", value), more=_optional("indent", lambda random: random.choice((None, 0, 2, 4, 16, 17, -1)))
    ),
    "kind": _arguments(("x", value)),
}
"""Arguments that mostly fit, for each function."""


def drawn(name: str, number_of_input: int) -> Arguments:
    """The arguments with this number; of some, one is replaced by any value."""
    random = Random(f"{name} {number_of_input}")
    arguments = DRAWN[name](random)
    if random.random() < 0.15:
        index = random.randrange(len(arguments))
        arguments[index] = arguments[index][0], value(random)
    return arguments


assert DRAWN.keys() == FUNCTIONS.keys()
