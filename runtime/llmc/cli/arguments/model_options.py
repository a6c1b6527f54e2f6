"""Options of a model on the command line: `--model-option NAME=VALUE`.

A value is text if the option is text, else JSON. `headers.NAME=TEXT`, `extra_body.KEY=VALUE` and deeper keys set one
entry; a value in the body that is not JSON is text. Secrets come from variables: `headers_env.NAME=VARIABLE`.
"""

import json
import os
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final, cast

from llmc.cli.terminal.output import fail
from llmc.config.config import NUMBERS, OTHERS, TEXTS, WHOLE
from llmc_grammar.suggestion import suggest

if TYPE_CHECKING:
    from llmc_runtime.models.openai.settings.settings import ModelOptions

ELSEWHERE: Final = {
    "api_key": "other users can see the command line: set LLMC_API_KEY, or `api_key_env` of a configured model",
    "base_url": "write `--base-url`",
    "model": "write `--model`",
    "name": "write `--model`",
}
"""Names that `--model-option` does not accept, and the alternative."""

MAPPINGS: Final = ("extra_body", "headers", "headers_env")
KNOWN: Final = tuple(
    name
    for name in sorted((*TEXTS, *NUMBERS, *WHOLE, *OTHERS))
    if name not in ELSEWHERE and name not in {"api_key_env", "path"}
)

DEEPEST: Final = 32
"""The maximum number of parts of a dotted name."""

_LONGEST: Final = 100


def given_model_options(given: Sequence[str]) -> "ModelOptions":
    """Return the options, later ones replacing earlier ones, or exit with a message."""
    from llmc.config.models import merged

    options: dict[str, Any] = {}
    for each in given:
        options = merged(options, _option(each))
    _refuse_secrets(options.get("headers", {}))
    secret = _from_variables(options.pop("headers_env", {}))
    if secret:
        options["headers"] = options.get("headers", {}) | secret
    return cast("ModelOptions", options)


def _option(given: str) -> dict[str, Any]:
    """Return the option in a text `NAME=VALUE`, or exit with a message."""
    name, is_given, text = given.partition("=")
    shown = f"`--model-option {name[:_LONGEST]}`"
    if not is_given:
        fail(f"{shown} has no value: write `--model-option {name[:_LONGEST]}=…`")
    first, *inner = name.split(".")
    first = first.strip().replace("-", "_")
    if first in ELSEWHERE:
        fail(f"{shown} is not accepted: {ELSEWHERE[first]}")
    if first not in KNOWN:
        hint = suggest(first, KNOWN, f"the options are {', '.join(KNOWN)}")
        fail(f"{shown} is not an option; {hint}")
    if first in {"headers", "headers_env"}:
        inner = [".".join(inner)] if inner else []  # header names may contain dots
    if (inner and first not in MAPPINGS) or not all(inner) or len(inner) > DEEPEST:
        fail(f"{shown} is not an option: only `headers.NAME` and `extra_body.KEY` have parts")
    value = _value(first, inner, text, shown)
    for key in reversed(inner):
        value = {key: value}
    return {first: value}


def _value(option: str, inner: Sequence[str], text: str, shown: str) -> Any:  # noqa: ANN401 — any option's value
    """Return the value of an option or of one entry, or exit with a message."""
    if option in {"headers", "headers_env"} and inner:
        return text
    if option in TEXTS:
        return None if option == "grammar" and text == "none" else text
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        if option == "stop" or inner:
            return text
        fail(f"{shown} takes JSON, such as {_EXAMPLES.get(option, '1')}, not `{text[:_LONGEST]}`")
    if option == "stop":
        return value if isinstance(value, str | list) else text
    return _prices(value, shown) if option == "prices" else _mapping(option, inner, value, shown)


_EXAMPLES: Final = {
    "extra_body": '{"top_k": 20}',
    "headers": '{"x-team": "atlas"}',
    "headers_env": '{"x-api-key": "VARIABLE"}',
    "prices": '{"read": 1.25, "written": 10}',
    "reasoning_tags": '["think"]',
    "stream": "false",
}


def _mapping(option: str, inner: Sequence[str], value: object, shown: str) -> object:
    """Return the value; exit if a whole mapping is not an object."""
    if option in MAPPINGS and not inner and not isinstance(value, dict):
        fail(f"{shown} takes a mapping, such as {_EXAMPLES[option]}")
    return value


def _prices(value: object, shown: str) -> object:
    """Return prices from JSON data, or exit with a message."""
    from llmc import Prices

    if value is None:
        return None
    try:
        return Prices(**cast("Mapping[str, float]", value))
    except (TypeError, ValueError):
        fail(f"{shown} takes prices of a million tokens, such as {_EXAMPLES['prices']}")


def _refuse_secrets(headers: Mapping[str, Any]) -> None:
    """Exit with a message if the text of a secret header is on the command line."""
    from llmc_runtime.models.openai.settings.request_options import has_credentials

    for name in headers:
        if has_credentials({name: ""}):
            where = f"--model-option headers_env.{name[:_LONGEST]}=VARIABLE"
            fail(f"`--model-option headers.{name[:_LONGEST]}` is not accepted: put the secret in a variable, `{where}`")


def _from_variables(named: Mapping[str, Any]) -> dict[str, str]:
    """Return the headers whose values are in variables, or exit with a message."""
    headers: dict[str, str] = {}
    for header, variable in named.items():
        value = os.environ.get(variable) if isinstance(variable, str) and _is_name(variable) else None
        if not value:
            fail(f"`--model-option headers_env.{header[:_LONGEST]}`: the variable is missing or empty")
        headers[header] = value
    return headers


def _is_name(variable: str) -> bool:
    """Whether a variable can have this name."""
    return bool(variable) and "\0" not in variable and "=" not in variable
