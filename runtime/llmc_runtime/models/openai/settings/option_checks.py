"""Checks of the options of a model, made where they are given."""

from collections.abc import Callable, Mapping, Sequence
from math import isfinite
from types import NoneType
from typing import TYPE_CHECKING, Any, Final

from llmc_grammar.reasoning import ReasoningTags, TagName
from llmc_runtime.models.messages import Prices
from llmc_runtime.models.openai.settings.request_options import (
    check_sampling,
    checked_body,
    checked_headers,
    checked_stops,
)
from llmc_runtime.validation import Kinds, check_kind, check_kinds, check_names

if TYPE_CHECKING:
    from llmc_runtime.models.openai.settings.settings import ModelSettings


_KINDS: Final[Kinds] = {
    "base_url": ((str, NoneType), "an address"),
    "temperature": ((int, float, NoneType), "a number"),
    "prices": ((Prices, NoneType), "llmc.Prices(read=…, written=…)"),
    "timeout": ((int, float), "a number of seconds above 0"),
    "first_token": ((int, float), "a number of seconds above 0"),
    "idle": ((int, float), "a number of seconds above 0"),
    "connect": ((int, float), "a number of seconds above 0"),
    "retries": (int, "a whole number"),
    "organisation": ((str, NoneType), "a text"),
    "project": ((str, NoneType), "a text"),
    "api_version": ((str, NoneType), "a text"),
    "threads": ((int, NoneType), "a whole number"),
    "reasoning_tags": ((list, tuple), "a list of names, or of pairs of texts"),
    "max_tokens": ((int, NoneType), "a whole number from 1"),
    "top_p": ((int, float, NoneType), "a number from 0 to 1"),
    "seed": ((int, NoneType), "a whole number"),
    "reasoning_effort": ((str, NoneType), 'a text, such as "low"'),
    "stop": ((str, list, tuple), "a text, or a list of texts"),
    "stream": (bool, "True or False"),
    "headers": (Mapping, "a mapping from names to texts"),
    "extra_body": (Mapping, "a mapping from keys of the request to JSON data"),
}
"""The kinds of options, except for those with a fixed set of words."""


def check_options(name: str, options: Mapping[str, object], known: Mapping[str, object]) -> None:
    """Raises TypeError for an option that is not known, or of a wrong kind."""
    check_kind("name", name, str, 'a text, such as "gpt-5" or "local"')
    check_names("llmc.Model", "option", options, known)
    check_kinds(options, _KINDS)


def _checked_tags(given: Sequence[Any]) -> tuple[TagName, ...]:
    """The tags around reasoning."""
    tags = tuple(tuple(each) if isinstance(each, list) else each for each in given)
    ReasoningTags(tags)
    return tags


_SETTLED: Final[Mapping[str, Callable[[Any], object]]] = {
    "extra_body": checked_body,
    "headers": checked_headers,
    "reasoning_tags": _checked_tags,
    "stop": checked_stops,
}


def settled(options: Mapping[str, Any]) -> dict[str, Any]:
    """Options in the form of settings; raises TypeError or ValueError for what no request can carry."""
    return {name: _SETTLED[name](value) if name in _SETTLED else value for name, value in options.items()}


def check_one_key(headers: Mapping[str, str]) -> None:
    """Raises ValueError where a header would replace the key that was given."""
    if "authorization" in headers:
        message = "`api_key` and the header `authorization` are both keys: leave one of them out"
        raise ValueError(message)


def check_settings(made: "ModelSettings") -> None:
    """Raises ValueError for a number that makes no sense, and for what cannot be sent as a header."""
    for limit in ("timeout", "first_token", "idle", "connect"):
        if not getattr(made, limit) > 0:
            message = f"`{limit}` is a number of seconds above 0, not {getattr(made, limit)!r}"
            raise ValueError(message)
    if made.temperature is not None and not isfinite(made.temperature):
        message = f"`temperature` is a number, not {made.temperature!r}"
        raise ValueError(message)
    check_sampling(made.max_tokens, made.top_p, made.seed, made.reasoning_effort)
    for header in ("organisation", "project"):
        text = getattr(made, header)
        if text is not None and not (text.isascii() and text.isprintable()):
            message = f"`{header}` has characters that none has: {text!r}"
            raise ValueError(message)
    if made.retries < 0:
        message = f"`retries` is 0 or more, not {made.retries!r}"
        raise ValueError(message)
    if made.threads is not None and made.threads < 1:
        message = f"`threads` is 1 or more, not {made.threads!r}"
        raise ValueError(message)
