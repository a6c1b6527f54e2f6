"""Rules in the two syntaxes that servers accept: Lark as llguidance and OpenAI read it, GBNF as llama.cpp reads it.

Only their common features are used: no look-around, lazy quantifiers, priorities or templates.
"""

from collections.abc import Callable, Iterable
from typing import Final, Literal

from llmc_compiler.decoder.grammar_rules import (
    START,
    Alternatives,
    Chars,
    GrammarRule,
    Keyword,
    LineRules,
    Part,
    Repeat,
    RuleUse,
    Sequence,
    uses,
)
from llmc_grammar.portable import Portable

Syntax = Literal["lark", "gbnf"]
"""Syntaxes of grammars that servers accept."""

_ESCAPES: Final = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\t": "\\t", "\r": "\\r"}
_SPECIAL_IN_CLASS: Final = frozenset('\\]["^-/$&~')
_LAST_BYTE: Final = 0xFF
_MOST_UNUSED: Final = 2
"""Limit for the size of all rules, as a multiple of the limit for the used rules."""
_FOUR_DIGITS: Final = 0x1000


class GrammarTooLargeError(Portable, ValueError):
    """A grammar would exceed its limit of characters."""

    level: str
    """The level of the grammar."""
    largest: int
    """The limit, in characters."""

    def __init__(self, level: str, largest: int) -> None:
        super().__init__(
            f"a grammar at level `{level}` would be larger than {largest} characters: "
            "allow fewer tasks, or take a lower level"
        )
        self.level = level
        self.largest = largest


_Lines = dict[str, tuple[str, GrammarRule]]
"""Rules as text and as data, by name."""


def written(rules: Iterable[GrammarRule | LineRules], syntax: Syntax, level: str, largest: int) -> str:
    """Return the used rules as text, one rule on each line, with the start first.

    Raises GrammarTooLargeError for more than `largest` characters, soon after it is certain that the rules exceed them.
    """
    write = _LINES[syntax]
    lines: _Lines = {}
    size = certain = 0
    for given in rules:
        own: _Lines = {
            rule.name: (write(rule), rule) for rule in (given.rules if isinstance(given, LineRules) else (given,))
        }
        lines |= own
        size += sum(len(text) for text, _ in own.values())
        ahead = 0
        if isinstance(given, LineRules):
            used = sum(len(own[name][0]) for name in _used(own, given.entry) if not own[name][1].token)
            certain, ahead = certain + used, given.alike * used
        if size > _MOST_UNUSED * largest or certain + ahead > largest:
            raise GrammarTooLargeError(level, largest)
    used_names = _used(lines, START)
    start = lines.pop(START)[0]
    text = start + "".join(line for name, (line, _) in lines.items() if name in used_names)
    if len(text) > largest:
        raise GrammarTooLargeError(level, largest)
    return text


def _used(lines: _Lines, entry: str) -> set[str]:
    """Return the names of the rules that a rule uses, as far as they are among these, and its own."""
    waiting, used = [entry], {entry}
    while waiting:
        new = lines.keys() & set(uses(lines[waiting.pop()][1].body)) - used
        used |= new
        waiting += new
    return used


def _lark_line(rule: GrammarRule) -> str:
    """Write a rule as `name: body`."""
    return f"{_lark_name(rule.use)}: {_body(rule.body, _lark_atom, _lark_count)}\n"


def _gbnf_line(rule: GrammarRule) -> str:
    """Write a rule as `name ::= body`."""
    return f"{_gbnf_name(rule.use)} ::= {_body(rule.body, _gbnf_atom, _gbnf_count)}\n"


_LINES: Final = {"lark": _lark_line, "gbnf": _gbnf_line}

_Atom = Callable[[Keyword | Chars | RuleUse], str]
_Count = Callable[[int, int | None], str]


def _body(part: Part, atom: _Atom, count: _Count) -> str:
    """Write a part, with brackets around nested parts."""
    match part:
        case Alternatives(options):
            return " | ".join(_body(option, atom, count) for option in options)
        case Sequence(parts):
            return " ".join(_inner(inside, atom, count, isinstance(inside, Alternatives)) for inside in parts) or '""'
        case Repeat(inside, least, most):
            return _inner(inside, atom, count, isinstance(inside, (Alternatives, Sequence, Repeat))) + count(
                least, most
            )
        case _:
            return atom(part)


def _inner(part: Part, atom: _Atom, count: _Count, in_brackets: bool) -> str:  # noqa: FBT001 (both callers name it)
    """Write a part that is inside another one."""
    text = _body(part, atom, count)
    return f"({text})" if in_brackets else text


def _lark_name(use: RuleUse) -> str:
    """Write a rule's name; those of tokens are in capitals."""
    return use.name.upper() if use.token else use.name


def _gbnf_name(use: RuleUse) -> str:
    """Write a rule's name; older readers do not accept underscores."""
    return "root" if use.name == START else use.name.replace("_", "-")


def _lark_atom(part: Keyword | Chars | RuleUse) -> str:
    """Write a literal, a regular expression or a name."""
    match part:
        case Keyword(text):
            return _quoted(text)
        case RuleUse():
            return _lark_name(part)
        case Chars():
            return f"/{_class(part, _lark_character)}/"


def _gbnf_atom(part: Keyword | Chars | RuleUse) -> str:
    """Write a literal, a class or a name."""
    match part:
        case Keyword(text):
            return _quoted(text)
        case RuleUse():
            return _gbnf_name(part)
        case Chars():
            return _class(part, _gbnf_character)


def _quoted(text: str) -> str:
    """Write a literal."""
    return f'"{"".join(_ESCAPES.get(character, character) for character in text)}"'


def _class(part: Chars, character: Callable[[str], str]) -> str:
    """Write a character class in square brackets."""
    inside = "".join(
        character(first) if first == last else f"{character(first)}-{character(last)}" for first, last in part.ranges
    )
    return f"[{'^' if part.negated else ''}{inside}]"


def _lark_character(character: str) -> str:
    r"""Write a character of a class; `\xNN` for characters with a special meaning."""
    code = ord(character)
    if " " <= character <= "~" and character not in _SPECIAL_IN_CLASS:
        return character
    return f"\\x{code:02x}" if code <= _LAST_BYTE else f"\\u{code:04x}"


def _gbnf_character(character: str) -> str:
    r"""Write a character of a class, but not as `\u0NNN`: llguidance's GBNF reader loses the leading zero."""
    return character if _LAST_BYTE < ord(character) < _FOUR_DIGITS else _lark_character(character)


def _lark_count(least: int, most: int | None) -> str:
    """Write a repetition count."""
    if most is not None and (least, most) != (0, 1):
        return f"~{least}..{most}" if least != most else f"~{least}"
    return _sign(least, most)


def _gbnf_count(least: int, most: int | None) -> str:
    """Write a repetition count."""
    if most is not None and (least, most) != (0, 1):
        return f"{{{least},{most}}}" if least != most else f"{{{least}}}"
    return _sign(least, most)


def _sign(least: int, most: int | None) -> str:
    """Write a repetition as `?`, `*` or `+`."""
    return "?" if most == 1 else "+" if least else "*"
