"""Every mistake has its story: the pages that `llmc explain` reads, and the examples in them.

`make bless` writes the reports anew.
"""

import importlib
import pkgutil
import re
from collections.abc import Iterator
from importlib import resources
from operator import attrgetter
from pathlib import Path
from typing import Final

import pytest

import llmc
import llmc_compiler
import llmc_grammar
import llmc_runtime
from llmc.cli.arguments.plan_arguments import bounds, check_plan, named_tools, read_plan
from llmc.cli.commands.files.explain import PAGES, catalogue
from llmc_compiler.compiler import check
from llmc_grammar import Bounds, Diagnostic, Source, parse, render
from llmc_grammar.error_pages import ErrorPage, entries
from llmc_grammar.fix import edited
from llmc_grammar.stream import Mode
from tests.compiler.test_plan_errors import TOOLS as COMPILED
from tests.compiler.test_plan_errors import found_in
from tests.golden import settle

PACKAGES: Final = (llmc_grammar, llmc_compiler, llmc_runtime, llmc)
ENTRIES: Final = [(package, entry) for package, page in PAGES for entry in entries(package, page)]
TOOLS: Final = "from llmc import pure\n\n@pure\ndef search(text: str) -> str:\n    '''Search.'''\n    return text\n"

OTHER: Final = """# The page on a subject.
use "web.py"

input subject: str

1. search($subject)
join($1)
"""
PLANS: Final = {
    "other.llmc": OTHER,
    "circle.llmc": 'use "plan.llmc"\n\n1. plan()\njoin($1)\n',
    "broken.llmc": 'use "web.py"\n\n1. search("K2")\njoin($2)\n',
    **{
        f"chain{level}.llmc": f'use "chain{level + 1}.llmc"\n\n1. chain{level + 1}()\njoin($1)\n'
        for level in range(1, 40)
    },
    "chain40.llmc": "1. 1 + 1\njoin($1)\n",
}
"""Plan files beside that of an example."""

COMPANIONS: Final = {"W132": {"W131"}, "E224": {"E225"}, "E225": {"E202"}, "E226": {"E225"}}
"""Mistakes that never come alone, and those that come with them."""

FOREIGN: Final = re.compile(r"\b(token|parser?|lexer|syntax|invalid|illegal|please|you)\b")
CODE: Final = attrgetter("code")

Found = tuple[list[Diagnostic], Source]


def mistakes() -> Iterator[type[Diagnostic]]:
    """Every class of a mistake in every module of the packages."""
    for package in PACKAGES:
        for found in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            module = importlib.import_module(found.name)
            for value in vars(module).values():
                if isinstance(value, type) and issubclass(value, Diagnostic) and value.__module__ == module.__name__:
                    yield value


MISTAKES: Final = [mistake for mistake in mistakes() if mistake is not Diagnostic]


def page_of(mistake: type[Diagnostic]) -> tuple[str, str]:
    """The page on which a mistake is told: it lies beside its module."""
    package, _, rest = mistake.__module__.partition(".")
    return package, f"{rest.replace('.', '/')}.md"


def found_by_grammar(text: str, reading: tuple[str, ...]) -> Found:
    """What reading a text finds, in the way that its entry names."""
    data: str | bytes = text
    if "escaped" in reading:
        plain = text.encode().decode("unicode_escape")
        data = plain.encode("latin-1") if max(plain) < "\u0100" else plain
    words = dict(word.split("=") for word in reading if "=" in word)
    header = words.pop("header", "yes") == "yes"
    mode: Mode = "lenient" if words.pop("mode", "strict") == "lenient" else "strict"
    tools = {words.pop("tools", "")}
    limits = Bounds(**{name: int(value) for name, value in words.items()})
    parsed = parse(data, name="plan.llmc", mode=mode, bounds=limits, header=header, tools=tools)
    return list(parsed.diagnostics), parsed.source


def found_with_files(text: str, tasks: int | None = None) -> Found:
    """What is found in a plan beside two files with one tool each, and some plan files."""
    for name in ("web.py", "archive.py"):
        Path(name).write_text(TOOLS, "utf-8")
    for name, plan in {**PLANS, "plan.llmc": text}.items():
        Path(name).write_text(plan, "utf-8")
    limits = bounds(tasks, None)
    report = check_plan(read_plan("plan.llmc", limits.text), named_tools(()), limits)
    return list(report.diagnostics), report.source


