"""Which parts of a value are secret: a set of ways to them. `()` is all of it, `("key",)` what stands at that key.

A way through `ANY` leads to every element of a list.
"""

from collections.abc import Iterable, Iterator
from typing import Final

from llmc_compiler.expressions.terms import Json

ANY: Final = None
"""The step into any element of a list."""

Steps = tuple[str | int | None, ...]

Label = frozenset[Steps]

PUBLIC: Final[Label] = frozenset()
WHOLE: Final[Label] = frozenset({()})

MOST_PARTS: Final = 16
"""Secret parts of a value that are told apart; the list or mapping of a join alone has as many as its elements."""


def part(label: Label, path: Iterable[str | int | None]) -> Label:
    """The label of what stands at the end of a path."""
    for step in path:
        if () in label:
            return WHOLE
        label = frozenset(steps[1:] for steps in label if _may_be_same(steps[0], step))
    return label


def inside(step: str | int | None, label: Label) -> Label:
    """The label of a list or mapping with a value of this label at this step."""
    return frozenset((step, *steps) for steps in label)


def merged(labels: Iterable[Label], *, most: int | None = MOST_PARTS) -> Label:
    """The label of a value that has one of these, or parts of all; with more than `most` parts it is secret whole."""
    found = PUBLIC.union(*labels)
    return WHOLE if () in found or (most is not None and len(found) > most) else found


def hidden(value: Json, label: Label, mark: str) -> Json:
    """The value with `mark` in the place of its secret parts."""
    if () in label:
        return mark
    if not label or not isinstance(value, (list, dict)):
        return value
    below: dict[str | int | None, set[Steps]] = {}
    for step, *rest in label:
        below.setdefault(step, set()).add(tuple(rest))
    if isinstance(value, dict):
        return {key: hidden(each, frozenset(below.get(key, ())), mark) for key, each in value.items()}
    length, everywhere = len(value), below.get(ANY, set())
    found = []
    for index, each in enumerate(value):
        ways = everywhere.union(below.get(index, ()), below.get(index - length, ()))
        found.append(hidden(each, frozenset(ways), mark))
    return found


def texts(value: Json, steps: Steps = ()) -> Iterator[str]:
    """The texts in a part of a value, but for empty ones; a mapping's elements are its keys."""
    return (leaf for leaf in leaves(value, steps) if isinstance(leaf, str))


def leaves(value: Json, steps: Steps = ()) -> Iterator[str | float]:
    """The texts and numbers in a part of a value, but for empty texts; a mapping's elements are its keys."""
    if not steps:
        yield from _all_leaves(value)
        return
    step, rest = steps[0], steps[1:]
    if isinstance(value, list) and step is ANY:
        for each in value:
            yield from leaves(each, rest)
    elif isinstance(value, dict) and step is ANY:
        yield from (key for key in value if key and not rest)
    else:
        try:
            found = value[step]  # type: ignore[index]  # what has no such part is told by the error
        except (IndexError, KeyError, TypeError):
            return
        yield from leaves(found, rest) if isinstance(value, (list, dict)) else ()


def _all_leaves(value: Json) -> Iterator[str | float]:
    """Every text and number in a value, but for keys and empty texts."""
    if isinstance(value, (list, dict)):
        for each in value if isinstance(value, list) else value.values():
            yield from _all_leaves(each)
    elif value not in (None, "") and not isinstance(value, bool):
        yield value


def _may_be_same(known: str | int | None, step: str | int | None) -> bool:
    """Whether two steps may lead to the same part; a negative index may be any, since lengths are not known."""
    if isinstance(known, str) or isinstance(step, str):
        return known == step
    return known == step or known is None or step is None or (known < 0) != (step < 0)
