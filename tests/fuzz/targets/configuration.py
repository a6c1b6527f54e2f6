"""A configuration: one that models can be made from, or a ConfigError.

`0` in front of the text makes it an `llmc.toml`, anything else a `pyproject.toml`.
"""

from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from llmc.config.config import ConfigError, find_config
from llmc.config.limit_syntax import read_limits
from llmc.config.models import load_model
from llmc_runtime.limits import Limits
from tests.fuzz.laws import check_message

NAMES: Final = ("llmc.toml", "pyproject.toml")


def check(data: bytes) -> None:
    """No exception but ConfigError, and no message that is endless."""
    folder = Path(_folder().name)
    for name in NAMES:
        Path(folder, name).unlink(missing_ok=True)
    Path(folder, NAMES[data[:1] != b"0"]).write_bytes(data[1:])
    try:
        config = find_config(folder)
    except ConfigError as error:
        check_message(error)
        return
    read_limits(config.limits, Limits())
    for name in config.models:
        try:
            repr(load_model(name, config=config, environment={"KEY": "sk-1"}))
        except ConfigError as error:
            check_message(error)


@cache
def _folder() -> "TemporaryDirectory[str]":
    """A folder for all inputs: to make one takes longer than to read them."""
    return TemporaryDirectory()
