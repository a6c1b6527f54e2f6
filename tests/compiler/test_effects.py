"""The effect table, cell by cell, and which effects conflict."""

import pytest

from llmc_compiler.effects.effects import RULES, Effect, Kind, When, conflict, covers, overlap, parse_effect

# kind: in order after, merge identical, prune unused, start early, hoist, retry by itself, run again after a crash
TABLE = {
    "pure": ("", "yes", "yes", "yes", "yes", "yes", "yes"),
    "nondet": ("", "no", "yes", "yes", "no", "yes", "yes"),
    "read": ("idempotent opaque write", "unwritten", "yes", "unwritten", "invariant", "yes", "yes"),
    "bare": ("idempotent opaque write", "no", "no", "no", "no", "no", "no"),
    "idempotent": ("bare idempotent opaque read write", "no", "no", "no", "no", "yes", "yes"),
    "write": ("bare idempotent opaque read write", "no", "no", "no", "no", "sure", "keyed"),
    "opaque": ("bare idempotent opaque read write", "no", "no", "no", "no", "no", "no"),
}


@pytest.mark.parametrize("kind", TABLE)
def test_a_column_of_the_table(kind: str) -> None:
    """Every answer for a kind of effect is the one that was decided."""
    rule = RULES[Kind(kind)]
    after = " ".join(sorted(other.value for other in rule.after))
    answers = (rule.merge, rule.prune, rule.early, rule.hoist, rule.retry, rule.rerun)
    assert (after, *(answer.name.lower() for answer in answers)) == TABLE[kind]


def test_the_table_has_every_kind() -> None:
    """There is a rule for each kind, and a row here for each rule."""
    assert set(RULES) == set(Kind)
    assert {kind.value for kind in Kind} == set(TABLE)


def test_freedom_only_shrinks() -> None:
    """From `pure` to `opaque`, what a kind may not do, no later kind may do; only repeating is another matter."""
    allowed = [
        tuple(answer is not When.NO for answer in (rule.merge, rule.prune, rule.early, rule.hoist))
        for kind, rule in RULES.items()
        if kind is not Kind.NONDET
    ]
    assert allowed == sorted(allowed, reverse=True)


def test_a_kind_knows_what_it_is() -> None:
    """Writes may change something, stateful effects may see or change something."""
    effects = {kind.value: Effect(kind) for kind in Kind}
    assert {name for name, effect in effects.items() if effect.is_write} == {"idempotent", "write", "opaque"}
    assert {name for name, effect in effects.items() if not effect.is_stateful} == {"pure", "nondet"}


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ("a", "a", True),
        ("a", "b", False),
        ("a", "a:b", True),
        ("a:b", "a:c", False),
        ("a:b", "a:b:c", True),
        ("a:b:c", "a:c", False),
        ("a", "ab", False),
        ("*", "a:b", True),
        ("*", "*", True),
        ("file:{path}", "file:a", True),
        ("file:{path}", "file:{other}", True),
        ("file:{path}", "mail:a", False),
        ("file:{path}", "file", True),
        ("{any}:x", "b:x", True),
        ("{any}:x", "b:y", False),
        ("file:notes.txt", "file:./notes.txt", True),
        ("file:notes.txt", "file:Notes.TXT ", True),
        ("file:caf\u00e9", "file:cafe\u0301", True),
        ("file:stra\u00dfe", "file:STRASSE", True),
        ("file:\uff4e", "file:n", True),
        ("file:a/b", "file:a//b/", True),
        ("file:a/b", "file:a\\b", True),
        ("file:a", "file:b/../a", True),
        ("file:a", "file:/", True),
        ("file:a", "file:.", True),
        ("file:a/b", "file:a/c", False),
        ("file:a/b", "file:ab", False),
        ("file:a b", "file:ab", False),
        ("file:..a", "file:a", False),
        ("file:\u00e9", "file:e", False),
    ],
)
def test_resources_overlap_unless_provably_different(one: str, other: str, expected: bool) -> None:
    """A name contains those below it, a segment in braces may be anything, spellings of one name are one."""
    assert overlap(one, other) is expected
    assert overlap(other, one) is expected


@pytest.mark.parametrize(
    ("outer", "inner", "expected"),
    [
        ("a", "a", True),
        ("a", "a:b", True),
        ("a:b", "a", False),
        ("*", "a", True),
        ("a", "*", False),
        ("a", "ab", False),
        ("a:{p}", "a:b", True),
        ("a:{p}", "a:b:c", True),
        ("{q}:x", "a:x", True),
        ("a:b", "a:{p}", False),
        ("a:{p}", "a", False),
    ],
)
def test_a_resource_covers_what_is_below_it(outer: str, inner: str, expected: bool) -> None:
    """Whatever overlaps the covered one overlaps the covering one."""
    assert covers(outer, inner) is expected


@pytest.mark.parametrize(
    ("resource", "expected"),
    [
        ("file:{path}", "file:b"),
        ("{path}", "b"),
        ("file:{path}:{path}", "file:b:b"),
        ("file:v{path}", "file:vb"),
        ("file:{other}:{path}", "file:{other}:b"),
        ("file:{parts}", "file:{parts}"),
        ("file:{open}", "file:{open}"),
        ("file:{none}", "file:{none}"),
        ("{all}", "{all}"),
        ("file", "file"),
    ],
)
def test_names_in_braces_are_arguments(resource: str, expected: str) -> None:
    """A text that is one segment stands in their place; without one, or with any other, they may be anything."""
    constants = {"path": "b", "parts": "b:c", "open": "{b}", "none": "", "all": "*"}
    assert Effect(Kind.WRITE, resource).of(constants) == Effect(Kind.WRITE, expected)


def test_an_effect_knows_its_parameters() -> None:
    """The names in braces, as often as they are there."""
    assert Effect(Kind.READ, "{a}:b:c{d}").parameters == ("a", "d")
    assert Effect(Kind.PURE).parameters == ()


RESOURCES = ["{p}:{q}", "a:{r}:z", "a", "a:x", "A:./x", "a:y", "a:..", "a:x:z", "a:{p}", "{q}:x", "b", "*"]


@pytest.mark.parametrize("outer", RESOURCES)
@pytest.mark.parametrize("inner", RESOURCES)
def test_covering_keeps_its_promise(outer: str, inner: str) -> None:
    """A covered resource overlaps nothing that the covering one does not."""
    if covers(outer, inner):
        assert {other for other in RESOURCES if overlap(inner, other)} <= {
            other for other in RESOURCES if overlap(outer, other)
        }


@pytest.mark.parametrize(
    ("later", "earlier", "expected"),
    [
        ("read(a)", "write(a)", True),
        ("write(a)", "read(a)", True),
        ("write(a)", "write(a)", True),
        ("read(a)", "read(a)", False),
        ("read(a)", "write(b)", False),
        ("read(a:x)", "write(a)", True),
        ("write(a, idempotent)", "write(a, idempotent)", True),
        ("opaque", "read(a)", True),
        ("read(a)", "opaque", True),
        ("opaque", "pure", False),
        ("pure", "opaque", False),
        ("nondet", "opaque", False),
        ("bare", "bare", False),
        ("bare", "read(a)", False),
        ("bare", "write(a)", True),
        ("write(a)", "bare", True),
        ("opaque", "bare", True),
    ],
)
def test_effects_conflict(later: str, earlier: str, expected: bool) -> None:
    """The table says which kinds conflict, the resources whether they meet."""
    assert conflict(parse_effect(later), parse_effect(earlier)) is expected
