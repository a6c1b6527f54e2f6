"""The pages that docs/hooks makes are complete, and are read with as much ease as the others."""

import re
from collections.abc import Iterator
from typing import Any, Final

import pytest
import typer
import yaml
from mkdocs.exceptions import PluginError

import llmc
from docs.hooks import (
    command_page,
    error_pages,
    grammar_page,
    index_for_models,
    python_pages,
    repository_pages,
    schema_page,
)
from llmc.cli import app
from llmc.schemas import ABOUT
from llmc_compiler.expressions.functions.table import FUNCTIONS
from tests.docs.pages import ROOT
from tests.docs.prose import LONGEST, MEAN, mean, plain, sentences
from tests.test_english import phrases

GRAMMAR: Final = (ROOT / "grammar/llmc_grammar/plan.lark").read_text("utf-8")
RULES: Final = re.compile(r"<pre.*?</pre>", re.DOTALL)
"""The rules of the grammar are no sentences."""
TALL: Final = frozenset({"inside/changelog.md"})
"""Pages that list many things in a sentence: their mean is not counted."""


def generated() -> Iterator[tuple[str, str]]:
    """The generated pages, each with its Markdown."""
    for title, codes in error_pages.groups():
        yield from ((f"reference/errors/{entry.code}.md", error_pages.page(entry, title)) for entry in codes)
    yield error_pages.INDEX, error_pages.index()
    yield command_page.PAGE, command_page.page()
    yield grammar_page.PAGE, grammar_page.page(GRAMMAR)
    yield schema_page.PAGE, schema_page.page()
    yield python_pages.INDEX, python_pages.index()
    sources = repository_pages.sources(ROOT)
    for source, page in sources.items():
        yield page, repository_pages.linked((ROOT / source).read_text("utf-8"), source, sources)


PAGES: Final = dict(generated())


def test_every_page_is_plain() -> None:
    """No sentence is long, the mean is short, and no phrase is refused."""
    found = {page: sentences(RULES.sub("", text)) for page, text in PAGES.items()}
    long = [
        f"{page}: {each.words}: {each.text}" for page, some in found.items() for each in some if each.words > LONGEST
    ]
    assert long == []
    assert [page for page, some in found.items() if mean(some) > MEAN and page not in TALL] == []
    refused = ((page, name) for page, text in PAGES.items() for name in phrases(plain(text), is_about_code=False))
    assert list(refused) == []


def test_nothing_is_left_out() -> None:
    """Commands, functions, schemas and rules have their sections."""
    commands = getattr(typer.main.get_command(app), "commands", {})
    assert commands
    assert [name for name in commands if f"\n## `llmc {name}`\n" not in PAGES[command_page.PAGE]] == []
    assert [name for name in FUNCTIONS if f"| `{name}(" not in PAGES["reference/functions.md"]] == []
    assert [name for name in ABOUT if f"\n## {name} {{ #{name} }}\n" not in PAGES[schema_page.PAGE]] == []
    assert 'id="rule-primary"' in PAGES[grammar_page.PAGE]
    assert 'href="#terminal-number"' in PAGES[grammar_page.PAGE]


def test_the_navigation_lists_them() -> None:
    """Each page of a pass is in it, and the sections that the hooks fill are there."""
    nav = yaml.safe_load((ROOT / "mkdocs.yml").read_text("utf-8"))["nav"]
    listed = set(places(nav))
    assert {page for page in PAGES if page.startswith(("concepts/", "inside/"))} <= listed
    assert {error_pages.INDEX, python_pages.INDEX, schema_page.PAGE} <= listed


def places(nav: Any) -> Iterator[str]:  # noqa: ANN401 — lists, mappings and texts of YAML
    """The pages of a navigation."""
    match nav:
        case str():
            yield nav
        case dict():
            yield from (place for value in nav.values() for place in places(value))
        case _:
            yield from (place for value in nav for place in places(value))


@pytest.mark.parametrize(
    ("text", "linked"),
    [
        ("[the changelog](../CHANGELOG.md)", "[the changelog](changelog.md)"),
        ("[a pass](../tests/passes/fold.md#texts)", "[a pass](../concepts/passes/fold.md#texts)"),
        ("[a page](../docs/index.md)", "[a page](../index.md)"),
        ("[E201](../compiler/somewhere.md)", "[E201](../reference/errors/E201.md)"),
        ("[a module](../runtime/llmc/events.py)", "a module"),
        ("[below](#memory) and [outside](https://example.com)", "[below](#memory) and [outside](https://example.com)"),
    ],
)
def test_links_lead_to_pages_of_the_site(text: str, linked: str) -> None:
    """A link to a file that is not on the site becomes its words."""
    assert repository_pages.linked(text, "benchmarks/README.md", repository_pages.sources(ROOT)) == linked


def test_a_new_public_name_needs_a_page(monkeypatch: pytest.MonkeyPatch) -> None:
    """The build fails until it has one."""
    monkeypatch.setattr("llmc.__all__", [*llmc.__all__, "lamp"])
    with pytest.raises(PluginError, match="once: lamp"):
        python_pages.check_names()


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("# A title\n\nOne sentence. Another.\n", "One sentence."),
        ("# A title\n\n<!-- files: a -->\n\n```text\nb\n```\n\nSee [a page](b.md):\n\n- c\n", "See a page."),
        ("# A title\n\n| a |\n| - |\n\n`code` begins it\nand goes on. More.\n", "`code` begins it and goes on."),
    ],
)
def test_a_page_is_summed_up_by_its_first_sentence(text: str, sentence: str) -> None:
    """Headings, tables, comments and blocks are passed over."""
    assert index_for_models.summary(text) == sentence
