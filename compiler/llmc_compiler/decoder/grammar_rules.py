"""Rules as data: what a grammar says, whatever dialect it is written in.

A part is None where it matches nothing at all: a sequence with such a part is none, a choice leaves it out.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Keyword:
    """A text, letter by letter."""

    text: str


@dataclass(frozen=True, slots=True)
class Chars:
    """One character of some ranges, each from its first to its last, or of none of them."""

    ranges: tuple[tuple[str, str], ...]
    negated: bool = False


@dataclass(frozen=True, slots=True)
class RuleUse:
    """What a rule says; a `token` is one that a lexer reads as a whole."""

    name: str
    token: bool = False


@dataclass(frozen=True, slots=True)
class Sequence:
    """One part after another."""

    parts: tuple["Part", ...]


@dataclass(frozen=True, slots=True)
class Alternatives:
    """One of the options."""

    options: tuple["Part", ...]


@dataclass(frozen=True, slots=True)
class Repeat:
    """A part so many times; `most` is None where there is no bound."""

    part: "Part"
    least: int
    most: int | None


Part = Keyword | Chars | RuleUse | Sequence | Alternatives | Repeat


@dataclass(frozen=True, slots=True)
class GrammarRule:
    """A part with a name. The name of the first rule, where a text begins, is START."""

    name: str
    body: Part
    token: bool = False

    @property
    def use(self) -> RuleUse:
        """What refers to it."""
        return RuleUse(self.name, self.token)


START: Final = "start"


def uses(part: Part) -> Iterator[str]:
    """The names of the rules that a part refers to."""
    match part:
        case RuleUse(name):
            yield name
        case Sequence(inside) | Alternatives(inside):
            for one in inside:
                yield from uses(one)
        case Repeat(one):
            yield from uses(one)
        case _:
            pass


def _part(given: Part | str | None) -> Part | None:
    """A text is a word."""
    return Keyword(given) if isinstance(given, str) else given


def seq(*given: Part | str | None) -> Part | None:
    """One part after another."""
    parts: list[Part] = []
    for part in map(_part, given):
        if part is None:
            return None
        parts += part.parts if isinstance(part, Sequence) else (part,)
    return parts[0] if len(parts) == 1 else Sequence(tuple(parts))


def choice(*given: Part | str | None) -> Part | None:
    """One of the parts that are possible, each once."""
    options: dict[Part, None] = {}
    for part in map(_part, given):
        if part is not None:
            options.update(dict.fromkeys(part.options if isinstance(part, Alternatives) else (part,)))
    if not options:
        return None
    return next(iter(options)) if len(options) == 1 else Alternatives(tuple(options))


def repeat(given: Part | str | None, least: int, most: int | None) -> Part | None:
    """A part so many times; nothing at all where it cannot be and need not."""
    part = _part(given)
    if part is None or most == 0:
        return Sequence(()) if least == 0 else None
    return part if least == most == 1 else Repeat(part, least, most)


def maybe(*given: Part | str | None) -> Part | None:
    """A sequence, or nothing."""
    return repeat(seq(*given), 0, 1)


def chars(ranges: str) -> Part:
    """One character of the class that is written as in a regular expression, without its brackets and escapes."""
    negated = ranges.startswith("^")
    return Chars(tuple(_ranges(ranges.removeprefix("^"))), negated)


def _ranges(text: str) -> Iterator[tuple[str, str]]:
    """Each range of a class; a `-` at the end is itself."""
    at = 0
    while at < len(text):
        is_range = text[at + 1 : at + 2] == "-" and at + 2 < len(text)
        yield text[at], text[at + 2] if is_range else text[at]
        at += 3 if is_range else 1


def sure(part: Part | None) -> Part:
    """A part that is known to be possible."""
    if part is None:
        message = "this part of a grammar can never be"
        raise AssertionError(message)
    return part
