"""Tools and toolboxes: how functions become tools, and under which names plans call them."""

import math
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest

from llmc_compiler.effects.effects import Effect, Kind
from llmc_compiler.tools.decorators import nondet, opaque, pure, read, write
from llmc_compiler.tools.outside_names import plan_name
from llmc_compiler.tools.signature import ToolboxError
from llmc_compiler.tools.tool import Tool
from llmc_compiler.tools.toolbox import Toolbox


def plain(text: str) -> str:
    """Give the text back."""
    return text


async def waiting(text: str) -> str:
    """Give the text back, later."""
    return text


class Counter:
    """A callable object."""

    def __call__(self, step: int) -> int:
        """One more."""
        return step + 1

    async def later(self, step: int) -> int:
        """One more, later."""
        return step + 1


DECORATED = {
    "pure": (pure(plain), Effect(Kind.PURE)),
    "pure with options": (pure(latency=0.5)(plain), Effect(Kind.PURE)),
    "nondet": (nondet(plain), Effect(Kind.NONDET)),
    "opaque": (opaque(plain), Effect(Kind.OPAQUE, "*")),
    "read": (read(plain), Effect(Kind.READ, "*")),
    "read of nothing named": (read()(plain), Effect(Kind.READ, "*")),
    "read of a resource": (read("mail")(plain), Effect(Kind.READ, "mail")),
    "write": (write(plain), Effect(Kind.WRITE, "*")),
    "write to a resource": (write("db:orders")(plain), Effect(Kind.WRITE, "db:orders")),
    "idempotent write": (write("file:{path}", idempotent=True)(plain), Effect(Kind.IDEMPOTENT, "file:{path}")),
}


@pytest.mark.parametrize("name", DECORATED)
def test_a_decorator_is_the_effect(name: str) -> None:
    """Every form of decorator makes a tool of the function, with the effect it says."""
    tool, effect = DECORATED[name]
    assert tool.effect == effect
    assert (tool.name, tool.description, tool.is_async) == ("plain", "Give the text back.", False)


def test_a_decorator_takes_settings() -> None:
    """Name, latency and `early` are those of the tool; without them it has its own name and may start early."""
    tool = read("web", name="look", latency=0.6, early=False)(plain)
    assert (tool.name, tool.latency, tool.early) == ("look", 0.6, False)
    tool = nondet(name="guess", latency=2, early=False)(plain)
    assert (tool.name, tool.latency, tool.early) == ("guess", 2, False)
    assert (pure(plain).name, pure(plain).latency, pure(plain).early) == ("plain", None, True)


@pytest.mark.parametrize("latency", [-1, math.inf, math.nan, "1s", True])
def test_a_latency_is_a_number(latency: Any) -> None:  # noqa: ANN401 — what is no number
    """It is added up to tell how long a plan takes."""
    with pytest.raises(ToolboxError, match="the latency of `plain` is"):
        pure(latency=latency)(plain)
    assert pure(latency=0)(plain).latency == 0


def test_coroutine_functions_are_awaited() -> None:
    """A tool knows whether its function, method, partial or object gives a coroutine."""
    found = {
        "function": pure(waiting).is_async,
        "method": pure(Counter().later).is_async,
        "partial": pure(name="p")(partial(waiting, "a")).is_async,
        "plain": pure(plain).is_async,
        "object": pure(Counter()).is_async,
    }
    assert found == {"function": True, "method": True, "partial": True, "plain": False, "object": False}


def test_a_tool_is_still_a_function() -> None:
    """Python calls the function itself, unchecked."""
    assert pure(plain)("x") == "x"
    assert pure(Counter())(2) == 3
    assert pure(Counter()).name == "Counter"


