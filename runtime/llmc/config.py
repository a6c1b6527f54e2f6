"""The project's configuration: `llmc.toml`, or `[tool.llmc]` in `pyproject.toml`.

    [tool.llmc.tools]                # in llmc.toml: [tools]
    atlas = "examples/atlas.py"      # a file, relative to the configuration; anything else is a module's name
    mail = "company.mail.tools"

    [tool.llmc.limits]               # in llmc.toml: [limits]
    run-time = "60s"
    tools.search = { width = 2, rate = "10/s" }

The nearest file counts, upwards from the plan's folder; a `pyproject.toml` without `[tool.llmc]` is passed over, and
beside an `llmc.toml` it is not read. Nothing else reads these files.
"""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Final

_KEYS: Final = ("tools", "limits")


class ConfigError(ValueError):
    """A configuration file cannot be read, or says something that has no meaning."""


@dataclass(frozen=True, slots=True)
class Config:
    """What a project says: `tools` has for each name that `use` knows a file or the name of a module.

    `limits` are names and texts, as `--limit` takes them.
    """

    path: Path | None = None
    tools: Mapping[str, Path | str] = field(default_factory=dict)
    limits: tuple[tuple[str, str], ...] = ()


def find_config(folder: Path) -> Config:
    """The configuration for plans in a folder, an empty one if there is none; raises ConfigError."""
    start = folder.resolve()
    for place in (start, *start.parents):
        for path, header in ((place / "llmc.toml", ()), (place / "pyproject.toml", ("tool", "llmc"))):
            table = _section(path, header) if path.is_file() else None
            if table is not None:
                _check_keys(path, header, table)
                return Config(path, _tools(path, header, table), _limits(path, header, table))
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


def _check_keys(path: Path, header: tuple[str, ...], table: dict[str, Any]) -> None:
    """Refuse an entry that means nothing; raises ConfigError."""
    for key in table:
        if key not in _KEYS:
            near = get_close_matches(key, _KEYS)
            message = f"{path}: `{'.'.join((*header, key))}` means nothing here; {_hint(near)}"
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


def _tools(path: Path, header: tuple[str, ...], table: dict[str, Any]) -> dict[str, Path | str]:
    """The entry `tools`."""
    where = (*header, "tools")
    entries = _table(path, where, table.get("tools", {}))
    return {name: _target(path, f"{'.'.join(where)}.{name}", value) for name, value in entries.items()}


def _hint(near: list[str]) -> str:
    """What may have been meant."""
    return f"did you mean `{near[0]}`?" if near else f"it knows {', '.join(f'`{key}`' for key in _KEYS)}"


def _target(path: Path, entry: str, value: object) -> Path | str:
    """A file or a module."""
    if not isinstance(value, str) or not value:
        message = f'{path}: `{entry}` must be a file or a module, such as "tools.py" or "company.tools", not {value!r}'
        raise ConfigError(message)
    return path.parent / value if value.endswith(".py") or "/" in value else value
