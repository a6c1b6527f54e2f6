"""Defaults on the pages of the Python API: the value of a field, without the call that makes the field."""

from typing import Any

import griffe


class FieldDefaults(griffe.Extension):
    """Replaces `_limit(64, …)` and `field(default=None, …)` by the default, and leaves out values that say nothing."""

    def on_attribute_instance(self, *, attr: griffe.Attribute, **_: Any) -> None:
        """Simplify the value of an attribute."""
        value = attr.value
        if isinstance(value, griffe.ExprCall):
            attr.value = _default(value)
        elif isinstance(value, griffe.ExprName) and value.name.startswith("_"):
            attr.value = None


def _default(call: griffe.ExprCall) -> griffe.Expr | str | None:
    """Return the default in a call that makes a field, None for other calls, whose text says nothing."""
    name = str(call.function)
    if name == "field":
        given = {each.name: each.value for each in call.arguments if isinstance(each, griffe.ExprKeyword)}
        return given.get("default", "..." if "default_factory" in given else None)
    return call.arguments[0] if name in {"_limit", "_time"} else None
