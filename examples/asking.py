"""A question, answered live: a planner writes, tasks start, a joiner wants another plan: `python examples/asking.py`.

The models are scripted, so that it needs none; with a real one, only `model=…` is another.
"""

import asyncio
from typing import Final

import atlas

import llmc
from llmc_runtime.agent import agent_events
from llmc_runtime.agent.joining.decisions import Finish
from llmc_runtime.state import events

QUESTION: Final = "Which is higher, Mount Fuji or the Matterhorn, and by how much?"

PLANNER: Final = (
    '1. search("Mount Fuji")\n2. search("Matterhorn")\n3. join()<END_OF_PLAN>',
    """3. height("Mount Fuji")
4. height("Matterhorn")
5. subtract($4, $3)
6. join("The Matterhorn, by $5 metres")<END_OF_PLAN>""",
)
JOINER: Final = (
    "Thought: the articles say how high both are, but not the difference\nAction: Replan(subtract the heights)",
)

TOOLS: Final = llmc.Toolbox([atlas.search, atlas.height, atlas.subtract])


def slowly(text: str) -> list[str | float]:
    """A text as a model writes it: a few letters at a time."""
    return [part for at in range(0, len(text), 4) for part in (0.02 * atlas.PACE, text[at : at + 4])]


def show(event: agent_events.Progress, written: list[str]) -> None:
    """Print what happened; `written` collects a plan's text until a line of it has ended."""
    match event:
        case agent_events.PlanBegan(plan, at):
            print(f"{at:7.3f}  plan {plan}")
        case agent_events.Wrote(at=at, text=text):
            *whole, rest = ("".join(written) + text).split("\n")
            written[:] = [rest]
            for line in whole:
                print(f"{at:7.3f}  written   {line}")
        case agent_events.Happened(at=at, event=events.Started(task=task), written=text):
            print(f"{at:7.3f}  started   {task}  {text}")
        case agent_events.Happened(at=at, event=events.Finished(task=task)) if task != "join":
            print(f"{at:7.3f}  finished  {task}")
        case agent_events.PlanEnded():
            written.clear()
        case agent_events.Judged(at=at, decision=decision):
            print(f"{at:7.3f}  {'finish' if isinstance(decision, Finish) else 'replan'}    {decision.thought}")
        case _:
            pass


async def main() -> None:
    """Ask, and print what happens when."""
    planner = llmc.ScriptedModel([slowly(text) for text in PLANNER], name="planner")
    joiner = llmc.ScriptedModel([slowly(text) for text in JOINER], name="joiner")
    agent = llmc.Agent(TOOLS, model=planner, joiner=joiner)
    written: list[str] = []
    print(QUESTION)
    async for event in agent.stream(QUESTION):
        if isinstance(event, llmc.Answer):
            print(f"\n{event.summary()}\n{event.text}")
        else:
            show(event, written)


if __name__ == "__main__":
    asyncio.run(main())
