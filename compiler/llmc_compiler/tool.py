"""Tools: what a plan may call, and how a Python function becomes one.

    @read("web", latency=0.6)
    async def search(entity: str) -> str:
        '''First paragraph of the encyclopaedia's article on the entity.'''

The decorator is the effect; annotations are the types, the docstring is the description.
"""

import inspect
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from math import isfinite
from typing import Any, TypedDict

from llmc_compiler.effects import Effect, When, parse_effect
from llmc_compiler.marks import UNMARKED, Marks
from llmc_compiler.segment import Segment
from llmc_compiler.signature import Signature, ToolboxError

Function = Callable[..., Any]

Opening = Callable[[], AbstractAsyncContextManager[Any]]
"""Opens the context of a toolbox: a session, a pool."""


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
    own_name: str = ""
    """Its name before a toolbox spelled it for plans."""
    segments: Mapping[str, Segment] = field(init=False, repr=False, compare=False)
    """How the parameters in the name of its resource close their segments."""

    def __post_init__(self) -> None:
        """Refuse what cannot work; raises ToolboxError."""
        object.__setattr__(self, "own_name", self.own_name or self.name)
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
        latency: float | None = None,
        early: bool = True,
        cost: float = 0.0,
        approve: bool = False,
        idempotency_key: str | None = None,
        context: str | None = None,
        secret: Iterable[str] = (),
        returns_secret: bool = False,
    ) -> "Tool":
        """The tool that a JSON schema describes; `call` gets keywords, or for an empty schema what was written.

        The run gives `call` the `idempotency_key` and the `context` under these names, which plans do not see. `secret`
        names the parameters that take secrets, as `Secret[str]` does. Raises ToolboxError for a schema that cannot be
        used or lacks these, ValueError for an effect that is none.
        """
        from llmc_compiler.schema import SchemaSignature  # noqa: PLC0415 — jsonschema is heavy
        from llmc_compiler.schema_notes import notes_of  # noqa: PLC0415 — the same

        given: Sequence[object] = (parameters, {} if returns is None else returns)
        for schema in given:
            if not isinstance(schema, Mapping):
                message = f"the schema of a tool is a mapping, and for `{name}` it is {schema!r}"
                raise ToolboxError(message)
        hidden = [each for each in (idempotency_key, context) if each is not None]
        signature = SchemaSignature(name, dict(parameters), {} if returns is None else dict(returns), hidden)
        secrets = _secrets(name, signature, secret)
        marks = Marks(key=idempotency_key, context=context, secrets=secrets, returns_secret=returns_secret)
        return Tool(
            name=name,
            description=description,
            effect=parse_effect(effect) if isinstance(effect, str) else effect,
            signature=signature,
            call=call,
            is_async=_is_async(call),
            latency=latency,
            early=early,
            cost=cost,
            approve=approve,
            marks=UNMARKED if marks == UNMARKED else marks,
            notes=notes_of(signature.parameters, signature.returns),
        )


def _secrets(tool: str, signature: Signature, secret: Iterable[str]) -> frozenset[str]:
    """The parameters that take secrets, as plans write them; raises ToolboxError for names of none."""
    named = (secret,) if isinstance(secret, str) else tuple(secret)
    takes = [each for each in signature.takes if not each.many]
    known = {**{each.name: each.name for each in takes}, **{each.own_name: each.name for each in takes}}
    for name in named:
        if name not in known:
            names = ", ".join(f"`{each.name}`" for each in takes) or "none"
            message = f"`{tool}` has no parameter `{name}` to take a secret; its parameters are: {names}"
            raise ToolboxError(message)
    return frozenset(known[name] for name in named)


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
