"""Tool calls that a server returns in separate fields, as text of a reply."""

import json
from collections.abc import Mapping
from typing import Final

from llmc_runtime.models.openai.reply_shapes import at, words

MOST_CALLS: Final = 257
"""Tool calls of a reply that are kept: one more than a plan may have, so that the excess is reported as a mistake."""


class NativeCalls:
    """Collects the deltas of tool calls: by index, and by id if a server gives every call the same index."""

    __slots__ = ("_arguments", "_ids", "_names", "_open")

    def __init__(self) -> None:
        self._names: list[str] = []
        self._arguments: list[list[str]] = []
        self._ids: list[str] = []
        self._open: dict[object, int] = {}

    def take(self, delta: object) -> int:
        """Add a delta, and return its number of characters; a delta without a name continues the call at its index."""
        function = at(delta, "function")
        name, arguments = words(at(function, "name")), _arguments(at(function, "arguments"))
        if not (name or arguments):
            return 0
        index, identity = at(delta, "index"), words(at(delta, "id"))
        index = index if isinstance(index, int) else None
        place = self._open.get(index)
        if place is None or (name and self._is_next(place, index, identity)):
            if len(self._names) >= MOST_CALLS:
                return 0
            place = self._open[index] = len(self._names)
            self._names.append("")
            self._arguments.append([])
            self._ids.append(identity)
        self._names[place] += name
        self._arguments[place].append(arguments)
        return len(name) + len(arguments)

    def _is_next(self, place: int, index: int | None, identity: str) -> bool:
        """Whether a name begins a call other than the one at this place: by its id, or without an index."""
        is_other = bool(identity) and self._ids[place] not in {"", identity}
        return is_other or (index is None and any(self._arguments[place]))

    def text(self) -> str:
        """Return all calls as text, and forget them."""
        written = [native_call(name, "".join(parts)) for name, parts in zip(self._names, self._arguments, strict=True)]
        self._names, self._arguments, self._ids, self._open = [], [], [], {}
        return "".join(written)


def _arguments(value: object) -> str:
    """Return arguments as JSON text; some servers send data."""
    return json.dumps(value) if value and isinstance(value, dict) else words(value)


def native_call(name: str, arguments: str) -> str:
    """Return a tool call between the marks that models write; `arguments` is JSON text."""
    call: Mapping[str, str] = {"name": name, "arguments": arguments}
    # A mark inside an argument does not end the call.
    written = json.dumps(call).replace("<", "\\u003c").replace("[", "\\u005b")
    return f"\n<tool_call>{written}</tool_call>\n"
