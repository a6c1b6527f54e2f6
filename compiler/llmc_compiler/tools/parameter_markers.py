"""Marks in annotations: `Context` for parameters that the run fills, `Secret` for values that must not be shown.

    @write("mail", idempotency_key="key")
    async def send(to: str, password: Secret[str], key: str, mailbox: Context[Mailbox]) -> None: ...

The run fills `key` and `mailbox`; a plan sees `to` and `password`. For type checkers, either mark on `T` is just `T`.
"""

from collections.abc import Iterator, Mapping
from inspect import Parameter, Signature
from typing import Annotated, Any, Final, TypeVar, get_args, get_origin

from llmc_grammar.frozen_data import frozen
from llmc_grammar.portable import Portable

T = TypeVar("T")


class Marker:
    """A mark on an annotation."""

    def __init__(self, name: str) -> None:
        self.name = name

    def __repr__(self) -> str:
        """The mark as written."""
        return self.name


_CONTEXT: Final = Marker("Context")
_SECRET: Final = Marker("Secret")

Context = Annotated[T, _CONTEXT]
"""A parameter that takes the context of the run: a session, a mailbox, a pool."""

Secret = Annotated[T, _SECRET]
"""A value that must not be shown: `Secret[str]`, as a parameter or the result."""


_ANYTHING: Final = (object, Any)
"""Annotations of a context that do not restrict it."""


class MarkError(Portable, ValueError):
    """A mark in the wrong place; the message says how to correct it."""


@frozen
class ParameterMarkers:
    """The parameters of a tool that get special treatment.

    The run fills `key` and `context`; the context is an instance of `wants`, unless that is None. `secrets` are the
    parameters that take secrets. `returns_secret`: the result is a secret.
    """

    key: str | None = None
    context: str | None = None
    wants: type | None = None
    secrets: frozenset[str] = frozenset()
    returns_secret: bool = False

    def may_be_secret(self, parameter: str | None) -> bool:
        """Whether an argument is a secret, or may be one because its parameter is not known."""
        return parameter in self.secrets or (parameter is None and bool(self.secrets))

    @property
    def shows_results(self) -> bool:
        """Whether messages may show parts of results: not if these are secrets, or may contain part of a secret."""
        return not (self.returns_secret or self.secrets)

    @property
    def hidden(self) -> tuple[str, ...]:
        """The parameters that a plan does not see."""
        return tuple(name for name in (self.key, self.context) if name is not None)


UNMARKED: Final = ParameterMarkers()


def read_marks(signature: Signature, hints: Mapping[str, Any], key: str | None) -> ParameterMarkers:
    """Return the marks of a function; `key` is the parameter that takes the idempotency key. Raises MarkError."""
    for name, hint in hints.items():
        _refuse_inside(name, hint)
    contexts = [name for name in signature.parameters if _mark(hints.get(name)) is _CONTEXT]
    if _mark(hints.get("return")) is _CONTEXT:
        raise MarkError("the result cannot be a context: `Context[…]` marks a parameter")
    if len(contexts) > 1:
        raise MarkError(f"`{contexts[0]}` and `{contexts[1]}` both take the context: keep one")
    if key is not None:
        _check_key(signature, hints, key)
    for name in filter(None, (key, *contexts)):
        _check_hidden(signature, name)
    secrets = frozenset(name for name in signature.parameters if _mark(hints.get(name)) is _SECRET)
    for name in (*sorted(secrets), "return"):
        _check_secret(signature.parameters.get(name), name, hints.get(name))
    context = contexts[0] if contexts else None
    wanted = _bare(hints[context]) if context else None
    marks = ParameterMarkers(
        key=key,
        context=context,
        wants=wanted if isinstance(wanted, type) and wanted not in _ANYTHING else None,
        secrets=secrets,
        returns_secret=_mark(hints.get("return")) is _SECRET,
    )
    # One shared object, so that a tool without marks is recognized by identity.
    return UNMARKED if marks == UNMARKED else marks


def unmarked(hints: Mapping[str, Any]) -> dict[str, Any]:
    """Return the annotations without their marks."""
    return {name: _plain(hint) for name, hint in hints.items()}


def _mark(hint: object) -> Marker | None:
    """Return the outermost mark of an annotation."""
    marks = [each for each in getattr(hint, "__metadata__", ()) if isinstance(each, Marker)]
    return marks[0] if marks else None


def _plain(hint: Any) -> Any:  # noqa: ANN401 — an annotation may be anything
    """Return the annotation without its mark."""
    if _mark(hint) is None:
        return hint
    others = [each for each in hint.__metadata__ if not isinstance(each, Marker)]
    return Annotated[hint.__origin__, *others] if others else hint.__origin__


def _bare(hint: Any) -> Any:  # noqa: ANN401 — an annotation may be anything
    """Return the type alone, without marks, bounds and descriptions."""
    return hint.__origin__ if get_origin(hint) is Annotated else hint


def _refuse_inside(name: str, hint: object) -> None:
    """Refuse a mark inside a type, where it would have no effect."""
    for part in _parts(_plain(hint)):
        if (mark := _mark(part)) is not None:
            what = "the result" if name == "return" else f"`{name}`"
            raise MarkError(f"`{mark}[…]` is inside the type of {what}: mark the whole parameter or result")


def _parts(hint: object) -> Iterator[object]:
    """Yield the types inside an annotation, at any depth."""
    for part in get_args(hint) if get_origin(hint) is not None else ():
        yield part
        yield from _parts(part)


def _check_key(signature: Signature, hints: Mapping[str, Any], key: str) -> None:
    """Check that the parameter for the key exists and is a string."""
    if key not in signature.parameters:
        known = ", ".join(f"`{name}`" for name in signature.parameters) or "none"
        raise MarkError(f"the parameter `{key}` for the idempotency key is missing; the parameters are: {known}")
    if _bare(hints.get(key, str)) is not str:
        raise MarkError(f"the idempotency key is a string: write `{key}: str`")


def _check_hidden(signature: Signature, name: str) -> None:
    """Check that a parameter that the run fills can be given by name."""
    kinds = {parameter.kind for parameter in signature.parameters.values()}
    kind = signature.parameters[name].kind
    if kind is Parameter.KEYWORD_ONLY:
        return
    if kind is not Parameter.POSITIONAL_OR_KEYWORD or Parameter.VAR_POSITIONAL in kinds:
        raise MarkError(f"`{name}` is filled by name: put it after a `*`")


def _check_secret(parameter: Parameter | None, name: str, hint: object) -> None:
    """Check that a secret is a string or None, and a single parameter."""
    if _mark(hint) is not _SECRET:
        return
    if parameter is not None and parameter.kind in {Parameter.VAR_POSITIONAL, Parameter.VAR_KEYWORD}:
        raise MarkError(f"`{name}` takes any number of arguments: give each secret a separate parameter")
    if _bare(hint) not in (str, str | None):
        what = "the result" if name == "return" else f"`{name}`"
        raise MarkError(f"a secret is a string: write `Secret[str]` for {what}, and one such parameter for each secret")
