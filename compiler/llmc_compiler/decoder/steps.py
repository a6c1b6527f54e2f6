"""Steps into results, where some result has such a part.

Which task calls which tool no grammar can remember, so the results of all tools are taken together: where none is a
list there is no `[0]`, and where every mapping tells its keys there are no others.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from llmc_compiler import types
from llmc_compiler.decoder.notation import Part, choice, seq
from llmc_compiler.decoder.words import INDEX, NAME
from llmc_compiler.types import Type
from llmc_grammar.bounds import Bounds

MOST_STEPS: Final = 3
_MOST_KEYS: Final = 64
"""How many keys are told apart."""
_WORD: Final = re.compile(rf"[A-Za-z_][A-Za-z0-9_]{{0,{Bounds.MODEL.name - 1}}}\Z")


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
            case types.List(item):
                yield _Place(depth, is_list=True)
                yield from _places(item, depth + 1)
            case types.Record(fields, rest):
                for key, inside in (*((each.name, each.type) for each in fields), *([(None, rest)] if rest else [])):
                    yield _Place(depth, key)
                    yield from _places(inside, depth + 1)
            case _:
                pass
