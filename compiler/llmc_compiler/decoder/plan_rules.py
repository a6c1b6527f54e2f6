"""Rules of the levels `tools` and `plain`: the syntax of the whole language, with the tools' names or any names.

Operators have one rule for each precedence. Limits that rules cannot express are left to the compiler: the nesting of
brackets, the number of references of a task. Rules cannot keep the names in one bracket different either, so named
arguments have a fixed order, that of the parameters, and an argument with a free name stands alone.

Steps stand behind references, calls, texts, lists, mappings, and brackets around an operator: brackets around steps
would make the number of steps in a row unlimited.
"""

from collections.abc import Iterator, Sequence
from itertools import accumulate
from typing import Final

from llmc_compiler.decoder.function_rules import FUNCTION, function_rules, optional_names
from llmc_compiler.decoder.grammar_rules import (
    START,
    GrammarRule,
    Part,
    RuleUse,
    chars,
    choice,
    maybe,
    repeat,
    seq,
    sure,
)
from llmc_compiler.decoder.values.call_rules import Callee
from llmc_compiler.decoder.values.lexical_rules import FIELD, KEY, NAME, STEP, THOUGHT, UNSIGNED, from_to, name_but
from llmc_compiler.decoder.values.path_rules import MOST_STEPS
from llmc_compiler.decoder.values.shapes import keys_in
from llmc_compiler.decoder.values.value_rules import SHARED, ReadableField, ValueRules
from llmc_grammar.ast import KEYWORDS
from llmc_grammar.print import quoted

_MOST_OPERANDS: Final = 4
_MOST_ITEMS: Final = 16
_MOST_ARGUMENTS: Final = 8
_MOST_KEYS: Final = 500
"""Maximum number of keys of all records together."""
_MOST_LOOPS: Final = 3
_MOST_PARTS: Final = 5
_HIGHEST_NUMBER: Final = 9999

_EXPR: Final = RuleUse("expr")
_FLAT: Final = RuleUse("flat")
_REF: Final = RuleUse("ref", token=True)
_LOOPS: Final = repeat(RuleUse("loop"), 1, _MOST_LOOPS)
_PARTS: Final = repeat(RuleUse("part"), 0, _MOST_PARTS)
"""Steps behind a value."""
_OWN: Final = GrammarRule("own", name_but(KEYWORDS), token=True)
"""A name of a task, a loop element or a tool."""
_NUMBERED: Final = GrammarRule("numbered", sure(seq(from_to(1, _HIGHEST_NUMBER), ". ")), token=True)
_SUMS: Final = (" + ", " - ")
_PRODUCTS: Final = (" * ", " / ", " // ", " % ")
_COMPARISONS: Final = (" == ", " != ", " < ", " <= ", " > ", " >= ", " in ", " not in ")


def language_rules(tools: Sequence[Callee], tasks: int, *, names_tools: bool) -> Iterator[GrammarRule]:
    """Yield the rules of plans with at most so many tasks; without `names_tools`, tools may have any name."""
    yield from (*SHARED, STEP, FIELD, THOUGHT, _OWN, _NUMBERED)
    texts = ValueRules("any", choice(from_to(1, _HIGHEST_NUMBER), NAME.use), repeat(STEP.use, 0, MOST_STEPS))
    texts.begin()
    yield from texts.rules()
    yield from _positional()
    calls = list(_named_calls(tools) if names_tools else _free_calls(tools))
    yield from calls
    call = calls[-1].use if calls else None
    yield from _lines(tasks, call)
    yield from _operators()
    if names_tools:
        yield from function_rules({tool.name for tool in tools}, _EXPR)
        called = choice(call, RuleUse(FUNCTION))
    else:
        called = call  # a free name may be that of a function
    yield from _primaries(texts, called)
    yield from _mappings(tools)


