"""Signature, annotations and docstring of a callable, read from the function behind it.

A partial counts as the function it calls, without the parameters that it binds. A callable object counts as its
`__call__`. `__wrapped__` leads from a decorated function to the original.
"""

import functools
import inspect
import sys
from collections.abc import Callable, Collection, Iterator
from contextlib import suppress
from functools import partial
from inspect import Parameter
from types import CodeType, FrameType, FunctionType, MethodType
from typing import Any, Final, cast, get_type_hints

from llmc_compiler.tools.signature import ToolboxError

BY_POSITION: Final = frozenset({Parameter.POSITIONAL_ONLY, Parameter.POSITIONAL_OR_KEYWORD})
_MANY: Final = frozenset({Parameter.VAR_POSITIONAL, Parameter.VAR_KEYWORD})
_MOST_LAYERS: Final = 100
_RECEIVERS: Final = frozenset({"self", "cls", "this", "_self", "_cls", "klass"})
_OURS: Final = frozenset({"llmc", "llmc_compiler", "llmc_grammar", "llmc_runtime", "dataclasses", "functools"})
"""Packages that create tools on behalf of other code."""
_IN_FUNCTION: Final = "<locals>"
_ATTRIBUTES: Final = (*functools.WRAPPER_ASSIGNMENTS, "__code__", "__defaults__", "__kwdefaults__")
"""Attributes of functions, including those that `inspect.iscoroutinefunction` reads."""
_UNREADABLE: Final = (TypeError, ValueError, NameError, AttributeError, SyntaxError, RecursionError)
"""Errors that evaluating annotations may raise."""


def behind(function: Any) -> Any:  # noqa: ANN401 — any callable
    """Return the callable without the partials and static methods around it."""
    while isinstance(function, (partial, staticmethod)):
        function = function.func if isinstance(function, partial) else function.__func__
    return function


def layers(function: object) -> Iterator[object]:
    """Yield the callable and those that it wraps, as far as `__wrapped__`, partials and methods tell."""
    for _ in range(_MOST_LAYERS):
        yield function
        if isinstance(function, partial):
            function = function.func
        elif isinstance(function, MethodType):
            function = function.__func__
        else:
            function = _wrapped(function)
        if function is None:
            return


def _wrapped(function: object) -> object:
    """Return the callable that another one wraps; an object's `__getattr__` may raise any error."""
    try:
        return getattr(function, "__wrapped__", None)
    except Exception:  # noqa: BLE001 — see the docstring
        return None


def name_of(function: object) -> str:
    """Return the name of the function, or of the class of an object without a name."""
    inner = behind(function)
    name = getattr(inner, "__name__", None)
    return name if name and isinstance(name, str) else type(inner).__name__


def text_of(function: object) -> str:
    """Return the docstring of the function; of an object, that of its `__call__`, else of its class."""
    inner = behind(function)
    if not inspect.isroutine(inner) and "__doc__" not in getattr(inner, "__dict__", {}):
        inside = type(inner).__call__ if isinstance(type(inner).__call__, FunctionType) else inner
        inner = inside if inside.__doc__ else inner
    return inspect.getdoc(inner) or ""


def is_async(function: object) -> bool:
    """Whether a call returns a coroutine."""
    inner = behind(function)
    return inspect.iscoroutinefunction(inner) or inspect.iscoroutinefunction(getattr(inner, "__call__", None))  # noqa: B004


def refuse(function: object, name: str) -> None:
    """Refuse callables that cannot become tools; raises ToolboxError."""
    inner = behind(function)
    if name == "<lambda>":
        message = "a lambda has no name for plans: define a function with `def`, or give a name, `@pure(name=…)`"
        raise ToolboxError(message)
    if isinstance(inner, type):
        message = f"`{name}` is a class, and calling it creates an object: decorate a function or a method"
        raise ToolboxError(message)
    called = (inner, getattr(inner, "__call__", None))  # noqa: B004
    if any(inspect.isgeneratorfunction(each) or inspect.isasyncgenfunction(each) for each in called):
        message = f"`{name}` is a generator, and a call has one result: return a list of the items"
        raise ToolboxError(message)


def calling_module() -> str:
    """Return the module of the code that creates a tool."""
    frame: FrameType | None = sys._getframe(1)  # noqa: SLF001 — as named tuples find their module
    while frame is not None and str(frame.f_globals.get("__name__")).partition(".")[0] in _OURS:
        frame = frame.f_back
    return "" if frame is None else str(frame.f_globals.get("__name__"))


