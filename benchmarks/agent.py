"""How late tasks start while a model writes, and what a question costs besides: `python -m benchmarks.agent`.

A model writes 50 tokens a second, of four letters each, and is silent for a while in the middle; tools take 200 ms. It
is scripted, or behind a server on loopback, in this process, that sends each token by the clock. A tool's start is late
by the time since the last token of its line was sent, or since what it waits for; the total is compared with what plan,
silence, chain and joiner must take.
"""

import asyncio
import re
from collections.abc import AsyncGenerator, Iterator, Sequence
from statistics import median, quantiles
from time import perf_counter, process_time
from typing import Final

import llmc
from llmc_runtime.models.messages import ChatModel, End, Message, Usage
from tests.agent.server import FakeServer, Request

TOKEN: Final = 0.02
LETTERS: Final = 4
LATENCY: Final = 0.2
SILENCE: Final = 0.5
QUESTIONS: Final = 5
AT_ONCE: Final = 100

FRONT: Final = """\
1. search("Mount Fuji")
Thought: that one will be known soon, and another has to be looked at twice
2. search("Matterhorn")
3. search($2)
"""
REST: Final = """\
4. search("Denali")
5. join()
"""
DONE: Final = "Thought: that is all there is\nAction: Finish(Denali)"
ENTITIES: Final = ("Mount Fuji", "Matterhorn", "Matterhorn is known", "Denali")
"""What the tasks look for; the third waits for the second, and begins while the model is silent."""

begun: dict[str, float] = {}
ended: dict[str, float] = {}
"""When the search for each entity began and ended, by the loop's clock."""


@llmc.read("web")
async def search(entity: str) -> str:
    """What is known of an entity."""
    clock = asyncio.get_running_loop().time
    begun[entity] = clock()
    await asyncio.sleep(LATENCY)
    ended[entity] = clock()
    return f"{entity} is known"


def pieces(*, is_joining: bool) -> Iterator[str | float]:
    """The tokens of a plan, with the silence among them, or of a joiner's answer."""
    if is_joining:
        yield from _tokens(DONE)
    else:
        yield from _tokens(FRONT)
        yield SILENCE
        yield from _tokens(REST)


class Writer:
    """A model that writes a plan, or a joiner's answer; `times` is when it wrote each token of its last plan."""

    name = "writer"

    def __init__(self) -> None:
        self.times: list[float] = []

    async def reply(self, messages: Sequence[Message], **_: object) -> AsyncGenerator[str | End, None]:
        """A token every 20 ms, by the clock: what happens between them makes none of them later."""
        is_joining = messages[0].text.startswith("You are given")
        clock = asyncio.get_running_loop().time
        due, times = clock(), list[float]()
        self.times = self.times if is_joining else times
        for piece in pieces(is_joining=is_joining):
            due += TOKEN if isinstance(piece, str) else piece
            await asyncio.sleep(due - clock())
            if isinstance(piece, str):
                times.append(clock())
                yield piece
        yield End("stop", Usage(calls=1, read=1, written=len(times)))


def lateness(times: Sequence[float]) -> list[float]:
    """How late each search began, in seconds, when the tokens of the plan were sent at these times."""
    sent = [times[place] for place in line_ends()]
    sent[2] = max(sent[2], ended[ENTITIES[1]])
    silent = len(_tokens(FRONT))
    assert times[silent - 1] < begun[ENTITIES[2]] < times[silent]
    return [begun[entity] - at for entity, at in zip(ENTITIES, sent, strict=True)]


def line_ends() -> list[int]:
    """With which token of the plan the line of each search ends."""
    texts = ((0, FRONT), (len(_tokens(FRONT)), REST))
    ends = [(before, text[: line.end()]) for before, text in texts for line in re.finditer(r".*search.*\n", text)]
    return [before + len(_tokens(text)) - 1 for before, text in ends]


def theory() -> float:
    """How long a question must take, in seconds."""
    plan = len(_tokens(FRONT)) + len(_tokens(REST))
    tail = LATENCY - (plan - 1 - line_ends()[-1]) * TOKEN
    return (plan + len(_tokens(DONE))) * TOKEN + SILENCE + max(tail, 0.0)


def _tokens(text: str) -> list[str]:
    """The tokens of a text."""
    return [text[at : at + LETTERS] for at in range(0, len(text), LETTERS)]


async def measure(name: str, model: ChatModel, sent: Writer | FakeServer) -> None:
    """Measure an agent with a model, and print a table."""
    agent = llmc.Agent([search], model=model)
    late: list[float] = []
    over: list[float] = []
    first: list[float] = []
    for number in range(QUESTIONS + 1):
        answer = await agent.ask("?")
        assert answer.text == "Denali"
        if number:  # the first warms up
            late += lateness(sent.times if isinstance(sent, Writer) else sent.requests[-2].times)
            over.append(answer.times.answer / theory() - 1)
            first.append((answer.times.first_task or 0.0) / answer.times.plan)
    start, cpu = perf_counter(), process_time()
    answers = await asyncio.gather(*(agent.ask("?") for _ in range(AT_ONCE)))
    seconds, cpu = perf_counter() - start, process_time() - cpu
    assert all(answer.text == "Denali" for answer in answers)
    nine, most = quantiles(late, n=10)[-1] * 1e3, max(late) * 1e3
    print(f"{name}: a task starts after the end of its line was sent:")
    print(f"    median {median(late) * 1e3:.2f} ms, nine of ten within {nine:.2f} ms, at most {most:.2f} ms")
    print(f"    a question over the {theory():.2f} s it must take: median {median(over):.2%}, at most {max(over):.2%}")
    print(f"    the first task starts at {median(first):.0%} of the plan's time")
    print(f"    {AT_ONCE} questions at once: {seconds:.2f} s, {cpu / AT_ONCE * 1e3:.1f} ms of processor each")


async def main() -> None:
    """Measure both models."""
    writer = Writer()
    await measure("scripted", writer, writer)

    def answer(request: Request) -> Iterator[str | float]:
        return pieces(is_joining=request.is_joining)

    async with FakeServer(answer, pace=TOKEN) as server:
        await measure("over HTTP, with the server's share", llmc.Model("m", base_url=server.base_url), server)


if __name__ == "__main__":
    asyncio.run(main())
