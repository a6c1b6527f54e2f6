"""Types of the results of standard functions, from the types of the arguments.

An argument that is left out has the type NEVER. A result type contains every value that the function may return.
"""

from collections.abc import Callable, Iterable, Iterator

from llmc_compiler.expressions import types
from llmc_compiler.expressions.functions.standard_function import kind_names
from llmc_compiler.expressions.types import ANY, FLOAT, INT, NEVER, NULL, STR, Field, Record, Type
from llmc_grammar.format_specs import format_mistake, is_for_numbers


def always(result: Type) -> Callable[..., Type]:
    """Return the rule for results of one type."""
    return lambda *_: result


def elements(xs: Type) -> Type:
    """Return the type of the elements where a value is a list."""
    return types.union(_elements(xs))


def _elements(xs: Type) -> Iterator[Type]:
    for option in types.options(xs):
        if option == ANY:
            yield ANY
        elif isinstance(option, types.ListOfType):
            yield option.item


def numeric(x: Type) -> Type:
    """Return the type of a number as it is: `int` if it certainly is an integer."""
    return INT if "float" not in kind_names(x) else FLOAT


def rounded(x: Type, digits: Type) -> Type:
    """Return the type of `round`: without digits, an integer."""
    return INT if digits == NEVER else numeric(x)


def total(xs: Type) -> Type:
    """Return the type of `sum`; the sum of an empty list is an integer."""
    return numeric(elements(xs))


def mean(xs: Type) -> Type:
    """Return the type of `mean`, which an empty list does not have."""
    return FLOAT if types.overlap(elements(xs), FLOAT) else NEVER


def as_text(x: Type) -> Type:
    """Return the type of `str`: that of the value if it is a text."""
    return x if types.within(x, STR) else STR


def formatted(x: Type, f: Type) -> Type:
    """Return the type of `format`."""
    takes_format = types.overlap(x, types.union((FLOAT, STR)))
    return STR if takes_format and any(_is_format(x, spec) for spec in _words(f)) else NEVER


def _is_format(x: Type, spec: str | None) -> bool:
    """Whether a format, None if it is not known, may be one for values of the type."""
    if spec is None:
        return True
    return format_mistake(spec) is None and (not is_for_numbers(spec) or types.overlap(x, FLOAT))


def _words(text: Type) -> Iterable[str | None]:
    """Yield the texts that a value may be; None stands for any text."""
    for option in types.options(text):
        if isinstance(option, types.WordsType):
            yield from sorted(option.words)
        elif types.overlap(option, STR):
            yield None


def same_list(xs: Type, *_: Type) -> Type:
    """Return the type of a list with some of these elements."""
    return types.list_of(elements(xs))


def ordered(xs: Type, by: Type, _: Type) -> Type:
    """Return the type of `sorted`."""
    return types.list_of(_compared(elements(xs), by))


def extreme(xs: Type, by: Type, default: Type) -> Type:
    """Return the type of `min` and `max`: an element, or the default for an empty list."""
    return types.union((_compared(elements(xs), by), default))


def _compared(item: Type, by: Type) -> Type:
    """Return the type of the elements that can be compared."""
    options = types.options(item)
    found: list[Type] = []
    if by == NEVER or types.overlap(by, NULL):
        found += (narrow for option in options for narrow in _comparable(option))
    for word in _words(by):
        found += (narrow for option in options for narrow in _with_part(option, word))
    return types.union(found)


def _comparable(option: Type) -> Iterator[Type]:
    """Yield the numbers and texts of a type that is not a union."""
    if option == ANY:
        yield from (FLOAT, STR)
    elif kind_names(option) <= {"int", "float", "str"}:
        yield option


def _with_part(option: Type, by: str | None) -> Iterator[Type]:
    """Yield the mappings of a type that is not a union, if the part in `by` may be compared."""
    if option == ANY:
        yield types.map_of(ANY)
    elif isinstance(option, Record):
        part: Type = option
        for step in () if by is None else by.split("."):
            part = types.part(part, step)
        if by is None or types.overlap(part, types.union((FLOAT, STR))):
            yield option


