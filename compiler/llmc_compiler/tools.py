"""Tools: what a plan may call, and how a Python function becomes one.

    @read("web", latency=0.6)
    async def search(entity: str) -> str:
        '''First paragraph of the encyclopaedia's article on the entity.'''

The decorator is the effect; annotations are the types, the docstring is the description.
"""

import inspect
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field, replace
from math import isfinite
from typing import Any, Literal, TypedDict, Unpack, overload

from llmc_compiler.effects import EVERYTHING, Effect, Kind, When, parse_effect
from llmc_compiler.marks import UNMARKED, Marks
from llmc_compiler.segment import Segment
from llmc_compiler.signature import ArgumentError, ResultError, Signature, Wanted
from llmc_grammar.ast import KEYWORDS

Function = Callable[..., Any]

Opening = Callable[[], AbstractAsyncContextManager[Any]]
"""Opens the context of a toolbox: a session, a pool."""


class ToolboxError(Exception):
    """A tool is declared in a way that cannot work."""


class Settings(TypedDict, total=False):
    """What a declaration may say besides the effect."""

    name: str | None
    latency: float | None
    early: bool
    cost: float
    approve: bool
    idempotency_key: str | None


@dataclass(frozen=True, slots=True)
class Tool:
    """A function that plans may call: its name, what it takes and gives, and what it does to the world.

    `is_async` tools are awaited on the loop, others run in a thread. `latency` is the expected time in seconds, `cost`
    what an attempt costs, in a unit of your choice. `early=False`: never started before the whole plan is known;
    `approve`: only called when somebody said yes. `marks` are the parameters that a plan does not see, and the secret
    ones; `opens` gives each run the context that the tool takes, where its toolbox has one.
    """

    name: str
    description: str
    effect: Effect
    signature: Signature = field(repr=False)
    call: Function = field(repr=False)
    is_async: bool
    latency: float | None = None
    early: bool = True
    cost: float = 0.0
    approve: bool = False
    marks: Marks = UNMARKED
    opens: Opening | None = field(default=None, repr=False)
    notes: tuple[str, ...] = ()
    """The parts of its schemas that are not checked, in words."""
    segments: Mapping[str, Segment] = field(init=False, repr=False, compare=False)
    """How the parameters in the name of its resource close their segments."""

    def __post_init__(self) -> None:
        """Refuse what cannot work; raises ToolboxError."""
        for what, amount in (("cost", self.cost), ("latency", 0.0 if self.latency is None else self.latency)):
            if not _is_amount(amount):
                message = f"the {what} of `{self.name}` is {amount!r}: give a number that is not negative"
                raise ToolboxError(message)
        if self.marks.key is not None and not self.effect.is_write:
            message = f"`{self.name}` takes an idempotency key, but writes nothing ({self.effect}): leave the key out"
            raise ToolboxError(message)
        found = {name: self.signature.segment(name) for name in self.effect.parameters}
        object.__setattr__(self, "segments", found)

    def effect_of(self, arguments: Iterable[tuple[str | None, object]]) -> Effect:
        """The effect of a call with these arguments; those that are not known yet are given as None."""
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
        """Whether a call that failed may be made again, whatever became of it."""
        rule = self.effect.rule.retry
        return rule is When.YES or (rule is When.SURE and self.marks.key is not None)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:  # noqa: ANN401 — whatever the function takes and gives
        """Call the function itself, from Python."""
        return self.call(*args, **kwargs)

    @staticmethod
    def from_function(
        function: Function,
        effect: Effect,
        *,
        name: str | None = None,
        latency: float | None = None,
        early: bool = True,
        cost: float = 0.0,
        approve: bool = False,
        idempotency_key: str | None = None,
    ) -> "Tool":
        """The tool that a function with annotations and a docstring is; raises ToolboxError."""
        from llmc_compiler.function import FunctionSignature  # noqa: PLC0415 — pydantic is heavy

        _require_function(function)
        own_name: str = name or getattr(function, "__name__", "") or type(function).__name__
        signature = FunctionSignature(function, own_name, idempotency_key)
        return Tool(
            name=own_name,
            description=inspect.getdoc(function) or "",
            effect=effect,
            signature=signature,
            call=function,
            is_async=_is_async(function),
            latency=latency,
            early=early,
            cost=cost,
            approve=approve,
            marks=signature.marks,
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
        cost: float = 0.0,
        approve: bool = False,
        secret: Iterable[str] = (),
    ) -> "Tool":
        """The tool that a JSON schema describes; `call` gets keywords, or for an empty schema what was written.

        `secret` names the parameters that take secrets, as `Secret[str]` does. Raises ToolboxError for a schema that is
        none or lacks these, ValueError for an effect that is none.
        """
        from llmc_compiler.schema import SchemaSignature  # noqa: PLC0415 — jsonschema is heavy
        from llmc_compiler.schema_notes import notes_of  # noqa: PLC0415 — the same

        given: Sequence[object] = (parameters, {} if returns is None else returns)
        for schema in given:
            if not isinstance(schema, Mapping):
                message = f"the schema of a tool is a mapping, and for `{name}` it is {schema!r}"
                raise ToolboxError(message)
        signature = SchemaSignature(name, dict(parameters), dict(returns) if returns is not None else {})
        return Tool(
            name=name,
            description=description,
            effect=parse_effect(effect) if isinstance(effect, str) else effect,
            signature=signature,
            call=call,
            is_async=_is_async(call),
            cost=cost,
            approve=approve,
            marks=_secret_marks(name, signature, secret),
            notes=notes_of(signature.parameters, signature.returns),
        )


