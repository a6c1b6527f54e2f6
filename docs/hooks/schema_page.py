"""The page of the JSON Schemas, with a table of keys for each object, and the schemas as files."""

import json
from collections.abc import Iterable, Iterator
from typing import Any, Final

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files

from llmc.schemas import ABOUT, schema

PAGE: Final = "reference/schemas.md"
FOLDER: Final = "reference/schemas"

INTRODUCTION: Final = """\
# JSON Schemas

llmc has a JSON Schema (draft 2020-12) for everything that it prints, writes and reads as JSON. `llmc schema run` prints
one, and `llmc schema --list` lists them. From Python, use `llmc.schemas.schema("run")`.

A later version may add keys. A reader should therefore ignore the keys that it does not know.

| schema | document |
| --- | --- |
"""

Schema = dict[str, Any]


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the page and the files."""
    files.append(File.generated(config, PAGE, content=page()))
    for name in ABOUT:
        text = json.dumps(schema(name), indent=2, ensure_ascii=False)
        files.append(File.generated(config, f"{FOLDER}/{name}.json", content=f"{text}\n"))
    return files


def page() -> str:
    """Return the page: a table of the documents, and a section for each."""
    rows = (f"| [`{name}`](#{name}) | {_sentence(about)} |\n" for name, about in ABOUT.items())
    tables = _Tables()
    return "\n".join((f"{INTRODUCTION}{''.join(rows)}", *(tables.section(name) for name in ABOUT)))


class _Tables:
    """Writes the sections, and describes an object that several schemas share in the first of them."""

    def __init__(self) -> None:
        self._anchors: dict[str, str] = {}
        self._links: dict[str, str] = {}

    def section(self, name: str) -> str:
        """Return the section of a document."""
        document = schema(name)
        definitions: Schema = document.get("$defs", {})
        new = {
            title: anchor
            for title, inner in definitions.items()
            if (anchor := self._anchors.setdefault(json.dumps([title, inner]), f"{name}-{title.lower()}"))
            == f"{name}-{title.lower()}"
        }
        self._links = {title: self._anchors[json.dumps([title, inner])] for title, inner in definitions.items()}
        inner = (
            f"### {title} {{ #{anchor} data-toc-label='{title}' }}\n\n{self._described(definitions[title])}"
            for title, anchor in new.items()
        )
        head = f"## {name} {{ #{name} }}\n\n{_sentence(ABOUT[name])} Download [{name}.json](schemas/{name}.json).\n"
        return "\n".join((head, self._described(document, is_document=True), *inner))

    def _described(self, inner: Schema, *, is_document: bool = False) -> str:
        """Return the description of an object, and the table of its keys or its kind."""
        about = "" if is_document else _sentence(inner.get("description", ""))
        if rows := list(self._rows(inner, "")):
            table = _table(rows)
        elif "anyOf" in inner:
            table = "".join(["One of:\n\n", *(f"- {self._kind(kind)}\n" for kind in inner["anyOf"])])
        else:
            table = f"Type: {self._kind(inner)}.\n"
        return f"{about}\n\n{table}" if about else table

    def _rows(self, inner: Schema, path: str) -> Iterator[tuple[str, str, str]]:
        """Yield key, type and meaning, also of the keys of objects inside; `NAME` stands for any key."""
        required = inner.get("required", ())
        properties: Schema = inner.get("properties", {})
        for key, value in properties.items():
            if "-" in key and key.replace("-", "_") in properties:
                continue  # the same key, spelled with hyphens
            optional = "" if key in required else ", optional"
            yield from self._row(f"{path}{key}", value if isinstance(value, dict) else {}, optional)
        more = inner.get("additionalProperties")
        if path and isinstance(more, dict) and "$ref" not in more:
            yield from self._row(f"{path}NAME", more, "")

    def _row(self, place: str, value: Schema, optional: str) -> Iterator[tuple[str, str, str]]:
        yield place, f"{self._kind(value)}{optional}", _sentence(value.get("description", ""), is_cell=True)
        if value.get("type") == "object":
            yield from self._rows(value, f"{place}.")

    def _kind(self, value: Schema) -> str:
        """Return a type in words."""
        match value:
            case {"$ref": str(place)}:
                title = place.rpartition("/")[2]
                return f"[{title}](#{self._links[title]})"
            case {"anyOf": list(kinds)} | {"oneOf": list(kinds)}:
                return _either(dict.fromkeys(map(self._kind, kinds)))
            case {"enum": list(values)}:
                return _either(f"`{json.dumps(each)}`" for each in values)
            case {"const": constant}:
                return f"`{json.dumps(constant)}`"
            case {"type": "array", "items": dict(items)}:
                return f"array of {self._kind(items)}"
            case {"type": "object", "additionalProperties": {"$ref": _} as each}:
                return f"object of {self._kind(each)}"
            case {"type": str(name)}:
                return name
            case {"type": list(names)}:
                return _either(names)
            case _:
                return "any"


def _table(rows: list[tuple[str, str, str]]) -> str:
    """Return a table of keys, with their meanings if any has one."""
    width = 3 if any(meaning for _, _, meaning in rows) else 2
    cells = [("key", "type", "meaning"), ("---", "---", "---"), *((f"`{key}`", *rest) for key, *rest in rows)]
    return "".join(f"| {' | '.join(row[:width])} |\n" for row in cells)


def _either(kinds: Iterable[str]) -> str:
    """Return the names of some types in words."""
    *others, last = kinds
    return f"{', '.join(others)} or {last}" if others else last


def _sentence(text: str, *, is_cell: bool = False) -> str:
    """Return a description with a capital letter and a full stop; in a cell, on one line."""
    words = " ".join(text.split()).replace("|", "\\|") if is_cell else text.strip()
    if not words:
        return ""
    return f"{words[0].upper()}{words[1:]}{'' if words.endswith(('.', '`)')) else '.'}"
