"""Checks of values by JSON schemas of others: bounded, whatever the schema says, and without fetching anything.

A value is refused only for what was certainly found wrong. Where a keyword is not checked (a pattern that needs to go
back, `patternProperties`), the value fits; what depends on something not fitting (`not`, `oneOf`) is then open as well.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from math import inf
from typing import Any, Final

from jsonschema import Draft202012Validator, ValidationError
from jsonschema.protocols import Validator
from jsonschema.validators import extend, validator_for
from referencing import Registry, Specification
from referencing.jsonschema import DRAFT202012, SchemaRegistry, specification_with

from llmc_compiler.expressions.operators import same
from llmc_compiler.expressions.terms import Json
from llmc_compiler.expressions.value_identity import json_form
from llmc_compiler.json_schema.schema_keywords import is_nullable
from llmc_compiler.json_schema.schema_patterns import pattern_of, searchable
from llmc_compiler.json_schema.seen_content import SeenContent, digest_of
from llmc_grammar.portable import Portable

_NAMES: Final = frozenset({"$id", "id", "$anchor", "$dynamicAnchor"})
"""Keywords by which a part of a schema is referred to."""

NOWHERE: Final[SchemaRegistry] = Registry()
"""Where schemas look for what they refer to and do not hold: nothing is read or fetched for them."""

_STEPS: Final = 200_000
"""Steps of a check, each of a few µs, besides those for each part of the value."""
_STEPS_EACH: Final = 20
_PLACES: Final = 500
"""Places in a pattern at which a search is, in the time of a step."""
_PARTS: Final = 10
"""Entries of a keyword that are looked at, in the time of a step."""
_CHARACTERS: Final = 256
"""Characters of a message that are written, in the time of a step."""

Keyword = Callable[[Any, Any, Any, Any], Iterator[ValidationError] | None]
"""What a keyword says: to a validator, of its own value, of an instance, beside other keywords."""

_KEYWORDS: Final[Mapping[str, Keyword]] = Draft202012Validator.VALIDATORS


class CheckTooLongError(Portable, Exception):
    """A schema takes too many steps to check a value."""


@dataclass(slots=True)
class _Check:
    """A check under way: the steps that it has left, and whether its result so far depends on what is not checked."""

    left: float
    is_open: bool = False

    def afford(self, steps: int) -> bool:
        """Take so many steps, if they are left."""
        if steps > self.left:
            return False
        self.left -= steps
        return True


_check: ContextVar[_Check] = ContextVar("_check")


@contextmanager
def checking(value: object) -> Iterator[None]:
    """Bound all checks inside by the size of a value."""
    token = _check.set(_Check(_STEPS + _STEPS_EACH * parts_of(value)))
    try:
        yield
    finally:
        _check.reset(token)


def parts_of(value: object) -> int:
    """How many values there are in a value, and itself."""
    parts, open_ = 0, [value]
    while open_:
        each = open_.pop()
        parts += 1
        if isinstance(each, (list, tuple, dict)):
            open_ += each.values() if isinstance(each, dict) else each
    return parts


def _spend(steps: float) -> None:
    """Take so many steps; raises CheckTooLongError."""
    check = _check.get()
    check.left -= steps
    if check.left < 0:
        raise CheckTooLongError


def validator_of(schema: Mapping[str, Any]) -> Any:  # noqa: ANN401 — a class of validators made at run time
    """The class of validators for a schema, by its own draft."""
    has_patterns = any("patternProperties" in words for words in mappings_in(schema))
    return _bounded(validator_for(schema, default=Draft202012Validator), has_patterns=has_patterns)


def bounded_validator(schema: Mapping[str, Any]) -> Validator:
    """The validator of a schema, by its own draft; raises what an unreadable name in the schema does."""
    kind, registry = validator_of(schema), NOWHERE
    if any(_NAMES & words.keys() for words in mappings_in(schema)):
        # Each look-up of a name would go through the whole schema.
        draft: Specification[Any] = specification_with(kind.META_SCHEMA["$schema"], default=DRAFT202012)
        resource = draft.create_resource(schema)
        registry = registry.with_resource(resource.id() or "", resource).crawl()
    found: Validator = kind(schema, registry=registry)
    return found


_good: Final = SeenContent(4_096)
"""Contents of schemas that were found to be such."""


def mistake_in(schema: Mapping[str, Any]) -> ValidationError | None:
    """The first mistake in a schema, whose patterns may be of any kind. Equal schemas are checked once."""
    content = digest_of(schema)
    if _good.has(content):
        return None
    rules = validator_of(schema).META_SCHEMA
    error = _first(validator_of(rules)(rules, registry=NOWHERE), schema, inf)
    if error is None:
        _good.add(content)
    return error


def error_in(validator: Validator, value: Any) -> ValidationError | None:  # noqa: ANN401 — a tool's own result
    """The first thing that does not fit; raises CheckTooLongError."""
    return _first(validator, value, _STEPS + _STEPS_EACH * parts_of(value))


def _first(validator: Validator, value: Any, steps: float) -> ValidationError | None:  # noqa: ANN401
    """The first thing that does not fit."""
    token = _check.set(_Check(steps))
    try:
        return next(validator.iter_errors(value), None)
    except BaseException as error:
        if _is_panic(error):
            raise RecursionError from error
        raise
    finally:
        _check.reset(token)


def _is_panic(error: BaseException) -> bool:
    """Whether Python's limit of recursion was met inside the Rust code of `referencing`."""
    return type(error).__name__ == "PanicException"


