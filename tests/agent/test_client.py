"""Replies as they arrive: pieces, ends, tokens, costs."""

import asyncio

import pytest

from llmc_runtime.models.messages import ChatModel, Message, Prices, Usage
from llmc_runtime.models.openai import transport as module
from llmc_runtime.models.openai.client import Model
from llmc_runtime.models.openai.settings.settings import Api
from tests.agent.events import FORMS, Stream, Wire, chat, completions, event, responses, said, wire

APIS: list[Api] = ["chat", "completions", "responses"]


def model(wire: Wire, api: Api = "chat", **options: object) -> Model:
    """A model behind a transport."""
    return Model("m", base_url="http://server/v1", api=api, transport=wire.transport, **options)  # type: ignore[arg-type] # any option


@pytest.mark.parametrize("api", APIS)
async def test_pieces_arrive_as_they_are_sent(api: Api) -> None:
    """Each piece is one part, and the last part is the end with the tokens that the server counted."""
    pieces, end = await said(model(wire(FORMS[api](["1. sea", 'rch("é")', "\n"])), api))
    assert pieces == ["1. sea", 'rch("é")', "\n"]
    assert (end.reason, end.usage.calls, end.usage.read, end.usage.written) == ("stop", 1, 10, 7)
    assert end.usage.cached == (0 if api == "completions" else 4)


@pytest.mark.parametrize("size", [1, 2, 3, 7])
@pytest.mark.parametrize("api", APIS)
async def test_the_network_may_cut_anywhere(api: Api, size: int) -> None:
    """However the bytes are cut, in a line or in a character, the parts are the same."""
    sent = b"".join(FORMS[api](["tür", "€𝄞", "\r\n"]))
    cut = [sent[at : at + size] for at in range(0, len(sent), size)]
    assert (await said(model(wire(cut), api)))[0] == ["tür", "€𝄞", "\r\n"]


async def test_the_input_of_a_tool_is_the_text() -> None:
    """Where a grammar made it a call of a custom tool, its input is what was said."""
    sent = responses(["1. f()", "\n"], kind="custom_tool_call_input")
    assert (await said(model(wire(sent), "responses")))[0] == ["1. f()", "\n"]


@pytest.mark.parametrize(
    ("api", "sent", "reason"),
    [
        ("chat", chat(["a"], reason="length"), "length"),
        ("chat", chat(["a"], reason="content_filter"), "refusal"),
        ("chat", chat(["a"], reason="tool_calls"), "stop"),
        ("completions", completions(["a"], reason="length"), "length"),
        ("responses", responses(["a"], reason="max_output_tokens"), "length"),
        ("responses", responses(["a"], reason="content_filter"), "refusal"),
        ("responses", responses(["I cannot"], kind="refusal"), "refusal"),
        ("chat", [event({"choices": [{"delta": {"refusal": "No."}}]}), *chat([])], "refusal"),
    ],
)
async def test_an_end_has_its_reason(api: Api, sent: list[bytes], reason: str) -> None:
    """By itself, by length, or by a refusal, whose words are the text."""
    pieces, end = await said(model(wire(sent), api))
    assert end.reason == reason
    assert pieces


async def test_pieces_are_counted_where_the_server_counts_nothing() -> None:
    """Tokens are then estimated, and those written are at least as many as there were pieces."""
    _, end = await said(model(wire(chat(["a", "b", "c"], usage=None))))
    assert (end.usage.read, end.usage.written, end.usage.estimated) == (7, 3, True)
    _, end = await said(model(wire(chat(["a" * 400], usage=None))))
    assert (end.usage.written, end.usage.estimated) == (100, True)
    assert not (await said(model(wire(chat(["a"])))))[1].usage.estimated


@pytest.mark.parametrize("usage", [None, 3, [], {"prompt_tokens": "x", "completion_tokens": 1}, {"prompt_tokens": 1}])
async def test_a_count_that_is_none_is_not_counted(usage: object) -> None:
    """What the server sends instead of numbers changes nothing."""
    _, end = await said(model(wire([event({"choices": [], "usage": usage}), *chat(["a"], usage=None)])))
    assert end.usage.written == 1


async def test_what_is_no_event_of_a_reply_is_passed_over() -> None:
    """Comments, events of other kinds and of other shapes have no text."""
    odd = [b": wait\n\n", *map(event, ([], 3, "x", {}, {"choices": None}, {"choices": [{"delta": {"content": [1]}}]}))]
    assert (await said(model(wire([*odd, *chat(["a"])]))))[0] == ["a"]
    odd = [*map(event, ({"type": []}, {"type": "response.output_text.delta", "delta": {}}))]
    assert (await said(model(wire([*odd, *responses(["a"])]), "responses")))[0] == ["a"]


async def test_halves_of_characters_do_not_break_a_question() -> None:
    """JSON can hold what UTF-8 cannot: in both directions pairs are joined, and a half alone is replaced."""
    asked = wire([b'data: {"choices": [{"delta": {"content": "\\ud83d\\ude00 \\ud83d"}}]}\n\n', *chat([])])
    pieces, _ = await said(model(asked), [Message("user", "\ud83d\ude00 \ude00")])
    assert "".join(pieces) == "😀 �"
    assert asked.bodies[0]["messages"][0]["content"] == "😀 �"


