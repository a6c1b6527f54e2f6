"""Search for schemas that no value fits; a schema is reported only if that is certain.

All schemas that one value has to fit are read together: those of `allOf` and behind references. Each rules out kinds of
values, and a schema that rules out all kinds is impossible. An option of `anyOf` or `oneOf` is read with the schemas
beside it. A value that must contain a value of the same schemas cannot exist: the smallest one would contain a smaller
one. Keywords that are not read, and parts of a schema beyond the bounds, rule out nothing.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from math import ceil, floor, inf
from typing import Any, Final, NamedTuple

from jsonschema.protocols import Validator
from referencing.exceptions import Unresolvable

from llmc_compiler.json_schema.everyday_schemas import is_possible
from llmc_compiler.json_schema.schema_keywords import is_number, listed, refers_alone
from llmc_compiler.json_schema.schema_validation import bounded_validator, checking, fits, mappings_in
from llmc_compiler.json_schema.seen_content import SeenContent, digest_of
from llmc_compiler.representation.short_repr import cut

_MOST: Final = 3_000
"""Maximum number of schemas that are read; a schema is read again for each option beside it."""
_DEEPEST: Final = 30
"""Maximum nesting depth of values."""
_MOST_VALUES: Final = 100
"""Maximum number of values of an `enum` that are tried, and of required keys and items that are read."""
_LONGEST: Final = 200
"""Maximum number of characters of a reason."""

Kinds = frozenset[str]

_NUMBERS: Final = frozenset({"integer", "fraction"})
_KINDS: Final[Kinds] = _NUMBERS | {"null", "boolean", "string", "array", "object"}
_NONE: Final[Kinds] = frozenset()
_SMALL: Final = {"null": (None,), "boolean": (True, False)}
"""Kinds with so few values that all are tried."""


_possible: Final = SeenContent(4_096)
"""Digests of schemas that some value may fit."""


def impossible(schema: Mapping[str, Any]) -> str | None:
    """Return why no value fits a schema, in a few words, or None if a value may fit."""
    if is_possible(schema):
        return None
    content = digest_of(schema)
    if _possible.has(content):
        return None
    reason = _impossible(schema)
    if reason is None:
        _possible.add(content)
    return reason


def _impossible(schema: Mapping[str, Any]) -> str | None:
    """Return why no value fits a schema, or None."""
    try:
        validator = bounded_validator(schema)
        draft = str(validator.META_SCHEMA.get("$schema", ""))
        if "draft-03" in draft:
            return None
        finder = _Finder(
            validator,
            schema,
            words=frozenset(validator.VALIDATORS),
            ignores_siblings=refers_alone(draft),
            has_names=any(isinstance(each.get(word), str) for each in _parts(schema) for word in ("$id", "id")),
        )
        with checking(None):
            return None if finder.read((schema,), ()) else cut(finder.why, _LONGEST)
    except Exception:  # noqa: BLE001 — untrusted: a schema that cannot be read rules out nothing
        return None


class _Atom(NamedTuple):
    """A schema that a value has to fit, and the schemas that lead to it."""

    words: Mapping[str, Any]
    path: frozenset[int]


_Atoms = dict[int, _Atom]


@dataclass(slots=True, eq=False, repr=False)
class _Finder:
    """Reads the parts of one schema; `why` is the reason for the last kind that was ruled out."""

    validator: Validator
    whole: Mapping[str, Any]
    words: frozenset[str]
    ignores_siblings: bool
    has_names: bool
    """Whether parts have their own `$id`, which references are relative to."""
    why: str = ""
    left: int = field(default=_MOST)

    def read(self, schemas: Iterable[object], around: tuple[frozenset[int], ...]) -> Kinds:
        """Return the kinds of values that may fit all schemas; `around` has the schemas of the containing values."""
        atoms: _Atoms = {}
        if not all(self._gather(schema, atoms, frozenset()) for schema in schemas):
            return _NONE
        here = frozenset(atoms)
        if not here or self.left <= 0 or len(around) >= _DEEPEST:
            return _KINDS
        if any(outer <= here for outer in around):
            return self._none("its values would be nested without end")
        return self._kinds(atoms, (*around, here), frozenset())

    def _none(self, why: str) -> Kinds:
        """Note the reason and return no kinds."""
        self.why = why
        return _NONE

    def _gather(self, schema: object, atoms: _Atoms, path: frozenset[int]) -> bool:
        """Add a schema and those that it includes or refers to; False if no value fits them."""
        if schema is False:
            return bool(self._none("`false` accepts no value"))
        if not isinstance(schema, Mapping):
            return True
        if id(schema) in path:
            return bool(self._none("its references go in circles"))
        if id(schema) in atoms or self.left <= 0:
            return True
        self.left -= 1
        if "$schema" in schema and schema is not self.whole:  # it may be of another draft
            atoms[id(schema)] = _Atom({}, path)
            return True
        inside = path | {id(schema)}
        is_reference = isinstance(schema.get("$ref"), str)
        if is_reference and self.ignores_siblings:
            atoms[id(schema)] = _Atom({}, path)
            return self._follow(schema["$ref"], atoms, inside)
        atoms[id(schema)] = _Atom(schema, path)
        if is_reference and not self._follow(schema["$ref"], atoms, inside):
            return False
        return all(self._gather(each, atoms, inside) for each in self._list(schema, "allOf"))

    def _follow(self, reference: str, atoms: _Atoms, path: frozenset[int]) -> bool:
        """Add the schemas behind a reference; False if no value fits them."""
        if self.has_names:
            return True
        try:
            target = self.validator._resolver.lookup(reference)  # type: ignore[attr-defined]  # noqa: SLF001 — as for defaults
        except Unresolvable:
            return bool(self._none(f"it refers to `{reference}`, which is not in it"))
        return self._gather(target.contents, atoms, path)

    def _list(self, schema: Mapping[str, Any], word: str) -> list[Any]:
        """Return the list of a keyword, empty if the draft does not know it."""
        return listed(schema, word) if word in self.words else []

    def _each(self, atoms: _Atoms, word: str) -> Iterator[Any]:
        """Yield the values of a keyword, if the draft knows it."""
        if word in self.words:
            yield from (atom.words[word] for atom in atoms.values() if word in atom.words)

    def _kinds(self, atoms: _Atoms, around: tuple[frozenset[int], ...], done: frozenset[int]) -> Kinds:
        """Return the kinds of values that may fit schemas; the options of the `done` ones are chosen already."""
        kinds = self._typed(atoms)
        if kinds and (values := self._listed_values(atoms)) is not None:
            kinds &= self._fitting(atoms, values, kinds)
        kinds = self._excluded(atoms, kinds)
        kinds = self._numbers(atoms, kinds)
        kinds = self._sized(atoms, kinds, "string", "Length")
        if "array" in kinds:
            kinds = self._arrays(atoms, self._sized(atoms, kinds, "array", "Items"), around)
        if "object" in kinds:
            kinds = self._objects(atoms, self._sized(atoms, kinds, "object", "Properties"), around)
        kinds = self._chosen(atoms, kinds, around, done)
        if kinds and kinds <= _SMALL.keys() and not self.has_names:
            left = [kind for kind in kinds if any(self._may_fit(atoms, value) for value in _SMALL[kind])]
            kinds = frozenset(left) if left else self._none("it excludes each value of its type")
        return kinds

    def _typed(self, atoms: _Atoms) -> Kinds:
        """Return the kinds that `type` allows."""
        kinds = _KINDS
        for said in self._each(atoms, "type"):
            kinds &= _of_types(said)
        return kinds or self._none("its types exclude each other")

    def _listed_values(self, atoms: _Atoms) -> Sequence[object] | None:
        """Return the values of an `enum` or `const`, if they can be tried."""
        for said in self._each(atoms, "const"):
            return None if self.has_names else (said,)
        for said in self._each(atoms, "enum"):
            if isinstance(said, list) and (not said or (len(said) <= _MOST_VALUES and not self.has_names)):
                return said
        return None

    def _fitting(self, atoms: _Atoms, values: Sequence[object], kinds: Kinds) -> Kinds:
        """Return the kinds of the values that may fit; one value of each kind is enough."""
        fitting = _NONE
        for value in values:
            own = _kinds_of(value) & kinds
            if not own <= fitting and self._may_fit(atoms, value):
                fitting |= own
        return fitting or self._none("none of its listed values fits its other keywords")

    def _may_fit(self, atoms: _Atoms, value: Any) -> bool:  # noqa: ANN401 — JSON data
        """Whether a value may fit all schemas."""
        for atom in atoms.values():
            try:
                if fits(self.validator.evolve(schema=atom.words), value) is False:
                    return False
            except (Unresolvable, RecursionError):
                continue
        return True

    def _excluded(self, atoms: _Atoms, kinds: Kinds) -> Kinds:
        """Return the kinds that `not` allows."""
        for said in self._each(atoms, "not"):
            words = said.keys() & self.words if isinstance(said, Mapping) and "$schema" not in said else None
            if said is True or words == set():
                return self._none("`not` excludes every value")
            if words == {"type"}:
                kinds = kinds - _of_types(said["type"]) or self._none("`not` excludes its type")
        return kinds

    def _numbers(self, atoms: _Atoms, kinds: Kinds) -> Kinds:
        """Return the kinds that bounds of numbers allow."""
        low, low_open = self._bound(atoms, "inimum", 1)
        high, high_open = self._bound(atoms, "aximum", -1)
        if low == -inf or high == -inf or not kinds & _NUMBERS:
            return kinds
        high = -high
        first = floor(low) + 1 if low_open else ceil(low)
        last = ceil(high) - 1 if high_open else floor(high)
        without = kinds
        if low > high or (low == high and (low_open or high_open)):
            without = kinds - _NUMBERS
        elif first > last:
            without = kinds - {"integer"}
        if any(
            type(step) is int and step > 0 and -(-first // step) * step > last
            for step in self._each(atoms, "multipleOf")
        ):
            without = kinds - _NUMBERS
        return without or self._none(f"no number fits bounds of {low} and {high}")

    def _bound(self, atoms: _Atoms, ending: str, sign: int) -> tuple[float, bool]:
        """Return the highest lower bound and whether it is exclusive; with `sign` -1, the negated upper one."""
        bound: tuple[float, bool] = (-inf, False)
        for atom in atoms.values():
            said, other = atom.words.get(f"m{ending}"), atom.words.get(f"exclusiveM{ending}")
            if is_number(said):
                bound = max(bound, (sign * said, other is True))
            if is_number(other) and f"exclusiveM{ending}" in self.words:
                bound = max(bound, (sign * other, True))
        return bound

    def _sized(self, atoms: _Atoms, kinds: Kinds, kind: str, what: str) -> Kinds:
        """Return the kinds that bounds of lengths allow."""
        low, high = self._size(atoms, what)
        if low <= high or kind not in kinds:
            return kinds
        return kinds - {kind} or self._none(f"`min{what}` {low} is more than `max{what}` {high}")

    def _size(self, atoms: _Atoms, what: str) -> tuple[float, float]:
        """Return the bounds of a length."""
        low = max(filter(is_number, self._each(atoms, f"min{what}")), default=0)
        return low, min(filter(is_number, self._each(atoms, f"max{what}")), default=inf)

    def _arrays(self, atoms: _Atoms, kinds: Kinds, around: tuple[frozenset[int], ...]) -> Kinds:
        """Return the kinds that the items of lists allow."""
        low, high = self._size(atoms, "Items")
        longest = max((len(_prefix(atom.words, self.words)) for atom in atoms.values()), default=0)
        for position in range(int(min(low, longest + 1, _MOST_VALUES))):
            if not self.read(self._item(atoms, position), around):
                return kinds - {"array"} or self._none(f"an item is required, and {self.why}")
        for said in self._contained(atoms):
            if high < 1 or not self.read((said,), around):
                return kinds - {"array"} or self._none("no list contains an item of `contains`")
        return kinds

    def _contained(self, atoms: _Atoms) -> Iterator[object]:
        """Yield the schemas of items that a list has to contain."""
        for atom in atoms.values():
            least = atom.words.get("minContains", 1) if "minContains" in self.words else 1
            if "contains" in atom.words and "contains" in self.words and is_number(least) and least > 0:
                yield atom.words["contains"]

    def _item(self, atoms: _Atoms, position: int) -> Iterator[object]:
        """Yield the schemas of an item at a position."""
        for atom in atoms.values():
            prefix = _prefix(atom.words, self.words)
            rest = "additionalItems" if isinstance(atom.words.get("items"), list) else "items"
            yield prefix[position] if position < len(prefix) else atom.words.get(rest, True)

    def _objects(self, atoms: _Atoms, kinds: Kinds, around: tuple[frozenset[int], ...]) -> Kinds:
        """Return the kinds that the required keys of mappings allow."""
        names = {
            name: None for atom in atoms.values() for name in listed(atom.words, "required") if isinstance(name, str)
        }
        low, high = self._size(atoms, "Properties")
        if len(names) > high:
            return kinds - {"object"} or self._none("it requires more keys than `maxProperties`")
        for name in list(names)[:_MOST_VALUES]:
            if not self.read(self._property(atoms, name), around):
                return kinds - {"object"} or self._none(f"`{name}` is required, and {self.why}")
        for atom in atoms.values():
            is_closed = atom.words.get("additionalProperties") is False and "patternProperties" not in atom.words
            if is_closed and low > len(atom.words.get("properties", ())):
                return kinds - {"object"} or self._none("`minProperties` is more than the keys that it has")
        if names or low > 0:
            for said in self._each(atoms, "propertyNames"):
                if "string" not in self.read((said,), around):
                    return kinds - {"object"} or self._none("no key fits `propertyNames`")
        return kinds

    def _property(self, atoms: _Atoms, name: str) -> Iterator[object]:
        """Yield the schemas of the value at a key."""
        for atom in atoms.values():
            known = atom.words.get("properties", {})
            if name in known:
                yield known[name]
            elif "patternProperties" not in atom.words:
                yield atom.words.get("additionalProperties", True)

    def _chosen(self, atoms: _Atoms, kinds: Kinds, around: tuple[frozenset[int], ...], done: frozenset[int]) -> Kinds:
        """Return the kinds that options allow: a value has to fit an option of each `anyOf` and `oneOf`."""
        inside = done | atoms.keys()
        for key, atom in list(atoms.items()):
            for word in () if key in done else ("anyOf", "oneOf"):
                options = self._list(atom.words, word)
                if not options or not kinds:
                    continue
                possible = _NONE
                for option in _once(options) if word == "oneOf" else options:
                    if self.left <= 0 or possible == kinds:
                        possible = kinds
                        break
                    wider = dict(atoms)
                    if self._gather(option, wider, atom.path | {key}):
                        possible |= self._kinds(wider, around, inside)
                kinds &= possible
                if not kinds:
                    return self._none(f"no value fits an option of `{word}`: {self.why or 'each is listed twice'}")
        return kinds


def _parts(schema: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """Yield the mappings inside a schema, without the schema itself."""
    return (each for each in mappings_in(schema) if each is not schema)


def _of_types(said: object) -> Kinds:
    """Return the kinds of values of a `type`; all kinds for a type unknown to JSON."""
    allowed = _NONE
    for name in said if isinstance(said, list) else [said]:
        kinds = _NUMBERS if name == "number" else frozenset({name}) & _KINDS if isinstance(name, str) else _NONE
        allowed |= kinds or _KINDS
    return allowed


def _kinds_of(value: object) -> Kinds:
    """Return the kinds that a value may be of: up to draft 4, `1.0` is not an integer."""
    if value is None or isinstance(value, bool):
        return frozenset({"null" if value is None else "boolean"})
    if isinstance(value, (int, float)):
        return _NUMBERS
    return frozenset({"string" if isinstance(value, str) else "array" if isinstance(value, list) else "object"})


def _prefix(words: Mapping[str, Any], known: frozenset[str]) -> list[Any]:
    """Return the schemas of the first items of a list, one by one."""
    return listed(words, "prefixItems") if "prefixItems" in known else listed(words, "items")


def _once(options: list[Any]) -> list[Any]:
    """Return the options that are listed once: a value that fits any other option fits two."""
    contents = [digest_of({"option": each}) for each in options]
    counts = Counter(contents)
    return [each for each, content in zip(options, contents, strict=True) if content is None or counts[content] == 1]
