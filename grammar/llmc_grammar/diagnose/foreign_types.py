"""Types of other languages: `str | None`, `Optional[str]`, `List[str]`, `string[]`, `array<number>`."""

from typing import Final

from llmc_grammar.ast import TYPE_NAMES
from llmc_grammar.errors.statements import UnknownType
from llmc_grammar.lazy_pattern import lazy_pattern
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
_TYPE: Final = lazy_pattern(
    r"[ \t]*input[ \t]+[A-Za-z_]\w*[ \t]*(?::|\bas\b|->)[ \t]*(?P<type>(?:[^=#\n\"']|\"[^\"\n]*\"|'[^'\n]*')+)"
)
_TOKEN: Final = lazy_pattern(r"[A-Za-z_][\w.]*|[0-9]+|\"[^\"\n]*\"|'[^'\n]*'|\[[ \t]*\]|\S")
_OPEN: Final = {"[": "]", "<": ">", "(": ")"}
_MOST: Final = 60
_DEEPEST: Final = 6


def whole_type(reading: ParseState) -> UnknownType | None:
    """Return the diagnostic of an input's type in the form of another language."""
    match = _TYPE.match(reading.text)
    written = match["type"].rstrip() if match else ""
    meant = translated(written)
    if match is None or meant is None or meant == written:
        return None
    start = reading.base + match.start("type")
    span = Span(start, start + len(written))
    is_guess = "".join(written.split()).casefold() != "".join(meant.split())
    return UnknownType(span=span, name=written, suggestion=meant, edit=Edit(span, meant), is_guess=is_guess)


def translated(text: str) -> str | None:
    """Translate a type of another language; None if it has an unknown name or is too long."""
    tokens = _TOKEN.findall(text)
    if not tokens or len(tokens) > _MOST:
        return None
    try:
        meant, rest = _union(tokens, _DEEPEST)
    except ValueError:
        return None
    return meant if not rest else None


def _union(tokens: list[str], depth: int) -> tuple[str, list[str]]:
    """Return one type or a union of types, and the remaining tokens; raises ValueError without a type."""
    if not depth:
        raise ValueError
    first, tokens = _item(tokens, depth)
    parts = [first]
    while tokens[:1] in (["|"], ["or"]):
        part, tokens = _item(tokens[1:], depth)
        parts.append(part)
    return _either(parts), tokens


def _either(parts: list[str]) -> str:
    """Return the type that includes all parts; `null` makes it optional."""
    kinds = list(dict.fromkeys(part.removesuffix("?") for part in parts if part != "null"))
    kind = kinds[0] if len(kinds) == 1 else "any"
    is_optional = any(part.endswith("?") or part == "null" for part in parts)
    return f"{kind}?" if is_optional else kind


def _item(tokens: list[str], depth: int) -> tuple[str, list[str]]:
    """Return the type of a name with its parts and marks, and the remaining tokens."""
    if not tokens or not depth:
        raise ValueError
    name, tokens = tokens[0], tokens[1:]
    if name == "?" or (name[0] == "[" and name[-1] == "]"):
        kind, tokens = _item(tokens, depth - 1)
        return f"{kind.removesuffix('?')}?" if name == "?" else f"list[{kind}]", tokens
    if name == "[":
        elements, tokens = _parts(tokens, "]", depth)
        return f"list[{_either(elements)}]", tokens
    if name[0] in "\"'" and name[1:-1] in {*TYPE_NAMES, *SCALARS}:
        name = name[1:-1]
    name = name.rsplit(".", 1)[-1] or name
    parts: list[str] = []
    if name.lower() in LISTS and tokens[:1] and tokens[0][0] == "[" and tokens[0][-1] == "]":
        tokens = tokens[1:]
    if tokens[:1] and tokens[0] in _OPEN:
        parts, tokens = _parts(tokens[1:], _OPEN[tokens[0]], depth)
    kind = _named(name.lower(), parts)
    while tokens and (tokens[0] in {"?", "!"} or (tokens[0][0] == "[" and tokens[0][-1] == "]")):
        kind = f"list[{kind}]" if tokens[0][0] == "[" else kind if tokens[0] == "!" else f"{kind.removesuffix('?')}?"
        tokens = tokens[1:]
    return kind, tokens


def _parts(tokens: list[str], closer: str, depth: int) -> tuple[list[str], list[str]]:
    """Return the types in brackets, and the tokens after the closing bracket."""
    parts: list[str] = []
    while tokens and tokens[0] != closer:
        part, tokens = _union(tokens, depth - 1)
        parts.append(part)
        if tokens[:1] == [","]:
            tokens = tokens[1:]
    if not tokens:
        raise ValueError
    return parts, tokens[1:]


def _named(name: str, parts: list[str]) -> str:
    """Return the type of a name and its parts; raises ValueError for an unknown name."""
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
    """Return the type of a name, or of a constant in place of a name."""
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