def _secret_marks(tool: str, signature: Signature, secret: Iterable[str]) -> Marks:
    """The marks of a tool with secret parameters; raises ToolboxError for one that it does not have."""
    names = frozenset((secret,) if isinstance(secret, str) else secret)
    shape = signature.shape
    for name in sorted(names.difference(shape.positional, shape.named)):
        known = ", ".join(f"`{other}`" for other in shape.positional) or "none"
        message = f"`{tool}` has no parameter `{name}` to take a secret; its parameters are: {known}"
        raise ToolboxError(message)
    return Marks(secrets=names) if names else UNMARKED


def _require_function(found: object) -> None:
    """Refuse what is no function, or a tool already; raises ToolboxError."""
    if isinstance(found, Tool) or not callable(found):
        what = "declares its effect already" if isinstance(found, Tool) else "is no function"
        message = f"{found!r} {what}: decorate a function, once"
        raise ToolboxError(message)


def _is_amount(value: object) -> bool:
    """Whether it is a number that is not negative."""
    return isinstance(value, (int, float)) and not isinstance(value, bool) and isfinite(value) and value >= 0


def _is_async(function: Function) -> bool:
    """Whether a call of it gives a coroutine."""
    return inspect.iscoroutinefunction(function) or inspect.iscoroutinefunction(getattr(function, "__call__", None))  # noqa: B004


Decorated = Callable[[Function], Tool]


@dataclass(frozen=True, slots=True)
class Declaration:
    """A decorator that says what a function does to the world: `@pure`, or `@pure(latency=0.1)`."""

    kind: Kind

    @overload
    def __call__(self, function: Function, /) -> Tool: ...
    @overload
    def __call__(self, function: None = None, /, **settings: Unpack[Settings]) -> Decorated: ...
    def __call__(self, function: Function | None = None, /, **settings: Unpack[Settings]) -> Tool | Decorated:
        """Make a tool of the function."""
        effect = Effect(self.kind, EVERYTHING if self.kind is Kind.OPAQUE else "")
        return _declare(effect, function, settings)


@dataclass(frozen=True, slots=True)
class ResourceDeclaration:
    """A decorator that says what a function reads or writes: `@read` (everything), or `@read("mail")`."""

    kind: Kind

    @overload
    def __call__(self, function: Function, /) -> Tool: ...
    @overload
    def __call__(
        self, resource: str = EVERYTHING, /, *, idempotent: bool = False, **settings: Unpack[Settings]
    ) -> Decorated: ...
    def __call__(
        self, first: str | Function = EVERYTHING, /, *, idempotent: bool = False, **settings: Unpack[Settings]
    ) -> Tool | Decorated:
        """Make a tool of the function; raises ToolboxError for a resource that is no name."""
        function = None if isinstance(first, str) else first
        where = first if isinstance(first, str) else EVERYTHING
        try:
            effect = parse_effect(f"{self.kind.value}({where}{', idempotent' if idempotent else ''})")
        except ValueError as error:
            raise ToolboxError(str(error)) from error
        return _declare(effect, function, settings)


def _declare(effect: Effect, function: Function | None, settings: Settings) -> Tool | Decorated:
    """A tool where the function is known, else the decorator that makes one."""

    def make(found: Function) -> Tool:
        return Tool.from_function(found, effect, **settings)

    return make if function is None else make(function)


pure = Declaration(Kind.PURE)
nondet = Declaration(Kind.NONDET)
opaque = Declaration(Kind.OPAQUE)
read = ResourceDeclaration(Kind.READ)
write = ResourceDeclaration(Kind.WRITE)

