"""From a model's name to what can be asked."""

import sys
from collections.abc import AsyncGenerator
from types import ModuleType
from typing import Any

import pytest

from llmc_runtime.agent import completion
from llmc_runtime.agent.agent import Agent
from llmc_runtime.agent.budget import UsageTracker
from llmc_runtime.agent.completion import WholeReply, continues, whole_reply
from llmc_runtime.models.factory import chat_model
from llmc_runtime.models.messages import End, Message, Reasoning, Usage
from llmc_runtime.models.model_errors import StreamBroken
from tests.agent.fakes import Script, World
from tests.runtime import clock


@pytest.fixture
def named(monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """What models were asked for."""
    found: list[object] = []

    def model(name: str) -> Script:
        found.append(name)
        return Script([])

    def local(path: str) -> Script:
        found.append(("file", path))
        return Script([])

    for module, name, function in (("openai.client", "Model", model), ("local_model", "local_model", local)):
        fake = ModuleType(f"llmc_runtime.models.{module}")
        setattr(fake, name, function)
        monkeypatch.setitem(sys.modules, fake.__name__, fake)
    return found


def test_a_model_is_itself() -> None:
    """Nothing is imported for it."""
    model = Script([])
    assert chat_model(model) is model


def test_a_name_is_that_of_a_server_or_a_file(named: list[object]) -> None:
    """`local` and files run in this process."""
    for name in ("gpt", "local", "small.gguf"):
        chat_model(name)
    assert named == ["gpt", "local", ("file", "small.gguf")]


class Own:
    """A model of somebody's own, which says these things, whatever they are."""

    def __init__(self, *pieces: object) -> None:
        self._pieces = pieces

    async def reply(self, _messages: object, **_how: object) -> AsyncGenerator[Any, None]:
        """The pieces."""
        for piece in self._pieces:
            yield piece


class Whole(Own):
    """A model that gives its reply at once."""

    name = "whole"

    async def reply(self, _messages: object, **_how: object) -> str:  # type: ignore[override]  # that is its mistake
        """The text."""
        return "join(1)"


END = End("stop", Usage(calls=1))


@pytest.mark.parametrize("command", ["ask", "plan"])
@pytest.mark.parametrize(
    ("model", "words"),
    [
        (
            Own("join(", 3, END),
            "the model `Own` broke off: a piece of its reply is neither text nor an End, but a `int`",
        ),
        (Own(b"join(1)"), "a piece of its reply is neither text nor an End, but a `bytes`"),
        (Own("1. add(1, 2)\n", None), "a piece of its reply is neither text nor an End, but a `NoneType`"),
        (Own("join(1)", End("stop", None)), "the usage of its End is not a llmc.Usage, but a `NoneType`"),  # type: ignore[arg-type]
        (Own(End("done", Usage(1))), "its End has the reason 'done', which is not one of stop, length, refusal"),  # type: ignore[arg-type]
        (Own(End("stop", Usage(1, read=-5))), "the usage of its End is invalid: its `read` is a number from 0, not -5"),
        (Own(End("stop", Usage(1, written="5"))), "its `written` is a number from 0, not '5'"),  # type: ignore[arg-type]
        (Own(End("stop", Usage(1, cost=float("nan")))), "its `cost` is a number from 0, not nan"),
        (Whole(), "the model `whole` broke off: its `reply` returns a `coroutine`, not an async generator"),
    ],
)
def test_what_is_no_piece_is_a_broken_reply(command: str, model: Any, words: str) -> None:  # noqa: ANN401 — anything
    """Of the model that gave it."""
    with pytest.raises(StreamBroken) as caught:
        clock.run(getattr(Agent(World().toolbox(), model=model), command)("?"))
    assert words in str(caught.value)


@pytest.mark.parametrize("pieces", [("join(", "1)", END), ("join(1)",), (END,), ()])
def test_pieces_are_texts_and_an_end(pieces: tuple[str | End, ...]) -> None:
    """Nothing is wrong with these."""
    model: Any = Own(*pieces)

    async def whole() -> WholeReply:
        return await whole_reply(model, [Message("user", "?")], "tools", UsageTracker())

    said = "".join(piece for piece in pieces if isinstance(piece, str))
    assert clock.run(whole()) == WholeReply(said, END if END in pieces else None)


@pytest.mark.parametrize("piece", ["", Reasoning("why " * 1000)])
def test_a_reply_without_end_is_cut_off(monkeypatch: pytest.MonkeyPatch, piece: str | Reasoning) -> None:
    """Also where it says nothing at all; what it took is estimated."""
    monkeypatch.setattr(completion, "LARGEST_REPLY", 10_000)
    tracker = UsageTracker()

    async def whole() -> None:
        await whole_reply(Own(*[piece] * 20_000), [Message("user", "?")], "tools", tracker)  # type: ignore[arg-type]

    with pytest.raises(StreamBroken, match="its reply is larger than 10,000 bytes"):
        clock.run(whole())
    assert (tracker.total.calls, tracker.total.estimated) == (1, True)


def test_a_reply_is_a_call() -> None:
    """Whatever its usage says: with no calls, a budget of cost would not ask for prices."""
    tracker = UsageTracker()

    async def whole() -> None:
        await whole_reply(Own("a", End("stop", Usage(read=5))), [], "tools", tracker)  # type: ignore[arg-type]

    clock.run(whole())
    assert (tracker.total.calls, tracker.total.read) == (1, 5)


def test_who_only_continues_is_seen_by_its_api() -> None:
    """Its own, or that of its settings."""

    class Settled:
        settings = Script([], api="completions")

    assert continues(Script([], api="completions"))
    assert continues(Settled())  # type: ignore[arg-type]  # only its settings are looked at
    assert not continues(Script([]))
    assert not continues(object())  # type: ignore[arg-type]  # a model need not say
