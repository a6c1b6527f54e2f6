"""Names from outside, as plans write them: `cik-A` is `cik_A`, `城市` is `u57ceu5e02`.

ASCII letters, digits, `_` and the dots of a tool's name stay. Another letter becomes `u` and its code point, any other
character `_`. A leading digit gets a `_` before it, a reserved word one behind it.
"""

from collections.abc import Collection, Iterable, Mapping
from typing import Final

from llmc_grammar.ast import KEYWORDS

_STAY: Final = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_")


def plan_name(name: str) -> str:
    """The spelling of a tool's name."""
    dotted = ".".join(_word(part) for part in name.split(".") if part) or "_"
    return f"{dotted}_" if dotted in KEYWORDS else dotted


def argument_name(name: str) -> str:
    """The spelling of a parameter's name."""
    word = _word(name) or "_"
    return f"{word}_" if word in KEYWORDS else word


def distinct(spellings: Mapping[str, str], others: Collection[str] = ()) -> dict[str, str]:
    """The spelling of each name; of those that agree, with each other or with `others`, later ones get `_2`, `_3` …."""
    taken = {*spellings.values(), *others}
    owners: dict[str, str] = dict.fromkeys(others, "")
    found: dict[str, str] = {}
    for name in sorted(spellings):
        spelling = spellings[name]
        if owners.setdefault(spelling, name) != name:
            spelling = _free(spelling, taken)
            taken.add(spelling)
        found[name] = spelling
    return {name: found[name] for name in spellings}


def argument_names(names: Iterable[str]) -> dict[str, str]:
    """The spelling of each parameter of a tool, by its own name."""
    return distinct({name: argument_name(name) for name in names})


def aliases_of(spelled: Mapping[str, str]) -> dict[str, str]:
    """The parameters whose own names are reserved words, which are names of arguments as well: `in` for `in_`."""
    taken = set(spelled.values())
    return {own: spelling for own, spelling in spelled.items() if own in KEYWORDS and own not in taken}


def _free(spelling: str, taken: set[str]) -> str:
    """The spelling with the lowest number that makes it another one than those taken."""
    number = 2
    while f"{spelling}_{number}" in taken:
        number += 1
    return f"{spelling}_{number}"


def _word(name: str) -> str:
    """A name, or a part of one, in the language's characters."""
    text = "".join(
        character if character in _STAY else f"u{ord(character):x}" if character.isalpha() else "_"
        for character in name
    )
    return f"_{text}" if text[:1].isdigit() else text
