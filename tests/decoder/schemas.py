"""Random schemas of every keyword, and values near to what they allow."""

from collections.abc import Callable, Iterator
from itertools import count, permutations, product
from random import Random
from typing import Any, Final

from llmc import Json
from llmc_compiler.json_schema.schema_references import referred
from llmc_grammar.print import quoted

NAMES: Final = ("a", "b c", "$ref")
TEXTS: Final = ("", "a", "ab", "$5", 'x"y', "aaaa", "2024-02-29", "6ba7b810-9dad-11d1-80b4-00c04fd430c8", "é\n")
NUMBERS: Final = (0, 1, 2, 3, 5, 10, -1, -4, 0.5, 0.25, 2.5, -1.75, 1e-3, 99.5, 3.0)
CONSTANTS: Final[tuple[Any, ...]] = (*TEXTS, *NUMBERS, None, True, False, [], [1], {}, {"a": 1}, ["a", None])
DEFINITIONS: Final = ("one", "two", "three")
_REFERENCES: Final = (
    *("#/$defs/one", "#/$defs/two", "#/$defs/three", "#/definitions/a%20b~1c", "#/%24defs/one", "#anchored"),
    "#/properties/x",
)
_TYPES: Final = ("string", "number", "integer", "boolean", "null", "array", "object")
_PATTERNS: Final = ("^a", "b$", "^[a-z]*$", "^\\d+$")
_FORMATS: Final = ("uri", "email", "date", "uuid", "hostname", "int32", "regex")

Schema = Any


def wholes() -> Iterator[dict[str, Any]]:
    """Schemas without end, none of which goes in circles."""
    return (schema for schema in map(whole, map(Random, count())) if not goes_in_circles(schema))


def whole(random: Random) -> dict[str, Any]:
    """A schema of objects with one property `x`, and definitions that schemas refer to."""
    drafts = {"http://json-schema.org/draft-07/schema#": 0.15, "https://json-schema.org/draft/2019-09/schema": 0.1}
    named = next((name for name, share in drafts.items() if random.random() < share), None)
    return {
        **({"$schema": named} if named else {}),
        "type": "object",
        "properties": {"x": schema(random, 3)},
        "required": ["x"],
        "$defs": {name: schema(random, 1) for name in DEFINITIONS},
        "definitions": {"a b/c": {"$anchor": "anchored", **_typed(random, 1)}},
    }


def schema(random: Random, depth: int) -> Schema:
    """A schema, so deep at most."""
    kinds: list[tuple[int, Callable[[Random, int], Schema]]] = [
        (10, _typed),
        (2, _listed),
        (2, _reference),
        (1, lambda *_: random.choice([True, True, {}, False])),
        *([(3, _joined), (3, _either), (2, _mixed)] if depth else []),
    ]
    weights = [weight for weight, _ in kinds]
    ((_, make),) = random.choices(kinds, weights)
    return make(random, depth)


def _typed(random: Random, depth: int) -> dict[str, Any]:
    """A schema of one or several types, with words for each."""
    names = random.sample(_TYPES, random.choice([1, 1, 1, 1, 2, 3]))
    found: dict[str, Any] = {"type": names[0] if len(names) == 1 and random.random() < 0.9 else names}
    for name in names:
        found.update(_words(random, name, depth))
    return found


def _words(random: Random, name: str, depth: int) -> dict[str, Any]:
    """What a schema says of values of a type."""
    match name:
        case "string":
            return _some(
                random,
                minLength=lambda: random.randint(0, 3),
                maxLength=lambda: random.choice([1, 2, 4, 40, 5000]),
                pattern=lambda: random.choice(_PATTERNS),
                format=lambda: random.choice(_FORMATS),
            )
        case "number" | "integer":
            return _some(
                random,
                minimum=lambda: random.choice(NUMBERS),
                maximum=lambda: random.choice(NUMBERS),
                exclusiveMinimum=lambda: random.choice(NUMBERS),
                exclusiveMaximum=lambda: random.choice(NUMBERS),
                multipleOf=lambda: random.choice([1, 2, 5, 0.5]),
            )
        case "array" if depth:
            return _array(random, depth - 1)
        case "object" if depth:
            return _object(random, depth - 1)
        case _:
            return {}


def _array(random: Random, depth: int) -> dict[str, Any]:
    """What a schema says of lists."""
    return _some(
        random,
        items=lambda: schema(random, depth),
        prefixItems=lambda: [schema(random, depth) for _ in range(random.randint(1, 3))],
        minItems=lambda: random.randint(0, 3),
        maxItems=lambda: random.randint(0, 4),
        uniqueItems=lambda: True,
        contains=lambda: schema(random, depth),
    )


def _object(random: Random, depth: int) -> dict[str, Any]:
    """What a schema says of mappings."""
    return _some(
        random,
        properties=lambda: {name: schema(random, depth) for name in random.sample(NAMES, random.randint(0, 3))},
        required=lambda: random.sample(NAMES, random.randint(1, 2)),
        additionalProperties=lambda: schema(random, depth),
        patternProperties=lambda: {random.choice(["^a", "."]): schema(random, depth)},
        propertyNames=lambda: random.choice([{"enum": ["a", "b c"]}, {"pattern": "^a"}, {"maxLength": 3}]),
        minProperties=lambda: random.randint(0, 2),
        maxProperties=lambda: random.randint(0, 3),
        dependentRequired=lambda: {"a": [random.choice(NAMES)]},
    )


