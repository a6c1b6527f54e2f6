"""Toolboxes as large and odd as real ones have a grammar, and what a model writes by it compiles."""

import os
from collections import Counter
from random import Random
from typing import Final, get_args

import pytest

from llmc import Toolbox, decoder_grammar
from llmc_compiler.decoder.decoder_grammar import LARGEST, Level, fitting_grammar
from tests.decoder.judge import judge
from tests.decoder.odd_toolboxes import odd_toolbox
from tests.decoder.walker import Walker

WALKS: Final = int(os.environ.get("LLMC_WALKS", "200"))
SIZE: Final = 100
LEFT: Final = ("does not match", "is valid under", "not valid under any", "is a required property")
"""Mistakes that no rule can rule out: patterns, values of two alternatives, `anyOf` of required names."""


@pytest.fixture(scope="module")
def tools() -> Toolbox:
    """A hundred odd tools."""
    return odd_toolbox(0, SIZE)


@pytest.mark.no_cover
def test_a_hundred_odd_tools_have_a_grammar_that_fits(tools: Toolbox) -> None:
    """Sound or at another level that has their names; llguidance takes it."""
    level, grammar = fitting_grammar(tools, syntax="lark")
    assert level in get_args(Level)[:-1]
    assert len(grammar) <= LARGEST
    assert Walker.of(grammar, "lark").accepts("join()")


def test_a_few_odd_tools_have_a_grammar_that_says_most(tools: Toolbox) -> None:
    """Ten of them, with the tasks of a usual plan."""
    some = Toolbox([*tools][:10])
    level, grammar = fitting_grammar(some, syntax="gbnf", tasks=8)
    assert level in {"full", "sound"}
    assert all(f'"{tool.name}(' in grammar for tool in some)


def test_walks_call_odd_tools_rightly(tools: Toolbox) -> None:
    """Each tool is called, and nothing is wrong but constants of what is left to the compiler."""
    tally: Counter[str] = Counter()
    for tool in [*tools][: max(1, min(SIZE, WALKS // 12))]:
        alone = Toolbox([tool])
        walker, random = Walker.of(decoder_grammar(alone, tasks=2), "lark"), Random(tool.name)
        plans = [walker.walk(random) for _ in range(max(3, WALKS // SIZE))]
        assert any(f"{tool.name}(" in plan for plan in plans)
        for verdict in (judge(plan, alone) for plan in plans):
            words = [f"{found.words('title')} {found.words('label')}" for found in verdict.own]
            assert [text for text in words if not any(reason in text for reason in LEFT)] == [], verdict
            tally += Counter({"plans": 1, "plans with a constant that is left": bool(words)})
    print("", *(f"{count:7,} {what}" for what, count in tally.items()), sep="\n")  # noqa: T201 — shown by -s
    assert 0 < tally["plans with a constant that is left"] < 0.3 * tally["plans"]