def _lines(tasks: int, call: Part | None) -> Iterator[GrammarRule]:
    """Yield the rules of lines; without tools, `call` is None."""
    yield _rule(START, seq(repeat(RuleUse("line"), 0, tasks), maybe(THOUGHT.use), RuleUse("join")))
    task = seq(call, _PARTS, maybe(RuleUse("clause")), RuleUse("options"))
    yield _rule("line", seq(maybe(THOUGHT.use), choice(seq(RuleUse("binder"), RuleUse("body")), task), "\n"))
    yield _rule("binder", choice(_NUMBERED.use, seq(_OWN.use, " = ")))
    yield _rule("body", choice(task, seq(_EXPR, _fallback()), seq(_FLAT, RuleUse("clause"), _fallback())))
    guard = seq(" if ", _FLAT)
    yield _rule("clause", choice(guard, _LOOPS))
    yield _rule("loop", seq(" for ", _OWN.use, " in ", _FLAT, maybe(guard)))
    duration = seq(from_to(1, _HIGHEST_NUMBER), choice("ms", "s", "m", "h"))
    timeout = maybe(" @timeout(", _token("duration"), ")")
    yield GrammarRule("duration", sure(duration), token=True)
    yield _rule("options", seq(timeout, maybe(" @retry(", chars("1-9"), ")"), _fallback()))
    plain = choice(*_constants(), seq(_REF, repeat(STEP.use, 0, MOST_STEPS)))
    yield _rule("constant", choice(plain, seq("[", maybe(plain, repeat(seq(", ", plain), 0, _MOST_ITEMS - 1)), "]")))
    named = seq(NAME.use, "=", _EXPR)
    value = choice(")", seq(choice(_listed(_EXPR, _MOST_ITEMS), named), ")"))
    yield _rule("join", seq(maybe(_NUMBERED.use), "join(", value, maybe("<END_OF_PLAN>")))


def _fallback() -> Part | None:
    """Return the option for a value that replaces the result if all attempts fail."""
    return maybe(" @fallback(", RuleUse("constant"), ")")


def _operators() -> Iterator[GrammarRule]:
    """Yield the rules of operators, the loosest first."""
    yield _rule("expr", seq(_FLAT, maybe(" if ", _FLAT, " else ", _EXPR)))
    yield _tier("flat", "both", " or ")
    yield _tier("both", "negated", " and ")
    yield _rule("negated", seq(maybe("not "), RuleUse("compared")))
    yield _rule("compared", seq(RuleUse("sum"), maybe(choice(*_COMPARISONS), RuleUse("sum"))))
    yield _tier("sum", "product", *_SUMS)
    yield _tier("product", "signed", *_PRODUCTS)
    yield _rule("signed", seq(maybe("-"), RuleUse("power")))
    yield _rule("power", seq(RuleUse("primary"), maybe(" ** ", RuleUse("primary"))))


def _tier(name: str, below: str, *operators: str) -> GrammarRule:
    """Return the rule of operators of one precedence, with operands of the rule `below`."""
    return _rule(name, seq(RuleUse(below), repeat(seq(choice(*operators), RuleUse(below)), 0, _MOST_OPERANDS - 1)))


def _primaries(texts: ValueRules, call: Part | None) -> Iterator[GrammarRule]:
    """Yield the rules of operands, with the steps behind them."""
    yield GrammarRule("ref", sure(seq("$", RuleUse("id_any", token=True))), token=True)
    yield GrammarRule("number", UNSIGNED, token=True)
    yield _rule("string", choice(texts.text(_MOST_OPERANDS), RuleUse("quote_any", token=True)))
    yield from _lists()
    whole = choice(_REF, call, RuleUse("string"), RuleUse("array"), RuleUse("mapping"), seq("(", RuleUse("inner"), ")"))
    alone = choice(_token("number"), "true", "false", "null", seq("(", _EXPR, ")"))
    yield _rule("primary", choice(seq(whole, _PARTS), alone))


def _lists() -> Iterator[GrammarRule]:
    """Yield the rules of lists and comprehensions, of steps, and of operators in brackets with steps behind them."""
    items = choice(_LOOPS, repeat(seq(", ", _EXPR), 0, _MOST_ITEMS - 1))
    yield _rule("array", seq("[", choice("]", seq(_EXPR, items, "]"))))
    bounds = choice(seq(_EXPR, maybe(":", maybe(_EXPR))), seq(":", _EXPR))
    yield _rule("part", choice(FIELD.use, seq("[", bounds, "]")))
    tiers = (("both", (" or ",)), ("product", _SUMS), ("signed", _PRODUCTS))
    several = (
        seq(RuleUse(name), repeat(seq(choice(*operators), RuleUse(name)), 1, _MOST_OPERANDS - 1))
        for name, operators in tiers
    )
    yield _rule("inner", choice(seq(_FLAT, " if ", _FLAT, " else ", _EXPR), *several))


