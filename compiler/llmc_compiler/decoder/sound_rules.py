r"""Rules of the level `sound`, plans that compile: numbered tasks that call tools with fitting arguments, and a join.

    plan_1: thought? ("1. " (call_1 "\n" plan_2 | join_1) | join_1)

A task refers to the tasks above it and to those of earlier plans, so that every line has separate rules.
"""

from collections.abc import Collection, Iterator, Sequence
from typing import Final

from llmc_compiler.decoder.grammar_rules import (
    START,
    GrammarRule,
    LineRules,
    Part,
    RuleUse,
    choice,
    maybe,
    repeat,
    seq,
    sure,
)
from llmc_compiler.decoder.values.call_rules import Callee, call
from llmc_compiler.decoder.values.lexical_rules import NAME, THOUGHT, from_to
from llmc_compiler.decoder.values.path_rules import step_into
from llmc_compiler.decoder.values.value_rules import SHARED, ValueRules
from llmc_compiler.expressions.types import ANY

_MOST_JOINED: Final = 16


def sound_rules(
    tools: Sequence[Callee], first: int, tasks: int, known: Collection[str]
) -> Iterator[GrammarRule | LineRules]:
    """Yield the rules of plans whose tasks are numbered from `first` on, and that may refer to the `known` tasks."""
    yield from (*SHARED, THOUGHT)
    constants, earlier = ValueRules(), choice(*known)
    # The types of earlier plans' results are unknown.
    step, most = step_into([*(tool.gives for tool in tools), *([ANY] if known else [])])
    steps = repeat(None if step is None else RuleUse("step", token=True), 0, most)
    if step is not None:
        yield GrammarRule("step", step, token=True)
    if earlier is not None:
        yield GrammarRule("known", earlier, token=True)
    for number in range(first, first + tasks + 1):
        before = None if earlier is None else RuleUse("known", token=True)
        values = ValueRules(str(number), choice(before, from_to(first, number - 1)), steps, constants)
        may_follow = _line(tools if number < first + tasks else (), number, values)
        yield LineRules(tuple(values.rules()), f"plan_{number}", lines_alike(number, first, tasks))
        yield from constants.rules()
        if not may_follow:
            break
    yield GrammarRule(START, RuleUse(f"plan_{first}"))


def lines_alike(number: int, first: int, tasks: int) -> int:
    """Return how many lines after one are like it; the first one may have no tasks to refer to, the last no calls."""
    return first + tasks - 1 - number if first < number < first + tasks else 0


def _line(tools: Sequence[Callee], number: int, values: ValueRules) -> bool:
    """Make the rules of a task, or of the join in its place, and return whether another line may follow."""
    values.begin()
    join = values.rule("join", join_in(values))
    task = values.rule("call", choice(*(call(tool, at, values) for at, tool in enumerate(tools))))
    numbered = choice(seq(task, "\n", RuleUse(f"plan_{number + 1}")), join)
    values.rule("plan", seq(maybe(THOUGHT.use), choice(seq(f"{number}. ", numbered), join)))
    return task is not None


def join_in(values: ValueRules) -> Part:
    """Return the join: of all results, of values or texts, or of one named value (rules cannot keep names apart)."""
    value = values.rule("joined", choice(values.reference(), values.text(_MOST_JOINED)))
    several = seq(value, repeat(seq(", ", value), 0, _MOST_JOINED - 1))
    return sure(seq("join(", choice(")", seq(choice(several, seq(NAME.use, "=", value)), ")"))))
