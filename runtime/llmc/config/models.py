"""Models by the names that a project gives them."""

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
"""The variable with the name of the model that is meant where nobody names one."""

_LONGEST_NAME = 100


def load_model(
    name: str | None = None,
    *,
    config: Config | None = None,
    environment: Mapping[str, str] = os.environ,
    **options: Unpack[ModelOptions],
) -> Model:
    """The model of a name: that of the configuration, else the local one, else one that its server knows by this name.

    `options` replace those of the configuration, but are added to its `headers` and `extra_body`.

    Errors about a name that is not known suggest the configured one that is like it.

    Without a name it is that of the variable LLMC_MODEL. Without a `config`, the one that governs the current folder is
    read. Raises ConfigError.
    """
    known = (config or find_config(Path.cwd())).models
    name = name or environment.get(VARIABLE)
    if not name:
        message = f'no model is named; set {VARIABLE}, or name one such as "gpt-5" or "local"'
        raise ConfigError(message)
    try:
        if name in known:
            return _configured(name, known[name], options, environment)
        model = Model(name, **options)
    except ValueError as error:
        message = f"the model `{name}`: {error}"
        raise ConfigError(message) from error
    model.settings = replace(model.settings, meant=next(iter(get_close_matches(name, known, n=1)), None))
    return model


def _configured(name: str, configured: Mapping[str, Any], given: ModelOptions, environment: Mapping[str, str]) -> Model:
    """A model with the options of a configuration, and those that were given."""
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
    """The value of a variable that holds a secret; raises ConfigError."""
    found = environment.get(variable)
    if not found:
        message = f"{what} is not there; set {cut(variable, _LONGEST_NAME)}"
        raise ConfigError(message)
    return found


def merged(options: Mapping[str, Any], given: Mapping[str, Any]) -> dict[str, Any]:
    """Options with others in their place; mappings are added to each other, headers by their names in any case."""
    both = dict(options)
    for key, value in given.items():
        known = both.get(key)
        if key == "headers" and isinstance(known, Mapping) and isinstance(value, Mapping):
            both[key] = {name.lower(): each for part in (known, value) for name, each in part.items()}
        else:
            both[key] = merged(known, value) if isinstance(known, dict) and isinstance(value, dict) else value
    return both
