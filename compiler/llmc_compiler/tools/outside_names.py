"""Spelling of foreign names in plans: `cik-A` is `cik_A`, `城市` is `u57ceu5e02`.

ASCII letters, digits, `_` and the dots of a tool's name stay. Any other letter becomes `u` and its code point, any
other character `_`. A leading digit gets a `_` in front, a reserved word a `_` at the end. A word is cut after 64
characters, the longest that a plan may have.
"""

from collections.abc import Collection, Iterable, Mapping
from typing import Final

from llmc_grammar.ast import KEYWORDS
from llmc_grammar.bounds import Bounds

_LONGEST: Final = Bounds.MODEL.name
_STAY: Final = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_")


def plan_name(name: str) -> str:
    """Return the spelling of a tool's name."""
    dotted = ".".join(_word(part) for part in name.split(".") if part) or "_"
    return f"{dotted}_" if dotted in KEYWORDS else dotted


def argument_name(name: str) -> str:
    """Return the spelling of a parameter's name."""
    word = _word(name) or "_"
    return f"{word}_" if word in KEYWORDS else word


def distinct(spellings: Mapping[str, str], others: Collection[str] = ()) -> dict[str, str]:
    """Return the spelling of each name; where spellings are equal, or in `others`, later ones get `_2`, `_3` …."""
    taken = {*spellings.values(), *others}
    owners: dict[str, str] = dict.fromkeys(others, "")
    numbers: dict[str, int] = {}
    numbered: dict[str, str] = {}
    for name in sorted(spellings):
        spelling = numbered[name] = spellings[name]
        if owners.setdefault(spelling, name) != name:
            # Continuing from the last number keeps this linear in the names with equal spellings.
            numbers[spelling] = _free_number(spelling, taken, numbers.get(spelling, 1) + 1)
            numbered[name] = _numbered(spelling, numbers[spelling])
            taken.add(numbered[name])
    return {name: numbered[name] for name in spellings}


def argument_names(names: Iterable[str]) -> dict[str, str]:
    """Return the spelling of each parameter of a tool, by its own name."""
    return distinct({name: argument_name(name) for name in names})


def letters_spelled(names: Iterable[str]) -> dict[str, str]:
    """Return the spelling of each parameter of a function, by its own name; reserved words keep theirs."""
    return distinct({name: _word(name) for name in names})


def aliases_of(spelled: Mapping[str, str]) -> dict[str, str]:
    """Return the reserved words that are accepted as names of parameters: `in` for `in_`."""
    taken = set(spelled.values())
    return {own: spelling for own, spelling in spelled.items() if own in KEYWORDS and own not in taken}


def _free_number(spelling: str, taken: set[str], least: int) -> int:
    """Return the lowest number that makes a spelling differ from those taken."""
    number = least
    while _numbered(spelling, number) in taken:
        number += 1
    return number


def _numbered(spelling: str, number: int) -> str:
    """Return a spelling with a number at its end."""
    parts, dot, word = spelling.rpartition(".")
    suffix = f"_{number}"
    return f"{parts}{dot}{word[: _LONGEST - len(suffix)]}{suffix}"


def _word(name: str) -> str:
    """Return a name, or a part of one, in the language's characters."""
    text = "".join(
        character if character in _STAY else f"u{ord(character):x}" if character.isalpha() else "_"
        for character in name[:_LONGEST]
    )
    return (f"_{text}" if text[:1].isdigit() else text)[:_LONGEST]
