"""Random walks: whatever a model could write under a grammar, the compiler takes.

`LLMC_WALKS` is how many there are through sound grammars (120); pytest's `-s` shows what was found.
"""

import os
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from itertools import islice, product
from random import Random
from typing import Final

import pytest

from llmc import decoder_grammar
from llmc_compiler.decoder.decoder_grammar import Level
from llmc_compiler.decoder.syntaxes import Syntax
from tests.decoder.judge import Verdict, judge, judge_syntax, read
from tests.decoder.seen import FORMS, LINES, forms, seen, to_see
from tests.decoder.toolboxes import TOOLBOXES
from tests.decoder.walker import Walker

pytestmark = pytest.mark.no_cover
"""The searches are long, and other tests reach the lines."""

WALKS: Final = int(os.environ.get("LLMC_WALKS", "80"))
SYNTAXES: Final[tuple[Syntax, ...]] = ("lark", "gbnf")
EACH: Final = -(-WALKS // (len(TOOLBOXES) * len(SYNTAXES)))
TASKS: Final = 8
SHOWN: Final = 3
FULL: Final = tuple(TOOLBOXES) if WALKS > 120 else ("none", "look up", "numbers", "places", "days", "random 4 of 4")
"""Toolboxes whose full grammars are walked through."""
SIZES: Final = tuple(len(tools) for tools in TOOLBOXES.values())


def walker(name: str, syntax: Syntax, level: Level = "sound", *, first: int = 1, known: tuple[str, ...] = ()) -> Walker:
    """A walker through the grammar of a toolbox."""
    grammar = decoder_grammar(
        TOOLBOXES[name], syntax=syntax, level=level, tasks=TASKS, first=first, known=known, largest=1 << 24
    )
    return Walker.of(grammar, syntax)


def walks(walking: Walker, seed: str) -> Iterator[str]:
    """Plans without end."""
    random = Random(seed)
    while True:
        yield walking.walk(random)


@pytest.fixture(scope="module")
def tally() -> Iterator[Counter[str]]:
    """What was counted, printed at the end."""
    found: Counter[str] = Counter()
    yield found
    print("", *(f"{count:7,} {what}" for what, count in sorted(found.items())), sep="\n")  # noqa: T201 — shown by -s


def count(tally: Counter[str], level: str, verdict: Verdict) -> None:
    """Count a plan."""
    tally[f"{level}: plans"] += 1
    tally[f"{level}: lines"] += verdict.text.count("\n") + 1
    tally[f"{level}: plans with mistakes"] += bool(verdict.own)
    tally[f"{level}: plans with a type that does not fit through a reference"] += bool(verdict.by_type)


def test_there_are_toolboxes_of_many_sizes() -> None:
    """At least twenty, of 1 to 40 tools."""
    assert len(TOOLBOXES) >= 20
    assert {1, 40} <= {*SIZES}


@pytest.mark.parametrize("syntax", SYNTAXES)
@pytest.mark.parametrize("name", TOOLBOXES)
def test_a_sound_walk_compiles(name: str, syntax: Syntax, tally: Counter[str]) -> None:
    """No mistake of syntax, nothing unknown, no argument missing, no constant of a wrong type, not even a warning."""
    tools = TOOLBOXES[name]
    bad: list[Verdict] = []
    for text in islice(walks(walker(name, syntax), f"{name} {syntax}"), EACH):
        verdict = judge(text, tools)
        count(tally, "sound", verdict)
        bad += [verdict] if verdict.own else []
    assert not bad, "\n".join(map(str, bad[:SHOWN]))


@pytest.mark.parametrize("syntax", SYNTAXES)
@pytest.mark.parametrize("name", FULL)
def test_a_full_walk_compiles(name: str, syntax: Syntax, tally: Counter[str]) -> None:
    """With loops and guards there is no other mistake either, but for the types of what references read."""
    tools = TOOLBOXES[name]
    bad: list[Verdict] = []
    for text in islice(walks(walker(name, syntax, "full"), f"{name} {syntax}"), EACH):
        verdict = judge(text, tools)
        count(tally, "full", verdict)
        bad += [verdict] if verdict.own else []
    assert not bad, "\n".join(map(str, bad[:SHOWN]))


@pytest.mark.parametrize("level", ["tools", "plain"])
@pytest.mark.parametrize("syntax", SYNTAXES)
@pytest.mark.parametrize("name", ["none", "look up", "all", "random 9 of 12"])
def test_a_walk_through_the_language_is_read(name: str, syntax: Syntax, level: Level, tally: Counter[str]) -> None:
    """No mistake of syntax."""
    bad: list[Verdict] = []
    for text in islice(walks(walker(name, syntax, level), f"{name} {syntax}"), EACH):
        verdict = judge_syntax(text)
        count(tally, level, verdict)
        bad += [verdict] if verdict.own else []
    assert not bad, "\n".join(map(str, bad[:SHOWN]))


@pytest.mark.parametrize(
    ("name", "level"),
    [("look up", "full"), *product(["look up", "all", "random 7 of 8"], ["sound", "tools", "plain"])],
)
def test_both_syntaxes_say_the_same(name: str, level: Level) -> None:
    """The same choices lead to the same plans."""
    lark, gbnf = (walks(walker(name, syntax, level), name) for syntax in SYNTAXES)
    assert [*islice(lark, 3)] == [*islice(gbnf, 3)]


@pytest.mark.parametrize("name", ["look up", "all"])
def test_a_sound_plan_means_the_same_as_a_models_text(name: str) -> None:
    """Read as a model's text, it is the same plan: nothing is repaired."""
    for text in islice(walks(walker(name, "lark"), name), 20):
        strict, lenient = read(text), read(text, "lenient")
        assert (lenient.plan, lenient.diagnostics) == (strict.plan, ())


def test_a_replan_goes_on_where_an_earlier_plan_ended() -> None:
    """Numbers go on, and references reach what is known."""
    reached: set[str] = set()
    known = ("1", "2", "4", "total")
    for text in islice(walks(walker("look up", "lark", first=5, known=known), "replan"), 60):
        above = "".join(f'{name}. search("a")\n' for name in known[:-1]) + 'total = search("b")\n'
        assert not judge(above + text, TOOLBOXES["look up"]).own
        reached |= {name for name in known if f"${name}" in text or f"${{{name}" in text}
    assert reached == {*known}


def test_the_walks_see_everything() -> None:
    """Each tool, each argument by position, by name and left out, each form of references and of the join."""
    tools = TOOLBOXES["all"]
    left = {*to_see(tools)}
    for text in islice(walks(replace(walker("all", "lark"), favoured=(b":.2f}",)), "everything"), 1500):
        left -= {*seen(text, tools)}
        if not left:
            break
    assert not left


def test_full_walks_see_loops_and_guards() -> None:
    """Over constants and results, with and without a condition, of each kind of value."""
    left = {*LINES}
    tools = TOOLBOXES["days"]
    for text in islice(walks(walker("days", "lark", "full"), "lines"), 400):
        left -= {*seen(text, tools)}
        if not left:
            break
    assert not left


def test_walks_through_the_language_see_its_forms() -> None:
    """Steps behind every kind of value, slices, comprehensions, several loops, formats, functions."""
    left = {*FORMS}
    walking = replace(walker("look up", "lark", "tools"), favoured=(b" for ", b"[:", b", by=", b" @retry(", b":.2f}"))
    for text in islice(walks(walking, "forms"), 1000):
        left -= {*forms(text)}
        if not left:
            break
    assert not left


@pytest.mark.parametrize(
    ("level", "more"), [("sound", []), ("full", ["a comprehension with 1 loops", "a comprehension with a condition"])]
)
def test_sound_and_full_walks_see_few_forms(level: Level, more: list[str]) -> None:
    """Of the forms that the whole language has besides: formats, and at `full` lists made of others."""
    walking = replace(walker("look up", "lark", level), favoured=(b":.2f}", b"${", b" for ", b"[$item "))
    texts = islice(walks(walking, "formats"), 120 if more else 40)
    found = {form for text in texts for form in forms(text) if not form.startswith("a task with 1 ")}
    assert found == {"a format", *more}


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        ('(":" expr?)? | ":" expr)', '(":" expr?)? | ":" expr?)', "E128"),
        ('"unique(" | ', '"if(" | "unique(" | ', "E132"),
        ("/[efg%]/", '"x"', "E100"),
    ],
)
def test_a_broken_grammar_of_the_language_is_caught(old: str, new: str, code: str) -> None:
    """The walks see one wrong rule in it, too."""
    good = decoder_grammar(TOOLBOXES["look up"], level="tools")
    assert old in good
    broken = replace(Walker.of(good.replace(old, new), "lark"), favoured=(b"[:", b"if(", b":x}", b"${"))
    texts = islice(walks(broken, code), 200)
    assert any(one.code == code for text in texts for one in judge_syntax(text).own)


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        ("ID_3: /[1-2]/", "ID_3: /[1-4]/", "E203"),
        ('"search("', '"serach("', "E201"),
        ('"entity="', '"entitty="', "E208"),
        ('"math(" (', '"math(" (")" | ', "E210"),
        ('"math(" (', '"math(" (TEXT ", " TEXT ", " ', "E209"),
        ('| "$$"\n', '| "$$" | "$1st"\n', "W101"),
        ('| "$$"\n', '| "$$" | "\\\\q"\n', "E185"),
        ('"3. "', '"2. "', "E206"),
        ('"null"', '"nul"', "E175"),
        ('"null"', '"7"', "E212"),
        ('"join("', '"search(\\"a\\")\\njoin()\\njoin("', "E144"),
    ],
)
def test_a_broken_grammar_is_caught(old: str, new: str, code: str) -> None:
    """The walks see one wrong rule."""
    good = decoder_grammar(TOOLBOXES["look up"], tasks=TASKS)
    assert old in good
    broken = Walker.of(good.replace(old, new), "lark")
    found = (one.code for text in walks(broken, code) for one in judge(text, TOOLBOXES["look up"]).own)
    assert code in islice(found, 300)
