"""How late tasks start while a model writes, and what a question costs besides: `python benchmarks/agent.py`.

A scripted model writes 50 tokens a second, of four letters each; tools take 200 ms. A task's start is late by the time
since its line had ended, or since what it waits for; the total is compared with what plan, chain and joiner must take.
"""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from itertools import accumulate
from statistics import median
from time import perf_counter, process_time
from typing import Final

import llmc
from llmc_runtime import events
from llmc_runtime.agent.dialogue import End, Message, Usage
from llmc_runtime.agent.progress import Happened, Wrote

TOKEN: Final = 0.02
LETTERS: Final = 4
LATENCY: Final = 0.2
QUESTIONS: Final = 5
AT_ONCE: Final = 100

PLAN: Final = """\
1. search("Mount Fuji")
2. search("Matterhorn")
Thought: both are known by now, and what is left is to look at what they say
3. search($1)
4. search("Denali")
5. join()
"""
DONE: Final = "Thought: that is all there is\nAction: Finish(Denali)"


@llmc.read("web")
async def search(entity: str) -> str:
    """What is known of an entity."""
    await asyncio.sleep(LATENCY)
    return f"{entity} is known"


class Writer:
    """A model that writes a plan, or a joiner's answer."""

    name = "writer"

    async def reply(self, messages: Sequence[Message], **_: object) -> AsyncGenerator[str | End, None]:
        """A token every 20 ms, by the clock: what happens between them makes none of them later."""
        text = DONE if messages[0].text.startswith("You are given") else PLAN
        clock = asyncio.get_running_loop().time
        start = clock()
        for number, at in enumerate(range(0, len(text), LETTERS), 1):
            await asyncio.sleep(start + number * TOKEN - clock())
            yield text[at : at + LETTERS]
        yield End("stop", Usage(calls=1, read=1, written=len(text) // LETTERS))


async def watched(agent: llmc.Agent) -> tuple[list[float], float, llmc.Answer]:
    """One question: how late each task started, in seconds; how long all took over theory; the answer."""
    letters = 0
    written: dict[str, float] = {}
    ended: dict[str, float] = {}
    late: list[float] = []
    lines = {line[0]: end for line, end in zip(PLAN.splitlines(), _ends(), strict=True) if line[0].isdigit()}
    async for event in agent.stream("?"):
        match event:
            case Wrote(at=at, text=text):
                letters += len(text)
                for task, end in lines.items():
                    if letters >= end:
                        written.setdefault(task, at)
            case Happened(at=at, event=events.Started(task=task)):
                late.append(at - max(written[str(task)], ended.get("1", 0.0) if task == "3" else 0.0))
            case Happened(at=at, event=events.Finished(task=task)):
                ended[str(task)] = at
            case llmc.Answer():
                theory = (_tokens(PLAN) + _tokens(DONE)) * TOKEN + _tail()
                return late, event.times.answer / theory - 1, event
            case _:
                pass
    raise AssertionError


def _tokens(text: str) -> int:
    """How many tokens a text has."""
    return -(-len(text) // LETTERS)


def _ends() -> list[int]:
    """The number of letters after which each line of the plan has ended."""
    return list(accumulate(len(line) for line in PLAN.splitlines(keepends=True)))


def _tail() -> float:
    """How long the last task runs after the plan has ended, in seconds."""
    last = _tokens(PLAN[: _ends()[4]])
    return max((last - _tokens(PLAN)) * TOKEN + LATENCY, 0.0)


async def main() -> None:
    """Measure, and print a table."""
    agent = llmc.Agent([search], model=Writer())
    await agent.ask("?")
    late: list[float] = []
    over: list[float] = []
    first: list[float] = []
    for _ in range(QUESTIONS):
        delays, excess, answer = await watched(agent)
        late += delays
        over.append(excess)
        first.append((answer.times.first_task or 0.0) / answer.times.plan)
    print(
        f"a task starts after the end of its line: median {median(late) * 1e3:.2f} ms, at most {max(late) * 1e3:.2f} ms"
    )
    print(f"all of a question over what it must take: median {median(over):.2%}, at most {max(over):.2%}")
    print(f"the first task starts at {median(first):.0%} of the plan's text")
    start, cpu = perf_counter(), process_time()
    answers = await asyncio.gather(*(agent.ask("?") for _ in range(AT_ONCE)))
    seconds, cpu = perf_counter() - start, process_time() - cpu
    assert all(answer.text == "Denali" for answer in answers)
    print(f"{AT_ONCE} questions at once: {seconds:.2f} s, {cpu / AT_ONCE * 1e3:.1f} ms of processor each")


if __name__ == "__main__":
    asyncio.run(main())
