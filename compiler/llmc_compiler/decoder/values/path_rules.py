"""Steps into results, where some result has such a part.

Which task calls which tool no grammar can remember, so the results of all tools are taken together: where none is a
list there is no `[0]`, and where every mapping tells its keys there are no others. `steps_to` are those to values of
one kind: the lists that a loop goes through, the numbers that a condition compares.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from llmc_compiler.decoder.grammar_rules import Part, choice, seq
from llmc_compiler.decoder.values.lexical_rules import INDEX, NAME
from llmc_compiler.expressions import types
from llmc_compiler.expressions.types import ANY, Type
from llmc_grammar.bounds import Bounds

MOST_STEPS: Final = 3
_MOST_KEYS: Final = 64
"""How many keys are told apart."""
_MOST_WAYS: Final = 64
"""How many ways to values of one kind are told apart."""
_WORD: Final = re.compile(rf"[A-Za-z_][A-Za-z0-9_]{{0,{Bounds.MODEL.name - 1}}}\Z")

Path = tuple[str | None, ...]
"""Steps into a value: keys, None for a place in a list, and "" for a key of any name."""


def is_word(name: str) -> bool:
    """Whether a name is one of the language, and not too long for a model's plan."""
    return _WORD.match(name) is not None


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a step may lead, so deep in a result: to a key (None: any), or into a list."""

    depth: int
    key: str | None = None
    is_list: bool = False


def step_into(results: Iterable[Type]) -> tuple[Part | None, int]:
    """A step that some of these results take, None where none takes any; and how many may follow one another."""
    places = [place for result in results for place in _places(result, 1)]
    keys = {place.key for place in places if not place.is_list}
    named = sorted(filter(is_word, (key for key in keys if key is not None)))
    name = NAME.use if None in keys or len(named) > _MOST_KEYS else choice(*named)
    index = seq("[", INDEX.use, "]") if any(place.is_list for place in places) else None
    return choice(seq(".", name), index), max((place.depth for place in places), default=0)


def _places(found: Type, depth: int) -> Iterator[_Place]:
    """Where steps may lead in a value."""
    if depth > MOST_STEPS:
        return
    for option in types.options(found):
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
    """The parts of a value that are of a kind, or of no known type, the value itself among them."""
    return (part for _, part in ways(found, fits))


def steps_to(results: Iterable[Type], fits: Callable[[Type], bool]) -> set[Path] | None:
    """The ways to parts of a kind in some of these results; None where any may lead there, or too many do."""
    found: set[Path] = set()
    for result in results:
        for path, part in ways(result, fits):
            found.add(path)
            if part == ANY or len(found) > _MOST_WAYS:
                return None
    return found


def written_steps(path: Path) -> Part | None:
    """Some steps as a plan writes them."""
    index = seq("[", INDEX.use, "]")
    return seq(*(index if step is None else seq(".", step or NAME.use) for step in path))


def ways(found: Type, fits: Callable[[Type], bool], most: int = MOST_STEPS) -> Iterator[tuple[Path, Type]]:
    """The ways to the parts of a value that are of a kind, or of no known type, so many steps long at most."""
    for option in types.options(found):
        if option == ANY or fits(option):
            yield (), option
        for step, inside in _inside(option) if most else ():
            yield from (((step, *path), part) for path, part in ways(inside, fits, most - 1))


def _inside(found: Type) -> Iterator[tuple[str | None, Type]]:
    """The steps that a value takes, and what is there; keys of any name only where none is known."""
    match found:
        case types.ListOfType(item):
            yield None, item
        case types.Record((), rest) if rest is not None:
            yield "", rest
        case types.Record(fields):
            yield from ((each.name, each.type) for each in fields if is_word(each.name))
        case _:
            pass
