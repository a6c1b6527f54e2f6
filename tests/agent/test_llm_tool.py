"""Tools made of a prompt: several replies, JSON that follows a schema, a temperature; and what they take."""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from typing import Any, Literal

import pytest
from pydantic import BaseModel

import llmc
from llmc_runtime.agent.agent_errors import BudgetSpent
from llmc_runtime.agent.budget import Budget, UsageTracker, kept
from llmc_runtime.agent.tools.json_replies import JsonForm, NoJsonError
from llmc_runtime.models.messages import Message, Part, Usage
from tests.agent.events import Wire, chat, wire
from tests.agent.fakes import Script
from tests.growth import is_linear
from tests.runtime import clock

PRICE = {
    "type": "object",
    "properties": {"name": {"type": "string"}, "cents": {"type": "integer", "minimum": 0}},
    "required": ["name", "cents"],
}
TEA = '{"name": "tea", "cents": 250}'


def run(tool: llmc.Tool, plan: str = "1. ask(3)\njoin($1)") -> llmc.Run:
    """Run a plan with one tool."""
    return clock.run(llmc.compile(plan, llmc.Toolbox([tool])).run())


def tool(replies: Sequence[str], **options: Any) -> tuple[llmc.Tool, Script]:
    """A tool whose model says these things."""
    model = Script(replies, **{key: options.pop(key) for key in ("reasons", "pause") if key in options})
    return llmc.llm_tool("ask", "About {{ what }}", model, **options), model


def noted(made: llmc.Tool, budget: Budget | None = None) -> tuple[object, Usage]:
    """The result of a call, and what it took."""
    tracker = UsageTracker() if budget is None else UsageTracker(budget)

    async def call() -> object:
        with kept(tracker):
            return await made.call(what="x")

    return clock.run(call()), tracker.usage["tools"]


def test_n_replies_are_a_list() -> None:
    """Asked for at once, and each of them is noted."""
    made, model = tool(["a", " b ", "c"], n=3, pause=1.0)
    found, usage = noted(made)
    assert found == ["a", "b", "c"]
    assert (usage.calls, usage.written) == (3, 3)
    assert len({asked.text for asked in model.asked}) == 1
    assert str(made.signature.gives) == str(llmc.llm_tool("x", "y", model, n=1).signature.gives)
    assert made.signature.returns == {"type": "array", "items": {"type": "string"}}
    assert noted(tool(["a"], n=1)[0])[0] == ["a"]


def test_the_first_error_of_n_ends_the_others() -> None:
    """It is the error of the task, and what the others took is not lost."""

    class Failing:
        name = "failing"
        asked = 0

        async def reply(self, messages: Sequence[Message], **_how: Any) -> AsyncGenerator[Part, None]:
            self.asked += 1
            number = self.asked
            yield "12345678"
            await asyncio.sleep(float(number))
            raise ValueError(f"the first of {self.asked}")

    made = llmc.llm_tool("ask", "About {{ what }}", Failing(), n=3)
    tracker = UsageTracker()

    async def call() -> None:
        with kept(tracker):
            await made.call(what="x")

    with pytest.raises(ValueError, match="the first of 3"):
        clock.run(call())
    usage = tracker.usage["tools"]
    assert (usage.calls, usage.written, usage.estimated) == (3, 6, True)


def test_n_replies_share_what_is_left_of_a_budget() -> None:
    """Together they cannot be longer than it."""
    made, model = tool(["a", "b", "c", "d"], n=4, most_tokens=50)
    noted(made, Budget(tokens=100))
    assert [asked.most_tokens for asked in model.asked] == [25] * 4
    made, model = tool(["a", "b"], n=2, most_tokens=50)
    noted(made)
    assert [asked.most_tokens for asked in model.asked] == [50] * 2


def test_a_spent_budget_ends_the_call() -> None:
    """Before the model is asked."""
    made, model = tool(["a"])
    tracker = UsageTracker(Budget(tokens=10))
    tracker.note("planner", Usage(calls=1, read=10))

    async def call() -> None:
        with kept(tracker):
            await made.call(what="x")

    with pytest.raises(BudgetSpent):
        clock.run(call())
    assert model.asked == []


