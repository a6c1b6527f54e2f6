"""Tools that ask a model, and the arithmetic that it writes."""

import math
import tracemalloc
from collections.abc import Callable
from contextlib import suppress
from time import perf_counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

import llmc
from llmc_runtime.agent.agent import Agent
from llmc_runtime.agent.tools.calculator import LONGEST, ArithmeticFault, evaluate
from llmc_runtime.agent.tools.llm_tools import llm_tool, math_tool
from tests.agent.fakes import Script
from tests.runtime import clock


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1 + 2 * 3", 7),
        ("(8848.86 - 5895) / 2", 1476.93),
        ("2 ** 10 % 1000", 24),
        ("2 ** 1023 / 2 ** 1020", 8),
        ("1 ** 10**300", 1),
        ("round(15, -1)", 20),
        ("2^3", 8),
        ("6 \u00d7 7 \u00f7 2 \u2212 1", 20),
        ("-7 // 2", -4),
        ("+sqrt(16) + max(1, 2, 3) - abs(-1)", 6),
        ("round(pi * e, 2)", 8.54),
        ("1e3", 1000.0),
        ("2 ** -1", 0.5),
        ("37593 ** (1 / 5)", 37593**0.2),
    ],
)
def test_expressions_have_values(text: str, value: float) -> None:
    """Python's operators on numbers, and a few functions."""
    assert evaluate(text) == pytest.approx(value)


MAY_BE_FINE = {
    "-" * 399 + "1",
    "(" * 199 + "1" + ")" * 199,
    "1" + "+1" * 199,
    "abs(" * 79 + "1" + ")" * 79,
    "2" + "**2" * 132,
    "round(1.5, 10**9)",
    "round(5, -10**300)",
}
"""Whether these have a value depends on how deep Python may go."""


@pytest.mark.parametrize(
    "text",
    [
        *sorted(MAY_BE_FINE),
        "sqrt",
        "sqrt + 1",
        "9**9**9",
        "9**9**9**9",
        "-(9**9**9)",
        "2**100000",
        "10**200 * 10**200",
        "9" * 390,
        "1e308 * 10",
        "exp(1000)",
        "(-8) ** 0.5",
        "1 / 0",
        "log(0)",
        "",
        "two plus two",
        "1 +",
        "x + 1",
        "'a' * 3",
        "[1] * 9",
        "True + 1",
        "1 if 2 else 3",
        "1 < 2",
        "(lambda: 1)()",
        "__import__('os').system('true')",
        "(1).__class__",
        "max.__self__",
        "round(1.5, ndigits=0)",
        "round(5, -1e9)",
        "round(5, -10**9, 1)",
        "max(*(1, 2))",
        "max(1, sqrt)",
        "factorial(10**9)",
        "1; 2",
        "1\n2",
        "a := 1",
        "f'{1}'",
        "0x" + "f" * 390,
        "1" + "+1" * 300,
        "1\x00",
        "max()",
        "1 << 9999",
        "2 @ 3",
        "1j * 1j",
    ],
)
def test_whatever_is_no_arithmetic_ends_at_once(text: str) -> None:
    """With one error, and before it takes time."""
    began = perf_counter()
    if text in MAY_BE_FINE:
        with suppress(ArithmeticFault):
            assert math.isfinite(evaluate(text))
    else:
        with pytest.raises(ArithmeticFault, match=r"[a-z]"):
            evaluate(text)
    assert perf_counter() - began < 0.5


@given(st.text(alphabet="0123456789.+-*/%()^ e,sqrtmax", max_size=60))
def test_any_text_gives_a_number_or_one_error(text: str) -> None:
    """Nothing else is raised."""
    with suppress(ArithmeticFault):
        assert math.isfinite(evaluate(text))


@given(st.integers(-(10**300), 10**300), st.integers(-400, 400))
def test_a_number_is_rounded_as_python_does(number: int, digits: int) -> None:
    """To any number of digits before the point."""
    assert evaluate(f"round({number:#x}, {digits})") == round(number, digits)


def peak(compute: Callable[[], object]) -> int:
    """The most bytes that are taken at a time."""
    tracemalloc.start()
    compute()
    found = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return found


def test_the_digits_to_round_to_are_bounded_before_a_power_of_ten_is_computed() -> None:
    """Python computes it, which a number of a few characters makes as large as it likes."""
    evaluate("round(5, -9)")
    assert peak(lambda: evaluate("round(5, -10**300)")) < 50_000 < peak(lambda: round(5, -300_000))


NUMBERS = st.integers(-60, 60).map(str) | st.floats(-60, 60).map(repr)
OPERATORS = st.sampled_from(["+", "-", "*", "/", "//", "%"])
EXPRESSIONS = st.recursive(
    NUMBERS,
    lambda part: st.one_of(
        st.tuples(part, OPERATORS, part).map("({0[0]} {0[1]} {0[2]})".format),
        st.tuples(part, st.integers(-3, 3)).map("({0[0]}) ** {0[1]}".format),
        st.tuples(st.sampled_from(["abs", "ceil", "floor", "-", "+"]), part).map("{0[0]}({0[1]})".format),
        st.tuples(part, st.integers(-9, 9)).map("round({0[0]}, {0[1]})".format),
        st.tuples(st.sampled_from(["max", "min"]), part, part).map("{0[0]}({0[1]}, {0[2]})".format),
    ),
    max_leaves=6,
)
PYTHON = {"abs": abs, "ceil": math.ceil, "floor": math.floor, "max": max, "min": min, "round": round}


