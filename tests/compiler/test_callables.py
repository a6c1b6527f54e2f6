"""Tools pass for their functions, whatever these are made of."""

import copy
import inspect
import pickle
import pydoc
from collections.abc import Callable
from dataclasses import replace
from functools import partial, partialmethod, singledispatchmethod, update_wrapper, wraps
from typing import Annotated, Any

import pytest
from pydantic import Field, StringConstraints

from llmc_compiler.tools.decorators import nondet, pure, read, write
from llmc_compiler.tools.signature import ToolboxError
from llmc_compiler.tools.tool import Tool
from llmc_compiler.tools.toolbox import Toolbox


@read("web", latency=1.0, cost=2.0)
async def search(query: str, limit: int = 5) -> str:
    """Find pages."""
    return query * limit


class Shop:
    """Has tools."""

    @pure
    def price(self, item: str, amount: Annotated[int, Field(ge=1)] = Field(1)) -> float:
        """The price."""
        return len(item) * float(amount)

    twice = partialmethod(price, amount=2)

    @classmethod
    @pure
    def kind(cls) -> str:
        """The kind."""
        return cls.__name__

    @pure
    @staticmethod
    def rate(currency: str) -> str:
        """The rate."""
        return currency


def loud(function: Callable[..., Any]) -> Callable[..., Any]:
    """Call the function in upper case."""

    @wraps(function)
    def call(*args: Any, **kwargs: Any) -> object:
        return str(function(*args, **kwargs)).upper()

    return call


@loud
@pure
def shout(text: str, mark: str = Field("!")) -> str:
    """Shout."""
    return text + mark


SHOP = Shop()
LOOK = Toolbox([replace(search, name="look-up")])["look_up"]


def test_a_tool_has_the_attributes_of_its_function() -> None:
    """As with `functools.update_wrapper`; the class keeps its own."""

    def tool(x: int) -> int:
        """Do."""
        return x

    tool.mark = 7  # type: ignore[attr-defined]
    tool.effect_of = None  # type: ignore[attr-defined]
    made: Any = pure(name="other", latency=1)(tool)
    assert (made.__name__, made.__doc__, made.__module__) == ("tool", "Do.", __name__)
    assert made.__qualname__ == tool.__qualname__
    assert made.__wrapped__ is tool
    assert (made.mark, made.name, made.latency) == (7, "other", 1)
    assert made.effect_of(()) == made.effect
    assert inspect.signature(made) == inspect.signature(tool)
    assert replace(made, cost=1.0).__name__ == "tool"
    assert Tool.__doc__ is not None
    assert Tool.__doc__.startswith("A function that plans may call")
    assert Tool.__module__ == "llmc_compiler.tools.tool"


def test_help_shows_the_function() -> None:
    """Not the class of tools."""
    text = pydoc.render_doc(search, renderer=pydoc.plaintext)  # type: ignore[attr-defined]  # it has it
    assert "search(query: str, limit: int = 5) -> str\n    Find pages." in text


def test_a_coroutine_function_is_still_one() -> None:
    """A decorator above may ask before it awaits."""
    assert inspect.iscoroutinefunction(search)
    assert not inspect.iscoroutinefunction(SHOP.price)


@pytest.mark.parametrize("tool", [search, LOOK, SHOP.rate, Shop.rate], ids=["function", "renamed", "static", "class"])
def test_a_tool_of_a_module_is_pickled(tool: Tool) -> None:
    """By the name of its function, with what was changed since."""
    for protocol in range(2, pickle.HIGHEST_PROTOCOL + 1):
        found = pickle.loads(pickle.dumps(tool, protocol))  # noqa: S301 — its own
        assert found == tool
    assert pickle.loads(pickle.dumps(search)) is search  # noqa: S301 — as above


def test_a_method_is_pickled_with_its_object() -> None:
    """As methods are."""
    found = pickle.loads(pickle.dumps(SHOP.price))  # noqa: S301 — its own
    assert found("ab", 2) == 4
    assert found.receiver is None