@pytest.mark.parametrize(
    ("declare", "words"),
    [
        (lambda: read("no name")(plain), "`read(no name)` is not an effect"),
        (lambda: read("")(plain), "`read()` is not an effect"),
        (lambda: read("mail", idempotent=True)(plain), "is not an effect"),
        (
            lambda: pure("mail"),  # type: ignore[call-overload]  # the mistake under test
            "'mail' is not a function: decorate a function, once",
        ),
        (lambda: pure(read("mail")(plain)), "declares its effect already: decorate a function, once"),
        (lambda: pure(dict), "`dict` is a class, and calling it creates an object"),
        (lambda: pure(max), "the signature of `max` cannot be read: no signature found for builtin"),
        (
            lambda: Tool.from_schema("x", "", {"type": "nonsense"}, "pure", plain),
            "parameters of `x` are not described by a valid JSON schema",
        ),
        (lambda: Tool.from_schema("x", "", {}, "pure", plain, returns={"type": 1}), "the result of `x` "),
    ],
)
def test_a_tool_that_cannot_work_is_refused(declare: Callable[[], Any], words: str) -> None:
    """A declaration that makes no sense is an error where it is made."""
    with pytest.raises(ToolboxError) as caught:
        declare()
    assert words in str(caught.value)


@pytest.mark.parametrize(
    ("text", "effect"),
    [
        ("pure", Effect(Kind.PURE)),
        (" nondet ", Effect(Kind.NONDET)),
        ("opaque", Effect(Kind.OPAQUE, "*")),
        ("bare", Effect(Kind.BARE, "*")),
        ("read(mail)", Effect(Kind.READ, "mail")),
        ("read( db:orders )", Effect(Kind.READ, "db:orders")),
        ("write(*)", Effect(Kind.WRITE, "*")),
        ("write(file:{path}, idempotent)", Effect(Kind.IDEMPOTENT, "file:{path}")),
        ("write(a ,idempotent)", Effect(Kind.IDEMPOTENT, "a")),
    ],
)
def test_a_schema_tool_has_its_effect_as_text(text: str, effect: Effect) -> None:
    """`from_schema` reads every effect as it is written."""
    tool = Tool.from_schema("t", "what it does", {}, text, waiting)
    assert tool.effect == effect
    assert (tool.name, tool.description, tool.is_async) == ("t", "what it does", True)
    assert Tool.from_schema("t", "", {}, effect, plain).effect is effect


@pytest.mark.parametrize(
    "text", ["", "Pure", "read", "read()", "read(a b)", "read(a, idempotent)", "write(a, x)", "pure(a)", "read(a)x"]
)
def test_what_is_no_effect_is_refused(text: str) -> None:
    """Any other text is an error that lists the forms."""
    with pytest.raises(ValueError, match=r"is not an effect: write `pure`, `nondet`, `read\(R\)`"):
        Tool.from_schema("t", "", {}, text, plain)


@pytest.mark.parametrize("text", ["pure", "nondet", "read(a)", "write(a:b)", "write(a, idempotent)", "opaque"])
def test_an_effect_prints_as_it_is_written(text: str) -> None:
    """The text of an effect reads back as the same effect."""
    assert str(Tool.from_schema("t", "", {}, text, plain).effect) == text


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("search", "search"),
        ("github.create_issue", "github.create_issue"),
        ("create-issue", "create_issue"),
        ("größe", "gruf6udfe"),
        ("获取天气", "u83b7u53d6u5929u6c14"),
        ("7zip", "_7zip"),
        ("a.7", "a._7"),
        ("if", "if_"),
        ("join", "join_"),
        ("a.if", "a.if"),
        ("..a..b.", "a.b"),
        ("", "_"),
        ("...", "_"),
        ("<lambda>", "_lambda_"),
    ],
)
def test_a_name_is_made_fit_for_plans(name: str, expected: str) -> None:
    """What no name may hold becomes `_`, and a reserved word gets one; doing it again changes nothing."""
    assert plan_name(name) == expected
    assert plan_name(expected) == expected


