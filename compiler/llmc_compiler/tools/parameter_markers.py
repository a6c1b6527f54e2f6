"""What annotations say besides types: who fills a parameter, and what is to be kept out of sight.

    @write("mail", idempotency_key="key")
    async def send(to: str, password: Secret[str], key: str, mailbox: Context[Mailbox]) -> None: ...

The run fills `key` and `mailbox`; a plan sees `to` and `password`. For type checkers both marks are what they mark.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from inspect import Parameter, Signature
from typing import Annotated, Any, Final, TypeVar, get_args, get_origin

from llmc_grammar.portable import Portable

T = TypeVar("T")


class Marker:
    """A mark on an annotation."""

    def __init__(self, name: str) -> None:
        self.name = name

    def __repr__(self) -> str:
        """The mark as it is written."""
        return self.name


_CONTEXT: Final = Marker("Context")
_SECRET: Final = Marker("Secret")

Context = Annotated[T, _CONTEXT]
"""A parameter that takes the context of the run: a session, a mailbox, a pool."""

Secret = Annotated[T, _SECRET]
"""A text that is kept out of sight: `Secret[str]`, of a parameter or of the result."""


_ANYTHING: Final = (object, Any)
"""Classes of a context that say nothing about it."""


class MarkError(Portable, ValueError):
    """A mark that cannot work; the text says what to write instead."""


@dataclass(frozen=True, slots=True)
class ParameterMarkers:
    """The parameters of a tool that are not as others.

    `key` and `context` are filled by the run; the context is an instance of `wants`, where that is a class. `secrets`
    are parameters whose arguments are secret, and the result is where `returns_secret`.
    """

    key: str | None = None
    context: str | None = None
    wants: type | None = None
    secrets: frozenset[str] = frozenset()
    returns_secret: bool = False

    def may_be_secret(self, parameter: str | None) -> bool:
        """Whether an argument is secret, or may be, where its parameter is not known."""
        return parameter in self.secrets or (parameter is None and bool(self.secrets))

    @property
    def shows_results(self) -> bool:
        """Whether messages may show parts of results: not where these are secret, or may hold a part of a secret."""
        return not (self.returns_secret or self.secrets)

    @property
    def hidden(self) -> tuple[str, ...]:
        """What a plan does not see."""
        return tuple(name for name in (self.key, self.context) if name is not None)


UNMARKED: Final = ParameterMarkers()


def read_marks(signature: Signature, hints: Mapping[str, Any], key: str | None) -> ParameterMarkers:
    """The marks of a function; `key` is the parameter that takes the idempotency key. Raises MarkError."""
    for name, hint in hints.items():
        _refuse_inside(name, hint)
    contexts = [name for name in signature.parameters if _mark(hints.get(name)) is _CONTEXT]
    if _mark(hints.get("return")) is _CONTEXT:
        raise MarkError("the result is no context: `Context[…]` marks a parameter")
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
    found = ParameterMarkers(
        key=key,
        context=context,
        wants=wanted if isinstance(wanted, type) and wanted not in _ANYTHING else None,
        secrets=secrets,
        returns_secret=_mark(hints.get("return")) is _SECRET,
    )
    # One object for all, so that who has none is known without a look inside.
    return UNMARKED if found == UNMARKED else found


def unmarked(hints: Mapping[str, Any]) -> dict[str, Any]:
    """The annotations as they are without marks."""
    return {name: _plain(hint) for name, hint in hints.items()}


def _mark(hint: object) -> Marker | None:
    """The mark that stands around an annotation."""
    found = [each for each in getattr(hint, "__metadata__", ()) if isinstance(each, Marker)]
    return found[0] if found else None


def _plain(hint: Any) -> Any:  # noqa: ANN401 — an annotation may be anything
    """The annotation without its mark."""
    if _mark(hint) is None:
        return hint
    others = [each for each in hint.__metadata__ if not isinstance(each, Marker)]
    return Annotated[hint.__origin__, *others] if others else hint.__origin__


def _bare(hint: Any) -> Any:  # noqa: ANN401 — an annotation may be anything
    """The type alone, without marks, bounds and descriptions."""
    return hint.__origin__ if get_origin(hint) is Annotated else hint


def _refuse_inside(name: str, hint: object) -> None:
    """Refuse a mark inside a type, where nothing would look for it."""
    for part in _parts(_plain(hint)):
        if (mark := _mark(part)) is not None:
            what = "the result" if name == "return" else f"`{name}`"
            raise MarkError(f"`{mark}[…]` stands inside the type of {what}: it marks a whole parameter or result")


def _parts(hint: object) -> Iterator[object]:
    """What stands inside an annotation, at any depth."""
    for part in get_args(hint) if get_origin(hint) is not None else ():
        yield part
        yield from _parts(part)


def _check_key(signature: Signature, hints: Mapping[str, Any], key: str) -> None:
    """The parameter for the key must be there, and a text."""
    if key not in signature.parameters:
        known = ", ".join(f"`{name}`" for name in signature.parameters) or "none"
        raise MarkError(f"there is no parameter `{key}` to take the idempotency key; the parameters are: {known}")
    if _bare(hints.get(key, str)) is not str:
        raise MarkError(f"the idempotency key is a text: write `{key}: str`")


def _check_hidden(signature: Signature, name: str) -> None:
    """What the run fills is given by name."""
    kinds = {found.kind for found in signature.parameters.values()}
    kind = signature.parameters[name].kind
    if kind is Parameter.KEYWORD_ONLY:
        return
    if kind is not Parameter.POSITIONAL_OR_KEYWORD or Parameter.VAR_POSITIONAL in kinds:
        raise MarkError(f"`{name}` is filled by name: put it behind a `*`")


def _check_secret(parameter: Parameter | None, name: str, hint: object) -> None:
    """A secret is a text, or a text or null, and one parameter."""
    if _mark(hint) is not _SECRET:
        return
    if parameter is not None and parameter.kind in {Parameter.VAR_POSITIONAL, Parameter.VAR_KEYWORD}:
        raise MarkError(f"`{name}` takes any number of arguments: give each secret a parameter of its own")
    if _bare(hint) not in (str, str | None):
        what = "the result" if name == "return" else f"`{name}`"
        raise MarkError(f"a secret is a text: write `Secret[str]` for {what}, and one such parameter for each secret")
