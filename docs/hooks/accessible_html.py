"""Names for parts of a page that screen readers announce and the theme leaves without one."""

from typing import Final

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.pages import Page

NAMES: Final = {
    'data-md-component="search" role="dialog"': 'data-md-component="search" role="dialog" aria-label="Search"',
}
"""Attributes of the theme, and the same with a name."""


def on_post_page(output: str, *, page: Page, config: MkDocsConfig) -> str:  # noqa: ARG001 — MkDocs gives these
    """Add the names."""
    for given, named in NAMES.items():
        output = output.replace(given, named)
    return output
