"""Checks of the options of a model, made when the model is made."""

from collections.abc import Callable, Mapping, Sequence
from types import NoneType
from typing import Any, Final

from llmc_grammar.reasoning import ReasoningTags, TagName
from llmc_runtime.models.messages import Prices
from llmc_runtime.models.openai.settings.request_options import (
    checked_body,
    checked_headers,
    checked_stops,
)
from llmc_runtime.validation import Kinds, check_kind, check_kinds, check_names

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
    """Raise TypeError for an unknown option, or a value of a wrong kind."""
    check_kind("name", name, str, 'a text, such as "gpt-5" or "local"')
    check_names("llmc.Model", "option", options, known)
    check_kinds(options, _KINDS)


def _checked_tags(given: Sequence[Any]) -> tuple[TagName, ...]:
    """Return the tags around reasoning; raises ValueError for invalid tags."""
    tags = tuple(tuple(tag) if isinstance(tag, list) else tag for tag in given)
    ReasoningTags(tags)
    return tags


_SETTLED: Final[Mapping[str, Callable[[Any], object]]] = {
    "extra_body": checked_body,
    "headers": checked_headers,
    "reasoning_tags": _checked_tags,
    "stop": checked_stops,
}


def settled(options: Mapping[str, Any]) -> dict[str, Any]:
    """Convert options to settings; raises TypeError or ValueError for values that no request can carry."""
    return {name: _SETTLED[name](value) if name in _SETTLED else value for name, value in options.items()}


def check_one_key(headers: Mapping[str, str]) -> None:
    """Raise ValueError if a header would replace the key that was given."""
    if "authorization" in headers:
        message = "`api_key` and the header `authorization` are both keys: leave one of them out"
        raise ValueError(message)
