"""One page for each code of the catalogue, their index, and their places in the navigation."""

import json
import re
from collections.abc import Iterator
from importlib import resources
from typing import Any, Final

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files

from llmc.cli.commands.files.explain import PAGES
from llmc_grammar.error_pages import ErrorPage, entries

FOLDER: Final = "reference/errors"
INDEX: Final = f"{FOLDER}/index.md"
ADDRESSES: Final = f"{FOLDER}/codes.json"

INTRODUCTION: Final = """\
# Errors and warnings

Every report of llmc has a code. `E` codes are errors: the plan does not run. `W` codes are warnings: the plan runs, and
the report says what to look at. Each code has a page with a plan that causes it and a plan that avoids it.

`llmc explain E201` prints the page of a code in the terminal, and `llmc explain --list` lists all codes. Editors and
other tools find the address of each page in [codes.json](codes.json).
"""

_WORD: Final = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_EXACT: Final = {"NotUtf8": "Not UTF-8"}

CONDITIONS: Final = {
    "escaped": "Escapes stand for characters that cannot be shown here.",
    "files": "The plans that it uses stand beside it.",
    "header=no": "The text is read as a model's plan, which has no header.",
    "mode=lenient": 'The text is read as a model\'s, with `mode="lenient"`.',
}
"""The ways to read an example, as its entry names them."""

Group = tuple[str, tuple[ErrorPage, ...]]
"""A title, and the codes below it."""


def on_config(config: MkDocsConfig) -> MkDocsConfig:
    """List the codes below the index in the navigation, a section for each group."""
    nav: list[Any] = [{title: [_place(entry) for entry in codes]} for title, codes in groups()]
    for section in _sections(config.nav or []):
        if INDEX in section:
            section.extend(nav)
    return config


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the index, the pages, and their addresses, which are relative until the site has one (`site_url`)."""
    files.append(File.generated(config, INDEX, content=index()))
    addresses: dict[str, str] = {}
    for title, codes in groups():
        for entry in codes:
            file = File.generated(config, _place(entry), content=page(entry, title))
            files.append(file)
            addresses[entry.code] = f"{config.site_url or ''}{file.url}"
    files.append(File.generated(config, ADDRESSES, content=f"{json.dumps(addresses, indent=2, sort_keys=True)}\n"))
    return files


def groups() -> list[Group]:
    """Return the codes by the pages in the packages that explain them; a group is named by its page."""
    return [(_heading(package, name), entries(package, name)) for package, name in PAGES]


def index() -> str:
    """Return a page with a table for each group."""
    tables = (f"## {title}\n\n| code | meaning |\n| --- | --- |\n{_rows(codes)}\n" for title, codes in groups())
    return "\n".join((INTRODUCTION, *tables))


def page(entry: ErrorPage, group: str) -> str:
    """Return the page of a code."""
    reading = f"{' '.join(map(_condition, entry.reading))}\n\n" if entry.reading else ""
    return (
        f"# {title(entry)}\n\n{entry.what} {entry.why}\n\n"
        f"## A plan with this {_severity(entry)}\n\n"
        f"```llmc\n{entry.plan}\n```\n\n{reading}```text\n{entry.report}\n```\n\n"
        f"## Instead\n\n```llmc\n{entry.instead}\n```\n\n"
        f"## See also\n\n`llmc explain {entry.code}` prints this page in the terminal. The class of the diagnostic is\n"
        f"`{entry.name}`. [{group}](index.md#{_anchor(group)}) lists similar mistakes.\n"
    )


def title(entry: ErrorPage) -> str:
    """Return the title of a page: the code, and the words of its class."""
    first, *rest = _EXACT.get(entry.name, _WORD.sub(" ", entry.name)).split()
    words = " ".join((first, *(word if word.isupper() or "-" in word else word.lower() for word in rest)))
    return f"{entry.code}: {words}"


def _condition(reading: str) -> str:
    """Return a sentence about the way in which an example is read."""
    name, _, value = reading.partition("=")
    other = f"The toolbox has `{value}`." if name == "tools" else f"The bound `{name}` is {value} in this example."
    return CONDITIONS.get(reading, other)


def _severity(entry: ErrorPage) -> str:
    return "error" if entry.code.startswith("E") else "warning"


def _place(entry: ErrorPage) -> str:
    return f"{FOLDER}/{entry.code}.md"


def _rows(codes: tuple[ErrorPage, ...]) -> str:
    cells = ((f"[{entry.code}]({entry.code}.md)", entry.what.replace("|", "\\|")) for entry in codes)
    return "\n".join(f"| {code} | {what} |" for code, what in cells)


def _heading(package: str, name: str) -> str:
    """Return the first heading of a page in a package."""
    return resources.files(package).joinpath(name).read_text("utf-8").partition("\n")[0].removeprefix("# ")


def _anchor(heading: str) -> str:
    """Return the anchor that Markdown gives a heading of plain words."""
    return re.sub(r"[-\s]+", "-", re.sub(r"[^\w\s-]", "", heading).strip().lower())


def _sections(nav: list[Any]) -> Iterator[list[Any]]:
    """Yield the sections of the navigation, also those inside of others."""
    for item in nav:
        for value in item.values() if isinstance(item, dict) else ():
            if isinstance(value, list):
                yield from _sections(value)
                yield value
