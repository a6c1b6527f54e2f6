"""Runs of whole plans, and what they gave."""

import asyncio
from collections import Counter
from collections.abc import AsyncGenerator, Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import islice
from typing import Any, Final, TypedDict, Unpack

from llmc_compiler.brief import LENGTH, REACH, brief_fields
from llmc_compiler.graph import JOIN, Graph, TaskId
from llmc_compiler.rank import rank
from llmc_compiler.secret_labels import Label, hidden
from llmc_compiler.sheet import Displayed, Sheet
from llmc_compiler.steps import Add
from llmc_compiler.term import Json, NodeId
from llmc_grammar.diagnostic import Diagnostic, located, masked
from llmc_grammar.source import Source
from llmc_runtime import nesting
from llmc_runtime.approval import Hold
from llmc_runtime.door import Allowance
from llmc_runtime.ending import naming
from llmc_runtime.errors import PlanError
from llmc_runtime.events import OF_ERRORS, Event, in_doubt
from llmc_runtime.executor import Executor
from llmc_runtime.instance import Instance
from llmc_runtime.limits import Limits, Policy
from llmc_runtime.loops import reason
from llmc_runtime.memo import Memo
from llmc_runtime.outcomes import BlockedBy, Cancelled, Done, Failed, Key, Outcome, Skipped
from llmc_runtime.secrets import HIDDEN, Concealing, Secrets
from llmc_runtime.text import start
from llmc_runtime.trust import Trust
from llmc_runtime.values import thaw
from llmc_runtime.veil import Veil


