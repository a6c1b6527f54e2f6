"""Runs nodes as they come.

    async with Executor(params) as executor:
        executor.apply(steps)                       # any number of times, also while others run
        executor.seal()                             # nothing more comes
        outcomes = await executor.settled()

The `async with` owns everything that was started: at its end nothing of it is left but what is named in `abandoned`.
"""

import asyncio
import random as randomness
from collections.abc import Callable, Container, Iterable, Mapping
from types import TracebackType
from typing import Final, Self

from llmc_compiler.graph import JOIN, TaskId
from llmc_compiler.steps import Add, Drop, Share, Step
from llmc_compiler.term import Json
from llmc_runtime import events
from llmc_runtime.call import Door
from llmc_runtime.errors import REPAIRED
from llmc_runtime.flow import Flow
from llmc_runtime.group import Group
from llmc_runtime.instance import Instance, Scope
from llmc_runtime.memo import Memo
from llmc_runtime.outcomes import Key, Outcome
from llmc_runtime.threads import LIMIT, Threads
from llmc_runtime.values import freeze

GRACE: Final = 0.5
"""How long cancelled tools may take to end, in seconds."""

ELEMENTS: Final = 1_000
"""How many elements a loop may have."""


class Executor:
    """A run: it is given nodes, and gives their outcomes.

    `params` are the values of the plan's inputs; `emit` is told every event, on the loop's thread; `clock` (seconds)
    and `random` (from 0 to 1) are for tests; `threads` is how many sync tools run at the same time. Runs of one
    question share a `memo` of what their calls gave.
    """

    def __init__(
        self,
        params: Mapping[str, Json],
        *,
        emit: Callable[[events.Event], object] | None = None,
        clock: Callable[[], float] | None = None,
        random: Callable[[], float] = randomness.random,
        grace: float = GRACE,
        elements: int = ELEMENTS,
        threads: int = LIMIT,
        memo: Memo | None = None,
    ) -> None:
        self._params = {name: freeze(value) for name, value in params.items()}
        self._emit = emit
        self._clock = clock
        self._random = random
        self._grace = grace
        self._elements = elements
        self._limit = threads
        self._memo = memo
        self.abandoned: tuple[str, ...] = ()
        self.seconds = 0.0

    async def __aenter__(self) -> Self:
        """Start the run."""
        loop = asyncio.get_running_loop()
        self._group = Group(loop)
        self._threads = Threads(loop, self._limit)
        self._flow = Flow(
            Scope(self._params),
            emit=self._emit,
            clock=self._clock or loop.time,
            end=loop.create_future(),
            elements=self._elements,
            memo=self._memo,
        )
        self._flow.door = Door(loop, self._group, self._threads, self._random, self._flow)
        self._flow.tell(events.RunStarted(self._flow.now()))
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End the run: stop what still runs."""
        complete = self._flow.is_complete
        self._flow.stop()
        try:
            await self._group.end(self._grace)
        finally:
            self._threads.close()
            self.abandoned = tuple(map(str, [*self._group.running(), *self._threads.left()]))
            self.seconds = self._flow.now()
            self._flow.tell(events.RunFinished(self.seconds, complete, self.abandoned))

    def apply(self, steps: Iterable[Step]) -> None:
        """Do what the compiler says; what can start, starts."""
        for step in steps:
            match step:
                case Add(nodes):
                    self._flow.add(nodes)
                case Drop(nodes):
                    self._flow.drop(nodes)
                case Share() | _:
                    pass  # says nothing about running: results are named by whoever reads the outcomes

    def hold(self, why: str = REPAIRED, granted: Container[str] = ()) -> None:
        """From here on call nothing that may change something, but what is granted: such tasks fail with Held."""
        self._flow.hold(why, granted)

    def seal(self) -> None:
        """Nothing more will be added."""
        self._flow.seal()

    async def settled(self) -> Mapping[Key, Outcome]:
        """The outcome of every instance, once it was sealed and all have one."""
        # Whoever is cancelled here must not cancel it for others.
        await asyncio.shield(self._flow.end)
        return self._flow.outcomes()

    @property
    def calls(self) -> int:
        """How many calls were made, each counted once whatever its attempts."""
        return self._flow.calls

    @property
    def sum_of_calls(self) -> float:
        """The time of all calls together, in seconds."""
        return self._flow.sum_of_calls

    def longest_chain(self) -> tuple[float, tuple[TaskId, ...]]:
        """The longest time, in seconds, that calls took one after the other, and the tasks on that way."""
        last = self._flow.last
        return (0.0, ()) if last is None else (last.chain, _tasks(last))


def _tasks(last: Instance) -> tuple[TaskId, ...]:
    """The tasks on the chain that ends here, each once in a row."""
    tasks: list[TaskId] = []
    at: Instance | None = last
    while at is not None:
        if at.node.id != JOIN and (not tasks or tasks[-1] != at.node.task):
            tasks.append(at.node.task)
        at = at.via
    return tuple(reversed(tasks))