def test_the_tool_of_a_function_around_another_is_pickled() -> None:
    """Its name leads to the function, of which the tool is made again."""
    tools = Toolbox([replace(Toolbox([shout])["shout"], cost=2.0)])
    found = pickle.loads(pickle.dumps(tools))["shout"]  # noqa: S301 — its own
    assert (found.cost, found.call("a")) == (2.0, "A!")


def test_a_tool_that_no_name_leads_to_is_not_pickled() -> None:
    """The error says where it would be looked for."""
    with pytest.raises(TypeError, match="cannot pickle the tool `search`: it is not `search` of"):
        pickle.dumps(pure(partial(search.__wrapped__, limit=1)))


def test_a_copy_is_the_tool() -> None:
    """Nothing of it changes, so copies of what holds it share it."""
    assert copy.copy(search) is search
    assert copy.deepcopy({"tools": [search]})["tools"][0] is search


def test_equality_is_by_fields() -> None:
    """Methods of one object are equal tools, those of two are not."""
    assert replace(search) == search
    assert hash(replace(search)) == hash(search)
    assert SHOP.price == SHOP.price
    assert hash(SHOP.price) == hash(SHOP.price)
    assert SHOP.price != Shop().price
    assert replace(search, cost=1.0) != search


def test_methods_are_bound() -> None:
    """From an object as from a class, through partial methods, and in Python as in toolboxes."""
    tools = Toolbox([SHOP.price, Shop.kind, SHOP.rate])
    assert [tool.signature.shape.positional for tool in tools] == [("item", "amount"), (), ("currency",)]
    assert Toolbox([SHOP.twice])["price"].signature.shape.positional == ("item",)
    assert (SHOP.price("ab"), Shop.price(SHOP, "ab", 3), Shop.rate("EUR")) == (2.0, 6.0, "EUR")
    assert Shop.kind() == "Shop"  # type: ignore[call-arg]  # as mypy sees class methods around descriptors
    with pytest.raises(ToolboxError, match=r"`Shop\.price` needs an object for `self`.* `Shop\(…\)\.price`"):
        Toolbox([Shop.price])


def wrapped(function: Callable[..., Any]) -> Callable[..., Any]:
    """A decorator."""

    @wraps(function)
    def call(*args: Any, **kwargs: Any) -> Any:  # noqa: ANN401 — anything
        return function(*args, **kwargs)

    return call


class Around:
    """A decorator that is a class."""

    def __init__(self, function: Callable[..., Any]) -> None:
        update_wrapper(self, function)
        self.function = function

    def __call__(self, *args: Any, **kwargs: Any) -> Any:  # noqa: ANN401 — anything
        """Call the function."""
        return self.function(*args, **kwargs)


@pytest.mark.parametrize("decorator", [wrapped, Around, partial], ids=["function", "class", "partial"])
def test_what_stands_around_a_tool_is_the_tool(decorator: Callable[..., Any]) -> None:
    """With its effect and settings; a call goes through the decorator."""
    found = decorator(search)
    [tool] = Toolbox([found])
    assert tool.call is found
    assert (tool.name, tool.effect, tool.latency, tool.cost) == ("search", search.effect, 1.0, 2.0)
    assert tool.signature.shape == search.signature.shape


def test_a_decorator_around_a_schema_tool_keeps_the_schema() -> None:
    """A partial would have to change it, and is refused."""
    made = Tool.from_schema("t", "", {"properties": {"a": {"type": "string"}}}, "pure", lambda a: a)
    [tool] = Toolbox([wrapped(made)])
    assert tool.signature is made.signature
    with pytest.raises(ToolboxError, match="`t` has a schema, which a partial does not change"):
        Toolbox([partial(made, a="b")])


def by_position(x: int = Field(3, description="One."), y: int = 4, /) -> list[int]:
    """Take numbers."""
    return [x, y]


async def later(*, x: int = Field(), y: list[int] = Field(default_factory=list)) -> list[int]:
    """Take numbers."""
    y.append(x)
    return y


