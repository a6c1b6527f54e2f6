"""The project's configuration: `llmc.toml`, or `[tool.llmc]` in `pyproject.toml`.

    [tool.llmc.tools]                # in llmc.toml: [tools]
    atlas = "examples/atlas.py"      # a file, relative to the configuration; anything else is a module's name
    mail = "company.mail.tools"

    [tool.llmc.limits]               # in llmc.toml: [limits]
    run-time = "60s"
    tools.search = { width = 2, rate = "10/s" }

    [tool.llmc.models.planner]       # a model that goes by the name `planner`
    name = "gpt-5"                   # what its server calls it
    api_key_env = "PLANNER_KEY"      # the variable that holds its key; the key itself is never written here
    prices = { read = 1.25, cached = 0.125, written = 10.0 }

Models have the options of `llmc.Model`, and a local one the `path` of its file.

The nearest file counts, upwards from the plan's folder; a `pyproject.toml` without `[tool.llmc]` is passed over, and
beside an `llmc.toml` it is not read. Nothing else reads these files.
"""

import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Final

_KEYS: Final = ("limits", "models", "tools")

_TEXTS: Final = (
    "api",
    "api_key_env",
    "api_version",
    "base_url",
    "grammar",
    "name",
    "organisation",
    "path",
    "project",
    "server",
)
_NUMBERS: Final = ("connect", "first_token", "idle", "temperature", "timeout")
_WHOLE: Final = ("retries", "threads")
_PRICES: Final = ("cached", "read", "written")


class ConfigError(ValueError):
    """A configuration file cannot be read, or says something that has no meaning."""


@dataclass(frozen=True, slots=True)
class Config:
    """What a project says.

    `tools` has for each name that `use` knows a file or the name of a module, `models` for each model its options;
    `limits` are names and texts, as `--limit` takes them.
    """

    path: Path | None = None
    tools: Mapping[str, Path | str] = field(default_factory=dict)
    limits: tuple[tuple[str, str], ...] = ()
    models: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)


def find_config(folder: Path) -> Config:
    """The configuration for plans in a folder, an empty one if there is none; raises ConfigError."""
    try:
        # `resolve` raises RuntimeError for a circle of links up to Python 3.12, and nothing from 3.13 on.
        start = Path(os.path.realpath(folder))
    except OSError as error:
        message = f"the folder {folder} cannot be found: {error.strerror}"
        raise ConfigError(message) from error
    for place in (start, *start.parents):
        for path, header in ((place / "llmc.toml", ()), (place / "pyproject.toml", ("tool", "llmc"))):
            table = _section(path, header) if path.is_file() else None
            if table is not None:
                _check_keys(path, header, table, _KEYS)
                return Config(
                    path,
                    tools=_tools(path, header, table),
                    limits=_limits(path, header, table),
                    models=_models(path, header, table),
                )
    return Config()


def _section(path: Path, header: tuple[str, ...]) -> dict[str, Any] | None:
    """The table of that header, if the file has it."""
    try:
        table: Any = tomllib.loads(path.read_text("utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        message = f"{path} cannot be read: {getattr(error, 'strerror', None) or error}"
        raise ConfigError(message) from error
    for depth, name in enumerate(header, 1):
        if name not in table:
            return None
        table = _table(path, header[:depth], table[name])
    return _table(path, header, table)


def _table(path: Path, header: tuple[str, ...], value: object) -> dict[str, Any]:
    """The value as a table."""
    if not isinstance(value, dict):
        message = f"{path}: `{'.'.join(header)}` must be a table, not {value!r}"
        raise ConfigError(message)
    return value


def _check_keys(path: Path, header: tuple[str, ...], table: dict[str, Any], known: tuple[str, ...]) -> None:
    """Raises ConfigError for a key that means nothing."""
    for key in table:
        if key not in known:
            near = get_close_matches(key, known)
            message = f"{path}: `{'.'.join((*header, key))}` means nothing here; {_hint(near, known)}"
            raise ConfigError(message)


def _limits(path: Path, header: tuple[str, ...], table: dict[str, Any]) -> tuple[tuple[str, str], ...]:
    """The entry `limits`, checked."""
    where = (*header, "limits")
    if "limits" not in table:
        return ()
    from llmc.limit_texts import flattened, read_limits
    from llmc_runtime.limits import LimitError, Limits

    try:
        found = tuple(flattened(_table(path, where, table["limits"])))
        read_limits(found, Limits())
    except LimitError as error:
        message = f"{path}: in `{'.'.join(where)}`: {error}"
        raise ConfigError(message) from error
    return found


def _hint(near: list[str], known: tuple[str, ...]) -> str:
    """What may have been meant."""
    return f"did you mean `{near[0]}`?" if near else f"it knows {', '.join(f'`{key}`' for key in known)}"


def _tools(path: Path, header: tuple[str, ...], table: dict[str, Any]) -> dict[str, Path | str]:
    """The entry `tools` of the configuration."""
    where = (*header, "tools")
    entries = _table(path, where, table.get("tools", {}))
    return {name: _target(path, f"{'.'.join(where)}.{name}", value) for name, value in entries.items()}


def _models(path: Path, header: tuple[str, ...], table: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """The entry `models` of the configuration."""
    where = (*header, "models")
    entries = _table(path, where, table.get("models", {}))
    return {name: _model(path, (*where, name), value) for name, value in entries.items()}


def _model(path: Path, header: tuple[str, ...], value: object) -> dict[str, Any]:
    """The options of a model."""
    table = _table(path, header, value)
    if "api_key" in table:
        message = (
            f"{path}: `{'.'.join(header)}.api_key` is not read; put the key in a variable and name it: `api_key_env`"
        )
        raise ConfigError(message)
    _check_keys(path, header, table, (*_TEXTS, *_NUMBERS, *_WHOLE, "prices"))
    _check_types(path, header, table, _TEXTS)
    _check_types(path, header, table, _NUMBERS)
    _check_types(path, header, table, _WHOLE)
    prices = _table(path, (*header, "prices"), table.get("prices", {}))
    _check_keys(path, (*header, "prices"), prices, _PRICES)
    _check_types(path, (*header, "prices"), prices, _PRICES)
    if prices and not {"read", "written"} <= set(prices):
        message = f"{path}: `{'.'.join(header)}.prices` needs `read` and `written`, for a million tokens each"
        raise ConfigError(message)
    return table | ({"path": path.parent / table["path"]} if "path" in table else {})


def _check_types(path: Path, header: tuple[str, ...], table: dict[str, Any], keys: tuple[str, ...]) -> None:
    """Raises ConfigError for a value that is not what its key has."""
    what, kind = {_TEXTS: ("a text", str), _WHOLE: ("a whole number", int)}.get(keys, ("a number", int | float))
    for key in keys:
        if key in table and (not isinstance(table[key], kind) or isinstance(table[key], bool)):
            message = f"{path}: `{'.'.join((*header, key))}` must be {what}, not {table[key]!r}"
            raise ConfigError(message)


def _target(path: Path, entry: str, value: object) -> Path | str:
    """A file or a module."""
    if not isinstance(value, str) or not value:
        message = f'{path}: `{entry}` must be a file or a module, such as "tools.py" or "company.tools", not {value!r}'
        raise ConfigError(message)
    return path.parent / value if value.endswith(".py") or "/" in value else value
