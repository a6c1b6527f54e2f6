"""Function parameters declared with pydantic's `Field`, as a default or in `Annotated`, read as plain parameters."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import field, replace
from functools import partial, wraps
from inspect import Parameter, cleandoc, signature
from typing import Annotated, Any, Final, cast, get_origin

from pydantic import Field
from pydantic.fields import FieldInfo
from pydantic_core import to_jsonable_python

from llmc_compiler.tools.callables import BY_POSITION, is_async, name_of
from llmc_compiler.tools.signature import ToolboxError
from llmc_grammar.frozen_data import frozen


class _Made:
    def __repr__(self) -> str:
        return "…"


MADE: Final = _Made()
"""Stands for a default that code creates for each call."""

_SAME: Final = (str, int, float, bool, list, dict, set, frozenset, tuple)
"""Factories that return an equal value each time."""

_MANY: Final = frozenset({Parameter.VAR_POSITIONAL, Parameter.VAR_KEYWORD})
_TOLD: Final = ("title", "description", "examples")
_ALIASES: Final = ("alias", "validation_alias", "serialization_alias")
_BOUNDS: Final = frozenset({"Gt", "Ge", "Lt", "Le", "MultipleOf", "MinLen", "MaxLen", "Len", "Interval"})


@frozen
class Declared:
    """A parameter, its annotation, and the parts of its schema that only inform.

    `make` returns its default. `is_missed`: Python does not know the default, and would pass the `Field`, or nothing.
    """

    parameter: Parameter
    annotation: Any
    told: Mapping[str, Any] = field(default_factory=dict)
    make: Callable[[], object] | None = None
    is_missed: bool = False

    def called(self, name: str) -> "Declared":
        """Return the parameter under another name."""
        return self if name == self.parameter.name else replace(self, parameter=self.parameter.replace(name=name))


def declared(parameter: Parameter, hint: Any, tool: str) -> Declared:  # noqa: ANN401 — an annotation may be anything
    """Return the parameter as its `Field` declares it; raises ToolboxError for one that plans cannot fill."""
    if parameter.kind in _MANY and _is_unpacked(hint):
        message = f"`{parameter.name}` of `{tool}` unpacks a type: write each part of it as a separate parameter"
        raise ToolboxError(message)
    default = parameter.default
    has_field = isinstance(default, FieldInfo) or any(isinstance(each, FieldInfo) for each in _metadata(hint))
    words = _words(hint)
    if not has_field:
        return Declared(parameter, hint, words)
    is_given = default is not Parameter.empty
    info = FieldInfo.from_annotated_attribute(hint, default) if is_given else FieldInfo.from_annotation(hint)
    _refuse(info, f"`{parameter.name}` of `{tool}`", parameter.name)
    annotation = _bounded(info)
    if parameter.kind in _MANY:
        return Declared(parameter, annotation, {**words, **_told(info)})
    make = None if info.is_required() else partial(info.get_default, call_default_factory=True)
    is_missed = isinstance(default, FieldInfo) or (make is not None and not is_given)
    return Declared(parameter.replace(default=_default(info)), annotation, {**words, **_told(info)}, make, is_missed)


def filled(function: Callable[..., Any], found: Iterable[Declared]) -> Callable[..., Any]:
    """Wrap a function so that a call gets the defaults of `Field`s; raises TypeError if a required one is left out."""
    makers = {each.parameter.name: each.make for each in found if each.is_missed}
    if not makers:
        return function
    parameters = signature(function).parameters
    names = [p.name for p in parameters.values() if p.kind in BY_POSITION]
    only_by_position = [p for p in parameters.values() if p.kind is Parameter.POSITIONAL_ONLY]

    def default(name: str) -> object:
        if (make := makers[name]) is not None:
            return make()
        raise TypeError(f"{name_of(function)}() is missing the argument {name!r}")

    def complete(args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[tuple[Any, ...], dict[str, Any]]:
        for p in only_by_position[len(args) :]:
            if p.name not in makers and p.default is Parameter.empty:
                break
            args = (*args, default(p.name) if p.name in makers else p.default)
        given = {*names[: len(args)], *kwargs}
        return args, {**kwargs, **{name: default(name) for name in makers if name not in given}}

    @wraps(function)
    def call(*args: Any, **kwargs: Any) -> Any:  # noqa: ANN401 — as the function
        args, kwargs = complete(args, kwargs)
        return function(*args, **kwargs)

    @wraps(function)
    async def awaited(*args: Any, **kwargs: Any) -> Any:  # noqa: ANN401 — as the function
        args, kwargs = complete(args, kwargs)
        return await function(*args, **kwargs)

    return awaited if is_async(function) else call


def is_harmless(metadata: object) -> bool:
    """Whether metadata of `Annotated` never changes a value: it is a bound, or only a description."""
    kind = type(metadata)
    if _text(metadata) is not None:
        return True
    if kind.__module__ == "annotated_types":
        return kind.__name__ in _BOUNDS
    return kind.__module__.startswith("pydantic.") and getattr(metadata, "__dict__", {}).keys() == {"pattern"}


def _is_unpacked(hint: object) -> bool:
    """Whether it is `Unpack[…]` or `*tuple[…]`, which declare many arguments at once."""
    return getattr(hint, "__unpacked__", False) is True or str(get_origin(hint)).endswith(".Unpack")


def _metadata(hint: object) -> tuple[object, ...]:
    """Return the metadata of `Annotated`."""
    return tuple(getattr(hint, "__metadata__", ()))


def _words(hint: object) -> dict[str, Any]:
    """Return the description in `Annotated[str, "Words"]` or `Annotated[str, Doc("Words")]`."""
    description = next((text for each in _metadata(hint) if (text := _text(each)) is not None), "")
    return {"description": description} if description else {}


def _text(metadata: object) -> str | None:
    """Return the description that metadata of `Annotated` is, or has as a `Doc`."""
    words = getattr(metadata, "documentation", None) if type(metadata).__name__ == "Doc" else metadata
    return cleandoc(words) if isinstance(words, str) else None


def _refuse(info: FieldInfo, what: str, name: str) -> None:
    """Refuse options of a model's `Field` that a parameter cannot have."""
    for word in _ALIASES:
        if (alias := getattr(info, word)) is not None:
            message = (
                f"{what} has the {word} {alias!r}, but plans write `{name}`, as the function does: remove the alias"
            )
            raise ToolboxError(message)
    if getattr(info, "default_factory_takes_validated_data", None):
        message = f"the default of {what} is made from other arguments: compute it in the function"
        raise ToolboxError(message)


def _bounded(info: FieldInfo) -> Any:  # noqa: ANN401 — an annotation may be anything
    """Return the annotation with everything that decides which values it accepts."""
    extra = info.json_schema_extra if callable(info.json_schema_extra) else None
    rest = [Field(discriminator=info.discriminator, json_schema_extra=extra)] if info.discriminator or extra else []
    metadata = [*info.metadata, *rest]
    return Annotated[info.annotation, *metadata] if metadata else info.annotation


def _told(info: FieldInfo) -> dict[str, Any]:
    """Return the parts of the schema that only inform."""
    notes = {word: value for word in _TOLD if (value := getattr(info, word)) is not None}
    extra = info.json_schema_extra if isinstance(info.json_schema_extra, dict) else {}
    deprecated = {"deprecated": True} if info.deprecated else {}
    return cast("dict[str, Any]", to_jsonable_python({**notes, **deprecated, **extra}, fallback=repr))


def _default(info: FieldInfo) -> object:
    """Return the default as far as it is known before a call."""
    if info.is_required():
        return Parameter.empty
    factory: object = info.default_factory
    is_same = factory is None or any(factory is each for each in _SAME)
    return info.get_default(call_default_factory=True) if is_same else MADE
