"""Classes made by `frozen` behave like frozen, slotted dataclasses."""

import copy
import inspect
import pickle
from collections.abc import Callable
from dataclasses import FrozenInstanceError, asdict, astuple, dataclass, field, fields, replace
from typing import Any, ClassVar, Final

import pytest

from llmc_grammar.frozen_data import frozen


@frozen
class Mine:
    """Every kind of field."""

    kind: ClassVar[str] = "kind"

    first: int
    second: "str"
    third: float = 0.5
    hidden: int = field(default=1, compare=False, repr=False)
    made: list[int] = field(default_factory=list)
    fixed: int = field(default=7, init=False)
    built: tuple[int, ...] = field(default_factory=tuple, init=False)
    later: int = field(init=False)
    named: int = field(default=3, kw_only=True)
    needed: int = field(kw_only=True)

    def __post_init__(self) -> None:
        object.__setattr__(self, "later", self.first + 1)


@dataclass(frozen=True, slots=True)
class Theirs:
    """The same fields."""

    kind: ClassVar[str] = "kind"

    first: int
    second: "str"
    third: float = 0.5
    hidden: int = field(default=1, compare=False, repr=False)
    made: list[int] = field(default_factory=list)
    fixed: int = field(default=7, init=False)
    built: tuple[int, ...] = field(default_factory=tuple, init=False)
    later: int = field(init=False)
    named: int = field(default=3, kw_only=True)
    needed: int = field(kw_only=True)

    def __post_init__(self) -> None:
        object.__setattr__(self, "later", self.first + 1)


@frozen
class Pair:
    """Two values."""

    left: object
    right: object = None


@frozen
class Single:
    """One value."""

    value: object


@frozen
class Nothing:
    """No fields."""


@frozen
class Own:
    """Methods that are kept."""

    value: int

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Own)

    def __hash__(self) -> int:
        return 5

    def __repr__(self) -> str:
        return "own"


@frozen
class Equal:  # noqa: PLW1641 — `frozen` adds the hash
    """A class that writes only `__eq__`."""

    value: int

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Equal) and self.value == other.value


@frozen
class Child(Pair):
    """A subclass, with one more field."""

    more: int = 0


CLASSES: Final[tuple[Any, ...]] = (Mine, Theirs)
INSTANCES: Final[tuple[Any, ...]] = (
    Mine(1, "x", needed=2),
    Pair([1], {"a": 1}),
    Single(float("nan")),
    Nothing(),
    Own(1),
    Equal(2),
    Child(1, 2, 3),
)


@pytest.mark.parametrize(
    "seen",
    [
        lambda kind: str(inspect.signature(kind)),
        lambda kind: inspect.get_annotations(kind.__init__),
        lambda kind: kind.__slots__,
        lambda kind: kind.__match_args__,
        lambda kind: [
            (part.name, part.type, part.init, part.repr, part.compare, part.kw_only) for part in fields(kind)
        ],
        lambda kind: {name for name in dir(kind) if not name.startswith("__dataclass")},
        lambda kind: repr(kind.__dataclass_params__),
        lambda kind: {name: kind.__dict__[name].__qualname__.rpartition(".")[2] for name in ("__init__", "__eq__")},
        lambda kind: repr(kind(1, "x", made=[2], needed=2)).partition("(")[2],
        lambda kind: astuple(kind(1, second="x", third=1.5, hidden=0, named=4, needed=2)),
        lambda kind: asdict(replace(kind(1, "x", needed=2), first=5)),
        lambda kind: kind(1, "x", needed=2) == kind(1, "x", hidden=9, needed=2),
        lambda kind: kind(1, "x", needed=2) == kind(2, "x", needed=2),
        lambda kind: kind(1, "x", needed=2) == astuple(kind(1, "x", needed=2)),
        lambda kind: hasattr(kind(1, "x", needed=2), "__dict__"),
    ],
)
def test_a_class_is_like_a_dataclass(seen: Callable[[Any], object]) -> None:
    """Signature, slots, fields, comparison and text are the same."""
    mine, theirs = map(seen, CLASSES)
    assert mine == theirs


@pytest.mark.parametrize("kind", CLASSES)
@pytest.mark.parametrize("arguments", [(), (1,), (1, "x"), (1, "x", 1.0, 1, [], 3, 4)])
def test_wrong_arguments_are_refused(kind: Any, arguments: tuple[object, ...]) -> None:  # noqa: ANN401 — a class
    """As by a dataclass: each call lacks an argument, or has one too many."""
    with pytest.raises(TypeError):
        kind(*arguments)


@pytest.mark.parametrize("kind", CLASSES)
def test_an_instance_does_not_change(kind: Any) -> None:  # noqa: ANN401 — a class
    """Fields can be neither set nor deleted, and two instances share no list."""
    instance = kind(1, "x", needed=2)
    with pytest.raises(FrozenInstanceError, match=r"^cannot assign to field 'first'$"):
        instance.first = 2
    with pytest.raises(FrozenInstanceError, match=r"^cannot delete field 'first'$"):
        del instance.first
    assert instance.made is not kind(1, "x", needed=2).made


@pytest.mark.parametrize("instance", INSTANCES, ids=lambda instance: type(instance).__name__)
def test_an_instance_is_pickled_and_copied(instance: object) -> None:
    """By every protocol; the copy has the same text."""
    for protocol in range(2, pickle.HIGHEST_PROTOCOL + 1):
        assert repr(pickle.loads(pickle.dumps(instance, protocol))) == repr(instance)  # noqa: S301 — made above
    assert repr(copy.copy(instance)) == repr(copy.deepcopy(instance)) == repr(instance)


def test_values_are_compared_and_hashed() -> None:
    """By class and fields; an unhashable value has no hash."""
    assert Pair(1, 2) == Pair(1, 2) != Pair(2, 1)
    assert {Pair(1, 2), Pair(1, 2), Single(1), Single(1), Nothing(), Nothing()} == {Pair(1, 2), Single(1), Nothing()}
    assert hash(Pair(1, 2)) == hash((1, 2))
    assert hash(Equal(1)) == hash((1,))
    assert Pair(1, 2) != Child(1, 2)
    with pytest.raises(TypeError, match="unhashable type: 'list'"):
        hash(Pair([], 1))


def test_written_methods_are_kept() -> None:
    """`__eq__`, `__hash__` and `__repr__` of a class stay."""
    assert (Own(1) == Own(2), hash(Own(1)), repr(Own(1))) == (True, 5, "own")


def test_an_instance_can_hold_itself() -> None:
    """Its text ends."""
    holder: list[object] = []
    holder.append(Single(holder))
    assert repr(holder) == "[Single(value=[...])]"


def test_patterns_take_fields_in_order() -> None:
    """As those of dataclasses."""
    match Pair(1, 2):
        case Pair(left, right):
            assert (left, right) == (1, 2)
