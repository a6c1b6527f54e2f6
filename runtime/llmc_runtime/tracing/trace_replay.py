"""The calls of a recorded run, and its longest chain as it happened."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from llmc_compiler.ir.graph import TaskId
from llmc_compiler.representation.brief import Brief
from llmc_runtime.block_reasons import blocked_by, place_of
from llmc_runtime.text_format import start_of_json
from llmc_runtime.tracing.trace import Trace, TracedEvent, TracedKey, TracedNode, TraceError, is_time

WAITS: Final = 4_000_000
"""Most pairs of instances in loops that may wait for each other: a file of n lines can have n² of them."""

LONGEST_VALUE: Final = 100
"""Approximate length of a kept value, in characters."""

_ENDS: Final = frozenset({"Finished", "Failed", "Skipped", "Blocked", "Cancelled", "Dropped"})


@dataclass(slots=True, repr=False)
class Attempt(Brief):
    """One attempt of a call: its beginning, its end if known, and whether it failed."""

    began: float
    ended: float | None = None
    failed: bool = False


@dataclass(slots=True, repr=False)
class InstanceTimeline(Brief):
    """The record of an instance.

    `ready` is the time by which everything it waits for had ended. `asked` and `answered` are the times of its
    approval. `outcome` is the name of its last event, empty without one, and `words` why it failed or was blocked.
    `value` is the beginning of its result as JSON, if the trace has it. `chain` is the longest time in calls up to its
    end, and `critical_predecessor` the instance before it on that chain.
    """

    key: TracedKey
    node: TracedNode
    ready: float = 0.0
    asked: float | None = None
    answered: float | None = None
    attempts: list[Attempt] = field(default_factory=list)
    ended: float | None = None
    outcome: str = ""
    words: str = ""
    value: str = ""
    chain: float = 0.0
    critical_predecessor: TracedKey | None = None

    @property
    def label(self) -> str:
        """The task, and the positions in the loops around the node."""
        return self.node.task + "".join(f"[{index}]" for index in self.key[1])


@dataclass(frozen=True, slots=True, repr=False)
class RunTimeline(Brief):
    """A recorded run: its instances in order of appearance, and its sums in seconds.

    `sum_of_calls` is None if the trace lacks it: calls may have waited for processors, or the run did not end.
    """

    pasts: Mapping[TracedKey, InstanceTimeline]
    seconds: float
    calls: int
    sum_of_calls: float | None
    chain: tuple[TracedKey, ...]
    longest_chain: float

    @property
    def tasks_of_chain(self) -> tuple[str, ...]:
        """The tasks on the longest chain, without adjacent repeats."""
        tasks = [self.pasts[key].node.task for key in self.chain]
        return tuple(task for index, task in enumerate(tasks) if index == 0 or tasks[index - 1] != task)


def replay(trace: Trace) -> RunTimeline:
    """Return the timeline of a trace; open calls last until its last event. Raises TraceError for too many waits."""
    seconds = trace.events[-1].at if trace.events else 0.0
    pasts: dict[TracedKey, InstanceTimeline] = {}
    elements: dict[TracedKey, list[InstanceTimeline]] = {}
    last: InstanceTimeline | None = None
    # A node outside loops is looked at twice: when it first appears, and at its end.
    left = WAITS + 2 * sum(map(_waits, trace.nodes.values()))
    for event in trace.events:
        if event.key is None:
            continue
        past = pasts.get(event.key)
        if past is None:
            past = pasts[event.key] = InstanceTimeline(event.key, trace.nodes[event.key[0]])
            left = _find_ready(past, pasts, elements, left)
            if past.node.loop is not None:
                elements.setdefault((past.node.loop, past.key[1][:-1]), []).append(past)
        had_ended = past.ended is not None
        _apply(past, event)
        if past.ended is not None and not had_ended:
            # A loop's waits are complete once it ends, after its elements. Later ends change nothing, so each chain
            # leads to an earlier end, and has no cycle.
            left = _find_ready(past, pasts, elements, left)
            past.chain += _seconds(past, seconds)
            if event.event in {"Finished", "Failed"} and (last is None or past.chain >= last.chain):
                last = past
    return _timeline(pasts, last, seconds, trace.events[-1].fields.get("sum_of_calls") if trace.events else None)


def _timeline(
    pasts: dict[TracedKey, InstanceTimeline], last: InstanceTimeline | None, seconds: float, recorded: object
) -> RunTimeline:
    """Return a timeline whose longest chain ends with `last`; `recorded` is the sum of calls in the last event."""
    called = [past for past in pasts.values() if past.attempts]
    chain: list[TracedKey] = []
    past = last
    while past is not None:
        if past.attempts:
            chain.append(past.key)
        past = None if past.critical_predecessor is None else pasts[past.critical_predecessor]
    total = float(recorded) if is_time(recorded) else None
    return RunTimeline(pasts, seconds, len(called), total, tuple(reversed(chain)), 0.0 if last is None else last.chain)


def _seconds(past: InstanceTimeline, now: float) -> float:
    """Return the duration of a call, from its first attempt to its end."""
    if not past.attempts:
        return 0.0
    return (now if past.ended is None else past.ended) - past.attempts[0].began


def _waits(node: TracedNode) -> int:
    """The number of nodes that a node waits for."""
    return len(node.waits) + len(node.carry)


def _find_ready(
    past: InstanceTimeline,
    pasts: Mapping[TracedKey, InstanceTimeline],
    elements: Mapping[TracedKey, list[InstanceTimeline]],
    left: int,
) -> int:
    """Set when everything an instance waits for had ended, and its longest chain; returns the waits still allowed."""
    left -= _waits(past.node) * max(1, len(past.key[1])) + len(elements.get(past.key, ()))
    if left < 0:
        raise TraceError(f"its calls in loops have more than {WAITS:,} dependencies")
    past.chain = 0.0
    for other in _before(past, pasts, elements):
        if other.ended is not None and other is not past:
            past.ready = max(past.ready, other.ended)
            if other.chain >= past.chain:
                past.chain, past.critical_predecessor = other.chain, other.key
    return left


def _before(
    past: InstanceTimeline,
    pasts: Mapping[TracedKey, InstanceTimeline],
    elements: Mapping[TracedKey, list[InstanceTimeline]],
) -> Iterator[InstanceTimeline]:
    """Return the known instances that an instance waits for, in the order of their ends."""
    node, (_, indices) = past.node, past.key
    waits = list(elements.get(past.key, ()))
    # In the same element, in one around it, or outside all elements.
    around = [indices[:depth] for depth in range(len(indices) + 1)]
    waits.extend(other for name in node.waits for at in around if (other := pasts.get((name, at))) is not None)
    previous = [(*at[:-1], at[-1] - 1) for at in around[1:]]
    waits.extend(other for name in node.carry for at in previous if (other := pasts.get((name, at))) is not None)
    return iter(sorted(waits, key=lambda other: other.ended or 0.0))


def _apply(past: InstanceTimeline, event: TracedEvent) -> None:
    """Record an event of an instance."""
    error = event.fields.get("error")
    if isinstance(error, dict) and isinstance(words := error.get("message"), str):
        past.words = words
    match event.event:
        case "Asked":
            past.asked = event.at
        case "Answered":
            past.answered = event.at
        case "Started":
            past.attempts.append(Attempt(event.at))
        case "Retried":
            delay = event.fields.get("delay")
            _end_attempt(past, event.at, failed=True)
            past.attempts.append(Attempt(event.at + (delay if is_time(delay) else 0)))
        case "FellBack":
            _end_attempt(past, event.at, failed=True)
        case name if name in _ENDS:
            past.ended, past.outcome = event.at, name
            past.value = _shown(event.fields) if name == "Finished" else ""
            past.words = _why_blocked(past, event.fields) or past.words
            _end_attempt(past, event.at, failed=name == "Failed")
        case _:
            pass


def _shown(fields: Mapping[str, Any]) -> str:
    """The beginning of an event's value; only an ellipsis if the trace has no more."""
    if "value" in fields:
        return start_of_json(fields["value"], LONGEST_VALUE)
    return "…" if "cut" in fields else ""


def _why_blocked(past: InstanceTimeline, fields: Mapping[str, object]) -> str:
    """Why an instance was blocked, empty if it was not."""
    match fields:
        case {"cause": str(cause)}:
            line = fields.get("cause_line")
            where = place_of(TaskId(past.node.task), TaskId(cause), line if type(line) is int else None)
            has_fallen_back = fields.get("fell_back") is True
            ended, is_by_order = str(fields.get("cause_ended")), fields.get("by_order") is True
            return blocked_by(where, ended, is_by_order=is_by_order, has_fallen_back=has_fallen_back)
        case _:
            return ""


def _end_attempt(past: InstanceTimeline, time: float, *, failed: bool) -> None:
    """End the current attempt, if there is one."""
    if past.attempts and past.attempts[-1].ended is None:
        past.attempts[-1].ended = max(time, past.attempts[-1].began)
        past.attempts[-1].failed = failed
