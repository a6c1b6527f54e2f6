"""Validation by untrusted JSON schemas: bounded for any schema, and without fetching anything.

A value is refused only for a certain mistake. Where a keyword is not checked (a pattern that needs backtracking,
`patternProperties`), the value fits. Keywords that require a mismatch (`not`, `oneOf`) are then left open as well.
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
"""Keywords that name a part of a schema for references."""

NOWHERE: Final[SchemaRegistry] = Registry()
"""The registry for references that lead out of a schema: empty, so that nothing is read or fetched."""

_STEPS: Final = 200_000
"""Maximum number of steps of a check, each of a few µs; each part of the value adds to it."""
_STEPS_EACH: Final = 20
_PLACES: Final = 500
"""Places of a pattern that a search tries in the time of a step."""
_PARTS: Final = 10
"""Entries of a keyword that are read in the time of a step."""
_CHARACTERS: Final = 256
"""Characters of a message that are written in the time of a step."""

Keyword = Callable[[Any, Any, Any, Any], Iterator[ValidationError] | None]
"""The check of a keyword: takes a validator, the keyword's value, an instance, and the schema with the keyword."""

_KEYWORDS: Final[Mapping[str, Keyword]] = Draft202012Validator.VALIDATORS


class CheckTooLongError(Portable, Exception):
    """A schema takes too many steps to check a value."""


@dataclass(slots=True, eq=False, repr=False)
class _Check:
    """A check in progress: the steps left, and whether the result so far depends on a keyword that is not checked."""

    left: float
    is_open: bool = False

    def afford(self, steps: int) -> bool:
        """Take so many steps, if that many are left."""
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
    """Return the number of values inside a value, including itself."""
    parts, open_ = 0, [value]
    while open_:
        current = open_.pop()
        parts += 1
        if isinstance(current, (list, tuple, dict)):
            open_ += current.values() if isinstance(current, dict) else current
    return parts


def _spend(steps: float) -> None:
    """Take so many steps; raises CheckTooLongError if fewer are left."""
    check = _check.get()
    check.left -= steps
    if check.left < 0:
        raise CheckTooLongError


def validator_of(schema: Mapping[str, Any]) -> Any:  # noqa: ANN401 — a class of validators made at run time
    """Return the class of validators for the draft of a schema."""
    has_patterns = any("patternProperties" in words for words in mappings_in(schema))
    return _bounded(validator_for(schema, default=Draft202012Validator), has_patterns=has_patterns)


def bounded_validator(schema: Mapping[str, Any]) -> Validator:
    """Return a validator for a schema, by its draft; raises the error of an unreadable name in the schema."""
    kind, registry = validator_of(schema), NOWHERE
    if any(_NAMES & words.keys() for words in mappings_in(schema)):
        # Without an index, each look-up of a name would go through the whole schema.
        draft: Specification[Any] = specification_with(kind.META_SCHEMA["$schema"], default=DRAFT202012)
        resource = draft.create_resource(schema)
        registry = registry.with_resource(resource.id() or "", resource).crawl()
    validator: Validator = kind(schema, registry=registry)
    return validator


_good: Final = SeenContent(4_096)
"""Digests of schemas that are known to be valid."""


def mistake_in(schema: Mapping[str, Any]) -> ValidationError | None:
    """Return the first mistake in a schema, patterns aside. Equal schemas are checked once."""
    content = digest_of(schema)
    if _good.has(content):
        return None
    rules = validator_of(schema).META_SCHEMA
    error = _first(validator_of(rules)(rules, registry=NOWHERE), schema, inf)
    if error is None:
        _good.add(content)
    return error


def error_in(validator: Validator, value: Any) -> ValidationError | None:  # noqa: ANN401 — a tool's own result
    """Return the first mistake in a value; raises CheckTooLongError."""
    return _first(validator, value, _STEPS + _STEPS_EACH * parts_of(value))


def _first(validator: Validator, value: Any, steps: float) -> ValidationError | None:  # noqa: ANN401
    """Return the first mistake in a value, found within so many steps."""
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
    """Whether Python's recursion limit was hit inside the Rust code of `referencing`."""
    return type(error).__name__ == "PanicException"


def mappings_in(schema: object) -> Iterator[Mapping[str, Any]]:
    """Yield the mappings in a schema, at any depth."""
    open_ = [schema]
    while open_:
        current = open_.pop()
        if isinstance(current, Mapping):
            yield current
        if isinstance(current, (Mapping, list)):
            open_ += current.values() if isinstance(current, Mapping) else current


def fits(validator: Validator, value: Json) -> bool | None:
    """Whether a value fits, inside `checking`; None if that depends on a keyword that is not checked."""
    check = _check.get()
    before, check.is_open = check.is_open, False
    try:
        is_valid = validator.is_valid(value)
    except BaseException as error:
        if _is_panic(error):
            raise RecursionError from error
        raise
    is_open, check.is_open = check.is_open, before
    return None if is_valid and is_open else is_valid


