"""`$ref` inside one JSON schema: pointers, anchors and embedded `$id`s."""

from collections.abc import Iterator, Mapping
from typing import Any, Final
from urllib.parse import unquote, urljoin

NOWHERE: Final[Mapping[str, Any]] = {"not": {}}
"""The schema of a reference that leads out of its schema, or to nothing."""

_ANCHORS: Final = ("$anchor", "$dynamicAnchor")
_IDS: Final = ("$id", "id")

_last: tuple[object, Mapping[str, object]] | None = None
"""The schema whose names were indexed last; references of one schema are asked for in a row."""


def referred(whole: object, reference: object) -> object:
    """The schema that a reference means; NOWHERE where it is not inside the whole."""
    if not isinstance(reference, str):
        return NOWHERE
    base, _, fragment = reference.partition("#")
    fragment = unquote(fragment)
    if base:
        found = _names(whole).get(base, NOWHERE)
    elif fragment and not fragment.startswith("/"):
        return _names(whole).get(f"#{fragment}", NOWHERE)
    else:
        found = whole
    return _at(found, fragment) if found is not NOWHERE else NOWHERE


def _at(whole: object, fragment: str) -> object:
    """The schema at a JSON pointer (RFC 6901), or with an anchor."""
    if fragment and not fragment.startswith("/"):
        return _names(whole).get(f"#{fragment}", NOWHERE)
    found = whole
    for step in fragment.split("/")[1:]:
        name = step.replace("~1", "/").replace("~0", "~")
        if isinstance(found, Mapping) and name in found:
            found = found[name]
        elif isinstance(found, list) and name.isdecimal() and int(name[:9]) < len(found):
            found = found[int(name[:9])]
        else:
            return NOWHERE
    return found


def _names(whole: object) -> Mapping[str, object]:
    """The schemas that have a name: `#anchor`, and each `$id` as it is written and in full."""
    global _last  # noqa: PLW0603 — one entry, which is replaced as a whole
    if _last is None or _last[0] is not whole:
        _last = (whole, dict(_named(whole)))
    return _last[1]


def _named(whole: object) -> Iterator[tuple[str, object]]:
    """Each name with its schema; without recursion, since schemas may be deep."""
    root = _id(whole)
    open_ = [whole]
    while open_:
        each = open_.pop()
        if isinstance(each, Mapping):
            yield from ((f"#{each[word]}", each) for word in _ANCHORS if isinstance(each.get(word), str))
            if name := _id(each):
                yield name, each
                yield _joined(root, name), each
        if isinstance(each, (Mapping, list)):
            open_ += each.values() if isinstance(each, Mapping) else each


def _id(schema: object) -> str:
    """The `$id` of a schema, empty if it has none."""
    found = next((schema[word] for word in _IDS if word in schema), "") if isinstance(schema, Mapping) else ""
    return found.removesuffix("#") if isinstance(found, str) else ""


def _joined(root: str, name: str) -> str:
    """An `$id` in full; as it is written where that is no address."""
    try:
        return urljoin(root, name)
    except ValueError:
        return name