class TestToolbox:
    """Tools by the names that plans use."""

    def test_it_holds_tools_under_their_names(self) -> None:
        """A tool is found under the name that plans use, which is then its own."""
        box = Toolbox([pure(plain), read("a", name="look-up")(waiting)])
        assert [tool.name for tool in box] == ["plain", "look_up"]
        assert len(box) == 2
        assert "look_up" in box
        assert "look-up" not in box
        found = box.get("look_up")
        assert found is not None
        assert found.call is waiting
        assert box.get("nothing") is None

    def test_two_tools_of_one_name_are_refused(self) -> None:
        """By their own names; those whose spelling is the same are told apart."""
        with pytest.raises(ToolboxError, match="two tools are called `plain`: give one of them another name"):
            Toolbox([pure(plain), read(plain)])

    def test_names_that_agree_are_told_apart(self) -> None:
        """All but the first by their own names get a number, whatever the order; a part of the toolbox keeps them."""
        names = ["a_b", "a-b", "a b", "a_b_2"]
        for order in (names, names[::-1]):
            box = Toolbox(pure(name=name)(plain) for name in order)
            assert {tool.own_name: tool.name for tool in box} == {
                "a b": "a_b",
                "a-b": "a_b_3",
                "a_b": "a_b_4",
                "a_b_2": "a_b_2",
            }
            assert [tool.name for tool in Toolbox([box["a_b_4"]])] == ["a_b_4"]

    def test_a_tool_is_looked_up_by_either_name(self) -> None:
        """As plans write it, or as it is its own."""
        box = Toolbox([pure(name="look-up")(plain)])
        assert box["look_up"] is box["look-up"]
        with pytest.raises(KeyError, match="nothing"):
            box["nothing"]

    def test_the_repr_names_the_first_tools(self) -> None:
        """And says how many there are besides."""
        assert repr(Toolbox([])) == "Toolbox()"
        assert repr(Toolbox(pure(name=f"t{n}")(plain) for n in range(8))) == "Toolbox(t0, t1, t2, t3, t4, … 3 more)"

    def test_toolboxes_join(self) -> None:
        """`|` has the tools of both, and refuses a clash."""
        one, other = Toolbox([pure(plain)]), Toolbox([pure(waiting)])
        assert [tool.name for tool in one | other] == ["plain", "waiting"]
        with pytest.raises(ToolboxError, match="two tools are called `plain`"):
            one | one
        assert [tool.name for tool in one + other] == ["plain", "waiting"]

    def test_a_name_may_not_be_endless(self) -> None:
        """A name of more than 128 characters is refused; one of 128 is taken."""
        assert len(Toolbox([pure(name="a" * 128)(plain)])) == 1
        with pytest.raises(ToolboxError, match="is too long for a tool's name: use at most 128 characters"):
            Toolbox([pure(name="a" * 129)(plain)])

    def test_a_bare_function_is_an_error_with_both_mends(self) -> None:
        """The message says how to decorate it, and how to say what bare functions are."""
        with pytest.raises(ToolboxError) as caught:
            Toolbox([plain])
        assert str(caught.value) == (
            "`plain` declares no effect: decorate it (`@pure`, `@nondet`, `@read`, `@write`, `@opaque`), "
            'or declare all such functions: `Toolbox([plain], bare="parallel")` or `bare="ordered"`'
        )

    def test_bare_functions_are_what_the_toolbox_says(self) -> None:
        """`parallel` and `ordered` are the effects of bare functions alone."""
        parallel = Toolbox([plain, pure(waiting)], bare="parallel")
        assert [tool.effect for tool in parallel] == [Effect(Kind.BARE, "*"), Effect(Kind.PURE)]
        ordered = Toolbox([plain], bare="ordered")
        assert [tool.effect for tool in ordered] == [Effect(Kind.OPAQUE, "*")]

    def test_anything_else_is_refused(self) -> None:
        """What is no function, and a `bare` that is neither word."""
        with pytest.raises(ToolboxError, match="7 is not a tool: give a function, or make a tool with"):
            Toolbox([7])  # type: ignore[list-item]  # the mistake under test
        with pytest.raises(ToolboxError, match='`bare` is "parallel" or "ordered", not \'loose\''):
            Toolbox([plain], bare="loose")  # type: ignore[arg-type]  # the mistake under test
