"""JSON schemas split into cases: references are followed, alternatives split, and the parts of a case all apply.

A part is a mapping of keywords whose `$ref`, `allOf`, `anyOf` and `oneOf` are resolved already.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from llmc_compiler.expressions.types import ANY, BOOL, FLOAT, INT, NULL, STR, list_of, map_of, within
from llmc_compiler.expressions.value_identity import json_form
from llmc_compiler.json_schema.schema_keywords import WORDLESS, is_nullable, listed, refers_alone
from llmc_compiler.json_schema.schema_references import NOWHERE, referred
from llmc_compiler.json_schema.schema_types import at_least
from llmc_grammar.frozen_data import frozen

Part = Mapping[str, Any]

_MOST_STEPS: Final = 4_000
"""Maximum number of schemas that are split for one parameter."""
_STEPS_OF_A_TYPE: Final = 20
"""The cost, in steps, of finding the type of a schema."""
_MOST_CASES: Final = 64
"""Maximum number of combined cases; a group of alternatives that would exceed it is ignored, which allows more."""
_MOST_TURNS: Final = 2
"""How many times a schema may be read inside itself."""
_DEEPEST: Final = 40
"""Maximum nesting depth of schemas that apply to one value."""

_ATOMS: Final = {
    "null": NULL,
    "boolean": BOOL,
    "integer": INT,
    "fraction": FLOAT,
    "string": STR,
    "array": list_of(ANY),
    "object": map_of(ANY),
}
KINDS: Final = frozenset(_ATOMS)
"""The kinds of values: JSON's types, with numbers split into integers and fractions."""
_NAMED: Final = {**{name: frozenset({name}) for name in _ATOMS}, "number": frozenset({"integer", "fraction"})}

PLAIN: Final = WORDLESS | {
    *("type", "const", "enum", "nullable", "discriminator", "$defs", "definitions"),
    *("$ref", "allOf", "anyOf", "$anchor", "format"),
}
"""Keywords that do not restrict a listed value beyond its case."""

_SINCE: Final = (
    ("2019-09", {"prefixItems"}),
    ("draft-07", {"dependentRequired", "dependentSchemas", "minContains", "unevaluatedProperties", "unevaluatedItems"}),
    ("draft-06", {"if", "then", "else"}),
    ("draft-04", {"const", "contains", "propertyNames"}),
    ("draft-03", {"allOf", "anyOf", "oneOf", "not", "minProperties", "maxProperties"}),
)
"""For each draft, the keywords that only later drafts have."""


@frozen
class Case:
    """Parts that apply together, reached through these references.

    Values of the `excluded` kinds do not fit, since another option of a `oneOf` accepts all of them. `is_open`: other
    options may accept some of the case's values.
    """

    parts: tuple[Part, ...] = ()
    through: frozenset[str] = frozenset()
    excluded: frozenset[str] = frozenset()
    is_open: bool = False

    def beside(self, other: "Case") -> "Case":
        """Return the case in which both cases apply."""
        return Case(
            self.parts + other.parts,
            self.through | other.through,
            self.excluded | other.excluded,
            self.is_open or other.is_open,
        )

    def all(self, word: str) -> list[Any]:
        """Return the values of a keyword in the parts."""
        return [part[word] for part in self.parts if word in part]


_ALL: Final = Case()