def flattened(xs: Type) -> Type:
    """Return the type of `flatten`."""
    return types.list_of(elements(elements(xs)))


def zipped(*lists: Type) -> Type:
    """Return the type of `zip`."""
    return types.list_of(types.list_of(types.union(map(elements, lists))))


def enumerated(xs: Type, _: Type) -> Type:
    """Return the type of `enumerate`."""
    return types.list_of(types.list_of(types.union((INT, elements(xs)))))


def present(xs: Type) -> Type:
    """Return the type of `present`."""
    return types.list_of(types.union(option for option in types.options(elements(xs)) if option != NULL))


def got(d: Type, key: Type, default: Type) -> Type:
    """Return the type of `get`: that of the part, and that of the default unless the part certainly exists."""
    otherwise = NULL if default == NEVER else default
    found: list[Type] = []
    for option in types.options(d):
        if option == ANY:
            return ANY
        if isinstance(option, types.ListOfType) and types.overlap(key, INT):
            found += (option.item, otherwise)
        elif isinstance(option, Record):
            found += (_at(option, word, otherwise) for word in _words(key))
    return types.union(found)


def _at(mapping: Record, key: str | None, otherwise: Type) -> Type:
    """Return the type at a key of a mapping, None if the key is not known."""
    if key is None:
        return types.union((_values(mapping), otherwise))
    if types.has(mapping, key):
        return types.part(mapping, key)
    return types.union((types.part(mapping, key), otherwise))


def keys(d: Type) -> Type:
    """Return the type of `keys`: the names of fields if other keys cannot exist."""
    return types.list_of(types.union(_keys(each) for each in _records(d)))


def _keys(mapping: Record) -> Type:
    if mapping.rest is not None:
        return STR
    return types.words(each.name for each in mapping.fields) if mapping.fields else NEVER


def values(d: Type) -> Type:
    """Return the type of `values`."""
    return types.list_of(types.union(map(_values, _records(d))))


def _values(mapping: Record) -> Type:
    rest = NEVER if mapping.rest is None else mapping.rest
    return types.union((*(each.type for each in mapping.fields), rest))


def items(d: Type) -> Type:
    """Return the type of `items`."""
    parts = (part for each in _records(d) for part in (_keys(each), _values(each)))
    return types.list_of(types.list_of(types.union(parts)))


def _records(d: Type) -> Iterator[Record]:
    """Yield the types of mappings that a value may have."""
    for option in types.options(d):
        if isinstance(option, Record):
            yield option
        elif option == ANY:
            yield Record((), ANY)


def merged(*mappings: Type) -> Type:
    """Return the type of `merge`: the fields of all, each as the last mapping has it."""
    result = Record((), None)
    for each in mappings:
        options = [*_records(each)]
        later = options[0] if len(options) == 1 else Record((), types.union(map(_values, options)))
        result = _updated(result, later)
    return result


def _updated(first: Record, later: Record) -> Record:
    """Return the type of a mapping that is updated with another."""
    fields: list[Field] = []
    for name in dict.fromkeys(each.name for each in (*first.fields, *later.fields)):
        is_replaced = types.has(later, name)
        parts = [types.part(later, name), *(() if is_replaced else (types.part(first, name),))]
        fields.append(Field(name, types.union(parts), is_replaced or types.has(first, name)))
    rests = [each.rest for each in (first, later) if each.rest is not None]
    return types.record(fields, types.union(rests) if rests else None)


def paired(xs: Type) -> Type:
    """Return the type of `pairs`."""
    return types.map_of(elements(elements(xs)))


def kind(x: Type) -> Type:
    """Return the type of `kind`: the words that the value's type allows."""
    return types.words(kind_names(x))
