"""What a hundred questions at once cost over HTTP: an agent, against the client of the SDK alone.

A server in another process streams replies in the fields of OpenAI, 50 events a second: a plan of two searches and a
comparison of their results, and a joiner's answer. The agent answers 100 questions at once. The client sends the same
messages as often, and reads the same replies to their end. Both take turns in one process, whose processor time counts:
minima of the rounds. An event has a token, 20 characters, or the whole reply.

    python -m benchmarks.questions [--rounds 5] [--check]
"""

import argparse
import asyncio
import gc
import json
import re
import sys
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import aclosing, asynccontextmanager
from multiprocessing import get_context
from multiprocessing.connection import Connection
from time import process_time
from typing import Any, Final, cast

import openai
from openai.types.chat import ChatCompletionMessageParam

import llmc
from llmc_runtime.models.messages import Message, Part
from tests.agent.server import TOKENS, FakeServer, Request

AT_ONCE: Final = 100
PACE: Final = 0.02
TARGET: Final = 1.15
"""The most that the agent's processor time may be, as a multiple of the client's."""

UNITS: Final[Mapping[str, re.Pattern[str]]] = {
    "a token": TOKENS,
    "20 characters": re.compile(r"(?s).{1,20}"),
    "the whole reply": re.compile(r"(?s).+"),
}
"""The text in an event."""

QUESTION: Final = "Which mountain is higher, Kilimanjaro or Mont Blanc, and by how much?"
PLAN: Final = """\
Thought: Both heights have to be looked up; the two searches need nothing from each other.
1. search("height of Kilimanjaro above sea level in metres")
2. search("height of Mont Blanc above sea level in metres")
3. compare(what="height", first=$1, second=$2)
4. join()
"""
DECISION: Final = """\
Thought: The comparison has both heights, so that the question can be answered.
Action: Finish(Kilimanjaro is higher: 5,895 m against 4,806 m, a difference of 1,089 m)"""


@llmc.read("web")
async def search(query: str) -> str:
    """Search the web, and return the first result."""
    return f"The {query} is well known and often measured."


@llmc.pure
async def compare(what: str, first: str, second: str) -> str:
    """Compare two texts."""
    return f"By {what}, the first is greater: {first} {second}"


BEGIN: Final = {
    "id": "chatcmpl-CQx1JbpdAaTMnMzvKzrm2y7nT0aaa",
    "object": "chat.completion.chunk",
    "created": 1760000000,
    "model": "gpt-4.1-2025-04-14",
    "service_tier": "default",
    "system_fingerprint": "fp_51e1070cf2",
}
"""The fields that all events of a reply have."""


def events(text: str, unit: re.Pattern[str]) -> Iterator[bytes]:
    """Yield a reply as OpenAI sends it; an empty piece ends the response."""
    pieces = unit.findall(text)
    count = {"prompt_tokens": 1000, "completion_tokens": 100, "total_tokens": 1100}
    yield _delta({"role": "assistant", "content": "", "refusal": None})
    yield from (_delta({"content": piece}) for piece in pieces)
    yield _delta({}, "stop")
    yield _event({"choices": [], "usage": count}) + b"data: [DONE]\n\n"
    yield b""


def _delta(delta: dict[str, Any], reason: str | None = None) -> bytes:
    choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": reason}
    return _event({"choices": [choice], "usage": None})


def _event(fields: dict[str, Any]) -> bytes:
    return f"data: {json.dumps(BEGIN | fields, separators=(',', ':'))}\n\n".encode()


def serve(unit: re.Pattern[str], parent: Connection) -> None:
    """Serve until the parent hangs up."""
    plan, decision = list(events(PLAN, unit)), list(events(DECISION, unit))

    def answer(request: Request) -> list[bytes]:
        return decision if request.is_joining else plan

    async def run() -> None:
        async with FakeServer(answer, pace=PACE) as server:
            parent.send(server.base_url)
            await asyncio.to_thread(parent.poll, None)

    asyncio.run(run())


@asynccontextmanager
async def serving(unit: re.Pattern[str]) -> AsyncGenerator[str, None]:
    """Run the server in another process, and yield its address."""
    context = get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=serve, args=(unit, theirs), daemon=True)
    process.start()
    try:
        yield await asyncio.to_thread(ours.recv)
    finally:
        process.terminate()
        process.join()


class Recorded:
    """A model that keeps the messages of each request."""

    name = "recorded"

    def __init__(self, model: llmc.Model) -> None:
        self.asked: list[Sequence[Message]] = []
        self._model = model

    async def reply(self, messages: Sequence[Message], **options: Any) -> AsyncGenerator[Part, None]:
        """Keep the messages, and yield the reply."""
        self.asked.append(messages)
        async with aclosing(self._model.reply(messages, **options)) as parts:
            async for part in parts:
                yield part


async def answered(agent: llmc.Agent) -> None:
    """Ask the agent the question."""
    answer = await agent.ask(QUESTION)
    assert f"Finish({answer.text})" in DECISION


async def streamed(client: openai.AsyncOpenAI, requests: Sequence[Sequence[Message]]) -> None:
    """Read the replies to the same messages, one after the other."""
    texts = []
    for request in requests:
        messages = [{"role": message.role, "content": message.text} for message in request]
        stream = await client.chat.completions.create(
            model="m",
            messages=cast("list[ChatCompletionMessageParam]", messages),
            stream=True,
            stream_options={"include_usage": True},
        )
        texts.append("".join([chunk.choices[0].delta.content or "" async for chunk in stream if chunk.choices]))
    assert texts == [PLAN, DECISION]


async def cost(run: Callable[[], Awaitable[None]]) -> float:
    """Return the processor time of each of many runs at once, in milliseconds."""
    gc.collect()
    start = process_time()
    await asyncio.gather(*(run() for _ in range(AT_ONCE)))
    return (process_time() - start) / AT_ONCE * 1e3


async def measure(unit: re.Pattern[str], rounds: int) -> tuple[float, float]:
    """Return the least cost of a question: by the client, and by the agent."""
    async with serving(unit) as url:
        model = llmc.Model("m", base_url=url)
        recorded = Recorded(model)
        await answered(llmc.Agent([search, compare], model=recorded))
        agent = llmc.Agent([search, compare], model=model)
        theirs: list[float] = []
        ours: list[float] = []
        async with openai.AsyncOpenAI(base_url=url, api_key="none") as client:
            for _ in range(rounds + 1):  # the first warms up
                theirs.append(await cost(lambda: streamed(client, recorded.asked)))
                ours.append(await cost(lambda: answered(agent)))
    return min(theirs[1:]), min(ours[1:])


def main() -> None:
    """Print a table; with `--check`, fail if a ratio is above the target."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--check", action="store_true")
    options = parser.parse_args()
    print(f"{'ms of a question, at most ' + str(TARGET):<34}{'client':>8}{'agent':>8}{'ratio':>8}")
    worst = 0.0
    for name, unit in UNITS.items():
        theirs, ours = asyncio.run(measure(unit, options.rounds))
        worst = max(worst, ours / theirs)
        events_of = sum(len(list(events(text, unit))) - 1 for text in (PLAN, DECISION))
        print(
            f"{f'{name} an event, {events_of} events':<34}{theirs:>8.2f}{ours:>8.2f}{ours / theirs:>8.2f}", flush=True
        )
    if options.check and worst > TARGET:
        sys.exit(1)


if __name__ == "__main__":
    main()
