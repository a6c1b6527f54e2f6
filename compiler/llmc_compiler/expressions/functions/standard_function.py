"""Standard functions: parameters, and calls with values or with types.

A function computes with values whose kinds were checked. A left-out argument has its parameter's default; a parameter
without one gets `ABSENT`.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import field
from itertools import takewhile
from typing import Final, TypeVar

from llmc_compiler.expressions import types
from llmc_compiler.expressions.compact_json import compact
from llmc_compiler.expressions.operators import OperandError, kind
from llmc_compiler.expressions.terms import Json
from llmc_compiler.expressions.types import NEVER, NULL, Type
from llmc_grammar.frozen_data import frozen

T = TypeVar("T")

ABSENT: Final = object()
"""Stands for an argument that was left out, where null would be another value."""

_ALL: Final = frozenset({"null", "bool", "int", "float", "str", "list", "dict"})
_WORDS: Final = (
    ("null", "null"),
    ("bool", "true or false"),
    ("float", "a number"),
    ("int", "an integer"),
    ("str", "a text"),
    ("list", "a list"),
    ("dict", "a mapping"),
)


def kind_name(value: Json) -> str:
    """Return the kind of a value as `kind` gives it."""
    match value:
        case None:
            return "null"
        case bool():
            return "bool"
        case int():
            return "int"
        case float():
            return "float"
        case str():
            return "str"
        case list():
            return "list"
        case dict():
            return "dict"


def kind_names(type_: Type) -> frozenset[str]:
    """Return the kinds that values of a type may have."""
    match type_:
        case types.Basic("any"):
            return _ALL
        case types.Basic("float"):
            return frozenset({"int", "float"})
        case types.Basic(name):
            return frozenset({name})
        case types.WordsType():
            return frozenset({"str"})
        case types.ListOfType():
            return frozenset({"list"})
        case types.Record():
            return frozenset({"dict"})
        case types.Union(options):
            return frozenset[str]().union(*map(kind_names, options))


@frozen
class FunctionParameter:
    """A parameter, given by position or by name; `many` stands for any number of further positional arguments.

    Without `has_default`, an optional parameter has a meaning when it is left out that no value has.
    """

    name: str
    type: Type
    required: bool = True
    default: Json = None
    many: bool = False
    has_default: bool = True
    kinds: frozenset[str] = field(init=False, compare=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "kinds", kind_names(self.type))


@frozen
class StandardFunction:
    """A function of the language.

    `compute` takes values in the order of the parameters. `gives` takes types in the same order, NEVER for an argument
    that is left out, and returns a type that contains every result. A result that `reveals` something about an
    argument is not itself secret if the argument is, so a secret argument is a mistake. If it `builds_contents`, the
    contents of the result are new, too. If it `picks`, the result is a part of an argument, and takes no memory.
    """

    name: str
    parameters: tuple[FunctionParameter, ...]
    description: str
    example: tuple[str, str]
    compute: Callable[..., Json]
    gives: Callable[..., Type]
    reveals: bool = False
    builds_contents: bool = False
    picks: bool = False
    needed: frozenset[str] = field(init=False, compare=False, repr=False)
    known: frozenset[str] = field(init=False, compare=False, repr=False)

    def __post_init__(self) -> None:
        single = [parameter for parameter in self.parameters if not parameter.many]
        object.__setattr__(self, "known", frozenset(parameter.name for parameter in single))
        object.__setattr__(self, "needed", frozenset(parameter.name for parameter in single if parameter.required))

    def call(self, arguments: Sequence[tuple[str | None, Json]]) -> Json:
        """Return the value for arguments by parameter name, None for one more of `many`; raises OperandError."""
        named, more = self._bound(arguments)
        values: list[object] = []
        for index, parameter in enumerate(self.parameters):
            if parameter.many:
                values += (self._checked(index, value) for value in more)
            elif parameter.name in named:
                values.append(self._checked(index, named[parameter.name]))
            else:
                values.append(parameter.default if parameter.has_default else ABSENT)
        return self.compute(*values)

    def accepts(self, names: Sequence[str | None]) -> bool:
        """Whether arguments of these parameters, None for one more of `many`, are complete and different."""
        named = [name for name in names if name is not None]
        try:
            self._bound([(name, None) for name in names])
        except OperandError:
            return False
        return len(set(named)) == len(named)

    def check(self, name: str | None, value: Json) -> None:
        """Check the argument of one parameter, None for one more of `many`; raises OperandError."""
        for index, parameter in enumerate(self.parameters):
            if parameter.name == name or (parameter.many and name is None):
                self._checked(index, value)

    def type_of(self, arguments: Sequence[tuple[str | None, Type]]) -> Type:
        """Return the type of the value for arguments of these types; NEVER if it certainly does not exist."""
        try:
            named, more = self._bound(arguments)
        except OperandError:
            return NEVER
        found: list[Type] = []
        for parameter in self.parameters:
            given = more if parameter.many else [named[parameter.name]] if parameter.name in named else []
            if not all(types.overlap(parameter.type, each) for each in given):
                return NEVER
            found += given if given or parameter.many else [NEVER]
        return self.gives(*found)

    @property
    def positional(self) -> tuple[str, ...]:
        """The parameters that are written by position: those up to the first with a default."""
        leading = takewhile(lambda each: each.required or not (each.has_default or each.many), self.parameters)
        return tuple(parameter.name for parameter in leading)

    @property
    def signature(self) -> str:
        """The name and the parameters, as documentation shows them."""
        return f"{self.name}({', '.join(map(_signature, self.parameters))})"

    def _bound(self, arguments: Iterable[tuple[str | None, T]]) -> tuple[dict[str, T], list[T]]:
        """Return the arguments by parameter, and those of `many`; raises OperandError if they do not fit."""
        named: dict[str, T] = {}
        more: list[T] = []
        for name, argument in arguments:
            if name is None:
                more.append(argument)
            else:
                named[name] = argument
        if not self.needed <= named.keys() <= self.known or (more and not self.parameters[-1].many):
            raise OperandError(f"the arguments of `{self.name}` do not fit: write `{self.signature}`")
        return named, more

    def _checked(self, index: int, value: Json) -> Json:
        """Return an argument of the right kind; raises OperandError."""
        parameter = self.parameters[index]
        if kind_name(value) in parameter.kinds:
            return value
        wanted = _listed([word for name, word in _WORDS if _is_named(name, parameter)])
        verb = f"`{self.name}` takes" if index == 0 else f"`{parameter.name}` of `{self.name}` takes"
        raise OperandError(f"{verb} {wanted}, not {kind(value)}: {suggestion(self.name, parameter.kinds, value)}")


def _signature(parameter: FunctionParameter) -> str:
    if parameter.many:
        return f"{parameter.name}…"
    if parameter.required:
        return parameter.name
    return f"{parameter.name}={compact(parameter.default) if parameter.has_default else ''}"


def _is_named(name: str, parameter: FunctionParameter) -> bool:
    """Whether the message for a wrong argument names a kind: not null, and one word for both kinds of numbers."""
    if name == "int" and "float" in parameter.kinds:
        return False
    return name in parameter.kinds and (name != "null" or parameter.type == NULL)


def _listed(words: Sequence[str]) -> str:
    """Join words as a sentence has them: `a, b or c`."""
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} or {words[-1]}"


def suggestion(function: str, wanted: frozenset[str], value: Json) -> str:
    """Suggest a change where an argument has the wrong kind."""
    first = next((name for name in ("float", "int", "str", "list", "dict") if name in wanted), "bool")
    match kind_name(value), first:
        case "null", _:
            return "test it first, `… if $x != null`"
        case "list", "str":
            return f"call it for each element, `[{function}($x) for x in $xs]`"
        case "list", _:
            return "take an element of it, `$x[0]`"
        case "dict", "list":
            return "take `keys($x)`, `values($x)` or `items($x)`"
        case "dict", _:
            return "take a part of it, `$x.name`"
        case "str", "list":
            return "split it first, `split($x)` or `lines($x)`"
        case "str", "dict":
            return "read it first, `parse_json($x)`"
        case "str", "int" | "float":
            return f"read it as a number, `{first}($x)`"
        case _, "str":
            return "make it a text, `str($x)`"
        case _, "list":
            return "put it into a list, `[$x]`"
        case _, "dict":
            return 'write a mapping, `{"key": $x}`'
        case "bool", _:
            return "write `1 if $x else 0` for a number"
        case _, "int":
            return "make it an integer, `int($x)`"
        case _:
            return "write a condition, `$x != 0`"
