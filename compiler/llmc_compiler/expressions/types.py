"""Static types of values: a small type language over JSON data.

    any  null  bool  int  float  str     Basic; an `int` is also a `float`
    "a" | "b"                            Words: one of a small set of texts
    list[T]                              List
    {name: T, other?: T}  dict[str, T]   Record: the known keys, and the type of all other keys
    A | B, A?                            Union

A type is a set of values. A type that would grow beyond a bound becomes `any`, so that comparing types stays cheap.
"""

from collections.abc import Iterable, Iterator
from dataclasses import field
from typing import Final

from llmc_compiler.expressions.terms import Json
from llmc_grammar import ast
from llmc_grammar.frozen_data import frozen

MOST_OPTIONS: Final = 8
MOST_WORDS: Final = 16
LONGEST_WORD: Final = 40
LARGEST: Final = 200
"""Maximum number of parts of a type."""

_SHOWN_WORDS: Final = 5
_SHOWN_FIELDS: Final = 4
_SHOWN: Final = 60


@frozen
class Basic:
    """One of `any`, `null`, `bool`, `int`, `float` and `str`."""

    name: str


@frozen
class WordsType:
    """One of these texts."""

    words: frozenset[str]


@frozen
class ListOfType:
    """A list whose items have this type."""

    item: "Type"
    size: int = field(default=2, compare=False, repr=False)


@frozen
class Field:
    """A key that a record has, or may have if it is not `required`."""

    name: str
    type: "Type"
    required: bool = True


@frozen
class Record:
    """A mapping with these fields; `rest` is the type of all other keys, None if it has only these."""

    fields: tuple[Field, ...]
    rest: "Type | None"
    size: int = field(default=1, compare=False, repr=False)

    def at(self, name: str) -> "Type | None":
        """Return the type at a key, or None if the record cannot have it."""
        return next((known.type for known in self.fields if known.name == name), self.rest)


@frozen
class Union:
    """A value of one of the options; without options, no value at all."""

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
    """Return the options of a union, or the type itself as the only one."""
    return found.options if isinstance(found, Union) else (found,)


def _size(found: Type) -> int:
    """Return the number of parts of a type."""
    return 1 if isinstance(found, (Basic, WordsType)) else found.size


def words(texts: Iterable[str]) -> Type:
    """Return the type of some texts: the exact texts if they are few and short, else `str`."""
    distinct = frozenset(texts)
    return (
        STR if len(distinct) > MOST_WORDS or any(len(word) > LONGEST_WORD for word in distinct) else WordsType(distinct)
    )


def list_of(item: Type) -> Type:
    """Return the type of a list with such items."""
    size = 1 + _size(item)
    return ListOfType(item, size) if size <= LARGEST else ListOfType(ANY)


def record(fields: Iterable[Field], rest: Type | None = None) -> Record:
    """Return the type of a mapping with these fields."""
    known = tuple(fields)
    size = 1 + sum(_size(each.type) for each in known) + (0 if rest is None else _size(rest))
    return Record(known, rest, size) if size <= LARGEST else Record((), ANY)


def map_of(value: Type) -> Type:
    """Return the type of a mapping from any key to such values."""
    return record((), value)


def union(found: Iterable[Type]) -> Type:
    """Return the smallest type that contains all values of these types, or `any` if it would be too large."""
    members: list[Type] = []
    for type_ in found:
        for option in options(type_):
            if option == ANY:
                return ANY
            if not any(within(option, other) for other in members):
                members = _joined(members, option)
    size = 1 + sum(map(_size, members))
    if len(members) > MOST_OPTIONS or size > LARGEST:
        return ANY
    return members[0] if len(members) == 1 else Union(tuple(members), size)


def _joined(members: list[Type], option: Type) -> list[Type]:
    """Return the options with one more; all texts together are one option."""
    if isinstance(option, WordsType):
        option = words(option.words.union(*(other.words for other in members if isinstance(other, WordsType))))
    return [*(other for other in members if not within(other, option)), option]


def within(inner: Type, outer: Type) -> bool:
    """Whether every value of `inner` is certainly a value of `outer`."""
    if outer == ANY or inner == outer:  # noqa: PLR1714 — a set would hash both, even if they are large
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
    """Return a type that contains every value of both types; for mappings, one with the fields of both."""
    if within(one, other):
        return one
    if within(other, one) or not (isinstance(one, Record) and isinstance(other, Record)):
        return other
    names = dict.fromkeys(each.name for each in (*one.fields, *other.fields))
    rest = None if one.rest is None or other.rest is None else both(one.rest, other.rest)
    return record([found for name in names if (found := _both_fields(one, other, name)) is not None], rest)


