"""Whole plans for property tests: trees that some text says, with every construct of the language."""

import string
from collections.abc import Callable

from hypothesis import strategies as st

from llmc_grammar.ast import (
    KEYWORDS,
    Argument,
    Binary,
    Call,
    Choice,
    Comprehension,
    Expr,
    Fallback,
    Input,
    Join,
    List,
    Literal,
    Loop,
    Map,
    Option,
    Plan,
    Ref,
    Retry,
    Slice,
    Slot,
    Statement,
    Subscript,
    Task,
    Text,
    Thought,
    Timeout,
    Type,
    Unary,
    Use,
)
from llmc_grammar.check import without_steps
from llmc_grammar.format_specs import format_mistake

OPERATORS = ("or", "and", "==", "!=", "<", "<=", ">", ">=", "in", "not in", "+", "-", "*", "/", "//", "%", "**")

_rests = st.text(string.ascii_letters + string.digits + "_", max_size=7)
words = _rests.map("n{}".format).filter(lambda word: word not in KEYWORDS)
"""Names of tasks, inputs, loop variables and tools."""

numbers = st.integers(1, 9999).map(str)
argument_names = words | st.sampled_from(sorted(KEYWORDS))
tools = words | st.builds("{}.{}".format, words, words)

_characters = st.characters(exclude_categories=["Cs"])
plain_texts = st.text(_characters | st.sampled_from("$\\\"'\n\r\t{}[]#"), max_size=12)
"""Any text, with many of the characters that need care."""

_around_slots = st.text(st.sampled_from(" :;-()€\n\"\\'"), max_size=6)
_keys = st.text(st.characters(exclude_categories=["Cs"], exclude_characters='"]'), max_size=6)
_steps = st.lists(words | st.integers(-99, 99) | plain_texts, max_size=3).map(tuple)


def literals() -> st.SearchStrategy[Literal]:
    """Numbers, true, false, null."""
    values = (
        st.none()
        | st.booleans()
        | st.integers(-(10**18) + 1, 10**18 - 1)
        | st.floats(allow_nan=False, allow_infinity=False)
    )
    return values.map(Literal)


def references() -> st.SearchStrategy[Ref]:
    """References with steps."""
    return st.builds(Ref, words | numbers, _steps)


@st.composite
def slots(draw: st.DrawFn) -> Slot:
    """A reference inside a string, in braces or without."""
    name = draw(words | numbers)
    if draw(st.booleans()):
        return Slot(Ref(name), f"${name}")
    path = draw(st.lists(words | st.integers(-9, 9) | _keys, max_size=3).map(tuple))
    steps = "".join(_raw_step(step) for step in path)
    form = draw(st.just("") | formats())
    return Slot(Ref(name, path), f"${{{name}{steps}{form and f':{form}'}}}", form)


def formats() -> st.SearchStrategy[str]:
    """Formats of values in strings."""
    width = st.integers(1, 100).map(str)
    digits = st.integers(0, 100).map(".{}".format)
    letters = [st.sampled_from(("", *choice)) for choice in ("<>^", "+", "0", ",_", "defg%")]
    align, sign, zero, group, letter = letters
    spec = st.tuples(align, sign, zero, st.just("") | width, group, st.just("") | digits, letter)
    return spec.map("".join).filter(lambda text: format_mistake(text) is None)


def _raw_step(step: str | int) -> str:
    """A step as a string has it, before escapes."""
    if isinstance(step, int):
        return f"[{step}]"
    is_name = step.isascii() and step.isidentifier()
    return f".{step}" if is_name else f'["{step}"]'


@st.composite
def texts(draw: st.DrawFn) -> Text:
    """Strings: text alone, slots alone, or in turns with text that cannot be read as a part of them."""
    if draw(st.booleans()):
        return plain(draw(plain_texts))
    parts: list[str | Slot] = []
    for _ in range(draw(st.integers(1, 3))):
        around = draw(_around_slots)
        if around:
            parts.append(around)
        parts.append(draw(slots()))
    return Text(tuple(parts))


def plain(text: str) -> Text:
    """A string without slots."""
    return Text((text,) if text else ())


def paths() -> st.SearchStrategy[Text]:
    """A string that is one reference with steps, without braces."""
    steps = st.lists(words | st.integers(-9, 9) | _keys, min_size=1, max_size=3).map(tuple)

    def path(name: str, path: tuple[str | int, ...]) -> Text:
        return Text((Slot(Ref(name, path), f"${name}{''.join(map(_raw_step, path))}"),))

    return st.builds(path, words | numbers, steps)


def _keyed(values: st.SearchStrategy[Expr]) -> st.SearchStrategy[Map]:
    """Mappings with different keys."""
    entries = st.lists(st.tuples(plain_texts, values), max_size=3)
    return entries.map(lambda pairs: Map(tuple(dict(pairs).items())))


def defaults() -> st.SearchStrategy[Expr]:
    """What an input's default may be."""
    leaves: st.SearchStrategy[Expr] = literals() | plain_texts.map(plain)
    return st.recursive(leaves, lambda inner: st.lists(inner, max_size=3).map(_list) | _keyed(inner), max_leaves=5)


def _list(items: list[Expr]) -> List:
    """A list of these items."""
    return List(tuple(items))


@st.composite
def arguments(draw: st.DrawFn, values: st.SearchStrategy[Expr]) -> tuple[Argument, ...]:
    """Positional arguments, then keywords with different names."""
    positional = draw(st.lists(values, max_size=2))
    names = draw(st.lists(argument_names, max_size=2, unique=True))
    return (*(Argument(None, value) for value in positional), *(Argument(name, draw(values)) for name in names))


_MOST_STEPS = 8


