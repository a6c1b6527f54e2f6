"""Labels: the secret parts of a value as a set of paths. `()` is the whole value, `("key",)` the part at that key.

A path through `ANY` leads to every element of a list.
"""

from collections.abc import Iterable, Iterator
from typing import Final

from llmc_compiler.expressions.terms import Json

ANY: Final = None
"""The step to any element of a list."""

Steps = tuple[str | int | None, ...]

Label = frozenset[Steps]

PUBLIC: Final[Label] = frozenset()
WHOLE: Final[Label] = frozenset({()})

MOST_PARTS: Final = 16
"""Number of secret parts of a value that are kept apart; only the container of a join may have more."""


def part(label: Label, path: Iterable[str | int | None]) -> Label:
    """Return the label of the part at the end of a path."""
    for step in path:
        if () in label:
            return WHOLE
        label = frozenset(steps[1:] for steps in label if _may_be_same(steps[0], step))
    return label


def inside(step: str | int | None, label: Label) -> Label:
    """Return the label of a list or mapping whose part at this step has this label."""
    return frozenset((step, *steps) for steps in label)


def merged(labels: Iterable[Label], *, most: int | None = MOST_PARTS) -> Label:
    """Merge labels; a value with more than `most` secret parts is secret as a whole."""
    paths = PUBLIC.union(*labels)
    return WHOLE if () in paths or (most is not None and len(paths) > most) else paths


def hidden(value: Json, label: Label, mark: str) -> Json:
    """Return the value with `mark` in place of its secret parts."""
    if () in label:
        return mark
    if not label or not isinstance(value, (list, dict)):
        return value
    below: dict[str | int | None, set[Steps]] = {}
    for step, *rest in label:
        below.setdefault(step, set()).add(tuple(rest))
    if isinstance(value, dict):
        return {key: hidden(inner, frozenset(below.get(key, ())), mark) for key, inner in value.items()}
    length, everywhere = len(value), below.get(ANY, set())
    elements = []
    for index, inner in enumerate(value):
        ways = everywhere.union(below.get(index, ()), below.get(index - length, ()))
        elements.append(hidden(inner, frozenset(ways), mark))
    return elements


def texts(value: Json, steps: Steps = ()) -> Iterator[str]:
    """Yield the texts in a part of a value, except for empty ones; a mapping's elements are its keys."""
    return (leaf for leaf in leaves(value, steps) if isinstance(leaf, str))


def leaves(value: Json, steps: Steps = ()) -> Iterator[str | float]:
    """Yield the texts and numbers in a part of a value, except for empty texts; a mapping's elements are its keys."""
    if not steps:
        yield from _all_leaves(value)
        return
    step, rest = steps[0], steps[1:]
    if isinstance(value, list) and step is ANY:
        for element in value:
            yield from leaves(element, rest)
    elif isinstance(value, dict) and step is ANY:
        yield from (key for key in value if key and not rest)
    else:
        try:
            inner = value[step]  # type: ignore[index]  # a missing part raises
        except (IndexError, KeyError, TypeError):
            return
        yield from leaves(inner, rest) if isinstance(value, (list, dict)) else ()


def _all_leaves(value: Json) -> Iterator[str | float]:
    """Yield every text and number in a value, except for keys and empty texts."""
    if isinstance(value, (list, dict)):
        for inner in value if isinstance(value, list) else value.values():
            yield from _all_leaves(inner)
    elif value not in (None, "") and not isinstance(value, bool):
        yield value


def _may_be_same(known: str | int | None, step: str | int | None) -> bool:
    """Whether two steps may lead to the same part; a negative index may match any, since the length is unknown."""
    if isinstance(known, str) or isinstance(step, str):
        return known == step
    return known == step or known is None or step is None or (known < 0) != (step < 0)
