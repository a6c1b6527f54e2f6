"""Tools: the functions that plans may call, and how a Python function becomes one.

    @read("web", latency=0.6)
    async def search(entity: str) -> str:
        '''First paragraph of the encyclopaedia's article on the entity.'''

The decorator is the effect; annotations are the types, the docstring is the description.
"""

import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field, fields, replace
from functools import partialmethod, singledispatchmethod
from math import isfinite
from types import MethodType
from typing import TYPE_CHECKING, Any, Concatenate, Final, Generic, TypedDict, cast, overload

from typing_extensions import ParamSpec, TypeVar

from llmc_compiler.effects.effects import Effect, When, parse_effect
from llmc_compiler.json_schema.resource_segments import ResourceSegment
from llmc_compiler.representation.sheet import Displayed, Sheet
from llmc_compiler.representation.short_repr import short_repr
from llmc_compiler.tools.callables import behind, calling_module, is_async, layers, likeness_of, name_of, refuse
from llmc_compiler.tools.parameter_markers import UNMARKED, ParameterMarkers
from llmc_compiler.tools.signature import Signature, ToolboxError
from llmc_compiler.tools.tool_sheet import sheet_of

Function = Callable[..., Any]

# With defaults, so that `Tool` without parameters is a tool of any function.
P = ParamSpec("P", default=...)
R_co = TypeVar("R_co", default=Any, covariant=True)
Q = ParamSpec("Q")
S = TypeVar("S")
T = TypeVar("T")

Opening = Callable[[], AbstractAsyncContextManager[Any]]
"""Opens the context of a toolbox: a session, a pool."""


class ToolSettings(TypedDict, total=False):
    """The options of a declaration, besides the effect."""

    name: str | None
    """The name for plans, instead of the function's name."""
    latency: float | None
    """The expected time of a call in seconds, for rank and estimates."""
    early: bool
    """False if the tool must not be called before the whole plan is known."""
    reuse: bool
    """False if results change over time, so that a later plan calls the tool again."""
    cost: float
    """The price of an attempt, in a unit of your choice."""
    approve: bool
    """True if each call needs an approval."""
    idempotency_key: str | None
    """The parameter that receives the call's idempotency key, which makes a write safe to retry."""


_OF_CLASSES: Final = (classmethod, property, partialmethod, singledispatchmethod)


class _Dressed:
    """Provides a `__dict__` for the attributes of a function: its name, docstring and module."""


