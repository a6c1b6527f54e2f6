"""Rules for calls of standard functions: the required arguments by position, then the optional ones in order.

function: ("lower(" | "upper(") expr ")" | "round(" expr (", " expr | ", digits=" expr)? ")" | ...
"""

from collections.abc import Collection, Iterator
from typing import Final

from llmc_compiler.decoder.grammar_rules import GrammarRule, Part, choice, repeat, seq, sure
from llmc_compiler.decoder.values.value_rules import ReadableField, ValueRules
from llmc_compiler.expressions.functions.standard_function import StandardFunction
from llmc_compiler.expressions.functions.table import FUNCTIONS

FUNCTION: Final = "function"
"""The name of the rule of a call."""
_MOST_MORE: Final = 6
"""Maximum number of arguments after those for named parameters."""


def optional_names() -> Iterator[str]:
    """Yield the names of all optional parameters, which plans give by name."""
    return (each.name for function in FUNCTIONS.values() for each in function.parameters if not each.required)


def function_rules(taken: Collection[str], value: Part) -> Iterator[GrammarRule]:
    """Yield the rules of calls of the functions whose names are not taken by tools; the call itself is last."""
    rules = ValueRules()
    alike: dict[tuple[int, tuple[str, ...], bool], list[str]] = {}
    for function in FUNCTIONS.values():
        if function.name not in taken:
            alike.setdefault(_arity(function), []).append(f"{function.name}(")
    calls = [
        seq(choice(*names), _arguments(f"given{number}", arity, value, rules))
        for number, (arity, names) in enumerate(alike.items())
    ]
    yield from rules.rules()
    yield GrammarRule(FUNCTION, sure(choice(*calls)))


def _arity(function: StandardFunction) -> tuple[int, tuple[str, ...], bool]:
    """Return the number of required parameters, the names of the optional ones, and whether more are taken."""
    named = [each for each in function.parameters if not each.many]
    required = sum(each.required for each in named)
    return required, tuple(each.name for each in named if not each.required), len(named) < len(function.parameters)


def _arguments(name: str, arity: tuple[int, tuple[str, ...], bool], value: Part, rules: ValueRules) -> Part | None:
    """Return the arguments of functions of one arity, and the closing bracket."""
    required, optional, takes_more = arity
    fields = [ReadableField(f"{each}=", value, required=False) for each in optional]
    _, after = rules.chain(name, fields, ")", is_shared=len(fields) > 1)
    more = repeat(seq(", ", value), 0, _MOST_MORE) if takes_more else seq()
    behind = seq(more, after[-1])
    for index in reversed(range(len(fields))):
        behind = choice(after[index], seq(", ", value, behind))
    return seq(value, repeat(seq(", ", value), required - 1, required - 1), behind)
