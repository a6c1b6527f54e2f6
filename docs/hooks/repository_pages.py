"""Pages of the site whose text is a page of the repository: passes, contributing, benchmarks, security, changelog."""

import posixpath
import re
from pathlib import Path
from typing import Final

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files

PAGES: Final = {
    "CONTRIBUTING.md": "inside/contributing.md",
    "benchmarks/README.md": "inside/benchmarks.md",
    "SECURITY.md": "inside/security.md",
    "CHANGELOG.md": "inside/changelog.md",
    "compiler/llmc_compiler/expressions/functions/functions.md": "reference/functions.md",
}
"""Sources, from the root of the repository, and their pages on the site."""

PASSES: Final = ("tests/passes", "concepts/passes")

_LINK: Final = re.compile(r"\[(?P<text>[^\]\n]+)\]\((?P<target>[^()\s]+)\)")
_OUTSIDE: Final = re.compile(r"[a-z]+:|#")
_CODE: Final = re.compile(r"[EW][0-9]{3}")
_FUNCTION: Final = re.compile(r"^\| `(\w+)\([^`|]*\)`(?= \| [A-Z])", re.MULTILINE)
"""The cell of a standard function, which gets its name as an anchor."""


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the pages, with links that lead to pages of the site."""
    root = Path(config.config_file_path).parent
    pages = sources(root)
    for source, page in pages.items():
        text = linked((root / source).read_text("utf-8"), source, pages)
        files.append(File.generated(config, page, content=_FUNCTION.sub(r"\g<0>{ #\1 }", text)))
    return files


def sources(root: Path) -> dict[str, str]:
    """Return every source with its page."""
    folder, pages = PASSES
    passes = sorted(path.name for path in (root / folder).glob("*.md"))
    return PAGES | {f"{folder}/{name}": f"{pages}/{name}" for name in passes}


def linked(text: str, source: str, pages: dict[str, str]) -> str:
    """Return a text with the links of its page; a link to a file that is not on the site becomes its text."""
    here = posixpath.dirname(pages[source])

    def link(match: re.Match[str]) -> str:
        words, target = match["text"], match["target"]
        if _OUTSIDE.match(target):
            return match[0]
        if _CODE.fullmatch(words):
            return f"[{words}]({posixpath.relpath(f'reference/errors/{words}.md', here)})"
        path, _, anchor = target.partition("#")
        place = posixpath.normpath(posixpath.join(posixpath.dirname(source), path))
        page = place.removeprefix("docs/") if place.startswith("docs/") else pages.get(place)
        if page is None:
            return words
        return f"[{words}]({posixpath.relpath(page, here)}{anchor and '#'}{anchor})"

    return _LINK.sub(link, text)
