r"""Rules of the level `full`: the level `sound`, with a loop or a guard on each call.

    plan_2: thought? ("2. " (call_2 guard_2? "\n" plan_3 | each_2 "\n" plan_3 | join_2) | join_2)
    each_2: call_2x " for x in " source_2 (" if " condition_2x)?
    made_2: "[" ref_item " for item in " listed_2 (" if " condition_item)? "]"

A call in a loop has separate rules, since `$x` is only known there. Where a tool takes a list, it may be made in place
of the parts of another list's elements, whose rules all lines share. A loop iterates over a list of constants and
references, or over a part of a result that may be a list. A condition compares a part of a result that may be a number,
a text or a boolean with a constant of that kind, or tests whether any value is true.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from typing import Final

from llmc_compiler.decoder.grammar_rules import (
    START,
    GrammarRule,
    Keyword,
    LineRules,
    Part,
    RuleUse,
    choice,
    maybe,
    repeat,
    seq,
    sure,
)
from llmc_compiler.decoder.sound_rules import join_in, lines_alike
from llmc_compiler.decoder.values.call_rules import Callee, call
from llmc_compiler.decoder.values.lexical_rules import THOUGHT, from_to
from llmc_compiler.decoder.values.path_rules import parts_of, step_into, steps_to, written_steps
from llmc_compiler.decoder.values.shapes import BOOL, NOTHING, Number
from llmc_compiler.decoder.values.value_rules import SHARED, TEXT, ValueRules
from llmc_compiler.expressions import types
from llmc_compiler.expressions.types import ANY, FLOAT, INT, STR, Type
from llmc_grammar.frozen_data import frozen

LOOP_NAMES: Final = ("x", "item", "element", "entry")
"""Names for loop elements; the first one that no earlier task has is used, in lists in place the second."""

_IN_CALL: Final = 48
_IN_SOURCE: Final = 8
"""Maximum number of references in a call and in a list of constants; with conditions, a task has at most 64."""

_EQUAL: Final = choice(" == ", " != ")
_ORDER: Final = choice(" < ", " <= ", " > ", " >= ", _EQUAL)


def is_list(found: Type) -> bool:
    """Whether a type is a list type."""
    return isinstance(found, types.ListOfType)


def is_number(found: Type) -> bool:
    """Whether a type is a number type."""
    return found in {INT, FLOAT}


def is_text(found: Type) -> bool:
    """Whether a type is a text type."""
    return found == STR or isinstance(found, types.WordsType)


def is_bool(found: Type) -> bool:
    """Whether a type is the boolean type."""
    return found == types.BOOL


_KINDS: Final[Mapping[str, Callable[[Type], bool]]] = {"number": is_number, "words": is_text, "bool": is_bool}
"""The kinds of values that a condition compares, with the tests for their types."""

_Behind = Mapping[str, Part | None]
"""For each kind, the steps of a reference to a value of the kind; None if no result contains one."""


@frozen
class _Lines:
    """The parts that lines share: the name of the loop element, and the steps to lists and to compared values.

    `picked` are the elements that a list in place reads, under the name that is their line, and `kept` is a condition
    on them.
    """

    tools: Sequence[Callee]
    element: str | None
    lists: Part | None
    results: _Behind
    elements: _Behind
    picked: ValueRules | None = None
    kept: Part | None = None

    def make(self, number: int, values: ValueRules, inside: ValueRules) -> bool:
        """Make the rules of a task with its loop or guard, or of the join in its place.

        Returns whether another line may follow.
        """
        values.begin()
        inside.begin()
        values.made_list, inside.made_list = self._made_list(values), self._made_list(inside)
        following = RuleUse(f"plan_{number + 1}")
        calls = choice(*(call(tool, at, values, _IN_CALL) for at, tool in enumerate(self.tools)))
        guarded = seq(values.rule("call", calls), maybe(" if ", _condition(values, self.results)), "\n", following)
        looped = seq(self._loop(values, inside), "\n", following)
        join = values.rule("join", join_in(values))
        numbered = choice(guarded, looped, join)
        values.rule("plan", seq(maybe(THOUGHT.use), choice(seq(f"{number}. ", numbered), join)))
        return guarded is not None or looped is not None

    def _made_list(self, values: ValueRules) -> Part | None:
        """Return a list of the elements of another list, or of parts of them."""
        if self.picked is None:
            return None
        source = _reference(values, "listed", self.lists)
        made = seq("[", self.picked.reference(), f" for {self.picked.line} in ", source, maybe(" if ", self.kept), "]")
        return values.rule("made", made)

    def _loop(self, values: ValueRules, inside: ValueRules) -> Part | None:
        """Return a call for each element of a source, or for each one that meets a condition."""
        takers = ((at, tool) for at, tool in enumerate(self.tools) if tool.parameters or tool.more != NOTHING)
        body = inside.rule("call", choice(*(call(tool, at, inside, _IN_CALL) for at, tool in takers)))
        condition = _condition(inside, self.elements)
        source = choice(_reference(values, "listed", self.lists), _constants(values))
        looped = seq(body, f" for {self.element} in ", values.rule("source", source), maybe(" if ", condition))
        return None if self.element is None else values.rule("each", looped)


def full_rules(
    tools: Sequence[Callee], first: int, tasks: int, known: Collection[str], secret: Collection[str] = ()
) -> Iterator[GrammarRule | LineRules]:
    """Yield the rules of plans whose tasks are numbered from `first` on, and that may refer to the `known` tasks.

    Results of the `secret` tools are neither compared nor looped over.
    """
    yield from (*SHARED, THOUGHT)
    constants, earlier, unknown = ValueRules(), choice(*known), [ANY] if known else []
    step, most = step_into([*(tool.gives for tool in tools), *unknown])
    steps = repeat(None if step is None else RuleUse("step", token=True), 0, most)
    if step is not None:
        yield GrammarRule("step", step, token=True)
    if earlier is not None:
        yield GrammarRule("known", earlier, token=True)
    element, picked = (*(name for name in LOOP_NAMES if name not in known), None, None)[:2]
    shared = _shared(tools, unknown, secret, sure(steps), constants)
    lines = _Lines(tools, element, *shared)
    if picked is not None:
        picking = ValueRules(picked, choice(picked), steps, constants)
        picking.begin()
        lines = _Lines(tools, element, *shared, picking, _condition(picking, lines.elements))
        yield from picking.rules()
    for number in range(first, first + tasks + 1):
        before = None if earlier is None else RuleUse("known", token=True)
        ids = choice(before, from_to(first, number - 1))
        values = ValueRules(str(number), ids, steps, constants)
        inside = ValueRules(f"{number}x", choice(ids, element), steps, constants)
        is_last = number == first + tasks
        may_follow = (_Lines((), None, None, {}, {}) if is_last else lines).make(number, values, inside)
        line = (*values.rules(), *inside.rules())
        yield LineRules(line, f"plan_{number}", lines_alike(number, first, tasks))
        yield from constants.rules()
        if not may_follow:
            break
    yield GrammarRule(START, RuleUse(f"plan_{first}"))


def _shared(
    tools: Sequence[Callee], unknown: Sequence[Type], secret: Collection[str], steps: Part, constants: ValueRules
) -> tuple[Part | None, _Behind, _Behind]:
    """Return the steps to lists, and to compared values in results and in elements; `constants` gets their rules."""
    read = [*(tool.gives for tool in tools if tool.name not in secret), *unknown]
    lists = [part for found in read for part in parts_of(found, is_list)]
    # The result of a loop is a list of results; constants are texts and numbers.
    elements = [*map(types.element, lists), *read, STR, FLOAT]
    return (
        _steps("listed", [*read, types.list_of(STR)], is_list, steps, constants),
        {name: _steps(f"to_{name}", read, fits, steps, constants) for name, fits in _KINDS.items()},
        {name: _steps(f"in_{name}", elements, fits, steps, constants) for name, fits in _KINDS.items()},
    )


def _steps(
    name: str, results: Iterable[Type], fits: Callable[[Type], bool], steps: Part, constants: ValueRules
) -> Part | None:
    """Return the steps of a reference to a value that `fits`, or None if these results contain no such value."""
    paths = steps_to(results, fits)
    if paths is None:
        return steps
    long = constants.rule(name, choice(*map(written_steps, sorted(paths - {()}, key=repr))), token=True)
    return maybe(long) if () in paths else long


def _reference(values: ValueRules, name: str, steps: Part | None) -> Part | None:
    """Return a reference with these steps, as a rule of this name."""
    if values.ids is None:
        return None
    ids = values.ids if isinstance(values.ids, (RuleUse, Keyword)) else RuleUse(f"id_{values.line}", token=True)
    return values.rule(name, seq("$", ids, steps), token=True)


def _constants(values: ValueRules) -> Part | None:
    """Return a list of texts or of numbers, with references among them."""
    lists = [
        seq("[", item, repeat(seq(", ", item), 0, _IN_SOURCE - 1), "]")
        for item in (
            choice(values.text(1), values.reference()),
            choice(values.of(Number(), 0), values.reference()),
        )
    ]
    return choice(*lists)


def _condition(values: ValueRules, behind: _Behind) -> Part | None:
    """Return one or two comparisons of references with constants, or None without references."""
    if values.ids is None or not behind:
        return None
    number, words, truth = (_reference(values, name, behind[name]) for name in _KINDS)
    reference = values.reference()
    test = choice(
        seq(number, _ORDER, choice(values.of(Number(), 0), number)),
        seq(words, _EQUAL, TEXT.use),
        seq(TEXT.use, choice(" in ", " not in "), words),
        seq(truth, _EQUAL, values.of(BOOL, 0)),
        seq(reference, _EQUAL, "null"),
        seq(maybe("not "), reference),
    )
    test = values.rule("test", test)
    return values.rule("condition", seq(test, maybe(choice(" and ", " or "), test)))