async def test_a_reply_may_be_empty() -> None:
    """No text is a reply too, and has an end."""
    assert (await said(model(wire(chat([])))))[0] == []


async def test_costs_are_those_of_the_given_prices() -> None:
    """Tokens of the cache have a price of their own; without prices the cost is not known."""
    prices = Prices(read=2.0, cached=0.5, written=8.0)
    _, end = await said(model(wire(chat(["a"])), prices=prices))
    assert end.usage.cost == pytest.approx((6 * 2.0 + 4 * 0.5 + 7 * 8.0) / 1e6)
    assert (await said(model(wire(chat(["a"])))))[1].usage.cost is None
    assert Prices(read=2.0, written=8.0).cost(read=10, cached=4, written=0) == pytest.approx(20 / 1e6)


def test_usages_add_up() -> None:
    """Sums have the first's first token, and a cost only if every cost is known."""
    one, two = Usage(1, 10, 4, 7, 0.5, 2.0, 0.1), Usage(1, 1, 0, 2, 0.25, 1.0, 0.3)
    assert one + two == Usage(2, 11, 4, 9, 0.75, 3.0, 0.1)
    assert Usage() + one == one
    assert one + Usage() == one
    assert (one + Usage(1, 1, 0, 1)).cost is None
    assert Usage.total([one, two, Usage()]) == one + two
    assert Usage.total([]) == Usage()
    assert one.tokens == 17


async def test_a_reply_ends_at_what_stops_it() -> None:
    """In front of the first of the sequences, wherever the pieces are cut; the connection is closed."""
    stream = Stream(chat(["1. f()\nE", "N", "D\nmore", "never"]))
    pieces, end = await said(model(wire(stream)), stop=["END", "\nmore"])
    assert "".join(pieces) == "1. f()\n"
    assert pieces[0] == "1. f()\n"
    assert (end.reason, stream.closed) == ("stop", True)


async def test_what_only_looks_like_a_stop_is_kept() -> None:
    """What was held back is given when nothing follows."""
    assert (await said(model(wire(chat(["a E", "N"]))), stop=["END", ""]))[0] == ["a ", "EN"]


async def test_a_line_is_not_held_back() -> None:
    """The end of a line is given at once, also where a sequence begins with it."""
    assert (await said(model(wire(chat(["a\n", "\n", "b"]))), stop=["\n\nUser:"]))[0] == ["a\n", "\n", "b"]


async def test_a_conversation_is_one_text_for_a_base_model() -> None:
    """One message is the text itself; several are labelled, and the other's turn ends the reply."""
    asked = wire(completions(["K2\n\nUs", "er:\nmore"]))
    talk = [Message("system", "Be short."), Message("user", "Hi"), Message("assistant", "Yes?"), Message("user", "Go")]
    pieces, _ = await said(model(asked, "completions"), talk, stop=["#"])
    assert "".join(pieces).strip() == "K2"
    await said(model(asked, "completions"))
    assert [sent["prompt"] for sent in asked.bodies] == [
        "Be short.\n\nUser:\nHi\n\nAssistant:\nYes?\n\nUser:\nGo\n\nAssistant:\n",
        "Which mountain is higher?",
    ]
    assert [sent.get("stop") for sent in asked.bodies] == [["#", "\n\nUser:"], None]


async def test_one_client_serves_all_questions_to_an_address() -> None:
    """A second question, also of another model, makes no new client; another address does."""
    asked = wire(lambda _: Stream(chat(["a"])))
    for name, address in (("m", "http://a/v1"), ("m", "http://a/v1"), ("n", "http://a/v1"), ("m", "http://b/v1")):
        await said(Model(name, base_url=address, transport=asked.transport))
    (clients,) = (found.of for loop, found in module.clients_by_loop.items() if not loop.is_closed())
    assert len(clients) == 2


async def test_a_model_can_be_asked_many_times_at_once() -> None:
    """Replies do not mix."""

    def echo(body: dict[str, list[dict[str, str]]]) -> Stream:
        return Stream(chat(list(body["messages"][0]["content"])))

    asked = model(wire(echo))  # type: ignore[arg-type] # the body has this shape
    replies = await asyncio.gather(*(said(asked, [Message("user", f"question {n}")]) for n in range(100)))
    assert ["".join(pieces) for pieces, _ in replies] == [f"question {n}" for n in range(100)]


def test_a_model_shows_no_secret() -> None:
    """Neither the key nor a password in the address is shown."""
    chat_model: ChatModel = Model("m", api_key="sk-hidden")
    assert chat_model.name == "m"
    shown = Model("m", base_url="https://me:password@server/v1?token=hidden", api_key="sk-hidden")
    assert repr(shown) == "Model('m', server='other', api='chat', base_url='https://server/v1')"
    assert "hidden" not in repr(shown.settings)