@dataclass(frozen=True, slots=True)
class Tool(_Dressed, Displayed, Generic[P, R_co]):
    """A function that plans may call: its name, its signature, and its effect.

    A tool has the attributes of its function, as if by `functools.update_wrapper`.
    """

    name: str
    """The name in plans."""
    description: str
    """The description for models, from the docstring."""
    effect: Effect
    """The effect of a call."""
    signature: Signature = field(repr=False)
    """The parameters and the result."""
    call: Callable[P, R_co] = field(repr=False)
    """The function that a run calls."""
    is_async: bool
    """True if calls are awaited on the event loop; other tools run in a thread."""
    latency: float | None = None
    """The expected time of a call in seconds, None if it is unknown."""
    early: bool = True
    """False if the tool is never called before the whole plan is known."""
    cost: float = 0.0
    """The price of an attempt, in a unit of your choice."""
    approve: bool = False
    """True if each call needs an approval."""
    reuse: bool = True
    """False if results change over time, so that a later plan calls the tool again."""
    marks: ParameterMarkers = UNMARKED
    """The parameters that plans do not see, and the secret ones."""
    opens: Opening | None = field(default=None, repr=False)
    """The function that returns the context which each run enters for the tool; None without a context."""
    notes: tuple[str, ...] = ()
    """Notes on the parts of its schemas that are not checked."""
    own_name: str = ""
    """The name before a toolbox spelled it for plans."""
    receiver: str | None = field(default=None, repr=False)
    """The parameter for the object, `self`, until the method is accessed through an object."""
    made_in: str = field(init=False, repr=False, compare=False)
    """The module whose code created the tool."""
    segments: Mapping[str, ResourceSegment] = field(init=False, repr=False, compare=False)
    """How the parameters in the resource's name close their segments."""

    def __post_init__(self) -> None:
        """Check the settings; raises ToolboxError."""
        object.__setattr__(self, "own_name", self.own_name or self.name)
        object.__setattr__(self, "made_in", calling_module())
        likeness = likeness_of(self.call, self.own_name, self.description)
        vars(self).update(
            {name: value for name, value in likeness.items() if name[:2] == "__" or not hasattr(Tool, name)}
        )
        for what, amount in (("cost", self.cost), ("latency", 0.0 if self.latency is None else self.latency)):
            if not _is_amount(amount):
                message = f"the {what} of `{self.name}` is {amount!r}: give a number that is not negative"
                raise ToolboxError(message)
        if self.marks.key is not None and not self.effect.is_write:
            message = f"`{self.name}` takes an idempotency key, but writes nothing ({self.effect}): leave the key out"
            raise ToolboxError(message)
        if self.reuse not in (True, False):
            message = f"`reuse` of `{self.name}` is True or False, not {short_repr(self.reuse)}"
            raise ToolboxError(message)
        if not self.reuse and self.effect.may_write:
            message = f"`{self.name}` may write ({self.effect}), and no plan repeats a write: leave `reuse=False` out"
            raise ToolboxError(message)
        segments = {name: self.signature.segment(name) for name in self.effect.parameters}
        object.__setattr__(self, "segments", segments)

    def effect_of(self, arguments: Iterable[tuple[str | None, object]]) -> Effect:
        """Return the effect of a call with these arguments; values that are not known yet are given as None."""
        if not self.segments:
            return self.effect
        given = dict(arguments)
        texts = {
            name: segment.of(given[name]) if name in given else segment.missing
            for name, segment in self.segments.items()
        }
        return self.effect.of(texts)

    @property
    def may_repeat(self) -> bool:
        """Whether a failed call may be repeated, no matter how far it got."""
        rule = self.effect.rule.retry
        return rule is When.YES or (rule is When.SURE and self.marks.key is not None)

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> R_co:
        """Call the function directly, from Python."""
        return self.call(*args, **kwargs)

    @overload
    def __get__(self, instance: None, owner: type | None = None) -> "Tool[P, R_co]": ...
    @overload
    def __get__(self: "Tool[Concatenate[S, Q], T]", instance: S, owner: type | None = None) -> "Tool[Q, T]": ...
    @overload
    def __get__(self, instance: object, owner: type | None = None) -> "Tool[P, R_co]": ...
    def __get__(self, instance: object, owner: type | None = None) -> "Tool[..., Any]":
        """Bind a tool that was declared in a class to an object."""
        if instance is None or self.receiver is None:
            return self
        return replace(self, call=MethodType(self.call, instance), receiver=None)

    def _sheet(self) -> Sheet:
        """Return the display of the tool."""
        return sheet_of([self], 1)

    def __copy__(self) -> "Tool[P, R_co]":
        """Return the tool itself, which is immutable."""
        return self

    def __deepcopy__(self, memo: object) -> "Tool[P, R_co]":
        """Return the tool itself, which is immutable."""
        return self

    def __reduce__(self) -> str | tuple[Any, ...]:
        """Pickle the tool by the name of its function, or as a method of an object."""
        target: object = sys.modules.get(self.__module__)
        for part in self.__qualname__.split("."):
            target = getattr(target, part, None)
        if target is self:
            return self.__qualname__
        if isinstance(self.call, MethodType):
            target = getattr(self.call.__self__, self.call.__name__, None)
            if target == self:
                return getattr, (self.call.__self__, self.call.__name__)
        made = _made_of(target, self)
        if made is None:
            message = f"cannot pickle the tool `{self.name}`: it is not `{self.__qualname__}` of `{self.__module__}`"
            raise TypeError(message)
        names = [each.name for each in fields(self) if each.init]
        changes = {name: value for name in names if (value := getattr(self, name)) is not getattr(made, name)}
        return _changed, (target, {name: value for name, value in changes.items() if name not in {"call", "signature"}})

    if TYPE_CHECKING:  # set for each tool

        @property
        def __wrapped__(self) -> Callable[P, R_co]: ...
        @property
        def __name__(self) -> str: ...
        @property
        def __qualname__(self) -> str: ...

    @staticmethod
    def from_function(
        function: Callable[Q, T],
        effect: Effect,
        *,
        name: str | None = None,
        latency: float | None = None,
        early: bool = True,
        reuse: bool = True,
        cost: float = 0.0,
        approve: bool = False,
        idempotency_key: str | None = None,
    ) -> "Tool[Q, T]":
        """Make a tool of a function with annotations and a docstring; raises ToolboxError."""
        from llmc_compiler.tools.functions.function_signature import FunctionSignature  # noqa: PLC0415 — pydantic is heavy

        _require_function(function)
        own_name = name or name_of(function)
        refuse(function, own_name)
        signature = FunctionSignature(function, own_name, idempotency_key)
        return Tool(
            name=own_name,
            description=signature.description,
            effect=effect,
            signature=signature,
            call=signature.call,
            is_async=_is_async(function),
            latency=latency,
            early=early,
            reuse=reuse,
            cost=cost,
            approve=approve,
            marks=signature.marks,
            receiver=signature.receiver,
        )

    @staticmethod
    def from_schema(
        name: str,
        description: str,
        parameters: Mapping[str, Any],
        effect: Effect | str,
        call: Function,
        *,
        returns: Mapping[str, Any] | None = None,
        latency: float | None = None,
        early: bool = True,
        reuse: bool = True,
        cost: float = 0.0,
        approve: bool = False,
        idempotency_key: str | None = None,
        context: str | None = None,
        secret: Iterable[str] = (),
        returns_secret: bool = False,
    ) -> "Tool":
        """Make a tool that a JSON schema describes; it calls `call` with keyword arguments.

        With an empty schema, `call` gets the arguments as written, also by position. The run passes the idempotency key
        and the context under the names in `idempotency_key` and `context`, which plans do not see. `secret` names the
        parameters that take secrets, as `Secret[str]` does. Raises ToolboxError for an unusable schema or unknown
        parameters, and ValueError for an invalid effect.
        """
        from llmc_compiler.json_schema.faults.unchecked_keywords import notes_of  # noqa: PLC0415 — the same
        from llmc_compiler.tools.schema_signature import SchemaSignature  # noqa: PLC0415 — jsonschema is heavy

        given: Sequence[object] = (parameters, {} if returns is None else returns)
        for schema in given:
            if not isinstance(schema, Mapping):
                message = f"a schema of `{name}` is {schema!r}: give a mapping"
                raise ToolboxError(message)
        hidden = [each for each in (idempotency_key, context) if each is not None]
        signature = SchemaSignature(name, dict(parameters), {} if returns is None else dict(returns), hidden)
        never = _never_fit(name, parameters, returns)
        secrets = _secrets(name, signature, secret)
        marks = ParameterMarkers(key=idempotency_key, context=context, secrets=secrets, returns_secret=returns_secret)
        return Tool(
            name=name,
            description=description,
            effect=parse_effect(effect) if isinstance(effect, str) else effect,
            signature=signature,
            call=call,
            is_async=_is_async(call),
            latency=latency,
            early=early,
            reuse=reuse,
            cost=cost,
            approve=approve,
            marks=UNMARKED if marks == UNMARKED else marks,
            notes=(*never, *notes_of(signature.parameters, signature.returns)),
        )


