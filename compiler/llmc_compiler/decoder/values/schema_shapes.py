r"""Shapes of JSON schemas: the values that a grammar allows for a parameter.

A shape has every value that the schema allows and a plan can write, except for these limits of size and spelling:

- A text has up to 240 characters, or as many as `minLength` needs, and no `\u` escapes.
- A text with the format `date`, `time`, `date-time` or `uuid` has the form of RFC 3339 or RFC 9562: years from 1000 on,
  no leap second, up to six digits of a second, no 29th of February where the century ends.
- A number has up to 18 digits. Within bounds it has up to 15 before the point, 20 after it, and no exponent.
- A list has up to 16 items, 8 inside another list, 4 at deeper levels, or as many as `minItems` needs.
- A mapping has its named keys in the order of the schema and no others; one without named keys has at most one key.
- A key that only a condition names has the values that the condition allows.
- A schema occurs inside itself twice. A value without a schema is nested two levels deep, one inside another value.
- A schema with `properties` or `items` but without a type only allows mappings or lists.

A shape has additional values only if no rule can express a keyword, and the compiler then checks constants: `pattern`,
other formats, `multipleOf`, `uniqueItems`, `contains`, `not`, `if`, dependencies, names and numbers of keys, values
that fit two options of a `oneOf`, and schemas of more than 500 parts. Listed values (`enum`, `const`, and `null`,
`true`, `false` under `not`, `if` and `oneOf`) are checked against the whole schema, so that they fit.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from math import ceil, floor, inf
from typing import Any, Final

from llmc_compiler.decoder.values.lexical_rules import LONGEST_TEXT
from llmc_compiler.decoder.values.schema_cases import PLAIN, Case, Cases, Part
from llmc_compiler.decoder.values.shapes import (
    ANYTHING,
    FORMATS,
    FREE,
    NOTHING,
    NULL,
    Formed,
    ItemsShape,
    Key,
    Keys,
    Number,
    Shape,
    TextShape,
    Whole,
    either,
    is_key,
    one_of,
)
from llmc_compiler.expressions.terms import Json
from llmc_compiler.json_schema.schema_keywords import is_number, listed, mapped, required_in
from llmc_grammar.bounds import Bounds

_MOST_READ: Final = 500
"""Maximum number of schemas that are read for one parameter."""
_MOST_JUDGED: Final = 2_000
"""Maximum number of listed values that are checked one by one for one parameter."""
_MOST_MULTIPLES: Final = 64
_DEEPEST: Final = 24
_MOST_ITEMS: Final = 1_000
"""Maximum number of items of a list that a plan can have."""
_APPLYING: Final = frozenset({"if", "then", "else", "dependentSchemas", "dependencies", "contains", "not"})
"""Keywords that may evaluate items or keys, so that `unevaluated…` does not apply to all of them."""
_JUDGED: Final = frozenset({"not", "if", "disallow", "extends"})
"""Keywords that may forbid `null`, `true` or `false` even if the type allows them."""
_TYPES: Final[dict[str, tuple[Shape, ...]]] = {
    "string": FREE[:1],
    "number": FREE[1:2],
    "integer": (Whole(),),
    "boolean": FREE[2:3],
    "null": FREE[3:4],
    "array": FREE[4:5],
    "object": FREE[5:],
}


def shape_of(schema: object, whole: object) -> Shape:
    """Return the shape of a schema, which is a part of `whole`."""
    return _Reader(whole, Cases(whole)).read((schema,), ())


@dataclass(slots=True)
class _Reader:
    """Reads the schemas of one parameter."""

    whole: object
    cases: Cases
    left: int = _MOST_READ
    judged: int = _MOST_JUDGED
    depth: int = 0
    _known: dict[tuple[object, ...], tuple[object, Shape]] = field(default_factory=dict)
    _validators: list[Any] = field(default_factory=list)

    def read(self, schemas: Sequence[object], inside: tuple[str, ...]) -> Shape:
        """Return the shape of values that fit all these schemas, which were reached through the references `inside`."""
        said = tuple(schema for schema in schemas if schema is not True and schema != {})
        if not said:
            return ANYTHING
        key = (inside, *map(id, said))
        if key not in self._known:
            # The schemas are kept alive as well, so that no other one gets the same `id`.
            self._known[key] = (said, self._read(said, inside))
        return self._known[key][1]

    def _read(self, said: tuple[object, ...], inside: tuple[str, ...]) -> Shape:
        """Return the shape of values that fit all these schemas, each of which restricts them."""
        if self.left <= 0 or self.depth >= _DEEPEST:
            return either(_by_type(said))
        self.left -= len(said)
        self.depth += 1
        cases = self.cases.of(said, inside)
        found = either(shape for case in cases for shape in self._shapes(case, said, inside))
        self.depth -= 1
        return found

    def _shapes(self, case: Case, said: Sequence[object], inside: tuple[str, ...]) -> Iterator[Shape]:
        """Yield the shapes of a case, by the kind of value."""
        if not case.parts:
            yield ANYTHING
            return
        kinds = self.cases.kinds(case)
        listed_ = self._listed(case, said)
        if listed_ is not None:
            yield one_of(value for value in listed_ if _kind(value) in kinds)
            return
        inner = (*inside, *sorted(case.through))
        yield from self._fixed(case, kinds, said)
        if "string" in kinds:
            yield _text(case)
        if kinds & {"integer", "fraction"}:
            yield _number(case, kinds)
        if "array" in kinds:
            yield self._items(case, inner)
        if "object" in kinds:
            yield from self._keys(case, inner)

    def _listed(self, case: Case, said: Sequence[object]) -> list[Json] | None:
        """Return the values that a case lists, or None if it lists none."""
        groups = [[value] for value in case.all("const")] + [list(found) for found in case.all("enum")]
        if not groups:
            return None
        values = min(groups, key=len)
        is_plain = len(groups) == 1 and not case.is_open and all(part.keys() <= PLAIN for part in case.parts)
        return values if is_plain else [value for value in values if self._fits(said, value)]

    def _fixed(self, case: Case, kinds: frozenset[str], said: Sequence[object]) -> Iterator[Shape]:
        """Yield the shapes of those of `null`, `true` and `false` that fit."""
        is_judged = case.is_open or any(part.keys() & _JUDGED for part in case.parts)
        values: list[Json] = [True, False] if "boolean" in kinds else []
        fitting = [value for value in values if not is_judged or self._fits(said, value)]
        if fitting:
            yield one_of(fitting)
        if "null" in kinds and (not is_judged or self._fits(said, None)):
            yield NULL

    def _fits(self, schemas: Sequence[object], value: Json) -> bool:
        """Whether a value fits all these schemas, or may fit them."""
        from llmc_compiler.json_schema.schema_validation import bounded_validator, checking, fits  # noqa: PLC0415 — jsonschema is heavy

        self.judged -= 1
        if self.judged < 0 or not isinstance(self.whole, Mapping):
            return True
        try:
            if not self._validators:
                self._validators.append(bounded_validator(self.whole))
            with checking(value):
                validator = self._validators[0]
                return all(fits(validator.evolve(schema=each), value) is not False for each in schemas)
        except Exception:  # noqa: BLE001 — no value fits a broken or circular reference
            return False

    def _items(self, case: Case, inside: tuple[str, ...]) -> Shape:
        """Return the shape of a list."""
        least = max(int(_highest(case.all("minItems"))), *map(_contained, case.parts))
        most = _lowest(case.all("maxItems"))
        if least > min(most, _MOST_ITEMS):
            return NOTHING
        split = [_first_and_rest(part, is_single=len(case.parts) == 1) for part in case.parts]
        count = int(min(max(len(first) for first, _ in split), most, _MOST_ITEMS))
        places = [[first[index] if index < len(first) else rest for first, rest in split] for index in range(count)]
        known = tuple(self.read(each, inside) for each in places)
        rest = self.read([rest for _, rest in split], inside)
        return ItemsShape(known, rest, least, None if most == inf else int(most))

    def _keys(self, case: Case, inside: tuple[str, ...]) -> Iterator[Shape]:
        """Yield the shapes of a mapping."""
        required = {name for part in case.parts for name in required_in(part)}
        least = max(len(required), int(_highest(case.all("minProperties"))))
        most = _lowest(case.all("maxProperties"))
        if least > most or not all(map(is_key, required)):
            return
        others = [_others(part, is_single=len(case.parts) == 1) for part in case.parts]
        if most == 0:
            yield Keys((), NOTHING)
        elif names := self._names(case, required, inside):
            keys = [
                Key(name, self.read(_at(name, case.parts, others), inside), name in required)
                for name in names
                if is_key(name)
            ]
            yield from _mappings(tuple(keys), least, most)
        elif least <= 1:
            limits = case.all("propertyNames")
            is_open = not limits or self.read(limits, inside) != NOTHING
            yield Keys((), self.read(others, inside) if is_open else NOTHING, is_filled=least == 1)

    def _names(self, case: Case, required: set[str], inside: tuple[str, ...]) -> list[str]:
        """Return the keys that a case names, in order."""
        named = dict.fromkeys(name for part in case.parts for name in mapped(part, "properties"))
        mentioned = dict.fromkeys(name for part in case.parts for name in _mentioned(part))
        limits = case.all("propertyNames")
        if not limits:
            return [*{**named, **dict.fromkeys(sorted(required)), **mentioned}]
        groups = [self._listed(each, limits) for each in self.cases.of(limits, inside)]
        listed_ = [value for values in groups for value in values or () if isinstance(value, str)]
        every = {**named, **dict.fromkeys(sorted(required)), **mentioned}
        if all(values is not None for values in groups):
            every.update(dict.fromkeys(listed_))
        return [name for name in every if self._fits(limits, name)]


def _mappings(keys: tuple[Key, ...], least: int, most: float) -> Iterator[Shape]:
    """Yield the mappings of so many of these keys; only the bounds 0 and 1 of their number are enforced."""
    possible = [key for key in keys if key.required or key.shape != NOTHING]
    if least > len(possible) or any(key.shape == NOTHING for key in keys if key.required):
        return
    if most == 1 and len(possible) > 1:
        wanted = [key for key in possible if key.required] or possible
        yield from (Keys((replace(key, required=True),), NOTHING) for key in wanted)
        yield from [Keys((), NOTHING)] if least == 0 else []
    else:
        yield Keys(tuple(possible), NOTHING, is_filled=least > 0)


def _at(name: str, parts: Sequence[Part], others: Sequence[object]) -> list[object]:
    """Return the schemas of the value at a key."""
    schemas: list[object] = []
    for part, rest in zip(parts, others, strict=True):
        properties = mapped(part, "properties")
        mentioned = [inside[name] for inside in _conditional(part) if name in inside]
        schemas.append(properties.get(name, rest))
        schemas += [{"anyOf": mentioned}] if mentioned and name not in properties else []
    return schemas


def _others(part: Part, *, is_single: bool) -> object:
    """Return the schema of a key that a part does not name; the key may match any pattern."""
    rest = _rest(part, "additionalProperties", "unevaluatedProperties", is_single=is_single)
    patterns = mapped(part, "patternProperties")
    return {"anyOf": [*patterns.values(), rest]} if patterns and rest is not True else rest


def _first_and_rest(part: Part, *, is_single: bool) -> tuple[list[object], object]:
    """Return the schemas of the first items of a list, and the schema of all others."""
    if isinstance(part.get("items"), list):
        return part["items"], part.get("additionalItems", True)
    return listed(part, "prefixItems"), _rest(part, "items", "unevaluatedItems", is_single=is_single)


def _rest(part: Part, word: str, unevaluated: str, *, is_single: bool) -> object:
    """Return the schema of all other keys or items; `unevaluated` only counts if no other part may evaluate them."""
    if word in part or not is_single or part.keys() & _APPLYING:
        return part.get(word, True)
    return part.get(unevaluated, True)


def _contained(part: Part) -> int:
    """Return how many items `contains` certainly requires."""
    least = part.get("minContains", 1)
    return int(least) if "contains" in part and is_number(least) else 0


def _mentioned(part: Part) -> Iterator[str]:
    """Yield the keys that conditions name."""
    return (name for inside in _conditional(part) for name in inside)


def _conditional(part: Part) -> Iterator[Part]:
    """Yield the `properties` of conditions."""
    conditions = [part.get("then"), part.get("else")] if "if" in part else []
    for word in ("dependentSchemas", "dependencies"):
        conditions += mapped(part, word).values()
    return (mapped(each, "properties") for each in conditions if isinstance(each, Mapping))


def _text(case: Case) -> Shape:
    """Return the shape of a text: a known format, or so many characters."""
    least, most = int(_highest(case.all("minLength"))), _lowest(case.all("maxLength"))
    if least > min(most, Bounds.MODEL.string):
        return NOTHING
    for name in case.all("format"):
        if name in FORMATS:
            shortest, longest = FORMATS[name]
            return Formed(name) if least <= longest and most >= shortest else NOTHING
    return TextShape(least, int(most) if most < max(least, LONGEST_TEXT) else None)


def _number(case: Case, kinds: frozenset[str]) -> Shape:
    """Return the shape of a number between bounds; multiples of an integer are integers as well."""
    least, above = max(_bounds(case, "minimum", "exclusiveMinimum"), default=(-inf, False))
    highest = _bounds(case, "maximum", "exclusiveMaximum")
    most, below = min(highest, key=lambda bound: (bound[0], not bound[1]), default=(inf, False))
    low = None if least == -inf else floor(least) + 1 if above else ceil(least)
    high = None if most == inf else ceil(most) - 1 if below else floor(most)
    steps = [step for step in case.all("multipleOf") if is_number(step) and step >= 1 and step == int(step)]
    if "fraction" not in kinds or steps:
        return _whole(low, high, int(max(steps, default=1))) if "integer" in kinds else NOTHING
    whole = Whole(low, high) if "integer" in kinds else None
    return Number(None if low is None else least, None if high is None else most, whole, above, below)


def _bounds(case: Case, word: str, excluding: str) -> list[tuple[float, bool]]:
    """Return the bounds at one end, each with whether it is exclusive; in draft 4 `excluding` is a boolean."""
    bounds = [(part[word], part.get(excluding) is True) for part in case.parts if is_number(part.get(word))]
    return bounds + [(each, True) for each in case.all(excluding) if is_number(each)]


def _whole(low: int | None, high: int | None, step: int) -> Shape:
    """Return the shape of an integer between two; the multiples of `step` if they are few."""
    if low is not None and high is not None and step > 1 and high - low < _MOST_MULTIPLES * step:
        return one_of(range(-(-low // step) * step, high + 1, step))
    return Whole(low, high)


def _highest(values: Sequence[object]) -> float:
    """Return the highest of some lower bounds."""
    return max((value for value in values if is_number(value)), default=0)


def _lowest(values: Sequence[object]) -> float:
    """Return the lowest of some upper bounds."""
    return min((value for value in values if is_number(value)), default=inf)


def _kind(value: Json) -> str:
    """Return the kind of a value."""
    match value:
        case None:
            return "null"
        case bool():
            return "boolean"
        case int() | float():
            return "integer" if value == value // 1 else "fraction"
        case str():
            return "string"
        case _:
            return "array" if isinstance(value, list) else "object"


def _by_type(schemas: Sequence[object]) -> Iterator[Shape]:
    """Yield the shapes of all values of the first named type, for schemas that are not read."""
    named = next((each["type"] for each in schemas if isinstance(each, Mapping) and "type" in each), None)
    names = named if isinstance(named, list) else [named]
    return (shape for name in names for shape in _TYPES.get(str(name), FREE))