_NAME_CHARACTER = re.compile(r"[^A-Za-z0-9_.]")
_LONGEST_NAME = 64


def plan_name(name: str) -> str:
    """The name by which a plan calls a tool: what no name may hold becomes `_`, a reserved word gets one."""
    parts = [part for part in _NAME_CHARACTER.sub("_", name).split(".") if part]
    parts = [f"_{part}" if part[0].isdigit() else part for part in parts] or ["_"]
    dotted = ".".join(parts)
    return f"{dotted}_" if dotted in KEYWORDS else dotted


class Toolbox:
    """Tools by the names that plans use.

    `bare` says what functions without a declared effect are: `"parallel"` (unordered among themselves, in order with
    declared writes) or `"ordered"` (each in line with everything else). `context` gives an async context manager, which
    each run enters once: what that gives is the context of these tools. Raises ToolboxError.
    """

    is_known: bool = True
    """Whether the effects of its tools are known; not so where every name stands for some tool."""

    def __init__(
        self,
        tools: Iterable[Tool | Function] = (),
        *,
        bare: Literal["parallel", "ordered"] | None = None,
        context: Opening | None = None,
    ) -> None:
        """Collect the tools."""
        if bare not in (None, "parallel", "ordered"):
            message = f'`bare` is "parallel" or "ordered", not {bare!r}'
            raise ToolboxError(message)
        self._tools: dict[str, Tool] = {}
        for tool in tools:
            self._add(_with_context(tool if isinstance(tool, Tool) else _bare_tool(tool, bare), context))
        if context is not None and not any(tool.opens is context for tool in self):
            message = "no tool of this toolbox takes its context: mark a parameter, `session: Context[…]`"
            raise ToolboxError(message)

    def _add(self, tool: Tool) -> None:
        """Enter a tool under the name that plans use."""
        name = plan_name(tool.name)
        if len(name) > _LONGEST_NAME * 2:
            longest = _LONGEST_NAME * 2
            message = f"`{name[:_LONGEST_NAME]}…` is too long for a tool's name: use at most {longest} characters"
            raise ToolboxError(message)
        if name in self._tools:
            message = f"two tools are called `{name}`: give one of them another name"
            raise ToolboxError(message)
        self._tools[name] = tool if tool.name == name else replace(tool, name=name)

    def get(self, name: str) -> Tool | None:
        """The tool of that name, if there is one."""
        return self._tools.get(name)

    def required(self, name: str) -> tuple[str, ...] | None:
        """The names of a tool's required parameters; None if they, or the tool, are unknown."""
        tool = self.get(name)
        return None if tool is None or tool.signature.shape.more_named else tool.signature.shape.required

    def __contains__(self, name: object) -> bool:
        """Whether there is a tool of that name."""
        return name in self._tools

    def __iter__(self) -> Iterator[Tool]:
        """The tools, as they were given."""
        return iter(self._tools.values())

    def __len__(self) -> int:
        """How many tools there are."""
        return len(self._tools)

    def __or__(self, other: "Toolbox") -> "Toolbox":
        """The tools of both; raises ToolboxError where a name is in both."""
        return Toolbox([*self, *other])


def _with_context(tool: Tool, context: Opening | None) -> Tool:
    """The tool with the context of its toolbox, if it takes one and has none yet."""
    wants = context is not None and tool.marks.context is not None and tool.opens is None
    return replace(tool, opens=context) if wants else tool


def _bare_tool(function: object, bare: str | None) -> Tool:
    """A tool of a function that declares no effect."""
    if not callable(function):
        message = f"{function!r} is no tool: give functions, or make one with `Tool.from_schema`"
        raise ToolboxError(message)
    if bare is None:
        name = getattr(function, "__name__", repr(function))
        message = (
            f"`{name}` declares no effect: decorate it (`@pure`, `@nondet`, `@read`, `@write`, `@opaque`), "
            f'or say what such functions are: `Toolbox([{name}], bare="parallel")` or `bare="ordered"`'
        )
        raise ToolboxError(message)
    return Tool.from_function(function, Effect(Kind.BARE if bare == "parallel" else Kind.OPAQUE, EVERYTHING))


__all__ = [
    "ArgumentError",
    "ResultError",
    "Signature",
    "Tool",
    "Toolbox",
    "ToolboxError",
    "Wanted",
    "nondet",
    "opaque",
    "plan_name",
    "pure",
    "read",
    "write",
]