def _mappings(tools: Sequence[Callee]) -> Iterator[GrammarRule]:
    """Yield the rules of mappings: with one key, or with those of a record that a tool accepts, in order."""
    rules = ValueRules()
    options = [seq("{", maybe(KEY.use, ": ", _EXPR), "}")]
    for number, names in enumerate(_records(tools)):
        fields = [ReadableField(f"{quoted(name)}: ", _EXPR, required=False) for name in names]
        options.append(seq("{", rules.chain(f"record{number}", fields, "}", is_shared=True, is_filled=True)[0]))
    yield from rules.rules()
    yield _rule("mapping", choice(*options))


def _records(tools: Sequence[Callee]) -> list[tuple[str, ...]]:
    """Return the keys of the records that tools accept, up to a total number of keys."""
    given = (each for tool in tools for part in (tool.parameters, *tool.forms) for each in part)
    found = dict.fromkeys(names for each in given for names in keys_in(each.shape) if len(names) > 1)
    ends = accumulate(map(len, found))
    return [names for names, end in zip(found, ends, strict=True) if end <= _MOST_KEYS]


def _constants() -> tuple[Part | str, ...]:
    """Return the literals of scalars."""
    return RuleUse("string"), _token("number"), "true", "false", "null"


def _named_calls(tools: Sequence[Callee]) -> Iterator[GrammarRule]:
    """Yield the rules of calls by the tools' names, with the names of their parameters; the call itself is last."""
    heads: dict[tuple[str, ...], list[str]] = {}
    for tool in tools:
        heads.setdefault(tuple(tool.names()), []).append(f"{tool.name}(")
    rules = ValueRules()
    calls = [
        seq(choice(*names), _arguments(f"arguments{number}", parameters, rules))
        for number, (parameters, names) in enumerate(heads.items())
    ]
    if calls:
        yield from rules.rules()
        yield _rule("call", choice(*calls))


def _free_calls(tools: Sequence[Callee]) -> Iterator[GrammarRule]:
    """Yield the rules of calls by any name, with the names of all parameters; the call itself is last."""
    rules = ValueRules()
    own = dict.fromkeys(name for tool in tools for name in tool.names())
    parameters = dict.fromkeys([*own, *optional_names()]) if own else own
    part = _OWN.use
    yield GrammarRule("tool", sure(seq(part, repeat(seq(".", part), 0, 2), "(")), token=True)
    body = seq(_token("tool"), _arguments("arguments", tuple(parameters), rules))
    yield from rules.rules()
    yield _rule("call", body)


def _positional() -> Iterator[GrammarRule]:
    """Yield the rule of positional arguments."""
    yield _rule("positional", _listed(_EXPR, _MOST_ARGUMENTS))


def _arguments(name: str, parameters: tuple[str, ...], rules: ValueRules) -> Part | None:
    """Return arguments by position, then by name: the parameters in order, or one argument of any name."""
    given = RuleUse("positional")
    if not parameters:
        named = seq(NAME.use, "=", _EXPR)
        return rules.rule(name, choice(")", seq(given, maybe(", ", named), ")"), seq(named, ")")))
    fields = [ReadableField(f"{parameter}=", _EXPR, required=False) for parameter in parameters]
    by_name, after = rules.chain(name, fields, ")", is_shared=True)
    return rules.rule(name, choice(seq(given, after[0]), by_name))


def _listed(part: Part, most: int) -> Part | None:
    """Return at most so many of a part, separated by commas."""
    return seq(part, repeat(seq(", ", part), 0, most - 1))


def _rule(name: str, body: Part | None) -> GrammarRule:
    """Return a rule whose body can match."""
    return GrammarRule(name, sure(body))


def _token(name: str) -> RuleUse:
    """Return a use of a token of this module."""
    return RuleUse(name, token=True)
