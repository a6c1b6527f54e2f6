"""Tools that come as JSON schema, as an issue tracker's server describes them."""

from typing import Any, Final

from llmc import Tool, Toolbox

ISSUES: Final[list[dict[str, Any]]] = [
    {"number": 1, "title": "The kettle whistles in the wrong key", "state": "open"},
    {"number": 2, "title": "Tea is cold after a meeting", "state": "closed"},
]

SEARCH: Final = {
    "type": "object",
    "properties": {
        "$filter": {"type": "string", "description": "Words that the title has.", "examples": ["kettle"]},
        "state": {"$ref": "#/$defs/State", "default": "open"},
        "per-page": {"type": "integer", "minimum": 1, "maximum": 100, "default": 30, "description": "Most issues."},
    },
    "required": ["$filter"],
    "$defs": {"State": {"enum": ["open", "closed", "all"], "description": "State of the issues."}},
}

CHANGE: Final = {
    "type": "object",
    "oneOf": [
        {
            "properties": {
                "action": {"const": "create"},
                "title": {"type": "string", "maxLength": 256, "description": "One line."},
                "labels": {"type": "array", "items": {"type": "string"}},
            },
            "required": ["action", "title"],
            "additionalProperties": False,
        },
        {
            "properties": {"action": {"const": "close"}, "number": {"type": "integer", "minimum": 1}},
            "required": ["action", "number"],
            "additionalProperties": False,
        },
    ],
}

ISSUE: Final = {
    "type": "object",
    "properties": {"number": {"type": "integer"}, "title": {"type": "string"}, "state": {"type": "string"}},
    "required": ["number", "title", "state"],
}


def search(**arguments: Any) -> list[dict[str, Any]]:
    """The issues that fit."""
    state, words = arguments.get("state", "open"), arguments["$filter"].lower()
    found = [issue for issue in ISSUES if words in issue["title"].lower() and state in (issue["state"], "all")]
    return found[: arguments.get("per-page", 30)]


def change(action: str, **arguments: Any) -> dict[str, Any]:
    """The issue that was created or closed."""
    if action == "create":
        ISSUES.append({"number": len(ISSUES) + 1, "title": arguments["title"], "state": "open"})
        return ISSUES[-1]
    issue = next(issue for issue in ISSUES if issue["number"] == arguments["number"])
    issue["state"] = "closed"
    return issue


tools = Toolbox(
    [
        Tool.from_schema(
            "issues.search",
            "Search issues.",
            SEARCH,
            "read(issues)",
            search,
            returns={"type": "array", "items": ISSUE},
            latency=0.2,
        ),
        Tool.from_schema("issues.change", "Create or close an issue.", CHANGE, "write(issues)", change, returns=ISSUE),
    ]
)