def _never_fit(tool: str, parameters: Mapping[str, Any], returns: Mapping[str, Any] | None) -> tuple[str, ...]:
    """Return a note if no arguments fit the parameters; raises ToolboxError if no result can fit."""
    from llmc_compiler.json_schema.faults.impossible_schemas import impossible  # noqa: PLC0415 — jsonschema is heavy

    if returns and (reason := impossible(returns)) is not None:
        message = (
            f"no result of `{tool}` can fit the schema in `returns`: {reason}. Correct the schema, or leave it out"
        )
        raise ToolboxError(message)
    reason = impossible(parameters)
    return () if reason is None else (f"no call fits the parameters: {reason}",)


def _secrets(tool: str, signature: Signature, secret: Iterable[str]) -> frozenset[str]:
    """Return the parameters that take secrets, as plans write them; raises ToolboxError for unknown names."""
    named = (secret,) if isinstance(secret, str) else tuple(secret)
    takes = [p for p in signature.takes if not p.many]
    spellings = {**{p.name: p.name for p in takes}, **{p.own_name: p.name for p in takes}}
    for name in named:
        if name not in spellings:
            names = ", ".join(f"`{p.name}`" for p in takes) or "none"
            message = f"`{tool}` has no parameter `{name}` to take a secret; its parameters are: {names}"
            raise ToolboxError(message)
    return frozenset(spellings[name] for name in named)