def _steps_behind(expr: Expr) -> int:
    """How many steps in a row end an expression."""
    count = 0
    while isinstance(expr, Subscript | Slice):
        count, expr = count + 1, expr.value
    return count + (len(expr.path) if isinstance(expr, Ref) else 0)


@st.composite
def stepped(draw: st.DrawFn, values: st.SearchStrategy[Expr]) -> Expr:
    """A value with a computed step or a slice behind it, or a constant step behind anything but a reference."""
    value = draw(values)
    if _steps_behind(value) == _MOST_STEPS:
        return value
    if draw(st.booleans()):
        start, stop = draw(st.none() | values), draw(st.none() | values)
        return Slice(value, Literal(0) if start is None and stop is None else start, stop)
    key = draw(values | plain_texts.map(plain))
    is_constant = (isinstance(key, Literal) and type(key.value) is int) or (
        isinstance(key, Text) and not any(isinstance(part, Slot) for part in key.parts)
    )
    return value if is_constant and isinstance(value, Ref) else Subscript(value, key)


def loops(values: st.SearchStrategy[Expr]) -> st.SearchStrategy[tuple[Loop, ...]]:
    """One to three loops in a row, mostly one."""
    one = st.builds(Loop, words, values, st.none() | values)
    return one.map(lambda loop: (loop,)) | st.lists(one, min_size=1, max_size=3).map(tuple)


def _compound(calls: bool) -> Callable[[st.SearchStrategy[Expr]], st.SearchStrategy[Expr]]:
    """One level around inner expressions."""

    def around(inner: st.SearchStrategy[Expr]) -> st.SearchStrategy[Expr]:
        kinds: list[st.SearchStrategy[Expr]] = [
            st.lists(inner, max_size=3).map(_list),
            _keyed(inner),
            st.builds(Unary, st.sampled_from(("not", "-")), inner),
            st.builds(Binary, st.sampled_from(OPERATORS), inner, inner),
            st.builds(Choice, inner, inner, inner),
            stepped(inner),
            stepped(inner),
            st.builds(Comprehension, inner, loops(inner)),
        ]
        if calls:
            kinds.append(st.builds(Call, tools, arguments(inner)))
        return st.one_of(kinds)

    return around


def expressions(*, calls: bool = True, leaves: int = 6) -> st.SearchStrategy[Expr]:
    """Any expression; `calls=False` leaves calls out."""
    atoms: st.SearchStrategy[Expr] = literals() | references() | texts() | paths()
    return st.recursive(atoms, _compound(calls), max_leaves=leaves)


def calls() -> st.SearchStrategy[Call]:
    """A call."""
    return st.builds(Call, tools, arguments(expressions(leaves=3)))


@st.composite
def options(draw: st.DrawFn, *, one_call: bool) -> tuple[Option, ...]:
    """Options, each at most once, in any order; without `one_call` only a fallback."""
    kinds: list[st.SearchStrategy[Option]] = [st.builds(Fallback, expressions(calls=False, leaves=3))]
    if one_call:
        kinds.append(st.builds(Timeout, st.integers(1, 10**6), st.sampled_from(("ms", "s", "m", "h"))))
        kinds.append(st.builds(Retry, st.integers(0, 99)))
    chosen = draw(st.lists(st.sampled_from(range(len(kinds))), max_size=3, unique=True))
    return tuple(draw(kinds[at]) for at in chosen)


@st.composite
def tasks(draw: st.DrawFn) -> Task:
    """A task with loops, a guard or neither."""
    expr = draw(calls() | stepped(calls()) | expressions())
    condition = expressions(leaves=2)
    around = draw(st.just(()) | loops(condition))
    guard = None if around else draw(st.none() | condition)
    chosen = draw(options(one_call=isinstance(without_steps(expr), Call)))
    return Task(draw(st.none() | numbers | words), expr, around, guard, chosen)


@st.composite
def joins(draw: st.DrawFn) -> Join:
    """A join with values or with names."""
    values = draw(st.lists(expressions(leaves=3), max_size=3))
    names = draw(st.lists(argument_names, min_size=len(values), max_size=len(values), unique=True))
    named = draw(st.booleans())
    chosen = tuple(Argument(name if named else None, value) for name, value in zip(names, values, strict=True))
    return Join(draw(st.none() | numbers | words), chosen)


def types() -> st.SearchStrategy[Type]:
    """Types as written."""
    simple = st.builds(Type, st.sampled_from(("str", "int", "float", "bool", "any")), st.none(), st.booleans())
    return st.recursive(
        simple, lambda inner: st.builds(Type, st.sampled_from(("list", "dict")), inner, st.booleans()), max_leaves=3
    )


def uses() -> st.SearchStrategy[Use]:
    """A file or a name."""
    return st.builds(Use, plain_texts, st.just(value=True)) | st.builds(Use, words, st.just(value=False))


def thoughts() -> st.SearchStrategy[Thought]:
    """A line of free text."""
    return st.text(st.characters(exclude_categories=["Cc", "Cs", "Zl", "Zp", "Cf"]), max_size=20).map(
        lambda text: Thought(text.strip(" \t\r"))
    )


@st.composite
def plans(draw: st.DrawFn, *, header: bool = True) -> Plan:
    """A whole plan, as some text says it; `header=False` leaves `use` and `input` out."""
    statements: list[Statement] = []
    if header:
        statements += draw(st.lists(uses(), max_size=2))
        statements += draw(st.lists(st.builds(Input, words, st.none() | types(), st.none() | defaults()), max_size=2))
    statements += draw(st.lists(tasks() | thoughts(), max_size=5))
    if draw(st.booleans()):
        statements.append(draw(joins()))
    return Plan(tuple(statements))
