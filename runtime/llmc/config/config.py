"""The project's configuration: `llmc.toml`, or `[tool.llmc]` in `pyproject.toml`.

    [tool.llmc.tools]                # in llmc.toml: [tools]
    atlas = "examples/atlas.py"      # a file, relative to the configuration; anything else is a module's name
    mail = "company.mail.tools"

    [tool.llmc.limits]               # in llmc.toml: [limits]
    run-time = "60s"
    tools.search = { width = 2, rate = "10/s" }

    [tool.llmc.models.planner]       # a model with the name `planner`
    name = "gpt-5"                   # the model's name on its server
    api_key_env = "PLANNER_KEY"      # the variable with its key; the key itself is never written here
    prices = { read = 1.25, cached = 0.125, written = 10.0 }
    max_tokens = 4000
    headers = { "x-team" = "atlas" }
    headers_env = { "x-api-key" = "GATEWAY_KEY" }     # variables with secret headers
    extra_body = { service_tier = "flex" }            # keys of the request

Models have the options of `llmc.Model`; a local model also has the `path` of its file.

The nearest file counts, upwards from the plan's folder. A `pyproject.toml` without `[tool.llmc]` is skipped, and
`llmc.toml` takes precedence in the same folder. The file must belong to the user, to root, or to the owner of the
plan's folder: other users with write access above that folder could otherwise choose the code that a plan runs. The
variable LLMC_CONFIG names another file to read instead, with any owner.
"""

import os
import stat
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import field
from pathlib import Path
from typing import Any, Final

from llmc.config.toml_reader import TomlError, read_toml
from llmc.config.tool_sources import ToolSource
from llmc_compiler.representation.short_repr import short_repr
from llmc_grammar.frozen_data import frozen
from llmc_grammar.portable import Portable
from llmc_grammar.suggestion import suggest
from llmc_runtime.input_files import folder_of, open_input, read_descriptor, require_size

VARIABLE: Final = "LLMC_CONFIG"
"""The variable that names the configuration file, in any folder and with any owner."""

LARGEST: Final = 1024 * 1024
"""The maximum size of a configuration in bytes."""

LARGEST_NUMBER: Final = 10**12
_LONGEST_KEY: Final = 100

_HEADER: Final = ("tool", "llmc")
KEYS: Final = ("limits", "models", "tools")

TEXTS: Final = (
    "api",
    "api_key_env",
    "api_version",
    "base_url",
    "grammar",
    "name",
    "organisation",
    "path",
    "project",
    "reasoning_effort",
    "server",
)
NUMBERS: Final = ("connect", "first_token", "idle", "temperature", "timeout", "top_p")
WHOLE: Final = ("max_tokens", "retries", "seed", "threads")
OTHERS: Final = ("extra_body", "headers", "headers_env", "prices", "reasoning_tags", "stop", "stream")
PRICES: Final = ("cached", "read", "written")

_KINDS: Final = {"string": str, "number": int | float, "whole number": int}
"""Types of values by their names in messages."""


class ConfigError(Portable, ValueError):
    """A configuration file cannot be read, or contains an unknown key or an invalid value."""


@frozen
class Config:
    """The configuration of a project.

    `tools` maps names in `use` lines to files, module names or, from Python, other sources of tools. `models` maps
    names of models to their options. `limits` are pairs of names and texts, as in `--limit`.
    """

    path: Path | None = None
    tools: Mapping[str, Path | str | ToolSource] = field(default_factory=dict)
    limits: tuple[tuple[str, str], ...] = ()
    models: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)


_pipes: Final[dict[tuple[int, int], bytes]] = {}
"""The content of pipes by device and inode, since a pipe can be read only once."""


def find_config(folder: Path, *, environment: Mapping[str, str] = os.environ) -> Config:
    """Return the configuration for plans in a folder, empty without a file; raises ConfigError."""
    if named := environment.get(VARIABLE):
        return _named(Path(named))
    try:
        # `resolve` raises RuntimeError for circular links up to Python 3.12, and nothing from 3.13 on.
        start = Path(os.path.realpath(folder))
    except (OSError, ValueError) as error:
        message = f"the folder {folder} cannot be found: {getattr(error, 'strerror', None) or error}"
        raise ConfigError(message) from error
    for place in (start, *start.parents):
        for path, header in ((place / "llmc.toml", ()), (place / "pyproject.toml", _HEADER)):
            if os.path.lexists(path) and (table := _section(path, header, start)) is not None:
                return _config(path, header, table, place)
    return Config()


def _named(path: Path) -> Config:
    """Return the configuration named by LLMC_CONFIG."""
    header = _HEADER if path.name == "pyproject.toml" else ()
    table = _section(path, header, None)
    if table is None:
        message = f"{path}, which {VARIABLE} names, has no `[tool.llmc]`"
        raise ConfigError(message)
    return _config(path, header, table, folder_of(path).absolute())


