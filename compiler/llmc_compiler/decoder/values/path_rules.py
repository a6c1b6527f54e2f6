"""Steps into results, limited to those that some result allows.

A grammar cannot remember which task calls which tool, so the results of all tools are taken together: if none is a
list, `[0]` is excluded, and if all mappings declare their keys, other keys are. `steps_to` returns the steps to values
of one kind: the lists that a loop iterates over, the numbers that a condition compares.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from typing import Final

from llmc_compiler.decoder.grammar_rules import Part, choice, seq
from llmc_compiler.decoder.values.lexical_rules import INDEX, NAME
from llmc_compiler.expressions import types
from llmc_compiler.expressions.types import ANY, Type
from llmc_grammar.bounds import Bounds
from llmc_grammar.frozen_data import frozen

MOST_STEPS: Final = 3
_MOST_KEYS: Final = 64
"""Maximum number of keys that are kept apart."""
_MOST_WAYS: Final = 64
"""Maximum number of paths to values of one kind that are kept apart."""
_WORD: Final = re.compile(rf"[A-Za-z_][A-Za-z0-9_]{{0,{Bounds.MODEL.name - 1}}}\Z")

Path = tuple[str | None, ...]
"""Steps into a value: keys, None for an index of a list, and "" for a key of any name."""


def is_word(name: str) -> bool:
    """Whether a name is valid in the language, and not too long for a model's plan."""
    return _WORD.match(name) is not None


@frozen
class _Place:
    """A possible step at a depth of a result: to a key (None: any key), or into a list."""

    depth: int
    key: str | None = None
    is_list: bool = False


def step_into(results: Iterable[Type]) -> tuple[Part | None, int]:
    """Return a step that some of these results allow, None if none does, and the most steps in a row."""
    places = [place for result in results for place in _places(result, 1)]
    keys = {place.key for place in places if not place.is_list}
    named = sorted(filter(is_word, (key for key in keys if key is not None)))
    name = NAME.use if None in keys or len(named) > _MOST_KEYS else choice(*named)
    index = seq("[", INDEX.use, "]") if any(place.is_list for place in places) else None
    return choice(seq(".", name), index), max((place.depth for place in places), default=0)


def _places(type_: Type, depth: int) -> Iterator[_Place]:
    """Yield the possible steps into a value."""
    if depth > MOST_STEPS:
        return
    for option in types.options(type_):
        match option:
            case types.Basic("any"):
                yield _Place(MOST_STEPS)
                yield _Place(MOST_STEPS, is_list=True)
            case types.ListOfType(item):
                yield _Place(depth, is_list=True)
                yield from _places(item, depth + 1)
            case types.Record(fields, rest):
                for key, inside in (*((each.name, each.type) for each in fields), *([(None, rest)] if rest else [])):
                    yield _Place(depth, key)
                    yield from _places(inside, depth + 1)
            case _:
                pass


def parts_of(found: Type, fits: Callable[[Type], bool]) -> Iterator[Type]:
    """Yield the parts of a value, including itself, whose type fits or is unknown."""
    return (part for _, part in ways(found, fits))


def steps_to(results: Iterable[Type], fits: Callable[[Type], bool]) -> set[Path] | None:
    """Return the paths to fitting parts of these results, or None if any path may fit, or too many do."""
    paths: set[Path] = set()
    for result in results:
        for path, part in ways(result, fits):
            paths.add(path)
            if part == ANY or len(paths) > _MOST_WAYS:
                return None
    return paths


def written_steps(path: Path) -> Part | None:
    """Return a path as a plan writes it."""
    index = seq("[", INDEX.use, "]")
    return seq(*(index if step is None else seq(".", step or NAME.use) for step in path))


def ways(found: Type, fits: Callable[[Type], bool], most: int = MOST_STEPS) -> Iterator[tuple[Path, Type]]:
    """Yield the paths to the parts of a value whose type fits or is unknown, with at most so many steps."""
    for option in types.options(found):
        if option == ANY or fits(option):
            yield (), option
        for step, inside in _inside(option) if most else ():
            yield from (((step, *path), part) for path, part in ways(inside, fits, most - 1))


def _inside(type_: Type) -> Iterator[tuple[str | None, Type]]:
    """Yield the steps that a value allows, with the types there; a key of any name only if no key is declared."""
    match type_:
        case types.ListOfType(item):
            yield None, item
        case types.Record((), rest) if rest is not None:
            yield "", rest
        case types.Record(fields):
            yield from ((each.name, each.type) for each in fields if is_word(each.name))
        case _:
            pass