@pytest.mark.parametrize(
    "reply",
    [
        TEA,
        f"```json\n{TEA}\n```",
        f"Here it is:\n```\n{TEA}\n```\nAs you wished.",
        f"The price is {TEA}. [1]".replace(" [1]", ""),
        f"<think>{{}} or {{1}}?</think>\n{TEA}",
    ],
)
def test_a_reply_is_json_that_follows_a_schema(reply: str) -> None:
    """In a fence or in prose, after its reasoning; the schema is in the prompt and goes to servers that take one."""
    made, model = tool([reply], schema=PRICE)
    assert run(made).value == {"name": "tea", "cents": 250}
    assert model.asked[0].schema == PRICE
    assert '"minimum": 0' in model.asked[0].text
    assert made.signature.returns == PRICE


def test_results_have_the_type_of_the_schema() -> None:
    """So that a plan with a field that is not there is wrong before it runs."""
    made, _ = tool([TEA], schema=PRICE)
    assert run(made, "1. ask(3)\njoin($1.cents + 1)").value == 251
    with pytest.raises(llmc.CompileError, match="cost"):
        llmc.compile(
            "1. ask(3)\njoin($1.cost)", llmc.Toolbox([tool([], schema=PRICE | {"additionalProperties": False})[0]])
        )


class Price(BaseModel):
    """A price."""

    name: str
    cents: int


@pytest.mark.parametrize(
    ("form", "reply", "value"),
    [
        (Price, TEA, {"name": "tea", "cents": 250}),
        (list[int], "[1, 2]", [1, 2]),
        (int, "42", 42),
        (bool, "true", True),
        (Literal["yes", "no"], "yes", "yes"),
        (Literal["yes", "no"], '"no"', "no"),
        ({"type": ["string", "null"]}, "null", None),
    ],
)
def test_a_form_is_a_schema_or_a_type(form: object, reply: str, value: object) -> None:
    """A text may stand without quotes where it is one."""
    assert run(tool([reply], schema=form)[0]).value == value


def test_n_replies_may_follow_a_schema() -> None:
    """With its definitions at the root; one that points at its own root has no form in a list."""
    made, _ = tool([TEA, '{"name": "ink", "cents": 900}'], schema={"$ref": "#/$defs/P", "$defs": {"P": PRICE}}, n=2)
    assert run(made).value == [{"name": "tea", "cents": 250}, {"name": "ink", "cents": 900}]
    assert run(tool([TEA, TEA], schema=list[Price] | Price, n=2)[0]).value == [{"name": "tea", "cents": 250}] * 2
    with pytest.raises(llmc.ToolboxError, match="points into itself and cannot be the schema of a list: leave `n` out"):
        tool([], schema={"type": "object", "properties": {"next": {"$ref": "#"}}}, n=2)


def test_a_reply_that_does_not_follow_the_schema_is_asked_for_again() -> None:
    """Once, told what is wrong; then the task fails. Both are noted."""
    made, model = tool(['{"name": "tea"}', TEA], schema=PRICE)
    found, usage = noted(made)
    assert (found, usage.calls) == ({"name": "tea", "cents": 250}, 2)
    assert "That does not follow the schema: 'cents' is a required property" in model.asked[1].text
    made, _ = tool(["tea is cheap", "very cheap"], schema=PRICE)
    error = run(made).errors["1"]
    assert "`script` wrote no JSON that follows the schema" in str(error)
    assert "very cheap" in str(error)
    assert "NaN" in str(run(tool(["NaN", "NaN"], schema=float)[0]).errors["1"])


@pytest.mark.parametrize(
    ("reason", "words"),
    [
        ("length", "the reply of `script` was cut off before its JSON ended: increase `most_tokens`"),
        ("refusal", "`script` refused: {"),
    ],
)
def test_a_reply_that_did_not_end_is_not_asked_for_again(reason: str, words: str) -> None:
    """It would not end the next time."""
    made, model = tool(['{"name": "tea', TEA], schema=PRICE, reasons=[reason])
    assert words in str(run(made).errors["1"])
    assert len(model.asked) == 1


