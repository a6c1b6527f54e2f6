"""`llms.txt`: the pages of the site with a sentence each; `llms-full.txt`: their text."""

import re
from pathlib import Path
from typing import Final

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import Files
from mkdocs.structure.nav import Navigation, Section
from mkdocs.structure.pages import Page

_TEXTS: Final[dict[str, str]] = {}
"""The Markdown of each page, by its place in the sources."""

_BLOCK: Final = re.compile(r"^```.*?^```$|<!--.*?-->", re.MULTILINE | re.DOTALL)
_LINK: Final = re.compile(r"\[([^\]]*)\]\([^)]*\)")
_PLAIN: Final = re.compile(r"[A-Za-z`*_]")
