"""What is known of a value before it is there: a small type language over JSON data.

    any  null  bool  int  float  str     Basic; an `int` is a `float` too
    "a" | "b"                            Words: a text of a small set
    list[T]                              List
    {name: T, other?: T}  dict[str, T]   Record: the keys that are known, and what every other key has
    A | B, A?                            Union

A type is a set of values. Where it would grow beyond a bound it becomes `any`, so none is ever too large to compare.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Final

from llmc_compiler.expressions.terms import Json
from llmc_grammar import ast

MOST_OPTIONS: Final = 8
MOST_WORDS: Final = 16
LONGEST_WORD: Final = 40
LARGEST: Final = 200
"""How many parts a type may have."""

_SHOWN_WORDS: Final = 5
_SHOWN_FIELDS: Final = 4
_SHOWN: Final = 60


@dataclass(frozen=True, slots=True)
class Basic:
    """`any null bool int float str`."""

    name: str


@dataclass(frozen=True, slots=True)
class WordsType:
    """One of these texts."""

    words: frozenset[str]


@dataclass(frozen=True, slots=True)
class ListOfType:
    """A list of such items."""

    item: "Type"
    size: int = field(default=2, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Field:
    """A key that a record has, or may have (not `required`)."""

    name: str
    type: "Type"
    required: bool = True


@dataclass(frozen=True, slots=True)
class Record:
    """A mapping with these fields; `rest` is what any other key has, None where there is no other."""

    fields: tuple[Field, ...]
    rest: "Type | None"
    size: int = field(default=1, compare=False, repr=False)

    def at(self, name: str) -> "Type | None":
        """What a key has, if it can be there."""
        return next((known.type for known in self.fields if known.name == name), self.rest)


@dataclass(frozen=True, slots=True)
class Union:
    """One of the options; without any, no value at all."""

    options: tuple["Type", ...]
    size: int = field(default=1, compare=False, repr=False)


Type = Basic | WordsType | ListOfType | Record | Union

ANY: Final = Basic("any")
NULL: Final = Basic("null")
BOOL: Final = Basic("bool")
INT: Final = Basic("int")
FLOAT: Final = Basic("float")
STR: Final = Basic("str")
NEVER: Final = Union(())


def options(found: Type) -> tuple[Type, ...]:
    """The types of which a type is the union."""
    return found.options if isinstance(found, Union) else (found,)


def _size(found: Type) -> int:
    """How many parts a type has."""
    return 1 if isinstance(found, (Basic, WordsType)) else found.size


def words(texts: Iterable[str]) -> Type:
    """The type of some texts: themselves where they are few and short, else `str`."""
    found = frozenset(texts)
    return STR if len(found) > MOST_WORDS or any(len(word) > LONGEST_WORD for word in found) else WordsType(found)


def list_of(item: Type) -> Type:
    """The type of a list of such items."""
    size = 1 + _size(item)
    return ListOfType(item, size) if size <= LARGEST else ListOfType(ANY)


def record(fields: Iterable[Field], rest: Type | None = None) -> Type:
    """The type of a mapping."""
    known = tuple(fields)
    size = 1 + sum(_size(each.type) for each in known) + (0 if rest is None else _size(rest))
    return Record(known, rest, size) if size <= LARGEST else Record((), ANY)


def map_of(value: Type) -> Type:
    """The type of a mapping from any key to such values."""
    return record((), value)


def union(found: Iterable[Type]) -> Type:
    """The smallest type that has all values of these types, or `any` where it would be too large."""
    kept: list[Type] = []
    for each in found:
        for option in options(each):
            if option == ANY:
                return ANY
            if not any(within(option, other) for other in kept):
                kept = _joined(kept, option)
    size = 1 + sum(map(_size, kept))
    if len(kept) > MOST_OPTIONS or size > LARGEST:
        return ANY
    return kept[0] if len(kept) == 1 else Union(tuple(kept), size)


def _joined(kept: list[Type], option: Type) -> list[Type]:
    """The options with one more; texts are one option."""
    if isinstance(option, WordsType):
        option = words(option.words.union(*(other.words for other in kept if isinstance(other, WordsType))))
    return [*(other for other in kept if not within(other, option)), option]


def within(inner: Type, outer: Type) -> bool:
    """Whether every value of one type is certainly one of the other."""
    if outer == ANY or inner == outer:  # noqa: PLR1714 — a set would hash both, whatever their size
        return True
    if isinstance(inner, Union):
        return all(within(option, outer) for option in inner.options)
    if isinstance(outer, Union):
        return any(within(inner, option) for option in outer.options)
    match inner, outer:
        case WordsType(some), WordsType(all_):
            return some <= all_
        case ListOfType(some), ListOfType(all_):
            return within(some, all_)
        case Record(), Record():
            return _record_within(inner, outer)
        case _:
            return (inner, outer) == (INT, FLOAT) or (isinstance(inner, WordsType) and outer == STR)


def both(one: Type, other: Type) -> Type:
    """A type with every value that is of both types; of mappings it has the fields of both."""
    if within(one, other):
        return one
    if within(other, one) or not (isinstance(one, Record) and isinstance(other, Record)):
        return other
    names = dict.fromkeys(each.name for each in (*one.fields, *other.fields))
    rest = None if one.rest is None or other.rest is None else both(one.rest, other.rest)
    return record([found for name in names if (found := _both_fields(one, other, name)) is not None], rest)


def _both_fields(one: Record, other: Record, name: str) -> Field | None:
    """What two types of mappings have at a key; None where there can be nothing."""
    first, second = one.at(name), other.at(name)
    if first is None or second is None:
        return None
    required = any(each.required for each in (*one.fields, *other.fields) if each.name == name)
    return Field(name, both(first, second), required)


def _record_within(inner: Record, outer: Record) -> bool:
    """Whether every mapping of one type is certainly one of the other."""
    known = {each.name: each for each in inner.fields}
    for wanted in outer.fields:
        found = known.pop(wanted.name, None)
        if wanted.required and not (found is not None and found.required):
            return False
        given = inner.rest if found is None else found.type
        if given is not None and not within(given, wanted.type):
            return False
    others = [*(each.type for each in known.values()), *(() if inner.rest is None else (inner.rest,))]
    return all(outer.rest is not None and within(other, outer.rest) for other in others)


def overlap(one: Type, other: Type) -> bool:
    """Whether some value may be of both types; `no` is certain."""
    if isinstance(one, Union):
        return any(overlap(option, other) for option in one.options)
    if isinstance(other, Union):
        return overlap(other, one)
    if ANY in (one, other):
        return True
    match one, other:
        case WordsType(some), WordsType(others):
            return not some.isdisjoint(others)
        case ListOfType(), ListOfType():
            return True  # the empty list is of both
        case Record(), Record():
            return _records_overlap(one, other) and _records_overlap(other, one)
        case _:
            return within(one, other) or within(other, one)


def _records_overlap(one: Record, other: Record) -> bool:
    """Whether the keys that a mapping of one type must have may be in one of the other."""
    for each in one.fields:
        if each.required:
            found = other.at(each.name)
            if found is None or not overlap(each.type, found):
                return False
    return True


def part(found: Type, step: str | int) -> Type:
    """What is at the end of a step into a value; NEVER where there certainly is nothing."""
    match found:
        case Basic("any"):
            return ANY
        case Union(inside):
            return union(part(option, step) for option in inside)
        case Record() if isinstance(step, str):
            return NEVER if (there := found.at(step)) is None else there
        case ListOfType(item) if isinstance(step, int):
            return item
        case _:
            return NEVER


def has(found: Type, step: str | int) -> bool:
    """Whether every value of a type certainly has this part."""
    kinds = options(found)
    return bool(kinds) and all(
        isinstance(kind, Record) and any(known.name == step and known.required for known in kind.fields)
        for kind in kinds
    )


def element(found: Type) -> Type:
    """What a loop over a value goes through: items of a list, keys of a mapping; NEVER where there is no loop."""
    match found:
        case Basic("any"):
            return ANY
        case Union(inside):
            return union(map(element, inside))
        case ListOfType(item):
            return item
        case Record():
            return STR
        case _:
            return NEVER


def can_be_looped(found: Type) -> bool:
    """Whether a value may be something to loop over."""
    return any(option == ANY or isinstance(option, (ListOfType, Record)) for option in options(found))


def of_value(value: Json) -> Type:
    """The type of a value that is known."""
    match value:
        case None:
            return NULL
        case bool():
            return BOOL
        case int():
            return INT
        case float():
            return FLOAT
        case str():
            return words((value,))
        case list():
            return list_of(union(map(of_value, value)))
        case dict():
            return record(Field(key, of_value(item)) for key, item in value.items())


def of_kind(value: Json) -> Type:
    """The type of a value that is known, found without looking into it."""
    if isinstance(value, list):
        return list_of(ANY)
    return map_of(ANY) if isinstance(value, dict) else of_value(value)


def declared(written: ast.Type) -> Type:
    """The type that an input declares."""
    inside = ANY if written.of is None else declared(written.of)
    compound = {"list": list_of, "dict": map_of}
    found = compound[written.name](inside) if written.name in compound else Basic(written.name)
    return union((found, NULL)) if written.optional else found


def describe(found: Type) -> str:
    """The type as text, cut where it is long."""
    text = _described(found)
    return text if len(text) <= _SHOWN else f"{text[: _SHOWN - 1]}…"


def _described(found: Type) -> str:
    """The type as text."""
    match found:
        case Basic(name):
            return name
        case WordsType(texts):
            return " | ".join(_few([f'"{word}"' for word in sorted(texts)], _SHOWN_WORDS))
        case ListOfType(item):
            return "list" if item in {ANY, NEVER} else f"list[{_described(item)}]"
        case Record((), rest):
            return "dict" if rest is None or rest == ANY else f"dict[str, {_described(rest)}]"
        case Record(fields, rest):
            named = [f"{each.name}{'' if each.required else '?'}: {_described(each.type)}" for each in fields]
            more = () if rest is None or len(named) > _SHOWN_FIELDS else ("…",)
            return f"{{{', '.join((*_few(named, _SHOWN_FIELDS), *more))}}}"
        case Union(inside):
            others = [option for option in inside if option != NULL]
            if len(others) < len(inside) and len(others) == 1:
                return f"{_described(others[0])}?"
            return " | ".join(map(_described, inside)) or "nothing"


def _few(shown: list[str], most: int) -> Iterator[str]:
    """The first of some texts, and a mark where there are more."""
    yield from shown[:most]
    if len(shown) > most:
        yield "…"
