"""Values in one line of a plan: written out as their shape wants them, or read from the lines above.

A line may hold only so many references, so each value is told how many it may have. Values without any are the same in
every line, and so are their rules.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

from llmc_compiler.decoder.grammar_rules import GrammarRule, Keyword, Part, RuleUse, choice, maybe, repeat, seq, sure
from llmc_compiler.decoder.values.lexical_rules import (
    ANY_NUMBER,
    APART,
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
from llmc_grammar.print import quoted

_MOST_IN_A_TEXT: Final = 4
_MOST_ITEMS: Final = (16, 8, 4)
"""How many items a list has, by how deep it is in others."""
_FEWEST_ITEMS: Final = 4

_LEVELS: Final = (2, 1)
"""How far a value without a schema goes into itself: an argument, or a part of one."""

TEXT: Final = GrammarRule("text", sure(seq('"', repeat(SIGN.use, 0, LONGEST_TEXT), '"')), token=True)
SHARED: Final = (SIGN, APART, KEY, NAME, INDEX, TEXT, *FORMS.values())
"""Rules that every line may use."""


@dataclass(frozen=True, slots=True)
class ReadableField:
    """An argument or a key: what stands in front of its value, None where nothing can, and the value."""

    head: str | None
    value: Part | None
    required: bool


@dataclass(slots=True)
class ValueRules:
    """The values of one line; `line` is a part of the names of its rules, `ids` are what it may refer to.

    `steps` are what may stand behind these, `constants` are the values without references, None in those themselves.
    """

    line: str = ""
    ids: Part | None = None
    steps: Part | None = None
    constants: "ValueRules | None" = None
    _made: dict[tuple[Shape, int, int], Part | None] = field(default_factory=dict)
    _numbers: dict[object, int] = field(default_factory=dict)
    _rules: list[GrammarRule] = field(default_factory=list)

    def rules(self) -> Iterator[GrammarRule]:
        """The rules that were made since this was asked last."""
        yield from self._rules
        self._rules.clear()

    def rule(self, name: str, body: Part | None, *, token: bool = False) -> Part | None:
        """A rule of this line, if it is possible; none where a name would be longer."""
        if body is None or isinstance(body, (RuleUse, Keyword)):
            return body
        made = GrammarRule(f"{name}_{self.line}" if self.line else name, body, token)
        self._rules.append(made)
        return made.use

    def begin(self) -> None:
        """Make the rules of references, and of texts that have some."""
        if self.ids is None:
            return
        ids = self.rule("id", self.ids, token=True)
        self.rule("ref", seq("$", ids, self.steps), token=True)
        self.rule("quote", seq('"$', ids, self.steps, '"'), token=True)
        piece = repeat(SIGN.use, 0, LONGEST_PIECE)
        bare = seq("$", ids, choice(maybe(APART.use, piece), ",", "."))
        slot = self.rule("slot", choice(bare, seq("${", ids, self.steps, "}", piece)), token=True)
        for most in range(1, _MOST_IN_A_TEXT + 1):
            for name, least in (("text", 0), ("filled", 1)):
                text = seq('"', repeat(SIGN.use, 0, LONGEST_TEXT), repeat(slot, least, most), '"')
                self.rule(f"{name}{most}", text, token=True)

    def reference(self) -> Part | None:
        """`$1.name`, where there is something to refer to."""
        return None if self.ids is None else RuleUse(f"ref_{self.line}", token=True)

    def text(self, budget: int) -> Part:
        """A text that may have so many references."""
        return self._text("text", budget) or TEXT.use

    def _text(self, name: str, budget: int) -> Part | None:
        """A text with references: with or without for the name `text`, with one at least for `filled`."""
        if self.ids is None or not budget:
            return None
        return RuleUse(f"{name}{min(budget, _MOST_IN_A_TEXT)}_{self.line}", token=True)

    def of(self, shape: Shape, budget: int, depth: int = 0) -> Part | None:
        """A value of a shape, so deep in others, with at most so many references."""
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
        """A number for what needs a name, the same in all lines."""
        known = self._numbers if self.constants is None else self.constants._numbers  # noqa: SLF001 (of its own kind)
        return known.setdefault(key, len(known))

    def _written(self, shape: Shape, budget: int, depth: int) -> Iterator[Part | None]:
        """The ways to write a value out."""
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
                # How long a text with references is shows when it is run.
                yield self._text("filled", budget) if most is None else None
            case Whole() | Number():
                yield self._token(shape)
            case OneOf(values):
                yield from map(Keyword, values)
            case ItemsShape():
                yield self._items(shape, budget, depth)
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
        """A text that is a reference."""
        if self.ids is not None and budget:
            yield RuleUse(f"quote_{self.line}", token=True)

    def _token(self, shape: TextShape | Whole | Number) -> Part | None:
        """A text or a number within bounds, which is the same in all lines."""
        if self.constants is not None:
            return self.constants._token(shape)  # noqa: SLF001 (of its own kind)
        key = (shape, 0, -1)
        if key not in self._made:
            self._made[key] = self.rule(f"t{self._number(key)}", _bounded(shape), token=True)
        return self._made[key]

    def _items(self, shape: ItemsShape, budget: int, depth: int) -> Part | None:
        """A list, of which only so many items may refer to something."""
        longest = max(_MOST_ITEMS[min(depth, len(_MOST_ITEMS) - 1)], shape.least, len(shape.first))
        longest = longest if shape.most is None else min(longest, shape.most)
        if not longest:
            return seq("[]")
        most = min(longest, max(budget, _FEWEST_ITEMS, shape.least, len(shape.first))) if budget else longest
        each = budget // most
        rest = self.of(shape.rest, each, depth + 1) if most > len(shape.first) else None
        heads = [self.of(item, each, depth + 1) for item in shape.first] or [rest]
        after = repeat(seq(", ", rest), max(0, shape.least - len(heads)), most - len(heads))
        if longest > most and self.constants is not None:
            after = seq(after, repeat(seq(", ", self.constants.of(shape.rest, 0, depth + 1)), 0, longest - most))
        name = f"i{self._number((shape, budget, depth, 'items'))}"
        for at in reversed(range(len(heads))):
            given = seq(*([", "] if at else []), heads[at], after)
            behind = given if at < shape.least else maybe(given)
            after = self.rule(f"{name}r{at}", behind) if at else behind
        return seq("[", after, "]")

    def _keys(self, shape: Keys, budget: int, depth: int) -> Part | None:
        """A mapping; with free keys it has but one, since no rule could keep two from being the same."""
        if not shape.keys:
            free = seq(KEY.use, ": ", self.of(shape.others, budget, depth + 1))
            return seq("{", free if shape.is_filled else maybe(free), "}")
        each = budget // len(shape.keys)
        fields = [
            ReadableField(f"{quoted(key.name)}: ", self.of(key.shape, each, depth + 1), key.required)
            for key in shape.keys
        ]
        name = f"k{self._number((shape, budget, depth, 'keys'))}"
        first, _ = self.chain(name, fields, "}", is_shared=not fields[0].required, is_filled=shape.is_filled)
        return seq("{", first)

    def chain(
        self, name: str, fields: Sequence[ReadableField], close: str, *, is_shared: bool, is_filled: bool = False
    ) -> tuple[Part | None, list[Part | None]]:
        """Fields in their order, the optional ones left out or not; also what may follow in front of each of them.

        Where that is used more than once, `is_shared`, it gets a rule. `is_filled`: not all of them are left out.
        """
        after: list[Part | None] = [seq(close)]
        for at in reversed(range(len(fields))):
            one = fields[at]
            given = seq(", ", one.head, one.value)
            rest = seq(given if one.required else maybe(given), after[0])
            after.insert(0, self.rule(f"{name}r{at}", rest) if is_shared else rest)
        starts: list[Part | None] = []
        for at, one in enumerate(fields):
            starts.append(seq(one.head, one.value, after[at + 1]))
            if one.required:
                break
        else:
            starts.append(None if is_filled else seq(close))
        return choice(*starts), after


def _bounded(shape: TextShape | Whole | Number) -> Part | None:
    """A text or a number within bounds."""
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