def _some(random: Random, **words: Callable[[], Any]) -> dict[str, Any]:
    """A few of these words."""
    share = random.choice([0.1, 0.3, 0.5])
    return {word: make() for word, make in words.items() if random.random() < share}


def _listed(random: Random, _depth: int) -> dict[str, Any]:
    """A schema that lists its values, and may say more of them."""
    if random.random() < 0.3:
        return {"const": random.choice(CONSTANTS), **_beside(random)}
    return {"enum": random.sample(CONSTANTS, random.randint(1, 5)), **_beside(random)}


def _beside(random: Random) -> dict[str, Any]:
    """Words beside a list of values."""
    return random.choice(
        [{}, {"type": "string"}, {"type": ["integer", "string"]}, {"pattern": "a"}, {"minimum": 2}, {"maxItems": 0}]
    )


def _reference(random: Random, _depth: int) -> dict[str, Any]:
    """A schema that stands elsewhere, and may say more of it."""
    return {"$ref": random.choice(_REFERENCES), **random.choice([{}, {}, {"description": "D"}, {"minLength": 1}])}


def _joined(random: Random, depth: int) -> dict[str, Any]:
    """Schemas that all hold."""
    return {"allOf": [schema(random, depth - 1) for _ in range(random.randint(1, 3))], **_more(random, depth)}


def _either(random: Random, depth: int) -> dict[str, Any]:
    """Schemas one of which holds."""
    word = random.choice(["anyOf", "oneOf"])
    return {word: [schema(random, depth - 1) for _ in range(random.randint(1, 4))], **_more(random, depth)}


def _more(random: Random, depth: int) -> dict[str, Any]:
    """What stands beside schemas of a schema."""
    return _typed(random, depth - 1) if random.random() < 0.3 else {}


def _mixed(random: Random, depth: int) -> dict[str, Any]:
    """A schema with a negation or a condition."""
    words: dict[str, Any] = {"not": schema(random, depth - 1)}
    if random.random() < 0.4:
        words = {word: schema(random, depth - 1) for word in ("if", "then", "else")}
    return {**_typed(random, depth), **words}


def goes_in_circles(whole: dict[str, Any]) -> bool:
    """Whether a schema applies to the same value again, so that no validator comes to an end."""
    open_: dict[int, Schema] = {}
    done: set[int] = set()

    def visit(found: Schema) -> bool:
        """Look for a way back to a schema that is being visited."""
        if not isinstance(found, dict) or id(found) in done:
            return False
        if id(found) in open_:
            return True
        open_[id(found)] = found
        inside = [found[word] for word in ("not", "if", "then", "else") if word in found]
        inside += [each for word in ("allOf", "anyOf", "oneOf") for each in found.get(word, ())]
        inside += [referred(whole, found["$ref"])] if "$ref" in found else []
        is_circle = any(map(visit, inside))
        del open_[id(found)]
        done.add(id(found))
        return is_circle

    return any(map(visit, [whole["properties"]["x"], *whole["$defs"].values(), *whole["definitions"].values()]))


def values(random: Random, depth: int) -> Iterator[Json]:
    """Values without end, simple ones first, at most so deep."""
    yield from random.sample(CONSTANTS, len(CONSTANTS))
    while True:
        yield _value(random, depth)


def _value(random: Random, depth: int) -> Json:
    """A value."""
    kind = random.random() if depth else 0.0
    if kind < 0.4:
        constant: Json = random.choice(CONSTANTS)
        return constant
    if kind < 0.65:
        return [_value(random, depth - 1) for _ in range(random.randint(0, 3))]
    return {name: _value(random, depth - 1) for name in random.sample(NAMES, random.randint(0, 3))}


def spellings(value: Json) -> Iterator[str]:
    """The ways to write a value in a plan, its keys in any order."""
    match value:
        case str():
            yield quoted(value.replace("$", "$$"))
        case list():
            for items in product(*(tuple(spellings(item)) for item in value)):
                yield f"[{', '.join(items)}]"
        case dict():
            for keys in permutations(value):
                for items in product(*(tuple(spellings(value[key])) for key in keys)):
                    pairs = zip(keys, items, strict=True)
                    yield f"{{{', '.join(f'{quoted(key)}: {item}' for key, item in pairs)}}}"
        case float() if value.is_integer():
            yield str(int(value))
        case _:
            yield (
                {None: "null", True: "true", False: "false"}[value]
                if value is None or value is True or value is False
                else repr(value)
            )


def without_a_key(value: Json) -> Iterator[Json]:
    """The value without one of its keys, at any depth."""
    if isinstance(value, dict):
        for key in value:
            yield {name: item for name, item in value.items() if name != key}
            yield from ({**value, key: item} for item in without_a_key(value[key]))
    elif isinstance(value, list):
        for at, item in enumerate(value):
            yield from ([*value[:at], other, *value[at + 1 :]] for other in without_a_key(item))
