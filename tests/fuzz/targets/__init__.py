"""What is fuzzed: a module a kind of input, whose `check` takes bytes and raises only where a law is broken."""

from collections.abc import Callable
from importlib import import_module
from typing import Final, cast

Check = Callable[[bytes], None]

TARGETS: Final = (
    "plan_text",
    "trace",
    "graph_json",
    "sse_stream",
    "tool_schema",
    "terminal_text",
    "configuration",
)


def check_of(target: str) -> Check:
    """The check of a target, which is imported here."""
    return cast("Check", import_module(f"{__name__}.{target}").check)