def _config(path: Path, header: tuple[str, ...], table: dict[str, Any], folder: Path) -> Config:
    """Return the configuration in a table; its files are relative to the folder."""
    _check_keys(path, header, table, KEYS)
    return Config(
        path,
        tools=_tools(path, header, table, folder),
        limits=_limits(path, header, table),
        models=_models(path, header, table, folder),
    )


def _section(path: Path, header: tuple[str, ...], plans: Path | None) -> dict[str, Any] | None:
    """Return the table at a header, None if it is missing; raises ConfigError. Checks the owner if `plans` is given."""
    try:
        with open_input(path) as descriptor:
            status = os.fstat(descriptor)
            # The owner of a link counts too: relative names in the file are resolved in the link's folder.
            owners = {status.st_uid, path.lstat().st_uid}
            # Another user's `pyproject.toml` is harmless without the table. Reading a pipe could block forever.
            if not header or not stat.S_ISREG(status.st_mode):
                _check_owners(path, owners, plans)
            table: Any = read_toml(_read(descriptor, status))
    except (OSError, UnicodeDecodeError, TomlError) as error:
        message = f"{path} cannot be read: {getattr(error, 'strerror', None) or error}"
        raise ConfigError(message) from error
    for depth, name in enumerate(header, 1):
        if name not in table:
            return None
        table = _table(path, header[:depth], table[name])
    _check_owners(path, owners, plans)
    return _table(path, header, table)


def _read(descriptor: int, status: os.stat_result) -> bytes:
    """Read a file, or return the bytes of the first read of a pipe; raises OSError."""
    key = status.st_dev, status.st_ino
    if key in _pipes:
        return _pipes[key]
    data = read_descriptor(descriptor, LARGEST + 1)
    require_size(data, LARGEST)
    if stat.S_ISFIFO(status.st_mode):
        _pipes[key] = data
    return data


def _check_owners(path: Path, owners: set[int], plans: Path | None) -> None:
    """Raise ConfigError for a file of another user, who must not choose the code that this user runs."""
    if plans is None or not hasattr(os, "geteuid"):
        return
    strangers = owners - {os.geteuid(), 0}
    with suppress(OSError):  # a missing folder has no owner
        strangers.discard(plans.stat().st_uid)
    if strangers:
        message = (
            f"{path} belongs to {_user(strangers.pop())}, not to you, root or the owner of {plans}: "
            f"review it, then set {VARIABLE}={path} to allow it"
        )
        raise ConfigError(message)


def _user(number: int) -> str:
    """Return the name of a user, or the number."""
    import pwd

    try:
        return f"`{pwd.getpwuid(number).pw_name}`"
    except KeyError:
        return f"user {number}"


def _table(path: Path, header: tuple[str, ...], value: object) -> dict[str, Any]:
    """Return the value as a table; raises ConfigError."""
    if not isinstance(value, dict):
        message = f"{path}: `{_dotted(*header)}` must be a table, not {short_repr(value)}"
        raise ConfigError(message)
    return value


def _dotted(*keys: str) -> str:
    """Return the dotted key of a value for a message."""
    return ".".join(keys)[:_LONGEST_KEY]


def _check_keys(path: Path, header: tuple[str, ...], table: dict[str, Any], known: tuple[str, ...]) -> None:
    """Raise ConfigError for an unknown key."""
    for key in table:
        if key not in known:
            hint = suggest(key, known, f"the keys are {', '.join(f'`{each}`' for each in known)}")
            message = f"{path}: `{_dotted(*header, key)}` is not a known key; {hint}"
            raise ConfigError(message)


def _limits(path: Path, header: tuple[str, ...], table: dict[str, Any]) -> tuple[tuple[str, str], ...]:
    """Return the limits of the configuration; raises ConfigError."""
    where = (*header, "limits")
    if "limits" not in table:
        return ()
    from llmc.config.limit_syntax import flattened, read_limits
    from llmc_runtime.limits import LimitError, Limits

    try:
        limits = tuple(flattened(_table(path, where, table["limits"])))
        read_limits(limits, Limits())
    except LimitError as error:
        message = f"{path}: in `{_dotted(*where)}`: {error}"
        raise ConfigError(message) from error
    return limits


def _tools(path: Path, header: tuple[str, ...], table: dict[str, Any], folder: Path) -> dict[str, Path | str]:
    """Return the tools of the configuration; raises ConfigError."""
    where = (*header, "tools")
    entries = _table(path, where, table.get("tools", {}))
    return {name: _target(path, _dotted(*where, name), value, folder) for name, value in entries.items()}