def mappings_in(schema: object) -> Iterator[Mapping[str, Any]]:
    """The mappings in a schema, at any depth."""
    open_ = [schema]
    while open_:
        each = open_.pop()
        if isinstance(each, Mapping):
            yield each
        if isinstance(each, (Mapping, list)):
            open_ += each.values() if isinstance(each, Mapping) else each


def fits(validator: Validator, value: Json) -> bool | None:
    """Whether a value fits, inside of `checking`; None where that depends on what is not checked."""
    check = _check.get()
    before, check.is_open = check.is_open, False
    try:
        found = validator.is_valid(value)
    except BaseException as error:
        if _is_panic(error):
            raise RecursionError from error
        raise
    is_open, check.is_open = check.is_open, before
    return None if found and is_open else found


def matches(pattern: str, text: str) -> bool | None:
    """Whether a pattern is found in a text; None where that is not checked."""
    check = _check.get()
    found = pattern_of(pattern, check.afford)
    if found.search is None or not check.afford(found.places * len(text) // _PLACES):
        return None
    return found.search(searchable(text))


def longest_checked(pattern: str) -> float:
    """The length up to which texts are certainly compared with a pattern, inside of `checking`; 0 for none of them."""
    found = pattern_of(pattern, _check.get().afford)
    return 0 if found.search is None else _STEPS * _PLACES // found.places


@cache
def _bounded(kind: Any, *, has_patterns: bool) -> Any:  # noqa: ANN401 — classes of validators made at run time
    """A draft whose checks are bounded."""
    words: dict[str, Keyword] = {word: _OWN.get(word, keyword) for word, keyword in kind.VALIDATORS.items()}
    if isinstance(kind.META_SCHEMA, Mapping) and "draft-03" not in str(kind.META_SCHEMA.get("$schema", "")):
        words["type"] = _type  # in draft 3 it is another keyword
    for word in _MANY & words.keys():
        words[word] = _counted(words[word])
    for word in _NEGATIVE & words.keys():
        words[word] = _careful(words[word])
    for word in {"unevaluatedItems", "unevaluatedProperties"} & words.keys():
        is_unknown = has_patterns and word == "unevaluatedProperties"
        words[word] = _left_open if is_unknown else _careful(_unevaluated(words[word]))
    found: Any = extend(kind, words)  # type: ignore[no-untyped-call]

    def evolve(self: Any, *, schema: Any, _resolver: Any = None) -> Any:  # noqa: ANN401 — as jsonschema calls it
        """A validator of a part: of its own draft, and bounded as well."""
        _spend(1 + len(schema) if isinstance(schema, dict) else 1)
        other: Any = validator_for(schema, default=found)
        own: Any = found if other is found else _bounded(other, has_patterns=has_patterns)
        return own(schema, registry=self._registry, _resolver=_resolver or self._resolver)

    found.evolve = evolve
    return found


def _counted(keyword: Keyword) -> Keyword:
    """A keyword that takes steps; without a frame of its own, since schemas nest."""

    def check(validator: Any, said: Any, instance: Any, schema: Any) -> Iterator[ValidationError] | None:  # noqa: ANN401
        """Count what is looked at."""
        if isinstance(said, (list, dict)):
            _spend(len(said) // _PARTS)
        if isinstance(instance, (list, dict)):
            _spend(len(instance) // _PARTS)
        return keyword(validator, said, instance, schema)

    return check


def _careful(keyword: Keyword) -> Keyword:
    """A keyword that says that something must not fit: no error of it counts that depends on what is not checked."""

    def check(validator: Any, said: Any, instance: Any, schema: Any) -> Iterator[ValidationError]:  # noqa: ANN401
        """Look whether anything was left open before the first error."""
        check = _check.get()
        before, check.is_open = check.is_open, False
        error = next(iter(keyword(validator, said, instance, schema) or ()), None)
        is_open = check.is_open
        check.is_open = before or is_open
        if error is not None and not is_open:
            yield error

    return check


def _left_open(*_: object) -> None:
    """A keyword that is not checked."""
    _check.get().is_open = True


def _pattern(_validator: Any, pattern: str, instance: Any, _schema: Any) -> Iterator[ValidationError]:  # noqa: ANN401
    """`pattern`."""
    if isinstance(instance, str):
        found = matches(pattern, instance)
        if found is None:
            _left_open()
        elif not found:
            yield ValidationError(f"{instance!r} does not match {pattern!r}")


def _additional(validator: Any, said: Any, instance: Any, schema: Any) -> Iterator[ValidationError]:  # noqa: ANN401
    """`additionalProperties`: beside `patternProperties`, no key is certainly an additional one."""
    if "patternProperties" not in schema:
        yield from _KEYWORDS["additionalProperties"](validator, said, instance, schema) or ()
    elif isinstance(instance, dict) and instance.keys() - schema.get("properties", {}).keys():
        _left_open()


def _enum(_validator: object, options: list[Json], instance: Json, _schema: object) -> Iterator[ValidationError]:
    """`enum`."""
    if not _is_one_of(options, instance):
        yield ValidationError(f"{instance!r} is not one of {options!r}")


def _const(_validator: object, option: Json, instance: Json, _schema: object) -> Iterator[ValidationError]:
    """`const`."""
    if not _is_one_of([option], instance):
        yield ValidationError(f"{option!r} was expected")


def _is_one_of(options: list[Json], instance: Json) -> bool:
    """Whether an instance equals one of several values."""
    if isinstance(instance, (list, dict)):
        options = [each for each in options if isinstance(each, (list, dict)) and len(each) == len(instance)]
        _spend(parts_of(instance) * len(options) // _PARTS if options else 0)
    return any(same(each, instance) for each in options)


def _any_of(validator: Any, options: list[Any], instance: Any, _schema: object) -> Iterator[ValidationError]:  # noqa: ANN401
    """`anyOf`."""
    if not any(_suits(validator, option, instance) is not False for option in options):
        yield ValidationError(f"{instance!r} is not valid under any of the given schemas")


def _one_of(validator: Any, options: list[Any], instance: Any, _schema: object) -> Iterator[ValidationError]:  # noqa: ANN401
    """`oneOf`."""
    found = [_suits(validator, option, instance) for option in options]
    if found.count(True) > 1:
        yield ValidationError(
            f"{instance!r} is valid under {found.count(True)} of the given schemas: one is to be chosen"
        )
    elif True not in found and None not in found:
        yield ValidationError(f"{instance!r} is not valid under any of the given schemas")


def _suits(validator: Any, option: Any, instance: Any) -> bool | None:  # noqa: ANN401
    """Whether an instance fits an option; None where that depends on what is not checked."""
    if option is False:
        return False
    check = _check.get()
    before, check.is_open = check.is_open, False
    error = next(validator.descend(instance, option), None)
    is_open, check.is_open = check.is_open, before
    if error is not None:
        _spend(len(error.message) // _CHARACTERS)
        return False
    check.is_open = before or is_open
    return None if is_open else True


def _unique(validator: Any, said: Any, instance: Any, _schema: Any) -> Iterator[ValidationError]:  # noqa: ANN401
    """`uniqueItems`, in linear time."""
    if said and validator.is_type(instance, "array"):
        _spend(parts_of(instance) // 2)
        if len(set(map(json_form, instance))) < len(instance):
            yield ValidationError(f"{instance!r} has non-unique elements")


def _multiple(validator: Any, step: Any, instance: Any, schema: Any) -> Iterator[ValidationError]:  # noqa: ANN401
    """`multipleOf`, also of what is no float: integers that are too large, or what is not finite."""
    try:
        yield from list(_KEYWORDS["multipleOf"](validator, step, instance, schema) or ())
    except (OverflowError, ValueError):
        if not (isinstance(instance, int) and Fraction(instance) % Fraction(step) == 0):
            yield ValidationError(f"{instance!r} is not a multiple of {step}")


def _unevaluated(keyword: Keyword) -> Keyword:
    """A keyword that looks for each part of the instance among all of them."""

    def check(validator: Any, said: Any, instance: Any, schema: Any) -> Iterator[ValidationError]:  # noqa: ANN401
        """Count them."""
        if isinstance(instance, (list, tuple, dict)):
            _spend(len(instance) ** 2 / _PLACES)
        yield from keyword(validator, said, instance, schema) or ()

    return check


def _pattern_properties(_validator: object, _said: object, instance: object, _schema: object) -> None:
    """`patternProperties`, which is not checked."""
    if instance and isinstance(instance, dict):
        _left_open()


def _type(validator: Any, said: Any, instance: Any, schema: Any) -> Iterator[ValidationError]:  # noqa: ANN401
    """`type`, beside which OpenAPI 3.0 writes `nullable`."""
    if not (instance is None and is_nullable(schema)):
        yield from _KEYWORDS["type"](validator, said, instance, schema) or ()


_OWN: Final[Mapping[str, Keyword]] = {
    "pattern": _pattern,
    "patternProperties": _pattern_properties,
    "additionalProperties": _additional,
    "uniqueItems": _unique,
    "multipleOf": _multiple,
    "divisibleBy": _multiple,
    "enum": _enum,
    "const": _const,
    "anyOf": _any_of,
    "oneOf": _one_of,
}
"""Keywords that take long, or would go back, in jsonschema."""

_NEGATIVE: Final = frozenset({"not", "if", "contains", "disallow"})
"""Keywords by which a value is refused because something fits."""

_MANY: Final = frozenset(
    {
        *("properties", "required", "items", "prefixItems", "enum", "allOf", "anyOf", "oneOf", "extends", "contains"),
        *("dependentRequired", "dependentSchemas", "dependencies"),
        *("additionalProperties", "additionalItems", "propertyNames"),
    }
)
"""Keywords that go through their own value, or through the instance."""