def read(function: Callable[..., Any], name: str) -> tuple[inspect.Signature, dict[str, Any], str | None]:
    """Return the signature as plans see it, the resolved annotations, and the `self` of an unbound method.

    Parameters that a partial binds are left out, so that plans neither see nor change them. Raises ToolboxError.
    """
    try:
        signature = _signature(function)
        hints = get_type_hints(_annotated(function), include_extras=True)
    except _UNREADABLE as error:
        remedy = "" if isinstance(behind(function), (FunctionType, MethodType)) else "; define a function that calls it"
        if isinstance(error, NameError):
            remedy = "; define or import it in the module, above the function, not only for `TYPE_CHECKING`"
        message = f"the signature of `{name}` cannot be read: {error}{remedy}"
        raise ToolboxError(message) from error
    # A `__signature__` may have parameters that the function behind it lacks.
    others = {p.name: p.annotation for p in signature.parameters.values() if p.annotation is not Parameter.empty}
    hints = {**{name: hint for name, hint in others.items() if not isinstance(hint, str)}, **hints}
    receiver = _receiver(function, signature)
    if receiver is not None:
        signature = signature.replace(parameters=[p for p in signature.parameters.values() if p.name != receiver])
    return signature, hints, receiver


def parameter_names(function: Callable[..., Any]) -> frozenset[str]:
    """Return the names of all parameters, including bound ones."""
    codes = [layer.__code__ for layer in layers(function) if isinstance(layer, FunctionType)]
    names = {name for code in codes for name in code.co_varnames[: _count(code)]}
    with suppress(*_UNREADABLE):
        names.update(names or inspect.signature(function).parameters)
    return frozenset(names)


def bound_names(function: Callable[..., Any], found: Collection[str]) -> frozenset[str]:
    """Return the parameters that are not `found`: bound to an object, by a partial, or hidden from plans."""
    every = list(layers(function))
    if not inspect.isroutine(every[-1]):
        every.append(type(every[-1]).__call__)
    names: set[str] = set()
    for layer in every:
        with suppress(*_UNREADABLE):
            parameters = inspect.signature(cast("Callable[..., Any]", layer)).parameters
            names.update(p.name for p in parameters.values() if p.kind not in _MANY)
    return frozenset(names.difference(found))


def _count(code: CodeType) -> int:
    """Return how many parameters a function has."""
    many = bool(code.co_flags & inspect.CO_VARARGS) + bool(code.co_flags & inspect.CO_VARKEYWORDS)
    return code.co_argcount + code.co_kwonlyargcount + many


def _signature(function: Callable[..., Any]) -> inspect.Signature:
    """Return the signature without the parameters that partials bind; later ones may still be given by position."""
    signature = inspect.signature(function)
    if not isinstance(function, partial):
        return signature
    inner = _signature(function.func).parameters
    unbound = [
        p.replace(kind=inner[p.name].kind)
        for p in signature.parameters.values()
        if p.name in inner and p.name not in function.keywords
    ]
    return signature.replace(parameters=unbound)


def _annotated(function: object) -> Any:  # noqa: ANN401 — as the parameter of `get_type_hints`
    """Return the function that has the annotations."""
    *_, last = layers(behind(function))
    last = behind(last)
    return last if inspect.isroutine(last) or isinstance(last, type) else type(last).__call__


def _receiver(function: object, signature: inspect.Signature) -> str | None:
    """Return the first parameter of an unbound method: `self` or `cls` of a function in a class."""
    *_, last = layers(function)
    if isinstance(function, (MethodType, partial, staticmethod)) or not isinstance(last, FunctionType):
        return None
    first = next(iter(signature.parameters.values()), None)
    is_method = first is not None and first.kind in BY_POSITION and first.name in _RECEIVERS and _is_in_class(function)
    return first.name if first is not None and is_method else None


def _is_in_class(function: object) -> bool:
    """Whether the function is defined in the body of a class."""
    outer = str(getattr(function, "__qualname__", "")).rpartition(".")[0]
    return bool(outer) and not outer.endswith(_IN_FUNCTION)


def likeness_of(function: object, name: str, text: str) -> dict[str, Any]:
    """Return the attributes that make a tool look like its function, as `functools.update_wrapper` sets them."""
    inner = behind(function)
    attributes: dict[str, Any] = dict(vars(inner)) if isinstance(inner, FunctionType) else {}
    attributes.update({"__name__": name, "__qualname__": name, "__module__": type(inner).__module__})
    attributes.update({word: getattr(inner, word) for word in _ATTRIBUTES if hasattr(inner, word)})
    is_described = isinstance(inner, (FunctionType, MethodType)) and inner.__doc__ is not None
    return {**attributes, "__doc__": inner.__doc__ if is_described else text or None, "__wrapped__": function}
