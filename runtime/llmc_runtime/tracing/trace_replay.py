"""What happened to each call of a recorded run, and the longest chain as it really was."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from llmc_compiler.ir.graph import TaskId
from llmc_compiler.representation.brief import Brief
from llmc_runtime.block_reasons import blocked_by, place_of
from llmc_runtime.text_format import start_of_json
from llmc_runtime.tracing.trace import Trace, TracedEvent, TracedKey, TracedNode, TraceError, is_time

WAITS: Final = 4_000_000
"""Pairs of instances in loops that may wait for each other: a file of n lines can say n² of them."""

LONGEST_VALUE: Final = 100
"""Characters, about, that are kept of a value."""

_ENDS: Final = frozenset({"Finished", "Failed", "Skipped", "Blocked", "Cancelled", "Dropped"})


@dataclass(slots=True, repr=False)
class Attempt(Brief):
    """One attempt of a call: when it began, when it ended, if it did, and whether it failed."""

    began: float
    ended: float | None = None
    failed: bool = False


@dataclass(slots=True, repr=False)
class InstanceTimeline(Brief):
    """What happened to an instance.

    `ready` is when everything that it waits for had ended; `asked` and `answered` are about its approval; `outcome` is
    the name of its last event, empty where it has none, and `words` say why it failed or was blocked; `value` is the
    beginning of what it gave as JSON, where the trace holds it. `chain` is the longest time in calls up to its end, and
    `via` the instance before it on that chain.
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
    via: TracedKey | None = None

    @property
    def label(self) -> str:
        """The task, and the positions in the loops around the node."""
        return self.node.task + "".join(f"[{index}]" for index in self.key[1])


@dataclass(frozen=True, slots=True, repr=False)
class RunTimeline(Brief):
    """A recorded run: its instances in the order in which they were first heard of, and its sums, in seconds.

    `sum_of_calls` is None where the run ended without it: calls may have waited for processors, or nothing is known.
    """

    pasts: Mapping[TracedKey, InstanceTimeline]
    seconds: float
    calls: int
    sum_of_calls: float | None
    chain: tuple[TracedKey, ...]
    longest_chain: float

    @property
    def tasks_of_chain(self) -> tuple[str, ...]:
        """The tasks on the longest chain, each once in a row."""
        tasks = [self.pasts[key].node.task for key in self.chain]
        return tuple(task for index, task in enumerate(tasks) if index == 0 or tasks[index - 1] != task)


def history(trace: Trace) -> RunTimeline:
    """The history of a trace; calls that did not end go on until its last event; raises TraceError for too much."""
    seconds = trace.events[-1].at if trace.events else 0.0
    pasts: dict[TracedKey, InstanceTimeline] = {}
    elements: dict[str, list[InstanceTimeline]] = {}
    last: InstanceTimeline | None = None
    # A node outside of loops is looked at twice: when it is first heard of, and at its end.
    left = WAITS + 2 * sum(map(_waits, trace.nodes.values()))
    for event in trace.events:
        if event.key is None:
            continue
        past = pasts.get(event.key)
        if past is None:
            past = pasts[event.key] = InstanceTimeline(event.key, trace.nodes[event.key[0]])
            left = _find_ready(past, pasts, elements, left)
            if past.node.loop is not None:
                elements.setdefault(past.node.loop, []).append(past)
        had_ended = past.ended is not None
        _apply(past, event)
        if past.ended is not None and not had_ended:
            # What waits for an element is known by its end alone, which comes after theirs. Later ends change nothing:
            # so each chain leads to an earlier end, and never back.
            left = _find_ready(past, pasts, elements, left)
            past.chain += _seconds(past, seconds)
            if event.event in {"Finished", "Failed"} and (last is None or past.chain >= last.chain):
                last = past
    return _history(pasts, last, seconds, trace.events[-1].fields.get("sum_of_calls") if trace.events else None)


def _history(
    pasts: dict[TracedKey, InstanceTimeline], last: InstanceTimeline | None, seconds: float, told: object
) -> RunTimeline:
    """The sums of a history, whose longest chain ends here, and whose end has `told` the sum of its calls."""
    called = [past for past in pasts.values() if past.attempts]
    chain: list[TracedKey] = []
    at = last
    while at is not None:
        if at.attempts:
            chain.append(at.key)
        at = None if at.via is None else pasts[at.via]
    total = float(told) if is_time(told) else None
    return RunTimeline(pasts, seconds, len(called), total, tuple(reversed(chain)), 0.0 if last is None else last.chain)


def _seconds(past: InstanceTimeline, now: float) -> float:
    """How long a call took, from its first attempt to its end."""
    if not past.attempts:
        return 0.0
    return (now if past.ended is None else past.ended) - past.attempts[0].began


def _waits(node: TracedNode) -> int:
    """How many nodes a node waits for."""
    return len(node.waits) + len(node.carry)


def _find_ready(
    past: InstanceTimeline,
    pasts: Mapping[TracedKey, InstanceTimeline],
    elements: Mapping[str, list[InstanceTimeline]],
    left: int,
) -> int:
    """Find when all that an instance waits for had ended, and the longest chain up to there; the looks left."""
    left -= _waits(past.node) + len(elements.get(past.node.id, ()))
    if left < 0:
        raise TraceError(f"its calls in loops wait for others more than {WAITS:,} times")
    past.chain = 0.0
    for other in _before(past, pasts, elements):
        if other.ended is not None and other is not past:
            past.ready = max(past.ready, other.ended)
            if other.chain >= past.chain:
                past.chain, past.via = other.chain, other.key
    return left


def _before(
    past: InstanceTimeline, pasts: Mapping[TracedKey, InstanceTimeline], elements: Mapping[str, list[InstanceTimeline]]
) -> Iterator[InstanceTimeline]:
    """The instances that an instance waits for, as far as they were heard of, in the order of their ends."""
    node, (_, indices) = past.node, past.key
    found = list(elements.get(node.id, ()))
    for name in node.waits:
        # In the same element, or outside of all of them.
        found.extend(each for each in (pasts.get((name, indices)), pasts.get((name, ()))) if each is not None)
    if indices:
        before = (*indices[:-1], indices[-1] - 1)
        found.extend(each for name in node.carry if (each := pasts.get((name, before))) is not None)
    return iter(sorted(found, key=lambda each: each.ended or 0.0))


def _apply(past: InstanceTimeline, event: TracedEvent) -> None:
    """Take note of an event of an instance."""
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
    """The beginning of the value that an event may have; a mark alone where the trace has no more."""
    if "value" in fields:
        return start_of_json(fields["value"], LONGEST_VALUE)
    return "…" if "cut" in fields else ""


def _why_blocked(past: InstanceTimeline, fields: Mapping[str, object]) -> str:
    """Why something was not done, where another task is the cause."""
    match fields:
        case {"cause": str(cause)}:
            line = fields.get("cause_line")
            where = place_of(TaskId(past.node.task), TaskId(cause), line if type(line) is int else None)
            has_fallen_back = fields.get("fell_back") is True
            ended, is_by_order = str(fields.get("cause_ended")), fields.get("by_order") is True
            return blocked_by(where, ended, is_by_order=is_by_order, has_fallen_back=has_fallen_back)
        case _:
            return ""


def _end_attempt(past: InstanceTimeline, at: float, *, failed: bool) -> None:
    """The attempt that is going on, if there is one, is over."""
    if past.attempts and past.attempts[-1].ended is None:
        past.attempts[-1].ended = max(at, past.attempts[-1].began)
        past.attempts[-1].failed = failed
