"""Tool calls that a server returns in fields of their own, as text of a reply."""

import json
from collections.abc import Mapping
from typing import Final

MOST_CALLS: Final = 257
"""Tool calls of a reply that are kept: one more than a plan may have, so that too many are a mistake."""


class NativeCalls:
    """Collects the deltas of tool calls by index."""

    __slots__ = ("_arguments", "_names")

    def __init__(self) -> None:
        self._names: dict[int, str] = {}
        self._arguments: dict[int, list[str]] = {}

    def take(self, index: int, name: str, arguments: str) -> None:
        """Add a delta to the call at an index; without a name it continues the call."""
        if index in self._names or len(self._names) < MOST_CALLS:
            self._names[index] = self._names.get(index, "") + name
            self._arguments.setdefault(index, []).append(arguments)

    def text(self) -> str:
        """Return all calls as text, and forget them."""
        written = [native_call(name, "".join(self._arguments[index])) for index, name in sorted(self._names.items())]
        self._names, self._arguments = {}, {}
        return "".join(written)


def native_call(name: str, arguments: str) -> str:
    """Return a tool call in the marks that models write around one; `arguments` is JSON text."""
    call: Mapping[str, str] = {"name": name, "arguments": arguments}
    # A mark inside an argument does not end the call.
    written = json.dumps(call).replace("<", "\\u003c").replace("[", "\\u005b")
    return f"\n<tool_call>{written}</tool_call>\n"