def found(package: str, text: str, reading: tuple[str, ...]) -> Found:
    """What is wrong with the plan of an entry."""
    if package == "llmc_grammar":
        return found_by_grammar(text, reading)
    if "files" in reading:
        words = dict(word.split("=") for word in reading if "=" in word)
        return found_with_files(text, int(words["tasks"]) if "tasks" in words else None)
    if "mode=lenient" in reading:
        parsed = parse(text, name="plan.llmc", mode="lenient", tools=COMPILED)
        return list(check(parsed, COMPILED, lenient=True)), parsed.source
    return found_in(f"{text}\n") if package == "llmc_compiler" else found_with_files(text)


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder for the files of plans."""
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize("mistake", MISTAKES, ids=CODE)
def test_a_mistake_is_told_on_the_page_beside_its_module(mistake: type[Diagnostic]) -> None:
    """Under its code and its class's name, with the words of the class's docstring."""
    assert page_of(mistake) in PAGES
    told = {entry.code: entry for entry in entries(*page_of(mistake))}
    assert (told[mistake.code].name, told[mistake.code].what) == (mistake.__name__, mistake.__doc__)


def test_nothing_else_is_told() -> None:
    """Each entry is of a mistake, each section of a page is an entry, and no two have one code."""
    assert sorted(entry.code for _, entry in ENTRIES) == sorted(mistake.code for mistake in MISTAKES)
    assert len(catalogue()) == len(ENTRIES)
    texts = [resources.files(package).joinpath(page).read_text("utf-8") for package, page in PAGES]
    assert sum(text.count("\n## ") for text in texts) == len(ENTRIES)


@pytest.mark.golden
@pytest.mark.parametrize(("package", "entry"), ENTRIES, ids=[entry.code for _, entry in ENTRIES])
def test_the_example_has_this_mistake(package: str, entry: ErrorPage) -> None:
    """It has no other one, and is reported in exactly these words."""
    diagnostics, source = found(package, entry.plan, entry.reading)
    assert {one.code for one in diagnostics} == {entry.code} | COMPANIONS.get(entry.code, set())
    drawn = "\n\n".join(render(one, source) for one in diagnostics)
    settle(drawn, entry.report, lambda: bless(entry, drawn))


@pytest.mark.parametrize(("package", "entry"), ENTRIES, ids=[entry.code for _, entry in ENTRIES])
def test_what_stands_instead_has_no_mistake(package: str, entry: ErrorPage) -> None:
    """The other plan is read in the same way, but as it stands."""
    reading = tuple(word for word in entry.reading if word != "escaped")
    assert found(package, entry.instead, reading)[0] == []


@pytest.mark.parametrize("entry", [entry for package, entry in ENTRIES if package == "llmc_grammar"], ids=CODE)
def test_an_edit_mends_its_mistake(entry: ErrorPage) -> None:
    """Where a mistake offers an edit, making it leaves no mistake of that kind at that place."""
    diagnostics, source = found_by_grammar(entry.plan, entry.reading)
    for one in diagnostics:
        if one.edit is not None:
            mended = parse(edited(source.text, [one.edit])).diagnostics
            assert not [other for other in mended if (other.code, other.span) == (one.code, one.span)]


@pytest.mark.parametrize("mistake", MISTAKES, ids=CODE)
def test_the_words_are_words_of_the_language(mistake: type[Diagnostic]) -> None:
    """Titles begin small and end without a full stop, and no line speaks of tokens or parsers."""
    assert mistake.title[0] in "`'${" or mistake.title[0].islower() or mistake.title.startswith("X ")
    assert not mistake.title.endswith(".")
    for line in (mistake.title, mistake.label, mistake.help):
        assert not FOREIGN.search(line.replace("did you", ""))


def bless(entry: ErrorPage, drawn: str) -> None:
    """Write the report of an entry anew."""
    for package, page in PAGES:
        path = Path(str(resources.files(package).joinpath(page)))
        head, mark, rest = path.read_text("utf-8").partition(f"## {entry.code}: ")
        if mark:
            old, new = (f"```text\n{report}\n```" if report else "```text\n```" for report in (entry.report, drawn))
            path.write_text(head + mark + rest.replace(old, new, 1), "utf-8")
