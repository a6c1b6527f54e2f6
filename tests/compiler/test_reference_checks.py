"""References in texts: paths without braces, prices, and variables of other languages."""

from itertools import pairwise
from typing import Final, NotRequired

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from typing_extensions import TypedDict

from llmc_compiler.compiler import Compiled, IncrementalCompiler, check, compile_parsed
from llmc_compiler.diagnostics.plan_errors import CompileError
from llmc_compiler.ir.printer import print_graph
from llmc_compiler.lowering.reference_checks import AMOUNTS, signs_beside
from llmc_compiler.serialization.graph_json import from_json, to_json
from llmc_compiler.tools.decorators import pure, read
from llmc_compiler.tools.toolbox import Toolbox
from llmc_grammar import Diagnostic, ast, parse
from llmc_grammar.stream import Mode


class Address(TypedDict):
    """Where somebody lives."""

    city: str
    tags: list[str]


class Person(TypedDict):
    """A person."""

    name: str
    address: Address
    nick: NotRequired[str]
    marks: dict[str, int]


@read("people")
def person(name: str) -> Person:
    """A person."""
    raise NotImplementedError


@read("people")
def someone(name: str) -> Person | None:
    """A person, perhaps."""
    raise NotImplementedError


@read("people")
def people(name: str) -> list[Person]:
    """People."""
    raise NotImplementedError


@read("web")
def anything(name: str):  # type: ignore[no-untyped-def]  # noqa: ANN201 (of any type)
    """Anything."""
    raise NotImplementedError


@pure
def say(text: str, more: str = "") -> str:
    """Say something."""
    return f"{text}{more}"


@pure
def number(text: str) -> float:
    """A number."""
    return float(text)


TOOLS: Final = Toolbox([person, someone, people, anything, say, number])


def found_in(text: str, mode: Mode) -> list[Diagnostic]:
    """The mistakes of a plan."""
    return list(check(parse(text, mode=mode, tools=TOOLS), TOOLS, lenient=mode == "lenient"))


def compiled(text: str, mode: Mode) -> Compiled:
    """A plan, compiled."""
    return compile_parsed(parse(text, mode=mode, tools=TOOLS), TOOLS, lenient=mode == "lenient")


def saved(text: str, mode: Mode) -> str:
    """A plan as it is saved."""
    return print_graph(compiled(text, mode).graph)


def codes(text: str, mode: Mode) -> list[str]:
    """The codes of the mistakes of a plan."""
    return [one.code for one in found_in(text, mode)]


CERTAIN: Final = [".name", ".address", ".address.city", '[\\"name\\"]', '.address[\\"city\\"]']
PERHAPS: Final = [".nick", ".marks.a", ".address.tags[0]", '.marks[\\"b c\\"]', ".nick"]
NEVER: Final = [
    ".",
    ". Then",
    ".nam",
    ".names",
    ".na\u00efve",
    ".name\u00e9",
    "[0]",
    "[a]",
    " .name",
    ".9",
    "'s",
    "[01]",
]


@pytest.mark.parametrize("steps", CERTAIN)
@pytest.mark.parametrize("text", ["$one{}!", "a $one{}, b", "$one{}.", "$one{}'s", "$one{}$one", "a $one{}[0]"])
def test_a_certain_part_is_read_in_a_models_text(steps: str, text: str) -> None:
    """A plan file keeps it as text, and both say so, with the edit that means the part."""
    text = text.format(steps)
    plan = f'one = person("a")\njoin("{text}")\n'
    braced = plan.replace(f"$one{steps}", f"${{one{steps}}}")
    assert codes(plan, "strict") == ["W202"]
    assert codes(plan, "lenient") == ["W203"]
    assert saved(plan, "lenient") == saved(braced, "strict") != saved(plan, "strict")
    for mode in ("strict", "lenient"):
        (found,) = found_in(plan, mode)
        assert found.edit is not None
        edited = plan[: found.edit.span.start] + found.edit.text + plan[found.edit.span.end :]
        assert edited == braced
        assert codes(edited, mode) == []


@pytest.mark.parametrize("steps", PERHAPS)
@pytest.mark.parametrize("mode", ["strict", "lenient"])
def test_a_possible_part_stays_text(steps: str, mode: Mode) -> None:
    """The value may lack it, so that only the warning tells of it."""
    plan = f'one = person("a")\njoin("$one{steps}!")\n'
    assert codes(plan, mode) == ["W202"]
    assert saved(plan, mode) == saved(plan.replace("$one", "${one}"), mode)


