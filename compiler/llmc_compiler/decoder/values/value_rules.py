"""Grammar of values in one line of a plan: written out in their shape, or references to the lines above.

A line may contain only so many references, so that each value has a budget of them. Values without references, and
their rules, are the same in every line.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

from llmc_compiler.decoder.grammar_rules import GrammarRule, Keyword, Part, RuleUse, choice, maybe, repeat, seq, sure
from llmc_compiler.decoder.values.lexical_rules import (
    ANY_NUMBER,
    APART,
    FORMAT,
    INDEX,
    KEY,
    LONGEST_PIECE,
    LONGEST_TEXT,
    NAME,
    SIGN,
    fractions,
    whole_numbers,
)
from llmc_compiler.decoder.values.shapes import (
    SCALARS,
    AnyShape,
    Either,
    Formed,
    ItemsShape,
    Keys,
    Number,
    OneOf,
    Shape,
    TextShape,
    Whole,
)
from llmc_compiler.decoder.values.string_formats import FORMS
from llmc_grammar.frozen_data import frozen
from llmc_grammar.print import quoted

_MOST_IN_A_TEXT: Final = 4
_MOST_ITEMS: Final = (16, 8, 4)
"""Maximum number of items of a list, by its depth in other lists."""
_FEWEST_ITEMS: Final = 4
MADE_REFERENCES: Final = 6
"""Maximum number of references in a list in place: its element, its source, and two comparisons."""

_LEVELS: Final = (2, 1)
"""Maximum nesting depth of a value without a schema: of an argument, and of a part of one."""

TEXT: Final = GrammarRule("text", sure(seq('"', repeat(SIGN.use, 0, LONGEST_TEXT), '"')), token=True)
SHARED: Final = (SIGN, APART, FORMAT, KEY, NAME, INDEX, TEXT, *FORMS.values())
"""Rules that every line may use."""


@frozen
class ReadableField:
    """An argument or a key with its value; `head` is the text before the value, None if the name is not allowed."""

    head: str | None
    value: Part | None
    required: bool


@dataclass(slots=True)
class ValueRules:
    """The values of one line; `line` is a suffix of its rules' names, `ids` are the tasks that it may refer to.

    `steps` are the possible steps of a reference. `constants` are the values without references; it is None in these
    themselves. `made_list` is a list in place with `MADE_REFERENCES` references at most, which may stand for any list.
    """

    line: str = ""
    ids: Part | None = None
    steps: Part | None = None
    constants: "ValueRules | None" = None
    made_list: Part | None = None
    _made: dict[tuple[Shape, int, int], Part | None] = field(default_factory=dict)
    _numbers: dict[object, int] = field(default_factory=dict)
    _rules: list[GrammarRule] = field(default_factory=list)

    def rules(self) -> Iterator[GrammarRule]:
        """Yield the rules made since the last call."""
        yield from self._rules
        self._rules.clear()

    def rule(self, name: str, body: Part | None, *, token: bool = False) -> Part | None:
        """Make a rule of this line and return a use of it, or the body itself if that is as short, or None."""
        if body is None or isinstance(body, (RuleUse, Keyword)):
            return body
        made = GrammarRule(f"{name}_{self.line}" if self.line else name, body, token)
        self._rules.append(made)
        return made.use

    def begin(self) -> None:
        """Make the rules of references, and of texts with references."""
        if self.ids is None:
            return
        ids = self.rule("id", self.ids, token=True)
        self.rule("ref", seq("$", ids, self.steps), token=True)
        self.rule("quote", seq('"$', ids, self.steps, '"'), token=True)
        piece = repeat(SIGN.use, 0, LONGEST_PIECE)
        bare = seq("$", ids, choice(maybe(APART.use, piece), ",", "."))
        slot = self.rule("slot", choice(bare, seq("${", ids, self.steps, maybe(FORMAT.use), "}", piece)), token=True)
        for most in range(1, _MOST_IN_A_TEXT + 1):
            for name, least in (("text", 0), ("filled", 1)):
                text = seq('"', repeat(SIGN.use, 0, LONGEST_TEXT), repeat(slot, least, most), '"')
                self.rule(f"{name}{most}", text, token=True)

    def reference(self) -> Part | None:
        """Return a reference like `$1.name`, or None if the line cannot refer to any task."""
        return None if self.ids is None else RuleUse(f"ref_{self.line}", token=True)

    def text(self, budget: int) -> Part:
        """Return a text with at most so many references."""
        return self._text("text", budget) or TEXT.use

    def _text(self, name: str, budget: int) -> Part | None:
        """Return a text with references, which are optional for the name `text`, and required for `filled`."""
        if self.ids is None or not budget:
            return None
        return RuleUse(f"{name}{min(budget, _MOST_IN_A_TEXT)}_{self.line}", token=True)

    def of(self, shape: Shape, budget: int, depth: int = 0) -> Part | None:
        """Return a value of a shape, at a depth in other values, with at most so many references."""
        if self.constants is not None and (self.ids is None or not budget):
            return self.constants.of(shape, 0, depth)
        key = (
            (shape, budget, depth)
            if isinstance(shape, (ItemsShape, Keys, Either, AnyShape))
            else (shape, min(budget, _MOST_IN_A_TEXT), 0)
        )
        if key not in self._made:
            reference = self.reference() if budget else None
            body = choice(*self._written(*key), reference)
            self._made[key] = self.rule(f"v{self._number(key)}", body)
        return self._made[key]

    def _number(self, key: object) -> int:
        """Return a number for the name of a rule, the same in all lines."""
        numbers = self._numbers if self.constants is None else self.constants._numbers  # noqa: SLF001 (same class)
        return numbers.setdefault(key, len(numbers))

    def _written(self, shape: Shape, budget: int, depth: int) -> Iterator[Part | None]:
        """Yield the ways to write a value out."""
        match shape:
            case TextShape(0, None):
                yield self.text(budget)
                yield from self._quoted(budget)
            case Formed(form):
                yield FORMS[form].use
                yield from self._quoted(budget)
            case TextShape(_, most):
                yield self._token(shape)
                yield from self._quoted(budget)
                # The length of a text with references is only known when the plan runs.
                yield self._text("filled", budget) if most is None else None
            case Whole() | Number():
                yield self._token(shape)
            case OneOf(values):
                yield from map(Keyword, values)
            case ItemsShape():
                yield self._items(shape, budget, depth)
                if self.made_list is not None and budget >= MADE_REFERENCES:
                    yield self.made_list
            case Keys():
                yield self._keys(shape, budget, depth)
            case Either(options):
                for option in options:
                    yield from self._written(option, budget, depth)
            case AnyShape(given):
                levels = _LEVELS[min(depth, 1)] if given is None else given
                inner = AnyShape(levels - 1)
                for option in (*SCALARS, *((ItemsShape((), inner), Keys((), inner)) if levels else ())):
                    yield from self._written(option, budget, depth)

    def _quoted(self, budget: int) -> Iterator[Part]:
        """Yield a text that is a reference."""
        if self.ids is not None and budget:
            yield RuleUse(f"quote_{self.line}", token=True)

    def _token(self, shape: TextShape | Whole | Number) -> Part | None:
        """Return a text or a number within bounds; its rule is the same in all lines."""
        if self.constants is not None:
            return self.constants._token(shape)  # noqa: SLF001 (same class)
        key = (shape, 0, -1)
        if key not in self._made:
            self._made[key] = self.rule(f"t{self._number(key)}", _bounded(shape), token=True)
        return self._made[key]

    def _items(self, shape: ItemsShape, budget: int, depth: int) -> Part | None:
        """Return a list, of which only so many items may have references."""
        longest = max(_MOST_ITEMS[min(depth, len(_MOST_ITEMS) - 1)], shape.least, len(shape.first))
        longest = longest if shape.most is None else min(longest, shape.most)
        if not longest:
            return seq("[]")
        most = min(longest, max(budget, _FEWEST_ITEMS, shape.least, len(shape.first))) if budget else longest
        share = budget // most
        rest = self.of(shape.rest, share, depth + 1) if most > len(shape.first) else None
        heads = [self.of(item, share, depth + 1) for item in shape.first] or [rest]
        after = repeat(seq(", ", rest), max(0, shape.least - len(heads)), most - len(heads))
        if longest > most and self.constants is not None:
            after = seq(after, repeat(seq(", ", self.constants.of(shape.rest, 0, depth + 1)), 0, longest - most))
        name = f"i{self._number((shape, budget, depth, 'items'))}"
        for index in reversed(range(len(heads))):
            given = seq(*([", "] if index else []), heads[index], after)
            behind = given if index < shape.least else maybe(given)
            after = self.rule(f"{name}r{index}", behind) if index else behind
        return seq("[", after, "]")

    def _keys(self, shape: Keys, budget: int, depth: int) -> Part | None:
        """Return a mapping; with free keys it has at most one, since rules cannot keep two keys different."""
        if not shape.keys:
            free = seq(KEY.use, ": ", self.of(shape.others, budget, depth + 1))
            return seq("{", free if shape.is_filled else maybe(free), "}")
        share = budget // len(shape.keys)
        fields = [
            ReadableField(f"{quoted(key.name)}: ", self.of(key.shape, share, depth + 1), key.required)
            for key in shape.keys
        ]
        name = f"k{self._number((shape, budget, depth, 'keys'))}"
        first, _ = self.chain(name, fields, "}", is_shared=not fields[0].required, is_filled=shape.is_filled)
        return seq("{", first)

    def chain(
        self, name: str, fields: Sequence[ReadableField], close: str, *, is_shared: bool, is_filled: bool = False
    ) -> tuple[Part | None, list[Part | None]]:
        """Return fields in order, of which the optional ones may be left out, and the continuation at each field.

        `is_shared`: continuations are used more than once, and get rules. `is_filled`: at least one field is given.
        """
        after: list[Part | None] = [seq(close)]
        for index in reversed(range(len(fields))):
            entry = fields[index]
            given = seq(", ", entry.head, entry.value)
            rest = seq(given if entry.required else maybe(given), after[0])
            after.insert(0, self.rule(f"{name}r{index}", rest) if is_shared else rest)
        starts: list[Part | None] = []
        for index, entry in enumerate(fields):
            starts.append(seq(entry.head, entry.value, after[index + 1]))
            if entry.required:
                break
        else:
            starts.append(None if is_filled else seq(close))
        return choice(*starts), after


def _bounded(shape: TextShape | Whole | Number) -> Part | None:
    """Return a text or a number within bounds."""
    match shape:
        case TextShape(least, most):
            return seq('"', repeat(SIGN.use, least, max(least, LONGEST_TEXT) if most is None else most), '"')
        case Whole(least, most):
            return whole_numbers(least, most)
        case Number(least, most, whole, above, below):
            if shape == Number():
                return ANY_NUMBER
            of_whole = None if whole is None else whole_numbers(whole.least, whole.most)
            return choice(of_whole, fractions(least, most, above=above, below=below))
