"""Tools that ask and leave a mark, and somebody who is asked."""

import asyncio
from typing import Any

import llmc
from llmc_runtime.program.run_result import Run
from tests.runtime import clock

written: list[str] = []


@llmc.write("mail", approve=True)
async def send(to: str, body: llmc.Json = None) -> str:
    """Send a letter."""
    written.append(f"send {to}")
    return to


@llmc.write("notes")
async def note(text: str) -> str:
    """Write something down."""
    written.append(f"note {text}")
    return text


@llmc.read("bank", approve=True, cost=1)
async def balance() -> int:
    """Costs something."""
    written.append("balance")
    return 3


@llmc.pure
async def echo(value: llmc.Json = None) -> llmc.Json:
    """The value."""
    return value


@llmc.nondet
async def slow(seconds: float) -> float:
    """Take a while."""
    await asyncio.sleep(seconds)
    return seconds


TOOLS = llmc.Toolbox([send, note, balance, echo, slow])
PLAN = '1. send("ann")\n2. note("x")\n3. balance()\n4. echo(5)\njoin($1, $2, $3, $4)\n'


def compiled(text: str) -> llmc.Program:
    """The program of a plan."""
    return llmc.compile(text, TOOLS)


def play(text: str, approve: Any = None, **inputs: llmc.Json) -> Run:  # noqa: ANN401 — whatever may approve
    """Run a plan in virtual time."""
    return clock.run(compiled(text).run(inputs, approve=approve))


def reasons(run: Run) -> dict[str, str]:
    """Why tasks were not approved."""
    return {task: error.reason for task, error in run.errors.items() if isinstance(error, llmc.NotApproved)}


class Asked:
    """Says what it is told to say, and keeps what it was asked."""

    def __init__(self, answer: object = True) -> None:
        self.answer = answer
        self.requests: list[llmc.ApprovalRequest] = []

    async def __call__(self, request: llmc.ApprovalRequest) -> bool:
        """The answer."""
        self.requests.append(request)
        return self.answer  # type: ignore[return-value]  # also wrong ones

    @property
    def tools(self) -> list[str]:
        """The tools that it was asked for."""
        return [request.tool for request in self.requests]