@pytest.mark.parametrize("behind", NEVER)
@pytest.mark.parametrize("mode", ["strict", "lenient"])
def test_what_leads_to_no_part_is_text(behind: str, mode: Mode) -> None:
    """A full stop ends a sentence, and braces leave no doubt."""
    assert codes(f'one = person("a")\njoin("$one{behind}!")\n', mode) == []
    assert codes('one = person("a")\njoin("${one}.name!")\n', mode) == []


@pytest.mark.parametrize(
    ("plan", "strict", "lenient"),
    [
        ('1. say("a")\n2. number("b")\njoin("see $1.Then $2.x $1[0]")', "", ""),
        ('1. someone("a")\njoin("$1.name!")', "W202", "W202"),
        ('1. anything("a")\njoin("$1.name! $1.Then $1[0] $1.")', "W202 W202 W202", "W202 W202 W202"),
        ('p = people("a")\nsay("$p[0].name!")\njoin($1)', "W202", "W202"),
        ('p = people("a")\nsay("$row.name: $row.nick!") for row in $p\njoin($1)', "W202 W202", "W203 W202"),
        ('a = {"k": {"m": 1}, "n": [2]}\njoin("$a.k.m! $a.n[0]! $a.x")', "W202 W202", "W203 W202"),
        ('o = person("a")\nsay("b") if "$o.name!" == "c"\njoin($1)', "W202", "W203"),
        ('o = person("a")\nsay("b") @fallback("$o.name!")\njoin($1)', "W202", "W203"),
        ('o = person("a")\njoin("$o.name is $o.address.city.", {"k": ["$o.name!"]})', "W202 " * 3, "W203 " * 3),
        ('o = person("a") if 1 > 0\njoin("$o.name!")', "W202", "W203"),
        ('1. say("$later.name! $2.name!")\n2. person("a")\njoin($1, $2)', "W201 W201", "W201 W201"),
        ('o = nothing("a")\njoin("$o.name!")', "E201", "E201"),
    ],
)
def test_types_decide(plan: str, strict: str, lenient: str) -> None:
    """Of tools, of elements, of values that are written out; wherever a text stands."""
    assert codes(plan, "strict") == strict.split()
    assert codes(plan, "lenient") == lenient.split()


def test_inputs_have_parts_too() -> None:
    """A mapping may have any key, a text has none."""
    plan = 'input row: dict[str, int]\ninput name: str\ninput rows: list[any]\n\njoin("$row.a! $name.b $rows[0]!")\n'
    assert codes(plan, "strict") == ["W202", "W202"]


PLAN: Final = """\
one = person("a")
2. say("$one.name!")
3. say("${one.name}!", "$one.nick, $$HOME")
4. say("$row.address.city: {$2}") for row in [$one]
join("$one.name lives in $one.address.city.", $2, $3, $4)
"""


@settings(max_examples=20)
@given(st.sets(st.integers(0, len(PLAN)), max_size=4))
def test_any_cut_of_a_stream_reads_the_same(cuts: set[int]) -> None:
    """The type of the task above is known when a line arrives."""
    front = IncrementalCompiler(TOOLS, mode="lenient")
    for start, end in pairwise([0, *sorted(cuts), len(PLAN)]):
        front.feed(PLAN[start:end])
    front.close()
    assert print_graph(front.graph) == saved(PLAN, "lenient")
    assert list(front.diagnostics) == found_in(PLAN, "lenient")


def test_a_saved_plan_means_what_the_models_text_meant() -> None:
    """Read strictly it is the same graph, without a warning; as JSON too."""
    text = saved(PLAN, "lenient")
    assert '"${one.name} lives in ${one.address.city}."' in text
    again = compiled(text, "strict")
    assert print_graph(again.graph) == text
    assert again.warnings == ()
    graph = compiled(PLAN, "lenient").graph
    assert print_graph(from_json(to_json(graph), TOOLS)) == text


def test_a_part_that_is_read_is_merged_with_one_in_braces() -> None:
    """Both spellings are one call."""
    plan = 'one = person("a")\n2. say("$one.name!")\n3. say("${one.name}!")\njoin($2, $3)\n'
    assert len(compiled(plan, "lenient").graph.nodes) == 3
    assert len(compiled(plan, "strict").graph.nodes) == 4


