"""Marks that models put around tool calls in a text."""

import re
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Mark:
    """A pair of marks; without a closing one the calls go on to the end of the text."""

    opening: str
    closing: str | None = None


MARKS: Final = (
    Mark("<tool_call>", "</tool_call>"),
    Mark("<tool_calls>", "</tool_calls>"),
    Mark("<function_call>", "</function_call>"),
    Mark("<function_calls>", "</function_calls>"),
    Mark("<function=", "</function>"),
    Mark("<invoke ", "</invoke>"),
    Mark("<tool_use>", "</tool_use>"),
    Mark("<|tool_call|>"),
    Mark("<|tool_calls|>"),
    Mark("<|python_tag|>"),
    Mark("[TOOL_CALLS]"),
    Mark("[TOOL_CALL]", "[/TOOL_CALL]"),
)
"""Marks of Qwen, Hermes, Mistral, Llama, Phi, Granite and their kin."""

OPENING: Final = re.compile("|".join(re.escape(mark.opening) for mark in MARKS))
_BY_OPENING: Final = {mark.opening: mark for mark in MARKS}


def mark_of(opening: str) -> Mark:
    """Return the pair of marks that an opening one begins."""
    return _BY_OPENING[opening]
