"""The site can be built, is complete, and loads nothing from outside."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Final
from urllib.parse import unquote, urlsplit

import pytest
import yaml

from llmc.cli.commands.files.explain import catalogue
from llmc_compiler.expressions.functions.table import FUNCTIONS
from tests.docs.pages import ROOT

LOADED: Final = {"link": "href", "script": "src", "img": "src", "iframe": "src", "source": "src", "video": "src"}
"""Elements that load something, and their attribute with the address."""

CONFIG: Final = yaml.safe_load((ROOT / "mkdocs.yml").read_text("utf-8"))
ADDRESS: Final = CONFIG["site_url"] or ""
"""The address of the site, empty without one."""

UNLINKED: Final = frozenset({"404.html"})
"""A server shows this page in the place of missing ones, so its addresses begin at the root."""


class Page(HTMLParser):
    """The addresses of a page: anchors that it has, places that it links to, and files that it loads."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.anchors: set[str] = set()
        self.links: list[str] = []
        self.loaded: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note the addresses of an element."""
        found = {name: value or "" for name, value in attrs}
        self.anchors.update(found[name] for name in ("id", "name") if name in found)
        if tag == "a" and "href" in found:
            self.links.append(found["href"])
        if LOADED.get(tag, "") in found and found.get("rel") != "canonical":
            self.loaded.append(found[LOADED[tag]])


def built(folder: Path, config: Path = ROOT / "mkdocs.yml") -> subprocess.CompletedProcess[str]:
    """The site in a folder, built strictly."""
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "-f", str(config), "-d", str(folder)]
    environment = {**os.environ, "NO_MKDOCS_2_WARNING": "1", "PYTHONDONTWRITEBYTECODE": "1"}
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The site, built once for the tests below; a warning about a link, an anchor or a page fails it."""
    folder = tmp_path_factory.mktemp("site")
    run = built(folder)
    assert run.returncode == 0, run.stderr
    return folder


def places(site: Path) -> list[str]:
    """The places of all pages."""
    return sorted(path.relative_to(site).as_posix() for path in site.rglob("*.html") if path.name not in UNLINKED)


def pages(site: Path) -> dict[str, Page]:
    """Every page by its place."""
    return {place: Page((site / place).read_text("utf-8")) for place in places(site)}


def dead(site: Path, found: dict[str, Page]) -> Iterator[str]:
    """The links of pages that lead nowhere."""
    for place, page in found.items():
        for link in page.links:
            address = urlsplit(link)
            if address.scheme or address.netloc:
                continue
            target = os.path.normpath(Path(place).parent / unquote(address.path)) if address.path else place
            if not (site / target).is_file():
                yield f"{place}: {link}"
            elif address.fragment and target in found and unquote(address.fragment) not in found[target].anchors:
                yield f"{place}: {link}: no such anchor"


def outside(found: dict[str, Page]) -> Iterator[str]:
    """The files from outside that pages load."""
    for place, page in found.items():
        yield from (f"{place}: {address}" for address in page.loaded if re.match(r"(?:https?:)?//", address))


def test_pages_are_complete_and_lead_somewhere(site: Path) -> None:
    """Each code has a page, each page is reached, each link has a target, and nothing is loaded from outside."""
    found = pages(site)
    assert {f"reference/errors/{code}.html" for code in catalogue()} <= set(found)
    assert found["reference/functions.html"].anchors >= FUNCTIONS.keys()
    assert list(dead(site, found)) == []
    assert list(outside(found)) == []


def test_the_theme_is_as_the_hooks_expect(site: Path) -> None:
    """The search has a name for screen readers, and `$ ` is the only prompt in blocks of commands."""
    assert 'role="dialog" aria-label="Search"' in (site / "index.html").read_text("utf-8")
    prompts = (
        re.findall(r'<span class="gp">(.*?)</span>', (site / place).read_text("utf-8")) for place in places(site)
    )
    assert {prompt for found in prompts for prompt in found} == {"$ "}


def test_models_find_the_pages(site: Path) -> None:
    """`llms.txt` has a line with a sentence for each page, and `llms-full.txt` their texts."""
    lines = re.findall(r"^- \[.+\]\((\S+)\): \S.*\.$", (site / "llms.txt").read_text("utf-8"), re.MULTILINE)
    assert sorted(lines) == [f"{ADDRESS}{place}" for place in places(site)]
    assert "# E201: Unknown tool" in (site / "llms-full.txt").read_text("utf-8")


def test_programs_find_pages_and_schemas(site: Path) -> None:
    """The schemas are files, and a file has the address of each code's page."""
    addresses = json.loads((site / "reference/errors/codes.json").read_text("utf-8"))
    assert addresses.keys() == catalogue().keys()
    assert all((site / address.removeprefix(ADDRESS)).is_file() for address in addresses.values())
    assert (site / "reference/schemas/run.json").is_file()


def test_a_link_that_leads_nowhere_fails_the_build(tmp_path: Path) -> None:
    """So do a missing anchor, an address from the root, and a page that the navigation does not have."""
    small = {key: CONFIG[key] for key in ("site_name", "strict", "validation")} | {"nav": ["index.md"]}
    (tmp_path / "mkdocs.yml").write_text(yaml.safe_dump(small))
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "index.md").write_text("[1](nowhere.md) [2](#nothing) [3](/index.md) ![4](none.png)")
    (tmp_path / "docs" / "orphan.md").write_text("A page.")
    run = built(tmp_path / "site", tmp_path / "mkdocs.yml")
    assert run.returncode == 1
    assert all(word in run.stderr for word in ("nowhere.md", "#nothing", "/index.md", "none.png", "orphan.md"))


def test_a_dead_link_is_seen(tmp_path: Path) -> None:
    """In the HTML too: a missing page, a missing anchor, and a script from outside."""
    (tmp_path / "a.html").write_text(
        '<p id="here"><a href="#here">1</a><a href="#there">2</a><a href="b.html">3</a><a href="https://c">4</a>'
        '<script src="https://cdn"></script><img src="//d"><link href="e.css"><link rel="canonical" href="https://f">'
    )
    found = pages(tmp_path)
    assert list(dead(tmp_path, found)) == ["a.html: #there: no such anchor", "a.html: b.html"]
    assert list(outside(found)) == ["a.html: https://cdn", "a.html: //d"]