def nested(depth: int) -> dict[str, Any]:
    """A schema in itself."""
    schema: dict[str, Any] = {}
    for _ in range(depth):
        schema = {"type": "array", "items": schema}
    return schema


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"n": 0}, "the `n` of `ask` is a number of replies from 1 to 64, not 0"),
        ({"n": 65}, "from 1 to 64, not 65"),
        ({"n": True}, "from 1 to 64, not True"),
        ({"n": 2.0}, "from 1 to 64, not 2.0"),
        ({"temperature": -1}, "the `temperature` of `ask` is a number from 0, not -1"),
        ({"temperature": "hot"}, "is a number from 0, not 'hot'"),
        ({"temperature": float("nan")}, "is a number from 0, not nan"),
        ({"temperature": 1}, "`ask` cannot set the temperature of `script`, which has no method `with_options`"),
        ({"schema": {"type": "objekt"}}, "objekt"),
        ({"schema": "price"}, "the `schema` of `ask` is neither a JSON schema nor a type"),
        ({"schema": {"const": {1, 2}}}, "the `schema` of `ask` is not JSON data"),
        (
            {"schema": {"description": "a" * 100_000}},
            "the `schema` of `ask` has 100,019 characters; at most 65,536 are allowed",
        ),
        ({"schema": nested(20_000)}, "schema"),
        ({"schema": False}, "schema"),
    ],
)
def test_what_makes_no_sense_is_said_when_the_tool_is_made(options: dict[str, Any], words: str) -> None:
    """And not when it is called."""
    with pytest.raises(llmc.ToolboxError) as caught:
        tool([], **options)
    assert words in str(caught.value)


def heat(net: Wire) -> list[object]:
    """The temperature of each request."""
    return [body.get("temperature") for body in net.bodies]


async def test_a_temperature_is_that_of_one_tool() -> None:
    """The model that others share keeps its own."""
    net = wire(*[chat(["a"])] * 3)
    model = llmc.Model("m", base_url="http://server/v1", transport=net.transport, temperature=0.5, top_p=0.9)
    hot = llmc.llm_tool("hot", "{{ x }}", model, temperature=1)
    cold = llmc.llm_tool("cold", "{{ x }}", model, temperature=0)
    plain = llmc.llm_tool("plain", "{{ x }}", model)
    for each in (hot, cold, plain):
        await each.call(x="y")
    assert heat(net) == [1, 0, 0.5]
    assert {body["top_p"] for body in net.bodies} == {0.9}


def test_a_model_has_other_options() -> None:
    """All but those that say which server it is; with the checks of a new model."""
    model = llmc.Model("m", base_url="http://server/v1", api_key="k", temperature=0.5)
    made = model.with_options(temperature=1.0, stop="x", headers={"X-A": "b"}, reasoning_tags=["plan"])
    assert (made.settings.temperature, made.settings.stop, made.settings.headers) == (1.0, ("x",), {"x-a": "b"})
    assert (made.settings.key, made.settings.base_url) == (model.settings.key, model.settings.base_url)
    assert (model.settings.temperature, model.settings.stop) == (0.5, ())
    wrong: list[tuple[dict[str, Any], str]] = [
        ({"base_url": "http://other"}, "`with_options` has no option `base_url`"),
        ({"api_key": "x"}, "`with_options` has no option `api_key`"),
        ({"temprature": 1}, "`with_options` has no option `temprature`: did you mean `temperature`?"),
        ({"temperature": "x"}, "`temperature` is a number, not 'x'"),
        ({"max_tokens": 0}, "`max_tokens` is a whole number from 1, not 0"),
        ({"stop": [""]}, "`stop` has an empty text"),
    ]
    for options, words in wrong:
        with pytest.raises((TypeError, ValueError)) as caught:
            model.with_options(**options)
        assert words in str(caught.value)


def test_a_method_of_ones_own_sets_the_temperature() -> None:
    """And has to give a model; a scripted model has one, and says the same."""
    assert noted(llmc.llm_tool("t", "{{ what }}", llmc.ScriptedModel(["a"]), temperature=1))[0] == "a"

    class Own(Script):
        def with_options(self, *, temperature: float) -> object:
            return Script([f"at {temperature}"]) if temperature else 3

    made = llmc.llm_tool("ask", "About {{ what }}", Own([]), temperature=0.7)
    assert noted(made)[0] == "at 0.7"
    with pytest.raises(TypeError, match="`with_options` is a method that returns a model, not 3"):
        llmc.llm_tool("ask", "About {{ what }}", Own([]), temperature=0)


@pytest.mark.parametrize("piece", ["[", "{", "```\n", '{"a": ', "``` "])
def test_finding_json_takes_no_long_time(piece: str) -> None:
    """Whatever the reply repeats."""
    form = JsonForm("t", {"type": "object"})

    def read(text: str) -> None:
        with pytest.raises(NoJsonError):
            form.read(text)

    small, large = (piece * (length // len(piece)) for length in (8 * 1024, 64 * 1024))
    assert is_linear(read, small, large)


def test_a_plain_reply_is_noted_once() -> None:
    """The control of all counts above: one reply, one call."""
    assert noted(tool(["a b c"])[0]) == ("a b c", Usage(calls=1, read=2, written=3))