@dataclass(frozen=True, slots=True, repr=False)
class Run(Displayed, Concealing):
    """What a run gave.

    `value` is the join's, None where it has none (not `has_value`). `results` and `errors` have the tasks as written,
    and `errors` the join where it failed itself. `calls` counts calls, whatever their attempts; `longest_chain` is the
    longest time that calls took one after the other, and `chain` the tasks on it. `sum_of_calls` is the time of all
    calls together. It is None where it says nothing: calls may have waited for processors, which the process used for
    `processor_seconds`, more than a quarter of the time. All times are in seconds. `abandoned` names what did not end
    when it was told to; `notes` are sentences about what is no error. `id` is part of the run's idempotency keys.
    `value` and `results` are as the tools gave them: what shows them, `repr`, `to_json` and a pickle, takes the
    `secrets` out; `labels` say which parts of inputs, and of what tasks and the join gave, are secret.
    """

    value: Json
    has_value: bool
    results: Mapping[str, Json]
    errors: Mapping[str, PlanError]
    skipped: tuple[str, ...]
    events: tuple[Event, ...]
    seconds: float
    calls: int
    sum_of_calls: float | None
    processor_seconds: float
    longest_chain: float
    chain: tuple[str, ...]
    abandoned: tuple[str, ...]
    id: str
    notes: tuple[str, ...]
    secrets: Secrets = field(repr=False)
    labels: Mapping[str, Label] = field(repr=False)
    diagnostics: tuple[Diagnostic, ...] = ()
    source: Source | None = None

    def __repr__(self) -> str:
        """Its fields, each of them cut, without its secrets."""
        name = None if self.source is None else self.source.name
        results = {task: self._unlabelled(task, value) for task, value in islice(self.results.items(), LENGTH)}
        value = self._unlabelled(JOIN, self.value)
        return brief_fields(self, self.secrets.text, source=name, value=value, results=results)

    @property
    def shown_value(self) -> Json:
        """The value without secrets; what is built from one is `[secret]` as a whole."""
        return self._shown(JOIN, self.value) if self.has_value else None

    @property
    def shown_results(self) -> dict[str, Json]:
        """The results without secrets."""
        return {task: self._shown(task, value) for task, value in self.results.items()}

    def beginning(self, task: str, most: int) -> tuple[Json, bool]:
        """What a task gave without secrets, of a little more than `most` parts and characters; whether it is all."""
        return Veil(self.secrets, self.labels).beginning(task, self.results[task], most)

    def _shown(self, task: str, value: Json) -> Json:
        """A value of a task without secrets."""
        return Veil(self.secrets, self.labels).value(task, value)

    def _concealed(self) -> dict[str, Any]:
        """Values and text of a pickle, without secrets; errors know all secrets by now."""
        if not self.secrets and not self.labels:
            return {}
        for error in (*self.errors.values(), *(each.error for each in self.events if isinstance(each, OF_ERRORS))):
            self.secrets.cover(error)
        mask = self.secrets.masked
        source = self.source and replace(self.source, text=mask(self.source.text))
        warnings = tuple(masked(each, mask, source) for each in self.diagnostics)
        return {"value": self.shown_value, "results": self.shown_results, "source": source, "diagnostics": warnings}

    def _unlabelled(self, task: str, value: Json) -> Json:
        """A value without what is secret by where it is from, and of that only the beginning."""
        label = self.labels.get(task)
        return value if label is None else hidden(start(value, LENGTH + REACH)[0], label, HIDDEN)

    def to_json(self) -> dict[str, Any]:
        """The run as JSON data, without its secrets: see `llmc_runtime.report`."""
        from llmc_runtime.report import to_json  # noqa: PLC0415 — it is about runs

        return to_json(self)

    def _sheet(self) -> Sheet:
        """The run for notebooks."""
        from llmc_runtime.sheets import run_sheet  # noqa: PLC0415 — it is about runs

        return run_sheet(self)

    @property
    def failed(self) -> bool:
        """Whether a task failed, or was blocked by a failure."""
        return bool(self.errors)

    @property
    def in_doubt(self) -> tuple[str, ...]:
        """The tasks, with the places of elements in loops, that may have written something, though nobody knows."""
        return in_doubt(self.events)

    def summary(self) -> str:
        """One line: how the tasks ended if one failed, calls, times, the longest chain, and what is left open."""
        words = f"{self._counts()}; " if self.failed else ""
        words += f"{self.calls} {'call' if self.calls == 1 else 'calls'} in {self.seconds:.2f} s"
        if self.calls:
            words += "" if self.sum_of_calls is None else f"; one after another {self.sum_of_calls:.2f} s"
            words += f"; longest chain {self.longest_chain:.2f} s: {', '.join(_shortened(self.chain))}"
        words += f"; in doubt: {', '.join(_shortened(self.in_doubt))}" if self.in_doubt else ""
        return words + (f"; still running: {', '.join(self.abandoned)}" if self.abandoned else "")

    def _counts(self) -> str:
        """`6 done, 1 failed, 2 blocked, 1 skipped`."""
        ends = Counter(error.ended for error in self.errors.values())
        ends.update(done=len(self.results), skipped=len(self.skipped))
        return ", ".join(f"{ends[how]:,} {how}" for how in _ENDS if ends[how])


_ENDS: Final = ("done", "failed", "blocked", "held back", "not approved", "cancelled", "skipped")
"""How a task may have ended, in the order in which it is told."""


def _shortened(chain: tuple[str, ...]) -> tuple[str, ...]:
    """The beginning and the end of a long chain."""
    return chain if len(chain) <= 9 else (*chain[:4], "…", *chain[-4:])  # noqa: PLR2004 — what a line has room for


class Options(TypedDict, total=False):
    """Settings of an Executor."""

    emit: Callable[[Event], object]
    clock: Callable[[], float]
    random: Callable[[], float]
    wall: Callable[[], float]
    limits: Limits
    policy: Policy
    trust: Trust
    memo: Memo | None
    allowance: Allowance[Instance] | None
    processor: Callable[[], float]


def _start(executor: Executor, graph: Graph, holds: Iterable[Hold]) -> None:
    """Give all of a plan to its executor."""
    executor.rank_by(partial(rank, graph))
    executor.hold(*holds)
    executor.apply([Add(tuple(graph.nodes.values()))])
    executor.seal()