async def test_a_function_never_gets_a_field() -> None:
    """Called from Python it gets defaults as well, each time new ones; a missing argument is a TypeError."""
    assert (pure(by_position)(), pure(by_position)(1), pure(by_position)(1, 2)) == ([3, 4], [1, 4], [1, 2])
    assert pure(later).is_async
    assert await pure(later)(x=1) == [1]
    assert await pure(later)(x=2) == [2]
    with pytest.raises(TypeError, match="later\\(\\) is missing the argument 'x'"):
        await pure(later)()
    assert pure(later).signature.shape.required == ("x",)
    assert pure(by_position).signature.parameters["properties"]["x"] == {
        "type": "integer",
        "description": "One.",
        "default": 3,
    }


def test_bounds_and_descriptions_convert_nothing() -> None:
    """So that references of the right type need no check, and equal calls are known without one."""

    def tool(
        a: Annotated[str, Field(description="One.")],
        b: Annotated[int, Field(ge=1, multiple_of=2)] = 2,
        c: Annotated[str, Field(pattern="^a")] = "a",
    ) -> None: ...
    def other(a: Annotated[str, StringConstraints(strip_whitespace=True)]) -> None: ...

    assert not pure(tool).signature.converts
    assert pure(tool).signature.wants("a") == pure(search.__wrapped__).signature.wants("query")
    assert pure(other).signature.converts


def test_a_default_of_each_call_is_no_default_that_is_known() -> None:
    """A call with another argument may be the same one."""

    def tool(x: int = Field(default_factory=lambda: 3)) -> int:
        return x

    signature = nondet(tool).signature
    assert signature.parameters["properties"]["x"] == {"type": "integer"}
    left_out, given = signature.identify([]), signature.identify([("x", 3)])
    assert left_out.digests == signature.identify([]).digests
    assert left_out.likeness is not None
    assert given.likeness is not None
    assert left_out.likeness.may_be(given.likeness)
    assert signature.received([], signature.prepare([])) == []


def test_marks_stand_beside_fields() -> None:
    """A secret may have a bound, and the key a description; a secret's default is told to nobody."""
    from llmc_compiler.tools.parameter_markers import Context, Secret  # noqa: PLC0415 — beside their only use

    def tool(
        word: Annotated[Secret[str], Field(min_length=8)] = "correct horse",
        *,
        key: Annotated[str, Field(description="Of the call.")],
        box: Annotated[Context[Shop], Field(description="The shop.")],
    ) -> None: ...

    made = write("a", idempotency_key="key")(tool)
    assert (made.marks.secrets, made.marks.key, made.marks.wants) == (frozenset({"word"}), "key", Shop)
    assert made.signature.parameters["properties"] == {"word": {"type": "string", "minLength": 8}}


@pytest.mark.parametrize(
    ("declare", "words"),
    [
        (lambda: pure(wrapped(search)), "`search` wraps a tool, which declares its effect already"),
        (lambda: pure(classmethod(wrapped)), "a `classmethod` is called through a class or an object"),  # type: ignore[call-overload]
        (lambda: pure(property(wrapped)), "a `property` is called through a class or an object"),  # type: ignore[call-overload]
        (lambda: pure(partialmethod(wrapped)), "a `partialmethod` is called through a class or an object"),  # type: ignore[call-overload]
        (lambda: pure(singledispatchmethod(wrapped)), "a `singledispatchmethod` is called through"),  # type: ignore[call-overload]
        (lambda: pure(partial(Shop)), "`Shop` is a class, and calling it creates an object"),
    ],
)
def test_what_is_no_function_is_refused(declare: Callable[[], Tool], words: str) -> None:
    """With the remedy."""
    with pytest.raises(ToolboxError) as caught:
        declare()
    assert words in str(caught.value)


def test_wrappers_in_a_circle_end() -> None:
    """A callable that wraps itself is refused."""

    def tool() -> None: ...

    tool.__wrapped__ = tool  # type: ignore[attr-defined]
    with pytest.raises(ToolboxError, match="the signature of `tool` cannot be read: wrapper loop"):
        pure(tool)
