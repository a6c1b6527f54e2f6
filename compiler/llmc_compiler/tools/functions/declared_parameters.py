"""Parameters of functions with pydantic's `Field`, as a default or inside `Annotated`, as parameters without."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import partial, wraps
from inspect import Parameter, cleandoc, signature
from typing import Annotated, Any, Final, cast, get_origin

from pydantic import Field
from pydantic.fields import FieldInfo
from pydantic_core import to_jsonable_python

from llmc_compiler.tools.callables import BY_POSITION, is_async, name_of
from llmc_compiler.tools.signature import ToolboxError


class _Made:
    """The kind of `MADE`."""

    def __repr__(self) -> str:
        return "…"


MADE: Final = _Made()
"""Stands for a default that code makes anew for each call."""

_SAME: Final = (str, int, float, bool, list, dict, set, frozenset, tuple)
"""Factories that make the same value each time."""

_MANY: Final = frozenset({Parameter.VAR_POSITIONAL, Parameter.VAR_KEYWORD})
_TOLD: Final = ("title", "description", "examples")
_ALIASES: Final = ("alias", "validation_alias", "serialization_alias")
_BOUNDS: Final = frozenset({"Gt", "Ge", "Lt", "Le", "MultipleOf", "MinLen", "MaxLen", "Len", "Interval"})


@dataclass(frozen=True, slots=True)
class Declared:
    """A parameter, its annotation, and the parts of its schema that do not change which values it takes.

    `make` gives its default. It `is_missed` by Python, which would give the `Field` itself, or nothing.
    """

    parameter: Parameter
    annotation: Any
    told: Mapping[str, Any] = field(default_factory=dict)
    make: Callable[[], object] | None = None
    is_missed: bool = False

    def called(self, name: str) -> "Declared":
        """The parameter under another name."""
        return self if name == self.parameter.name else replace(self, parameter=self.parameter.replace(name=name))


def declared(parameter: Parameter, hint: Any, tool: str) -> Declared:  # noqa: ANN401 — an annotation may be anything
    """The parameter as its `Field` declares it; raises ToolboxError for one that cannot be a plan's."""
    if parameter.kind in _MANY and _is_unpacked(hint):
        message = f"`{parameter.name}` of `{tool}` unpacks a type: write each part of it as a parameter of its own"
        raise ToolboxError(message)
    default = parameter.default
    has_field = isinstance(default, FieldInfo) or any(isinstance(each, FieldInfo) for each in _metadata(hint))
    words = _words(hint)
    if not has_field:
        return Declared(parameter, hint, words)
    is_given = default is not Parameter.empty
    found = FieldInfo.from_annotated_attribute(hint, default) if is_given else FieldInfo.from_annotation(hint)
    _refuse(found, f"`{parameter.name}` of `{tool}`", parameter.name)
    annotation = _bounded(found)
    if parameter.kind in _MANY:
        return Declared(parameter, annotation, {**words, **_told(found)})
    make = None if found.is_required() else partial(found.get_default, call_default_factory=True)
    is_missed = isinstance(default, FieldInfo) or (make is not None and not is_given)
    return Declared(parameter.replace(default=_default(found)), annotation, {**words, **_told(found)}, make, is_missed)


def filled(function: Callable[..., Any], found: Iterable[Declared]) -> Callable[..., Any]:
    """The function, given the default of each `Field` that a call leaves out; such a call raises TypeError for none."""
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
    """Whether a part of `Annotated` is a bound, which takes values as they are or refuses them, or only words."""
    kind = type(metadata)
    if _text(metadata) is not None:
        return True
    if kind.__module__ == "annotated_types":
        return kind.__name__ in _BOUNDS
    return kind.__module__.startswith("pydantic.") and getattr(metadata, "__dict__", {}).keys() == {"pattern"}


def _is_unpacked(hint: object) -> bool:
    """Whether it is `Unpack[…]` or `*tuple[…]`, which say of many arguments what each is."""
    return getattr(hint, "__unpacked__", False) is True or str(get_origin(hint)).endswith(".Unpack")


def _metadata(hint: object) -> tuple[object, ...]:
    """The metadata of `Annotated`."""
    return tuple(getattr(hint, "__metadata__", ()))


def _words(hint: object) -> dict[str, Any]:
    """The description of `Annotated[str, "Words"]` and `Annotated[str, Doc("Words")]`."""
    found = next((text for each in _metadata(hint) if (text := _text(each)) is not None), "")
    return {"description": found} if found else {}


def _text(metadata: object) -> str | None:
    """The words that a part of `Annotated` is, or has as a `Doc`."""
    found = getattr(metadata, "documentation", None) if type(metadata).__name__ == "Doc" else metadata
    return cleandoc(found) if isinstance(found, str) else None


def _refuse(found: FieldInfo, what: str, name: str) -> None:
    """Refuse words of a model's `Field` that a parameter cannot have."""
    for word in _ALIASES:
        if (alias := getattr(found, word)) is not None:
            message = (
                f"{what} has the {word} {alias!r}, but plans write `{name}`, as the function does: remove the alias"
            )
            raise ToolboxError(message)
    if getattr(found, "default_factory_takes_validated_data", None):
        message = f"the default of {what} is made from other arguments: make it in the function"
        raise ToolboxError(message)


def _bounded(found: FieldInfo) -> Any:  # noqa: ANN401 — an annotation may be anything
    """The annotation with all that decides which values it takes."""
    extra = found.json_schema_extra if callable(found.json_schema_extra) else None
    rest = [Field(discriminator=found.discriminator, json_schema_extra=extra)] if found.discriminator or extra else []
    metadata = [*found.metadata, *rest]
    return Annotated[found.annotation, *metadata] if metadata else found.annotation


def _told(found: FieldInfo) -> dict[str, Any]:
    """The parts of the schema that only inform."""
    told = {word: value for word in _TOLD if (value := getattr(found, word)) is not None}
    extra = found.json_schema_extra if isinstance(found.json_schema_extra, dict) else {}
    deprecated = {"deprecated": True} if found.deprecated else {}
    return cast("dict[str, Any]", to_jsonable_python({**told, **deprecated, **extra}, fallback=repr))


def _default(found: FieldInfo) -> object:
    """The default as far as it is known before a call."""
    if found.is_required():
        return Parameter.empty
    factory: object = found.default_factory
    is_same = factory is None or any(factory is each for each in _SAME)
    return found.get_default(call_default_factory=True) if is_same else MADE
