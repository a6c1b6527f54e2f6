"""A decorator for data: frozen, slotted dataclasses that are defined in a quarter of the time.

    @frozen
    class Edit:
        span: Span
        text: str

`dataclass` compiles six methods of each class one by one, which took a third of the time in which the command line
imports llmc. Here `__init__` is compiled at once, `__eq__` and `__hash__` for the first comparison, so that all three
are as fast as those of `dataclass`, or faster; all classes share the others. Classes and
instances behave like those of `@dataclass(frozen=True, slots=True)`. Methods that a class writes or inherits, such as
`__repr__`, are kept.
"""

import sys
from collections.abc import Callable, Sequence
from dataclasses import MISSING, Field, FrozenInstanceError, dataclass, field, fields, is_dataclass
from reprlib import recursive_repr
from typing import Any, Final, NoReturn, TypeVar, dataclass_transform

T = TypeVar("T")

Fields = Sequence[Field[Any]]


class _Factory:
    """The default in a signature for a value that a factory makes."""

    def __repr__(self) -> str:
        return "<factory>"


_MADE: Final = _Factory()


@dataclass_transform(frozen_default=True, field_specifiers=(field, Field))
def frozen(cls: type[T], /) -> type[T]:
    """Turn a class into a frozen, slotted dataclass; `dataclass` itself makes those that inherit from a dataclass."""
    if any(map(is_dataclass, cls.__mro__[1:])):
        return dataclass(frozen=True, slots=True)(cls)
    made: Any = dataclass(init=False, repr=False, eq=False, slots=True)(cls)
    parts = fields(made)
    methods = {**_SHARED, "__init__": _initializer(made, parts), **_comparison(made, parts)}
    if cls.__repr__ is not object.__repr__:
        del methods["__repr__"]
    if cls.__eq__ is not object.__eq__:
        del methods["__eq__"]
    if vars(cls).get("__hash__") is not None:
        del methods["__hash__"]
    for name, method in methods.items():
        setattr(made, name, method)
    declared = made.__dataclass_params__
    declared.init = declared.repr = declared.eq = declared.frozen = True
    return made  # type: ignore[no-any-return]  # the class that was given, with slots


def _defined(cls: type, outer: Sequence[str], methods: str) -> Callable[..., tuple[Callable[..., object], ...]]:
    """Compile some methods of a class, as a function of the names that they find around them."""
    text = f"def define({', '.join(outer)}):\n{methods}"
    found: dict[str, Any] = {}
    exec(text, vars(sys.modules[cls.__module__]), found)  # noqa: S102 — only the names of fields are filled in
    define: Callable[..., tuple[Callable[..., object], ...]] = found["define"]
    return define


def _initializer(cls: type, parts: Fields) -> Callable[..., object]:
    """Compile `__init__`, with the signature that `dataclass` would give it."""
    outer, parameters, lines = _initialization(parts)
    if hasattr(cls, "__post_init__"):
        lines.append("self.__post_init__()")
    text = f"""\
 def __init__({", ".join(["self", *parameters])}):
  {"; ".join(lines) or "pass"}
 return (__init__,)
"""
    (method,) = _defined(cls, tuple(outer), text)(**outer)
    method.__qualname__ = f"{cls.__qualname__}.__init__"
    method.__annotations__ = {part.name: part.type for part in parts if part.init} | {"return": None}
    return method


def _comparison(cls: type, parts: Fields) -> dict[str, Callable[..., object]]:
    """Return `__eq__` and `__hash__`, which replace themselves with compiled methods when they are first called."""
    mine, others = ("".join(f"{owner}.{part.name}, " for part in parts if part.compare) for owner in ("self", "other"))
    text = f"""\
 def __eq__(self, other):
  return ({mine}) == ({others}) if other.__class__ is self.__class__ else NotImplemented
 def __hash__(self):
  return hash(({mine}))
 return __eq__, __hash__
"""

    def compiled(name: str) -> Callable[..., object]:
        methods = {method.__name__: method for method in _defined(cls, (), text)()}
        for known, first in firsts.items():
            methods[known].__qualname__ = first.__qualname__
            if vars(cls).get(known) is first:
                setattr(cls, known, methods[known])
        return methods[name]

    def __eq__(self: object, other: object) -> object:  # noqa: N807 — it becomes this method
        return compiled("__eq__")(self, other)

    def __hash__(self: object) -> object:  # noqa: N807 — the same
        return compiled("__hash__")(self)

    firsts: dict[str, Callable[..., object]] = {"__eq__": __eq__, "__hash__": __hash__}
    for name, method in firsts.items():
        method.__qualname__ = f"{cls.__qualname__}.{name}"
    return firsts


def _initialization(parts: Fields) -> tuple[dict[str, object], list[str], list[str]]:
    """Return the names that `__init__` finds around it, its parameters, and the lines that set the fields."""
    outer: dict[str, object] = {"_set": object.__setattr__, "_made": _MADE}
    parameters: dict[bool, list[str]] = {False: [], True: []}
    lines: list[str] = []
    for part in parts:
        name = value = part.name
        default, made = f"_for_{name}", part.default_factory is not MISSING
        if made or part.default is not MISSING:
            outer[default] = part.default_factory if made else part.default
            parameter = f"{name}={'_made' if made else default}"
            value = f"{default}()" if made else value if part.init else default
        elif part.init:
            parameter = name
        else:
            continue
        if part.init:
            parameters[bool(part.kw_only)].append(parameter)
            value = f"{value} if {name} is _made else {name}" if made else name
        lines.append(f"_set(self, {name!r}, {value})")
    named = ["*", *parameters[True]] if parameters[True] else []
    return outer, [*parameters[False], *named], lines


@recursive_repr()
def _representation(self: Any) -> str:  # noqa: ANN401 — an instance of any such class
    """Return the call that would make the instance."""
    shown = (f"{part.name}={getattr(self, part.name)!r}" for part in fields(self) if part.repr)
    return f"{type(self).__qualname__}({', '.join(shown)})"


def _refuse_value(_: object, name: str, __: object) -> NoReturn:
    """Raise FrozenInstanceError."""
    message = f"cannot assign to field {name!r}"
    raise FrozenInstanceError(message)


def _refuse_deletion(_: object, name: str) -> NoReturn:
    """Raise FrozenInstanceError."""
    message = f"cannot delete field {name!r}"
    raise FrozenInstanceError(message)


def _state(self: Any) -> list[object]:  # noqa: ANN401 — as above
    """Return the values of all fields, for pickling."""
    return [getattr(self, part.name) for part in fields(self)]


def _restore(self: Any, state: Sequence[object]) -> None:  # noqa: ANN401 — as above
    """Set the values of all fields."""
    for part, value in zip(fields(self), state, strict=True):
        object.__setattr__(self, part.name, value)


_SHARED: Final[dict[str, Callable[..., object]]] = {
    "__repr__": _representation,
    "__setattr__": _refuse_value,
    "__delattr__": _refuse_deletion,
    "__getstate__": _state,
    "__setstate__": _restore,
}