async def execute(
    graph: Graph, params: Mapping[str, Json], *, holds: Iterable[Hold] = (), **options: Unpack[Options]
) -> Run:
    """Run a compiled plan; failures of its tasks are in the Run, not raised. `holds` say what asks first."""
    events, options = recorded(options)
    with naming(events):
        async with Executor(params, **options) as executor:
            _start(executor, graph, holds)
            outcomes = await executor.settled()
    return conclude(graph, executor, outcomes, events)


async def stream(
    graph: Graph, params: Mapping[str, Json], *, holds: Iterable[Hold] = (), **options: Unpack[Options]
) -> AsyncGenerator[Event | Run, None]:
    """Run a compiled plan and give its events as they happen, at last its Run; `holds` as for `execute`.

    Whoever leaves before the end should close the iterator (`contextlib.aclosing`): that ends the run.
    """
    events, options = recorded(options)
    record = options["emit"]
    waiting: asyncio.Queue[Event | None] = asyncio.Queue()

    def emit(event: Event) -> None:
        record(event)
        waiting.put_nowait(event)

    options["emit"] = emit
    with naming(events):
        async with Executor(params, **options) as executor:
            _start(executor, graph, holds)
            executor.when_over(lambda _: waiting.put_nowait(None))
            while (event := await waiting.get()) is not None:
                yield event
            outcomes = await executor.settled()
    while not waiting.empty():
        if (event := waiting.get_nowait()) is not None:
            yield event
    yield conclude(graph, executor, outcomes, events)


def recorded(options: Options) -> tuple[list[Event], Options]:
    """The same options, with a list in which events are kept."""
    events: list[Event] = []
    listener = options.get("emit")
    if listener is None:
        return events, {**options, "emit": events.append}
    tell = nesting.outside(listener)

    def emit(event: Event) -> None:
        events.append(event)
        tell(event)

    return events, {**options, "emit": emit}


def conclude(graph: Graph, executor: Executor, outcomes: Mapping[Key, Outcome], events: list[Event]) -> Run:
    """The Run of a graph whose nodes were all executed."""
    results: dict[str, Json] = {}
    copies: dict[NodeId, Json] = {}
    errors: dict[str, PlanError] = {}
    skipped: list[str] = []
    join = TaskId(JOIN)
    for task, node in {**graph.tasks, join: JOIN}.items():
        match outcomes.get((node, ())):
            case Done(value):
                # Tasks that are one node have one copy, as it was counted.
                results[task] = copies[node] if node in copies else copies.setdefault(node, thaw(value))
            case Failed(error):
                errors[task] = error
            # Blocked or stopped by a task, the join says nothing that this task does not.
            case Cancelled(error) if task != join:
                errors[task] = error
            case BlockedBy() as blocked if task != join or blocked.cause == join:
                errors[task] = reason(task, graph.nodes[node], blocked)
            case Skipped():
                skipped.append(task)
            case _:
                pass  # dropped: nobody needs it
    longest, chain = executor.longest_chain()
    return Run(
        has_value=join in results,
        value=results.pop(join, None),
        results=results,
        errors=errors,
        skipped=tuple(skipped),
        events=tuple(events),
        seconds=executor.seconds,
        calls=executor.calls,
        sum_of_calls=executor.sum_of_calls,
        processor_seconds=executor.processor_seconds,
        longest_chain=longest,
        chain=chain,
        abandoned=executor.abandoned,
        id=executor.trust.run_id,
        notes=tuple(executor.trust.notes),
        secrets=executor.trust.secrets,
        labels=executor.trust.known_secrets.labels(graph.tasks),
    )


def signed(run: Run, source: Source, diagnostics: tuple[Diagnostic, ...]) -> Run:
    """The run, with the text that it came from and its warnings; its errors know their lines."""
    for error in run.errors.values():
        error.line = source.position(error.span.start)[0]
    return replace(run, source=source, diagnostics=located(diagnostics, source))