def around(found: object) -> Tool | None:
    """Return the tool that a callable is or wraps, adapted to the decorators and partials around it.

    Raises ToolboxError for a partial of a tool that a schema describes.
    """
    if isinstance(found, Tool):
        return found
    inner = inside(found)
    if inner is None:
        return None
    if isinstance(found, MethodType) and list(layers(found))[1] is inner:
        return inner.__get__(found.__self__)
    return _remade(cast("Function", found), inner)


def _remade(function: Function, inner: Tool) -> Tool:
    """Make a tool of a function that wraps a tool, with the same effect and settings; raises ToolboxError."""
    from llmc_compiler.tools.functions.function_signature import FunctionSignature  # noqa: PLC0415 — pydantic is heavy

    if isinstance(inner.signature, FunctionSignature):
        made = Tool.from_function(function, inner.effect, name=inner.name, idempotency_key=inner.marks.key)
        settings = ("latency", "early", "reuse", "cost", "approve", "opens")
        return replace(made, **{name: getattr(inner, name) for name in settings})
    if isinstance(behind(function), Tool):
        message = f"`{inner.name}` has a schema, which a partial does not change: write a function that calls it"
        raise ToolboxError(message)
    return replace(inner, call=function, is_async=_is_async(function))


def inside(found: object) -> Tool | None:
    """Return the tool that a callable is, wraps, or is a partial or method of."""
    return next((layer for layer in layers(found) if isinstance(layer, Tool)), None)


def _made_of(target: object, tool: Tool) -> Tool | None:
    """Return the tool that an object is or was made into, if `tool` is made of the same function."""
    if isinstance(target, Tool):
        return target if target.call == tool.call else None
    is_same = any(layer is target for layer in layers(tool))
    return around(target) if is_same else None


def _changed(target: object, changes: Mapping[str, Any]) -> Tool:
    """Rebuild a pickled tool from an importable object, with some fields changed."""
    return replace(cast("Tool", around(target)), **changes)


def _require_function(function: object) -> None:
    """Check that an object is a function, and not a tool already; raises ToolboxError."""
    if isinstance(function, _OF_CLASSES):
        kind = type(function).__name__
        message = f"a `{kind}` is called through a class or an object: make a tool of an object's method"
        raise ToolboxError(message)
    if isinstance(function, Tool) or not callable(function):
        what = "declares its effect already" if isinstance(function, Tool) else "is not a function"
        message = f"{function!r} {what}: decorate a function, once"
        raise ToolboxError(message)


def _is_amount(value: object) -> bool:
    """Whether a value is a finite number of at least 0."""
    return isinstance(value, (int, float)) and not isinstance(value, bool) and isfinite(value) and value >= 0


def _is_async(function: Function) -> bool:
    """Whether a call returns a coroutine."""
    inner = behind(function)
    return inner.is_async if isinstance(inner, Tool) else is_async(inner)
