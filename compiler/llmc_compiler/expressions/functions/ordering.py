"""Standard functions that compare elements: numbers with numbers, texts with texts."""

from itertools import islice
from typing import Final

from llmc_compiler.expressions.functions.lists import few
from llmc_compiler.expressions.functions.standard_function import ABSENT
from llmc_compiler.expressions.operators import CHARACTERS, VALUE_DEPTH, OperandError, is_number, kind, spend
from llmc_compiler.expressions.terms import Json
from llmc_compiler.representation.short_repr import cut
from llmc_grammar.suggestion import suggest

_NAME: Final = 40
"""The most characters of a key in a message."""
_NEAR: Final = 100
"""The most keys among which a similar one is suggested."""


def ordered(xs: list[Json], by: str | None, reverse: bool) -> Json:  # noqa: FBT001 — an argument of the language
    """Return the elements in order; equal ones keep theirs; raises OperandError."""
    few("sorted", len(xs))
    keys = _keys("sorted", xs, by)
    rounds = len(xs).bit_length()
    texts = sum(len(key) for key in keys if isinstance(key, str))
    spend((len(xs) + texts // CHARACTERS) * rounds)
    order = sorted(range(len(xs)), key=keys.__getitem__, reverse=reverse)
    return [xs[index] for index in order]


def smallest(xs: list[Json], by: str | None, default: Json) -> Json:
    """Return the first of the smallest elements, or the default for an empty list; raises OperandError."""
    return _extreme("min", xs, by, default)


def largest(xs: list[Json], by: str | None, default: Json) -> Json:
    """Return the first of the largest elements, or the default for an empty list; raises OperandError."""
    return _extreme("max", xs, by, default)


def _extreme(name: str, xs: list[Json], by: str | None, default: Json) -> Json:
    if not xs:
        if default is ABSENT:
            raise OperandError(f"`{name}` takes a list with elements, and this one is empty: add `default=`")
        return default
    spend(len(xs))
    keys = _keys(name, xs, by)
    find = min if name == "min" else max
    return xs[find(range(len(xs)), key=keys.__getitem__)]


def _keys(name: str, xs: list[Json], by: str | None) -> list[int | float] | list[str]:
    """Return the numbers or texts by which elements are compared; raises OperandError."""
    keys = xs if by is None else _parts(name, xs, by)
    numbers = [key for key in keys if is_number(key)]
    if len(numbers) == len(keys):
        return numbers
    texts = [key for key in keys if isinstance(key, str)]
    if len(texts) == len(keys):
        spend(sum(map(len, texts)) // CHARACTERS)
        return texts
    raise _incomparable(name, keys, by)


def _incomparable(name: str, keys: list[Json], by: str | None) -> OperandError:
    """Return the error for elements that are not all numbers or all texts."""
    place = "element" if by is None else f"`{cut(by, _NAME)}` of element"
    for index, key in enumerate(keys):
        if key is None:
            mend = "leave nulls out, `present($xs)`" if by is None else "leave such elements out with `if` in a list"
            return OperandError(f"`{name}` compares numbers or texts, and {place} {index} is null: {mend}")
        if not is_number(key) and not isinstance(key, str):
            mend = 'name the part to compare, `by="name"`' if by is None else "name a number or a text in it"
            return OperandError(f"`{name}` compares numbers or texts, and {place} {index} is {kind(key)}: {mend}")
    return OperandError(
        f"`{name}` does not compare numbers with texts: make all of them texts or numbers, `[str($x) for x in $xs]`"
    )


def _parts(name: str, xs: list[Json], by: str) -> list[Json]:
    """Return the part of each element at the keys in `by`, which dots separate; raises OperandError."""
    steps = by.split(".", VALUE_DEPTH)
    spend(len(xs) * len(steps))
    parts = xs
    for step in steps:
        found: list[Json] = []
        for index, each in enumerate(parts):
            if not isinstance(each, dict) or step not in each:
                raise OperandError(_missing(name, each, index, step))
            found.append(each[step])
        parts = found
    return parts


def _missing(name: str, value: Json, index: int, step: str) -> str:
    """Explain why an element has no part to compare."""
    shown = cut(step, _NAME)
    if not isinstance(value, dict):
        return f"`{name}` finds no key `{shown}` in element {index}, which is {kind(value)} there: change `by`"
    near = [key for key in islice(value, _NEAR) if len(key) <= _NAME]
    names = ", ".join(f"`{key}`" for key in near[:5]) or "none"
    advice = suggest(shown, near, f"it has {names}")
    return f"`{name}` finds no key `{shown}` in element {index}: {advice}"
