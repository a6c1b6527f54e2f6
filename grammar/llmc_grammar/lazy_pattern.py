"""Regular expressions that are compiled on first use: most are for mistakes, which few plans have."""

import re
from typing import Any, cast


class _LazyPattern:
    """Stands for a pattern, and keeps each of its methods that was asked for."""

    def __init__(self, text: str, flags: int) -> None:
        self._text = text
        self._flags = flags

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 — any attribute of a pattern
        if name.startswith("__"):
            raise AttributeError(name)
        value = getattr(re.compile(self._text, self._flags), name)
        setattr(self, name, value)
        return value


def lazy_pattern(text: str, flags: int = 0) -> re.Pattern[str]:
    """Return a pattern that is compiled when its first method is called; functions of `re` do not take it."""
    return cast("re.Pattern[str]", _LazyPattern(text, flags))
