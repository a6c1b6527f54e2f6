"""Read the data of replies: contents that are texts or lists of parts, and reasoning."""

from typing import Final, NamedTuple

_DEPTH: Final = 4
_REASONING_FIELDS: Final = ("reasoning_content", "reasoning", "thinking", "thought", "reasoning_details")
"""Fields in which servers send reasoning separately from the text; the first that is not empty counts."""

_REASONING_PARTS: Final = {
    "reasoning",
    "thinking",
    "reasoning_text",
    "summary_text",
    "reasoning.text",
    "redacted_thinking",
}
_IN_PART: Final = ("text", "content", "value", "refusal", "thinking", "reasoning", "summary")
"""The fields that hold the text of a part."""


class Content(NamedTuple):
    """The text and the reasoning of a content; `is_refused` marks a text that is a refusal."""

    text: str = ""
    reasoning: str = ""
    is_refused: bool = False


def at(value: object, *path: str | int) -> object:
    """Return the value at a path in JSON data, or None."""
    for step in path:
        if isinstance(step, str):
            value = value.get(step) if isinstance(value, dict) else None
        else:
            value = value[step] if isinstance(value, list) and len(value) > step else None
    return value


def words(value: object) -> str:
    """Return a text, or an empty one for any other value."""
    return value if isinstance(value, str) else ""


def content(value: object, depth: int = _DEPTH) -> Content:
    """Read a content: a text, a part, or a list of texts and parts."""
    if isinstance(value, str):
        return Content(value)
    if not depth:
        return Content()
    if isinstance(value, list):
        parts = [content(each, depth - 1) for each in value]
        text, reasoning = "".join(each.text for each in parts), "".join(each.reasoning for each in parts)
        return Content(text, reasoning, any(each.is_refused for each in parts))
    if not isinstance(value, dict):
        return Content()
    kind = words(value.get("type"))
    inner = next((part for key in _IN_PART if (part := content(value.get(key), depth - 1)) != Content()), Content())
    if kind in _REASONING_PARTS or value.get("thought") is True:
        return Content(reasoning=inner.text + inner.reasoning)
    if kind in {"", "text", "output_text", "refusal", "input_text"}:
        return inner._replace(is_refused=inner.is_refused or kind == "refusal")
    return Content()


def reasoning_of(message: object) -> str:
    """Return the reasoning that a message has separately from its content."""
    if not isinstance(message, dict):
        return ""
    for field in _REASONING_FIELDS:
        if not (value := message.get(field)):
            continue
        thoughts = content(value)
        if thoughts.text or thoughts.reasoning:
            return thoughts.reasoning + thoughts.text
    return ""