def doubts(text: str, above: int = 3) -> list[str]:
    """The references of a model's text, behind so many tasks, that may be meant otherwise."""
    lines = "".join(f'{at}. say("a")\n' for at in range(1, above + 1))
    plan = f"{lines}{above + 1}. say({text})\njoin()"
    assert "W205" not in codes(plan, "strict")
    found = [one for one in found_in(plan, "lenient") if one.code == "W205"]
    for one in found:
        assert one.edit is not None
        edited = plan[: one.edit.span.start] + one.edit.text + plan[one.edit.span.end :]
        assert saved(edited, "lenient") == saved(plan, "lenient")
    return [plan[one.span.start : one.span.end] for one in found]


def signs(text: str) -> int:
    """How many references of a text have a sign beside them."""
    (task,) = parse(f'"{text}"').plan.statements
    assert isinstance(task, ast.Task)
    assert isinstance(task.expr, ast.Text)
    return len(signs_beside(task.expr.parts))


def test_a_word_of_amounts_before_a_reference_casts_doubt() -> None:
    """In any case of letters; not as the end of another word, nor with something between."""
    for word in AMOUNTS["before"]:
        assert signs(f"hotels {word} $1") == signs(f"{word.upper()} $1 now") == 1
        assert signs(f"x{word} $1") == signs(f"{word}: $1") == signs(f"{word} ${{1}}") == signs(f"{word} $name") == 0


def test_a_word_of_amounts_behind_a_reference_casts_doubt() -> None:
    """In any case of letters; not as the beginning of another word."""
    for word in AMOUNTS["behind"]:
        assert signs(f"$1 {word}") == signs(f"about $1 {word.capitalize()}, or so") == 1
        assert signs(f"$1 {word}s_") == signs(f"$1, {word}") == signs(f"${{1}} {word}") == signs(f"$name {word}") == 0


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (""" "awk '{print $1}'" """, ["$1"]),
        (""" "awk '{ print $1, $3 }' < x" """, ["$1", "$3"]),
        (""" "awk '{print $2 $1}'" """, ["$2", "$1"]),
        (r""" "echo \"$1\" > x" """, ["$1"]),
        (r""" 'echo "$2"' """, ["$2"]),
        (""" "s/a/'$1'/" """, ["$1"]),
        (""" "`$1`" """, ["$1"]),
        (r""" "a\\$1" """, ["$1"]),
        (r""" "cost: \$1" """, ["$1"]),
        (""" "US$1" """, ["$1"]),
        (""" "$1's height, $2\u2019s and ($3)" """, []),
        (""" "news about $1, $2 and $3." """, []),
        (""" "$1", more="$2 + $3" """, []),
        (""" "in ${1}'s {${2}} under ${3}" """, []),
        (""" "under $1 and over $2 USD" """, ["$1", "$2"]),
        (""" "$1 to $2 million, $1-$2 USD" """, ["$1", "$2", "$1", "$2"]),
        (""" "$3 hotels, $1 with $2 each" """, ["$2"]),
        (""" "under $$1 and over $7" """, []),
        (""" "$1.50 or $1,000 or $12k each" """, []),
    ],
)
def test_signs_of_another_language_cast_doubt(text: str, expected: list[str]) -> None:
    """Quotes, braces and backslashes beside a bare number, and what only commas part from it."""
    assert doubts(text.strip()) == expected


def test_names_are_doubted_behind_a_backslash_alone() -> None:
    """A name that a task has is seldom a shell's."""
    plan = 'city = say("a")\n2. say("\'$city\' {$city} under $city \\\\$city")\njoin($2)\n'
    (found,) = found_in(plan, "lenient")
    assert (found.code, plan[found.span.start - 1]) == ("W205", "\\")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("cd $$ROOT/src", ["$$ROOT"]),
        ("$$a$$_b $$c", ["$$a", "$$_b", "$$c"]),
        ("$$5 $$1.50 $$ $$, $$${1} $${x} $$-", []),
        ("$$$$ROOT", []),
    ],
)
def test_dollars_before_a_word_are_counted_out(text: str, expected: list[str]) -> None:
    """Only in a model's text; four dollar signs are two."""
    plan = f'1. say("a")\n2. say("{text}")\njoin($1, $2)\n'
    assert codes(plan, "strict") == []
    found = found_in(plan, "lenient")
    assert {one.code for one in found} <= {"W206"}
    assert [plan[one.span.start : one.span.end] for one in found] == expected


def test_a_lost_line_casts_no_doubt() -> None:
    """What refers to a line with a mistake is let go."""
    plan = '1. say("a", 1, 2, 3)\n2. say("under $1 or $1.name")\njoin($2)\n'
    with pytest.raises(CompileError):
        compiled(plan, "lenient")
    assert codes(plan.replace('"a", 1, 2, 3', "("), "lenient")[-1] != "W202"
