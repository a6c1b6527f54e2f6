"""Options of a model on the command line: `--model-option NAME=VALUE`.

A value is a text where the option is one, else JSON. `headers.NAME=TEXT`, `extra_body.KEY=VALUE` and deeper keys set
one entry; a value of the body that is no JSON is a text. Secrets come from variables: `headers_env.NAME=VARIABLE`.
"""

import json
import os
from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any, Final, cast

from llmc.cli.terminal.output import fail
from llmc.config.config import NUMBERS, OTHERS, TEXTS, WHOLE

if TYPE_CHECKING:
    from llmc_runtime.models.openai.settings.settings import ModelOptions

ELSEWHERE: Final = {
    "api_key": "others can read a command line: set LLMC_API_KEY, or `api_key_env` of a configured model",
    "base_url": "write `--base-url`",
    "model": "write `--model`",
    "name": "write `--model`",
}
"""Names that are no options of this kind, and why."""

MAPPINGS: Final = ("extra_body", "headers", "headers_env")
KNOWN: Final = tuple(
    name
    for name in sorted((*TEXTS, *NUMBERS, *WHOLE, *OTHERS))
    if name not in ELSEWHERE and name not in {"api_key_env", "path"}
)

DEEPEST: Final = 32
"""Parts that a dotted name may have."""

_LONGEST: Final = 100


def given_model_options(given: Sequence[str]) -> "ModelOptions":
    """The options that were given, later ones in the place of earlier ones, or the end with a message."""
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
    """The option in a text `NAME=VALUE`."""
    name, is_given, text = given.partition("=")
    shown = f"`--model-option {name[:_LONGEST]}`"
    if not is_given:
        fail(f"{shown} has no value: write `--model-option {name[:_LONGEST]}=…`")
    first, *inner = name.split(".")
    first = first.strip().replace("-", "_")
    if first in ELSEWHERE:
        fail(f"{shown} is not read: {ELSEWHERE[first]}")
    if first not in KNOWN:
        near = get_close_matches(first, KNOWN, n=1)
        fail(f"{shown} is no option; {f'did you mean `{near[0]}`?' if near else 'it is one of ' + ', '.join(KNOWN)}")
    if first in {"headers", "headers_env"}:
        inner = [".".join(inner)] if inner else []  # the name of a header may have dots
    if (inner and first not in MAPPINGS) or not all(inner) or len(inner) > DEEPEST:
        fail(f"{shown} is no option: only `headers.NAME` and `extra_body.KEY` have parts")
    value = _value(first, inner, text, shown)
    for key in reversed(inner):
        value = {key: value}
    return {first: value}


def _value(option: str, inner: Sequence[str], text: str, shown: str) -> Any:  # noqa: ANN401 — of any option
    """The value of an option, or of an entry of one."""
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
    """The value; that of a whole mapping is one."""
    if option in MAPPINGS and not inner and not isinstance(value, dict):
        fail(f"{shown} takes a mapping, such as {_EXAMPLES[option]}")
    return value


def _prices(value: object, shown: str) -> object:
    """The prices in JSON data."""
    from llmc import Prices

    if value is None:
        return None
    try:
        return Prices(**cast("Mapping[str, float]", value))
    except (TypeError, ValueError):
        fail(f"{shown} takes prices of a million tokens, such as {_EXAMPLES['prices']}")


def _refuse_secrets(headers: Mapping[str, Any]) -> None:
    """End with a message where a header that is a secret is written out."""
    from llmc_runtime.models.openai.settings.request_options import has_credentials

    for name in headers:
        if has_credentials({name: ""}):
            where = f"--model-option headers_env.{name[:_LONGEST]}=VARIABLE"
            fail(f"`--model-option headers.{name[:_LONGEST]}` is not read: put the secret in a variable, `{where}`")


def _from_variables(named: Mapping[str, Any]) -> dict[str, str]:
    """The headers whose values are in variables."""
    found: dict[str, str] = {}
    for header, variable in named.items():
        value = os.environ.get(variable) if isinstance(variable, str) and _is_name(variable) else None
        if not value:
            fail(f"`--model-option headers_env.{header[:_LONGEST]}`: there is no such variable, or it is empty")
        found[header] = value
    return found


def _is_name(variable: str) -> bool:
    """Whether a variable can have this name."""
    return bool(variable) and "\0" not in variable and "=" not in variable
