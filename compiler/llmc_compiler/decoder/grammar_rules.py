"""Grammar rules as data, independent of the syntax in which they are written.

None stands for a part that cannot match: a sequence with such a part is None as well, and a choice leaves it out.
"""

from collections.abc import Iterator
from typing import Final

from llmc_grammar.frozen_data import frozen


@frozen
class Keyword:
    """A literal text."""

    text: str


@frozen
class Chars:
    """One character in some ranges, which include both ends, or one outside them if `negated`."""

    ranges: tuple[tuple[str, str], ...]
    negated: bool = False


@frozen
class RuleUse:
    """A reference to a rule; a `token` is a rule that a lexer reads as a whole."""

    name: str
    token: bool = False


@frozen
class Sequence:
    """Several parts in a row."""

    parts: tuple["Part", ...]


@frozen
class Alternatives:
    """One of several options."""

    options: tuple["Part", ...]


@frozen
class Repeat:
    """A part, repeated at least and at most so many times; `most` is None for no upper bound."""

    part: "Part"
    least: int
    most: int | None


Part = Keyword | Chars | RuleUse | Sequence | Alternatives | Repeat


@frozen
class GrammarRule:
    """A part with a name. The rule named START matches a whole text."""

    name: str
    body: Part
    token: bool = False

    @property
    def use(self) -> RuleUse:
        """A reference to the rule."""
        return RuleUse(self.name, self.token)


@frozen
class LineRules:
    """The rules of a line of a plan, of which the one named `entry` uses the others.

    `alike` is the number of later lines that use as many rules, each of which is as long: only the numbers in names
    grow. Tokens may be shorter there.
    """

    rules: tuple[GrammarRule, ...]
    entry: str
    alike: int


START: Final = "start"


def uses(part: Part) -> Iterator[str]:
    """Yield the names of the rules that a part refers to."""
    match part:
        case RuleUse(name):
            yield name
        case Sequence(inside) | Alternatives(inside):
            for inner in inside:
                yield from uses(inner)
        case Repeat(inner):
            yield from uses(inner)
        case _:
            pass


def _part(given: Part | str | None) -> Part | None:
    """Return a part, made of a text if one is given."""
    return Keyword(given) if isinstance(given, str) else given


def seq(*given: Part | str | None) -> Part | None:
    """Return the sequence of the parts, or None if one of them cannot match."""
    parts: list[Part] = []
    for part in map(_part, given):
        if part is None:
            return None
        parts += part.parts if isinstance(part, Sequence) else (part,)
    return parts[0] if len(parts) == 1 else Sequence(tuple(parts))


def choice(*given: Part | str | None) -> Part | None:
    """Return a choice between the parts that can match, each listed once."""
    options: dict[Part, None] = {}
    for part in map(_part, given):
        if part is not None:
            options.update(dict.fromkeys(part.options if isinstance(part, Alternatives) else (part,)))
    if not options:
        return None
    return next(iter(options)) if len(options) == 1 else Alternatives(tuple(options))


def repeat(given: Part | str | None, least: int, most: int | None) -> Part | None:
    """Return a part, repeated so many times; an empty sequence if the part cannot match and is optional."""
    part = _part(given)
    if part is None or most == 0:
        return Sequence(()) if least == 0 else None
    return part if least == most == 1 else Repeat(part, least, most)


def maybe(*given: Part | str | None) -> Part | None:
    """Return an optional sequence."""
    return repeat(seq(*given), 0, 1)


def chars(ranges: str) -> Part:
    """Return one character of a class, written as in a regular expression without brackets and escapes."""
    negated = ranges.startswith("^")
    return Chars(tuple(_ranges(ranges.removeprefix("^"))), negated)


def _ranges(text: str) -> Iterator[tuple[str, str]]:
    """Yield the ranges of a class; a `-` at the end is literal."""
    index = 0
    while index < len(text):
        is_range = text[index + 1 : index + 2] == "-" and index + 2 < len(text)
        yield text[index], text[index + 2] if is_range else text[index]
        index += 3 if is_range else 1


def sure(part: Part | None) -> Part:
    """Return a part, asserting that it can match."""
    if part is None:
        message = "this part of a grammar cannot match"
        raise AssertionError(message)
    return part
