"""Models by the names that a project gives them."""

import os
from collections.abc import Mapping
from dataclasses import replace
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from llmc.config import Config, ConfigError, find_config
from llmc_runtime.agent.dialogue import Prices
from llmc_runtime.agent.model import Model

VARIABLE = "LLMC_MODEL"
"""The variable with the name of the model that is meant where nobody names one."""


def load_model(
    name: str | None = None, *, config: Config | None = None, environment: Mapping[str, str] = os.environ
) -> Model:
    """The model of a name: that of the configuration, else the local one, else one that its server knows by this name.

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
            return _configured(name, dict(known[name]), environment)
        model = Model(name)
    except ValueError as error:
        message = f"the model `{name}`: {error}"
        raise ConfigError(message) from error
    model.settings = replace(model.settings, meant=next(iter(get_close_matches(name, known, n=1)), None))
    return model


def _configured(name: str, options: dict[str, Any], environment: Mapping[str, str]) -> Model:
    """A model with the options of a configuration."""
    variable = options.pop("api_key_env", None)
    if variable is not None:
        options["api_key"] = environment.get(variable)
        if not options["api_key"]:
            message = f"its key is not there; set {variable}"
            raise ConfigError(message)
    if "prices" in options:
        options["prices"] = Prices(**options["prices"])
    if options.get("grammar") == "none":
        options["grammar"] = None
    model = Model(options.pop("name", name), **options)
    if variable is not None:
        model.settings = replace(model.settings, variable=variable)
    return model
