"""Loads models by their names in the configuration."""

import os
from collections.abc import Mapping
from dataclasses import replace
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Unpack

from llmc.config.config import Config, ConfigError, find_config
from llmc_compiler.representation.short_repr import cut
from llmc_runtime.models.messages import Prices
from llmc_runtime.models.openai.client import Model
from llmc_runtime.models.openai.settings.settings import ModelOptions

VARIABLE = "LLMC_MODEL"
"""The environment variable with the name of the default model."""

_LONGEST_NAME = 100


def load_model(
    name: str | None = None,
    *,
    config: Config | None = None,
    environment: Mapping[str, str] = os.environ,
    **options: Unpack[ModelOptions],
) -> Model:
    """Return the model with a name: a configured model, the local model, or a model that its server knows by this name.

    `options` replace those of the configuration, except that `headers` and `extra_body` are merged. If the server does
    not know the name, its error suggests a similar configured name.

    Without a name, the variable LLMC_MODEL names the model. Without a `config`, the configuration for the current
    folder is read. Raises ConfigError.
    """
    configured = (config or find_config(Path.cwd())).models
    name = name or environment.get(VARIABLE)
    if not name:
        message = f'no model is named; set {VARIABLE}, or name one such as "gpt-5" or "local"'
        raise ConfigError(message)
    try:
        if name in configured:
            return _configured(name, configured[name], options, environment)
        model = Model(name, **options)
    except ValueError as error:
        message = f"the model `{name}`: {error}"
        raise ConfigError(message) from error
    model.settings = replace(model.settings, meant=next(iter(get_close_matches(name, configured, n=1)), None))
    return model


def _configured(name: str, configured: Mapping[str, Any], given: ModelOptions, environment: Mapping[str, str]) -> Model:
    """Return a model with the options of a configuration and the given ones."""
    options = dict(configured)
    variable = options.pop("api_key_env", None)
    if "api_key" in given:
        variable = None
    elif variable is not None:
        options["api_key"] = _variable(variable, "its key", environment)
    named = options.pop("headers_env", {}).items()
    secret = {each: _variable(of, f"its header `{cut(each, _LONGEST_NAME)}`", environment) for each, of in named}
    if secret:
        options["headers"] = options.get("headers", {}) | secret
    if "prices" in options:
        options["prices"] = Prices(**options["prices"])
    if options.get("grammar") == "none":
        options["grammar"] = None
    options = merged(options, given)
    model = Model(options.pop("name", name), **options)
    if variable is not None:
        model.settings = replace(model.settings, variable=variable)
    return model


def _variable(variable: str, what: str, environment: Mapping[str, str]) -> str:
    """Return the value of a variable with a secret; raises ConfigError."""
    value = environment.get(variable)
    if not value:
        message = f"{what} is missing; set {cut(variable, _LONGEST_NAME)}"
        raise ConfigError(message)
    return value


def merged(options: Mapping[str, Any], given: Mapping[str, Any]) -> dict[str, Any]:
    """Return options with the given ones replaced; mappings are merged, headers by case-insensitive name."""
    both = dict(options)
    for key, value in given.items():
        current = both.get(key)
        if key == "headers" and isinstance(current, Mapping) and isinstance(value, Mapping):
            both[key] = {name.lower(): each for part in (current, value) for name, each in part.items()}
        else:
            both[key] = merged(current, value) if isinstance(current, dict) and isinstance(value, dict) else value
    return both
