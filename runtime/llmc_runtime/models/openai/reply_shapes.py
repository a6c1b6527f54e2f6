"""Shapes of the data in replies: contents that are texts or lists of parts, and reasoning."""

from typing import Final, NamedTuple

_DEPTH: Final = 4
_REASONING_FIELDS: Final = ("reasoning_content", "reasoning", "thinking", "thought", "reasoning_details")
"""Fields beside the text in which servers send reasoning; the first that has some counts."""

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
    """The text and the reasoning of a content; `is_refused`: the text is a refusal."""

    text: str = ""
    reasoning: str = ""
    is_refused: bool = False


def at(value: object, *path: str | int) -> object:
    """The value in JSON data at a path, None if there is none."""
    for step in path:
        if isinstance(step, str):
            value = value.get(step) if isinstance(value, dict) else None
        else:
            value = value[step] if isinstance(value, list) and len(value) > step else None
    return value


def words(value: object) -> str:
    """A text, nothing for anything else."""
    return value if isinstance(value, str) else ""


def content(value: object, depth: int = _DEPTH) -> Content:
    """Read a content: a text, a part, or a list of them."""
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
    inner = next((found for key in _IN_PART if (found := content(value.get(key), depth - 1)) != Content()), Content())
    if kind in _REASONING_PARTS or value.get("thought") is True:
        return Content(reasoning=inner.text + inner.reasoning)
    if kind in {"", "text", "output_text", "refusal", "input_text"}:
        return inner._replace(is_refused=inner.is_refused or kind == "refusal")
    return Content()


def reasoning_of(message: object) -> str:
    """The reasoning that a message has beside its content."""
    if not isinstance(message, dict):
        return ""
    for field in _REASONING_FIELDS:
        if not (value := message.get(field)):
            continue
        found = content(value)
        if found.text or found.reasoning:
            return found.reasoning + found.text
    return ""
