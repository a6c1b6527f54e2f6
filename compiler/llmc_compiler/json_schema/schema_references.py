"""Resolution of `$ref` inside one JSON schema: pointers, anchors and embedded `$id`s."""

from collections.abc import Iterator, Mapping
from typing import Any, Final
from urllib.parse import unquote, urljoin

NOWHERE: Final[Mapping[str, Any]] = {"not": {}}
"""The schema of a reference that leads out of its schema, or nowhere."""

_ANCHORS: Final = ("$anchor", "$dynamicAnchor")
_IDS: Final = ("$id", "id")

_last: tuple[object, Mapping[str, object]] | None = None
"""The schema indexed last, with its names: references of one schema are resolved in a row."""


def referred(whole: object, reference: object) -> object:
    """Return the schema that a reference leads to, or NOWHERE if it is not inside `whole`."""
    if not isinstance(reference, str):
        return NOWHERE
    base, _, fragment = reference.partition("#")
    fragment = unquote(fragment)
    if base:
        target = _names(whole).get(base, NOWHERE)
    elif fragment and not fragment.startswith("/"):
        return _names(whole).get(f"#{fragment}", NOWHERE)
    else:
        target = whole
    return _at(target, fragment) if target is not NOWHERE else NOWHERE


def _at(whole: object, fragment: str) -> object:
    """Return the schema at a JSON pointer (RFC 6901), or with an anchor."""
    if fragment and not fragment.startswith("/"):
        return _names(whole).get(f"#{fragment}", NOWHERE)
    target = whole
    for step in fragment.split("/")[1:]:
        name = step.replace("~1", "/").replace("~0", "~")
        if isinstance(target, Mapping) and name in target:
            target = target[name]
        elif isinstance(target, list) and name.isdecimal() and int(name[:9]) < len(target):
            target = target[int(name[:9])]
        else:
            return NOWHERE
    return target


def _names(whole: object) -> Mapping[str, object]:
    """Return the schemas that have a name: `#anchor`, and each `$id` both as written and in full."""
    global _last  # noqa: PLW0603 — one entry, which is replaced as a whole
    if _last is None or _last[0] is not whole:
        _last = (whole, dict(_named(whole)))
    return _last[1]


def _named(whole: object) -> Iterator[tuple[str, object]]:
    """Yield each name with its schema; without recursion, since schemas may be deep."""
    root = _id(whole)
    open_ = [whole]
    while open_:
        current = open_.pop()
        if isinstance(current, Mapping):
            yield from ((f"#{current[word]}", current) for word in _ANCHORS if isinstance(current.get(word), str))
            if name := _id(current):
                yield name, current
                yield _joined(root, name), current
        if isinstance(current, (Mapping, list)):
            open_ += current.values() if isinstance(current, Mapping) else current


def _id(schema: object) -> str:
    """Return the `$id` of a schema, empty if it has none."""
    name = next((schema[word] for word in _IDS if word in schema), "") if isinstance(schema, Mapping) else ""
    return name.removesuffix("#") if isinstance(name, str) else ""


def _joined(root: str, name: str) -> str:
    """Return an `$id` in full, or as written if it is not a valid address."""
    try:
        return urljoin(root, name)
    except ValueError:
        return name
