"""The model that users test with."""

import asyncio

import pytest

import llmc
from llmc_runtime.models.messages import ChatModel, End, Message, Part, Prices, Usage
from llmc_runtime.models.model_errors import RateLimited, ServerFailed
from llmc_runtime.models.scripted import ScriptedModel, ScriptEnded
from tests.agent.events import QUESTION
from tests.runtime import clock


async def parts(model: ChatModel, messages: tuple[Message, ...] = QUESTION) -> list[Part]:
    """All parts of a reply."""
    return [part async for part in model.reply(messages, stop=["#"], most_tokens=9)]


async def test_lines_are_said_in_order() -> None:
    """A text is one piece, a sequence several, and every reply has its end."""
    model = ScriptedModel(["one two", ["three ", "four"]])
    text, end = await parts(model)
    assert text == "one two"
    assert isinstance(end, End)
    assert (end.reason, end.usage.calls, end.usage.read, end.usage.written) == ("stop", 1, 4, 2)
    assert (await parts(model))[:2] == ["three ", "four"]
    assert model.closed == 0


async def test_it_keeps_what_it_was_asked() -> None:
    """Messages, stops and bounds of each question."""
    model = ScriptedModel(["a"], name="planner")
    await parts(model)
    (asked,) = model.asked
    assert (asked.messages, asked.stop, asked.most_tokens, asked.grammar) == (QUESTION, ("#",), 9, None)
    assert model.name == "planner"


async def test_after_the_last_line_a_question_is_an_error() -> None:
    """Which says how many there were."""
    model = ScriptedModel(["a"])
    await parts(model)
    with pytest.raises(ScriptEnded, match="`scripted` has no line for question 2: its script has 1 line"):
        await parts(model)


async def test_a_function_answers_any_number_of_questions() -> None:
    """From what was asked; also as a line."""
    echo = ScriptedModel(lambda messages: [messages[-1].text, "!"])
    assert [(await parts(echo))[0] for _ in range(3)] == [QUESTION[0].text] * 3
    assert (await parts(ScriptedModel([lambda messages: f"{len(messages)}"])))[0] == "1"


async def test_an_exception_is_raised_where_it_stands() -> None:
    """At once, or in mid-stream; an instance or a class."""
    model = ScriptedModel(
        [RateLimited("m", "slowly"), ["a", ServerFailed("m", "oh")], KeyError, lambda _: ValueError("x")]
    )
    with pytest.raises(RateLimited):
        await parts(model)
    reply = model.reply(QUESTION)
    assert await anext(reply) == "a"
    with pytest.raises(ServerFailed):
        await anext(reply)
    with pytest.raises(KeyError):
        await parts(model)
    with pytest.raises(ValueError, match="x"):
        await parts(model)
    assert model.closed == 0


async def test_an_end_is_given_as_it_stands() -> None:
    """A reply that was cut off by length, for example; nothing comes after it."""
    cut = End("length", Usage(1, written=2))
    assert await parts(ScriptedModel([["transfer(amount=100", cut, "never"]])) == ["transfer(amount=100", cut]


def test_silence_takes_its_time() -> None:
    """On the loop's clock, and is counted."""
    found = clock.run(parts(ScriptedModel([[0.5, "a", 2, "b"]])))
    assert isinstance(found[-1], End)
    assert (found[-1].usage.first_token, found[-1].usage.seconds) == (0.5, 2.5)


async def test_a_reply_that_is_closed_early_is_counted() -> None:
    """By whoever closes or cancels it."""
    model = ScriptedModel([["a", "b"], [60.0]])
    reply = model.reply(QUESTION)
    await anext(reply)
    await reply.aclose()
    waiting = asyncio.ensure_future(parts(model))
    await asyncio.sleep(0)
    waiting.cancel()
    await asyncio.wait([waiting])
    assert model.closed == 2


async def test_words_cost_what_the_prices_say() -> None:
    """A word is a token."""
    (_, end) = await parts(ScriptedModel(["one two"], prices=Prices(read=1e6, written=2e6)))
    assert isinstance(end, End)
    assert end.usage.cost == 4 + 2 * 2


def test_a_text_is_no_script() -> None:
    """It would be said a letter at a time."""
    with pytest.raises(ValueError, match=r"the lines of a script are a list: \['join\(1\)'\]"):
        ScriptedModel("join(1)")


def test_users_find_it_in_llmc() -> None:
    """With everything that belongs to it."""
    assert llmc.ScriptedModel is ScriptedModel
    assert issubclass(ScriptEnded, llmc.ModelError)
    assert issubclass(llmc.ModelError, llmc.LlmcError)
    assert {llmc.Message, llmc.Prices, llmc.Usage} == {Message, Prices, Usage}
