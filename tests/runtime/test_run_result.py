"""What notebooks and `rich.print` show of runs, answers, explanations and tools."""

from collections.abc import Callable
from html.parser import HTMLParser
from io import StringIO
from typing import Protocol, cast

import pytest
from rich.console import Console

import llmc
from llmc_compiler.representation.sheet import Displayed, Sheet
from llmc_runtime.redaction import HIDDEN
from tests.runtime import clock

SECRET = "correct horse battery"
HOSTILE = '<script>alert("x")</script><td>[bold red]&amp;\x1b[2J\u202e</td>'
TAGS = {"div", "p", "b", "table", "thead", "tbody", "tr", "th", "td", "pre", "span"}


class Shown(Protocol):
    """What notebooks can show."""

    def _repr_html_(self) -> str: ...


class Reader(HTMLParser):
    """The tags of a page, its attributes and its text."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self.text = ""
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """A tag begins."""
        self.open.append(tag)
        self.tags.add(tag)
        self.attributes.update(name for name, _ in attrs)

    def handle_endtag(self, tag: str) -> None:
        """A tag ends, which is the last one that began."""
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        """Text."""
        self.text += data + " "


def read(shown: object) -> str:
    """The text of an object in a notebook, of which nothing but the tables is markup."""
    page = Reader(cast("Shown", shown)._repr_html_())
    assert not page.open
    assert page.tags <= TAGS
    assert page.attributes <= {"style"}
    assert page.text.replace("\n", "").isprintable()
    return page.text


def printed(shown: object) -> str:
    """The text that rich prints of an object."""
    console = Console(file=StringIO(), width=400, color_system=None)
    console.print(shown)
    assert isinstance(console.file, StringIO)
    return console.file.getvalue()


@llmc.nondet
async def say(words: str) -> str:
    """Say <b>something</b>."""
    return words


@llmc.nondet
async def fail(words: str) -> str:
    """Fail."""
    raise OSError(words)


@llmc.pure
def same(words: str) -> str:
    """The same words."""
    return words


@llmc.nondet
async def login(user: str) -> llmc.Secret[str]:
    """Give a secret."""
    return SECRET


@llmc.nondet
async def hear(word: llmc.Secret[str]) -> str:
    """Repeat a secret."""
    return f"heard {word}"


TOOLS = llmc.Toolbox([say, fail, same, login, hear])


def run_of(words: str) -> llmc.Run:
    """A run with a value, a failure and a skipped task."""
    plan = "input words: str\na = say($words)\nb = fail($words)\nc = say($a) if false\njoin($a)\n"
    return clock.run(llmc.compile(plan, TOOLS, passes=()).run({"words": words}))


def answer_of(words: str) -> llmc.Answer:
    """An answer after two plans."""
    model = llmc.ScriptedModel(
        ['1. say("a")\njoin()', f"Thought: t\nAction: Replan({words[:500]})", "2. say($1)", "Action: Finish(b)"]
    )
    return clock.run(llmc.Agent(TOOLS, model=model).ask(words))


def explained_answer_of(words: str) -> object:
    """How it came about."""
    return answer_of(words).explain()


def story_of(words: str) -> object:
    """An explanation of a plan."""
    text = words.replace("\\", "").replace('"', "'").replace("\x1b", "").replace("\u202e", "")
    return llmc.compile(f'1. same("{text}")\n2. same("{text}")\njoin($1, $2)\n', TOOLS).explain()


def tools_of(words: str) -> object:
    """A tool with a description, and parameters, from outside."""
    properties = {f"p{number}": {"description": words[:100]} for number in range(100)}
    return llmc.Tool.from_schema("far", words, {"type": "object", "properties": properties}, "read(x)", str)


WAYS: list[Callable[[str], object]] = [run_of, answer_of, explained_answer_of, story_of, tools_of]


@pytest.mark.parametrize("way", WAYS)
def test_nothing_of_it_is_markup(way: Callable[[str], object]) -> None:
    """Neither in a page nor for rich; the words themselves are seen."""
    for text in (read(way(HOSTILE)), printed(way(HOSTILE))):
        assert "<script>alert(" in text
        assert "[bold red]&amp;" in text


@pytest.mark.parametrize("way", WAYS)
def test_it_is_short_whatever_it_is_of(way: Callable[[str], object]) -> None:
    """A page of a million characters would stop a notebook."""
    shown = way("word " * 50_000)
    assert len(cast("Shown", shown)._repr_html_()) < 20_000
    assert len(printed(shown)) < 20_000


def test_a_run_tells_what_became_of_its_tasks() -> None:
    """Value first, then failures, results, and what was skipped."""
    for text in (read(run_of("tea")), printed(run_of("tea"))):
        places = [text.rindex(words) for words in ("join", "✗", "OSError: tea", "✓", "skipped")]
        assert places == sorted(places)
        assert run_of("tea").summary().partition(" in ")[0] in text


def test_of_many_tasks_the_first_are_shown_and_the_others_counted() -> None:
    """Failures are among the first."""
    plan = "".join(f'{number}. say("{number}")\n' for number in range(1, 301)) + 'b = fail("x")\njoin()\n'
    text = read(clock.run(llmc.compile(plan, TOOLS).run()))
    assert "OSError: x" in text
    assert "… 251 more" in text


def test_an_answer_tells_its_text_its_plans_and_what_they_took() -> None:
    """The question is the title."""
    answer = answer_of("more?")
    for text in (read(answer), printed(answer)):
        assert text.lstrip().startswith("more?")
        assert answer.summary() in text
        assert "repairs" in text


def test_tools_are_told_with_parameters_and_effects() -> None:
    """Those of a box, and one alone; descriptions are text."""
    for text in (read(TOOLS), printed(TOOLS)):
        assert "5 tools" in text
        assert "say(words) → str" in text
        assert "Say <b>something</b>." in text
    assert "fail(words) → str" in read(fail)
    assert "fail(words) → str" in printed(fail)
    many = llmc.Toolbox(
        llmc.Tool.from_function(lambda a: a, TOOLS["say"].effect, name=f"t{number}") for number in range(200)
    )
    assert "… 150 more" in read(many)


def test_secrets_are_not_shown() -> None:
    """Of a run and of an answer; the same words are shown where they are no secret."""
    plan = 'a = login("ann")\nb = hear($a)\njoin($b, $a)\n'
    model = llmc.ScriptedModel([plan])
    run = clock.run(llmc.compile(plan, TOOLS).run())
    answer = clock.run(llmc.Agent(TOOLS, model=model).ask("?"))
    for shown in (run, answer):
        for text in (read(shown), printed(shown)):
            assert SECRET not in text
            assert f"heard {HIDDEN}" in text
    assert SECRET in read(run_of(SECRET))


def test_a_sheet_without_rows_has_no_table() -> None:
    """Its title and its notes are there."""

    class Empty(Displayed):
        def _sheet(self) -> Sheet:
            return Sheet("nothing", ("a",), notes=["really"])

    assert read(Empty()).split() == printed(Empty()).split() == ["nothing", "really"]
