"""`llms.txt`, the pages of the site with a sentence each, and `llms-full.txt`, their texts."""

import re
from pathlib import Path
from typing import Final

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import Files
from mkdocs.structure.nav import Navigation
from mkdocs.structure.pages import Page

_PAGES: Final[list[Page]] = []
"""The pages of the navigation, in its order."""

_APART: Final = re.compile(r"^```.*?^```$|<!--.*?-->|^:::.*$", re.MULTILINE | re.DOTALL)
_LINK: Final = re.compile(r"\[([^\]]*)\]\([^)]*\)")
_PROSE: Final = re.compile(r"[^\W\d_]|[`*]\w")
_END: Final = re.compile(r"(?<=[.:])\s")


def on_nav(nav: Navigation, config: MkDocsConfig, files: Files) -> Navigation:  # noqa: ARG001 — the names are those of MkDocs
    """Note the pages."""
    _PAGES[:] = nav.pages
    return nav


def on_post_build(config: MkDocsConfig) -> None:
    """Write both files."""
    site = Path(config.site_dir)
    head = f"# {config.site_name}\n\n> {config.site_description}.\n"
    lines = (
        f"{_head(page)}- [{page.title}]({config.site_url or ''}{page.url}): {summary(page.markdown or '')}"
        for page in _PAGES
    )
    (site / "llms.txt").write_text("\n".join((head, *lines, "")), "utf-8")
    texts = ((page.markdown or "").strip() for page in _PAGES)
    (site / "llms-full.txt").write_text("\n\n".join((head.strip(), *texts, "")), "utf-8")


def summary(markdown: str) -> str:
    """Return the first sentence of a page."""
    paragraphs = (" ".join(part.split()) for part in _APART.sub("", markdown).split("\n\n"))
    first = next((text for text in paragraphs if _PROSE.match(text)), "")
    sentence = _LINK.sub(r"\1", _END.split(first)[0])
    return f"{sentence.rstrip('.:')}."


def _head(page: Page) -> str:
    """Return the title of a section in front of its first page, for a section at the top of the navigation."""
    sections = [each for each in page.ancestors if not each.ancestors]
    is_first = bool(sections) and next(each for each in _PAGES if sections[0] in each.ancestors) is page
    return f"\n## {sections[0].title}\n\n" if is_first else ""