def _models(path: Path, header: tuple[str, ...], table: dict[str, Any], folder: Path) -> dict[str, dict[str, Any]]:
    """Return the models of the configuration; raises ConfigError."""
    where = (*header, "models")
    entries = _table(path, where, table.get("models", {}))
    return {name: _model(path, (*where, name), value, folder) for name, value in entries.items()}


def _model(path: Path, header: tuple[str, ...], value: object, folder: Path) -> dict[str, Any]:
    """Return the options of a model; raises ConfigError."""
    table = _table(path, header, value)
    if "api_key" in table:
        where = f"{_dotted(*header)}.api_key"
        message = f"{path}: `{where}` is not accepted; put the key in a variable and name it: `api_key_env`"
        raise ConfigError(message)
    _check_keys(path, header, table, (*TEXTS, *NUMBERS, *WHOLE, *OTHERS))
    _check_types(path, header, table, TEXTS, "string")
    _check_types(path, header, table, NUMBERS, "number")
    _check_types(path, header, table, WHOLE, "whole number")
    prices = _table(path, (*header, "prices"), table.get("prices", {}))
    _check_keys(path, (*header, "prices"), prices, PRICES)
    _check_types(path, (*header, "prices"), prices, PRICES, "number")
    if "prices" in table and not {"read", "written"} <= set(prices):
        message = f"{path}: `{_dotted(*header)}.prices` needs `read` and `written`, the prices of a million tokens"
        raise ConfigError(message)
    _check_headers(path, header, table)
    _check_sent(path, header, table)
    return table | ({"path": folder / table["path"]} if "path" in table else {})


def _check_headers(path: Path, header: tuple[str, ...], table: dict[str, Any]) -> None:
    """Raise ConfigError for a secret header written in the file, or for a header that is not a string."""
    from llmc_runtime.models.openai.settings.request_options import has_credentials

    plain = _table(path, (*header, "headers"), table.get("headers", {}))
    named = _table(path, (*header, "headers_env"), table.get("headers_env", {}))
    for name in plain:
        where = _dotted(*header, "headers", name)
        if has_credentials({name: ""}):
            advice = f'name it: `headers_env = {{ "{name[:_LONGEST_KEY]}" = "VARIABLE" }}`'
            message = f"{path}: `{where}` is not accepted; put the secret in a variable and {advice}"
            raise ConfigError(message)
        if name.lower() in map(str.lower, named):
            message = f"{path}: `{where}` is also in `headers_env`; remove one of them"
            raise ConfigError(message)
    _check_types(path, (*header, "headers"), plain, tuple(plain), "string")
    _check_types(path, (*header, "headers_env"), named, tuple(named), "string")


def _check_sent(path: Path, header: tuple[str, ...], table: dict[str, Any]) -> None:
    """Raise ConfigError for an option that a request cannot carry."""
    from llmc_runtime.models.openai.settings.request_options import checked_body, checked_headers, checked_stops

    for key in ("stop", "reasoning_tags"):
        if key in table and not isinstance(table[key], (str, list) if key == "stop" else list):
            message = f"{path}: `{_dotted(*header, key)}` must be a list of strings, not {short_repr(table[key])}"
            raise ConfigError(message)
    if not isinstance(table.get("stream", True), bool):
        message = f"{path}: `{_dotted(*header, 'stream')}` must be true or false, not {short_repr(table['stream'])}"
        raise ConfigError(message)
    body = _table(path, (*header, "extra_body"), table.get("extra_body", {}))
    try:
        checked_stops(table.get("stop", ()))
        checked_headers(table.get("headers", {}))
        checked_headers(table.get("headers_env", {}))
        checked_body(body)
    except (TypeError, ValueError) as error:
        message = f"{path}: in `{_dotted(*header)}`: {error}"
        raise ConfigError(message) from error


def _check_types(path: Path, header: tuple[str, ...], table: dict[str, Any], keys: tuple[str, ...], kind: str) -> None:
    """Raise ConfigError for a value of the wrong type."""
    for key in keys:
        value = table.get(key)
        if key in table and (not isinstance(value, _KINDS[kind]) or isinstance(value, bool) or not _is_usable(value)):
            message = f"{path}: `{_dotted(*header, key)}` must be a {kind}, not {short_repr(value)}"
            raise ConfigError(message)


def _is_usable(value: object) -> bool:
    """Whether a number is in the range of clocks and prices, or a text has no NUL."""
    return abs(value) <= LARGEST_NUMBER if isinstance(value, int | float) else "\0" not in str(value)


def _target(path: Path, entry: str, value: object, folder: Path) -> Path | str:
    """Return the file or module name in an entry; raises ConfigError."""
    if not isinstance(value, str) or not value:
        examples = '"tools.py" or "company.tools"'
        message = f"{path}: `{entry}` must be a file or a module, such as {examples}, not {short_repr(value)}"
        raise ConfigError(message)
    return folder / value if value.endswith(".py") or "/" in value else value
