"""Rules as text: each part in each syntax, what is left out, what is too large."""

from collections.abc import Callable, Iterator

import pytest

from llmc_compiler.decoder.full_rules import full_rules
from llmc_compiler.decoder.grammar_rules import (
    START,
    GrammarRule,
    LineRules,
    Part,
    RuleUse,
    chars,
    choice,
    maybe,
    repeat,
    seq,
    sure,
)
from llmc_compiler.decoder.sound_rules import sound_rules
from llmc_compiler.decoder.syntaxes import GrammarTooLargeError, written
from llmc_compiler.decoder.values.call_rules import Callee
from tests.decoder.toolboxes import HANDMADE

DIGITS = chars("0-9")


@pytest.mark.parametrize(
    ("part", "lark", "gbnf"),
    [
        (seq("a", "b"), '"a" "b"', '"a" "b"'),
        (choice("a", "b"), '"a" | "b"', '"a" | "b"'),
        (seq("a", choice("b", "c")), '"a" ("b" | "c")', '"a" ("b" | "c")'),
        (seq("a", seq("b", "c")), '"a" "b" "c"', '"a" "b" "c"'),
        (choice("a", choice("b", "a")), '"a" | "b"', '"a" | "b"'),
        (maybe("a"), '"a"?', '"a"?'),
        (maybe("a", "b"), '("a" "b")?', '("a" "b")?'),
        (repeat(maybe("a"), 0, None), '("a"?)*', '("a"?)*'),
        (repeat("a", 1, None), '"a"+', '"a"+'),
        (repeat(choice("a", "b"), 2, 5), '("a" | "b")~2..5', '("a" | "b"){2,5}'),
        (repeat(DIGITS, 4, 4), "/[0-9]/~4", "[0-9]{4}"),
        (seq("a", repeat("b", 0, 0)), '"a"', '"a"'),
        (maybe(None), '""', '""'),
        (seq('say "hi"\\\n\t'), '"say \\"hi\\"\\\\\\n\\t"', '"say \\"hi\\"\\\\\\n\\t"'),
        (chars('^"\\]-^/[$'), "/[^\\x22\\x5c\\x5d-\\x5e\\x2f\\x5b\\x24]/", "[^\\x22\\x5c\\x5d-\\x5e\\x2f\\x5b\\x24]"),
        (chars("\x00-\x1f\u00e9\u2028"), "/[\\x00-\\x1f\\xe9\\u2028]/", "[\\x00-\\x1f\\xe9\\u2028]"),
        (chars("\u061c+-"), "/[\\u061c+\\x2d]/", "[\u061c+\\x2d]"),
        (RuleUse("some_text", token=True), "SOME_TEXT", "some-text"),
        (RuleUse("some_rule"), "some_rule", "some-rule"),
    ],
)
def test_a_part_is_written_in_both_syntaxes(part: Part, lark: str, gbnf: str) -> None:
    """With brackets only where they are needed, and escapes that every reader knows."""
    rules = [
        GrammarRule(START, part),
        GrammarRule("some_text", sure(DIGITS), token=True),
        GrammarRule("some_rule", sure(DIGITS)),
    ]
    assert written(rules, "lark", "plain", 1000).splitlines()[0] == f"start: {lark}"
    assert written(rules, "gbnf", "plain", 1000).splitlines()[0] == f"root ::= {gbnf}"


@pytest.mark.parametrize("part", [seq("a", None), choice(None, None), repeat(None, 1, 2), repeat("a", 1, 0)])
def test_what_can_never_be_is_none(part: Part | None) -> None:
    """A sequence with an impossible part is impossible, a choice of such parts too."""
    assert part is None
    with pytest.raises(AssertionError):
        sure(part)


def test_only_rules_that_are_used_are_written_the_start_first() -> None:
    """In the order in which they were made, whatever they stand for."""
    rules = [
        GrammarRule("a", sure(seq("a"))),
        GrammarRule("b", RuleUse("a")),
        GrammarRule("c", RuleUse("b")),
        GrammarRule(START, RuleUse("b")),
    ]
    assert written(rules, "lark", "plain", 100) == 'start: b\na: "a"\nb: a\n'


def test_no_more_rules_are_made_than_may_be_written() -> None:
    """A grammar that is too large is known to be as soon as it is."""
    made = (GrammarRule(f"r{number}", RuleUse(START)) for number in range(10**9))
    with pytest.raises(GrammarTooLargeError, match="level `sound` would be larger than 1000 characters") as raised:
        written(made, "lark", "sound", 1000)
    assert (raised.value.level, raised.value.largest) == ("sound", 1000)
    assert next(made).name == "r176"


@pytest.mark.parametrize("rules_of", [sound_rules, full_rules])
def test_lines_are_made_only_until_they_cannot_fit(rules_of: Callable[..., Iterator[GrammarRule | LineRules]]) -> None:
    """Two lines show the size of those that follow; a grammar that fits needs all of them."""
    callees = [Callee.of(tool) for tool in HANDMADE["all"]]
    size = len(written(rules_of(callees, 1, 16, ()), "lark", "sound", 10**9))
    made: list[GrammarRule | LineRules] = []

    def counted() -> Iterator[GrammarRule | LineRules]:
        """Note the rules that are asked for."""
        for each in rules_of(callees, 1, 16, ()):
            made.append(each)
            yield each

    assert len(written(counted(), "lark", "sound", size)) == size
    assert sum(isinstance(each, LineRules) for each in made) == 17
    made.clear()
    with pytest.raises(GrammarTooLargeError):
        written(counted(), "lark", "sound", size * 3 // 4)
    assert sum(isinstance(each, LineRules) for each in made) == 2