def _both_fields(left: Record, right: Record, name: str) -> Field | None:
    """Return the field of two types of mappings at a key, or None if they cannot have it."""
    first, second = left.at(name), right.at(name)
    if first is None or second is None:
        return None
    required = any(each.required for each in (*left.fields, *right.fields) if each.name == name)
    return Field(name, both(first, second), required)


def _record_within(inner: Record, outer: Record) -> bool:
    """Whether every mapping of one type is certainly of the other."""
    fields = {each.name: each for each in inner.fields}
    for wanted in outer.fields:
        given_field = fields.pop(wanted.name, None)
        if wanted.required and not (given_field is not None and given_field.required):
            return False
        given = inner.rest if given_field is None else given_field.type
        if given is not None and not within(given, wanted.type):
            return False
    others = [*(each.type for each in fields.values()), *(() if inner.rest is None else (inner.rest,))]
    return all(outer.rest is not None and within(other, outer.rest) for other in others)


def overlap(one: Type, other: Type) -> bool:
    """Whether some value may be of both types; False is certain."""
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
            return True  # both contain the empty list
        case Record(), Record():
            return _records_overlap(one, other) and _records_overlap(other, one)
        case _:
            return within(one, other) or within(other, one)


def _records_overlap(one: Record, other: Record) -> bool:
    """Whether a mapping of the other type may have the required keys of this one."""
    for wanted in one.fields:
        if wanted.required:
            other_type = other.at(wanted.name)
            if other_type is None or not overlap(wanted.type, other_type):
                return False
    return True


def part(found: Type, step: str | int) -> Type:
    """Return the type at a step into a value; NEVER if the part certainly does not exist."""
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


def subscript(found: Type, key: Type) -> Type:
    """Return the type at a computed key or index; NEVER if the part certainly does not exist."""
    return union(_at_key(option, wanted) for option in options(found) for wanted in options(key))


def _at_key(found: Type, key: Type) -> Type:
    """Return the type at a key of one type in a value of one type."""
    is_text, is_index = key == ANY or overlap(key, STR), key in {ANY, INT, FLOAT}
    match found:
        case Basic("any"):
            return ANY if is_text or is_index else NEVER
        case ListOfType(item) if is_index:
            return item
        case Record(fields, rest) if is_text:
            if isinstance(key, WordsType):
                return union(part(found, word) for word in sorted(key.words))
            return union((*(known.type for known in fields), *(() if rest is None else (rest,))))
        case _:
            return NEVER


def sliced(found: Type) -> Type:
    """Return the type of a slice; NEVER for values that have none."""
    return union(
        STR if isinstance(option, WordsType) else option
        for option in options(found)
        if option in {ANY, STR} or isinstance(option, (ListOfType, WordsType))
    )


def has(found: Type, step: str | int) -> bool:
    """Whether every value of a type certainly has this part."""
    kinds = options(found)
    return bool(kinds) and all(
        isinstance(kind, Record) and any(known.name == step and known.required for known in kind.fields)
        for kind in kinds
    )


def element(found: Type) -> Type:
    """Return the type of the elements of a loop: items of a list, keys of a mapping; NEVER for other values."""
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
    """Whether a loop over a value may be possible."""
    return any(option == ANY or isinstance(option, (ListOfType, Record)) for option in options(found))


def of_value(value: Json) -> Type:
    """Return the type of a known value."""
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
    """Return the type of a known value, without reading its items."""
    if isinstance(value, list):
        return list_of(ANY)
    return map_of(ANY) if isinstance(value, dict) else of_value(value)


def declared(written: ast.Type) -> Type:
    """Return the type that an input declares."""
    inside = ANY if written.of is None else declared(written.of)
    compound = {"list": list_of, "dict": map_of}
    outer = compound[written.name](inside) if written.name in compound else Basic(written.name)
    return union((outer, NULL)) if written.optional else outer


def describe(found: Type) -> str:
    """Return the type as text, cut if it is long."""
    text = _described(found)
    return text if len(text) <= _SHOWN else f"{text[: _SHOWN - 1]}…"


def _described(found: Type) -> str:
    """Return the type as text."""
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
    """Yield the first of some texts, and `…` if there are more."""
    yield from shown[:most]
    if len(shown) > most:
        yield "…"