@dataclass(slots=True)
class Cases:
    """Splits schemas into cases; each schema is a part of `whole`."""

    whole: object
    left: int = field(default=_MOST_STEPS)
    unknown: frozenset[str] = field(init=False)
    is_ref_alone: bool = field(init=False)

    def __post_init__(self) -> None:
        """Find the schema's draft."""
        named = str(self.whole.get("$schema", "")) if isinstance(self.whole, Mapping) else ""
        at = next((at for at, (draft, _) in enumerate(_SINCE) if draft in named), -1)
        self.unknown = frozenset().union(*(words for _, words in _SINCE[: at + 1]))
        self.is_ref_alone = refers_alone(named)

    def of(self, schemas: Iterable[object], inside: tuple[str, ...]) -> list[Case]:
        """Return the cases of a value that fits all these schemas, reached through the references `inside`."""
        return _product([self._read(schema, inside, ()) for schema in schemas])

    def kinds(self, case: Case) -> frozenset[str]:
        """Return the kinds of values that a case allows; without a type, `properties` or `items` imply one."""
        kinds = KINDS - case.excluded
        for part in case.parts:
            kinds &= _kinds_of(part)
            if "not" in part:
                kinds -= self.full(part["not"])
        if not case.all("type"):
            kinds &= {"object"} if case.all("properties") else {"array"} if case.all("items") else kinds
        return kinds

    def full(self, schema: object) -> frozenset[str]:
        """Return the kinds whose values a schema certainly allows, all of them."""
        self.left -= _STEPS_OF_A_TYPE
        if self.left < 0:
            return frozenset()
        allowed = at_least(schema, self.whole)
        return frozenset(kind for kind, type_ in _ATOMS.items() if within(type_, allowed))

    def _read(self, schema: object, inside: tuple[str, ...], path: tuple[str, ...]) -> list[Case]:
        """Return the cases of a schema that was reached by a path of references."""
        if schema is True:
            return [_ALL]
        if not isinstance(schema, Mapping):
            return []
        self.left -= 1
        if self.left < 0 or len(path) > _DEEPEST:
            return [Case(({"type": schema["type"]} if "type" in schema else {},))]
        words = {word: said for word, said in schema.items() if word not in self.unknown}
        if "$ref" in words and self.is_ref_alone:
            return self._followed(words["$ref"], inside, path)
        return _product([[Case((words,))], *self._groups(words, inside, path)])

    def _groups(self, words: Part, inside: tuple[str, ...], path: tuple[str, ...]) -> list[list[Case]]:
        """Return the cases of references and of alternatives, group by group."""
        deeper = (*path, "")
        groups = [self._followed(words["$ref"], inside, path)] if "$ref" in words else []
        groups += [self._read(each, inside, deeper) for each in listed(words, "allOf")]
        if isinstance(words.get("anyOf"), list):
            groups.append([case for option in words["anyOf"] for case in self._read(option, inside, deeper)])
        if isinstance(words.get("oneOf"), list):
            groups.append(self._one_of(words["oneOf"], inside, deeper))
        return groups

    def _followed(self, reference: object, inside: tuple[str, ...], path: tuple[str, ...]) -> list[Case]:
        """Return the cases of a referenced schema; no cases for a circular reference, or one that leads nowhere."""
        name = str(reference)
        target = referred(self.whole, reference)
        if target is NOWHERE or name in path or inside.count(name) >= _MOST_TURNS:
            return []
        through = Case(through=frozenset({name}))
        return [case.beside(through) for case in self._read(target, inside, (*path, name))]

    def _one_of(self, options: Sequence[object], inside: tuple[str, ...], path: tuple[str, ...]) -> list[Case]:
        """Return the cases of options of which a value may fit only one."""
        full = [self.full(option) if _says_scalars(option) else frozenset[str]() for option in options]
        taken = Counter(kind for kinds in full for kind in kinds)
        is_open = len(options) > 1 and not _are_distinct(options)
        cases: list[Case] = []
        for option, own in zip(options, full, strict=True):
            excluded = frozenset(kind for kind, count in taken.items() if count > (kind in own))
            limits = Case(excluded=excluded, is_open=is_open)
            cases += [case.beside(limits) for case in self._read(option, inside, path)]
        return cases


def _product(groups: Sequence[list[Case]]) -> list[Case]:
    """Return all combinations of one case of each group; no cases if a group is empty."""
    if not all(groups):
        return []
    cases = [_ALL]
    for group in groups:
        if len(group) == 1 or len(cases) == 1 or len(group) * len(cases) <= _MOST_CASES:
            cases = [case.beside(other) for case in cases for other in group]
    return cases


def _kinds_of(part: Part) -> frozenset[str]:
    """Return the kinds that the type of a part names."""
    if "type" not in part:
        return KINDS
    names = part["type"] if isinstance(part["type"], list) else [part["type"]]
    # Draft 3 also allows schemas in this list; they count as any type.
    kinds = frozenset().union(*(_NAMED.get(name, KINDS) if isinstance(name, str) else KINDS for name in names))
    return kinds | {"null"} if is_nullable(part) else kinds


def _says_scalars(option: object) -> bool:
    """Whether an option may accept all values of a kind; objects with properties differ in their keys."""
    if not isinstance(option, Mapping) or "const" in option or "enum" in option:
        return option is True
    return option.get("type") != "object" or "properties" not in option


def _are_distinct(options: Sequence[object]) -> bool:
    """Whether all options list their values, and no value is listed twice."""
    values = [value for option in options for value in _listed_in(option) or ()]
    forms = Counter(map(json_form, values))
    return all(map(_listed_in, options)) and all(count == 1 for count in forms.values())


def _listed_in(option: object) -> list[Any] | None:
    """Return the scalars that an option lists, if it has no other keyword."""
    if not isinstance(option, Mapping) or option.keys() - WORDLESS not in ({"const"}, {"enum"}):
        return None
    values = listed(option, "enum") if "enum" in option else [option["const"]]
    return None if any(isinstance(value, (list, dict)) for value in values) else values
