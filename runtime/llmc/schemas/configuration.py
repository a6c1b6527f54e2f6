"""The JSON Schema of `llmc.toml`, generated from the tables that check the configuration."""

from typing import Any, Final

from llmc.config.config import KEYS, LARGEST_NUMBER, NUMBERS, OTHERS, PRICES, TEXTS, WHOLE
from llmc.config.limit_syntax import pattern
from llmc_runtime.limits import Limits, ToolLimits, limit_fields

_TEXT: Final = {"type": "string", "pattern": "^[^\\u0000]*$"}
_NUMBER: Final = {"type": "number", "minimum": -LARGEST_NUMBER, "maximum": LARGEST_NUMBER}
_INTEGER: Final = {**_NUMBER, "type": "integer"}

_TEXTS_BY_NAME: Final = {"type": "object", "additionalProperties": _TEXT}
_LIST: Final = {"type": "array"}
_SHAPES: Final[dict[str, dict[str, Any]]] = {
    "extra_body": {"type": "object", "description": "additional keys of the request"},
    "headers": _TEXTS_BY_NAME,
    "headers_env": {**_TEXTS_BY_NAME, "description": "the environment variables with secret headers"},
    "prices": {
        "type": "object",
        "properties": dict.fromkeys(PRICES, _NUMBER),
        "required": ["read", "written"],
        "additionalProperties": False,
    },
    "reasoning_tags": _LIST,
    "stop": {"type": ["string", "array"], "items": {"type": "string"}},
    "stream": {"type": "boolean"},
}
"""Options of a model that are neither strings nor numbers."""


def configuration() -> dict[str, Any]:
    """Return the schema of a configuration; unknown keys are mistakes."""
    entries = {
        "tools": _named({"type": "string", "minLength": 1, "description": "a Python file, or the name of a module"}),
        "limits": _limits(),
        "models": _named(_model()),
    }
    return _table({key: entries[key] for key in KEYS})


def _model() -> dict[str, Any]:
    """Return the schema of the options of a model."""
    return _table(
        {
            **dict.fromkeys(TEXTS, _TEXT),
            **dict.fromkeys(NUMBERS, _NUMBER),
            **dict.fromkeys(WHOLE, _INTEGER),
            **{key: _SHAPES[key] for key in OTHERS},
        }
    )


def _limits() -> dict[str, Any]:
    """Return the schema of the limits; `-` and `_` are equivalent in their names."""
    properties: dict[str, Any] = {}
    for name, field in limit_fields(Limits).items():
        limit = _limit(field.metadata["unit"], field.metadata["what"])
        properties |= {name: limit, name.replace("_", "-"): limit}
    width = limit_fields(ToolLimits)["width"].metadata
    of_tool = {"width": _limit(width["unit"], width["what"]), "rate": _limit("rate", "calls per time")}
    return _table({**properties, "tools": _named(_table(of_tool))})


def _limit(unit: str, about: str) -> dict[str, Any]:
    """Return the schema of a limit: a string with its unit, or a number for limits without a required unit."""
    text = {"type": "string", "pattern": f"^\\s*(?:{pattern(unit)})\\s*$"}
    number = {"count": "integer", "bytes": "integer", "cost": "number"}.get(unit)
    if number is None:
        return {**text, "description": about}
    return {"anyOf": [{"type": number, "minimum": 0}, text], "description": about}


def _table(properties: dict[str, Any]) -> dict[str, Any]:
    """Return the schema of a table with only these keys."""
    return {"type": "object", "properties": properties, "additionalProperties": False}


def _named(entry: dict[str, Any]) -> dict[str, Any]:
    """Return the schema of a table whose keys the user chooses."""
    return {"type": "object", "additionalProperties": entry}
