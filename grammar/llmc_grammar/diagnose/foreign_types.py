"""Types of other languages: `str | None`, `Optional[str]`, `List[str]`, `string[]`, `array<number>`."""

import re
from typing import Final

from llmc_grammar.ast import TYPE_NAMES
from llmc_grammar.errors.statements import UnknownType
from llmc_grammar.mistake import Edit
from llmc_grammar.parse_state import ParseState
from llmc_grammar.source import Span

SCALARS: Final = {
    **dict.fromkeys(("string", "text", "char", "varchar", "uuid", "date", "datetime", "path", "url"), "str"),
    **dict.fromkeys(("integer", "long", "int32", "int64", "uint", "i32", "i64", "u32", "u64"), "int"),
    **dict.fromkeys(("number", "double", "decimal", "real", "float32", "float64", "f32", "f64"), "float"),
    **dict.fromkeys(("boolean",), "bool"),
    **dict.fromkeys(("unknown", "json", "jsonvalue"), "any"),
}
LISTS: Final = frozenset({"list", "array", "arraylist", "sequence", "iterable", "collection", "vec", "vector", "slice"})
SETS: Final = frozenset({"set", "frozenset", "tuple"})
MAPPINGS: Final = frozenset({"dict", "dictionary", "map", "mapping", "hashmap", "record", "object", "hash"})
_EMPTY: Final = frozenset({"none", "null", "nil", "undefined", "nonetype", "void"})
_TYPE: Final = re.compile(
    r"[ \t]*input[ \t]+[A-Za-z_]\w*[ \t]*(?::|\bas\b|->)[ \t]*(?P<type>(?:[^=#\n\"']|\"[^\"\n]*\"|'[^'\n]*')+)"
)
_SIGN: Final = re.compile(r"[A-Za-z_][\w.]*|[0-9]+|\"[^\"\n]*\"|'[^'\n]*'|\[[ \t]*\]|\S")
_OPEN: Final = {"[": "]", "<": ">", "(": ")"}
_MOST: Final = 60
_DEEPEST: Final = 6


def whole_type(reading: ParseState) -> UnknownType | None:
    """The mistake of an input's type that is written as in another language."""
    match = _TYPE.match(reading.text)
    found = match["type"].rstrip() if match else ""
    meant = translated(found)
    if match is None or meant is None or meant == found:
        return None
    start = reading.base + match.start("type")
    span = Span(start, start + len(found))
    is_guess = "".join(found.split()).casefold() != "".join(meant.split())
    return UnknownType(span=span, name=found, suggestion=meant, edit=Edit(span, meant), is_guess=is_guess)


def translated(text: str) -> str | None:
    """A type of another language as a type of plans; None where a name in it is unknown, or it is too long."""
    signs = _SIGN.findall(text)
    if not signs or len(signs) > _MOST:
        return None
    try:
        meant, rest = _union(signs, _DEEPEST)
    except ValueError:
        return None
    return meant if not rest else None


def _union(signs: list[str], depth: int) -> tuple[str, list[str]]:
    """One type, or several with `|` between them, and what follows; raises ValueError where it is no type."""
    if not depth:
        raise ValueError
    first, signs = _item(signs, depth)
    parts = [first]
    while signs[:1] in (["|"], ["or"]):
        part, signs = _item(signs[1:], depth)
        parts.append(part)
    return _either(parts), signs


def _either(parts: list[str]) -> str:
    """The type that has the values of all parts; `null` is the empty one."""
    kinds = list(dict.fromkeys(part.removesuffix("?") for part in parts if part != "null"))
    kind = kinds[0] if len(kinds) == 1 else "any"
    is_optional = any(part.endswith("?") or part == "null" for part in parts)
    return f"{kind}?" if is_optional else kind


def _item(signs: list[str], depth: int) -> tuple[str, list[str]]:
    """A name with its parts and marks, and what follows."""
    if not signs or not depth:
        raise ValueError
    name, signs = signs[0], signs[1:]
    if name == "?" or (name[0] == "[" and name[-1] == "]"):
        kind, signs = _item(signs, depth - 1)
        return f"{kind.removesuffix('?')}?" if name == "?" else f"list[{kind}]", signs
    if name == "[":
        elements, signs = _parts(signs, "]", depth)
        return f"list[{_either(elements)}]", signs
    if name[0] in "\"'" and name[1:-1] in {*TYPE_NAMES, *SCALARS}:
        name = name[1:-1]
    name = name.rsplit(".", 1)[-1] or name
    parts: list[str] = []
    if name.lower() in LISTS and signs[:1] and signs[0][0] == "[" and signs[0][-1] == "]":
        signs = signs[1:]
    if signs[:1] and signs[0] in _OPEN:
        parts, signs = _parts(signs[1:], _OPEN[signs[0]], depth)
    kind = _named(name.lower(), parts)
    while signs and (signs[0] in {"?", "!"} or (signs[0][0] == "[" and signs[0][-1] == "]")):
        kind = f"list[{kind}]" if signs[0][0] == "[" else kind if signs[0] == "!" else f"{kind.removesuffix('?')}?"
        signs = signs[1:]
    return kind, signs


def _parts(signs: list[str], closer: str, depth: int) -> tuple[list[str], list[str]]:
    """The types in brackets, and what follows the closing one."""
    parts: list[str] = []
    while signs and signs[0] != closer:
        part, signs = _union(signs, depth - 1)
        parts.append(part)
        if signs[:1] == [","]:
            signs = signs[1:]
    if not signs:
        raise ValueError
    return parts, signs[1:]


def _named(name: str, parts: list[str]) -> str:
    """The type of a name and its parts; raises ValueError for a name that no table has."""
    if name in LISTS or name in SETS:
        return f"list[{_either(parts) if parts else 'any'}]"
    if name in MAPPINGS:
        return f"dict[str, {parts[-1] if parts else 'any'}]"
    if name == "optional" and len(parts) == 1:
        return f"{parts[0].removesuffix('?')}?"
    if name == "union" and parts:
        return _either(parts)
    if name == "annotated" and parts:
        return parts[0]
    if name in {"literal", "enum", "choice"} and parts:
        return _either(parts)
    return _plain(name) if not parts else _refuse()


def _plain(name: str) -> str:
    """The type of a name, or of a constant that stands for one."""
    if name[0] in "\"'":
        return "str"
    if name.isdigit():
        return "int"
    if name in _EMPTY:
        return "null"
    return name if name in TYPE_NAMES and name not in {"list", "dict"} else SCALARS.get(name) or _refuse()


def _refuse() -> str:
    """End the translation: raises ValueError."""
    raise ValueError