def matches(pattern: str, text: str) -> bool | None:
    """Whether a text contains a match of a pattern; None if that is not checked."""
    check = _check.get()
    compiled = pattern_of(pattern, check.afford)
    if compiled.search is None or not check.afford(compiled.places * len(text) // _PLACES):
        return None
    return compiled.search(searchable(text))


def longest_checked(pattern: str) -> float:
    """Return the length up to which texts are certainly checked for a pattern, inside `checking`; 0 for no text."""
    compiled = pattern_of(pattern, _check.get().afford)
    return 0 if compiled.search is None else _STEPS * _PLACES // compiled.places


@cache
def _bounded(kind: Any, *, has_patterns: bool) -> Any:  # noqa: ANN401 — classes of validators made at run time
    """Return a draft's class of validators with bounded checks."""
    words: dict[str, Keyword] = {word: _OWN.get(word, keyword) for word, keyword in kind.VALIDATORS.items()}
    if isinstance(kind.META_SCHEMA, Mapping) and "draft-03" not in str(kind.META_SCHEMA.get("$schema", "")):
        words["type"] = _type  # in draft 3 it has another meaning
    for word in _MANY & words.keys():
        words[word] = _counted(words[word])
    for word in _NEGATIVE & words.keys():
        words[word] = _careful(words[word])
    for word in {"unevaluatedItems", "unevaluatedProperties"} & words.keys():
        is_unknown = has_patterns and word == "unevaluatedProperties"
        words[word] = _left_open if is_unknown else _careful(_unevaluated(words[word]))
    bounded: Any = extend(kind, words)  # type: ignore[no-untyped-call]

    def evolve(self: Any, *, schema: Any, _resolver: Any = None) -> Any:  # noqa: ANN401 — as jsonschema calls it
        """Return a validator for a part: of the part's own draft, and bounded as well."""
        _spend(1 + len(schema) if isinstance(schema, dict) else 1)
        other: Any = validator_for(schema, default=bounded)
        own: Any = bounded if other is bounded else _bounded(other, has_patterns=has_patterns)
        return own(schema, registry=self._registry, _resolver=_resolver or self._resolver)

    bounded.evolve = evolve
    return bounded


def _counted(keyword: Keyword) -> Keyword:
    """Make a keyword count steps; not as a generator, which would add a frame for each nested schema."""

    def check(validator: Any, said: Any, instance: Any, schema: Any) -> Iterator[ValidationError] | None:  # noqa: ANN401
        """Count the entries of the keyword and of the instance."""
        if isinstance(said, (list, dict)):
            _spend(len(said) // _PARTS)
        if isinstance(instance, (list, dict)):
            _spend(len(instance) // _PARTS)
        return keyword(validator, said, instance, schema)

    return check


def _careful(keyword: Keyword) -> Keyword:
    """Make a keyword that requires a mismatch ignore errors that depend on a keyword that is not checked."""

    def check(validator: Any, said: Any, instance: Any, schema: Any) -> Iterator[ValidationError]:  # noqa: ANN401
        """Yield the first error, unless something was left open before it."""
        check = _check.get()
        before, check.is_open = check.is_open, False
        error = next(iter(keyword(validator, said, instance, schema) or ()), None)
        is_open = check.is_open
        check.is_open = before or is_open
        if error is not None and not is_open:
            yield error

    return check


def _left_open(*_: object) -> None:
    """Leave a keyword unchecked."""
    _check.get().is_open = True


def _pattern(_validator: Any, pattern: str, instance: Any, _schema: Any) -> Iterator[ValidationError]:  # noqa: ANN401
    """`pattern`."""
    if isinstance(instance, str):
        is_match = matches(pattern, instance)
        if is_match is None:
            _left_open()
        elif not is_match:
            yield ValidationError(f"{instance!r} does not match {pattern!r}")


def _additional(validator: Any, said: Any, instance: Any, schema: Any) -> Iterator[ValidationError]:  # noqa: ANN401
    """`additionalProperties`: beside `patternProperties`, no key is certainly additional."""
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
    verdicts = [_suits(validator, option, instance) for option in options]
    if verdicts.count(True) > 1:
        yield ValidationError(
            f"{instance!r} is valid under {verdicts.count(True)} of the given schemas: make it fit exactly one"
        )
    elif True not in verdicts and None not in verdicts:
        yield ValidationError(f"{instance!r} is not valid under any of the given schemas")


def _suits(validator: Any, option: Any, instance: Any) -> bool | None:  # noqa: ANN401
    """Whether an instance fits an option; None if that depends on a keyword that is not checked."""
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
    """`multipleOf`, also for numbers that floats cannot hold, and for those that are not finite."""
    try:
        yield from list(_KEYWORDS["multipleOf"](validator, step, instance, schema) or ())
    except (OverflowError, ValueError):
        if not (isinstance(instance, int) and Fraction(instance) % Fraction(step) == 0):
            yield ValidationError(f"{instance!r} is not a multiple of {step}")


def _unevaluated(keyword: Keyword) -> Keyword:
    """Make a keyword that compares all parts of the instance with each other count quadratic steps."""

    def check(validator: Any, said: Any, instance: Any, schema: Any) -> Iterator[ValidationError]:  # noqa: ANN401
        """Count the comparisons."""
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
