"""Lets an agent have a conversation in virtual time, with models that say what they are told to."""

import asyncio
import inspect
from collections.abc import AsyncGenerator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import cache
from random import Random
from typing import Any, Final, cast

import llmc
from llmc_runtime.models.messages import End, Message, Part, Usage
from tests.agent.talks.meant import Approver, Reply, Talk
from tests.agent.talks.spelling import pieces
from tests.agent.talks.world import TOOLBOX, WORLD, Made
from tests.runtime.clock import VirtualLoop

QUESTION: Final = "Do what has to be done."
BEYOND: Final = Reply('pay("mallory", 666)\njoin("more")\n')
"""A plan that nobody should have asked for."""


class _Stage:
    """Where a conversation is: its scene, and how often the planner was asked in it."""

    def __init__(self) -> None:
        self.begin(None)

    def begin(self, talk: Talk | None) -> None:
        """At the beginning."""
        self.talk = talk
        self.rng = Random(talk.seed if talk else 0)
        self.scene = self.asked = self.done = 0
        self.said: list[tuple[str, str]] = []

    def planner(self, _messages: Sequence[Message]) -> Sequence[str | float | End]:
        """What the planner says when it is asked."""
        assert self.talk is not None
        reply = BEYOND
        if self.scene < len(self.talk.scenes):
            scene = self.talk.scenes[self.scene]
            reply = scene.replies[self.asked] if self.asked < len(scene.replies) else scene.clear
        if self.asked:
            # The plan is not right yet: what was written for it was written too early.
            for made in WORLD.made[self.done :]:
                made.was_early = True
        else:
            self.done = len(WORLD.made)
        self.asked += 1
        self.said.append((f"planner, {reply.reason}", reply.text))
        texts: list[str | float | End] = list(pieces(reply.text, self.rng))
        if self.rng.random() < 0.3:
            texts.insert(self.rng.randint(0, len(texts)), 0.05)
        return [*texts, End(reply.reason, Usage(1, 1, 0, 1))]

    def joiner(self, _messages: Sequence[Message]) -> str:
        """What the joiner says."""
        assert self.talk is not None
        text = self.talk.scenes[self.scene].decision if self.scene < len(self.talk.scenes) else "Action: Finish(x)"
        self.scene += 1
        self.asked = 0
        self.said.append(("joiner", text))
        return text


STAGE: Final = _Stage()


class Voice(llmc.ScriptedModel):
    """A scripted model of which the world knows whether it is speaking."""

    __slots__ = ()

    async def reply(self, messages: Sequence[Message], **settings: Any) -> AsyncGenerator[Part, None]:
        """The next line of the script."""
        self.asked.clear()
        WORLD.is_speaking = True
        try:
            async for piece in super().reply(messages, **settings):
                yield piece
        finally:
            WORLD.is_speaking = False


async def _yes(_request: llmc.ApprovalRequest) -> bool:
    return True


async def _no(_request: llmc.ApprovalRequest) -> bool:
    return False


HAS_TRUST: Final = "trust_history" in inspect.signature(llmc.Agent.ask).parameters


@cache
def agent(approver: Approver, grant: frozenset[str]) -> llmc.Agent:
    """An agent with these terms, made once."""
    approve: Any = {"nobody": None, "yes": _yes, "no": _no}.get(approver, approver)
    return llmc.Agent(TOOLBOX, model=Voice(STAGE.planner), joiner=Voice(STAGE.joiner), grant=grant, approve=approve)


HISTORY: Final = {
    "none": (),
    "asked": (Message("user", "There is more to do."),),
    "answered": (Message("user", "What now?"), Message("assistant", "Shall I pay?")),
}


@dataclass(slots=True)
class Played:
    """What happened: the calls that may write, what was said, and how it ended."""

    made: list[Made]
    said: list[tuple[str, str]]
    answer: llmc.Answer | None
    error: Exception | None

    def errors(self) -> list[tuple[int, Exception]]:
        """The errors of tasks, with the numbers of their plans."""
        plans = self.answer.plans if self.answer is not None else ()
        return [(number, error) for number, plan in enumerate(plans) for error in plan.run.errors.values()]


def play(talk: Talk, runner: asyncio.Runner) -> Played:
    """Have a conversation."""
    WORLD.begin(talk.seed, talk.faults)
    STAGE.begin(talk)
    settings: dict[str, Any] = {"trust_history": talk.trusted} if HAS_TRUST else {}
    asking = agent(talk.approver, talk.grant).ask(QUESTION, history=HISTORY[talk.history], **settings)
    answer: llmc.Answer | None = None
    error: Exception | None = None
    try:
        answer = runner.run(asking)
    except llmc.LlmcError as raised:
        answer, error = cast("llmc.Answer | None", raised.answer), raised
    return Played(WORLD.made, STAGE.said, answer, error)


def runner() -> AbstractContextManager[asyncio.Runner]:
    """What runs conversations, one after the other, in virtual time."""
    return asyncio.Runner(loop_factory=VirtualLoop)