def value_or_fault(text: str) -> float | str:
    """The value of an expression, or the message that it has none."""
    try:
        return evaluate(text)
    except ArithmeticFault as fault:
        return str(fault)


TOO_LARGE = ("a power is too large", "bits", "the value is not a finite number")


@given(EXPRESSIONS)
def test_values_are_those_of_python(text: str) -> None:
    """Of everything that is in bounds; where Python raises, there is no value."""
    try:
        value = eval(text, {"__builtins__": PYTHON})  # noqa: S307 — made from numbers, operators and these functions
    except (ArithmeticError, ValueError):
        value = None
    found = value_or_fault(text)
    if isinstance(found, str):
        assert value is None or isinstance(value, complex) or len(text) > LONGEST or found.endswith(TOO_LARGE)
    else:
        assert (found, type(found)) == (value, type(value))


def test_no_expression_outlasts_the_time_of_its_task() -> None:
    """It is computed at once, whatever it says."""
    plan = '@timeout(1s)\n1. math("1 + round(5, -30000000)")\njoin($1)'
    assert use(math_tool, plan, ["1 + round(5, -30000000)"])[0].value == 1


def use(tool: Callable[[Script], llmc.Tool], plan: str, replies: list[str]) -> tuple[llmc.Answer, Script]:
    """Run a plan with a tool that asks a model."""
    model = Script(replies, cost=0.5)
    return clock.run(Agent(llmc.Toolbox([tool(model)]), model=Script([plan], cost=0.25)).ask("?")), model


def test_a_problem_in_words_becomes_an_expression() -> None:
    """With the texts that it speaks of; what it took is the tools' usage."""
    plan = '1. math("by how much is a higher than b?", context=["a: 10 m", 4])\njoin($1)'
    answer, model = use(math_tool, plan, ["10 - 4"])
    assert answer.value == 6
    assert "Given: a: 10 m\nGiven: 4" in model.asked[0].text
    assert "sqrt" in model.asked[0].text
    assert answer.usage["tools"].calls == 1
    assert answer.usage["tools"].cost == 0.5
    assert answer.total.cost == 0.75


def test_an_expression_needs_no_model() -> None:
    """It is computed as it is."""
    answer, model = use(math_tool, '1. math("(3 + 4) * 2")\njoin($1)', [])
    assert answer.value == 14
    assert model.asked == []


@pytest.mark.parametrize(
    "reply", ["```text\n6 * 7\n```", "Let me see.\n6 * 7", "`6 * 7`", "x = 6 * 7", "6 * 7 = 42", "$6 * 7$"]
)
def test_an_expression_is_found_in_a_reply(reply: str) -> None:
    """In a fence, on the last line, on one side of an equation."""
    assert use(math_tool, '1. math("six by seven")\njoin($1)', [reply])[0].value == 42


def test_a_model_may_try_again() -> None:
    """Once, told what is wrong; then the task fails."""
    answer, model = use(math_tool, '1. math("six by seven")\njoin($1)', ["six", "6 * 7"])
    assert answer.value == 42
    assert "That is no such expression: `six` has no value" in model.asked[1].text
    model = Script(["9**9**9", "9**9**9"])
    planner = Script(['1. math("nines")\njoin($1)', "Action: Finish(too large)"])
    answer = clock.run(Agent(llmc.Toolbox([math_tool(model)]), model=planner).ask("?"))
    assert "a power is too large" in str(answer.run.errors["1"])


def test_a_base_model_computes_too() -> None:
    """The next problem ends its reply."""
    model = Script([" 6 * 7"], api="completions")
    planner = Script(['1. math("six by seven")\njoin($1)'])
    clock.run(Agent(llmc.Toolbox([math_tool(model)]), model=planner).ask("?"))
    assert model.asked[0].stop == ("\nProblem:",)
    assert model.asked[0].most_tokens == 200


def test_a_prompt_is_a_tool() -> None:
    """Its variables are the arguments, in their order; what they hold is no template."""

    def summarise(model: Script) -> llmc.Tool:
        return llm_tool("summarise", "Summarise in {{ count }} words:\n{{ text }}", model, most_tokens=50)

    tool = summarise(Script([]))
    assert tool.signature.shape.positional == ("count", "text")
    assert tool.description == "Summarise in {{ count }} words:"
    assert str(tool.effect) == "nondet"
    answer, model = use(summarise, '1. summarise(3, "{{ 7 * 7 }}")\njoin($1)', ["  in short \n"])
    assert answer.value == "in short"
    assert model.asked[0].text == "Summarise in 3 words:\n{{ 7 * 7 }}"
    assert model.asked[0].most_tokens == 50
    assert answer.usage["tools"].written == 2


def test_a_tool_that_asks_a_model_works_in_any_plan() -> None:
    """Without an agent nobody counts its tokens."""
    tool = llm_tool("say", "Say {{ what }}", Script(["hi"]), description="Say it.")
    assert tool.description == "Say it."
    assert llmc.compile('1. say("hi")\njoin($1)', llmc.Toolbox([tool])).run_sync().value == "hi"


def test_a_prompt_that_is_no_template_is_refused() -> None:
    """When the tool is made."""
    with pytest.raises(llmc.ToolboxError, match="prompt `say`, line 1"):
        llm_tool("say", "{% for %}", Script([]))
